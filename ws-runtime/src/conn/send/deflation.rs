//! Compressing what one connection is sent, where permessage-deflate was negotiated.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Bound;
use crate::conn::{Conn, SendError};
use crate::options::Options;
use crate::wire::{Agreement, Deflater, Form, FrameKind, Payload};

/// How messages to one peer are compressed.
pub(in crate::conn) struct Deflation {
    form: Form,
    min_size: usize,
    /// With context takeover: what has been sent so far, which the next message may refer to.
    ///
    /// Locked from before a message is compressed until it is queued, as both must happen in the same order; taken
    /// before the send_path's lock, never after it.
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

    /// Whether a message of that size is worth the work.
    pub(in crate::conn) fn is_for(&self, size: usize) -> bool {
        size >= self.min_size.max(1)
    }

    /// The form of what is compressed for more than this connection.
    pub(in crate::conn) fn form(&self) -> Form {
        self.form
    }

    /// Compresses a message and queues it; as it is, if that makes it no smaller.
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
        let deflated = context.deflate(payload.as_slice());
        let is_smaller = deflated.len() < payload.as_slice().len();
        let pushed = conn.push_smaller(kind, payload, deflated, bound);
        if !is_smaller || pushed.is_err() {
            // The peer never sees what the context remembers.
            context.forget();
        }
        pushed
    }

    /// Queues what was compressed for others too.
    pub(in crate::conn) fn push_shared(
        &self,
        push: impl FnOnce() -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let context = self.lock();
        let pushed = push();
        if let Some(mut context) = context {
            // The peer's window now begins with something that the context does not know.
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
            self.push_frame(kind.deflated(), &mut Payload::Owned(deflated.into()), bound)
        } else {
            self.push_frame(kind, payload, bound)
        }
    }
}
