//! One client: a socket, what it sends, and what it waits for.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use super::frame::{Opcode, Piece, Reader, encode};
use super::stream::Stream;
use crate::error::{Doing, Error, Result};

/// Masks what clients send. Any key is as good as another, but for zero, which a server could skip.
pub(crate) const KEY: [u8; 4] = [0xA5, 0x5A, 0x3C, 0xC3];

/// Up to this size each message is compared byte by byte with what it should be, above it one in [`SAMPLE`]; of the
/// others the type and the length.
const CHECK_EACH: usize = 1024;
const SAMPLE: u64 = 16;

/// Messages that are sent in one write, and what should come back.
#[derive(Debug)]
pub(crate) struct Burst {
    opcode: Opcode,
    size: usize,
    count: usize,
    payloads: Vec<u8>,
    wire: Vec<u8>,
}

impl Burst {
    /// So many messages of a size, unlike those of any other client as far as the size allows it. They are printable,
    /// so that they serve as text too.
    pub(crate) fn new(opcode: Opcode, size: usize, count: usize, client: usize) -> Self {
        let (mut payloads, mut wire) = (Vec::with_capacity(size * count), Vec::new());
        for number in 0..count {
            let mut payload = format!("{client}/{number} ").into_bytes();
            let seed = payload.len() + number * 7;
            payload.extend((0..size).map(|at| b'!' + ((seed + at * 31 + at / 94) % 94) as u8));
            payload.truncate(size);
            encode(opcode, &payload, KEY, &mut wire);
            payloads.extend(payload);
        }
        Self { opcode, size, count, payloads, wire }
    }

    /// The same message, so many times.
    pub(crate) fn of(opcode: Opcode, payload: &[u8], count: usize) -> Self {
        let mut wire = Vec::new();
        for _ in 0..count {
            encode(opcode, payload, KEY, &mut wire);
        }
        Self { opcode, size: payload.len(), count, payloads: payload.repeat(count), wire }
    }
}

#[derive(Debug)]
pub(crate) struct Client {
    number: usize,
    stream: Stream,
    reader: Reader,
    burst: Arc<Burst>,
    /// How much of the burst is still to be written.
    unsent: usize,
    /// Pongs, which wait for the end of the burst.
    replies: Vec<u8>,
    /// When the burst was sent.
    sent: Instant,
    /// How many messages of the burst are still to come.
    waiting: usize,
    received: u64,
}

impl Client {
    /// A client over a connection that is open. It receives this burst, whoever sends it.
    pub(super) fn new(number: usize, stream: Stream, burst: Arc<Burst>) -> Self {
        Self {
            number,
            stream,
            reader: Reader::default(),
            burst,
            unsent: 0,
            replies: Vec::new(),
            sent: Instant::now(),
            waiting: 0,
            received: 0,
        }
    }

    /// Sends the burst, as far as the socket takes it; tells how many messages that is.
    pub(crate) fn send(&mut self) -> Result<u64> {
        let count = self.expect(Instant::now());
        self.begin()?;
        Ok(count)
    }

    /// Sends the burst, which is expected already.
    pub(crate) fn begin(&mut self) -> Result<()> {
        if self.unsent > 0 {
            return Err(self.wrong("the server does not take what is sent"));
        }
        self.unsent = self.burst.wire.len();
        self.write()
    }

    /// Waits for the burst, which is sent at this time, by whomever; tells how many messages that is.
    pub(crate) fn expect(&mut self, sent: Instant) -> u64 {
        self.waiting += self.burst.count;
        self.sent = sent;
        self.burst.count as u64
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn sent(&self) -> Instant {
        self.sent
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Goes on with what the socket did not take.
    pub(super) fn write(&mut self) -> Result<()> {
        while self.unsent > 0 {
            let wire = &self.burst.wire;
            match self.stream.write(&wire[wire.len() - self.unsent..]) {
                Ok(count) => self.unsent -= count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).doing("send to the server"),
            }
        }
        while !self.replies.is_empty() {
            match self.stream.write(&self.replies) {
                Ok(count) => drop(self.replies.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).doing("answer the server's ping"),
            }
        }
        match self.stream.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error).doing("send to the server"),
            _ => Ok(()),
        }
    }

    /// Reads until the socket is empty, and tells how many messages have come.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut arrived = 0;
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(self.wrong("the server has closed the connection")),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(self.wrong(format!("the connection failed: {error}"))),
            };
            let mut input = &buffer[..count];
            while let Some(piece) =
                self.reader.next(&mut input).map_err(|error| self.wrong(error.to_string()))?
            {
                arrived += self.take(piece)?;
            }
            if self.stream.is_empty_after(count, buffer.len()) {
                break;
            }
        }
        Ok(arrived)
    }

    /// Checks a piece, and tells whether a message ends with it.
    fn take(&mut self, piece: Piece<'_>) -> Result<usize> {
        match piece {
            Piece::Message { opcode, at, bytes, end } => {
                self.check(opcode, at, bytes, end)?;
                if !end {
                    return Ok(0);
                }
                self.waiting -= 1;
                self.received += 1;
                Ok(1)
            }
            Piece::Control { opcode: Opcode::Ping, payload } => {
                encode(Opcode::Pong, &payload, KEY, &mut self.replies);
                self.write()?;
                Ok(0)
            }
            Piece::Control { opcode: Opcode::Close, payload } => {
                let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                Err(self.wrong(format!("the server has closed the connection with {code}")))
            }
            Piece::Control { .. } => Ok(0),
        }
    }

    fn check(&self, opcode: Opcode, at: usize, bytes: &[u8], end: bool) -> Result<()> {
        let Burst { size, count, ref payloads, .. } = *self.burst;
        if self.waiting == 0 {
            return Err(self.wrong("a message came that nobody had sent"));
        }
        let until = at + bytes.len();
        if opcode != self.burst.opcode || until > size || (end && until != size) {
            return Err(self.wrong(format!("{opcode:?} of {until} bytes instead of {size}")));
        }
        if size <= CHECK_EACH || self.received.is_multiple_of(SAMPLE) {
            // Several bursts may be on their way to a client, but each begins where the one before it ends.
            let number = (count - self.waiting % count) % count;
            let expected = &payloads[number * size..][at..until];
            if bytes != expected {
                return Err(self.wrong(format!("message {number} of the burst is not what was sent")));
            }
        }
        Ok(())
    }

    fn wrong(&self, what: impl Into<String>) -> Error {
        Error::Wrong { connection: self.number, what: what.into() }
    }
}
