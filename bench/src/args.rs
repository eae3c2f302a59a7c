//! What can be asked for on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::compare::Case;
use crate::hold::Rows;
use crate::instructions::Path;
use crate::load::frame::Opcode;
use crate::modes::Amount;
use crate::modes::flood::Attack;
use crate::modes::storm::Kind;
use crate::peers::{Peer, Role};

/// Measures a WebSocket server, side by side with others and with the kernel's floor.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Messages to one connection and back.
    Echo(EchoArguments),
    /// One message to all connections.
    Fanout(FanoutArguments),
    /// The memory of connections that are silent.
    Idle(IdleArguments),
    /// Connections opened and closed.
    Connects(ConnectsArguments),
    /// Honest clients while others attack.
    Flood(FloodArguments),
    /// Honest clients in rooms while other peers come to rooms and leave them. Only `ours` knows rooms.
    Storm(StormArguments),
    /// The fault programme: what must hold while peers are hostile, each figure beside its goal.
    Hold(HoldArguments),
    /// All servers and cases, interleaved, in several rounds; the result as a page of the book.
    Compare(CompareArguments),
    /// What servers take for a message: instructions and system calls. Needs valgrind and strace.
    Count(CountArguments),
    /// Instructions of our server for a message on each hot path, against the baseline. Needs valgrind.
    Instructions(InstructionsArguments),
    /// Runs one of the servers until its standard input ends.
    Serve(ServeArguments),
    /// Runs attackers, for `flood`.
    #[command(hide = true)]
    Attack(AttackArguments),
    /// Runs the peers of a storm, for `storm`.
    #[command(hide = true)]
    StormPeers(StormPeersArguments),
}

#[derive(Debug, Args)]
pub(crate) struct Servers {
    /// The servers to measure.
    #[arg(required = true)]
    pub(crate) peers: Vec<Peer>,
    /// Threads of each server.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// A command to run each server under, such as `strace -c`: see PROFILING.md.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) under: String,
    #[command(flatten)]
    pub(crate) transport: TransportArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EchoArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,
    /// Bytes of each message.
    #[arg(long, default_value_t = 64)]
    pub(crate) size: usize,
    /// Messages that a connection sends before it waits for them.
    #[arg(long, default_value_t = 1)]
    pub(crate) depth: usize,
    #[command(flatten)]
    pub(crate) kind: Type,
    #[command(flatten)]
    pub(crate) how_much: HowMuch,
}

#[derive(Debug, Args)]
pub(crate) struct FanoutArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[arg(long, default_value_t = 1000)]
    pub(crate) subscribers: usize,
    /// Bytes of each message.
    #[arg(long, default_value_t = 128)]
    pub(crate) size: usize,
    /// Messages that are sent before they are waited for.
    #[arg(long, default_value_t = 1)]
    pub(crate) in_flight: usize,
    #[command(flatten)]
    pub(crate) kind: Type,
    #[command(flatten)]
    pub(crate) how_much: HowMuch,
}

#[derive(Debug, Args)]
pub(crate) struct IdleArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[arg(long, default_value_t = 5000)]
    pub(crate) connections: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ConnectsArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// Connections that are opened before the first is closed.
    #[arg(long, default_value_t = 64)]
    pub(crate) at_once: usize,
    #[command(flatten)]
    pub(crate) how_much: HowMuch,
}

