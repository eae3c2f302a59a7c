//! Makes room in an outbox by dropping its oldest messages (`slow = "drop_oldest"`).
//!
//! Frames say how long they are, so nothing is kept for each message: a piece holds frames that may all be dropped, or
//! none. A frame of which a byte was written is never dropped, as the peer would take the next one for its rest.

use bytes::{Buf, Bytes};

use super::outbox::{Discarded, Outbox};
use super::rest::{Piece, Rest};
use super::state::Fate;
use crate::wire;

/// Pieces of up to this size in all are joined.
const MAX_JOINED: usize = 16 * 1024;

impl Outbox {
    /// Drops whole messages, the oldest first, until no more than `most` bytes wait. Returns how many it has dropped.
    #[cold]
    pub(super) fn drop_oldest(&mut self, most: usize) -> usize {
        self.take_part_apart();
        let Some(rest) = &mut self.rest else { return 0 };
        let mut dropped = 0;
        while self.len > most
            && let Some(size) = rest.drop_oldest(&mut self.discarded)
        {
            self.len -= size;
            dropped += 1;
        }
        if self.len == 0 {
            self.rest = None;
        }
        dropped
    }
}

impl Rest {
    /// Drops the oldest message that may be dropped. Returns its size in bytes.
    fn drop_oldest(&mut self, discarded: &mut Option<Box<Discarded>>) -> Option<usize> {
        let at = match self.oldest() {
            Some(at) => at,
            None => {
                self.seal_tail();
                self.oldest()?
            }
        };
        let (size, _) = wire::measure(&self.queue.get(at)?.bytes);
        self.droppable = self.droppable.saturating_sub(size);
        let mut left = size;
        while left > 0
            && let Some(piece) = self.queue.get_mut(at)
        {
            let step = left.min(piece.bytes.len());
            piece.bytes.advance(step);
            left -= step;
            if piece.bytes.is_empty()
                && let Some(piece) = self.queue.remove(at)
            {
                self.end_piece(piece, discarded);
            }
        }
        self.join(at);
        self.join(at.saturating_sub(1));
        Some(size)
    }

