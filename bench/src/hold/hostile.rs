//! Peers that misbehave in one way or the other, for as long as others soak.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::peer::Conduct;
use crate::error::Result;
use crate::load::KEY;
use crate::load::frame::{Fin, Opcode, encode, encode_fragment};
use crate::load::request;

/// How often they are looked after.
const PAUSE: Duration = Duration::from_millis(200);

/// What one of them does.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Never ends its request.
    Slowloris,
    /// Has its messages echoed, and never reads.
    Deaf,
    /// Announces more than is allowed.
    TooBig,
    /// Never ends a message of empty fragments.
    Fragments,
    /// Makes a handler panic.
    Panic,
    /// Answers neither Close nor pings.
    Mute,
}

const KINDS: [Kind; 6] =
    [Kind::Slowloris, Kind::Deaf, Kind::TooBig, Kind::Fragments, Kind::Panic, Kind::Mute];

impl Kind {
    fn conduct(self) -> Conduct {
        match self {
            Self::Deaf => Conduct::DEAF,
            Self::Mute | Self::Slowloris => Conduct::MUTE,
            Self::TooBig | Self::Fragments | Self::Panic => Conduct::HONEST,
        }
    }

    fn opening(self, address: SocketAddr) -> Vec<u8> {
        match self {
            Self::Slowloris => b"GET / HTTP/1.1\r\nHost: ".to_vec(),
            Self::Deaf | Self::TooBig | Self::Fragments | Self::Panic | Self::Mute => {
                request(address, "/", "").into_bytes()
            }
        }
    }

    /// What it sends each time that it is looked after.
    fn next(self) -> Vec<u8> {
        let mut wire = Vec::new();
        match self {
            Self::Slowloris => wire.push(b'z'),
            Self::Deaf => (0..16).for_each(|_| encode(Opcode::Binary, &[b'x'; 8192], KEY, &mut wire)),
            Self::TooBig => wire.extend(b"\x82\xFF\0\0\0\0\x10\0\0\0\x01\x02\x03\x04"),
            Self::Fragments => {
                encode_fragment(Opcode::Binary, Fin::More, &[], KEY, &mut wire);
                (0..2_000)
                    .for_each(|_| encode_fragment(Opcode::Continuation, Fin::More, &[], KEY, &mut wire));
            }
            Self::Panic => encode(Opcode::Text, br#"{"type":"panic"}"#, KEY, &mut wire),
            Self::Mute => encode(Opcode::Text, br#"{"type":"goodbye"}"#, KEY, &mut wire),
        }
        wire
    }
}

pub(super) struct Hostile {
    crowd: Crowd,
    address: SocketAddr,
    next: Instant,
}

impl Hostile {
    pub(super) fn new(address: SocketAddr, count: usize) -> Result<Self> {
        let mut crowd = Crowd::new()?;
        for at in 0..count {
            let kind = KINDS[at % KINDS.len()];
            crowd.add(address, kind.conduct(), &kind.opening(address))?;
        }
        Ok(Self { crowd, address, next: Instant::now() })
    }

    /// Has each misbehave once more, if it is time; who was cut off comes back.
    pub(super) fn turn(&mut self) -> Result<()> {
        if Instant::now() < self.next {
            return Ok(());
        }
        self.next = Instant::now() + PAUSE;
        self.crowd.turn(Duration::ZERO)?;
        for at in 0..self.crowd.peers.len() {
            let kind = KINDS[at % KINDS.len()];
            if self.crowd.peers[at].has_ended() {
                self.crowd.replace(at, self.address, kind.conduct(), &kind.opening(self.address))?;
            } else if self.crowd.peers[at].is_quiet() {
                self.crowd.peers[at].send(&kind.next());
            }
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.crowd.peers.clear();
    }
}
