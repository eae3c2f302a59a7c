//! Named messages: the envelope `{"type": …, "id": …, "data": …}` in text messages.

mod broken;
mod data;
mod head;
mod keys;
mod scan;
mod usual;
mod word;
pub(crate) mod write;

pub(crate) use self::broken::Broken;
pub(crate) use self::data::DataError;
pub(crate) use self::head::{Answer, Head};
pub use self::keys::Keys;

#[cfg(test)]
mod tests;
