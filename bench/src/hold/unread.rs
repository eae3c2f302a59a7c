//! Never-readers (A4) and slow readers (A5) among honest peers, while messages go to all.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::scene::{Counts, Holds, Stage};
use super::sheet::{Form, Sheet};
use super::{sockets, stamp};
use crate::args::Transport;
use crate::error::Result;
use crate::load::Percentiles;
use crate::load::frame::Opcode;
use crate::server::Server;
use crate::usage;

const SIZE: usize = 1024;

/// The defaults of `max_outbox` and `write_timeout`.
const OUTBOX: usize = 256 * 1024;
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the kernel may hold for one of them.
const KERNEL: u64 = 256 * 1024;

/// What an outbox holds before `max_memory` counts it.
const UNCOUNTED: usize = 16 * 1024;

/// What else a server may grow by.
const OTHER: f64 = 16.0 * 1024.0 * 1024.0;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// So many messages overfill a kernel's buffers, and no outbox.
const FEW: u64 = 200;

/// What slow readers take each second.
const SIP: usize = 1024;

/// What goes to all, and how fast.
#[derive(Clone, Copy)]
struct Load {
    peers: usize,
    /// Messages a second.
    rate: u32,
    /// No more messages than this.
    most: u64,
    limit: Duration,
}

impl Load {
    fn describe(self) -> String {
        let Self { peers, rate, .. } = self;
        format!(
            "{peers} of them among {peers} honest peers; messages of 1 KiB, {rate} a second, to all of them"
        )
    }
}

pub(super) fn never(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let load = Load {
        peers: sheet.form.pick(500, 100),
        rate: sheet.form.pick(100, 250),
        most: u64::MAX,
        limit: sheet.form.pick(Duration::from_secs(60), Duration::from_secs(12)),
    };
    let server = Stage::new(threads, Transport::Tcp)?.start()?;
    let heard = among(&server, (load, rest(sheet)), 0, Some(load.peers as u64))?;
    sheet.note(load.describe());
    judge(sheet, "", &heard, (load.peers * OUTBOX) as f64 + OTHER);
    sheet.exactly("never-readers cut", heard.disconnected, load.peers as u64);
    // The time in which the outbox fills, and what the kernels of both ends take.
    let fills = Duration::from_secs(1) * ((2 * OUTBOX).div_ceil(SIZE) as u32) / load.rate;
    sheet.time_at_most("the last one cut", heard.took, fills + WRITE_TIMEOUT + sheet.form.grace());
    // Less waits for them than an outbox takes, so that it is the time which ends them.
    let timeout = sheet.form.pick(WRITE_TIMEOUT, Duration::from_secs(1));
    let load = Load { most: FEW, ..load };
    let server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_WRITE_TIMEOUT", timeout.as_secs_f64())
        .start()?;
    let heard = among(&server, (load, rest(sheet)), 0, Some(load.peers as u64))?;
    let name = format!("{FEW} messages, then none, ");
    judge(sheet, &name, &heard, (load.peers * OUTBOX) as f64 + OTHER);
    sheet.exactly(format!("{name}cut"), heard.disconnected, load.peers as u64);
    // A kernel that is full still takes a little at a probe, which counts as progress. The probes come after 0.2 s,
    // 0.4 s, 0.8 s and so on, so the last that comes in time is within one and a half times the timeout.
    let most = Duration::from_secs(FEW) / load.rate + timeout * 5 / 2 + sheet.form.grace();
    sheet.time_at_most(format!("{name}the last one cut"), heard.took, most);
    Ok(())
}

pub(super) fn slow(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let load = Load {
        peers: sheet.form.pick(200, 40),
        rate: sheet.form.pick(100, 300),
        most: u64::MAX,
        limit: sheet.form.pick(Duration::from_secs(40), Duration::from_millis(1_500)),
    };
    sheet.note(load.describe());
    for (policy, goal) in [("close", load.peers as u64), ("drop_newest", 0), ("drop_oldest", 0)] {
        let server = patient(threads)?.with("WS_SERVER_SLOW", policy).start()?;
        let heard = among(&server, (load, rest(sheet)), SIP, (goal > 0).then_some(goal))?;
        let name = format!("slow = \"{policy}\", ");
        judge(sheet, &name, &heard, (load.peers * OUTBOX) as f64 + OTHER);
        if sheet.form == Form::Full {
            sheet.exactly(format!("{name}cut"), heard.disconnected, goal);
        }
    }
    // Each is within its outbox, and all together have less than that.
    let most = load.peers * OUTBOX / 8;
    let server = patient(threads)?.with("WS_SERVER_MAX_MEMORY", most).start()?;
    let heard = among(&server, (load, rest(sheet)), SIP, Some(load.peers as u64))?;
    let uncounted = load.peers * UNCOUNTED;
    judge(sheet, "max_memory, ", &heard, (most + uncounted) as f64 + OTHER / 4.0);
    sheet.at_least("max_memory, cut", heard.disconnected as usize, load.peers / 2);
    Ok(())
}

/// A server that does not mind how slowly somebody reads: a peer's kernel takes a whole buffer at once, and then
/// nothing for a minute, at this pace.
fn patient(threads: usize) -> Result<Stage> {
    let stage = Stage::new(threads, Transport::Tcp)?;
    Ok(stage.with("WS_SERVER_WRITE_TIMEOUT", 600).with("WS_SERVER_SILENCE_MAX", 0))
}

/// How long honest peers are alone.
fn rest(sheet: &Sheet) -> Duration {
    sheet.form.pick(Duration::from_secs(3), Duration::from_millis(500))
}

