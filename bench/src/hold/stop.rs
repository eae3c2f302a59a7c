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
    let (address, mut crowd) = (server.address, Crowd::new()?);
    crowd.join_all(address, count, Conduct::HONEST)?;
    // Some have a handler that runs, and one has sent what the server has not read.
    for peer in &mut crowd.peers[1..=slow] {
        peer.say(Opcode::Text, br#"{"type":"slow","id":1}"#);
    }
    for number in 0..QUEUED {
        crowd.peers[0].say(Opcode::Text, &stamp::message(number, SIZE));
    }
    // Once the first has come, the others are queued.
    crowd.until(PATIENCE, |crowd| crowd.peers[0].messages > 0)?;
    for peer in &mut crowd.peers[count / 2..] {
        peer.say(Opcode::Binary, b"not read yet when the server is told to stop");
    }
    let begun = Instant::now();
    server.signal(Signal::TERM)?;
    crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    let ended = server.wait(PATIENCE)?;
    let took = begun.elapsed();
    let lost = |peer: &Peer| QUEUED.saturating_sub(peer.messages - peer.others) + peer.gaps;
    sheet.exactly(
        format!("{count} peers, {QUEUED} messages each: lost"),
        crowd.peers.iter().map(lost).sum(),
        0,
    );
    sheet.exactly(format!("{count} peers: closed with {GOING_AWAY}"), crowd.closed_with(GOING_AWAY), count);
    let answered = crowd.peers[1..=slow].iter().filter(|peer| peer.others == 1).count();
    sheet.exactly(format!("{slow} handlers that run: answered"), answered, slow);
    let goal = sheet.form.pick(GOAL, 2 * GOAL);
    sheet.time_at_most(format!("{count} peers: stopped after"), took, goal);
    sheet.exactly("exit status", ended.and_then(|status| status.code()).unwrap_or(-1), 0);
    drop(server);
    let again = Stage::new(threads, Transport::Tcp)?.at(address).start();
    sheet.exactly("the port can be bound at once", again.is_ok_and(|server| accepts(server.address)), true);
    Ok(())
}

fn with_never_readers(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let (count, deaf) = form.pick((1_000, 100), (200, 20));
    let timeout = form.pick(Duration::from_secs(5), Duration::from_secs(1));
    let mut server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_SHUTDOWN_TIMEOUT", timeout.as_secs_f64())
        .start()?;
    let (mut honest, mut crowd) = (Crowd::new()?, Crowd::new()?);
    honest.join_all(server.address, count, Conduct::HONEST)?;
    crowd.receive_buffer = Some(4 * 1024);
    crowd.join_all(server.address, deaf, Conduct::DEAF)?;
    // As much as an outbox takes, so that they have something not to read.
    let messages = 15;
    for number in 0..messages {
        honest.peers[0].say(Opcode::Text, &stamp::message(number, 16 * 1024));
        honest.until(PATIENCE, |honest| honest.peers.iter().all(|peer| peer.messages > number))?;
    }
    sheet.exactly("never-readers there at the stop", Counts::of(&server)?.open(), (count + deaf) as u64);
    let begun = Instant::now();
    server.signal(Signal::TERM)?;
    honest.until(PATIENCE, |honest| honest.peers.iter().all(Peer::has_ended))?;
    let ended = server.wait(PATIENCE)?;
    let took = begun.elapsed();
    let lost = |peer: &Peer| messages.saturating_sub(peer.messages) + peer.gaps;
    sheet.exactly(format!("{deaf} never read: others lost"), honest.peers.iter().map(lost).sum(), 0);
    sheet.exactly(
        format!("{deaf} never read: others closed with {GOING_AWAY}"),
        honest.closed_with(GOING_AWAY),
        count,
    );
    sheet.time_at_most(format!("{deaf} never read: stopped after"), took, timeout + form.grace());
    sheet.exactly(
        format!("{deaf} never read: exit status"),
        ended.and_then(|status| status.code()).unwrap_or(-1),
        0,
    );
    Ok(())
}
