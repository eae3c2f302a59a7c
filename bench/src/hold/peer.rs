//! One peer of the programme: a socket that is driven without waiting, and what the server did to it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::stamp;
use crate::load::KEY;
use crate::load::frame::{Opcode, Piece, Reader, encode};

/// What a peer does of what is expected of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Conduct {
    pub(super) reads: bool,
    pub(super) answers_pings: bool,
    pub(super) answers_close: bool,
}

impl Conduct {
    pub(super) const HONEST: Self = Self { reads: true, answers_pings: true, answers_close: true };
    /// Takes what comes, and answers nothing.
    pub(super) const MUTE: Self = Self { reads: true, answers_pings: false, answers_close: false };
    /// Takes nothing.
    pub(super) const DEAF: Self = Self { reads: false, answers_pings: false, answers_close: false };
}

/// How the server ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In order: a FIN.
    Fin,
    /// By an RST.
    Reset,
}

/// What a peer received since it was last asked.
#[derive(Debug, Default)]
pub(super) struct News {
    /// How long each message was on its way.
    pub(super) ages: Vec<Duration>,
}

pub(super) struct Peer {
    /// Nothing once it has ended.
    stream: Option<TcpStream>,
    pub(super) conduct: Conduct,
    /// The answer to the request, as far as it has come.
    head: Vec<u8>,
    unsent: Vec<u8>,
    reader: Reader,
    /// The beginning of the message that is being read.
    message: Vec<u8>,
    /// Since when it is there.
    pub(super) begun: Instant,
    /// The status of the answer to its request.
    pub(super) status: Option<u16>,
    pub(super) messages: u64,
    /// Messages that were not the one that follows the one before.
    pub(super) gaps: u64,
    /// The number of the last message that had one.
    last: Option<u64>,
    /// Messages that had none.
    pub(super) others: u64,
    /// Whether it has sent a Close frame, after which it sends no other (RFC 6455 section 5.5.1).
    has_closed: bool,
    /// The code of the server's Close frame, and when it came.
    pub(super) close: Option<(u16, Instant)>,
    pub(super) end: Option<(End, Instant)>,
}

impl Peer {
    pub(super) fn new(stream: TcpStream, conduct: Conduct) -> Self {
        Self {
            stream: Some(stream),
            conduct,
            head: Vec::new(),
            unsent: Vec::new(),
            reader: Reader::default(),
            message: Vec::new(),
            begun: Instant::now(),
            status: None,
            messages: 0,
            gaps: 0,
            last: None,
            others: 0,
            has_closed: false,
            close: None,
            end: None,
        }
    }

    /// Whether it is a WebSocket that has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.status == Some(101) && self.end.is_none()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Whether all that it had to send was taken.
    pub(super) fn is_quiet(&self) -> bool {
        self.unsent.is_empty()
    }

    pub(super) fn code(&self) -> Option<u16> {
        self.close.map(|(code, _)| code)
    }

    /// How long after it began it ended.
    pub(super) fn lasted(&self) -> Option<Duration> {
        self.end.map(|(_, at)| at.saturating_duration_since(self.begun))
    }

    /// Sends bytes, as far as the socket takes them; the rest follows. Tells how many are still to follow.
    pub(super) fn send(&mut self, bytes: &[u8]) -> usize {
        self.unsent.extend_from_slice(bytes);
        self.write();
        self.unsent.len()
    }

    /// Sends a message.
    pub(super) fn say(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut wire = Vec::with_capacity(payload.len() + 14);
        encode(opcode, payload, KEY, &mut wire);
        self.send(&wire);
    }

    /// Sends a Close frame with this code.
    pub(super) fn disconnect(&mut self, code: u16) {
        self.has_closed = true;
        self.say(Opcode::Close, &code.to_be_bytes());
    }

    /// Leaves without a word.
    pub(super) fn leave(&mut self) {
        self.stream = None;
    }

    pub(super) fn write(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while !self.unsent.is_empty() {
            match stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What failed is found out by reading: what the server had to say comes first.
                Err(_) => return,
            }
        }
    }

    /// Reads at most `limit` bytes, or until the socket is empty.
    pub(super) fn read(&mut self, buffer: &mut [u8], mut limit: usize, news: &mut News) {
        while limit > 0 {
            let most = buffer.len().min(limit);
            let Some(stream) = &mut self.stream else { return };
            match stream.read(&mut buffer[..most]) {
                Ok(0) => return self.ends(End::Fin),
                Ok(count) => {
                    limit -= count;
                    self.take(&buffer[..count], news);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return self.ends(End::Reset),
            }
        }
    }

    /// The server has ended a connection that is not read from.
    pub(super) fn ends(&mut self, end: End) {
        self.end.get_or_insert((end, Instant::now()));
        self.stream = None;
    }

    /// What the kernel says of a socket that is not read from.
    pub(super) fn error(&self) -> io::Result<Option<io::Error>> {
        self.stream.as_ref().map_or(Ok(None), TcpStream::take_error)
    }

    fn take(&mut self, mut input: &[u8], news: &mut News) {
        if self.status.is_none() {
            self.head.extend_from_slice(input);
            let Some(end) = self.head.windows(4).position(|end| end == b"\r\n\r\n") else { return };
            let head = std::mem::take(&mut self.head);
            let status = head.get(9..12).and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            self.status = Some(status.unwrap_or_default());
            if self.status == Some(101) {
                self.frames(&mut &head[end + 4..], news);
            }
        } else if self.status == Some(101) {
            self.frames(&mut input, news);
        }
    }

    fn frames(&mut self, input: &mut &[u8], news: &mut News) {
        let mut reader = std::mem::take(&mut self.reader);
        loop {
            match reader.next(input) {
                Ok(Some(piece)) => self.piece(piece, news),
                Ok(None) => break,
                Err(_) => {
                    self.others += 1;
                    break;
                }
            }
        }
        self.reader = reader;
    }

    fn piece(&mut self, piece: Piece<'_>, news: &mut News) {
        match piece {
            Piece::Message { bytes, end, .. } => {
                let room = stamp::SIZE.saturating_sub(self.message.len()).min(bytes.len());
                self.message.extend_from_slice(&bytes[..room]);
                if !end {
                    return;
                }
                self.messages += 1;
                match stamp::read(&self.message) {
                    Some((number, age)) => {
                        self.gaps += u64::from(self.last.is_some_and(|last| last + 1 != number));
                        self.last = Some(number);
                        news.ages.push(age);
                    }
                    None => self.others += 1,
                }
                self.message.clear();
            }
            Piece::Control { opcode: Opcode::Ping, payload } if self.conduct.answers_pings => {
                self.say(Opcode::Pong, &payload);
            }
            Piece::Control { opcode: Opcode::Close, payload } => {
                let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                self.close.get_or_insert((code, Instant::now()));
                if self.conduct.answers_close && !self.has_closed {
                    self.has_closed = true;
                    self.say(Opcode::Close, &payload);
                }
            }
            Piece::Control { .. } => {}
        }
    }
}