#[derive(Debug, Args)]
pub(crate) struct FloodArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// The attacks; all of them where none is named.
    #[arg(long = "attack")]
    pub(crate) attacks: Vec<Attack>,
    /// Seconds of each attack.
    #[arg(long, default_value = "3", value_parser = seconds)]
    pub(crate) time: Duration,
    /// Attackers that are cut off come back.
    #[arg(long)]
    pub(crate) reconnect: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StormArguments {
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// The storms; all of them where none is named.
    #[arg(long = "kind")]
    pub(crate) kinds: Vec<Kind>,
    /// How many peers come in each storm.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) visits: u64,
    /// Seconds after which no more come.
    #[arg(long, default_value = "120", value_parser = seconds)]
    pub(crate) time: Duration,
    /// Seconds that are measured before each storm.
    #[arg(long, default_value = "3", value_parser = seconds)]
    pub(crate) rest: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The cases; all of the book's where none is named.
    #[arg(long = "case")]
    pub(crate) cases: Vec<Case>,
    /// The servers; all where none is named. The floor is always among them.
    #[arg(long = "peer")]
    pub(crate) peers: Vec<Peer>,
    /// How often each is measured.
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// How much is measured each time.
    #[arg(long, value_enum, default_value_t = Length::Usual)]
    pub(crate) length: Length,
    /// The same as `--length quick --rounds 3`.
    #[arg(long, conflicts_with_all = ["length", "rounds"])]
    pub(crate) quick: bool,
    /// Threads of each server.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Measures each server twice in each round: what differs then is noise.
    #[arg(long)]
    pub(crate) twice: bool,
    #[command(flatten)]
    pub(crate) transport: TransportArguments,
    /// The folder for the page and its pictures. Where all is measured, the book's; else nothing is written.
    #[arg(long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HoldArguments {
    /// `all`, or the names of rows.
    #[arg(required = true)]
    pub(crate) rows: Vec<Rows>,
    /// Some seconds of each, and goals that a busy machine can reach; counts and losses are as strict.
    #[arg(long)]
    pub(crate) short: bool,
    /// Threads of the server.
    #[arg(long, default_value_t = 2)]
    pub(crate) threads: usize,
    /// Seconds of the soak.
    #[arg(long, value_parser = seconds)]
    pub(crate) time: Option<Duration>,
    /// Keeps the results in `bench/hold.txt`, and writes the book's page from it.
    #[arg(long)]
    pub(crate) save: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CountArguments {
    /// The servers to count. The others are compared with the first.
    #[arg(required = true)]
    pub(crate) peers: Vec<Peer>,
    /// What they do.
    #[arg(long = "path", value_enum, default_values_t = Path::FOR_ALL)]
    pub(crate) paths: Vec<Path>,
}

#[derive(Debug, Args)]
pub(crate) struct InstructionsArguments {
    /// By how many per cent a path may exceed the baseline.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) tolerance: f64,
    /// Writes what was counted as the new baseline.
    #[arg(long)]
    pub(crate) save: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    pub(crate) peer: Peer,
    #[arg(long, value_enum, default_value_t = Role::Echo)]
    pub(crate) role: Role,
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) transport: TransportArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AttackArguments {
    pub(crate) attack: Attack,
    pub(crate) address: SocketAddr,
    #[arg(long, value_parser = seconds)]
    pub(crate) time: Duration,
    #[arg(long)]
    pub(crate) reconnect: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StormPeersArguments {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    #[arg(long)]
    pub(crate) visits: u64,
    #[arg(long, value_parser = seconds)]
    pub(crate) time: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct TransportArguments {
    /// Over TLS: only `ours`, and `rustls` as its floor.
    #[arg(long)]
    tls: bool,
}

impl TransportArguments {
    pub(crate) fn chosen(&self) -> Transport {
        if self.tls { Transport::Tls } else { Transport::Tcp }
    }
}

/// What messages travel over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Transport {
    Tcp,
    Tls,
}

#[derive(Debug, Args)]
pub(crate) struct Type {
    /// Sends text instead of binary messages.
    #[arg(long)]
    text: bool,
}

impl Type {
    pub(crate) fn opcode(&self) -> Opcode {
        if self.text { Opcode::Text } else { Opcode::Binary }
    }
}

#[derive(Debug, Args)]
pub(crate) struct HowMuch {
    /// Messages to measure; a fifth more go before them.
    #[arg(long, default_value_t = 100_000)]
    messages: u64,
    /// Seconds after which no more are sent.
    #[arg(long, default_value = "5", value_parser = seconds)]
    time: Duration,
}

impl HowMuch {
    pub(crate) fn amount(&self) -> Amount {
        Amount { messages: self.messages, time: self.time }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Length {
    /// About a quarter of a second of each.
    Quick,
    /// About a second.
    Usual,
    /// About four seconds.
    Long,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
