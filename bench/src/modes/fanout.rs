//! Fan-out: one connection sends a burst of messages, which the server sends on to all, the sender included. When every
//! connection has got all of them, the next burst is sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Amount;
use crate::error::{Error, Result};
use crate::load::frame::Opcode;
use crate::load::{Burst, Fleet, Latencies};
use crate::measure::Measurement;
use crate::server::Server;

/// How long a server has to list the connections that it has admitted.
const SETTLING: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fanout {
    pub(crate) subscribers: usize,
    /// Bytes of payload of each message.
    pub(crate) size: usize,
    /// Messages of a burst.
    pub(crate) in_flight: usize,
    pub(crate) opcode: Opcode,
}

impl Fanout {
    /// Measures deliveries: a message to a thousand subscribers is a thousand of them.
    pub(crate) fn measure(&self, server: &Server, amount: Amount) -> Result<Measurement> {
        let mut fleet = self.subscribe(server)?;
        run(&mut fleet, amount.warm_up(), &mut Latencies::default())?;
        Measurement::take(server, |latencies| run(&mut fleet, amount, latencies))
    }

    /// Opens the connections and sees that each gets a burst.
    ///
    /// Many servers answer the handshake a little before they list the connection, and a message of that time does not
    /// reach it: then all is begun anew, with more time.
    pub(crate) fn subscribe(&self, server: &Server) -> Result<Fleet> {
        let burst = Arc::new(Burst::new(self.opcode, self.size, self.in_flight, 0));
        let mut settling = SETTLING;
        loop {
            let mut fleet = Fleet::connect(server, 0..self.subscribers, |_| Arc::clone(&burst))?;
            std::thread::sleep(settling);
            match run(&mut fleet, Amount::ONCE, &mut Latencies::default()) {
                Ok(_) => return Ok(fleet),
                Err(Error::Lost { .. }) if settling < SETTLING * 10 => settling *= 4,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Sends bursts until so many messages are delivered; tells how many were.
pub(crate) fn run(fleet: &mut Fleet, amount: Amount, latencies: &mut Latencies) -> Result<u64> {
    let end = Instant::now() + amount.time;
    let mut delivered = 0;
    loop {
        let sent = Instant::now();
        let mut missing = 0;
        for client in fleet.clients() {
            missing += client.expect(sent);
        }
        if let Some(publisher) = fleet.clients().first_mut() {
            publisher.begin()?;
        }
        delivered += missing;
        while missing > 0 {
            fleet.turn(|client, arrived, now| {
                missing -= arrived as u64;
                latencies.add(now.saturating_duration_since(client.sent()), arrived);
                Ok(())
            })?;
        }
        if delivered >= amount.messages || Instant::now() >= end {
            return Ok(delivered);
        }
    }
}