/// `most` is by how much the server's memory may grow.
fn judge(sheet: &mut Sheet, name: &str, heard: &Heard, most: f64) {
    sheet.exactly(format!("{name}honest: lost, doubled or out of order"), heard.missing, 0);
    sheet.beside(&format!("{name}honest: delivery"), heard.rest, heard.beside, RATIO, HONEST);
    sheet.bytes_at_most(format!("{name}memory, at most"), heard.grown, most);
    match heard.kernel {
        Some(kernel) => {
            sheet.bytes_at_most(
                format!("{name}a socket's queue in the kernel"),
                kernel as f64,
                KERNEL as f64,
            );
        }
        None => sheet.note("what sockets hold in the kernel was not measured: there is no `ss` (iproute2)"),
    }
}

struct Heard {
    missing: u64,
    /// How long a message took to honest peers, before the others came and beside them.
    rest: Percentiles,
    beside: Percentiles,
    /// By how much the server's memory grew, at most.
    grown: f64,
    kernel: Option<u64>,
    disconnected: u64,
    took: Duration,
}

/// Sends to all until so many are cut, or the time is over. The peers that do not read sip so many bytes a second.
fn among(
    server: &Server,
    (load, rest): (Load, Duration),
    sip: usize,
    until_cut: Option<u64>,
) -> Result<Heard> {
    let mut honest = Crowd::new()?;
    // The first of them speaks.
    honest.join_all(server.address, load.peers + 1, Conduct::HONEST)?;
    let mut deaf = Deaf::none(sip)?;
    let alone = Load { most: u64::MAX, limit: rest, ..load };
    let (first, _) = speak((alone, 0), &mut honest, &mut deaf, || false)?;
    let rest = std::mem::take(&mut honest.latencies).percentiles();
    deaf.come(server, load.peers)?;
    let before = Holds::settled(server)?;
    let (cut, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let watch = scope.spawn(|| watch(server, &cut, &is_over));
        let spoken = speak((load, first), &mut honest, &mut deaf, || {
            until_cut.is_some_and(|goal| cut.load(Ordering::Relaxed) >= goal)
        });
        is_over.store(true, Ordering::Relaxed);
        let watched = match watch.join() {
            Ok(watched) => watched?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let (sent, took) = spoken?;
        let missing = |peer: &Peer| sent.abs_diff(peer.messages) + peer.gaps + peer.others;
        Ok(Heard {
            missing: honest.peers.iter().map(missing).sum(),
            rest,
            beside: std::mem::take(&mut honest.latencies).percentiles(),
            grown: watched.resident as f64 - before.resident as f64,
            kernel: watched.kernel,
            disconnected: cut.load(Ordering::Relaxed),
            took,
        })
    })
}

/// Those who do not read, or little.
struct Deaf {
    crowd: Crowd,
    /// What each takes in a second.
    sip: usize,
    looked: Instant,
}

impl Deaf {
    fn none(sip: usize) -> Result<Self> {
        Ok(Self { crowd: Crowd::new()?, sip, looked: Instant::now() })
    }

    fn come(&mut self, server: &Server, count: usize) -> Result<()> {
        self.crowd.receive_buffer = Some(OUTBOX / 8);
        self.crowd.join_all(server.address, count, Conduct::DEAF)?;
        Ok(())
    }

    /// Takes a sip, now and then.
    fn turn(&mut self) -> Result<()> {
        if self.looked.elapsed() < LOOK {
            return Ok(());
        }
        self.crowd.turn(Duration::ZERO)?;
        if self.sip > 0 {
            self.crowd.sip((self.sip as f64 * self.looked.elapsed().as_secs_f64()) as usize);
        }
        self.looked = Instant::now();
        Ok(())
    }
}

/// Sends at a steady pace, from this number on; tells which number would be next, and how long that took.
fn speak(
    (load, first): (Load, u64),
    honest: &mut Crowd,
    deaf: &mut Deaf,
    is_over: impl Fn() -> bool,
) -> Result<(u64, Duration)> {
    let (pace, begun) = (Duration::from_secs(1) / load.rate, Instant::now());
    let mut sent = 0;
    while begun.elapsed() < load.limit && !is_over() {
        let next = pace * u32::try_from(sent).unwrap_or(u32::MAX);
        match next.checked_sub(begun.elapsed()) {
            _ if sent == load.most => honest.turn(LOOK / 10)?,
            Some(wait) if !wait.is_zero() => honest.turn(wait)?,
            _ => {
                honest.peers[0].say(Opcode::Text, &stamp::message(first + sent, SIZE));
                sent += 1;
                honest.turn(Duration::ZERO)?;
            }
        }
        deaf.turn()?;
    }
    let (took, next) = (begun.elapsed(), first + sent);
    honest.until(Duration::from_secs(5), |honest| honest.peers.iter().all(|peer| peer.messages >= next))?;
    Ok((next, took))
}

/// The most that was held.
#[derive(Default)]
struct Watched {
    resident: u64,
    kernel: Option<u64>,
}

/// Looks at the server again and again, in a thread of its own: it takes longer than a message.
fn watch(server: &Server, cut: &AtomicU64, is_over: &AtomicBool) -> Result<Watched> {
    let mut watched = Watched::default();
    loop {
        let is_last = is_over.load(Ordering::Relaxed);
        watched.resident = watched.resident.max(usage::resident(server.process())?);
        watched.kernel = sockets::longest_queue(server.address.port()).max(watched.kernel);
        cut.store(Counts::of(server)?.disconnected, Ordering::Relaxed);
        if is_last {
            return Ok(watched);
        }
        thread::sleep(LOOK);
    }
}
