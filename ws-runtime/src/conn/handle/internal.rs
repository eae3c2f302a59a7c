//! The methods of a connection's handle for this crate itself.

use std::io;
use std::sync::Arc;

use super::Conn;
use crate::conn::dispatch::catch_now;
use crate::conn::send::{CancelLevel, CorkedFrames, Deflation, Phase, SendGuard, SendLock, SendPath};
use crate::event::{Close, ClosedBy};
use crate::transport::WriteHalf;
use crate::wire::Agreement;

impl Conn {
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

    /// The lock of the send path.
    #[inline]
    pub(in crate::conn) fn send_lock(&self) -> &SendLock {
        &self.0.send_path
    }

    /// Moves what this connection's own task has corked to the outbox, as it was accepted before.
    #[inline]
    pub(in crate::conn) fn take_corked(&self, send_path: &mut SendPath) {
        if self.corked().is_corked() {
            self.corked().take(|frames| send_path.queue(frames));
            // The holder of the lock may not write, and the task may not look again by itself.
            send_path.wake();
        }
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

    /// Charges an error reply that the runtime makes. Returns false if the peer has had too many.
    pub(in crate::conn) fn allows_error(&self) -> bool {
        self.0.errors.charge(self.server().alarms().now().micros())
    }

    /// How many bytes wait to be written.
    pub(crate) fn unwritten(&self) -> usize {
        self.send_path().unwritten()
    }

    pub(crate) fn max_outbox(&self) -> usize {
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
