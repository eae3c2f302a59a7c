//! Encoded frames that wait to be written, oldest first.

use std::io::IoSlice;

use bytes::Bytes;

use super::batch::Part;
use super::rest::{Count, Piece, Rest};
use super::state::Fate;
use crate::wire::{self, FrameKind, Payload, SHARE_FROM};

/// What waits to be written. Empty, it holds no memory.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// A part of a batch: messages that may be dropped. It comes first, and most often it is all.
    part: Option<Part>,
    pub(super) rest: Option<Box<Rest>>,
    /// Bytes in all.
    pub(super) len: usize,
    pub(super) discarded: Option<Box<Discarded>>,
}

/// Users' buffers that are no longer needed. They must be dropped without the lock, because their destructor may be
/// user code (`Bytes::from_owner`). Boxed in its user, as there is seldom one.
#[derive(Debug, Default)]
pub(in crate::conn) struct Discarded(pub(in crate::conn) Vec<Bytes>);

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends a frame. A large payload that is owned is moved here instead of being copied.
    pub(super) fn push(&mut self, kind: FrameKind, payload: &mut Payload<'_>, fate: Fate) {
        let rest = self.rest.get_or_insert_default();
        rest.begin(payload.as_slice().len(), fate);
        let before = rest.tail.len();
        match payload {
            Payload::Owned(payload) if payload.len() >= SHARE_FROM => {
                rest.tail.extend_from_slice(&wire::header(kind, payload.len()));
                let added = rest.tail.len() - before;
                self.added(added, fate);
                self.push_piece(Piece { bytes: std::mem::take(payload), is_lent: true, fate });
            }
            Payload::Borrowed(_) | Payload::Owned(_) => {
                wire::append(kind, payload.as_slice(), &mut rest.tail);
                let added = rest.tail.len() - before;
                self.added(added, fate);
            }
        }
    }

    /// Appends an encoded frame, which may be shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes, fate: Fate) {
        if frame.len() >= SHARE_FROM {
            self.push_piece(Piece { bytes: frame.clone(), is_lent: false, fate });
        } else {
            self.push_copy(frame, fate);
        }
    }

    /// Appends a message of a batch, which may be dropped. It is copied only if other frames wait before it; `fate` is
    /// that of the copy.
    pub(super) fn push_part(&mut self, part: &Part, fate: Fate) {
        if self.is_empty() {
            self.len = part.len();
            self.part = Some(part.clone());
        } else if self.rest.is_none() && self.part.as_mut().is_some_and(|before| before.join(part)) {
            self.len += part.len();
        } else {
            part.read(|frame| self.push_copy(frame, fate));
        }
    }

    /// Appends a copy of encoded frames.
    pub(super) fn push_copy(&mut self, frames: &[u8], fate: Fate) {
        if !frames.is_empty() {
            let rest = self.rest.get_or_insert_default();
            rest.begin(frames.len(), fate);
            rest.tail.extend_from_slice(frames);
            self.added(frames.len(), fate);
        }
    }

    /// Puts what is left of frames into an empty outbox, once so many of their bytes were written.
    pub(super) fn push_left(&mut self, frames: &[u8], written: usize) {
        self.push_copy(frames, Fate::Kept);
        self.advance(written);
    }

    /// Puts a response into an empty outbox. It is no frame, and is written as a whole.
    pub(super) fn push_response(&mut self, response: Vec<u8>) {
        let size = response.len();
        self.push_piece(Piece { bytes: response.into(), is_lent: false, fate: Fate::Kept });
        if let Some(rest) = &mut self.rest {
            rest.begun = size;
        }
    }

    /// Appends all that another outbox holds.
    pub(super) fn append(&mut self, mut other: Self) {
        other.take_part_apart();
        if let Some(discarded) = other.discarded.take() {
            self.discarded.get_or_insert_default().0.extend(discarded.0);
        }
        if let Some(rest) = other.rest.take() {
            rest.queue.into_iter().for_each(|piece| self.push_piece(piece));
            self.push_copy(&rest.tail, rest.tail_fate);
        }
    }

    /// Lends what is to be written next as slices for one vectored write.
    pub(super) fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        match (&self.part, &self.rest) {
            (Some(part), None) => part.read(|frames| write(&[IoSlice::new(frames)])),
            (Some(part), Some(rest)) => part.read(|frames| rest.with_slices(frames, write)),
            (None, Some(rest)) => rest.with_slices(&[], write),
            (None, None) => write(&[]),
        }
    }

    /// Removes what was written.
    pub(super) fn advance(&mut self, written: usize) {
        if written >= self.len {
            return self.clear();
        }
        self.take_part_apart();
        self.len -= written;
        if let Some(rest) = &mut self.rest {
            rest.advance(written, &mut self.discarded);
        }
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        self.part = None;
        self.len = 0;
        if let Some(rest) = self.rest.take() {
            rest.queue.into_iter().for_each(|piece| piece.release(&mut self.discarded));
        }
    }

    /// How many messages wait, or were begun and are not written as a whole.
    pub(super) fn messages(&self) -> usize {
        let in_part =
            self.part.as_ref().map_or(0, |part| part.read(|frames| Count::default().add(frames).messages));
        in_part + self.rest.as_ref().map_or(0, |rest| rest.messages())
    }

    pub(super) fn has_discarded(&self) -> bool {
        self.discarded.is_some()
    }

    pub(super) fn take_discarded(&mut self) -> Option<Box<Discarded>> {
        self.discarded.take()
    }

    /// Prepares what is left for a longer wait: copies it out of the batch, which others reuse, and shrinks its buffer.
    pub(super) fn compact(&mut self) {
        self.take_part_apart();
        if let Some(rest) = &mut self.rest {
            rest.compact();
        }
    }

    /// Copies what is left out of the batch, into pieces that are freed one by one.
    pub(super) fn take_part_apart(&mut self) {
        if let Some(part) = self.part.take() {
            part.read(|frames| self.rest.get_or_insert_default().put_first(frames));
        }
    }

    /// How many bytes belong to messages of which none is written, and that may be dropped.
    pub(super) fn droppable(&self) -> usize {
        let in_part = self.part.as_ref().map_or(0, Part::len);
        in_part + self.rest.as_ref().map_or(0, |rest| rest.droppable)
    }

    /// Counts bytes that were appended.
    fn added(&mut self, bytes: usize, fate: Fate) {
        self.len += bytes;
        if fate == Fate::Droppable
            && let Some(rest) = &mut self.rest
        {
            rest.droppable += bytes;
        }
    }

    /// Appends a separate buffer.
    fn push_piece(&mut self, piece: Piece) {
        let rest = self.rest.get_or_insert_default();
        rest.seal_tail();
        let (size, fate) = (piece.bytes.len(), piece.fate);
        rest.queue.push_back(piece);
        self.added(size, fate);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::batch::Batch;
    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push(usize),
        PushOwned(usize),
        PushEncoded(usize),
        PushCopy(usize),
        PushPart(usize),
        Append(usize),
        Compact,
        Write(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = prop_oneof![1..200_usize, SHARE_FROM - 2..SHARE_FROM + 2, Just(3 * SHARE_FROM)];
        let step = (0..10, size).prop_map(|(kind, size)| match kind {
            0 => Step::Push(size),
            1 => Step::PushOwned(size),
            2 => Step::PushEncoded(size),
            3 => Step::PushCopy(size),
            4..=6 => Step::PushPart(size),
            7 => Step::Compact,
            8 => Step::Append(size),
            _ => Step::Write(size),
        });
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn written_bytes_are_the_pushed_frames_in_order(steps in steps()) {
            let (mut outbox, mut expected, mut written) = (Outbox::default(), Vec::new(), Vec::new());
            let batch = Arc::new(Batch::default());
            let write = |outbox: &mut Outbox, written: &mut Vec<u8>, most: usize| {
                let taken = outbox.with_slices(|slices| {
                    let taken: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
                    written.extend_from_slice(&taken);
                    taken.len()
                });
                outbox.advance(taken);
            };
            for (number, step) in steps.into_iter().enumerate() {
                let payload = |size| vec![number as u8; size];
                let frame = |size| wire::encode(FrameKind::Text, &payload(size));
                match step {
                    Step::Push(size) => {
                        outbox.push(FrameKind::Binary, &mut Payload::Borrowed(&payload(size)), Fate::Kept);
                        wire::append(FrameKind::Binary, &payload(size), &mut expected);
                    }
                    Step::PushOwned(size) => {
                        outbox.push(FrameKind::Text, &mut Payload::Owned(payload(size).into()), Fate::Kept);
                        wire::append(FrameKind::Text, &payload(size), &mut expected);
                    }
                    Step::PushEncoded(size) => {
                        outbox.push_encoded(&frame(size), Fate::Kept);
                        expected.extend(frame(size));
                    }
                    Step::PushCopy(size) => {
                        outbox.push_copy(&frame(size), Fate::Kept);
                        expected.extend(frame(size));
                    }
                    Step::PushPart(size) => {
                        let Some(part) = batch.push(FrameKind::Text, &payload(size)) else { continue };
                        outbox.push_part(&part, Fate::Kept);
                        part.read(|frame| expected.extend_from_slice(frame));
                    }
                    Step::Append(size) => {
                        let mut other = Outbox::default();
                        other.push(FrameKind::Text, &mut Payload::Owned(payload(size).into()), Fate::Kept);
                        wire::append(FrameKind::Text, &payload(size), &mut expected);
                        other.push_copy(&frame(size), Fate::Kept);
                        expected.extend(frame(size));
                        outbox.append(other);
                    }
                    Step::Compact => outbox.compact(),
                    Step::Write(most) if !outbox.is_empty() => write(&mut outbox, &mut written, most),
                    Step::Write(_) => {}
                }
                prop_assert_eq!(outbox.len(), expected.len() - written.len());
            }
            while !outbox.is_empty() {
                write(&mut outbox, &mut written, usize::MAX);
            }
            prop_assert_eq!(written, expected);
            prop_assert!(outbox.part.is_none() && outbox.rest.is_none(), "empty, it holds no memory");
        }
    }
}
