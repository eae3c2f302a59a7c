//! Counts what happens in a server.
//!
//! | module | what it does |
//! |---|---|
//! | [`counter`] | a count, a level, and counts by a key |
//! | [`counters`] | all that a server counts |
//! | [`labels`] | the closed sets of words by which it counts |
//!
//! No key of a count comes from a peer, so that no peer can make the counts grow.

mod counter;
mod counters;
mod labels;

pub(crate) use self::counters::Counters;
pub(crate) use self::labels::{HandshakeResult, Rejected};
