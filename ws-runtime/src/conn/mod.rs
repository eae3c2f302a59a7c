//! One connection, from its first byte to its last.
//!
//! Files stand in the way of the data:
//!
//! | room | what happens in it |
//! |---|---|
//! | [`open`] | the handshake: from an accepted socket to a WebSocket, or to a refusal |
//! | [`receive`] | bytes from the socket become messages |
//! | [`dispatch`] | messages become calls of handlers |
//! | [`send`] | replies and other messages become bytes, and leave |
//! | [`close`] | the end: who has said what, and what is waited for |
//! | [`drive`] | the turns of the connection's task, which take it through all of these; deadlines |
//! | [`handle`] | [`Conn`]: what user code holds of a connection |
//! | [`life`] | the task itself |

mod close;
mod dispatch;
mod drive;
mod handle;
mod life;
mod open;
mod receive;
mod send;

pub(crate) use self::dispatch::{Panicked, catch};
pub(crate) use self::drive::Moment;
pub use self::handle::{CloseError, Conn, Message, SendError, SetError};
pub(crate) use self::life::Life;
pub(crate) use self::open::refuse;
pub(crate) use self::send::{Broadcast, Corked, corked};
