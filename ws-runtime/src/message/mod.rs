//! Named messages: the envelope `{"type": …, "id": …, "data": …}` in text messages.
//!
//! | module | what it does |
//! |---|---|
//! | `keys` | the names of the envelope's keys |
//! | `scan`, `head`, `data` | read a message: one scan up to its data, which is read from where it lies |
//! | `usual`, `word` | a shortcut of the scan for messages in the usual form, eight bytes at once |
//! | `broken` | why a text is no envelope |
//! | [`envelope`] | a message on its way to its handler |
//! | `by_type` | tells apart, by its type, what a handler returned |
//! | `caller` | replies to a message |
//! | `push`, `ask`, `questions` | what the server sends on its own: pushes, and questions that the peer answers |
//! | `beside` | a message whose handler runs beside others, with what it borrows |
//! | [`write`] | writes replies, errors and pushes |
//! | `budget` | how many mistakes a peer is answered |
//! | `rate` | how many messages of a peer reach a handler |

mod ask;
mod beside;
mod broken;
mod budget;
mod by_type;
mod caller;
mod data;
mod envelope;
pub(crate) mod head;
mod keys;
mod push;
mod questions;
mod rate;
mod scan;
mod usual;
mod word;
pub(crate) mod write;

pub use self::ask::{AnswerData, Ask, AskError, Asking};
pub use self::beside::{Beside, Running};
pub(crate) use self::broken::Broken;
pub(crate) use self::budget::ErrorBudget;
pub(crate) use self::by_type::HandlerError;
pub use self::by_type::{
    IsData, IsLogged, IsNoData, IsOptionalResult, IsResult, IsTold, IsUnit, IsValue, Returned,
};
pub use self::caller::Caller;
pub(crate) use self::caller::{done, error, with_text};
pub(crate) use self::data::DataError;
pub(crate) use self::envelope::Address;
pub use self::envelope::Envelope;
pub(crate) use self::head::Answer;
pub use self::keys::Keys;
pub(crate) use self::push::write_push;
pub use self::push::{Outgoing, Push, PushData, ServerPush};
pub(crate) use self::questions::Questions;
pub(crate) use self::rate::{Bucket, Buckets, Refill};
pub use self::rate::{Limit, Limited};
pub(crate) use self::write::{NO_REPLY_TO, ReplyTo};

#[cfg(test)]
mod tests;
