//! The attackers: peers that send as fast as the server takes it, for a time.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use flate2::{Compress, Compression, FlushCompress};

use super::ends::Ends;
use crate::args::AttackArguments;
use crate::error::{Doing, Result};
use crate::load::frame::{Fin, Opcode, Piece, Reader, encode, encode_fragment};
use crate::load::{KEY, Stream, read_answer, send_request_with};
use crate::poller::Poller;

/// What the frames of one write amount to, about.
const CHUNK: usize = 64 * 1024;

/// After how long one that was cut off comes back.
const PAUSE: Duration = Duration::from_millis(100);

/// What attackers print when they begin.
pub(super) const READY: &str = "ready";

/// The lowest priority.
const NICE: i32 = 19;

/// What attackers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// Empty messages, which are legal.
    Empty,
    /// A message that never ends, in empty fragments.
    EmptyFragments,
    /// A message that never ends, in fragments of one byte.
    TinyFragments,
    /// Pings.
    Pings,
    /// Messages of 1 KiB, which are legal, whose echoes are never read.
    Unread,
    /// A hundred peers with messages of 64 B, which are legal.
    Crowd,
    /// Compressed messages of 64 KiB of zeros, which are legal where the server compresses.
    Bombs,
}

impl Attack {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Empty => "empty messages",
            Self::EmptyFragments => "empty fragments",
            Self::TinyFragments => "fragments of one byte",
            Self::Pings => "pings",
            Self::Unread => "echoes that nobody reads",
            Self::Crowd => "a hundred peers",
            Self::Bombs => "compressed zeros",
        }
    }

    fn attackers(self) -> usize {
        if self == Self::Crowd { 100 } else { 8 }
    }

    fn reads(self) -> bool {
        self != Self::Unread
    }

    /// What is sent first, once.
    fn opening(self) -> Vec<u8> {
        let mut wire = Vec::new();
        if matches!(self, Self::EmptyFragments | Self::TinyFragments) {
            encode_fragment(Opcode::Binary, Fin::More, &[], KEY, &mut wire);
        }
        wire
    }

    /// What the request says more.
    fn headers(self) -> &'static str {
        if self == Self::Bombs { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" }
    }

    /// What is sent again and again.
    fn chunk(self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(CHUNK + 2048);
        let bomb = if self == Self::Bombs { bomb() } else { Vec::new() };
        while wire.len() < CHUNK {
            match self {
                Self::Empty => encode(Opcode::Binary, &[], KEY, &mut wire),
                Self::EmptyFragments => {
                    encode_fragment(Opcode::Continuation, Fin::More, &[], KEY, &mut wire);
                }
                Self::TinyFragments => {
                    encode_fragment(Opcode::Continuation, Fin::More, b"x", KEY, &mut wire);
                }
                Self::Pings => encode(Opcode::Ping, b"are you there?", KEY, &mut wire),
                Self::Unread => encode(Opcode::Binary, &[b'x'; 1024], KEY, &mut wire),
                Self::Crowd => encode(Opcode::Binary, &[b'x'; 64], KEY, &mut wire),
                Self::Bombs => wire.extend_from_slice(&bomb),
            }
        }
        wire
    }
}

/// A frame of some eighty bytes that inflates to 64 KiB (RFC 7692).
fn bomb() -> Vec<u8> {
    const COMPRESSED: u8 = 0x40;
    let mut deflated = Vec::with_capacity(1024);
    // It has all the room it needs, and cannot fail.
    let _ = Compress::new(Compression::best(), false).compress_vec(
        &[0; 64 * 1024],
        &mut deflated,
        FlushCompress::Sync,
    );
    // How every flush ends, which is not sent.
    deflated.truncate(deflated.len().saturating_sub(4));
    let mut wire = Vec::new();
    encode(Opcode::Binary, &deflated, KEY, &mut wire);
    wire[0] |= COMPRESSED;
    wire
}

