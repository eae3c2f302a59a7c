//! Many peers in one thread, driven by one epoll.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};

use super::peer::{Conduct, End, News, Peer};
use crate::error::{Doing, Error, Result};
use crate::load::{Latencies, request};
use crate::poller::Poller;

/// How many connections are opened before it is looked whether they were answered: fewer than any backlog.
const AT_ONCE: usize = 64;

/// How long a server may take to answer those.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// How long a wait is at most, so that what is waited for is looked at.
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Crowd {
    pub(super) peers: Vec<Peer>,
    /// How long the messages that have come were on their way.
    pub(super) latencies: Latencies,
    poller: Poller,
    buffer: Vec<u8>,
    /// The receive buffer of each socket, where the kernel is not to choose.
    pub(super) receive_buffer: Option<usize>,
    /// The address from which they come, where it matters.
    pub(super) source: Option<IpAddr>,
}

impl Crowd {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            peers: Vec::new(),
            latencies: Latencies::default(),
            poller: Poller::new().doing("make an epoll")?,
            buffer: vec![0; BUFFER],
            receive_buffer: None,
            source: None,
        })
    }

    /// Adds a peer that has connected and sent these bytes.
    pub(super) fn add(&mut self, address: SocketAddr, conduct: Conduct, opening: &[u8]) -> Result<&mut Peer> {
        let stream = self.connect(address)?;
        self.poller.add(&stream, self.peers.len()).doing("watch a socket")?;
        self.peers.push(Peer::new(stream, conduct));
        let at = self.peers.len() - 1;
        let peer = &mut self.peers[at];
        peer.send(opening);
        Ok(peer)
    }

    /// Puts a new peer where another one was.
    pub(super) fn replace(
        &mut self,
        at: usize,
        address: SocketAddr,
        conduct: Conduct,
        opening: &[u8],
    ) -> Result<()> {
        let stream = self.connect(address)?;
        self.poller.add(&stream, at).doing("watch a socket")?;
        self.peers[at] = Peer::new(stream, conduct);
        self.peers[at].send(opening);
        Ok(())
    }

    /// Adds so many WebSockets, and waits until each has its answer or its end.
    pub(super) fn join(
        &mut self,
        address: SocketAddr,
        count: usize,
        conduct: Conduct,
        path: &str,
    ) -> Result<()> {
        let opening = request(address, path, "");
        let until = self.peers.len() + count;
        while self.peers.len() < until {
            let first = self.peers.len();
            for _ in first..until.min(first + AT_ONCE) {
                // Whether it reads what comes later or not, it reads the answer.
                self.add(address, Conduct { reads: true, ..conduct }, opening.as_bytes())?;
            }
            let answered = self.until(PATIENCE, |crowd| {
                crowd.peers[first..].iter().all(|peer| peer.status.is_some() || peer.has_ended())
            })?;
            if !answered {
                let waiting = self.peers[first..].iter().filter(|peer| peer.status.is_none()).count();
                return Err(Error::Handshake(format!("nothing to {waiting} of them")));
            }
            for peer in &mut self.peers[first..] {
                peer.conduct = conduct;
            }
        }
        Ok(())
    }

    /// Adds honest peers over connections that are open, and waits until each is a WebSocket.
    pub(super) fn adopt(&mut self, streams: Vec<TcpStream>, request: &str) -> Result<()> {
        for stream in streams {
            stream.set_nonblocking(true).doing("set a socket up")?;
            self.poller.add(&stream, self.peers.len()).doing("watch a socket")?;
            let mut peer = Peer::new(stream, Conduct::HONEST);
            peer.send(request.as_bytes());
            self.peers.push(peer);
        }
        match self.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::is_open))? {
            true => Ok(()),
            false => Err(Error::Handshake("nothing to some of them".to_owned())),
        }
    }

    /// Adds so many WebSockets; one that is not let in is an error.
    pub(super) fn join_all(&mut self, address: SocketAddr, count: usize, conduct: Conduct) -> Result<()> {
        let first = self.peers.len();
        self.join(address, count, conduct, "/")?;
        match self.peers[first..].iter().find(|peer| !peer.is_open()) {
            None => Ok(()),
            Some(peer) => Err(Error::Handshake(format!("{:?}", peer.status))),
        }
    }

    /// Handles what happens, until something has happened or the time is over.
    pub(super) fn turn(&mut self, time: Duration) -> Result<()> {
        let mut news = News::default();
        for ready in self.poller.wait(Some(time)).doing("wait for the sockets")? {
            let Some(peer) = self.peers.get_mut(ready.token) else { continue };
            if ready.writable {
                peer.write();
            }
            if peer.conduct.reads {
                peer.read(&mut self.buffer, usize::MAX, &mut news);
            } else if ready.ended {
                let reset = peer.error().ok().flatten().is_some();
                peer.ends(if reset { End::Reset } else { End::Fin });
            }
        }
        for age in news.ages {
            self.latencies.add(age, 1);
        }
        Ok(())
    }

    /// Handles what happens until it is so, and tells whether it came to that in this time.
    pub(super) fn until(&mut self, limit: Duration, mut is_so: impl FnMut(&Self) -> bool) -> Result<bool> {
        let begun = Instant::now();
        loop {
            if is_so(self) {
                return Ok(true);
            }
            let Some(left) = limit.checked_sub(begun.elapsed()) else { return Ok(false) };
            self.turn(left.min(LOOK))?;
        }
    }

    /// Handles what happens for this long.
    pub(super) fn idle(&mut self, time: Duration) -> Result<()> {
        self.until(time, |_| false).map(drop)
    }

    /// Has peers that do not read take what waits for them, up to so many bytes each.
    pub(super) fn sip(&mut self, limit: usize) {
        let mut news = News::default();
        for peer in &mut self.peers {
            peer.read(&mut self.buffer, limit, &mut news);
        }
    }

    /// How many are such.
    pub(super) fn count(&self, is_such: impl Fn(&Peer) -> bool) -> usize {
        self.peers.iter().filter(|peer| is_such(peer)).count()
    }

    /// How many got a Close frame with this code.
    pub(super) fn closed_with(&self, code: u16) -> usize {
        self.count(|peer| peer.code() == Some(code))
    }

    /// The longest time that one of them lasted.
    pub(super) fn longest(&self) -> Duration {
        self.peers.iter().filter_map(Peer::lasted).max().unwrap_or_default()
    }

    fn connect(&self, address: SocketAddr) -> Result<TcpStream> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).doing("make a socket")?;
        if let Some(size) = self.receive_buffer {
            sockopt::set_socket_recv_buffer_size(&socket, size).doing("set a socket up")?;
        }
        if let Some(source) = self.source {
            bind(&socket, &SocketAddr::new(source, 0)).doing(format!("come from {source}"))?;
        }
        connect(&socket, &address).doing("connect to the server")?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).doing("set a socket up")?;
        stream.set_nonblocking(true).doing("set a socket up")?;
        Ok(stream)
    }
}
