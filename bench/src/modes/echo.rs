//! Echo: each connection sends a burst of messages in one write, waits until the last one is back, and sends the next.

use std::sync::Arc;
use std::time::Instant;

use super::Amount;
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::{Burst, Fleet, Latencies};
use crate::measure::Measurement;
use crate::server::Server;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Echo {
    pub(crate) connections: usize,
    /// Bytes of payload of each message.
    pub(crate) size: usize,
    /// Messages of a burst.
    pub(crate) depth: usize,
    pub(crate) opcode: Opcode,
}

impl Echo {
    /// Measures echoes.
    pub(crate) fn measure(&self, server: &Server, amount: Amount) -> Result<Measurement> {
        let mut fleet = self.connect(server)?;
        run(&mut fleet, amount.warm_up(), &mut Latencies::default())?;
        Measurement::take(server, |latencies| run(&mut fleet, amount, latencies))
    }

    /// Opens the connections.
    pub(crate) fn connect(&self, server: &Server) -> Result<Fleet> {
        Fleet::connect(server, 0..self.connections, |client| {
            Arc::new(Burst::new(self.opcode, self.size, self.depth, client))
        })
    }
}

/// Keeps every client echoing until so many messages are back, and waits for the last of them.
pub(crate) fn run(fleet: &mut Fleet, amount: Amount, latencies: &mut Latencies) -> Result<u64> {
    let end = Instant::now() + amount.time;
    let (mut sent, mut back) = (0, 0);
    for client in fleet.clients() {
        sent += client.send()?;
    }
    while back < sent {
        fleet.turn(|client, arrived, now| {
            back += arrived as u64;
            latencies.add(now.saturating_duration_since(client.sent()), arrived);
            if client.waiting() == 0 && sent < amount.messages && now < end {
                sent += client.send()?;
            }
            Ok(())
        })?;
    }
    Ok(back)
}
