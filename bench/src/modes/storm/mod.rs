//! Storm: twenty honest clients, each in a room, first alone, then while other peers come to rooms and leave them.
//!
//! The peers of the storm are a process of their own, of the lowest priority, so that they take the server's time and
//! not the clients'. The server's memory is read before, and again when all of them have left.

mod peers;

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;

pub(crate) use self::peers::{Kind, run as peers};
use super::honest::honest;
use crate::error::{Doing, Error, Result};
use crate::report::{bytes, time};
use crate::server::Server;
use crate::usage;

/// How often it is asked whether a storm is over.
const LOOK: Duration = Duration::from_millis(50);

/// How long the server has to empty the last rooms.
const SETTLING: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Storm {
    /// All kinds where none is named.
    pub(crate) kinds: Vec<Kind>,
    /// How many peers come, one after the other, some at once.
    pub(crate) visits: u64,
    /// No more come after this time.
    pub(crate) time: Duration,
    /// How long is measured before each storm.
    pub(crate) rest: Duration,
}

impl Storm {
    /// Measures the honest clients before and during each storm, and prints what became of them and of the server's
    /// memory.
    pub(crate) fn run(&self, server: &Server) -> Result<()> {
        println!("{}", server.peer.name());
        let kinds = if self.kinds.is_empty() { Kind::value_variants() } else { &self.kinds };
        for kind in kinds {
            let rest = honest(server, |elapsed| elapsed < self.rest)?;
            let before = usage::resident(server.process())?;
            let mut storm = self.begin(server, *kind)?;
            let mut next_look = Duration::ZERO;
            let mut is_over = false;
            let stormed = honest(server, |elapsed| {
                if elapsed >= next_look {
                    next_look = elapsed + LOOK;
                    is_over = !matches!(storm.try_wait(), Ok(None));
                }
                !is_over
            });
            let report = report(storm)?;
            std::thread::sleep(SETTLING);
            let after = usage::resident(server.process())?;
            println!("  {}: {report}", kind.title());
            println!(
                "    memory of the server: {} before, {} after",
                bytes(before as f64),
                bytes(after as f64)
            );
            println!(
                "    at rest        p50 {}, p99 {}, max {}",
                time(rest.p50),
                time(rest.p99),
                time(rest.max)
            );
            let stormed = stormed?;
            println!(
                "    in the storm   p50 {}, p99 {} ({:.1} × at rest), max {}",
                time(stormed.p50),
                time(stormed.p99),
                stormed.p99.as_secs_f64() / rest.p99.as_secs_f64(),
                time(stormed.max)
            );
        }
        Ok(())
    }

    fn begin(&self, server: &Server, kind: Kind) -> Result<Child> {
        let mut command = Command::new(std::env::current_exe().doing("find this program")?);
        let name = kind.to_possible_value();
        command.arg("storm-peers").arg(name.as_ref().map_or("", |name| name.get_name()));
        command.arg(server.address.to_string());
        command.arg("--visits").arg(self.visits.to_string());
        command.arg("--time").arg(self.time.as_secs_f64().to_string());
        command.stdout(Stdio::piped()).spawn().doing("start the peers of the storm")
    }
}

/// What the peers of a storm say when they are done.
fn report(mut storm: Child) -> Result<String> {
    let mut report = String::new();
    let mut output = storm.stdout.take().ok_or(io::ErrorKind::BrokenPipe).doing("hear the storm")?;
    output.read_to_string(&mut report).doing("hear the storm")?;
    let status = storm.wait().doing("wait for the storm")?;
    if status.success() { Ok(report.trim().to_owned()) } else { Err(Error::Attack(status)) }
}
