//! One thread of the floor and its connections.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::net::{SocketFlags, accept_with};

use super::frames::{Frames, MOST_HEADER};
use crate::peers::Role;
use crate::poller::Poller;

/// The size of the read buffer, which all connections of a thread share: the most that is moved at once.
///
/// Measured, because the floor must not be beaten by a larger one: from 64 KiB to this, an echo of 1 MiB falls to a half
/// and 16 of 16 KiB to two thirds; twice as much no longer fits the second-level cache and costs more again.
const READ_BUFFER: usize = 512 * 1024;

/// The tokens of what is not a connection.
const LISTENER: usize = usize::MAX;
const BELL: usize = usize::MAX - 1;

/// What other threads leave for one, and the bell that wakes it.
pub(super) struct Post {
    mail: Mutex<Vec<Mail>>,
    bell: OwnedFd,
}

enum Mail {
    Connection(TcpStream),
    Broadcast(Arc<[u8]>),
}

impl Post {
    pub(super) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self { mail: Mutex::default(), bell })
    }

    fn leave(&self, mail: Mail) -> io::Result<()> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        rustix::io::write(&self.bell, &1_u64.to_ne_bytes())?;
        Ok(())
    }

    fn collect(&self) -> io::Result<Vec<Mail>> {
        rustix::io::read(&self.bell, &mut [0; 8])?;
        Ok(std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

pub(super) struct Worker {
    number: usize,
    role: Role,
    posts: Arc<[Post]>,
    listener: Option<TcpListener>,
    accepted: usize,
    poller: Poller,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    buffer: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// What has come of the request; nothing once it is answered.
    request: Option<Vec<u8>>,
    frames: Frames,
    /// The beginning of a header that a read cut off.
    kept: Vec<u8>,
    /// In the fan-out, the beginning of a frame that a read cut off, ready to be written.
    begun: Vec<u8>,
    /// What the socket did not take.
    unsent: Vec<u8>,
}

/// Whether a connection goes on.
#[derive(PartialEq)]
enum Life {
    Goes,
    Ends,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        role: Role,
        posts: Arc<[Post]>,
        listener: Option<TcpListener>,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add_level(&posts[number].bell, BELL)?;
        if let Some(listener) = &listener {
            poller.add_level(listener, LISTENER)?;
        }
        let buffer = vec![0; READ_BUFFER];
        Ok(Self {
            number,
            role,
            posts,
            listener,
            accepted: 0,
            poller,
            connections: Vec::new(),
            free: Vec::new(),
            buffer,
        })
    }

    pub(super) fn run(mut self) -> io::Result<()> {
        let mut ready = Vec::new();
        loop {
            ready.extend(self.poller.wait(None)?);
            for event in ready.drain(..) {
                match event.token {
                    LISTENER => self.accept()?,
                    BELL => self.collect()?,
                    token => self.serve(token, event.ended),
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        let Some(listener) = &self.listener else { return Ok(()) };
        // Not all at once: the connections that are there already have their turn too.
        for _ in 0..64 {
            let stream = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok(socket) => TcpStream::from(socket),
                Err(_) => break,
            };
            let number = self.accepted % self.posts.len();
            self.accepted += 1;
            if number == self.number {
                register(&self.poller, &mut self.connections, &mut self.free, stream)?;
            } else {
                self.posts[number].leave(Mail::Connection(stream))?;
            }
        }
        Ok(())
    }

    fn collect(&mut self) -> io::Result<()> {
        for mail in self.posts[self.number].collect()? {
            match mail {
                Mail::Connection(stream) => {
                    register(&self.poller, &mut self.connections, &mut self.free, stream)?;
                }
                Mail::Broadcast(frames) => deliver(&mut self.connections, &frames),
            }
        }
        Ok(())
    }

    fn serve(&mut self, token: usize, ended: bool) {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::as_mut) else { return };
        let life = match connection.request {
            Some(_) => connection.open(&mut self.buffer),
            None => match self.role {
                Role::Echo => connection.echo(&mut self.buffer, ended),
                Role::Fanout => self.fan_out(token, ended),
            },
        };
        if life.unwrap_or(Life::Ends) == Life::Ends {
            self.connections[token] = None;
            self.free.push(token);
        }
    }

    /// Writes the frames of each read to every connection of every thread.
    fn fan_out(&mut self, token: usize, ended: bool) -> io::Result<Life> {
        loop {
            let Some(connection) = self.connections[token].as_mut() else { return Ok(Life::Ends) };
            if !connection.flush()? {
                return Ok(Life::Goes);
            }
            let Some((count, full)) = connection.read(&mut self.buffer)? else {
                return Ok(if ended { Life::Ends } else { Life::Goes });
            };
            if count == 0 {
                return Ok(Life::Ends);
            }
            let turned = connection.frames.turn(&mut self.buffer[..count]);
            connection.kept.extend_from_slice(&self.buffer[turned.rest..count]);
            if turned.closed {
                connection.write(&self.buffer[..turned.ready])?;
                return Ok(Life::Ends);
            }
            // A frame that is not whole waits: another's must not come between its parts.
            let mut assembled = Vec::new();
            let frames = if connection.begun.is_empty() {
                &self.buffer[..turned.whole]
            } else {
                assembled.append(&mut connection.begun);
                assembled.extend_from_slice(&self.buffer[..turned.whole]);
                &assembled
            };
            connection.begun.extend_from_slice(&self.buffer[turned.whole..turned.ready]);
            if self.posts.len() > 1 {
                let shared: Arc<[u8]> = frames.into();
                for (number, post) in self.posts.iter().enumerate() {
                    if number != self.number {
                        post.leave(Mail::Broadcast(Arc::clone(&shared)))?;
                    }
                }
            }
            deliver(&mut self.connections, frames);
            if !full && !ended {
                return Ok(Life::Goes);
            }
        }
    }
}

fn register(
    poller: &Poller,
    connections: &mut Vec<Option<Connection>>,
    free: &mut Vec<usize>,
    stream: TcpStream,
) -> io::Result<()> {
    let token = free.pop().unwrap_or_else(|| {
        connections.push(None);
        connections.len() - 1
    });
    poller.add(&stream, token)?;
    connections[token] = Some(Connection {
        stream,
        request: Some(Vec::new()),
        frames: Frames::default(),
        kept: Vec::new(),
        begun: Vec::new(),
        unsent: Vec::new(),
    });
    Ok(())
}

/// Writes the same bytes to every connection that is open. One that fails is found out when it is next read.
fn deliver(connections: &mut [Option<Connection>], frames: &[u8]) {
    for connection in connections.iter_mut().flatten().filter(|connection| connection.request.is_none()) {
        let _ = connection.write(frames);
    }
}

impl Connection {
    /// Answers the request, once it is whole.
    fn open(&mut self, buffer: &mut [u8]) -> io::Result<Life> {
        let Some(request) = &mut self.request else { return Ok(Life::Goes) };
        let count = match self.stream.read(buffer) {
            Ok(0) => return Ok(Life::Ends),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Life::Goes),
            Err(error) => return Err(error),
        };
        request.extend_from_slice(&buffer[..count]);
        if let Some(answer) = super::answer(request) {
            self.request = None;
            self.write(answer.as_bytes())?;
        }
        Ok(Life::Goes)
    }

    /// Sends back what has come, read by read.
    fn echo(&mut self, buffer: &mut [u8], ended: bool) -> io::Result<Life> {
        loop {
            if !self.flush()? {
                return Ok(Life::Goes);
            }
            let Some((count, full)) = self.read(buffer)? else { return Ok(Life::Goes) };
            if count == 0 {
                return Ok(Life::Ends);
            }
            let turned = self.frames.turn(&mut buffer[..count]);
            self.kept.extend_from_slice(&buffer[turned.rest..count]);
            self.write(&buffer[..turned.ready])?;
            if turned.closed {
                return Ok(Life::Ends);
            }
            if !full && !ended {
                return Ok(Life::Goes);
            }
        }
    }

    /// Reads behind what was kept: how many bytes are in the buffer now, and whether it is full, so that there may be
    /// more. Nothing if the socket has nothing; no bytes if it has ended.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<(usize, bool)>> {
        debug_assert!(self.kept.len() < MOST_HEADER);
        let kept = self.kept.len();
        match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => Ok(Some((0, false))),
            Ok(count) => {
                buffer[..kept].copy_from_slice(&self.kept);
                self.kept.clear();
                Ok(Some((kept + count, kept + count == buffer.len())))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes, and keeps what the socket does not take.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        match self.stream.write(bytes) {
            Ok(count) => self.unsent.extend_from_slice(&bytes[count..]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.unsent.extend_from_slice(bytes),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Writes what the socket did not take before; tells whether all of it is gone.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
