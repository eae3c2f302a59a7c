//! Encoded frames that wait to be written, oldest first.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::batch::Part;
use crate::wire::{self, FrameKind, Payload, SHARE_FROM};

/// How many pieces one vectored write takes.
const MAX_SLICES: usize = 32;

/// What waits to be written. Empty, it holds no memory.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// A part of a batch. It comes first, and most often it is all.
    part: Option<Part>,
    rest: Option<Box<Rest>>,
    /// Bytes in all.
    len: usize,
    discarded: Option<Box<Discarded>>,
}

/// Users' buffers that are no longer needed. They must be dropped without the lock, because their destructor may be
/// user code (`Bytes::from_owner`). Boxed in its user, as there is seldom one.
#[derive(Debug, Default)]
pub(in crate::conn) struct Discarded(pub(in crate::conn) Vec<Bytes>);

#[derive(Debug, Default)]
struct Rest {
    queue: VecDeque<Piece>,
    /// Small frames behind the queue, encoded one behind the other.
    tail: Vec<u8>,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    /// Whether the buffer may be a user's: see [`Discarded`].
    is_lent: bool,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends a frame. A large payload that is owned is moved here instead of being copied.
    pub(super) fn push(&mut self, kind: FrameKind, payload: &mut Payload<'_>) {
        let rest = self.rest.get_or_insert_default();
        let before = rest.tail.len();
        match payload {
            Payload::Owned(payload) if payload.len() >= SHARE_FROM => {
                rest.tail.extend_from_slice(&wire::header(kind, payload.len()));
                self.len += rest.tail.len() - before;
                self.push_piece(std::mem::take(payload), true);
            }
            Payload::Borrowed(_) | Payload::Owned(_) => {
                wire::append(kind, payload.as_slice(), &mut rest.tail);
                self.len += rest.tail.len() - before;
            }
        }
    }

    /// Appends an encoded frame, which may be shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes) {
        if frame.len() >= SHARE_FROM {
            self.push_piece(frame.clone(), false);
        } else {
            self.push_copy(frame);
        }
    }

    /// Appends a frame of a batch. It is copied only if other frames wait before it.
    pub(super) fn push_part(&mut self, part: &Part) {
        if self.is_empty() {
            self.len = part.len();
            self.part = Some(part.clone());
        } else if self.rest.is_none() && self.part.as_mut().is_some_and(|before| before.join(part)) {
            self.len += part.len();
        } else {
            part.read(|frame| self.push_copy(frame));
        }
    }

    /// Appends a copy of encoded frames.
    pub(super) fn push_copy(&mut self, frames: &[u8]) {
        if !frames.is_empty() {
            self.len += frames.len();
            self.rest.get_or_insert_default().tail.extend_from_slice(frames);
        }
    }

    /// Appends all that another outbox holds.
    pub(super) fn append(&mut self, mut other: Self) {
        if let Some(discarded) = other.discarded.take() {
            self.discarded.get_or_insert_default().0.extend(discarded.0);
        }
        if let Some(part) = other.part.take() {
            part.read(|frames| self.push_copy(frames));
        }
        if let Some(rest) = other.rest.take() {
            rest.queue.into_iter().for_each(|piece| self.push_piece(piece.bytes, piece.is_lent));
            self.push_copy(&rest.tail);
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
        self.len = self.len.saturating_sub(written);
        let mut left = written;
        if let Some(part) = &mut self.part {
            let step = left.min(part.len());
            part.advance(step);
            left -= step;
            if part.len() == 0 {
                self.part = None;
            }
        }
        if let Some(rest) = &mut self.rest {
            rest.advance(left, &mut self.discarded);
        }
        if self.len == 0 {
            self.rest = None;
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

    pub(super) fn has_discarded(&self) -> bool {
        self.discarded.is_some()
    }

    pub(super) fn take_discarded(&mut self) -> Option<Box<Discarded>> {
        self.discarded.take()
    }

    /// Prepares what is left for a longer wait: copies it out of the batch, which others reuse, and shrinks its buffer.
    pub(super) fn compact(&mut self) {
        if let Some(part) = self.part.take() {
            let left = part.read(Bytes::copy_from_slice);
            self.rest.get_or_insert_default().queue.push_front(Piece::ours(left));
        }
        if let Some(rest) = &mut self.rest {
            rest.tail.shrink_to_fit();
        }
    }

    /// Appends a separate buffer.
    fn push_piece(&mut self, bytes: Bytes, is_lent: bool) {
        let rest = self.rest.get_or_insert_default();
        rest.seal_tail();
        self.len += bytes.len();
        rest.queue.push_back(Piece { bytes, is_lent });
    }
}

impl Rest {
    fn with_slices<T>(&self, first: &[u8], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let pieces = std::iter::once(first).chain(self.queue.iter().map(|piece| &piece.bytes[..]));
        let pieces = pieces.chain(std::iter::once(&self.tail[..])).filter(|piece| !piece.is_empty());
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        write(slices.get(..count).unwrap_or_default())
    }

    fn advance(&mut self, written: usize, discarded: &mut Option<Box<Discarded>>) {
        let mut left = written;
        while left > 0 {
            let Some(first) = self.queue.front_mut() else {
                if self.tail.len() == left {
                    self.tail = Vec::new();
                    return;
                }
                self.seal_tail();
                continue;
            };
            let step = left.min(first.bytes.len());
            first.bytes.advance(step);
            left -= step;
            if first.bytes.is_empty()
                && let Some(written) = self.queue.pop_front()
            {
                written.release(discarded);
            }
        }
    }

    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            // Shrunk to its size, as it may wait for a while.
            let tail = std::mem::take(&mut self.tail).into_boxed_slice();
            self.queue.push_back(Piece::ours(tail.into()));
        }
    }
}

impl Piece {
    fn ours(bytes: Bytes) -> Self {
        Self { bytes, is_lent: false }
    }

    fn release(self, discarded: &mut Option<Box<Discarded>>) {
        if let Some(others) = wire::give_back(self.bytes)
            && self.is_lent
        {
            discarded.get_or_insert_default().0.push(others);
        }
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
                match step {
                    Step::Push(size) => {
                        outbox.push(FrameKind::Binary, &mut Payload::Borrowed(&payload(size)));
                        wire::append(FrameKind::Binary, &payload(size), &mut expected);
                    }
                    Step::PushOwned(size) => {
                        outbox.push(FrameKind::Text, &mut Payload::Owned(payload(size).into()));
                        wire::append(FrameKind::Text, &payload(size), &mut expected);
                    }
                    Step::PushEncoded(size) => {
                        outbox.push_encoded(&payload(size).into());
                        expected.extend(payload(size));
                    }
                    Step::PushCopy(size) => {
                        outbox.push_copy(&payload(size));
                        expected.extend(payload(size));
                    }
                    Step::PushPart(size) => {
                        let Some(part) = batch.push(FrameKind::Text, &payload(size)) else { continue };
                        outbox.push_part(&part);
                        part.read(|frame| expected.extend_from_slice(frame));
                    }
                    Step::Append(size) => {
                        let mut other = Outbox::default();
                        other.push(FrameKind::Text, &mut Payload::Owned(payload(size).into()));
                        wire::append(FrameKind::Text, &payload(size), &mut expected);
                        other.push_copy(&payload(size));
                        expected.extend(payload(size));
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
