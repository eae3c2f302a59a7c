//! The methods of a connection's handle for this crate itself.

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
    /// Sends what a handler returned. What the reply borrows from `message` is shared, not copied.
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
            // A peer that is gone or too slow is not the handler's fault. Its connection ends anyway.
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

    /// Whether the connection has ended already.
    pub(in crate::conn) fn is_cut(&self) -> bool {
        self.phase() == Phase::Gone
    }

    /// Wakes its task, to check its deadlines.
    pub(crate) fn wake(&self) {
        self.send_path().wake();
    }

    /// Handles what has arrived, then closes with 1001.
    pub(crate) fn finish(&self) {
        self.send_path().finish();
    }

    /// Ends the connection at once and cancels its handlers except `disconnect`: `shutdown_timeout` has passed.
    pub(crate) fn abort(&self) {
        self.send_path().abort(CancelLevel::Handlers);
    }

    /// Ends the connection at once and cancels `disconnect` too: its grace period has passed.
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

    /// Takes a frame for sending. What it leaves of the payload is dropped by the caller, without a lock.
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

    /// Pushes to the outbox, and writes it or leaves that to the cork.
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

    /// Drops users' buffers that were written or discarded; returns whether there were any. Only the connection's task
    /// calls it, without a lock.
    #[inline]
    pub(in crate::conn) fn drop_discarded(&self) -> bool {
        let has_discarded = self.0.send_path.has_discarded();
        if has_discarded {
            let discarded = self.0.send_path.with(SendPath::take_discarded);
            discarded.into_iter().flat_map(|discarded| discarded.0).for_each(|bytes| {
                // A panic in a buffer's destructor ends nothing else. The panic hook has run.
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

    /// Opens the send path. The 101 is the first thing in it.
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

    /// Locks the send path, and moves the corked frames into it: they were accepted before.
    #[inline]
    pub(in crate::conn) fn send_path(&self) -> SendGuard<'_> {
        let mut send_path = self.0.send_path.lock();
        self.take_corked(&mut send_path);
        send_path
    }

    /// Moves what this connection's own task has corked to the outbox, as it was accepted before.
    #[inline]
    fn take_corked(&self, send_path: &mut SendPath) {
        if self.corked().is_corked() {
            self.corked().take(|frames| send_path.queue(frames));
            // The holder of the lock may not write, and the task may not look again by itself.
            send_path.wake();
        }
    }

    /// Writes what waits, except what this connection's own task has corked.
    #[inline]
    pub(in crate::conn) fn uncork(&self) {
        self.0.send_path.with(SendPath::uncork);
    }

    /// Writes what waits and what is corked. Only this connection's own task calls it.
    #[inline]
    pub(in crate::conn) fn poll_write(&self, cx: &mut Context<'_>, insist: Insist) -> Written {
        write_own(self, &self.0.send_path, cx, insist)
    }

    /// The frames that this connection's own task has corked.
    #[inline]
    pub(in crate::conn) fn corked(&self) -> &CorkedFrames {
        &self.0.corked
    }

    /// Whether messages can be sent and nothing waits before them. Read without the lock, so it may be out of date.
    #[inline]
    pub(in crate::conn) fn is_free(&self) -> bool {
        self.0.send_path.is_free()
    }

    pub(in crate::conn) fn max_outbox(&self) -> usize {
        self.server().options().max_outbox
    }

    /// Whether the outbox is over its limit. Read without the lock.
    pub(in crate::conn) fn is_overfull(&self) -> bool {
        self.0.send_path.is_overfull()
    }

    /// The phase of the connection. Read without the lock.
    pub(in crate::conn) fn phase(&self) -> Phase {
        self.0.send_path.phase()
    }

    /// Whether there is something to write. Read without the lock.
    pub(in crate::conn) fn has_unwritten(&self) -> bool {
        self.0.send_path.has_unwritten()
    }

    /// Identifies the connection as long as a handle exists.
    pub(in crate::conn) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}
