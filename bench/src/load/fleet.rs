//! All clients together.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Burst, Client};
use super::handshake::{read_answer, send_request};
use super::stream::{PATIENCE, Stream};
use crate::error::{Doing, Error, Result};
use crate::poller::{Poller, Ready};
use crate::server::Server;

/// How many connections are opened at once: fewer than any server's backlog.
const OPENED_AT_ONCE: usize = 64;

/// The size of the read buffer, which all clients share.
const READ_BUFFER: usize = 256 * 1024;

pub(crate) struct Fleet {
    clients: Vec<Client>,
    poller: Poller,
    ready: Vec<Ready>,
    buffer: Vec<u8>,
}

impl Fleet {
    /// Opens connections. The numbers say by which path each comes, `burst` what it receives.
    pub(crate) fn connect(
        server: &Server,
        numbers: Range<usize>,
        mut burst: impl FnMut(usize) -> Arc<Burst>,
    ) -> Result<Self> {
        let mut fleet = Self {
            clients: Vec::with_capacity(numbers.len()),
            poller: Poller::new().doing("make an epoll")?,
            ready: Vec::new(),
            buffer: vec![0; READ_BUFFER],
        };
        let mut paths = numbers.map(|number| server.path(number)).peekable();
        while paths.peek().is_some() {
            let mut opening = Vec::with_capacity(OPENED_AT_ONCE);
            for path in paths.by_ref().take(OPENED_AT_ONCE) {
                let mut stream = Stream::open(server.address, server.tls.as_ref())?;
                send_request(&mut stream, server.address, &path)?;
                opening.push(stream);
            }
            for mut stream in opening {
                read_answer(&mut stream)?;
                stream.set_nonblocking()?;
                let number = fleet.clients.len();
                fleet.poller.add(&stream, number).doing("watch a socket")?;
                fleet.clients.push(Client::new(number, stream, burst(number)));
            }
        }
        Ok(fleet)
    }

    pub(crate) fn clients(&mut self) -> &mut [Client] {
        &mut self.clients
    }

    /// Waits until messages come; `arrived` is told of each client that got some, how many, and when.
    ///
    /// None within [`PATIENCE`] is an error: messages are lost.
    pub(crate) fn turn(
        &mut self,
        mut arrived: impl FnMut(&mut Client, usize, Instant) -> Result<()>,
    ) -> Result<()> {
        let begun = Instant::now();
        let mut any = false;
        while !any {
            // Pings come too: only messages count.
            let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else {
                let missing = self.clients.iter().map(|client| client.waiting() as u64).sum();
                return Err(Error::Lost { missing, waited: PATIENCE });
            };
            self.turn_within(left, |client, count, now| {
                any = true;
                arrived(client, count, now)
            })?;
        }
        Ok(())
    }

    /// Waits until something happens or the time is over.
    pub(crate) fn turn_within(
        &mut self,
        time: Duration,
        mut arrived: impl FnMut(&mut Client, usize, Instant) -> Result<()>,
    ) -> Result<()> {
        self.ready.extend(self.poller.wait(Some(time)).doing("wait for the sockets")?);
        for ready in self.ready.drain(..) {
            let client = &mut self.clients[ready.token];
            if ready.writable {
                client.write()?;
            }
            let count = client.read(&mut self.buffer)?;
            if count > 0 {
                arrived(client, count, Instant::now())?;
            }
        }
        Ok(())
    }
}
