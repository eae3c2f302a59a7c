//! The frames of an outbox behind the part of a batch: pieces, which are freed one by one, and a tail that grows.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::outbox::Discarded;
use super::state::Fate;
use crate::wire;

/// How many pieces one vectored write takes.
const MAX_SLICES: usize = 32;

/// The largest piece of small frames that may be dropped. Dropping some of a piece frees nothing: so much memory each
/// peer may hold in vain, and after a broadcast to many slow peers each of them does.
const MAX_RUN: usize = 4 * 1024;

/// From this size on, small frames that are kept go to a new piece too: a buffer that doubles may be half empty.
const MAX_TAIL: usize = 16 * 1024;

/// What waits behind the part of a batch. There is one only while something does.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub(super) queue: VecDeque<Piece>,
    /// Small frames behind the queue, encoded one behind the other, and all of this fate.
    pub(super) tail: Vec<u8>,
    pub(super) tail_fate: Fate,
    /// An empty buffer for the next tail of frames that may be dropped, of no more than [`MAX_RUN`]. Returned to the
    /// allocator instead, it would stay with this thread, of no use if the next messages come from another.
    spare: Vec<u8>,
    /// How many bytes are left of the frame of which some were written.
    pub(super) begun: usize,
    /// Whether that is a message.
    begun_is_message: bool,
    /// How many bytes belong to messages that may be dropped.
    pub(super) droppable: usize,
}

/// Whole frames of the same fate, or the payload of the frame whose header ends the piece before.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    /// Whether the buffer may be a user's: see [`Discarded`].
    pub(super) is_lent: bool,
    pub(super) fate: Fate,
}

impl Rest {
    pub(super) fn with_slices<T>(&self, first: &[u8], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
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

    /// Puts copies of frames that may be dropped before all others.
    pub(super) fn put_first(&mut self, mut frames: &[u8]) {
        self.droppable += frames.len();
        let mut at = 0;
        while !frames.is_empty() {
            let (run, behind) = frames.split_at(run_len(frames));
            let bytes = Bytes::copy_from_slice(run);
            self.queue.insert(at, Piece { bytes, is_lent: false, fate: Fate::Droppable });
            frames = behind;
            at += 1;
        }
    }

    /// Prepares the tail for a frame of about this size and of this fate.
    #[inline]
    pub(super) fn begin(&mut self, size: usize, fate: Fate) {
        if fate != Fate::Kept || self.tail_fate != Fate::Kept {
            self.begin_droppable(size, fate);
        } else if self.tail.len() >= MAX_TAIL {
            self.seal_tail();
        }
    }

    #[cold]
    fn begin_droppable(&mut self, size: usize, fate: Fate) {
        if self.tail_fate != fate || self.tail.len().saturating_add(size) > MAX_RUN {
            self.seal_tail();
        }
        self.tail_fate = fate;
        if fate == Fate::Droppable && self.tail.capacity() == 0 {
            self.tail = std::mem::take(&mut self.spare);
        }
    }

    /// Ends a piece that was written or dropped to its end: its buffer becomes the spare one, or is freed.
    pub(super) fn end_piece(&mut self, piece: Piece, discarded: &mut Option<Box<Discarded>>) {
        if piece.is_lent || piece.fate == Fate::Kept {
            return piece.release(discarded);
        }
        // The buffer itself, unless others share it.
        let buffer = Vec::from(piece.bytes);
        if buffer.capacity() > MAX_RUN {
            wire::give_back(buffer.into());
        } else if buffer.capacity() > self.spare.capacity() {
            self.spare = buffer;
        }
    }

    /// Removes what was written, which is not all, and finds out where a frame ends.
    #[cold]
    pub(super) fn advance(&mut self, written: usize, discarded: &mut Option<Box<Discarded>>) {
        let mut left = written;
        while left > 0 {
            if self.begun == 0 {
                self.begin_to_write();
            }
            let step = left.min(self.begun);
            self.begun -= step;
            left -= step;
            self.remove(step, discarded);
        }
    }

    /// Looks at the frame that is first, and of which some bytes were written.
    fn begin_to_write(&mut self) {
        if self.queue.is_empty() {
            self.seal_tail();
        }
        let Some(first) = self.queue.front() else { return };
        let (size, is_message) = wire::measure(&first.bytes);
        if first.fate == Fate::Droppable {
            self.droppable = self.droppable.saturating_sub(size);
        }
        self.begun = size;
        self.begun_is_message = is_message;
    }

    /// Removes so many bytes from the front.
    fn remove(&mut self, count: usize, discarded: &mut Option<Box<Discarded>>) {
        let mut left = count;
        while left > 0 {
            let Some(first) = self.queue.front_mut() else { return };
            let step = left.min(first.bytes.len());
            first.bytes.advance(step);
            left -= step;
            if first.bytes.is_empty()
                && let Some(written) = self.queue.pop_front()
            {
                self.end_piece(written, discarded);
            }
        }
    }

    /// Shrinks the tail, as it may wait for a while. One of frames that may be dropped is small, and more will follow.
    pub(super) fn compact(&mut self) {
        if self.tail_fate == Fate::Kept || self.tail.capacity() > MAX_RUN {
            self.tail.shrink_to_fit();
        }
    }

    pub(super) fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            // Shrunk to its size, as it may wait for a while.
            let tail = std::mem::take(&mut self.tail).into_boxed_slice();
            self.queue.push_back(Piece { bytes: tail.into(), is_lent: false, fate: self.tail_fate });
        }
    }

    pub(super) fn messages(&self) -> usize {
        let mut count = Count { messages: 0, skip: self.begun };
        for piece in &self.queue {
            count = count.add(&piece.bytes);
        }
        let begun = usize::from(self.begun > 0 && self.begun_is_message);
        begun + count.add(&self.tail).messages
    }
}

/// How many bytes the first of these frames have: as many as a piece of [`MAX_RUN`] holds, but one at least.
fn run_len(frames: &[u8]) -> usize {
    let mut len = 0;
    while let Some(behind) = frames.get(len..).filter(|behind| !behind.is_empty()) {
        let (size, _) = wire::measure(behind);
        let next = len.saturating_add(size);
        if len > 0 && next > MAX_RUN {
            break;
        }
        len = next;
    }
    len.min(frames.len())
}

/// Counts the messages in frames that lie one behind the other, in several pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) messages: usize,
    /// How many of the next bytes belong to a frame that was looked at before.
    skip: usize,
}

impl Count {
    pub(super) fn add(mut self, mut piece: &[u8]) -> Self {
        loop {
            let step = self.skip.min(piece.len());
            self.skip -= step;
            piece = piece.get(step..).unwrap_or_default();
            if piece.is_empty() {
                return self;
            }
            let (size, is_message) = wire::measure(piece);
            self.skip = size;
            self.messages += usize::from(is_message);
        }
    }
}

impl Piece {
    pub(super) fn release(self, discarded: &mut Option<Box<Discarded>>) {
        if let Some(others) = wire::give_back(self.bytes)
            && self.is_lent
        {
            discarded.get_or_insert_default().0.push(others);
        }
    }
}
