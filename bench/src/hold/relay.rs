//! A relay between peers and the server that does what networks do: it delays, cuts into bytes, resets, stalls.
//!
//! One thread drives all connections. What a connection meets is chosen by the seed.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use super::random::Random;
use crate::error::{Doing, Result};

/// How often the relay looks at its sockets.
const TURN: Duration = Duration::from_millis(1);

/// What is read at once, and how much may wait: beyond that, TCP pushes back.
const BUFFER: usize = 16 * 1024;
const MOST_HELD: usize = 256 * 1024;

const DELAY: Duration = Duration::from_millis(20);

/// Bytes of one turn, where the rate is limited: 256 KiB a second.
const RATE: usize = 256;

/// Bytes of one turn that are written one at a time. Each is a system call, so a connection with thousands of them
/// would keep the others waiting until the server takes their peers for gone.
const SINGLE_BYTES: usize = 32;

/// After so many bytes the connection meets its fault.
const FAULT_AFTER: usize = 4 * 1024;

/// What a relay does to what it passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Each piece comes 20 ms later.
    Delay,
    /// Each piece comes up to 40 ms later, in order.
    Jitter,
    /// 256 KiB a second.
    Rate,
    /// Bytes are written one at a time.
    OneByte,
    /// After some bytes both ends get an RST.
    Reset,
    /// After some bytes the server gets a FIN; what it sends still passes.
    HalfClose,
    /// After some bytes nothing passes, either way.
    Stall,
}

impl Fault {
    pub(super) const ALL: [Self; 7] =
        [Self::Delay, Self::Jitter, Self::Rate, Self::OneByte, Self::Reset, Self::HalfClose, Self::Stall];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Delay => "delay",
            Self::Jitter => "jitter",
            Self::Rate => "a low rate",
            Self::OneByte => "writes of one byte",
            Self::Reset => "a reset",
            Self::HalfClose => "a half-close",
            Self::Stall => "a stall",
        }
    }

    /// How many bytes pass in one turn, each way.
    fn bytes_a_turn(self) -> usize {
        match self {
            Self::Rate => RATE,
            Self::OneByte => SINGLE_BYTES,
            Self::None | Self::Delay | Self::Jitter | Self::Reset | Self::HalfClose | Self::Stall => {
                usize::MAX
            }
        }
    }

    /// Whether everything still arrives, sooner or later.
    pub(super) fn is_harmless(self) -> bool {
        matches!(self, Self::None | Self::Delay | Self::Jitter | Self::Rate | Self::OneByte)
    }
}

/// A relay that runs until it is dropped.
pub(super) struct Relay {
    pub(super) address: SocketAddr,
    swallows: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    pub(super) fn start(server: SocketAddr, fault: Fault, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").doing("listen for the relay")?;
        listener.set_nonblocking(true).doing("set a socket up")?;
        let address = listener.local_addr().doing("ask for the address")?;
        let (swallows, is_over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (swallows, is_over) = (Arc::clone(&swallows), Arc::clone(&is_over));
            move || {
                let mut random = Random::new(seed);
                let mut links = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    while let Ok((peer, _)) = listener.accept() {
                        links.extend(Link::new(peer, server, fault, &mut random));
                    }
                    if !swallows.load(Ordering::Relaxed) {
                        links.retain_mut(|link: &mut Link| link.turn(&mut random));
                    }
                    thread::sleep(TURN);
                }
            }
        });
        Ok(Self { address, swallows, is_over, thread: Some(thread) })
    }

    /// From now on nothing passes.
    pub(super) fn swallow(&self) {
        self.swallows.store(true, Ordering::Relaxed);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A connection of a peer, and the one to the server that belongs to it.
struct Link {
    peer: TcpStream,
    server: TcpStream,
    up: Way,
    down: Way,
    fault: Fault,
    /// After so many bytes to the server the fault happens.
    fault_after: usize,
    is_stalled: bool,
}

impl Link {
    fn new(peer: TcpStream, server: SocketAddr, fault: Fault, random: &mut Random) -> Option<Self> {
        let server = TcpStream::connect(server).ok()?;
        for stream in [&peer, &server] {
            stream.set_nonblocking(true).ok()?;
            stream.set_nodelay(true).ok()?;
        }
        let fault_after = 1024 + random.below(FAULT_AFTER);
        let (up, down) = (Way::default(), Way::default());
        Some(Self { peer, server, up, down, fault, fault_after, is_stalled: false })
    }

    /// Passes on what there is; tells whether the connection goes on.
    fn turn(&mut self, random: &mut Random) -> bool {
        if self.is_stalled {
            // The peer may give up; then the relay does too.
            return !matches!(self.peer.peek(&mut [0]), Ok(0));
        }
        self.up.read(&mut self.peer, self.fault, random);
        self.down.read(&mut self.server, self.fault, random);
        self.up.write(&mut self.server, self.fault);
        self.down.write(&mut self.peer, self.fault);
        if self.up.passed >= self.fault_after {
            match self.fault {
                Fault::Reset => {
                    for stream in [&self.peer, &self.server] {
                        let _ = set_socket_linger(stream, Some(Duration::ZERO));
                    }
                    return false;
                }
                Fault::HalfClose => {
                    self.up.end(&self.server);
                    // What the peer still sends is lost.
                    self.up.held.clear();
                }
                Fault::Stall => self.is_stalled = true,
                Fault::None | Fault::Delay | Fault::Jitter | Fault::Rate | Fault::OneByte => {}
            }
        }
        !(self.up.is_ended && self.down.is_ended)
    }
}

/// What goes one way.
#[derive(Default)]
struct Way {
    /// Pieces, and when each is due.
    held: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    passed: usize,
    /// The one who sends has ended, in order or by an RST.
    is_read: bool,
    /// The other was told so, or takes nothing any more.
    is_ended: bool,
}

impl Way {
    fn read(&mut self, from: &mut TcpStream, fault: Fault, random: &mut Random) {
        let mut buffer = [0; BUFFER];
        while !self.is_read && self.bytes < MOST_HELD {
            match from.read(&mut buffer) {
                Ok(0) => self.is_read = true,
                Ok(count) => {
                    let delay = match fault {
                        Fault::Delay => DELAY,
                        Fault::Jitter => DELAY.mul_f64(2.0 * random.share()),
                        _ => Duration::ZERO,
                    };
                    let due = Instant::now() + delay;
                    // None overtakes the one before it.
                    let due = self.held.back().map_or(due, |(last, _)| due.max(*last));
                    self.held.push_back((due, buffer[..count].to_vec()));
                    self.bytes += count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // What came before still passes.
                Err(_) => self.is_read = true,
            }
        }
    }

    fn write(&mut self, to: &mut TcpStream, fault: Fault) {
        let mut left = fault.bytes_a_turn();
        while let Some((due, piece)) = self.held.front_mut() {
            if *due > Instant::now() || left == 0 {
                return;
            }
            let most = if fault == Fault::OneByte { 1 } else { piece.len().min(left) };
            match to.write(&piece[..most]) {
                Ok(count) => {
                    (self.bytes, self.passed, left) = (self.bytes - count, self.passed + count, left - count);
                    piece.drain(..count);
                    if piece.is_empty() {
                        self.held.pop_front();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The other way goes on: a Close frame there may say why.
                Err(_) => {
                    self.held.clear();
                    self.is_read = true;
                }
            }
        }
        if self.is_read {
            self.end(to);
        }
    }

    fn end(&mut self, to: &TcpStream) {
        if !self.is_ended {
            let _ = to.shutdown(Shutdown::Write);
            (self.is_ended, self.is_read) = (true, true);
        }
    }
}
