//! The results as a table on the terminal, and as a page of the book.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::results::{self, Kept, Taken};
use super::sheet::{Finding, Sheet};
use crate::error::{Doing, Result};

/// What the book's page includes.
const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/benchmarks/hold.md");

/// What a row found, as a table with columns of equal width.
pub(super) fn terminal(taken: &Taken) -> String {
    let mut text = format!("{} ({:.0?})\n", taken.row.title(), taken.took);
    let findings = &taken.sheet.findings;
    let width = |of: fn(&Finding) -> &str| {
        findings.iter().map(|finding| of(finding).chars().count()).max().unwrap_or_default()
    };
    let (what, goal) = (width(|finding| &finding.what), width(|finding| &finding.goal));
    for finding in findings {
        let verdict = verdict(finding, ["holds ", "busy  ", "MISSED"]);
        let Finding { what: figure, goal: aim, measured, .. } = finding;
        let _ = writeln!(text, "  {verdict}  {figure:what$}  goal {aim:goal$}  measured {measured}");
    }
    for note in &taken.sheet.notes {
        let _ = writeln!(text, "  note: {note}");
    }
    text
}

/// Writes the page from the results that are kept.
pub(super) fn write() -> Result<()> {
    let path = Path::new(BOOK);
    fs::write(path, page(&results::read()?)).doing(format!("write {}", path.display()))
}

fn page(all: &[Kept]) -> String {
    let mut text = "<!-- Written by `cargo run --release -p bench -- hold all --save`. -->\n".to_owned();
    for Kept { row, took, machine, sheet } in all {
        let _ = write!(text, "\n### {}\n\n`hold {}`", row.title(), row.name());
        let form = sheet.form.pick("", " in its short form");
        let _ = write!(text, "{form} took {took} on {machine}.\n\n");
        text += &table(sheet);
        for note in &sheet.notes {
            let _ = writeln!(text, "\n* {}", escaped(note));
        }
    }
    text
}

fn table(sheet: &Sheet) -> String {
    let mut text = "| | goal | measured | |\n|---|---|---|---|\n".to_owned();
    for finding in &sheet.findings {
        let Finding { what, goal, measured, .. } = finding;
        let verdict = verdict(finding, ["holds", "not judged", "**missed**"]);
        let _ =
            writeln!(text, "| {} | {} | {} | {verdict} |", escaped(what), escaped(goal), escaped(measured));
    }
    text
}

fn verdict<'a>(finding: &Finding, [holds, excused, missed]: [&'a str; 3]) -> &'a str {
    match (finding.holds, finding.is_excused) {
        (true, _) => holds,
        (false, true) => excused,
        (false, false) => missed,
    }
}

/// What stands in a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
