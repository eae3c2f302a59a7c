//! The guard: how many instructions of its own the server takes for a message on each hot path, held against a
//! baseline.
//!
//! The real server, written with the macro, runs under callgrind while a client of this process sends to it over a real
//! socket; once a certain number of messages and once more than that. The difference, divided by the difference of the
//! numbers, is what one message takes: the start, the handshakes and the end cancel out. The kernel's work does not
//! count, as callgrind does not see it.

mod baseline;
mod compressed;
mod path;

use std::path::Path as FilePath;

use clap::ValueEnum;

use self::baseline::Baseline;
use self::path::Path;
use crate::args::InstructionsArguments;
use crate::error::{Doing, Error, Result};
use crate::machine::Places;
use crate::server::{Server, Setup};

/// The baseline that is committed.
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// Counts each path, prints the table, and fails where one takes more than the baseline allows; or saves what was
/// counted as the new baseline.
pub(crate) fn run(asked: &InstructionsArguments) -> Result<()> {
    let baseline = Baseline::read(FilePath::new(BASELINE))?;
    let places = Places::new(1)?;
    places.at_generator()?;
    let (mut counted, mut over) = (Vec::new(), Vec::new());
    println!("| path | instructions, baseline | now | change |\n|---|---:|---:|---:|");
    for path in Path::value_variants() {
        let now = count(*path, &places)?;
        match baseline.of(*path) {
            Some(before) => {
                let change = (now / before - 1.0) * 100.0;
                println!("| {} | {before:.0} | {now:.0} | {change:+.1} % |", path.title());
                if change > asked.tolerance {
                    over.push(path.title());
                }
            }
            None => println!("| {} | | {now:.0} | |", path.title()),
        }
        counted.push((*path, now));
    }
    if asked.save {
        return Baseline::new(counted).write(FilePath::new(BASELINE));
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(Error::Regression { paths: over.join(", "), tolerance: asked.tolerance })
}

/// Instructions for one message.
fn count(path: Path, places: &Places) -> Result<f64> {
    let (few, many) = path.amounts();
    let [fewer, more] = [total(path, few, places)?, total(path, many, places)?];
    Ok((more.1 as f64 - fewer.1 as f64) / (more.0 - fewer.0) as f64)
}

/// How many messages were handled, and the instructions of the whole run.
fn total(path: Path, messages: u64, places: &Places) -> Result<(u64, u64)> {
    let output = std::env::temp_dir().join(format!("bench-{}.callgrind", std::process::id()));
    // What the server says of its start would stand between the rows of the table.
    let under = format!(
        "env RUST_LOG=warn {} valgrind -q --tool=callgrind --callgrind-out-file={}",
        path.option(),
        output.display()
    );
    let setup = Setup { threads: 1, tls: None, under, environment: Vec::new(), listen: None };
    let server = Server::start(path.peer(), path.role(), &setup, places)?;
    let handled = path.send(&server, messages)?;
    // It writes its output when it ends.
    drop(server);
    let report = std::fs::read_to_string(&output).doing("read what callgrind counted")?;
    std::fs::remove_file(&output).doing("remove what callgrind counted")?;
    let total = report.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    let total = total.ok_or(Error::Proc { path: output, what: "it has no line `totals: `" })?;
    Ok((handled, total))
}
