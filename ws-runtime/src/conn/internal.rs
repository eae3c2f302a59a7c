//! What the crate itself does with a connection's handle.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::cork::Cork;
use super::deflation::Deflation;
use super::handlers::catch_now;
use super::outlet::{Bound, Outlet, OutletGuard, Patience, Phase};
use super::{Conn, SendError, gathering};
use crate::event::{Answer, Close, ClosedBy, Failure, Outcome, Reply};
use crate::transport::WriteHalf;
use crate::wire::{self, Agreement, Kind, Payload};

impl Conn {
    /// Sends what a handler returned; what it borrows from `message` is shared.
    #[inline]
    pub(crate) fn answer(&self, reply: Reply<'_>, message: Option<&Bytes>) -> Outcome {
        let (kind, payload) = match reply.0 {
            Answer::Nothing => return Ok(()),
            Answer::Text(text) => (Kind::Text, text.into_payload()),
            Answer::Binary(data) => (Kind::Binary, data.0),
            Answer::Failed(failure) => return Err(failure),
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
        self.outlet().cut(Close::abnormal(by));
    }

    /// Whether the connection was ended already.
    pub(super) fn is_cut(&self) -> bool {
        self.phase() == Phase::Gone
    }

    /// Has its task look at the clock.
    pub(crate) fn wake(&self) {
        self.outlet().wake();
    }

    /// Handles what has arrived, then says goodbye with 1001.
    pub(crate) fn finish(&self) {
        self.outlet().finish();
    }

    /// Ends the connection at once, and a handler that still runs on it with it: the shutdown's patience is over.
    pub(crate) fn abort(&self) {
        self.outlet().abort(Patience::Last);
    }

    /// The same for a `disconnect` handler, which has had a moment more.
    pub(crate) fn abandon(&self) {
        self.outlet().abort(Patience::Over);
    }

    #[inline]
    pub(super) fn send_message(
        &self,
        kind: Kind,
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

    pub(super) fn send_control(&self, kind: Kind, mut payload: Payload<'_>) -> Result<(), SendError> {
        let size = payload.as_slice().len();
        if size > wire::MAX_CONTROL {
            return Err(SendError::ControlTooLarge { size });
        }
        self.push_frame(kind, &mut payload, Bound::Outbox)
    }

    /// Takes a frame for sending. What it leaves of the payload is dropped by the caller, where no lock is held.
    #[inline]
    pub(super) fn push_frame(
        &self,
        kind: Kind,
        payload: &mut Payload<'_>,
        bound: Bound,
    ) -> Result<(), SendError> {
        if gathering::push_own(self, kind, payload) {
            return Ok(());
        }
        self.push(|outlet| outlet.push(kind, payload, bound))
    }

    /// Pushes to the outbox, and sees to it that it is written.
    pub(super) fn push(
        &self,
        push: impl FnOnce(&mut Outlet) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let mut outlet = self.outlet();
        push(&mut outlet)?;
        if !gathering::takes(self, &mut outlet) {
            outlet.write_now();
        }
        Ok(())
    }

    /// Drops what was lent and is sent, or never will be. For the connection's task, which holds no lock.
    #[inline]
    pub(super) fn drop_spent(&self) -> bool {
        let has_spent = self.0.outlet.has_spent();
        if has_spent {
            let spent = self.outlet_alone().take_spent();
            spent.into_iter().flat_map(|spent| spent.0).for_each(|bytes| {
                // Nobody else is to suffer from a panic there; the panic hook was told.
                let _ = catch_now(|| drop(bytes));
            });
        }
        has_spent
    }

    #[inline]
    pub(super) fn check_size(&self, size: usize) -> Result<(), SendError> {
        let max = self.max_send_size();
        if size > max { Err(SendError::TooLarge { size, max }) } else { Ok(()) }
    }

    /// Opens the way out, with the 101 before all else.
    pub(super) fn become_ready(&self, sink: WriteHalf, accepted: Vec<u8>, agreement: Option<Agreement>) {
        if let Some(agreement) = agreement {
            self.0.deflation.get_or_init(|| Deflation::new(agreement, self.server().options()).into());
        }
        let ready = self.outlet().become_ready(sink, accepted);
        self.log_nodelay(ready);
    }

    pub(super) fn log_nodelay(&self, set: io::Result<()>) {
        if let Err(error) = set {
            tracing::debug!(conn = self.id(), %error, "TCP_NODELAY was not set");
        }
    }

    pub(super) fn deflation(&self) -> Option<&Deflation> {
        self.0.deflation.get().map(|deflation| &**deflation)
    }

    /// Locks the outlet, with all in it that was sent before.
    pub(super) fn outlet(&self) -> OutletGuard<'_> {
        let mut outlet = self.outlet_alone();
        if self.cork().is_corked() {
            self.cork().take(|frames| outlet.queue(frames));
            // Whoever locks it need not write, and the connection's task may have looked already.
            outlet.wake();
        }
        outlet
    }

    /// What this connection's own task holds back.
    pub(super) fn cork(&self) -> &Cork {
        &self.0.cork
    }

    /// Locks the outlet without what this connection's own task corks.
    pub(super) fn outlet_alone(&self) -> OutletGuard<'_> {
        self.0.outlet.lock()
    }

    /// Whether messages can be sent and nothing waits before them, or was so a moment ago.
    pub(super) fn is_free(&self) -> bool {
        self.0.outlet.is_free()
    }

    /// Whether more waits than should, or did a moment ago.
    pub(super) fn is_overfull(&self) -> bool {
        self.0.outlet.is_overfull()
    }

    pub(super) fn max_outbox(&self) -> usize {
        self.server().options().max_outbox
    }

    /// How far the connection has come, or had a moment ago.
    pub(super) fn phase(&self) -> Phase {
        self.0.outlet.phase()
    }

    /// Whether there is something to write, or was a moment ago.
    pub(super) fn has_unwritten(&self) -> bool {
        self.0.outlet.has_unwritten()
    }

    /// Tells connections apart, as long as they live.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}
