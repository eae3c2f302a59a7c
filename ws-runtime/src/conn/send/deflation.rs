//! Compresses messages to one peer, if permessage-deflate was negotiated.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Bound, runs_task_of};
use crate::conn::{Conn, SendError};
use crate::options::Options;
use crate::wire::{Agreement, Deflater, Form, FrameKind, Payload};

/// How messages to one peer are compressed.
pub(in crate::conn) struct Deflation {
    form: Form,
    min_size: usize,
    /// With context takeover: the compressor, whose window holds earlier messages.
    ///
    /// Locked from before a message is compressed until it is queued, as messages must be queued in the order in which
    /// they were compressed. Lock order: this one before that of the send path.
    context: Option<Mutex<Deflater>>,
}

impl Deflation {
    pub(in crate::conn) fn new(agreement: Agreement, options: &Options) -> Self {
        let level = u32::try_from(options.compression_level).unwrap_or(1);
        Self {
            form: agreement.form(level),
            min_size: options.compression_min_size,
            context: agreement.deflater(level).map(Mutex::new),
        }
    }

    /// Whether messages of this size are compressed.
    pub(in crate::conn) fn is_for(&self, size: usize) -> bool {
        size >= self.min_size.max(1)
    }

    /// The form of what is compressed for more than this connection.
    pub(in crate::conn) fn form(&self) -> Form {
        self.form
    }

    /// Compresses a message and queues it; queues the message itself if compression does not make it smaller.
    pub(in crate::conn) fn push(
        &self,
        conn: &Conn,
        kind: FrameKind,
        payload: &mut Payload<'_>,
        bound: Bound,
    ) -> Result<(), SendError> {
        let Some(mut context) = self.lock() else {
            let deflated = self.form.deflate(payload.as_slice());
            return conn.push_smaller(kind, payload, deflated, bound);
        };
        if conn.send_lock().holds_back() && !runs_task_of(conn) {
            // The task may send other messages before this one. It must refer to none, nor may those to it.
            let deflated = self.form.deflate(payload.as_slice());
            return conn.push_smaller(kind, payload, deflated, bound);
        }
        let deflated = context.deflate(payload.as_slice());
        let is_smaller = deflated.len() < payload.as_slice().len();
        let pushed = conn.push_smaller(kind, payload, deflated, bound);
        if !is_smaller || pushed.is_err() {
            // The peer will not see what is in our window now.
            context.forget();
        }
        pushed
    }

    /// Queues a frame that was compressed for several connections, or those that were held back.
    pub(in crate::conn) fn push_shared(
        &self,
        push: impl FnOnce() -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let context = self.lock();
        let pushed = push();
        if let Some(mut context) = context {
            // The peer's window now holds a message that ours does not.
            context.forget();
        }
        pushed
    }

    fn lock(&self) -> Option<MutexGuard<'_, Deflater>> {
        Some(self.context.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Conn {
    fn push_smaller(
        &self,
        kind: FrameKind,
        payload: &mut Payload<'_>,
        deflated: Vec<u8>,
        bound: Bound,
    ) -> Result<(), SendError> {
        if deflated.len() < payload.as_slice().len() {
            self.push_frame(kind.deflated(), &mut Payload::Owned(deflated.into()), bound)?;
            self.count_sent(kind, payload.as_slice().len());
            Ok(())
        } else {
            self.push_frame(kind, payload, bound)
        }
    }
}
