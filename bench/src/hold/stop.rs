//! Graceful stop (A9): SIGTERM while messages are queued for thousands, handlers run, and some never read.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::scene::{Counts, Stage, accepts};
use super::sheet::Sheet;
use super::stamp;
use crate::args::Transport;
use crate::error::Result;
use crate::load::frame::Opcode;

/// How many messages are queued for each.
const QUEUED: u64 = 10;
const SIZE: usize = 256;

/// What is queued for those who do not read: nearly as much as an outbox takes, and far more than a kernel.
const LARGE_QUEUED: u64 = 15;
const LARGE: usize = 16 * 1024;
const SMALL_BUFFER: usize = 8 * 1024;

/// RFC 6455 section 7.4.1: going away.
const GOING_AWAY: u16 = 1001;

/// How long a stop may take where all peers are honest.
const GOAL: Duration = Duration::from_secs(5);

const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    honest(sheet, threads)?;
    with_never_readers(sheet, threads)
}

fn honest(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let count = sheet.form.pick(10_000, 2_000);
    let slow = count / 100;
    let mut server = Stage::new(threads, Transport::Tcp)?.start()?;
    let (address, mut crowd, mut speaker) = (server.address, Crowd::new()?, Crowd::new()?);
    crowd.join_all(address, count, Conduct::HONEST)?;
    speaker.join_all(address, 1, Conduct::HONEST)?;
    // Some have a handler that runs, and one has sent what the server has not read.
    for peer in &mut crowd.peers[..slow] {
        peer.say(Opcode::Text, br#"{"type":"slow","id":1}"#);
    }
    for number in 0..QUEUED {
        speaker.peers[0].say(Opcode::Text, &stamp::message(number, SIZE));
    }
    // A connection's messages are handled one after the other: once this one is back, all of those are queued for all.
    speaker.peers[0].say(Opcode::Binary, b"are they queued?");
    speaker.until(PATIENCE, |speaker| speaker.peers[0].others > 0)?;
    for peer in &mut crowd.peers[count / 2..] {
        peer.say(Opcode::Binary, b"not read yet when the server is told to stop");
    }
    let begun = Instant::now();
    server.signal(Signal::TERM)?;
    crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    speaker.until(PATIENCE, |speaker| speaker.peers[0].has_ended())?;
    let ended = server.wait(PATIENCE)?;
    let took = begun.elapsed();
    let lost = |peer: &Peer| QUEUED.saturating_sub(peer.messages - peer.others) + peer.gaps;
    sheet.exactly(
        format!("{count} peers, {QUEUED} messages each: lost"),
        crowd.peers.iter().map(lost).sum(),
        0,
    );
    sheet.exactly(format!("{count} peers: closed with {GOING_AWAY}"), crowd.closed_with(GOING_AWAY), count);
    let answered = crowd.peers[..slow].iter().filter(|peer| peer.others == 1).count();
    sheet.exactly(format!("{slow} handlers that run: answered"), answered, slow);
    let goal = sheet.form.pick(GOAL, 2 * GOAL);
    sheet.time_at_most(format!("{count} peers: stopped after"), took, goal);
    sheet.exactly("exit status", ended.and_then(|status| status.code()).unwrap_or(-1), 0);
    drop(server);
    let again = Stage::new(threads, Transport::Tcp)?.at(address).start();
    sheet.exactly("the port can be bound at once", again.is_ok_and(|server| accepts(server.address)), true);
    Ok(())
}

/// Some begin to read only when the server stops, so that what they get was queued in it; others never read.
fn with_never_readers(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let (count, deaf) = form.pick((1_000, 100), (200, 20));
    let timeout = form.pick(Duration::from_secs(10), Duration::from_secs(3));
    let mut server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_SHUTDOWN_TIMEOUT", timeout.as_secs_f64())
        .start()?;
    let [mut speaker, mut late, mut never] = [Crowd::new()?, Crowd::new()?, Crowd::new()?];
    speaker.join_all(server.address, 1, Conduct::HONEST)?;
    for (crowd, count) in [(&mut late, count), (&mut never, deaf)] {
        crowd.receive_buffer = Some(SMALL_BUFFER);
        crowd.join_all(server.address, count, Conduct::DEAF)?;
    }
    for number in 0..LARGE_QUEUED {
        speaker.peers[0].say(Opcode::Text, &stamp::message(number, LARGE));
        speaker.until(PATIENCE, |speaker| speaker.peers[0].messages > number)?;
    }
    speaker.peers[0].say(Opcode::Binary, b"are they queued?");
    speaker.until(PATIENCE, |speaker| speaker.peers[0].others > 0)?;
    sheet.exactly(
        "with never-readers: there at the stop",
        Counts::of(&server)?.open(),
        (1 + count + deaf) as u64,
    );
    let begun = Instant::now();
    server.signal(Signal::TERM)?;
    for peer in &mut late.peers {
        peer.conduct = Conduct::HONEST;
    }
    late.sip(usize::MAX);
    late.until(PATIENCE, |late| late.peers.iter().all(Peer::has_ended))?;
    speaker.until(PATIENCE, |speaker| speaker.peers.iter().all(Peer::has_ended))?;
    let ended = server.wait(PATIENCE)?;
    let took = begun.elapsed();
    let lost = |peer: &Peer| LARGE_QUEUED.saturating_sub(peer.messages) + peer.gaps;
    let lost: u64 = late.peers.iter().map(lost).sum();
    let what = format!("{count} read late, {deaf} never");
    sheet.exactly(format!("{what}: lost, of {LARGE_QUEUED} messages of 16 KiB each"), lost, 0);
    sheet.exactly(format!("{what}: closed with {GOING_AWAY}"), late.closed_with(GOING_AWAY), count);
    sheet.time_at_most(format!("{what}: stopped after"), took, timeout + form.grace());
    sheet.exactly(format!("{what}: exit status"), ended.and_then(|status| status.code()).unwrap_or(-1), 0);
    Ok(())
}
