//! Encoded frames on their way out, oldest first.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use crate::wire::{self, Kind, Payload};

/// From this size on an owned payload is queued as it is, not copied behind its header.
const SHARE_FROM: usize = 4 * 1024;

/// How many pieces one vectored write takes.
const MAX_SLICES: usize = 32;

/// What waits to be written. Empty, it holds no memory.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The oldest piece: most often the only one, a frame that is shared with other connections.
    front: Bytes,
    queue: VecDeque<Bytes>,
    /// Small frames that follow, encoded one behind the other.
    tail: BytesMut,
    /// Bytes in all three.
    len: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Encodes a frame behind what is there; a large payload that is owned is not copied.
    pub(super) fn push(&mut self, kind: Kind, payload: Payload<'_>) {
        let before = self.tail.len();
        match payload {
            Payload::Owned(payload) if payload.len() >= SHARE_FROM => {
                self.tail.extend_from_slice(&wire::header(kind, payload.len()));
                self.len += self.tail.len() - before;
                self.push_piece(payload);
            }
            Payload::Borrowed(_) | Payload::Owned(_) => {
                wire::append(kind, payload.as_slice(), &mut self.tail);
                self.len += self.tail.len() - before;
            }
        }
    }

    /// Queues a frame that is already encoded, and perhaps shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes) {
        if self.is_empty() {
            self.len = frame.len();
            self.front = frame.clone();
        } else if frame.len() >= SHARE_FROM {
            self.push_piece(frame.clone());
        } else {
            self.len += frame.len();
            self.tail.extend_from_slice(frame);
        }
    }

    /// What is to be written next, lent as slices for one vectored write.
    pub(super) fn with_slices<T>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let only = match (self.front.is_empty(), self.queue.is_empty(), self.tail.is_empty()) {
            (false, true, true) => Some(&self.front[..]),
            (true, true, false) => Some(&self.tail[..]),
            _ => None,
        };
        if let Some(only) = only {
            return write(&[IoSlice::new(only)]);
        }
        let pieces = std::iter::once(&self.front).chain(&self.queue).map(Bytes::as_ref);
        let pieces = pieces.chain(std::iter::once(&self.tail[..])).filter(|piece| !piece.is_empty());
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        write(slices.get(..count).unwrap_or_default())
    }

    /// Forgets what was written.
    pub(super) fn advance(&mut self, written: usize) {
        self.len = self.len.saturating_sub(written);
        if self.len == 0 {
            *self = Self::default();
            return;
        }
        let mut left = written;
        loop {
            let step = left.min(self.front.len());
            self.front.advance(step);
            left -= step;
            if left == 0 {
                return;
            }
            match self.queue.pop_front() {
                Some(piece) => self.front = piece,
                None => break,
            }
        }
        self.tail.advance(left.min(self.tail.len()));
    }

    /// Queues a piece of its own behind all that is there.
    fn push_piece(&mut self, piece: Bytes) {
        if !self.tail.is_empty() {
            self.queue.push_back(self.tail.split().freeze());
        }
        self.len += piece.len();
        self.queue.push_back(piece);
    }
}
