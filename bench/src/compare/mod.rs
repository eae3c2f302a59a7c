//! All servers side by side: interleaved, in several rounds, so that what the machine does meanwhile falls on all
//! alike.

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
use crate::args::{CompareArguments, Length, Transport};
use crate::error::{Error, Result, whole};
use crate::machine::Places;
use crate::peers::{Peer, Role};
use crate::server::{Server, Setup};

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
    setup: Setup,
    /// How often each server is measured in a round.
    times: usize,
    output: Option<PathBuf>,
}

impl Plan {
    fn new(asked: &CompareArguments) -> Result<Self> {
        let (rounds, length) = match (asked.quick, asked.rounds) {
            (true, _) => (QUICK_ROUNDS, Length::Quick),
            (false, rounds) => (rounds.unwrap_or(ROUNDS), asked.length),
        };
        let transport = asked.transport.chosen();
        let setup = Setup::new(asked.threads, transport, "")?;
        let cases = if asked.cases.is_empty() { Case::all(transport) } else { asked.cases.clone() };
        let mut peers = if asked.peers.is_empty() { Peer::all(transport) } else { asked.peers.clone() };
        // All ratios are to the floor.
        let floor = Peer::floor(transport);
        peers.retain(|peer| *peer != floor);
        peers.insert(0, floor);
        let whole = asked.cases.is_empty() && asked.peers.is_empty() && !asked.quick;
        let book = whole && asked.threads == 1 && transport == Transport::Tcp;
        let output = asked.output.clone().or_else(|| book.then(|| Path::new(BOOK).to_owned()));
        let times = if asked.twice { 2 } else { 1 };
        Ok(Self { cases, peers, rounds: rounds.max(1), length, setup, times, output })
    }

    /// What is added to the names of files, so that each kind of comparison has its own.
    fn suffix(&self) -> String {
        let threads =
            if self.setup.threads == 1 { String::new() } else { format!("-{}-threads", self.setup.threads) };
        let tls = if self.setup.tls.is_some() { "-tls" } else { "" };
        threads + tls
    }
}

/// Measures all, prints the tables, and writes the page.
pub(crate) fn run(asked: &CompareArguments) -> Result<()> {
    let mut plan = Plan::new(asked)?;
    let places = Places::new(plan.setup.threads)?;
    places.at_generator()?;
    plan.peers.retain(|peer| match peer.command(Role::Echo, &plan.setup) {
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
        let (rounds, threads) = (plan.rounds, plan.setup.threads);
        Page { results: &results, rounds, threads, suffix: plan.suffix() }.write(folder)?;
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
                Err(source) if row.peer == plan.peers[0] => {
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
    let server = Server::start(peer, case.role(), &plan.setup, places)?;
    case.measure(&server, plan.length)
}

/// Says what is being measured, where somebody looks.
fn progress(now: &str) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() {
        let _ = write!(terminal, "\r\x1b[K{now}");
    }
}
