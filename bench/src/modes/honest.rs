//! Honest clients beside others: they send by the clock, whether or not the echo before has come, so that a server that
//! stalls is seen to stall for every message of that time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::{Burst, Client, Fleet, Latencies, Percentiles};
use crate::server::Server;

const HONEST: usize = 20;
const SIZE: usize = 64;

/// How often some honest client sends: each a hundred times a second.
const PACE: Duration = Duration::from_micros(500);

/// Has twenty honest clients echo for as long as they are told to, and waits for the last echo.
pub(crate) fn honest(server: &Server, mut goes_on: impl FnMut(Duration) -> bool) -> Result<Percentiles> {
    let mut fleet =
        Fleet::connect(server, 0..HONEST, |client| Arc::new(Burst::new(Opcode::Binary, SIZE, 1, client)))?;
    let mut latencies = Latencies::default();
    let mut on_their_way = vec![VecDeque::new(); HONEST];
    let begun = Instant::now();
    let (mut next, mut sent, mut back) = (begun, 0_usize, 0_usize);
    loop {
        let now = Instant::now();
        let over = !goes_on(now - begun);
        if over && back == sent {
            return Ok(latencies.percentiles());
        }
        if !over && now >= next {
            let client = sent % HONEST;
            on_their_way[client].push_back(Instant::now());
            fleet.clients()[client].send()?;
            sent += 1;
            next += PACE;
        }
        let arrived = |client: &mut Client, count: usize, now: Instant| {
            for sent in on_their_way[client.number()].drain(..count) {
                latencies.add(now.saturating_duration_since(sent), 1);
            }
            back += count;
            Ok(())
        };
        if over {
            fleet.turn(arrived)?;
        } else {
            fleet.turn_within(next.saturating_duration_since(Instant::now()), arrived)?;
        }
    }
}
