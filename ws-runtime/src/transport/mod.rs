//! What carries the bytes of a connection.

mod halves;
mod stream;

pub(crate) use halves::{By, Insist, Sink, Source};
pub(crate) use stream::Stream;