/// Attacks for as long as was asked for, and prints what became of it.
pub(crate) fn run(asked: &AttackArguments) -> Result<()> {
    rustix::process::setpriority_process(None, NICE).doing("take the lowest priority")?;
    let attack = asked.attack;
    let (chunk, mut buffer) = (attack.chunk(), vec![0; 256 * 1024]);
    let mut poller = Poller::new().doing("make an epoll")?;
    let mut attackers = Vec::new();
    for _ in 0..attack.attackers() {
        attackers.push(Attacker::new(asked.address, attack, &poller)?);
    }
    println!("{READY}");
    let (mut ends, begun) = (Ends::new(attackers.len(), asked.reconnect), Instant::now());
    while begun.elapsed() < asked.time {
        let mut moved = false;
        for attacker in &mut attackers {
            if attacker.ended {
                let returns = asked.reconnect && attacker.since.elapsed() > PAUSE;
                // A server that is busy may refuse; then the next round tries again.
                if let Some(again) =
                    returns.then(|| Attacker::new(asked.address, attack, &poller).ok()).flatten()
                {
                    ends.written += std::mem::replace(attacker, again).written;
                }
                continue;
            }
            if attack.reads() {
                moved |= attacker.read(&mut buffer);
            }
            moved |= attacker.write(&chunk);
            if attacker.ended {
                ends.add(attacker.code, attacker.since - begun);
            }
        }
        if !moved {
            let _ = poller.wait(Some(PAUSE / 10)).doing("wait for the sockets")?.count();
        }
    }
    for attacker in &mut attackers {
        if !attacker.ended {
            while attacker.read(&mut buffer) {}
            if attacker.ended {
                ends.add(attacker.code, attacker.since - begun);
            }
        }
        ends.written += attacker.written;
    }
    println!("{}", ends.line());
    Ok(())
}

struct Attacker {
    stream: Stream,
    reader: Reader,
    opening: Vec<u8>,
    /// How much of the chunk has been written this time.
    at: usize,
    written: u64,
    ended: bool,
    /// The code of the server's close frame.
    code: Option<u16>,
    /// When it came, or ended.
    since: Instant,
}

impl Attacker {
    fn new(address: SocketAddr, attack: Attack, poller: &Poller) -> Result<Self> {
        let mut stream = Stream::open(address, None)?;
        send_request_with(&mut stream, address, "/", attack.headers())?;
        read_answer(&mut stream)?;
        stream.set_nonblocking()?;
        poller.add(&stream, 0).doing("watch a socket")?;
        Ok(Self {
            stream,
            reader: Reader::default(),
            opening: attack.opening(),
            at: 0,
            written: 0,
            ended: false,
            code: None,
            since: Instant::now(),
        })
    }

    /// Writes once; tells whether the server took anything.
    fn write(&mut self, chunk: &[u8]) -> bool {
        let opening = !self.opening.is_empty();
        let bytes = if opening { &self.opening } else { &chunk[self.at..] };
        let count = match self.stream.write(bytes) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(_) => {
                // What the server had to say stands behind what nobody has read.
                let mut buffer = vec![0; CHUNK];
                while self.read(&mut buffer) {}
                self.end();
                return false;
            }
        };
        if opening {
            self.opening.drain(..count);
        } else {
            self.at = (self.at + count) % chunk.len();
        }
        self.written += count as u64;
        true
    }

    /// Reads once; tells whether there was anything.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        let count = match self.stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Ok(0) | Err(_) => {
                self.end();
                return false;
            }
            Ok(count) => count,
        };
        let mut input = &buffer[..count];
        while let Ok(Some(piece)) = self.reader.next(&mut input) {
            if let Piece::Control { opcode: Opcode::Close, payload } = piece {
                self.code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                self.end();
                return false;
            }
        }
        true
    }

    fn end(&mut self) {
        if !self.ended {
            self.ended = true;
            self.since = Instant::now();
        }
    }
}
