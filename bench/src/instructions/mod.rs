//! The guard: how many instructions of its own the server takes for a message on each hot path, held against a
//! baseline.

mod baseline;
mod compressed;
mod path;

use std::path::Path as FilePath;

use clap::ValueEnum;

use self::baseline::Baseline;
pub(crate) use self::path::Path;
use crate::args::InstructionsArguments;
use crate::count::{self, Tool};
use crate::error::{Error, Result};
use crate::machine::Places;

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
        let now = match count::each(*path, path.peer(), Tool::Callgrind, &places) {
            Err(error @ Error::LeftOut(..)) => {
                eprintln!("{}: {error}", path.title());
                counted.extend(baseline.of(*path).map(|before| (*path, before)));
                continue;
            }
            now => now?,
        };
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
