//! The tables, on the terminal and in the book.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::case::{Case, Outcome};
use super::results::{Results, Row};
use super::{plot, versions};
use crate::error::{Doing, Result};
use crate::machine;
use crate::measure::Measurement;
use crate::peers::Peer;
use crate::report::{bytes, count, nanos};

/// What is written to the book's folder.
pub(super) struct Page<'a> {
    pub(super) results: &'a [Results],
    pub(super) rounds: usize,
    pub(super) threads: usize,
    /// Added to the names of all files.
    pub(super) suffix: String,
}

impl Page<'_> {
    /// Writes `results.md` and a picture for each case.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).doing(format!("make {}", folder.display()))?;
        let suffix = &self.suffix;
        let write = |name: String, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).doing(format!("write {}", path.display()))
        };
        let mut page = self.conditions();
        page += &summary(self.results);
        for results in self.results {
            let picture = format!("{}{suffix}.svg", results.case.name());
            write(picture.clone(), plot::draw(results))?;
            // The page is included from the folder above.
            let _ = write!(page, "{}\n![{}](benchmarks/{picture})\n", case(results), results.case.title());
        }
        write(format!("results{suffix}.md"), page)
    }

    /// What was measured, and on what.
    fn conditions(&self) -> String {
        let mut text = format!(
            "<!-- Written by `cargo run --release -p bench -- compare`. -->\n\n\
             Medians of {} interleaved rounds, {} server thread{}, on {}.\n",
            self.rounds,
            self.threads,
            if self.threads == 1 { "" } else { "s" },
            machine::describe()
        );
        let rows = self.results.first().map_or(&[][..], |results| &results.rows);
        let versions = rows
            .iter()
            .filter(|row| row.time == 1)
            .filter_map(|row| versions::of(row.peer).map(|version| format!("{} {version}", row.peer.name())));
        let _ = writeln!(text, "Measured: {}.", versions.collect::<Vec<_>>().join(", "));
        text
    }
}

/// One row a server, one column a case: the cost as a multiple of the floor's, and bytes for memory.
pub(super) fn summary(all: &[Results]) -> String {
    let titles: Vec<_> = all.iter().map(|results| results.case.title()).collect();
    let mut text = format!(
        "\n### All cases, × floor\n\n| | {} |\n|---|{}\n",
        titles.join(" | "),
        "--:|".repeat(all.len())
    );
    let Some(first) = all.first() else { return text };
    for (at, row) in first.rows.iter().enumerate() {
        let cells: Vec<_> = all.iter().map(|results| cell(results, &results.rows[at])).collect();
        let _ = writeln!(text, "| {} | {} |", emphasised(row), cells.join(" | "));
    }
    text
}

fn cell(results: &Results, row: &Row) -> String {
    match results.case {
        _ if row.failure.is_some() => "failed".to_owned(),
        Case::Idle => bytes(results.cost(row).median),
        _ => format!("{:.2}", results.ratio(row).median),
    }
}

/// The table of one case.
pub(super) fn case(results: &Results) -> String {
    let case = results.case;
    let of = match case {
        Case::Connects => "connections",
        Case::Fanout | Case::FanoutDeep | Case::FanoutWide => "deliveries",
        _ => "messages",
    };
    let columns = match case {
        Case::Idle => "least – most | in the kernel, both ends".to_owned(),
        _ => format!("× floor | least – most | {of}/s | p50 | p99 | switches | memory"),
    };
    let rule = "--:|".repeat(2 + columns.matches('|').count());
    let mut text =
        format!("\n### {}\n\n| | {} | {columns} |\n|---|{rule}\n", capital(case.title()), case.cost_of());
    for row in &results.rows {
        let cells = match &row.failure {
            Some(failure) => format!("failed: {failure}"),
            None => cells(results, row).join(" | "),
        };
        let _ = writeln!(text, "| {} | {cells} |", emphasised(row));
    }
    for doubt in doubts(results) {
        let _ = writeln!(text, "\n{doubt}");
    }
    text
}

fn cells(results: &Results, row: &Row) -> Vec<String> {
    let cost = results.cost(row);
    if results.case == Case::Idle {
        let kernel = row.median(|outcome| match outcome {
            Outcome::Load(_) => f64::NAN,
            Outcome::Memory(memory) => memory.kernel,
        });
        let spread = format!("{} – {}", bytes(cost.least), bytes(cost.most));
        return vec![bytes(cost.median), spread, bytes(kernel)];
    }
    let median = |figure: fn(&Measurement) -> f64| {
        row.median(|outcome| match outcome {
            Outcome::Load(measured) => figure(measured),
            Outcome::Memory(_) => f64::NAN,
        })
    };
    let ratio = results.ratio(row);
    vec![
        nanos(cost.median),
        format!("{:.2}", ratio.median),
        format!("{:.2} – {:.2}", ratio.least, ratio.most),
        count(median(Measurement::throughput)),
        nanos(median(|measured| measured.latencies.p50.as_nanos() as f64)),
        nanos(median(|measured| measured.latencies.p99.as_nanos() as f64)),
        format!("{:.3}", median(Measurement::switches)),
        bytes(median(|measured| measured.resident as f64)),
    ]
}

/// What is to be said against the figures, where it holds for more than half of the rounds: one round that went astray
/// is what the median is for.
fn doubts(results: &Results) -> Vec<String> {
    let often = |row: &Row, is_so: fn(&Measurement) -> bool| {
        let rounds = row.outcomes.iter();
        let count =
            rounds.filter(|outcome| matches!(outcome, Outcome::Load(measured) if is_so(measured))).count();
        count * 2 > row.outcomes.len()
    };
    let names = |is_so| {
        let rows = results.rows.iter().filter(|row| often(row, is_so));
        rows.map(Row::name).collect::<Vec<_>>().join(", ")
    };
    let mut doubts = Vec::new();
    let limited = names(Measurement::is_limited_by_generator);
    if !limited.is_empty() {
        doubts.push(format!(
            "The load generator was the limit for {limited}: throughput and latency are its own there."
        ));
    }
    let disturbed = names(Measurement::is_disturbed);
    if !disturbed.is_empty() {
        doubts.push(format!("Other processes took processor time while these were measured: {disturbed}."));
    }
    doubts
}

fn emphasised(row: &Row) -> String {
    if row.peer == Peer::Ours { format!("**{}**", row.name()) } else { row.name() }
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
