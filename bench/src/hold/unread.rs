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

/// What else a server may grow by.
const OTHER: f64 = 16.0 * 1024.0 * 1024.0;

const HONEST: Duration = Duration::from_millis(10);

/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What slow readers take each second.
const SIP: usize = 1024;

/// What goes to all, and how fast.
#[derive(Clone, Copy)]
struct Load {
    peers: usize,
    /// Messages a second.
    rate: u32,
    limit: Duration,
}

pub(super) fn never(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let load = Load {
        peers: sheet.form.pick(500, 100),
        rate: sheet.form.pick(100, 250),
        limit: sheet.form.pick(Duration::from_secs(60), Duration::from_secs(12)),
    };
    let server = Stage::new(threads, Transport::Tcp)?.start()?;
    let heard = among(&server, load, 0, Some(load.peers as u64))?;
    judge(sheet, "", load, &heard);
    sheet.exactly("never-readers cut", heard.disconnected, load.peers as u64);
    // The time in which the outbox fills, and what the kernels of both ends take.
    let fills = Duration::from_secs(1) * ((2 * OUTBOX).div_ceil(SIZE) as u32) / load.rate;
    sheet.time_at_most("the last one cut", heard.took, fills + WRITE_TIMEOUT + sheet.form.grace());
    Ok(())
}

pub(super) fn slow(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let load = Load {
        peers: sheet.form.pick(200, 40),
        rate: sheet.form.pick(100, 200),
        limit: sheet.form.pick(Duration::from_secs(40), Duration::from_millis(2_500)),
    };
    for (policy, goal) in [("close", load.peers as u64), ("drop_newest", 0), ("drop_oldest", 0)] {
        let server = Stage::new(threads, Transport::Tcp)?
            .with("WS_SERVER_SLOW", policy)
            // A peer's kernel takes a whole buffer at once, and then nothing for a minute, at this pace.
            .with("WS_SERVER_WRITE_TIMEOUT", 600)
            .with("WS_SERVER_SILENCE_MAX", 0)
            .start()?;
        let heard = among(&server, load, SIP, (goal > 0).then_some(goal))?;
        judge(sheet, &format!("slow = \"{policy}\", "), load, &heard);
        if sheet.form == Form::Full {
            sheet.exactly(format!("slow = \"{policy}\": cut"), heard.disconnected, goal);
        }
    }
    Ok(())
}

fn judge(sheet: &mut Sheet, name: &str, load: Load, heard: &Heard) {
    let Load { peers, rate, .. } = load;
    sheet.note(format!(
        "{name}{peers} of them among {peers} honest peers; messages of 1 KiB, {rate} a second, to all of them"
    ));
    sheet.exactly(format!("{name}honest: lost, doubled or out of order"), heard.missing, 0);
    sheet.p99(&format!("{name}honest: delivery"), heard.latencies, HONEST);
    let most = (peers * OUTBOX) as f64 + OTHER;
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
    latencies: Percentiles,
    /// By how much the server's memory grew, at most.
    grown: f64,
    kernel: Option<u64>,
    disconnected: u64,
    took: Duration,
}

/// Sends to all until so many are cut, or the time is over. The peers that do not read sip so many bytes a second.
fn among(server: &Server, load: Load, sip: usize, until_cut: Option<u64>) -> Result<Heard> {
    let mut honest = Crowd::new()?;
    // The first of them speaks.
    honest.join_all(server.address, load.peers + 1, Conduct::HONEST)?;
    let mut deaf = Crowd::new()?;
    deaf.receive_buffer = Some(OUTBOX / 8);
    deaf.join_all(server.address, load.peers, Conduct::DEAF)?;
    let before = Holds::settled(server)?;
    let (cut, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let watch = scope.spawn(|| watch(server, &cut, &is_over));
        let spoken = speak(load, (&mut honest, &mut deaf), sip, || {
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
            latencies: std::mem::take(&mut honest.latencies).percentiles(),
            grown: watched.resident as f64 - before.resident as f64,
            kernel: watched.kernel,
            disconnected: cut.load(Ordering::Relaxed),
            took,
        })
    })
}

/// Sends at a steady pace; tells how many messages, and how long that took.
fn speak(
    load: Load,
    (honest, deaf): (&mut Crowd, &mut Crowd),
    sip: usize,
    is_over: impl Fn() -> bool,
) -> Result<(u64, Duration)> {
    let (pace, begun) = (Duration::from_secs(1) / load.rate, Instant::now());
    let (mut sent, mut sipped) = (0, begun);
    while begun.elapsed() < load.limit && !is_over() {
        let next = pace * u32::try_from(sent).unwrap_or(u32::MAX);
        match next.checked_sub(begun.elapsed()) {
            Some(wait) if !wait.is_zero() => honest.turn(wait)?,
            _ => {
                honest.peers[0].say(Opcode::Text, &stamp::message(sent, SIZE));
                sent += 1;
                honest.turn(Duration::ZERO)?;
            }
        }
        if sip > 0 && sipped.elapsed() > LOOK {
            deaf.sip((sip as f64 * sipped.elapsed().as_secs_f64()) as usize);
            sipped = Instant::now();
        }
    }
    let took = begun.elapsed();
    honest.until(Duration::from_secs(5), |honest| honest.peers.iter().all(|peer| peer.messages >= sent))?;
    Ok((sent, took))
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
