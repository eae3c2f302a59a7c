//! Writes named messages. Each function appends one message to a buffer.

use serde::Serialize;

use super::keys::{ASK, DONE, ERROR, Keys};

/// The name in an error reply to a text that has none, or one of more than [`MAX_NAME`] bytes.
const NO_NAME: &str = r#""$error""#;

/// The longest name that is repeated in an error reply, in bytes as it is written. A peer must not get more than it
/// sent.
const MAX_NAME: usize = 64;

/// What a reply belongs to: the tokens of its message's name and `id`, as they were written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyTo<'m> {
    /// With quotation marks. `None` if the message has no name.
    pub(crate) name: Option<&'m str>,
    pub(crate) id: Option<&'m str>,
}

/// The receiver of an error reply to a text that is no envelope.
pub(crate) const NO_REPLY_TO: ReplyTo<'static> = ReplyTo { name: None, id: None };

/// What an error reply says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'e> {
    pub(crate) code: &'e str,
    pub(crate) message: &'e str,
    /// As JSON.
    pub(crate) data: Option<&'e str>,
}

/// Writes a reply: `{"type":…,"id":…,"data":…}`.
///
/// # Errors
///
/// If the data cannot be serialised. The buffer is then as it was.
pub(crate) fn reply<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    keys: &Keys,
    to: ReplyTo<'_>,
    data: &T,
) -> serde_json::Result<()> {
    let mut message = Draft::begin(out, keys, to);
    message.key(keys.data);
    message.json(data)?;
    message.finish();
    Ok(())
}

/// Writes an error reply: `{"type":…,"id":…,"error":{"code":…,"message":…}}`.
pub(crate) fn error(out: &mut Vec<u8>, keys: &Keys, to: ReplyTo<'_>, told: Told<'_>) {
    let name = to.name.filter(|name| name.len() <= MAX_NAME + 2);
    let mut message = Draft::begin(out, keys, ReplyTo { name, ..to });
    message.key(ERROR);
    message.raw(r#"{"code":"#);
    message.string(told.code);
    message.raw(r#","message":"#);
    message.string(told.message);
    if let Some(data) = told.data {
        message.raw(r#","data":"#);
        message.raw(data);
    }
    message.raw("}");
    message.finish();
}

/// Writes the end of a stream: `{"type":…,"id":…,"done":true}`.
pub(crate) fn done(out: &mut Vec<u8>, keys: &Keys, to: ReplyTo<'_>) {
    let mut message = Draft::begin(out, keys, to);
    message.key(DONE);
    message.raw("true");
    message.finish();
}

/// Writes a push: `{"type":…,"data":…}`.
///
/// # Errors
///
/// If the data cannot be serialised. The buffer is then as it was.
pub(crate) fn push<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    keys: &Keys,
    name: &str,
    data: &T,
) -> serde_json::Result<()> {
    let mut message = Draft::named(out, keys, name);
    message.key(keys.data);
    message.json(data)?;
    message.finish();
    Ok(())
}

/// Writes a question: `{"type":…,"ask":…,"data":…}`.
///
/// # Errors
///
/// If the data cannot be serialised. The buffer is then as it was.
pub(crate) fn question<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    keys: &Keys,
    name: &str,
    ask: u64,
    data: &T,
) -> serde_json::Result<()> {
    let mut message = Draft::named(out, keys, name);
    message.key(ASK);
    message.json(&ask)?;
    message.key(keys.data);
    message.json(data)?;
    message.finish();
    Ok(())
}

/// Writes the answer to `$ping`: `{"type":"$pong","id":…}`.
pub(crate) fn pong(out: &mut Vec<u8>, keys: &Keys, id: Option<&str>) {
    Draft::begin(out, keys, ReplyTo { name: Some(r#""$pong""#), id }).finish();
}

/// A message that is being written. Unless it is finished, the buffer is left as it was, also after a panic.
struct Draft<'o> {
    out: &'o mut Vec<u8>,
    /// The buffer's length before.
    before: usize,
    finished: bool,
}

impl<'o> Draft<'o> {
    fn begin(out: &'o mut Vec<u8>, keys: &Keys, to: ReplyTo<'_>) -> Self {
        let mut message = Self::of_kind(out, keys);
        message.raw(to.name.unwrap_or(NO_NAME));
        if let Some(id) = to.id {
            message.key(keys.id);
            message.raw(id);
        }
        message
    }

    fn named(out: &'o mut Vec<u8>, keys: &Keys, name: &str) -> Self {
        let mut message = Self::of_kind(out, keys);
        message.string(name);
        message
    }

    fn of_kind(out: &'o mut Vec<u8>, keys: &Keys) -> Self {
        let before = out.len();
        let mut message = Self { out, before, finished: false };
        message.raw("{\"");
        message.raw(keys.kind);
        message.raw("\":");
        message
    }

    fn key(&mut self, key: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
    }

    fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    fn string(&mut self, text: &str) {
        // Writing a text to memory does not fail.
        let _ = serde_json::to_writer(&mut *self.out, text);
    }

    fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> serde_json::Result<()> {
        serde_json::to_writer(&mut *self.out, value)
    }

    fn finish(mut self) {
        self.raw("}");
        self.finished = true;
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.out.truncate(self.before);
        }
    }
}
