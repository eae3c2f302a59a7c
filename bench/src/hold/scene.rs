//! What every row needs: the server in a process of its own, what it counted, and honest clients beside others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use super::sheet::{Form, Sheet};
use crate::args::Transport;
use crate::error::{Doing, Error, Result};
use crate::load::{Latencies, Percentiles, Stream, read_answer, send_request};
use crate::machine::Places;
use crate::modes::honest::honest;
use crate::peers::ours::hold::COUNTS;
use crate::peers::{Peer, Role};
use crate::server::{Server, Setup};
use crate::usage;

/// How long the server is left alone before its memory is measured.
const SETTLING: Duration = Duration::from_millis(300);

/// How long a plain request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often somebody new comes, where that is measured.
const NEWCOMERS: Duration = Duration::from_millis(5);

/// How often it is looked whether something is so.
const LOOK: Duration = Duration::from_millis(10);

/// The lowest priority: hostile peers take the server's time, and not the honest clients'.
const NICE: i32 = 19;

/// How the server of a row is started.
pub(super) struct Stage {
    pub(super) setup: Setup,
    places: Places,
}

impl Stage {
    pub(super) fn new(threads: usize, transport: Transport) -> Result<Self> {
        Ok(Self { setup: Setup::new(threads, transport, "")?, places: Places::new(threads)? })
    }

    /// With an option of the server.
    pub(super) fn with(mut self, option: &'static str, value: impl ToString + Copy) -> Self {
        self.setup.environment.push((option, value.to_string()));
        self
    }

    /// With a limit on its descriptors.
    pub(super) fn with_descriptors(mut self, limit: usize) -> Self {
        self.setup.under = format!("prlimit --nofile={limit}");
        self
    }

    pub(super) fn at(mut self, address: SocketAddr) -> Self {
        self.setup.listen = Some(address);
        self
    }

    pub(super) fn start(&self) -> Result<Server> {
        Server::start(Peer::Ours, Role::Hold, &self.setup, &self.places)
    }
}

/// What the server has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) ready: u64,
    pub(super) disconnected: u64,
    /// How often a handler had the lock when it panicked.
    pub(super) locked: u64,
    /// Calls that are still to panic.
    pub(super) armed: u64,
}

impl Counts {
    pub(super) fn of(server: &Server) -> Result<Self> {
        let mut stream = Stream::open(server.address, server.tls.as_ref())?;
        let request =
            format!("GET {COUNTS} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).doing("ask for the counts")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).doing("read the counts")?;
        let count = |name: &str| {
            let line = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            line.ok_or_else(|| Error::Handshake(answer.clone()))
        };
        Ok(Self {
            ready: count("ready")?,
            disconnected: count("disconnected")?,
            locked: count("locked")?,
            armed: count("armed")?,
        })
    }

    /// How many are connected.
    pub(super) fn open(self) -> u64 {
        self.ready - self.disconnected
    }
}

/// What the server's process holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holds {
    pub(super) resident: u64,
    pub(super) reserved: u64,
    pub(super) descriptors: usize,
}

impl Holds {
    /// After it was left alone for a moment.
    pub(super) fn settled(server: &Server) -> Result<Self> {
        thread::sleep(SETTLING);
        Self::now(server)
    }

    pub(super) fn now(server: &Server) -> Result<Self> {
        let process = server.process();
        Ok(Self {
            resident: usage::resident(process)?,
            reserved: usage::reserved(process)?,
            descriptors: usage::descriptors(process)?,
        })
    }

    /// How much more memory that is, for each of so many.
    pub(super) fn each(self, before: Self, count: usize) -> f64 {
        (self.resident as f64 - before.resident as f64) / count as f64
    }
}

/// Waits until it is so, and tells how long that took; nothing where it did not come to that.
pub(super) fn wait_until(
    limit: Duration,
    mut is_so: impl FnMut() -> Result<bool>,
) -> Result<Option<Duration>> {
    let begun = Instant::now();
    loop {
        if is_so()? {
            return Ok(Some(begun.elapsed()));
        }
        if begun.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

/// What honest clients met at rest.
pub(super) fn at_rest(server: &Server, form: Form) -> Result<Percentiles> {
    let time = form.pick(Duration::from_secs(3), Duration::from_millis(500));
    honest(server, |elapsed| elapsed < time)
}

/// Has honest clients echo for as long as others do what they do, in a thread of the lowest priority.
///
/// What became of the honest clients is a finding, and no error.
pub(super) fn beside<T: Send>(
    server: &Server,
    hostile: impl FnOnce() -> Result<T> + Send,
) -> Result<(Result<Percentiles>, T)> {
    beside_equals(server, || {
        rustix::process::setpriority_process(None, NICE).doing("take the lowest priority")?;
        hostile()
    })
}

/// The same, where the others must keep time too.
pub(super) fn beside_equals<T: Send>(
    server: &Server,
    others: impl FnOnce() -> Result<T> + Send,
) -> Result<(Result<Percentiles>, T)> {
    thread::scope(|scope| {
        let others = scope.spawn(others);
        let honest = honest(server, |_| !others.is_finished());
        match others.join() {
            Ok(others) => Ok((honest, others?)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The same, while somebody new comes now and then, whose handshakes are measured too.
pub(super) fn beside_with_newcomers<T: Send>(
    server: &Server,
    hostile: impl FnOnce() -> Result<T> + Send,
) -> Result<(Result<Percentiles>, Result<Percentiles>, T)> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let newcomers = scope.spawn(|| newcomers(server, &is_over));
        let result = beside(server, hostile);
        is_over.store(true, Ordering::Relaxed);
        match newcomers.join() {
            Ok(newcomers) => result.map(|(honest, hostile)| (honest, newcomers, hostile)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// How long the handshakes of honest clients take, one after the other.
fn newcomers(server: &Server, is_over: &AtomicBool) -> Result<Percentiles> {
    let mut latencies = Latencies::default();
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let mut stream = Stream::open(server.address, server.tls.as_ref())?;
        send_request(&mut stream, server.address, "/")?;
        read_answer(&mut stream)?;
        latencies.add(begun.elapsed(), 1);
        // It leaves nothing behind, so that ports do not run out.
        set_socket_linger(&stream, Some(Duration::ZERO)).doing("set a socket up")?;
        drop(stream);
        thread::sleep(NEWCOMERS);
    }
    Ok(latencies.percentiles())
}

/// Whether somebody can connect: TCP, and no more.
pub(super) fn accepts(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// Judges that the server has given back all that it held for those who have left.
pub(super) fn gave_back(sheet: &mut Sheet, server: &Server, before: Holds, limit: Duration) -> Result<()> {
    let took = wait_until(limit, || Ok(usage::descriptors(server.process())? <= before.descriptors))?;
    let now = Holds::now(server)?;
    let measured = match took {
        Some(_) => format!("{}", now.descriptors),
        None => format!("{} after {limit:.1?}", now.descriptors),
    };
    sheet.add("descriptors afterwards", format!("≤ {}", before.descriptors), measured, took.is_some());
    Ok(())
}
