//! The cases that are compared: those of the table in the book.

use std::time::Duration;

use clap::ValueEnum;

use crate::args::{Length, Transport};
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::measure::Measurement;
use crate::modes::Amount;
use crate::modes::connects::Connects;
use crate::modes::echo::Echo;
use crate::modes::fanout::Fanout;
use crate::modes::idle::{Idle, Memory};
use crate::peers::Role;
use crate::server::Server;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    #[value(name = "echo-64")]
    Echo64,
    #[value(name = "echo-64-16")]
    Echo64Deep,
    #[value(name = "echo-16k")]
    Echo16k,
    #[value(name = "echo-16k-16")]
    Echo16kDeep,
    #[value(name = "echo-1m")]
    Echo1m,
    #[value(name = "fanout")]
    Fanout,
    #[value(name = "fanout-16")]
    FanoutDeep,
    #[value(name = "fanout-10k")]
    FanoutWide,
    Connects,
    Idle,
}

/// What was measured of one server in one round.
#[derive(Debug)]
pub(crate) enum Outcome {
    Load(Box<Measurement>),
    Memory(Memory),
}

impl Outcome {
    /// The figure that servers are compared by: nanoseconds of the server's processor time, or bytes of its memory.
    pub(crate) fn cost(&self) -> f64 {
        match self {
            Self::Load(measured) => measured.cost(),
            Self::Memory(memory) => memory.user,
        }
    }
}

impl Case {
    /// All of them, in the order of the page.
    pub(crate) fn all(transport: Transport) -> Vec<Self> {
        let all = Self::value_variants().iter().copied();
        // The floor of TLS only echoes.
        all.filter(|case| transport == Transport::Tcp || case.role() == Role::Echo).collect()
    }

    /// Its name on the command line and in the names of files.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Echo64 => "echo of 64 B",
            Self::Echo64Deep => "echo of 64 B, 16 at once",
            Self::Echo16k => "echo of 16 KiB",
            Self::Echo16kDeep => "echo of 16 KiB, 16 at once",
            Self::Echo1m => "echo of 1 MiB",
            Self::Fanout => "fan-out of 128 B to 1,000",
            Self::FanoutDeep => "fan-out of 128 B to 1,000, 16 at once",
            Self::FanoutWide => "fan-out of 128 B to 10,000",
            Self::Connects => "connects",
            Self::Idle => "an idle connection",
        }
    }

    /// What the cost is a cost of.
    pub(crate) fn cost_of(self) -> &'static str {
        match self {
            Self::Echo64 | Self::Echo64Deep | Self::Echo16k | Self::Echo16kDeep | Self::Echo1m => {
                "CPU a message"
            }
            Self::Fanout | Self::FanoutDeep | Self::FanoutWide => "CPU a delivery",
            Self::Connects => "CPU a connection",
            Self::Idle => "memory a connection",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Self::Fanout | Self::FanoutDeep | Self::FanoutWide => Role::Fanout,
            _ => Role::Echo,
        }
    }

    /// Measures a server that runs.
    pub(crate) fn measure(self, server: &Server, length: Length) -> Result<Outcome> {
        let echo = |connections, size, depth, messages| {
            let echo = Echo { connections, size, depth, opcode: Opcode::Binary };
            echo.measure(server, length.amount(messages))
        };
        let fanout = |subscribers, in_flight, messages| {
            let fanout = Fanout { subscribers, size: 128, in_flight, opcode: Opcode::Binary };
            fanout.measure(server, length.amount(messages))
        };
        // So many messages take a fast server a second or a little less.
        let measured = match self {
            Self::Echo64 => echo(64, 64, 1, 150_000),
            Self::Echo64Deep => echo(64, 64, 16, 1_500_000),
            Self::Echo16k => echo(32, 16 << 10, 1, 80_000),
            Self::Echo16kDeep => echo(16, 16 << 10, 16, 160_000),
            Self::Echo1m => echo(8, 1 << 20, 1, 2_000),
            Self::Fanout => fanout(1_000, 1, 400_000),
            Self::FanoutDeep => fanout(1_000, 16, 2_400_000),
            Self::FanoutWide => fanout(10_000, 1, 400_000),
            Self::Connects => Connects { at_once: 64 }.measure(server, length.amount(10_000)),
            Self::Idle => return Idle { connections: 5_000 }.measure(server).map(Outcome::Memory),
        };
        Ok(Outcome::Load(Box::new(measured?)))
    }
}

impl Length {
    fn amount(self, messages: u64) -> Amount {
        let usual = Amount { messages, time: Duration::from_secs(2) };
        match self {
            Self::Quick => Amount { messages: usual.messages / 4, time: usual.time / 4 },
            Self::Usual => usual,
            Self::Long => Amount { messages: usual.messages * 4, time: usual.time * 4 },
        }
    }
}
