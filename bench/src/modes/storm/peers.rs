//! The peers of a storm: they come to rooms, and leave at once.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use rustix::net::sockopt::set_socket_linger;

use crate::args::StormPeersArguments;
use crate::error::{Doing, Result};
use crate::load::frame::{Opcode, encode};
use crate::load::{KEY, Stream, read_head, send_request};
use crate::peers::ours::storm::{PANICS, PANICS_LATE, REFUSED};

/// How many come at once.
const AT_ONCE: u64 = 32;

/// How many rooms there are to come to, where they are shared.
const SHARED: u64 = 8;

/// The lowest priority.
const NICE: i32 = 19;

/// Where the peers of a storm come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A route without a state for its rooms: what the connections alone cost.
    Plain,
    /// Rooms that are made for each of them.
    Rooms,
    /// A few rooms, which are made and emptied as they come and leave.
    Shared,
    /// Rooms that `create` refuses to make.
    Refused,
    /// Rooms whose `create` or `empty` panics.
    Panics,
    /// A new path for each, of a route whose guard refuses them.
    Guarded,
}

impl Kind {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Plain => "no rooms",
            Self::Rooms => "a room for each",
            Self::Shared => "eight rooms for all",
            Self::Refused => "rooms that `create` refuses",
            Self::Panics => "rooms that panic",
            Self::Guarded => "paths that the guard refuses",
        }
    }

    fn path(self, number: u64) -> String {
        match self {
            Self::Plain => format!("/plain/{number}"),
            Self::Rooms => format!("/room/{number}"),
            Self::Shared => format!("/room/shared-{}", number % SHARED),
            Self::Refused => format!("/room/{REFUSED}-{number}"),
            Self::Panics if number.is_multiple_of(2) => format!("/room/{PANICS}-{number}"),
            Self::Panics => format!("/room/{PANICS_LATE}-{number}"),
            Self::Guarded => format!("/closed/{number}"),
        }
    }
}

/// Has so many peers come and leave, and prints what they were answered.
pub(crate) fn run(asked: &StormPeersArguments) -> Result<()> {
    rustix::process::setpriority_process(None, NICE).doing("take the lowest priority")?;
    let begun = Instant::now();
    let mut answers = BTreeMap::new();
    let mut come = 0;
    while come < asked.visits && begun.elapsed() < asked.time {
        let until = asked.visits.min(come + AT_ONCE);
        batch(asked, come..until, &mut answers)?;
        come = until;
    }
    let elapsed = begun.elapsed();
    let each = elapsed.checked_div(u32::try_from(come).unwrap_or(u32::MAX)).unwrap_or_default();
    print!("{come} peers in {elapsed:.1?}, one each {each:.1?};");
    for (status, count) in answers {
        print!(" {count} got {status}");
    }
    println!();
    Ok(())
}

/// Half of those that are let in say goodbye, the others are gone at once.
fn batch(
    asked: &StormPeersArguments,
    numbers: Range<u64>,
    answers: &mut BTreeMap<String, u64>,
) -> Result<()> {
    let mut peers = Vec::new();
    for number in numbers {
        let mut stream = open(asked.address)?;
        send_request(&mut stream, asked.address, &asked.kind.path(number))?;
        peers.push(stream);
    }
    let mut goodbye = Vec::new();
    encode(Opcode::Close, &1000_u16.to_be_bytes(), KEY, &mut goodbye);
    let mut leaving = Vec::new();
    for (number, mut peer) in peers.into_iter().enumerate() {
        let head = read_head(&mut peer)?;
        let status = head.split(' ').nth(1).unwrap_or("nothing").to_owned();
        if status == "101" && number % 2 == 0 {
            peer.write_all(&goodbye).doing("say goodbye")?;
            leaving.push(peer);
        }
        *answers.entry(status).or_default() += 1;
    }
    for mut peer in leaving {
        let _ = peer.read(&mut [0; 64]).doing("wait for the server's goodbye")?;
    }
    Ok(())
}

/// A connection that leaves nothing behind when it is dropped, so that ports do not run out.
fn open(address: SocketAddr) -> Result<Stream> {
    let stream = Stream::open(address, None)?;
    set_socket_linger(&stream, Some(Duration::ZERO)).doing("set a socket up")?;
    Ok(stream)
}
