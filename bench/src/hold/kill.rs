//! Storm after SIGKILL (A10): the server dies under thousands of clients, starts again, and all come back at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use ws_runtime::rustls::ClientConfig;

use super::crowd::Crowd;
use super::peer::Conduct;
use super::random::Random;
use super::scene::{Stage, at_rest, beside};
use super::sheet::Sheet;
use crate::args::Transport;
use crate::error::Result;
use crate::load::{Stream, read_answer, send_request};
use crate::server::Server;

/// How many threads the clients that come back have: as many handshakes are on their way at once.
const THREADS: usize = 64;

const HONEST: Duration = Duration::from_millis(50);

/// After how long somebody who failed tries again.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn run(sheet: &mut Sheet, threads: usize) -> Result<()> {
    let form = sheet.form;
    let count = form.pick(10_000, 1_000);
    let jitter = form.pick(Duration::from_secs(5), Duration::from_secs(1));
    for (transport, name, goal) in [(Transport::Tcp, "plain", 15), (Transport::Tls, "TLS", 30)] {
        // Of those with TLS, a short run has fewer: its client's handshakes cost as much as the server's.
        let count = if transport == Transport::Tls { form.pick(count, count / 4) } else { count };
        let goal = Duration::from_secs(goal);
        let stage = Stage::new(threads, transport)?;
        let mut first = stage.start()?;
        let mut crowd = Crowd::new()?;
        if transport == Transport::Tcp {
            crowd.join_all(first.address, count, Conduct::HONEST)?;
        }
        first.signal(Signal::KILL)?;
        let begun = Instant::now();
        first.wait(Duration::from_secs(10))?;
        let server = stage.at(first.address).start()?;
        sheet.time_at_most(format!("{name}: listens again after"), begun.elapsed(), form.grace());
        drop(crowd);
        let rest = at_rest(&server, form)?;
        let (honest, back) = beside(&server, || storm(&server, count, jitter, goal))?;
        sheet.honest(&format!("{name}: those already in"), rest, &honest, f64::INFINITY, HONEST);
        sheet.at_least(format!("{name}: back, of {count}"), back.back, count - count / 100);
        sheet.time_at_most(
            format!("{name}: 99 % back after, jitter of {jitter:.0?} included"),
            back.took,
            goal,
        );
        if back.failed > 0 {
            sheet.note(format!("{name}: {} attempts failed, and were made again", back.failed));
        }
    }
    Ok(())
}

struct Back {
    back: usize,
    failed: usize,
    /// Until 99 % were back.
    took: Duration,
}

/// So many come back, each after a random part of the jitter.
fn storm(server: &Server, count: usize, jitter: Duration, limit: Duration) -> Result<Back> {
    let mut random = Random::new(count as u64);
    let mut times: Vec<_> = (0..count).map(|_| jitter.mul_f64(random.share())).collect();
    times.sort_unstable();
    let (next, back, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let took = std::sync::Mutex::new(limit);
    let begun = Instant::now();
    let enough = count - count / 100;
    let clients: Vec<Stream> = thread::scope(|scope| {
        let one = || {
            let mut clients = Vec::new();
            while let Some(time) = times.get(next.fetch_add(1, Ordering::Relaxed)) {
                thread::sleep(time.saturating_sub(begun.elapsed()));
                while begun.elapsed() < limit {
                    if let Ok(stream) = come(server.address, server.tls.as_ref()) {
                        clients.push(stream);
                        if back.fetch_add(1, Ordering::Relaxed) + 1 == enough {
                            *took.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = begun.elapsed();
                        }
                        break;
                    }
                    failed.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
            }
            clients
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(one)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    drop(clients);
    let took = *took.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Back { back: back.into_inner(), failed: failed.into_inner(), took })
}

fn come(address: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Result<Stream> {
    let mut stream = Stream::open(address, tls)?;
    send_request(&mut stream, address, "/")?;
    read_answer(&mut stream)?;
    Ok(stream)
}
