//! The machine: its descriptors, its processors, and what is to be said of it beside a figure.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::error::{Doing, Result};

/// Raises the number of descriptors that this process and its children may have as far as it goes.
pub(crate) fn raise_descriptors() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
        .doing("raise the number of descriptors")
}

/// Where processes run: a server of one thread has a processor of its own, and the load generator another one.
///
/// Otherwise the scheduler moves them about, and a wake-up costs now this and now that. With more server threads there
/// are no processors to give away, and everything runs anywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    generator: CpuSet,
    server: CpuSet,
}

impl Places {
    /// The places for a server of so many threads.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let all = sched_getaffinity(None).doing("ask for the processors")?;
        let mut processors = (0..CpuSet::MAX_CPU).filter(|processor| all.is_set(*processor));
        let places = match (threads, processors.next(), processors.next()) {
            (1, Some(first), Some(second)) => {
                let [mut generator, mut server] = [CpuSet::new(); 2];
                // The first one is where machines do their housekeeping: the server is left in peace.
                generator.set(first);
                server.set(second);
                Self { generator, server }
            }
            _ => Self { generator: all, server: all },
        };
        Ok(places)
    }

    /// Does something where servers run, such as to start one: a child stays where it was started.
    pub(crate) fn at_server<T>(&self, start: impl FnOnce() -> T) -> Result<T> {
        sched_setaffinity(None, &self.server).doing("choose a processor")?;
        let started = start();
        self.at_generator()?;
        Ok(started)
    }

    /// Goes where the load generator runs.
    pub(crate) fn at_generator(&self) -> Result<()> {
        sched_setaffinity(None, &self.generator).doing("choose a processor")
    }
}

/// What machine this is, in one line.
pub(crate) fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, name)| name);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} cores of {model}, Linux {}, over loopback", processors(), kernel.trim())
}

/// How many processors there are, those included where this process may not run.
pub(crate) fn processors() -> usize {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    // The first line is the sum of the others.
    stat.lines().filter(|line| line.starts_with("cpu")).count().saturating_sub(1).max(1)
}
