//! Idle: the memory of a connection that has exchanged a message and then is silent.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Amount, echo};
use crate::error::Result;
use crate::load::frame::Opcode;
use crate::load::{Burst, Fleet, Latencies};
use crate::server::Server;
use crate::usage;

/// How many connections are there before the first measurement: they bring the program and its pools into memory.
const BEFORE: usize = 500;

/// How long the server is left alone before its memory is measured.
const SETTLING: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    pub(crate) connections: usize,
}

/// What one connection holds, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// In the server's process.
    pub(crate) user: f64,
    /// In the kernel, for both ends of the connection.
    pub(crate) kernel: f64,
}

impl Idle {
    /// Measures what each connection adds.
    pub(crate) fn measure(&self, server: &Server) -> Result<Memory> {
        let _before = open(server, 0..BEFORE)?;
        let (user, kernel) = memory(server)?;
        let _idle = open(server, BEFORE..BEFORE + self.connections)?;
        let (user_after, kernel_after) = memory(server)?;
        let each = |before: u64, after: u64| (after as f64 - before as f64) / self.connections as f64;
        Ok(Memory { user: each(user, user_after), kernel: each(kernel, kernel_after) })
    }
}

/// Connections that have each had one message echoed.
fn open(server: &Server, numbers: Range<usize>) -> Result<Fleet> {
    let mut fleet =
        Fleet::connect(server, numbers, |client| Arc::new(Burst::new(Opcode::Binary, 64, 1, client)))?;
    echo::run(&mut fleet, Amount::ONCE, &mut Latencies::default())?;
    Ok(fleet)
}

fn memory(server: &Server) -> Result<(u64, u64)> {
    std::thread::sleep(SETTLING);
    Ok((usage::resident(server.process())?, usage::kernel_memory()?))
}