    /// The first piece that begins with a message that may be dropped.
    fn oldest(&mut self) -> Option<usize> {
        let (mut at, mut begun) = (0, self.begun);
        loop {
            let piece = self.queue.get_mut(at)?;
            if begun >= piece.bytes.len() {
                begun -= piece.bytes.len();
            } else if begun > 0 {
                // What is behind the frame that was begun becomes a piece of its own. The frame is copied: it may wait
                // for long, and would keep the memory of all that is dropped behind it. It is small, as are all frames
                // that share a piece.
                let begun = Bytes::copy_from_slice(&piece.bytes.split_to(begun));
                self.queue.insert(at, Piece { bytes: begun, is_lent: false, fate: Fate::Kept });
                return self.oldest();
            } else if piece.fate == Fate::Droppable {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Joins a piece to the one before, if neither can be dropped: a peer that is answered again and again must not
    /// make the search longer.
    fn join(&mut self, at: usize) {
        let Some(before) = at.checked_sub(1) else { return };
        let can_join =
            |at| self.queue.get(at).filter(|piece: &&Piece| piece.fate == Fate::Kept && !piece.is_lent);
        let (Some(first), Some(second)) = (can_join(before), can_join(at)) else { return };
        if first.bytes.len() + second.bytes.len() > MAX_JOINED {
            return;
        }
        let Some(second) = self.queue.remove(at) else { return };
        if let Some(first) = self.queue.get_mut(before) {
            let mut joined = Vec::from(std::mem::take(&mut first.bytes));
            joined.extend_from_slice(&second.bytes);
            first.bytes = Bytes::from(joined);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::batch::Batch;
    use super::*;
    use crate::wire::{FrameKind, Payload, SHARE_FROM};

    #[derive(Debug, Clone)]
    enum Step {
        Push(usize, Fate),
        PushOwned(usize, Fate),
        PushEncoded(usize, Fate),
        PushPart(usize),
        Append(usize, Fate),
        Ping,
        Compact,
        Write(usize),
        Drop(usize),
    }

    /// What an outbox should hold.
    #[derive(Debug, Default)]
    struct Model {
        frames: VecDeque<(Vec<u8>, Fate)>,
        /// How many bytes of the first frame are written.
        begun: usize,
        written: Vec<u8>,
    }

    impl Model {
        fn len(&self) -> usize {
            self.frames.iter().map(|(frame, _)| frame.len()).sum::<usize>() - self.begun
        }

        fn droppable(&self) -> usize {
            let whole = self.frames.iter().skip(usize::from(self.begun > 0));
            whole.filter(|(_, fate)| *fate == Fate::Droppable).map(|(frame, _)| frame.len()).sum()
        }

        fn messages(&self) -> usize {
            self.frames.iter().filter(|(frame, _)| frame[0] & 8 == 0).count()
        }

        fn write(&mut self, mut most: usize) {
            while let Some((frame, _)) = self.frames.front() {
                let step = most.min(frame.len() - self.begun);
                self.written.extend(&frame[self.begun..self.begun + step]);
                most -= step;
                self.begun += step;
                if self.begun < frame.len() {
                    return;
                }
                self.frames.pop_front();
                self.begun = 0;
            }
        }

        fn drop_oldest(&mut self, most: usize) -> usize {
            let mut dropped = 0;
            while self.len() > most {
                let mut whole = self.frames.iter().enumerate().skip(usize::from(self.begun > 0));
                let Some((oldest, _)) = whole.find(|(_, (_, fate))| *fate == Fate::Droppable) else { break };
                self.frames.remove(oldest);
                dropped += 1;
            }
            dropped
        }
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = prop_oneof![
            8 => 1..200_usize,
            1 => SHARE_FROM - 2..SHARE_FROM + 2,
            1 => Just(3 * SHARE_FROM),
            1 => Just(70_000)
        ];
        let fate = prop_oneof![Just(Fate::Kept), Just(Fate::Droppable)];
        let step = (0..16, size, fate).prop_map(|(kind, size, fate)| match kind {
            0..=3 => Step::Push(size, fate),
            4 => Step::PushOwned(size, fate),
            5 => Step::PushEncoded(size, fate),
            6..=7 => Step::PushPart(size),
            8 => Step::Append(size, fate),
            9 => Step::Ping,
            10 => Step::Compact,
            11..=13 => Step::Write(size),
            _ => Step::Drop(size * 8),
        });
        prop::collection::vec(step, 0..120)
    }

    proptest! {
        #[test]
        fn only_whole_messages_that_may_be_dropped_are_missing_and_the_oldest_of_these(steps in steps()) {
            let (mut outbox, mut model) = (Outbox::default(), Model::default());
            let batch = Arc::new(Batch::default());
            let mut written = Vec::new();
            let mut write = |outbox: &mut Outbox, most: usize| {
                let taken = outbox.with_slices(|slices| {
                    let taken: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
                    written.extend_from_slice(&taken);
                    taken.len()
                });
                outbox.advance(taken);
                taken
            };
            for (number, step) in steps.into_iter().enumerate() {
                let payload = |size| vec![number as u8; size];
                let frame = |size| wire::encode(FrameKind::Binary, &payload(size));
                match step {
                    Step::Push(size, fate) => {
                        outbox.push(FrameKind::Binary, &mut Payload::Borrowed(&payload(size)), fate);
                        model.frames.push_back((frame(size).to_vec(), fate));
                    }
                    Step::PushOwned(size, fate) => {
                        outbox.push(FrameKind::Binary, &mut Payload::Owned(payload(size).into()), fate);
                        model.frames.push_back((frame(size).to_vec(), fate));
                    }
                    Step::PushEncoded(size, fate) => {
                        outbox.push_encoded(&frame(size), fate);
                        model.frames.push_back((frame(size).to_vec(), fate));
                    }
                    Step::PushPart(size) => {
                        let Some(part) = batch.push(FrameKind::Binary, &payload(size)) else { continue };
                        outbox.push_part(&part, Fate::Droppable);
                        model.frames.push_back((frame(size).to_vec(), Fate::Droppable));
                    }
                    Step::Append(size, fate) => {
                        let mut other = Outbox::default();
                        other.push_encoded(&frame(size), Fate::Kept);
                        other.push(FrameKind::Binary, &mut Payload::Borrowed(&payload(size)), fate);
                        outbox.append(other);
                        model.frames.push_back((frame(size).to_vec(), Fate::Kept));
                        model.frames.push_back((frame(size).to_vec(), fate));
                    }
                    Step::Ping => {
                        outbox.push(FrameKind::Ping, &mut Payload::Borrowed(b"?"), Fate::Kept);
                        model.frames.push_back((wire::encode(FrameKind::Ping, b"?").to_vec(), Fate::Kept));
                    }
                    Step::Compact => outbox.compact(),
                    Step::Write(most) if !outbox.is_empty() => {
                        let taken = write(&mut outbox, most);
                        model.write(taken);
                    }
                    Step::Write(_) => {}
                    Step::Drop(most) => prop_assert_eq!(outbox.drop_oldest(most), model.drop_oldest(most)),
                }
                prop_assert_eq!(outbox.len(), model.len());
                prop_assert_eq!(outbox.droppable(), model.droppable());
                prop_assert_eq!(outbox.messages(), model.messages());
            }
            while !outbox.is_empty() {
                let taken = write(&mut outbox, usize::MAX);
                model.write(taken);
            }
            prop_assert_eq!(written, model.written);
            prop_assert!(outbox.rest.is_none(), "empty, it holds no memory");
        }
    }

    #[test]
    fn answers_between_messages_that_are_dropped_are_joined() {
        let mut outbox = Outbox::default();
        for _ in 0..10_000 {
            outbox.push(FrameKind::Text, &mut Payload::Borrowed(b"answer"), Fate::Kept);
            outbox.push(FrameKind::Text, &mut Payload::Borrowed(b"message"), Fate::Droppable);
            outbox.drop_oldest(0);
        }
        let rest = outbox.rest.as_ref().unwrap();
        assert_eq!(outbox.len(), 80_000);
        assert!(rest.queue.len() < 20, "{} pieces", rest.queue.len());
    }
}
