//! Which options the program has set on one connection.

use std::fmt;

/// An option that a method of the connection's handle sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::conn) enum Fixable {
    MaxSendSize = 1,
    MaxRecvSize = 2,
    Nodelay = 4,
    Compression = 8,
}

/// The options that the program has set on one connection: its route does not change these. One byte, as each
/// connection has it.
#[derive(Clone, Copy, Default)]
pub(in crate::conn) struct Fixed(u8);

impl Fixed {
    pub(in crate::conn) fn insert(&mut self, option: Fixable) {
        self.0 |= option as u8;
    }

    pub(in crate::conn) fn contains(self, option: Fixable) -> bool {
        self.0 & option as u8 != 0
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [Fixable::MaxSendSize, Fixable::MaxRecvSize, Fixable::Nodelay, Fixable::Compression];
        f.debug_set().entries(all.iter().filter(|option| self.contains(**option))).finish()
    }
}
