//! Claimed lengths (A3): peers announce the largest legal frame and stop, or one byte more, or a length that wraps.

use std::time::Duration;

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::scene::{Holds, Stage, at_rest, beside, gave_back};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::Result;
use crate::server::Server;

/// The default of `max_recv_size`.
const LARGEST: u64 = 64 * 1024;

/// What each may hold: measured at 14.9 KiB resident and 268 KiB reserved.
const EACH: f64 = 20.0 * 1024.0;
const EACH_RESERVED: f64 = 320.0 * 1024.0;

/// RFC 6455 section 7.4.1.
const PROTOCOL: u16 = 1002;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(5);

/// The header of a binary frame, masked, that announces so many bytes, of which none follows.
fn header(length: u64) -> Vec<u8> {
    let mut header = vec![0x82, 0xFF];
    header.extend(length.to_be_bytes());
    header.extend([1, 2, 3, 4]);
    header
}

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let count = form.pick(5_000, 500);
    let timeout = form.pick(Duration::from_secs(5), Duration::from_secs(1));
    let server = Stage::new(threads, Transport::Tcp)?
        .with("WS_SERVER_ASSEMBLY_TIMEOUT", timeout.as_secs_f64())
        // They answer no pings; it is the incomplete message that is to end them.
        .with("WS_SERVER_SILENCE_MAX", 0)
        .start()?;
    let rest = at_rest(&server, form)?;
    let before = Holds::settled(&server)?;
    let (honest, claimed) = beside(&server, || claim(&server, count, timeout + 2 * form.grace()))?;
    sheet.honest(&format!("{count} that stop after a header"), rest, &honest, RATIO, HONEST);
    sheet.bytes_at_most("memory of each", claimed.after.each(claimed.before, count), EACH);
    let reserved = claimed.after.reserved as f64 - claimed.before.reserved as f64;
    sheet.bytes_at_most("address space of each", reserved / count as f64, EACH_RESERVED);
    sheet.exactly(format!("ended with {POLICY} by the deadline of a message"), claimed.ended, count);
    for (what, length, code) in [
        ("one byte over the limit", LARGEST + 1, TOO_BIG),
        ("4 GiB", 1 << 32, TOO_BIG),
        ("a length that wraps", i64::MAX as u64, TOO_BIG),
        ("a length with its highest bit set", u64::MAX, PROTOCOL),
    ] {
        let peers = form.pick(100, 20);
        let refused = refuse(&server, peers, length)?;
        sheet.exactly(format!("{what}: refused with {code}, before any payload"), refused(code), peers);
    }
    gave_back(sheet, &server, before, form.grace() * 2)
}

struct Claimed {
    before: Holds,
    after: Holds,
    ended: usize,
}

/// Announces the largest legal message, and waits for the end.
fn claim(server: &Server, count: usize, limit: Duration) -> Result<Claimed> {
    let mut crowd = Crowd::new()?;
    crowd.join_all(server.address, count, Conduct::HONEST)?;
    let before = Holds::settled(server)?;
    for peer in &mut crowd.peers {
        peer.send(&header(LARGEST));
    }
    let after = Holds::settled(server)?;
    crowd.until(limit, |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    Ok(Claimed { before, after, ended: crowd.closed_with(POLICY) })
}

/// Announces such a length; gives what tells how many were closed with a code.
fn refuse(server: &Server, count: usize, length: u64) -> Result<impl Fn(u16) -> usize> {
    let mut crowd = Crowd::new()?;
    crowd.join_all(server.address, count, Conduct::HONEST)?;
    for peer in &mut crowd.peers {
        peer.send(&header(length));
    }
    crowd.until(Duration::from_secs(2), |crowd| crowd.peers.iter().all(Peer::has_ended))?;
    Ok(move |code| crowd.closed_with(code))
}
