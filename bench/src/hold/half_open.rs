//! Half-open peers (N1): their machine is gone from one moment to the next, without a FIN or RST.
//!
//! The peers are in a network namespace of their own, which loses its address: what the server sends is dropped, and
//! nothing comes back. Where namespaces cannot be had, a relay that swallows stands between; then the kernel of the
//! relay still acknowledges what it takes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::crowd::Crowd;
use super::namespace::Namespace;
use super::peer::Conduct;
use super::relay::{Fault, Relay};
use super::scene::{Counts, Holds, Stage, at_rest, beside, gave_back, wait_until};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::{Doing, Result};
use crate::load::frame::Opcode;
use crate::load::request;
use crate::peers::ours::hold::AUDIENCE;
use crate::server::Server;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(10);

/// How often somebody sends to all.
const PACE: Duration = Duration::from_millis(100);

/// What is to be done to them when they are gone.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Traffic {
    Idle,
    Sending,
}

/// Those who are gone, and what keeps them so.
enum Gone<'a> {
    Namespace(&'a Namespace),
    Relay(Relay),
}

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let count = form.pick(1_000, 200);
    let silence = form.pick(Duration::from_secs(2), Duration::from_secs(1));
    let write = form.pick(Duration::from_secs(5), Duration::from_secs(1));
    for traffic in [Traffic::Idle, Traffic::Sending] {
        let namespace = Namespace::new();
        let listen = match &namespace {
            Ok(namespace) => namespace.outside(),
            Err(reason) => {
                sheet.note(format!("no network namespace ({reason}), but a relay that swallows"));
                IpAddr::V4(Ipv4Addr::LOCALHOST)
            }
        };
        let server = Stage::new(threads, Transport::Tcp)?
            .with("WS_SERVER_SILENCE_MAX", silence.as_secs_f64())
            .with("WS_SERVER_WRITE_TIMEOUT", write.as_secs_f64())
            .at(SocketAddr::new(listen, 0))
            .start()?;
        let rest = at_rest(&server, form)?;
        let before = Holds::settled(&server)?;
        let (name, goal) = match traffic {
            Traffic::Idle => ("idle", silence * 3 / 2),
            Traffic::Sending => ("while the server sends", silence.max(write)),
        };
        let was = Counts::of(&server)?;
        let (honest, (took, cut)) = beside(&server, || {
            let (mut crowd, gone) = open(&server, namespace.as_ref().ok(), count)?;
            vanish(&server, &gone, &mut crowd, (traffic, count), goal + 4 * form.grace())
        })?;
        sheet.honest(&format!("{name}, {count} gone"), rest, &honest, RATIO, HONEST);
        sheet.exactly(format!("{name}: cut, each with one disconnect"), cut, count as u64);
        sheet.time_at_most(format!("{name}: the last one after"), took, goal + form.grace());
        gave_back(sheet, &server, before, form.grace())?;
        let counts = Counts::of(&server)?;
        sheet.exactly(
            format!("{name}: disconnect, once for each that was ready"),
            counts.disconnected - was.disconnected,
            counts.ready - was.ready,
        );
    }
    Ok(())
}

/// Connects so many.
fn open<'a>(server: &Server, namespace: Option<&'a Namespace>, count: usize) -> Result<(Crowd, Gone<'a>)> {
    let mut crowd = Crowd::new()?;
    match namespace {
        Some(namespace) => {
            let open = || TcpStream::connect(server.address).doing("connect from inside a namespace");
            let streams = namespace.inside(|| (0..count).map(|_| open()).collect::<Result<Vec<_>>>())?;
            crowd.adopt(streams, &request(server.address, AUDIENCE, ""))?;
            Ok((crowd, Gone::Namespace(namespace)))
        }
        None => {
            let relay = Relay::start(server.address, Fault::None, 1)?;
            crowd.join(relay.address, count, Conduct::HONEST, AUDIENCE)?;
            Ok((crowd, Gone::Relay(relay)))
        }
    }
}

/// Has them gone at once, and waits until the server has noticed; tells how long that took, and how many were cut.
fn vanish(
    server: &Server,
    gone: &Gone<'_>,
    crowd: &mut Crowd,
    (traffic, count): (Traffic, usize),
    limit: Duration,
) -> Result<(Duration, u64)> {
    crowd.idle(Duration::from_millis(100))?;
    let before = Counts::of(server)?.disconnected;
    match gone {
        Gone::Namespace(namespace) => namespace.vanish()?,
        Gone::Relay(relay) => relay.swallow(),
    }
    let begun = Instant::now();
    let mut speaker = Crowd::new()?;
    speaker.join_all(server.address, 1, Conduct::HONEST)?;
    let mut next = begun;
    wait_until(limit, || {
        if traffic == Traffic::Sending && Instant::now() >= next {
            speaker.peers[0].say(Opcode::Text, br#"{"type":"tell","data":"are you there?"}"#);
            next += PACE;
        }
        speaker.turn(Duration::ZERO)?;
        Ok(Counts::of(server)?.disconnected - before >= count as u64)
    })?;
    Ok((begun.elapsed(), Counts::of(server)?.disconnected - before))
}
