//! Counts what a server takes for a message on a hot path: instructions of its own, or system calls.
//!
//! The real server runs under a tool while a client of this process sends to it over a real socket; once a certain
//! number of messages and once more than that. The difference, divided by the difference of the numbers, is what one
//! message takes: the start, the handshakes and the end cancel out.

use std::path::Path as FilePath;

use crate::args::CountArguments;
use crate::error::{Doing, Error, Result};
use crate::instructions::Path;
use crate::machine::Places;
use crate::peers::Peer;
use crate::server::{Server, Setup};

/// What counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tool {
    /// Instructions in user space: callgrind does not see the kernel's.
    Callgrind,
    /// System calls of all threads.
    Strace,
}

impl Tool {
    fn command(self, output: &FilePath) -> String {
        let output = output.display();
        match self {
            Self::Callgrind => format!("valgrind -q --tool=callgrind --callgrind-out-file={output}"),
            Self::Strace => format!("strace -f -c -U name,calls -o {output}"),
        }
    }

    /// The sum at the end of a report.
    fn sum(self, report: &str) -> Option<u64> {
        let sum = match self {
            Self::Callgrind => report.lines().find_map(|line| line.strip_prefix("totals: ")),
            Self::Strace => report.lines().find_map(|line| line.trim_start().strip_prefix("total ")),
        };
        sum?.trim().parse().ok()
    }
}

/// Counts each path of each server, and prints a table for each tool, with the first server as the yardstick.
pub(crate) fn run(asked: &CountArguments) -> Result<()> {
    let places = Places::new(1)?;
    places.at_generator()?;
    for (tool, what) in [(Tool::Callgrind, "instructions"), (Tool::Strace, "system calls")] {
        let names: String = asked.peers.iter().map(|peer| format!(" {} |", peer.name())).collect();
        println!("| {what} |{names}\n|---|{}", "---:|".repeat(asked.peers.len()));
        for path in &asked.paths {
            print!("| {} |", path.title());
            let mut first = None;
            for peer in &asked.peers {
                match each(*path, *peer, tool, &places) {
                    Ok(count) => {
                        let ratio = count / *first.get_or_insert(count);
                        print!(" {} ({ratio:.3}) |", digits(count));
                    }
                    Err(Error::LeftOut(..)) => print!(" |"),
                    Err(error) => return Err(error),
                }
            }
            println!();
        }
        println!();
    }
    Ok(())
}

/// A count, with decimals where it is small.
fn digits(count: f64) -> String {
    if count < 100.0 { format!("{count:.3}") } else { format!("{count:.0}") }
}

/// What one message takes.
pub(crate) fn each(path: Path, peer: Peer, tool: Tool, places: &Places) -> Result<f64> {
    let (few, many) = path.amounts();
    let [fewer, more] = [total(path, peer, few, tool, places)?, total(path, peer, many, tool, places)?];
    Ok((more.1 as f64 - fewer.1 as f64) / (more.0 - fewer.0) as f64)
}

/// How many messages were handled, and what was counted in the whole run.
fn total(path: Path, peer: Peer, messages: u64, tool: Tool, places: &Places) -> Result<(u64, u64)> {
    let output = std::env::temp_dir().join(format!("bench-{}.count", std::process::id()));
    // What the server says of its start would stand between the rows of the table.
    let under = format!("env RUST_LOG=warn {} {}", path.option(), tool.command(&output));
    let setup = Setup { threads: 1, tls: None, under, environment: Vec::new(), listen: None };
    let server = Server::start(peer, path.role(), &setup, places)?;
    let handled = path.send(&server, messages)?;
    // It writes its output when it ends.
    drop(server);
    let report = std::fs::read_to_string(&output).doing("read what was counted")?;
    std::fs::remove_file(&output).doing("remove what was counted")?;
    let sum = tool.sum(&report).ok_or(Error::Proc { path: output, what: "it has no sum" })?;
    Ok((handled, sum))
}
