//! Flood: twenty honest clients echo at a steady pace, first alone, then while others attack the same server.
//!
//! The attackers are a process of their own, of the lowest priority, so that they take
//! the server's time and not the clients'.

mod attack;
mod ends;

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use clap::ValueEnum;

use self::attack::READY;
pub(crate) use self::attack::{Attack, run as attack};
pub(crate) use self::ends::Ends;
use super::honest::honest;
use crate::error::{Doing, Error, Result};
use crate::load::Percentiles;
use crate::report::time;
use crate::server::Server;

/// How long the attackers have when the honest clients connect.
const HEAD_START: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Flood {
    /// All of them where none is named.
    pub(crate) attacks: Vec<Attack>,
    /// How long each lasts; as long is measured before it.
    pub(crate) time: Duration,
    /// Whether attackers that are cut off come back.
    pub(crate) reconnect: bool,
}

impl Flood {
    /// Measures the honest clients before and during each attack, and prints what became of them and of the attackers.
    pub(crate) fn run(&self, server: &Server) -> Result<()> {
        println!("{}", server.peer.name());
        let attacks = if self.attacks.is_empty() { Attack::value_variants() } else { &self.attacks };
        for attack in attacks {
            let Flooded { ends, rest, attacked } = self.one(server, *attack)?;
            println!("  {}: {ends}", attack.title());
            println!(
                "    at rest       p50 {}, p99 {}, max {}",
                time(rest.p50),
                time(rest.p99),
                time(rest.max)
            );
            match attacked {
                Ok(attacked) => println!(
                    "    under attack  p50 {}, p99 {} ({:.1} × at rest), max {}",
                    time(attacked.p50),
                    time(attacked.p99),
                    attacked.p99.as_secs_f64() / rest.p99.as_secs_f64(),
                    time(attacked.max)
                ),
                // It is a finding of its own that an honest client does not get through.
                Err(error) => println!("    under attack  an honest client failed: {error}"),
            }
        }
        Ok(())
    }

    /// Measures the honest clients before and during one attack.
    pub(crate) fn one(&self, server: &Server, attack: Attack) -> Result<Flooded> {
        let rest = honest(server, |elapsed| elapsed < self.time)?;
        let attackers = Attackers::start(server, attack, self)?;
        let attacked = honest(server, |elapsed| elapsed < self.time);
        Ok(Flooded { ends: attackers.ends()?, rest, attacked })
    }
}

/// What became of an attack.
pub(crate) struct Flooded {
    pub(crate) ends: Ends,
    pub(crate) rest: Percentiles,
    /// What the honest clients met, if none of them failed.
    pub(crate) attacked: Result<Percentiles>,
}

/// The attackers' process, which ends by itself.
struct Attackers {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Attackers {
    /// Starts them, and waits until they attack.
    fn start(server: &Server, attack: Attack, flood: &Flood) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe().doing("find this program")?);
        let name = attack.to_possible_value();
        command.arg("attack").arg(name.as_ref().map_or("", |name| name.get_name()));
        command.arg(server.address.to_string());
        // A little longer than the honest clients, who first connect.
        command.arg("--time").arg((flood.time + HEAD_START).as_secs_f64().to_string());
        if flood.reconnect {
            command.arg("--reconnect");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().doing("start the attackers")?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe).doing("hear the attackers")?;
        let mut attackers = Self { child, output: BufReader::new(output) };
        let mut line = String::new();
        attackers.output.read_line(&mut line).doing("hear the attackers")?;
        if line.trim() == READY { Ok(attackers) } else { Err(Error::Attack(attackers.wait()?)) }
    }

    /// What they say of themselves when they are done.
    fn ends(mut self) -> Result<Ends> {
        let mut line = String::new();
        self.output.read_to_string(&mut line).doing("hear the attackers")?;
        let status = self.wait()?;
        Ends::read(&line).filter(|_| status.success()).ok_or(Error::Attack(status))
    }

    fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().doing("wait for the attackers")
    }
}
