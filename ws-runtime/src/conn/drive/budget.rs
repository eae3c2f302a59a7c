//! Bounds a connection's turn, so that a peer that never stops sending does not slow other connections.

use std::cell::Cell;

/// The fixed cost of a frame: about as much as reading and writing this many bytes.
const FRAME: u32 = 2048;

/// The length of a turn while other connections wait, in bytes.
const SHORT: u32 = 512 * 1024;

/// The longest turn. If no other connection had a turn since the last one, the next is twice as long, up to this.
const LONG: u32 = 2 * 1024 * 1024;

thread_local! {
    /// The number of turns that began on this thread.
    static TURNS: Cell<u64> = const { Cell::new(0) };
}

/// What is left of a connection's turn, in bytes; each frame counts as [`FRAME`] bytes more.
#[derive(Debug)]
pub(in crate::conn) struct Budget {
    left: u32,
    length: u32,
    /// The number of the turn (in `TURNS`) that this connection ended with work left to do, or 0.
    unfinished: u64,
}

impl Budget {
    pub(in crate::conn) fn new() -> Self {
        Self { left: SHORT, length: SHORT, unfinished: 0 }
    }

    /// Begins a turn. Its length depends on whether another connection had a turn since this one's last.
    pub(in crate::conn) fn begin(&mut self) {
        let number = TURNS.get() + 1;
        TURNS.set(number);
        let alone = std::mem::take(&mut self.unfinished) == number - 1 && number > 1;
        self.length = if alone { (self.length * 2).min(LONG) } else { SHORT };
        self.left = self.length;
    }

    /// Ends the turn with work left to do.
    pub(in crate::conn) fn interrupt(&mut self) {
        self.unfinished = TURNS.get();
    }

    #[inline]
    pub(in crate::conn) fn spend(&mut self, bytes: usize, frames: u32) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(bytes).saturating_sub(frames.saturating_mul(FRAME));
    }

    pub(in crate::conn) fn is_spent(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_grow_while_no_other_connection_has_one() {
        let (mut one, mut other) = (Budget::new(), Budget::new());
        let lengths = |budget: &mut Budget, turns: usize| {
            let turn = |_| {
                budget.begin();
                budget.interrupt();
                budget.length
            };
            (0..turns).map(turn).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&mut one, 4), [SHORT, 2 * SHORT, LONG, LONG]);
        assert_eq!(lengths(&mut other, 1), [SHORT]);
        assert_eq!(lengths(&mut one, 2), [SHORT, 2 * SHORT], "another had a turn in between");
        one.begin();
        one.begin();
        assert_eq!(one.length, SHORT, "the last turn ended by itself");
    }

    #[test]
    fn bytes_and_frames_use_up_a_turn() {
        let mut budget = Budget::new();
        budget.begin();
        budget.spend((SHORT / 2) as usize, 0);
        assert!(!budget.is_spent());
        budget.spend(0, SHORT / 2 / FRAME);
        assert!(budget.is_spent());
    }
}
