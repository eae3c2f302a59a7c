//! One thread of the floor and its connections.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use rustix::net::{SocketFlags, accept_with};

use super::connection::{Connection, Life, Place};
use crate::peers::Role;
use crate::poller::Poller;

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
    read_size: usize,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        role: Role,
        posts: Arc<[Post]>,
        listener: Option<TcpListener>,
        read_size: usize,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add_level(&posts[number].bell, BELL)?;
        if let Some(listener) = &listener {
            poller.add_level(listener, LISTENER)?;
        }
        Ok(Self {
            number,
            role,
            posts,
            listener,
            accepted: 0,
            poller,
            connections: Vec::new(),
            free: Vec::new(),
            buffer: vec![0; read_size],
            read_size,
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
        // Not all at once: the connections that are there already have their turn too.
        for _ in 0..64 {
            let Some(listener) = &self.listener else { break };
            let stream = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok(socket) => TcpStream::from(socket),
                Err(_) => break,
            };
            let number = self.accepted % self.posts.len();
            self.accepted += 1;
            if number == self.number {
                self.register(stream)?;
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
                    self.register(stream)?;
                }
                Mail::Broadcast(frames) => deliver(&mut self.connections, &frames),
            }
        }
        Ok(())
    }

    fn register(&mut self, stream: TcpStream) -> io::Result<()> {
        let token = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        self.poller.add(&stream, token)?;
        self.connections[token] = Some(Connection::new(stream, self.read_size));
        Ok(())
    }

    fn serve(&mut self, token: usize, ended: bool) {
        let Some(connection) = self.connections.get_mut(token).and_then(Option::as_mut) else { return };
        let life = match self.role {
            _ if !connection.is_open() => connection.open(&mut self.buffer),
            Role::Echo | Role::Named | Role::Storm | Role::Hold => connection.echo(&mut self.buffer, ended),
            Role::Fanout => self.fan_out(token, ended),
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
            let Some(taken) = connection.take(&mut self.buffer)? else { return Ok(Life::Goes) };
            if taken.closed {
                connection.write(&self.buffer[..taken.length])?;
                return Ok(Life::Ends);
            }
            match taken.place {
                Place::Shared => {
                    publish(&self.posts, self.number, &self.buffer[..taken.length])?;
                    deliver(&mut self.connections, &self.buffer[..taken.length]);
                }
                Place::Own if taken.length > 0 => {
                    let own = connection.lend_own();
                    publish(&self.posts, self.number, &own[..taken.length])?;
                    deliver(&mut self.connections, &own[..taken.length]);
                    if let Some(connection) = &mut self.connections[token] {
                        connection.put_back_own(own);
                    }
                }
                Place::Own => {}
            }
            if !taken.more && !ended {
                return Ok(Life::Goes);
            }
        }
    }
}

/// Leaves frames for the other threads.
fn publish(posts: &[Post], here: usize, frames: &[u8]) -> io::Result<()> {
    if posts.len() == 1 || frames.is_empty() {
        return Ok(());
    }
    let shared: Arc<[u8]> = frames.into();
    for (_, post) in posts.iter().enumerate().filter(|(number, _)| *number != here) {
        post.leave(Mail::Broadcast(Arc::clone(&shared)))?;
    }
    Ok(())
}

/// Writes the same bytes to every connection that is open. One that fails is found out when it is next read.
fn deliver(connections: &mut [Option<Connection>], frames: &[u8]) {
    for connection in connections.iter_mut().flatten().filter(|connection| connection.is_open()) {
        let _ = connection.write(frames);
    }
}
