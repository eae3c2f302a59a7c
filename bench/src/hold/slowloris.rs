//! Slowloris (A1): thousands of peers that never end their handshake, half of them inside a TLS `ClientHello`.

use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::peer::{Conduct, Peer};
use super::scene::{Holds, Stage, at_rest, beside_with_newcomers};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::Result;
use crate::report::bytes;
use crate::server::Server;

/// How a request begins that never ends.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

/// How a `ClientHello` of 508 bytes begins (RFC 8446 section 4.1.2).
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03slow, slow, slow";

/// How much a handshake that is not done may hold: measured at 10.4 KiB, and 19.4 KiB with TLS.
const EACH: f64 = 15.0 * 1024.0;
const EACH_WITH_TLS: f64 = 30.0 * 1024.0;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(5);
const NEWCOMERS: Duration = Duration::from_millis(100);

/// How long the last of those who come have.
const SETTLING: Duration = Duration::from_secs(1);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let count = form.pick(2_500, 300);
    let timeout = form.pick(Duration::from_secs(10), Duration::from_millis(800));
    for transport in [Transport::Tcp, Transport::Tls] {
        let stage = Stage::new(threads, transport)?
            .with("WS_SERVER_HANDSHAKE_TIMEOUT", timeout.as_secs_f64())
            // So that all of them are held, and nobody is evicted.
            .with("WS_SERVER_MAX_HANDSHAKES", count + 100);
        let server = stage.start()?;
        let (name, opening, each) = match transport {
            Transport::Tcp => ("plain", REQUEST, EACH),
            Transport::Tls => ("TLS", CLIENT_HELLO, EACH_WITH_TLS),
        };
        let rest = at_rest(&server, form)?;
        let (honest, newcomers, held) =
            beside_with_newcomers(&server, || hold(&server, opening, count, timeout + 2 * form.grace()))?;
        sheet.honest(&format!("{name}, {count} held"), rest, &honest, RATIO, HONEST);
        sheet.p99(&format!("{name}, new handshakes"), newcomers?, NEWCOMERS);
        sheet.exactly(format!("{name}, gone at the deadline"), held.gone, count);
        sheet.time_at_most(format!("{name}, the last one"), held.longest, timeout + form.grace());
        sheet.add(
            format!("{name}, memory of each"),
            format!("≤ {}", bytes(each)),
            bytes(held.each),
            held.each <= each,
        );
    }
    crowded(sheet, threads)
}

/// With the default of `max_handshakes`, the oldest give way to whoever comes.
fn crowded(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let (count, most) = form.pick((5_000, 1_024), (300, 64));
    // Slow enough that one who has stalled for a quarter of a second is always there to give way: see `max_handshakes`.
    let rate = 2 * most;
    let server = Stage::new(threads, Transport::Tcp)?.with("WS_SERVER_MAX_HANDSHAKES", most).start()?;
    let rest = at_rest(&server, form)?;
    let (honest, newcomers, evicted) = beside_with_newcomers(&server, || come(&server, count, rate))?;
    let what = format!("{count} come, {rate} a second, for {most} places");
    sheet.honest(&what, rest, &honest, RATIO, HONEST);
    sheet.p99(&format!("{what}: new handshakes"), newcomers?, NEWCOMERS);
    sheet.at_least(format!("{what}: evicted"), evicted, count - most);
    Ok(())
}

struct Held {
    gone: usize,
    longest: Duration,
    /// The memory of each.
    each: f64,
}

/// Connects so many that say a byte now and then, and waits until the server has let go of all.
fn hold(server: &Server, opening: &[u8], count: usize, limit: Duration) -> Result<Held> {
    let mut crowd = Crowd::new()?;
    let before = Holds::settled(server)?;
    for number in 0..count {
        crowd.add(server.address, Conduct::MUTE, opening)?;
        if number % 64 == 0 {
            crowd.turn(Duration::ZERO)?;
        }
    }
    let after = Holds::settled(server)?;
    let begun = Instant::now();
    while begun.elapsed() < limit && crowd.count(|peer| !peer.has_ended()) > 0 {
        crowd.idle(limit / 20)?;
        for peer in crowd.peers.iter_mut().filter(|peer| !peer.has_ended()) {
            peer.send(b"z");
        }
    }
    Ok(Held { gone: crowd.count(Peer::has_ended), longest: crowd.longest(), each: after.each(before, count) })
}

/// So many come and stall, at a steady rate; tells how many gave way to others.
fn come(server: &Server, count: usize, rate: usize) -> Result<usize> {
    let mut crowd = Crowd::new()?;
    let begun = Instant::now();
    while crowd.peers.len() < count {
        let due = (begun.elapsed().as_secs_f64() * rate as f64) as usize;
        while crowd.peers.len() < due.min(count) {
            crowd.add(server.address, Conduct::MUTE, REQUEST)?;
        }
        crowd.turn(Duration::from_millis(5))?;
    }
    crowd.idle(SETTLING)?;
    Ok(crowd.count(Peer::has_ended))
}
