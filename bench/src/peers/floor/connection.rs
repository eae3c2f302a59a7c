//! One connection of the floor.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use super::frames::Frames;
use crate::peers::MAX_MESSAGE;

/// Up to this size the beginning of a frame is copied.
const SMALL: usize = 16 * 1024;

pub(super) struct Connection {
    stream: TcpStream,
    /// The most that is read at once: the size of the buffer that all connections of a thread share.
    read_size: usize,
    /// What has come of the request; nothing once it is answered.
    request: Option<Vec<u8>>,
    frames: Frames,
    /// The beginning of a header that a read cut off.
    kept: Vec<u8>,
    /// A frame whose end is missing, ready to be written as far as it has come. The rest is read to where it belongs.
    begun: Vec<u8>,
    /// How much of that there is: the buffer stays as long as it ever was, so that it is not cleared for each frame.
    filled: usize,
    /// What the socket did not take, and how much of it has been written since.
    unsent: Vec<u8>,
    written: usize,
}

/// Whether a connection goes on.
#[derive(PartialEq)]
pub(super) enum Life {
    Goes,
    Ends,
}

/// Whole frames, ready to be written.
pub(super) struct Taken {
    pub(super) place: Place,
    pub(super) length: usize,
    /// The read took all that it could, so there may be more.
    pub(super) more: bool,
    /// The client has said goodbye, and these bytes answer it.
    pub(super) closed: bool,
}

/// Where they are.
#[derive(PartialEq)]
pub(super) enum Place {
    /// At the beginning of the thread's buffer.
    Shared,
    /// In the connection's own: a frame that no single read has brought.
    Own,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, read_size: usize) -> Self {
        Self {
            stream,
            read_size,
            request: Some(Vec::new()),
            frames: Frames::default(),
            kept: Vec::new(),
            begun: Vec::new(),
            filled: 0,
            unsent: Vec::new(),
            written: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.request.is_none()
    }

    /// Answers the request, once it is whole.
    pub(super) fn open(&mut self, buffer: &mut [u8]) -> io::Result<Life> {
        let (Some(request), Some(count)) = (&mut self.request, read(&mut self.stream, buffer)?) else {
            return Ok(Life::Goes);
        };
        request.extend_from_slice(&buffer[..count]);
        if let Some(answer) = super::answer(request) {
            self.request = None;
            self.write(answer.as_bytes())?;
        }
        Ok(Life::Goes)
    }

    /// Sends back what has come, read by read.
    pub(super) fn echo(&mut self, buffer: &mut Vec<u8>, ended: bool) -> io::Result<Life> {
        while self.flush()? {
            let Some(taken) = self.take(buffer)? else { break };
            match taken.place {
                Place::Shared => self.write(&buffer[..taken.length])?,
                Place::Own => self.write_own(taken.length)?,
            }
            if taken.closed {
                return Ok(Life::Ends);
            }
            if !taken.more && !ended {
                break;
            }
        }
        Ok(Life::Goes)
    }

    /// Reads once, and turns what came; nothing if nothing came. The end of the stream is an error.
    pub(super) fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Taken>> {
        if self.filled > 0 { self.take_rest() } else { self.take_frames(buffer) }
    }

    /// A frame that was assembled apart; it must be put back.
    pub(super) fn lend_own(&mut self) -> Vec<u8> {
        self.filled = 0;
        std::mem::take(&mut self.begun)
    }

    pub(super) fn put_back_own(&mut self, own: Vec<u8>) {
        self.begun = own;
    }

    /// Reads into the thread's buffer, behind what was kept.
    fn take_frames(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Taken>> {
        let kept = self.kept.len();
        let Some(count) = read(&mut self.stream, &mut buffer[kept..self.read_size])? else { return Ok(None) };
        let full = kept + count == self.read_size;
        buffer[..kept].copy_from_slice(&self.kept);
        let turned = self.frames.turn(&mut buffer[..kept + count]);
        self.kept.clear();
        self.kept.extend_from_slice(&buffer[turned.rest..kept + count]);
        self.filled = turned.ready - turned.whole;
        if self.filled > SMALL && turned.whole == 0 {
            // All of it is one frame: the buffers change places, and nothing is copied.
            std::mem::swap(&mut self.begun, buffer);
            buffer.resize(buffer.len().max(self.read_size), 0);
        } else {
            self.make_room(self.filled);
            self.begun[..self.filled].copy_from_slice(&buffer[turned.whole..turned.ready]);
        }
        // The rest of a frame is read at once: more of it may be there.
        let more = full || self.filled > 0;
        Ok(Some(Taken { place: Place::Shared, length: turned.whole, more, closed: turned.closed }))
    }

    /// Reads the rest of a frame to where it belongs.
    fn take_rest(&mut self) -> io::Result<Option<Taken>> {
        let left = usize::try_from(self.frames.left()).unwrap_or(usize::MAX);
        if left > MAX_MESSAGE {
            return Err(ErrorKind::InvalidData.into());
        }
        self.make_room(self.filled + left);
        let room = &mut self.begun[self.filled..self.filled + left];
        let Some(count) = read(&mut self.stream, room)? else { return Ok(None) };
        let turned = self.frames.turn(&mut room[..count]);
        self.filled += count;
        let whole = count == left;
        let length = if whole { self.filled } else { 0 };
        Ok(Some(Taken { place: Place::Own, length, more: whole, closed: turned.closed }))
    }

    fn make_room(&mut self, length: usize) {
        if self.begun.len() < length {
            self.begun.resize(length, 0);
        }
    }

    /// Writes, and keeps what the socket does not take.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let count =
            if bytes.is_empty() || !self.unsent.is_empty() { 0 } else { write(&mut self.stream, bytes)? };
        self.unsent.extend_from_slice(&bytes[count..]);
        Ok(())
    }

    /// Writes the frame that was assembled, if it is whole. What the socket does not take stays in the same buffer.
    fn write_own(&mut self, length: usize) -> io::Result<()> {
        if length == 0 {
            return Ok(());
        }
        let count = write(&mut self.stream, &self.begun[..length])?;
        if count < length {
            std::mem::swap(&mut self.begun, &mut self.unsent);
            self.unsent.truncate(length);
            self.written = count;
        }
        self.filled = 0;
        Ok(())
    }

    /// Writes what the socket did not take before; tells whether all of it is gone.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        while self.written < self.unsent.len() {
            match write(&mut self.stream, &self.unsent[self.written..])? {
                0 => return Ok(false),
                count => self.written += count,
            }
        }
        self.unsent.clear();
        self.written = 0;
        Ok(true)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Reads once; nothing if nothing is there.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes once; zero if there is no room.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}
