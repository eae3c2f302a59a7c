//! The hot paths.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use super::compressed;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::{Burst, Fleet, Latencies};
use crate::modes::Amount;
use crate::modes::connects::Connects;
use crate::modes::echo::{self, Echo};
use crate::modes::fanout::{self, Fanout};
use crate::peers::{Peer, Role};
use crate::server::Server;

/// Nothing here is ended by the clock, however slow valgrind is: the number of messages is what counts.
const LONG: Duration = Duration::from_secs(3600);

/// A named message of 64 bytes. Its reply is the same text.
const NAMED: &[u8] = br#"{"type":"say","id":12,"data":{"text":"hello over there, folks"}}"#;

/// What is counted. Few connections and whole bursts, so that how often the server wakes up, and with how much to do,
/// does not depend on who is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Path {
    /// A wake-up, decode, dispatch, encode.
    Echo,
    /// The same, with a sixteenth of a wake-up: mostly decode, dispatch, encode.
    EchoDeep,
    /// The same as text, which is also checked for UTF-8.
    TextDeep,
    /// The same as named messages: the data is read into a type that borrows, and written again.
    NamedDeep,
    /// Unmasking and copying.
    #[value(name = "echo-16k")]
    Echo16k,
    /// A message to a hundred, for each of them.
    Broadcast,
    /// The same with 16 messages at once.
    BroadcastDeep,
    /// An echo of 1 KiB of JSON that is inflated and deflated.
    Compressed,
    /// A named message on one of ten routes: no more than without routes.
    NamedRoute,
    /// A named message whose handler locks the state of its room, which nobody else does.
    NamedRoom,
    /// A message to the hundred of a room with a state, for each of them.
    BroadcastRoom,
    /// A connection that is opened and closed.
    Connects,
    /// The same on one of ten routes.
    ConnectsRoute,
    /// The same where each connection makes a room with a state, and drops it.
    ConnectsRooms,
    /// An echo where axum has accepted the connection.
    EchoMounted,
}

impl Path {
    /// What servers of any kind do.
    pub(crate) const FOR_ALL: [Self; 6] =
        [Self::Echo, Self::EchoDeep, Self::Echo16k, Self::Broadcast, Self::BroadcastDeep, Self::Connects];

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Echo => "echo of 64 B",
            Self::EchoDeep => "echo of 64 B, 16 at once",
            Self::TextDeep => "echo of 64 B of text, 16 at once",
            Self::NamedDeep => "named message of 64 B and its reply, 16 at once",
            Self::Echo16k => "echo of 16 KiB",
            Self::Broadcast => "broadcast of 128 B to 100, a delivery",
            Self::BroadcastDeep => "the same, 16 at once",
            Self::Compressed => "echo of 1 KiB, compressed",
            Self::NamedRoute => "named message on one of ten routes, 16 at once",
            Self::NamedRoom => "named message that locks its room, 16 at once",
            Self::BroadcastRoom => "broadcast of 128 B to a room of 100, a delivery",
            Self::Connects => "connection opened and closed",
            Self::ConnectsRoute => "connection to one of ten routes",
            Self::ConnectsRooms => "connection with a room of its own",
            Self::EchoMounted => "echo of 64 B, mounted in axum",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Self::Broadcast | Self::BroadcastDeep | Self::BroadcastRoom => Role::Fanout,
            Self::NamedDeep | Self::NamedRoute | Self::NamedRoom => Role::Named,
            Self::Echo
            | Self::EchoDeep
            | Self::TextDeep
            | Self::Echo16k
            | Self::Compressed
            | Self::Connects
            | Self::ConnectsRoute
            | Self::ConnectsRooms
            | Self::EchoMounted => Role::Echo,
        }
    }

    pub(crate) fn peer(self) -> Peer {
        match self {
            Self::Echo
            | Self::EchoDeep
            | Self::TextDeep
            | Self::NamedDeep
            | Self::Echo16k
            | Self::Broadcast
            | Self::BroadcastDeep
            | Self::Compressed
            | Self::Connects => Peer::Ours,
            Self::NamedRoute | Self::ConnectsRoute => Peer::OursRoutes,
            Self::NamedRoom | Self::BroadcastRoom => Peer::OursRoom,
            Self::ConnectsRooms => Peer::OursRooms,
            Self::EchoMounted => Peer::OursMounted,
        }
    }

    /// What of the server's options is not at its default, as a variable of the environment.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Compressed => "WS_SERVER_COMPRESSION=on",
            Self::Echo
            | Self::EchoDeep
            | Self::TextDeep
            | Self::NamedDeep
            | Self::Echo16k
            | Self::Broadcast
            | Self::BroadcastDeep
            | Self::NamedRoute
            | Self::NamedRoom
            | Self::BroadcastRoom
            | Self::Connects
            | Self::ConnectsRoute
            | Self::ConnectsRooms
            | Self::EchoMounted => "",
        }
    }

    /// The two numbers of messages whose difference is taken.
    pub(crate) fn amounts(self) -> (u64, u64) {
        match self {
            Self::Echo | Self::EchoMounted => (500, 4_500),
            Self::Compressed => (100, 600),
            Self::EchoDeep | Self::TextDeep | Self::NamedDeep | Self::NamedRoute | Self::NamedRoom => {
                (3_200, 35_200)
            }
            Self::Connects | Self::ConnectsRoute | Self::ConnectsRooms => (64, 1_088),
            Self::Echo16k => (200, 1_200),
            Self::Broadcast | Self::BroadcastRoom => (10_000, 40_000),
            Self::BroadcastDeep => (32_000, 192_000),
        }
    }

    /// Sends so many messages, and waits for the last answer; tells how many they were.
    pub(crate) fn send(self, server: &Server, messages: u64) -> Result<u64> {
        let amount = Amount { messages, time: LONG };
        let echo = |size, depth, opcode| {
            let mut fleet = Echo { connections: 1, size, depth, opcode }.connect(server)?;
            echo::run(&mut fleet, amount, &mut Latencies::default())
        };
        let fan_out = |in_flight| {
            let fanout = Fanout { subscribers: 100, size: 128, in_flight, opcode: Opcode::Binary };
            fanout::run(&mut fanout.subscribe(server)?, amount, &mut Latencies::default())
        };
        match self {
            Self::Echo | Self::EchoMounted => echo(64, 1, Opcode::Binary),
            Self::EchoDeep => echo(64, 16, Opcode::Binary),
            Self::TextDeep => echo(64, 16, Opcode::Text),
            Self::NamedDeep | Self::NamedRoute | Self::NamedRoom => {
                let mut fleet =
                    Fleet::connect(server, 0..1, |_| Arc::new(Burst::of(Opcode::Text, NAMED, 16)))?;
                echo::run(&mut fleet, amount, &mut Latencies::default())
            }
            Self::Echo16k => echo(16 << 10, 1, Opcode::Binary),
            Self::Broadcast | Self::BroadcastRoom => fan_out(1),
            Self::BroadcastDeep => fan_out(16),
            Self::Compressed => compressed::echo(server, messages),
            Self::Connects | Self::ConnectsRoute | Self::ConnectsRooms => {
                Connects { at_once: 8 }.run(server, amount, &mut Latencies::default())
            }
        }
    }
}
