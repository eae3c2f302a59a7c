//! One connection, from accept to its end.
//!
//! The files follow the path of the data:
//!
//! | module | what it does |
//! |---|---|
//! | [`open`] | the handshake: from an accepted socket to a WebSocket, or to a refusal |
//! | [`receive`] | turns bytes from the socket into messages |
//! | [`dispatch`] | calls a handler for each message |
//! | [`beside`] | calls that run beside the handlers of the messages that follow |
//! | [`send`] | turns replies and other messages into bytes, and writes them |
//! | [`close`] | the stages of the end, and what each waits for |
//! | [`drive`] | the turns of the connection's task: each calls the modules above and checks the deadlines |
//! | [`handle`] | [`Conn`]: the handle for user code |
//! | [`life`] | the task itself |

mod beside;
mod close;
mod dispatch;
mod drive;
mod handle;
mod life;
mod open;
mod receive;
mod send;
mod span;

pub(crate) use self::dispatch::{Panicked, catch, catch_call, catch_code, catch_now, count_failure};
pub(crate) use self::drive::Moment;
pub use self::handle::{CloseError, Conn, IntoExpiry, Message, SendError, SetError, TrySendError};
pub(crate) use self::life::Life;
pub(crate) use self::open::{Admitted, NoPlace, answer_short, refuse};
#[cfg(feature = "tower")]
pub(crate) use self::open::{answer, is_trusted, refuse_opened};
pub(crate) use self::send::{Broadcast, Corked, corked};
