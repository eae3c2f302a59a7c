//! Panics (A6): thousands of handlers panic, in every place where one can, while others go on.

use std::time::Duration;

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::scene::{Counts, Holds, Stage, at_rest, beside, gave_back, wait_until};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::request;
use crate::peers::ours::hold::PANICS_AT_THE_END;
use crate::server::Server;

/// RFC 6455 section 7.4.1: internal error.
const INTERNAL: u16 = 1011;

/// How many come at once.
const BATCH: usize = 100;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

/// How much memory may be left of it.
const LEFT: f64 = 4.0 * 1024.0 * 1024.0;

const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let each = form.pick(2_000, 100);
    let server = Stage::new(threads, Transport::Tcp)?.start()?;
    // What the first panics need is not given back: the names of symbols, for one.
    provoke(&server, BATCH)?;
    let rest = at_rest(&server, form)?;
    let (before, counted) = (Holds::settled(&server)?, Counts::of(&server)?);
    let (honest, provoked) = beside(&server, || provoke(&server, each))?;
    sheet.honest(&format!("{} panics", 5 * each), rest, &honest, RATIO, HONEST);
    sheet.exactly(format!("in a message handler: closed with {INTERNAL}"), provoked.at_once, each);
    sheet.exactly(format!("after an await: closed with {INTERNAL}"), provoked.late, each);
    sheet.exactly(format!("with a lock held: closed with {INTERNAL}"), provoked.locked, each);
    sheet.exactly("in connect: refused", provoked.refused, each);
    sheet.exactly("in disconnect: closed as they asked", provoked.at_the_end, each);
    // The last ticks are still due.
    wait_until(PATIENCE, || Ok(Counts::of(&server)?.armed == 0))?;
    let after = Counts::of(&server)?;
    sheet.exactly("the lock works afterwards", after.locked - counted.locked, each as u64);
    sheet.exactly("in a tick, which goes on: calls that did not come", after.armed, 0);
    let came = after.ready - counted.ready;
    sheet.exactly(
        "disconnect, once for each that was ready",
        after.disconnected - counted.disconnected,
        came,
    );
    gave_back(sheet, &server, before, form.grace())?;
    let left = Holds::settled(&server)?.resident as f64 - before.resident as f64;
    sheet.bytes_at_most("memory that is left of it", left, LEFT);
    Ok(())
}

/// How many met what was expected.
#[derive(Default)]
struct Provoked {
    at_once: usize,
    late: usize,
    locked: usize,
    refused: usize,
    at_the_end: usize,
}

/// Has so many panic in each place.
fn provoke(server: &Server, each: usize) -> Result<Provoked> {
    let mut provoked = Provoked::default();
    let mut done = 0;
    while done < each {
        let count = BATCH.min(each - done);
        provoked.at_once += by_message(server, count, r#"{"type":"panic"}"#)?;
        provoked.late += by_message(server, count, r#"{"type":"panic_late"}"#)?;
        provoked.locked += by_message(server, count, r#"{"type":"panic_locked"}"#)?;
        provoked.refused += in_connect(server, count)?;
        provoked.at_the_end += in_disconnect(server, count)?;
        arm(server, "arm_tick", 5)?;
        done += count;
    }
    Ok(provoked)
}

/// So many send this; tells how many were closed with 1011.
fn by_message(server: &Server, count: usize, text: &str) -> Result<usize> {
    let mut crowd = Crowd::new()?;
    crowd.join_all(server.address, count, Conduct::HONEST)?;
    for peer in &mut crowd.peers {
        peer.say(Opcode::Text, text.as_bytes());
    }
    crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    Ok(crowd.closed_with(INTERNAL))
}

/// The next so many calls panic; tells when the server has heard of it.
fn arm(server: &Server, what: &str, calls: usize) -> Result<()> {
    let mut crowd = Crowd::new()?;
    crowd.join_all(server.address, 1, Conduct::HONEST)?;
    crowd.peers[0].say(Opcode::Text, format!(r#"{{"type":"{what}","id":1,"data":{calls}}}"#).as_bytes());
    crowd.until(PATIENCE, |crowd| crowd.peers[0].messages > 0)?;
    Ok(())
}

/// So many come while `connect` panics; tells how many got no answer, or one that is no 101.
fn in_connect(server: &Server, count: usize) -> Result<usize> {
    arm(server, "arm_connect", count)?;
    let mut crowd = Crowd::new()?;
    let opening = request(server.address, "/", "");
    for _ in 0..count {
        crowd.add(server.address, Conduct::HONEST, opening.as_bytes())?;
    }
    crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    Ok(crowd.count(|peer| peer.has_ended() && peer.status != Some(101)))
}

/// So many leave, and their `disconnect` panics; tells how many saw nothing of it.
fn in_disconnect(server: &Server, count: usize) -> Result<usize> {
    let mut crowd = Crowd::new()?;
    crowd.join(server.address, count, Conduct::HONEST, PANICS_AT_THE_END)?;
    for peer in &mut crowd.peers {
        peer.disconnect(1000);
    }
    crowd.until(PATIENCE, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    Ok(crowd.closed_with(1000))
}
