//! Where replies, messages and control frames enter the send path.

use bytes::Bytes;

use super::cork::{cork_own, defer_write};
use super::{Bound, Queue, SendPath, runs_task_of};
use crate::conn::{Conn, SendError};
use crate::event::{Failure, Outcome, Outgoing, Reply};
use crate::stats::{Direction, Kind};
use crate::wire::{self, FrameKind, Payload};

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
        self.send_as_reply(kind, payload.part_of(message))
    }

    /// Sends a reply to a named message.
    #[inline]
    pub(crate) fn send_text_reply(&self, text: Payload<'_>) -> Outcome {
        self.send_as_reply(FrameKind::Text, text)
    }

    #[inline]
    fn send_as_reply(&self, kind: FrameKind, payload: Payload<'_>) -> Outcome {
        match self.send_message(kind, payload, Bound::Peer) {
            // A peer that is gone or too slow is not the handler's fault. Its connection ends anyway.
            Ok(()) | Err(SendError::Gone | SendError::Slow { .. }) => Ok(()),
            Err(error @ SendError::Full { .. }) => {
                tracing::debug!(conn = self.id(), %error, "reply dropped");
                Ok(())
            }
            Err(error) => Err(Failure::new(error)),
        }
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
        bound: Bound,
    ) -> Result<(), SendError> {
        let size = payload.as_slice().len();
        if size > wire::MAX_CONTROL {
            return Err(SendError::ControlTooLarge { size });
        }
        self.push_frame(kind, &mut payload, bound)
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
        let size = payload.as_slice().len();
        self.push(|send_path, queue| send_path.push(kind, payload, bound, queue))?;
        self.count_sent(kind, size);
        Ok(())
    }

    /// Counts a frame that was sent. Not one that is compressed: its message is counted, with the size of that.
    pub(super) fn count_sent(&self, kind: FrameKind, bytes: usize) {
        let kind = match kind {
            FrameKind::Text => Kind::Text,
            FrameKind::Binary => Kind::Binary,
            FrameKind::Ping => Kind::Ping,
            FrameKind::Pong => Kind::Pong,
            FrameKind::DeflatedText | FrameKind::DeflatedBinary => return,
        };
        self.count(Direction::Sent, kind, bytes);
    }

    /// Pushes to the outbox, and writes it or leaves that to the cork. What is held back is written later.
    pub(in crate::conn) fn push(
        &self,
        push: impl FnOnce(&mut SendPath, Queue) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        self.send_lock().with(|send_path| {
            self.take_corked(send_path);
            if send_path.queue_for(|| runs_task_of(self)) == Queue::HeldBack {
                return push(send_path, Queue::HeldBack);
            }
            push(send_path, Queue::Outbox)?;
            if !defer_write(self, send_path) {
                send_path.write_now();
            }
            Ok(())
        })
    }

    #[inline]
    pub(in crate::conn) fn check_size(&self, size: usize) -> Result<(), SendError> {
        let max = self.max_send_size();
        if size > max { Err(SendError::TooLarge { size, max }) } else { Ok(()) }
    }
}
