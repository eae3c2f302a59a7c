//! A measurement: what a server used while it handled so many messages.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::load::{Latencies, Percentiles};
use crate::machine;
use crate::server::Server;
use crate::usage::{self, Usage};

/// From this share of a processor on the load generator may be what limits the throughput.
const BUSY: f64 = 0.9;

/// From this share of all processors on, others had too much of them.
const OTHERS: f64 = 0.05;

/// How long a server is left alone before its usage is read, so that the kernel has put it to sleep and counted.
const SETTLING: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurement {
    /// What was handled: echoes, deliveries, connections.
    pub(crate) messages: u64,
    pub(crate) elapsed: Duration,
    /// What the server's process used.
    pub(crate) server: Usage,
    /// What the load generator used.
    pub(crate) generator: Usage,
    /// The server's memory afterwards, in bytes.
    pub(crate) resident: u64,
    pub(crate) latencies: Percentiles,
    /// The share of all processors that neither of the two had, but another process or the machine's host.
    pub(crate) others: f64,
}

impl Measurement {
    /// Measures a server while `load` lasts, which says how many messages were handled.
    pub(crate) fn take(server: &Server, load: impl FnOnce(&mut Latencies) -> Result<u64>) -> Result<Self> {
        let mut latencies = Latencies::with_capacity(1 << 20);
        let process = server.process();
        std::thread::sleep(SETTLING);
        let (watched, busy, generator) = (Instant::now(), usage::busy()?, Usage::of(std::process::id())?);
        let before = Usage::of(process)?;
        let begun = Instant::now();
        let messages = load(&mut latencies)?;
        let elapsed = begun.elapsed();
        std::thread::sleep(SETTLING);
        let used = Usage::of(process)? - before;
        let generator = Usage::of(std::process::id())? - generator;
        let others = (usage::busy()? - busy).saturating_sub(used.cpu + generator.cpu);
        let watched = watched.elapsed();
        let processors = machine::processors() as f64;
        Ok(Self {
            messages,
            elapsed,
            server: used,
            generator,
            resident: usage::resident(process)?,
            latencies: latencies.percentiles(),
            others: others.as_secs_f64() / (watched.as_secs_f64() * processors),
        })
    }

    /// The server's processor time for one message, in nanoseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.server.cpu.as_nanos() as f64 / self.messages as f64
    }

    /// Messages in a second.
    pub(crate) fn throughput(&self) -> f64 {
        self.messages as f64 / self.elapsed.as_secs_f64()
    }

    /// Context switches of the server for each message.
    pub(crate) fn switches(&self) -> f64 {
        (self.server.voluntary + self.server.involuntary) as f64 / self.messages as f64
    }

    /// The part of the server's time that it spent in the kernel.
    pub(crate) fn kernel_share(&self) -> f64 {
        let Usage { user, system, .. } = self.server;
        system.as_secs_f64() / (user + system).as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Whether the load generator, and not the server, may have been the limit: then the throughput and the latencies
    /// are its own, and only the processor time of a message stands.
    pub(crate) fn is_limited_by_generator(&self) -> bool {
        let share = |usage: &Usage| usage.cpu.as_secs_f64() / self.elapsed.as_secs_f64();
        share(&self.generator) > BUSY && share(&self.server) < BUSY
    }

    /// Whether others had so much of the machine that the figures are to be doubted.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.others > OTHERS
    }
}
