//! What the crate itself does with a connection's handle.

use std::io;
use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;

use super::{Conn, SendError};
use crate::conn::dispatch::catch_now;
use crate::conn::send::{
    Bound, CancelLevel, CorkedFrames, Deflation, Phase, SendGuard, SendPath, Written, cork_own, defer_write,
    write_own,
};
use crate::event::{Close, ClosedBy, Failure, Outcome, Outgoing, Reply};
use crate::transport::{Insist, WriteHalf};
use crate::wire::{self, Agreement, FrameKind, Payload};

impl Conn {
    /// Sends what a handler returned; what it borrows from `message` is shared.
    #[inline]
    pub(crate) fn send_reply(&self, reply: Reply<'_>, message: Option<&Bytes>) -> Outcome {
        let (kind, payload) = match reply.0 {
            Outgoing::Nothing => return Ok(()),
            Outgoing::Text(text) => (FrameKind::Text, text.into_payload()),
            Outgoing::Binary(data) => (FrameKind::Binary, data.0),
            Outgoing::Failed(failure) => return Err(failure),
        };
        let sent = self.send_message(kind, payload.part_of(message), Bound::Peer);
        match sent {
            // That the peer is gone or too slow is no fault of the handler; its connection ends anyway.
            Ok(()) | Err(SendError::Gone | SendError::Slow { .. }) => Ok(()),
            Err(error @ SendError::Full { .. }) => {
                tracing::debug!(conn = self.id(), %error, "reply dropped");
                Ok(())
            }
            Err(error) => Err(Failure::new(error)),
        }
    }

    /// Ends the connection at once, without a Close frame.
    pub(crate) fn cut(&self, by: ClosedBy) {
        self.send_path().cut(Close::abnormal(by));
    }

    /// Whether the connection was ended already.
    pub(in crate::conn) fn is_cut(&self) -> bool {
        self.phase() == Phase::Gone
    }

    /// Has its task look at the clock.
    pub(crate) fn wake(&self) {
        self.send_path().wake();
    }

    /// Handles what has arrived, then says goodbye with 1001.
    pub(crate) fn finish(&self) {
        self.send_path().finish();
    }

    /// Ends the connection at once, and a handler that still runs on it with it: the shutdown's cancel_level is over.
    pub(crate) fn abort(&self) {
        self.send_path().abort(CancelLevel::Handlers);
    }

    /// The same for a `disconnect` handler, which has had a moment more.
    pub(crate) fn abandon(&self) {
        self.send_path().abort(CancelLevel::Everything);
    }

    #[inline]
    pub(in crate::conn) fn send_message(
        &self,
        kind: FrameKind,
        mut payload: Payload<'_>,
        bound: Bound,
    ) -> Result<(), SendError> {
        let size = payload.as_slice().len();
        self.check_size(size)?;
        match self.deflation() {
            Some(deflation) if deflation.is_for(size) => deflation.push(self, kind, &mut payload, bound),
            Some(_) | None => self.push_frame(kind, &mut payload, bound),
        }
    }

    pub(in crate::conn) fn send_control(
        &self,
        kind: FrameKind,
        mut payload: Payload<'_>,
    ) -> Result<(), SendError> {
        let size = payload.as_slice().len();
        if size > wire::MAX_CONTROL {
            return Err(SendError::ControlTooLarge { size });
        }
        self.push_frame(kind, &mut payload, Bound::Outbox)
    }

    /// Takes a frame for sending. What it leaves of the payload is dropped by the caller, where no lock is held.
    #[inline]
    pub(in crate::conn) fn push_frame(
        &self,
        kind: FrameKind,
        payload: &mut Payload<'_>,
        bound: Bound,
    ) -> Result<(), SendError> {
        if cork_own(self, kind, payload) {
            return Ok(());
        }
        self.push(|send_path| send_path.push(kind, payload, bound))
    }

