//! Hostile relay (N3): peers whose network delays, cuts into bytes, resets, half-closes and stalls.

use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::random::Random;
use super::relay::{Fault, Relay};
use super::scene::{Counts, Holds, Stage, at_rest, beside_equals, gave_back, wait_until};
use super::sheet::Sheet;
use super::stamp;
use crate::args::Transport;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::server::Server;

/// How many peers each seed has.
const PEERS: usize = 10;

/// How many messages each sends.
const MESSAGES: u64 = 40;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let seeds = form.pick(50, 7);
    let silence = Duration::from_secs(2);
    let server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_SILENCE_MAX", silence.as_secs_f64())
        .with("WS_SERVER_CLOSE_TIMEOUT", 1)
        .start()?;
    let rest = at_rest(&server, form)?;
    let before = Holds::settled(&server)?;
    let was = Counts::of(&server)?;
    // A relay that gets no processor is no network: the server would cut its peers, and rightly.
    let (honest, outcomes) = beside_equals(&server, || {
        (0..seeds).map(|seed| one(&server, seed, silence * 3 / 2 + form.grace())).collect::<Result<Vec<_>>>()
    })?;
    sheet.honest(&format!("{seeds} seeds of {PEERS} peers"), rest, &honest, RATIO, HONEST);
    for fault in Fault::ALL {
        let of = || outcomes.iter().filter(|outcome| outcome.fault == fault);
        let peers = of().count() * PEERS;
        let name = fault.title();
        if fault.is_harmless() {
            let sent = peers as u64 * MESSAGES;
            sheet.exactly(
                format!("{name}: echoes in order, of {sent}"),
                of().map(|of| of.arrived).sum(),
                sent,
            );
            sheet.exactly(format!("{name}: closed as they asked"), of().map(|of| of.closed).sum(), peers);
        } else {
            sheet.exactly(format!("{name}: cut, or ended by the fault"), of().map(|of| of.gone).sum(), peers);
        }
        sheet.exactly(
            format!("{name}: lost in between, doubled or changed"),
            of().map(|of| of.wrong).sum(),
            0,
        );
    }
    gave_back(sheet, &server, before, silence * 3 / 2 + form.grace())?;
    let counts = Counts::of(&server)?;
    sheet.exactly(
        "disconnect, once for each that was ready",
        counts.disconnected - was.disconnected,
        counts.ready - was.ready,
    );
    Ok(())
}

struct Outcome {
    fault: Fault,
    /// Echoes that came.
    arrived: u64,
    /// Echoes that were not the ones that were due.
    wrong: u64,
    /// Peers whose goodbye was answered.
    closed: usize,
    /// Peers that the server no longer has.
    gone: usize,
}

/// One seed: which fault, and which messages, follows from it.
fn one(server: &Server, seed: usize, limit: Duration) -> Result<Outcome> {
    let fault = Fault::ALL[seed % Fault::ALL.len()];
    let mut random = Random::new(seed as u64);
    let before = Counts::of(server)?.disconnected;
    let relay = Relay::start(server.address, fault, seed as u64)?;
    let mut crowd = Crowd::new()?;
    crowd.join_all(relay.address, PEERS, Conduct::HONEST)?;
    for number in 0..MESSAGES {
        for peer in &mut crowd.peers {
            peer.say(Opcode::Binary, &stamp::message(number, stamp::SIZE + random.below(400)));
        }
        crowd.turn(Duration::from_millis(1))?;
    }
    if fault.is_harmless() {
        crowd.until(PATIENCE, |crowd| {
            crowd.peers.iter().all(|peer| peer.messages >= MESSAGES || peer.has_ended())
        })?;
        for peer in &mut crowd.peers {
            peer.disconnect(1000);
        }
        crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    }
    let begun = Instant::now();
    wait_until(limit, || {
        crowd.turn(Duration::from_millis(1))?;
        Ok(begun.elapsed() < limit && Counts::of(server)?.disconnected - before >= PEERS as u64)
    })?;
    let gone = Counts::of(server)?.disconnected - before;
    Ok(Outcome {
        fault,
        arrived: crowd.peers.iter().map(|peer| peer.messages).sum(),
        wrong: crowd.peers.iter().map(|peer| peer.gaps + peer.others).sum(),
        closed: crowd.closed_with(1000),
        gone: gone as usize,
    })
}
