//! A server under test, as a process of its own.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use ws_runtime::rustls::ClientConfig;

use crate::args::Transport;
use crate::error::{Doing, Error, Result};
use crate::machine::Places;
use crate::peers::{Peer, Role};
use crate::tls::Identity;

/// What every server prints first, before its address.
pub(crate) const LISTENING: &str = "listening on ";

/// How often it is asked whether a server has ended.
const LOOK: Duration = Duration::from_millis(2);

/// How servers are run, whichever they are.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) threads: usize,
    /// Who they are, if they speak TLS.
    pub(crate) tls: Option<Identity>,
    /// A tool that takes a command, such as `strace -c`; may be empty.
    pub(crate) under: String,
    /// Variables of their environment, such as options of the server.
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Where they listen; any free port of loopback where nothing is said.
    pub(crate) listen: Option<SocketAddr>,
}

impl Setup {
    pub(crate) fn new(threads: usize, transport: Transport, under: &str) -> Result<Self> {
        let tls = match transport {
            Transport::Tcp => None,
            Transport::Tls => Some(Identity::make().doing("make a certificate")?),
        };
        Ok(Self { threads, tls, under: under.to_owned(), environment: Vec::new(), listen: None })
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// It runs under a tool, which has something to write when the server ends.
    watched: bool,
    pub(crate) peer: Peer,
    role: Role,
    pub(crate) address: SocketAddr,
    /// What its clients need, if it speaks TLS.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(peer: Peer, role: Role, setup: &Setup, places: &Places) -> Result<Self> {
        let server = peer.command(role, setup)?;
        let mut words = setup.under.split_ascii_whitespace();
        let watched = words.next();
        let mut command = match watched {
            None => server,
            Some(tool) => {
                let mut command = Command::new(tool);
                command.args(words).arg(server.get_program()).args(server.get_args());
                command
            }
        };
        let tls = match &setup.tls {
            Some(identity) => {
                identity.give(&mut command);
                Some(identity.client().doing("make a configuration of TLS")?)
            }
            None => None,
        };
        // Servers end when their standard input does, so that none outlives this process.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
        if matches!(role, Role::Storm | Role::Hold) && env::var_os("RUST_LOG").is_none() {
            // Its handlers panic, thousands of times. A backtrace costs more than all else of a storm, and 40 MiB.
            command.stderr(Stdio::null()).env("RUST_BACKTRACE", "0");
        }
        let failed = |why: String| Error::Start { server: peer.name(), why };
        let mut child = places.at_server(|| command.spawn())?.map_err(|error| failed(error.to_string()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| failed(error.to_string()))?;
        }
        let address = line.trim().strip_prefix(LISTENING).and_then(|address| address.parse().ok());
        match address {
            Some(address) => Ok(Self { child, watched: watched.is_some(), peer, role, address, tls }),
            None => {
                let _ = child.kill();
                let _ = child.wait();
                Err(failed(format!("it printed {line:?} instead of its address")))
            }
        }
    }

    /// The path by which a client comes.
    pub(crate) fn path(&self, client: usize) -> String {
        self.peer.path(self.role, client)
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal).doing("send a signal to the server")
    }

    /// Waits until it has ended by itself; nothing where it has not in this time.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().doing("wait for the server")? {
                None if begun.elapsed() < limit => std::thread::sleep(LOOK),
                ended => return Ok(ended),
            }
        }
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