    /// Pushes to the outbox, and sees to it that it is written.
    pub(in crate::conn) fn push(
        &self,
        push: impl FnOnce(&mut SendPath) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        self.0.send_path.with(|send_path| {
            self.take_corked(send_path);
            push(send_path)?;
            if !defer_write(self, send_path) {
                send_path.write_now();
            }
            Ok(())
        })
    }

    /// Drops what was lent and is sent, or never will be. For the connection's task, which holds no lock.
    #[inline]
    pub(in crate::conn) fn drop_discarded(&self) -> bool {
        let has_discarded = self.0.send_path.has_discarded();
        if has_discarded {
            let discarded = self.0.send_path.with(SendPath::take_discarded);
            discarded.into_iter().flat_map(|discarded| discarded.0).for_each(|bytes| {
                // Nobody else is to suffer from a panic there; the panic hook was told.
                let _ = catch_now(|| drop(bytes));
            });
        }
        has_discarded
    }

    #[inline]
    pub(in crate::conn) fn check_size(&self, size: usize) -> Result<(), SendError> {
        let max = self.max_send_size();
        if size > max { Err(SendError::TooLarge { size, max }) } else { Ok(()) }
    }

    /// Opens the way out, with the 101 before all else.
    pub(in crate::conn) fn become_ready(
        &self,
        socket: WriteHalf,
        accepted: Vec<u8>,
        agreement: Option<Agreement>,
    ) {
        if let Some(agreement) = agreement {
            self.0.deflation.get_or_init(|| Deflation::new(agreement, self.server().options()).into());
        }
        let ready = self.send_path().become_ready(socket, accepted);
        self.log_nodelay(ready);
    }

    pub(in crate::conn) fn log_nodelay(&self, set: io::Result<()>) {
        if let Err(error) = set {
            tracing::debug!(conn = self.id(), %error, "TCP_NODELAY was not set");
        }
    }

    pub(in crate::conn) fn deflation(&self) -> Option<&Deflation> {
        self.0.deflation.get().map(|deflation| &**deflation)
    }

    /// Locks the way out, with all in it that was accepted before.
    #[inline]
    pub(in crate::conn) fn send_path(&self) -> SendGuard<'_> {
        let mut send_path = self.0.send_path.lock();
        self.take_corked(&mut send_path);
        send_path
    }

    /// Takes what this connection's own task has corked along, as it was accepted before.
    #[inline]
    fn take_corked(&self, send_path: &mut SendPath) {
        if self.corked().is_corked() {
            self.corked().take(|frames| send_path.queue(frames));
            // Whoever holds the lock need not write, and the connection's task may have looked already.
            send_path.wake();
        }
    }

    /// Writes what waits, without what this connection's own task has corked.
    #[inline]
    pub(in crate::conn) fn uncork(&self) {
        self.0.send_path.with(SendPath::uncork);
    }

    /// Has this connection's own task write what waits, and what it has corked.
    #[inline]
    pub(in crate::conn) fn poll_write(&self, cx: &mut Context<'_>, insist: Insist) -> Written {
        write_own(self, &self.0.send_path, cx, insist)
    }

    /// What this connection's own task has corked.
    #[inline]
    pub(in crate::conn) fn corked(&self) -> &CorkedFrames {
        &self.0.corked
    }

    /// Whether messages can be sent and nothing waits before them, or was so a moment ago.
    #[inline]
    pub(in crate::conn) fn is_free(&self) -> bool {
        self.0.send_path.is_free()
    }

    pub(in crate::conn) fn max_outbox(&self) -> usize {
        self.server().options().max_outbox
    }

    /// Whether more waits than should, or did a moment ago.
    pub(in crate::conn) fn is_overfull(&self) -> bool {
        self.0.send_path.is_overfull()
    }

    /// How far the connection has come, or had a moment ago.
    pub(in crate::conn) fn phase(&self) -> Phase {
        self.0.send_path.phase()
    }

    /// Whether there is something to write, or was a moment ago.
    pub(in crate::conn) fn has_unwritten(&self) -> bool {
        self.0.send_path.has_unwritten()
    }

    /// Tells connections apart, as long as they live.
    pub(in crate::conn) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}
