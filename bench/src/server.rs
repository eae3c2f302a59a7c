//! A server under test, as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result};
use crate::machine::Places;
use crate::peers::{Peer, Role};

/// What every server prints first, before its address.
pub(crate) const LISTENING: &str = "listening on ";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// It runs under a tool, which has something to write when the server ends.
    watched: bool,
    pub(crate) peer: Peer,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(peer: Peer, role: Role, threads: usize, places: &Places) -> Result<Self> {
        Self::start_under("", peer, role, threads, places)
    }

    /// Starts a server under a tool that takes a command, such as `strace -c`.
    pub(crate) fn start_under(
        tool: &str,
        peer: Peer,
        role: Role,
        threads: usize,
        places: &Places,
    ) -> Result<Self> {
        let server = peer.command(role, threads)?;
        let mut words = tool.split_ascii_whitespace();
        let watched = words.next();
        let mut command = match watched {
            None => server,
            Some(tool) => {
                let mut command = Command::new(tool);
                command.args(words).arg(server.get_program()).args(server.get_args());
                command
            }
        };
        // Servers end when their standard input does, so that none outlives this process.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let failed = |why: String| Error::Start { server: peer.name(), why };
        let mut child = places.at_server(|| command.spawn())?.map_err(|error| failed(error.to_string()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| failed(error.to_string()))?;
        }
        let address = line.trim().strip_prefix(LISTENING).and_then(|address| address.parse().ok());
        match address {
            Some(address) => Ok(Self { child, watched: watched.is_some(), peer, address }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed(format!("it printed {line:?} instead of its address")))
            }
        }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if !self.watched {
            // It holds nothing worth a farewell.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
