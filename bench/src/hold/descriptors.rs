//! Descriptors exhausted (A8): a thousand clients knock at a server that may open few, or none at all.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::crowd::Crowd;
use super::peer::Conduct;
use super::scene::{Holds, Stage, accepts, at_rest, beside, wait_until};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::{Doing, Error, Result};
use crate::load::{Stream, read_answer, request, send_request};
use crate::server::Server;
use crate::usage::{Usage, descriptors};

/// How many descriptors the server may have.
const LIMIT: usize = 256;

const RATIO: f64 = 2.0;
const HONEST: Duration = Duration::from_millis(5);

/// The share of one processor that refusing may take.
const CPU: f64 = 0.05;

/// How soon the server accepts again.
const AGAIN: Duration = Duration::from_secs(1);

/// After how long one who was refused knocks again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let (count, time) = form.pick((1_000, Duration::from_secs(30)), (400, Duration::from_secs(2)));
    let mut server = Stage::new(threads, Transport::Tcp)?.with_descriptors(LIMIT).start()?;
    let rest = at_rest(&server, form)?;
    let calm = Holds::settled(&server)?.descriptors;
    let before = Usage::of(server.process())?;
    let (honest, most) = beside(&server, || knock(&server, count, time))?;
    let used = Usage::of(server.process())? - before;
    let what = format!("{count} knock at a server of {LIMIT} descriptors");
    sheet.honest(&what, rest, &honest, RATIO, HONEST);
    sheet.add("descriptors, at most", format!("≤ {LIMIT}"), most.to_string(), most <= LIMIT);
    sheet.note(format!(
        "the server, honest clients included, took {:.1} % of a processor meanwhile",
        100.0 * used.cpu.as_secs_f64() / time.as_secs_f64()
    ));
    // Those who knocked have left.
    wait_until(AGAIN * 5, || Ok(descriptors(server.process())? <= calm))?;
    exhausted(sheet, &server, time)?;
    sheet.exactly("the server ended", server.wait(Duration::ZERO)?.is_some(), false);
    Ok(())
}

/// The server's limit falls to what it has, so that each `accept` fails, and rises again.
fn exhausted(sheet: &mut Sheet, server: &Server, time: Duration) -> Result<()> {
    let mut echo = Stream::open(server.address, None)?;
    send_request(&mut echo, server.address, "/")?;
    read_answer(&mut echo)?;
    limit(server, descriptors(server.process())?)?;
    let before = Usage::of(server.process())?;
    let mut crowd = Crowd::new()?;
    let opening = request(server.address, "/", "");
    for _ in 0..100 {
        crowd.add(server.address, Conduct::HONEST, opening.as_bytes())?;
    }
    let begun = Instant::now();
    crowd.idle(time)?;
    let share = (Usage::of(server.process())? - before).cpu.as_secs_f64() / begun.elapsed().as_secs_f64();
    let waiting = crowd.count(|peer| peer.status.is_none() && !peer.has_ended());
    // One or the other descriptor may have been free.
    sheet.at_least("no descriptor left: 100 come, and wait", waiting, 90);
    let goal = sheet.form.pick(CPU, 2.0 * CPU);
    sheet.add(
        "no descriptor left: processor time",
        format!("≤ {:.0} %", 100.0 * goal),
        format!("{:.1} %", 100.0 * share),
        share <= goal,
    );
    sheet.is_noisy();
    limit(server, LIMIT)?;
    let begun = Instant::now();
    crowd.until(AGAIN * 5, |crowd| crowd.peers.iter().all(|peer| peer.status.is_some()))?;
    sheet.exactly("descriptors free again: admitted", crowd.count(|peer| peer.status == Some(101)), 100);
    sheet.time_at_most("descriptors free again: all admitted after", begun.elapsed(), AGAIN);
    drop(crowd);
    let took = wait_until(AGAIN * 5, || Ok(accepts(server.address)))?;
    sheet.exactly("accepts afterwards", took.is_some(), true);
    Ok(())
}

/// Sets how many descriptors the server may have from now on.
fn limit(server: &Server, count: usize) -> Result<()> {
    let process = i32::try_from(server.process()).ok().and_then(Pid::from_raw);
    let process = process.ok_or(Error::Handshake("no process".to_owned()))?;
    let limit = Rlimit { current: Some(count as u64), maximum: Some(LIMIT as u64) };
    prlimit(Some(process), Resource::Nofile, limit).map(drop).doing("limit the descriptors of the server")
}

/// So many try to come in for a time; who is refused comes again. Tells how many descriptors the server had at most.
fn knock(server: &Server, count: usize, time: Duration) -> Result<usize> {
    let mut crowd = Crowd::new()?;
    let opening = request(server.address, "/", "");
    let (begun, mut most) = (Instant::now(), 0);
    for _ in 0..count {
        crowd.add(server.address, Conduct::HONEST, opening.as_bytes())?;
    }
    while begun.elapsed() < time {
        crowd.idle(PAUSE / 20)?;
        most = most.max(descriptors(server.process())?);
        for at in 0..count {
            if crowd.peers[at].lasted().is_some() && crowd.peers[at].begun.elapsed() > PAUSE {
                crowd.replace(at, server.address, Conduct::HONEST, opening.as_bytes())?;
            }
        }
    }
    Ok(most)
}
