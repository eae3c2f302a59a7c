//! All servers side by side: interleaved, in several rounds, so that what the machine does meanwhile falls on all alike.

mod case;
mod page;
mod plot;
mod results;
mod versions;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

pub(crate) use self::case::Case;
use self::case::Outcome;
use self::page::Page;
use self::results::{Results, Row};
use crate::args::{CompareArguments, Length};
use crate::error::{Error, Result, whole};
use crate::machine::Places;
use crate::peers::Peer;
use crate::server::Server;

/// How often each server is measured where nothing else is asked for.
const ROUNDS: usize = 5;
const QUICK_ROUNDS: usize = 3;

/// Where the page of the book is.
const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/benchmarks");

/// What is measured how often.
struct Plan {
    cases: Vec<Case>,
    peers: Vec<Peer>,
    rounds: usize,
    length: Length,
    threads: usize,
    /// How often each server is measured in a round.
    times: usize,
    output: Option<PathBuf>,
}

impl Plan {
    fn new(asked: &CompareArguments) -> Self {
        let (rounds, length) = match (asked.quick, asked.rounds) {
            (true, _) => (QUICK_ROUNDS, Length::Quick),
            (false, rounds) => (rounds.unwrap_or(ROUNDS), asked.length),
        };
        let chosen = |all, some: &[_]| if some.is_empty() { all } else { some.to_vec() };
        let cases = if asked.cases.is_empty() { Case::all().to_vec() } else { asked.cases.clone() };
        let mut peers = chosen(Peer::all().to_vec(), &asked.peers);
        // All ratios are to the floor.
        peers.retain(|peer| *peer != Peer::Floor);
        peers.insert(0, Peer::Floor);
        let whole = asked.cases.is_empty() && asked.peers.is_empty() && !asked.quick && asked.threads == 1;
        let output = asked.output.clone().or_else(|| whole.then(|| Path::new(BOOK).to_owned()));
        let times = if asked.twice { 2 } else { 1 };
        Self { cases, peers, rounds: rounds.max(1), length, threads: asked.threads, times, output }
    }
}

/// Measures all, prints the tables, and writes the page.
pub(crate) fn run(asked: &CompareArguments) -> Result<()> {
    let mut plan = Plan::new(asked);
    let places = Places::new(plan.threads)?;
    places.at_generator()?;
    plan.peers.retain(|peer| match peer.command(crate::peers::Role::Echo, plan.threads) {
        Ok(_) => true,
        Err(reason) => {
            eprintln!("{reason}");
            false
        }
    });
    let mut results = Vec::new();
    for case in plan.cases.iter().copied() {
        let compared = compare(&plan, case, &places)?;
        print!("{}", page::case(&compared));
        results.push(compared);
    }
    print!("{}", page::summary(&results));
    if let Some(folder) = &plan.output {
        Page { results: &results, rounds: plan.rounds, threads: plan.threads }.write(folder)?;
    }
    Ok(())
}

/// Measures one case of every server, round by round.
fn compare(plan: &Plan, case: Case, places: &Places) -> Result<Results> {
    let mut rows: Vec<Row> = Vec::new();
    for time in 1..=plan.times {
        rows.extend(plan.peers.iter().map(|peer| Row::new(*peer, time)));
    }
    for round in 0..plan.rounds {
        // Nobody has the same place in each round.
        let first = round * rows.len().div_ceil(plan.rounds);
        for turn in 0..rows.len() {
            let at = (first + turn) % rows.len();
            let row = &mut rows[at];
            if row.failure.is_some() {
                continue;
            }
            progress(&format!("{}, round {} of {}: {}", case.title(), round + 1, plan.rounds, row.name()));
            match measure(plan, case, row.peer, places) {
                Ok(outcome) => row.outcomes.push(outcome),
                // Without the floor there is nothing to compare with; a peer that fails is told of.
                Err(source) if row.peer == Peer::Floor => {
                    let (case, peer) = (case.title(), row.peer.name());
                    return Err(Error::Case { case, peer, source: Box::new(source) });
                }
                Err(failure) => row.failure = Some(whole(&failure)),
            }
        }
    }
    progress("");
    Ok(Results::new(case, rows))
}

fn measure(plan: &Plan, case: Case, peer: Peer, places: &Places) -> Result<Outcome> {
    let server = Server::start(peer, case.role(), plan.threads, places)?;
    case.measure(&server, plan.length)
}

/// Says what is being measured, where somebody looks.
fn progress(now: &str) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\x1b[K{now}");
    }
}
