//! Measures a WebSocket server, side by side with others and with the kernel's floor: see `README.md`.

mod args;
mod compare;
mod count;
mod error;
mod hold;
mod instructions;
mod load;
mod machine;
mod measure;
mod modes;
mod peers;
mod poller;
mod report;
mod server;
mod tls;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command, Servers};
use crate::error::{Error, Result};
use crate::machine::Places;
use crate::measure::Measurement;
use crate::modes::connects::Connects;
use crate::modes::echo::Echo;
use crate::modes::fanout::Fanout;
use crate::modes::flood::{self, Flood};
use crate::modes::idle::Idle;
use crate::modes::storm::{self, Storm};
use crate::peers::Role;
use crate::server::{Server, Setup};

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error::whole(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    machine::raise_descriptors()?;
    match command {
        Command::Echo(asked) => {
            let echo = Echo {
                connections: asked.connections,
                size: asked.size,
                depth: asked.depth,
                opcode: asked.kind.opcode(),
            };
            let amount = asked.how_much.amount();
            each_measured(&asked.servers, Role::Echo, |server| echo.measure(server, amount))
        }
        Command::Fanout(asked) => {
            let fanout = Fanout {
                subscribers: asked.subscribers,
                size: asked.size,
                in_flight: asked.in_flight,
                opcode: asked.kind.opcode(),
            };
            let amount = asked.how_much.amount();
            each_measured(&asked.servers, Role::Fanout, |server| fanout.measure(server, amount))
        }
        Command::Connects(asked) => {
            let connects = Connects { at_once: asked.at_once };
            let amount = asked.how_much.amount();
            each_measured(&asked.servers, Role::Echo, |server| connects.measure(server, amount))
        }
        Command::Idle(asked) => {
            let idle = Idle { connections: asked.connections };
            each(&asked.servers, Role::Echo, |server| {
                report::memory(server.peer, idle.measure(server)?);
                Ok(())
            })
        }
        Command::Flood(asked) => {
            let flood = Flood { attacks: asked.attacks, time: asked.time, reconnect: asked.reconnect };
            each(&asked.servers, Role::Echo, |server| flood.run(server))
        }
        Command::Storm(asked) => {
            let storm =
                Storm { kinds: asked.kinds, visits: asked.visits, time: asked.time, rest: asked.rest };
            each(&asked.servers, Role::Storm, |server| storm.run(server))
        }
        Command::Hold(asked) => hold::run(&asked),
        Command::Compare(asked) => compare::run(&asked),
        Command::Count(asked) => count::run(&asked),
        Command::Instructions(asked) => instructions::run(&asked),
        Command::Serve(asked) => asked.peer.serve(&asked),
        Command::Attack(asked) => flood::attack(&asked),
        Command::StormPeers(asked) => storm::peers(&asked),
    }
}

/// Measures each server in turn, and prints its figures.
fn each_measured(
    servers: &Servers,
    role: Role,
    measure: impl Fn(&Server) -> Result<Measurement>,
) -> Result<()> {
    each(servers, role, |server| {
        report::measurement(server.peer, &measure(server)?);
        Ok(())
    })
}

/// Starts each server in turn; one that cannot be had is passed over with a word.
fn each(servers: &Servers, role: Role, mut measure: impl FnMut(&Server) -> Result<()>) -> Result<()> {
    let places = Places::new(servers.threads)?;
    places.at_generator()?;
    let setup = Setup::new(servers.threads, servers.transport.chosen(), &servers.under)?;
    for peer in &servers.peers {
        match Server::start(*peer, role, &setup, &places) {
            Ok(server) => measure(&server)?,
            Err(error @ Error::LeftOut(..)) => eprintln!("{error}"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
