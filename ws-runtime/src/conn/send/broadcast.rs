//! A message to many connections: encoded once in each form that one of them needs.

use bytes::Bytes;

use super::batch::Part;
use super::cork;
use crate::conn::{Conn, SendError};
use crate::wire::{self, Form, FrameKind, SHARE_FROM};

pub(crate) struct Broadcast<'p> {
    kind: FrameKind,
    payload: &'p [u8],
    /// The uncompressed frame of a small message: in this thread's batch.
    part: Option<Part>,
    /// The uncompressed frame of a large message, or of one that compression does not make smaller.
    plain: Option<Bytes>,
    /// The compressed frames, by form. Most often there is none, sometimes one.
    deflated: Vec<(Form, Bytes)>,
}

impl<'p> Broadcast<'p> {
    pub(crate) fn new(kind: FrameKind, payload: &'p [u8]) -> Self {
        Self { kind, payload, part: None, plain: None, deflated: Vec::new() }
    }

    /// Sends it to one more connection.
    ///
    /// # Errors
    ///
    /// As [`Conn::send_utf8`].
    #[inline]
    pub(crate) fn send_to(&mut self, conn: &Conn) -> Result<(), SendError> {
        conn.check_size(self.payload.len())?;
        match conn.deflation() {
            Some(deflation) if deflation.is_for(self.payload.len()) => {
                let frame = self.deflated(deflation.form());
                deflation.push_shared(|| conn.push(|send_path, queue| send_path.push_encoded(&frame, queue)))
            }
            Some(_) | None => {
                if self.part.is_none() && self.payload.len() < SHARE_FROM {
                    self.part = cork::push_to_batch(self.kind, self.payload);
                }
                match &self.part {
                    Some(part) => conn.push(|send_path, queue| send_path.push_part(part, queue)),
                    None => {
                        let frame = self.plain();
                        conn.push(|send_path, queue| send_path.push_encoded(frame, queue))
                    }
                }
            }
        }
    }

    fn plain(&mut self) -> &Bytes {
        self.plain.get_or_insert_with(|| wire::encode(self.kind, self.payload))
    }

    /// The compressed frame. It refers to no earlier message, because those differ between connections.
    fn deflated(&mut self, form: Form) -> Bytes {
        if let Some((_, frame)) = self.deflated.iter().find(|(known, _)| *known == form) {
            return frame.clone();
        }
        let deflated = form.deflate(self.payload);
        let frame = if deflated.len() < self.payload.len() {
            wire::encode(self.kind.deflated(), &deflated)
        } else {
            self.plain().clone()
        };
        self.deflated.push((form, frame.clone()));
        frame
    }
}
