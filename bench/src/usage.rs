//! What a process has used so far, as the kernel counts it in `/proc`.

use std::fs;
use std::ops::Sub;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Doing, Error, Result};

/// How long the kernel's clock tick is, in which `/proc/PID/stat` counts: the same on every Linux (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// The size of a page in `/proc/net/sockstat`, in bytes.
const PAGE: u64 = 4096;

/// What a process has used: processor time and switches of all its threads.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    /// Processor time, the kernel's work for the process included.
    pub(crate) cpu: Duration,
    /// The parts of it in the program and in the kernel, as sampled by the clock tick.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// How often a thread gave the processor up because it had nothing to do.
    pub(crate) voluntary: u64,
    /// How often it was taken from one that had.
    pub(crate) involuntary: u64,
}

impl Usage {
    /// What this process has used until now.
    pub(crate) fn of(process: u32) -> Result<Self> {
        let folder = PathBuf::from(format!("/proc/{process}"));
        let (user, system) = ticks(&folder.join("stat"))?;
        let mut usage = Self { user, system, ..Self::default() };
        let threads = folder.join("task");
        for thread in fs::read_dir(&threads).doing(format!("list {}", threads.display()))? {
            let thread = thread.doing("list threads")?.path();
            let status = thread.join("status");
            let text = read(&status)?;
            usage.voluntary += field(&status, &text, "voluntary_ctxt_switches:")?;
            usage.involuntary += field(&status, &text, "nonvoluntary_ctxt_switches:")?;
            usage.cpu += on_cpu(&thread.join("schedstat")).unwrap_or_default();
        }
        // A kernel without `schedstat` counts in ticks alone.
        if usage.cpu.is_zero() {
            usage.cpu = user + system;
        }
        Ok(usage)
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
            voluntary: self.voluntary.saturating_sub(before.voluntary),
            involuntary: self.involuntary.saturating_sub(before.involuntary),
        }
    }
}

/// The memory that a process holds, in bytes (`Rss`, exact, unlike what `status` says).
pub(crate) fn resident(process: u32) -> Result<u64> {
    let path = PathBuf::from(format!("/proc/{process}/smaps_rollup"));
    Ok(1024 * field(&path, &read(&path)?, "Rss:")?)
}

/// The memory that a process has asked for, whether or not it holds it, in bytes.
pub(crate) fn reserved(process: u32) -> Result<u64> {
    let path = PathBuf::from(format!("/proc/{process}/status"));
    Ok(1024 * field(&path, &read(&path)?, "VmSize:")?)
}

/// How many descriptors a process has open.
pub(crate) fn descriptors(process: u32) -> Result<usize> {
    let path = PathBuf::from(format!("/proc/{process}/fd"));
    Ok(fs::read_dir(&path).doing(format!("list {}", path.display()))?.count())
}

/// The processor time of this process and of its children that have ended.
pub(crate) fn own_and_ended() -> Result<Duration> {
    let path = PathBuf::from("/proc/self/stat");
    let text = read(&path)?;
    let numbers = text.rsplit_once(") ").map_or("", |(_, numbers)| numbers);
    // utime, stime, cutime, cstime.
    Ok(numbers.split(' ').skip(11).take(4).flat_map(str::parse::<u32>).map(|ticks| TICK * ticks).sum())
}

/// The memory that the kernel holds for its own objects and in sockets, of all processes together, in bytes.
pub(crate) fn kernel_memory() -> Result<u64> {
    let path = PathBuf::from("/proc/meminfo");
    let slab = 1024 * field(&path, &read(&path)?, "Slab:")?;
    let path = PathBuf::from("/proc/net/sockstat");
    let text = read(&path)?;
    let tcp = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    Ok(slab + PAGE * field(&path, tcp, "mem")?)
}

/// The time that all processors together were busy since boot, whoever had them: the host of a virtual machine too.
pub(crate) fn busy() -> Result<Duration> {
    let path = PathBuf::from("/proc/stat");
    let text = read(&path)?;
    let first = text.lines().next().unwrap_or_default();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are counted as user already.
    let ticks: Vec<u32> =
        first.split_ascii_whitespace().skip(1).map_while(|ticks| ticks.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks[..] else {
        return Err(Error::Proc { path, what: "too few numbers in its first line" });
    };
    Ok([user, nice, system, irq, softirq, steal].into_iter().map(|ticks| TICK * ticks).sum())
}

/// The time that a thread was on a processor, in nanoseconds.
fn on_cpu(schedstat: &Path) -> Option<Duration> {
    fs::read_to_string(schedstat).ok()?.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// The `utime` and `stime` of a process, whose name may contain anything.
fn ticks(path: &Path) -> Result<(Duration, Duration)> {
    let text = read(path)?;
    let numbers = text.rsplit_once(") ").map_or("", |(_, numbers)| numbers);
    let mut numbers = numbers.split(' ').skip(11).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(user)), Some(Ok(system))) => Ok((TICK * user, TICK * system)),
        _ => Err(Error::Proc { path: path.to_owned(), what: "no `utime` and `stime`" }),
    }
}

/// The number behind a name.
fn field(path: &Path, text: &str, name: &str) -> Result<u64> {
    let mut words = text.split_ascii_whitespace();
    let number = words.find(|word| *word == name).and_then(|_| words.next()?.parse().ok());
    number.ok_or_else(|| Error::Proc { path: path.to_owned(), what: "a field is missing" })
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).doing(format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::process::{Child, Command};

    use super::*;

    /// A process of one thread: those of this one come and go with its tests.
    struct Shell(Child);

    impl Shell {
        fn run(command: &str) -> Self {
            Self(Command::new("sh").args(["-c", command]).spawn().unwrap())
        }

        fn usage(&self) -> Usage {
            Usage::of(self.0.id()).unwrap()
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    #[test]
    fn work_shows_as_processor_time_and_sleep_does_not() {
        let (working, sleeping) = (Shell::run("while :; do :; done"), Shell::run("exec sleep 60"));
        let before = working.usage();
        // However little a loaded machine gives them.
        while (working.usage() - before).cpu < Duration::from_millis(50) || sleeping.usage().voluntary == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(sleeping.usage().cpu < Duration::from_millis(50), "{:?}", sleeping.usage());
    }

    #[test]
    fn memory_that_is_written_to_is_counted() {
        let before = resident(std::process::id()).unwrap();
        let memory = black_box(vec![1_u8; 64 << 20]);
        let after = resident(std::process::id()).unwrap();
        assert!(after > before + (60 << 20), "{before} {after}");
        drop(memory);
    }
}
