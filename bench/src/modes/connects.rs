//! Connects: TCP connection, opening handshake, closing handshake, in batches that are on their way at once.

use std::io::{Read, Write};
use std::time::Instant;

use super::Amount;
use crate::error::{Doing, Error, Result};
use crate::load::frame::{Opcode, encode};
use crate::load::{KEY, Latencies, Stream, read_answer, send_request};
use crate::measure::Measurement;
use crate::server::Server;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Connects {
    /// How many connections are opened before the first is closed.
    pub(crate) at_once: usize,
}

impl Connects {
    /// Measures connections; the latency is the time from the first packet to the 101.
    pub(crate) fn measure(&self, server: &Server, amount: Amount) -> Result<Measurement> {
        self.run(server, amount.warm_up(), &mut Latencies::default())?;
        Measurement::take(server, |latencies| self.run(server, amount, latencies))
    }

    /// Opens and closes so many connections, unless the time is over first; tells how many they were.
    pub(crate) fn run(&self, server: &Server, amount: Amount, latencies: &mut Latencies) -> Result<u64> {
        let end = Instant::now() + amount.time;
        let mut goodbye = Vec::new();
        encode(Opcode::Close, &1000_u16.to_be_bytes(), KEY, &mut goodbye);
        let mut done = 0;
        while done < amount.messages && Instant::now() < end {
            let mut batch = Vec::with_capacity(self.at_once);
            for number in 0..self.at_once {
                let begun = Instant::now();
                let mut stream = Stream::open(server.address, server.tls.as_ref())?;
                send_request(&mut stream, server.address, &server.path(number))?;
                batch.push((stream, begun));
            }
            for (stream, begun) in &mut batch {
                read_answer(stream)?;
                latencies.add(begun.elapsed(), 1);
            }
            for (stream, _) in &mut batch {
                stream.write_all(&goodbye).and_then(|()| stream.flush()).doing("close a connection")?;
            }
            for (mut stream, _) in batch {
                let mut answer = [0; 64];
                let count = stream.read(&mut answer).doing("wait for the server's goodbye")?;
                // Some servers leave the code out of their answer.
                if !matches!(answer[..count], [0x88, 2, 0x03, 0xE8, ..] | [0x88, 0, ..]) {
                    return Err(Error::Handshake(format!("{:02x?} instead of a goodbye", &answer[..count])));
                }
                done += 1;
            }
        }
        Ok(done)
    }
}
