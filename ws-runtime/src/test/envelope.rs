//! The envelope of named messages, as a client writes and reads it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::error::Refused;
use crate::message::Keys;

/// A message from the server, taken apart.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) kind: String,
    /// The `id`, as it was written.
    pub(super) id: Option<String>,
    /// The number of a question.
    pub(super) ask: Option<u64>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Data(Box<RawValue>),
    Error(Refused),
    /// The end of a stream.
    Done,
}

impl Keys {
    /// Writes a message to the server: a key with the number of a call or of a question, and the content under its key.
    pub(super) fn write(
        &self,
        name: &str,
        number: Option<(&str, u64)>,
        content: Option<(&str, impl Serialize)>,
    ) -> Result<String, serde_json::Error> {
        let mut text = format!("{{{}:{}", quoted(self.kind)?, quoted(name)?);
        if let Some((key, number)) = number {
            text.push_str(&format!(",{}:{number}", quoted(key)?));
        }
        if let Some((key, content)) = content {
            text.push_str(&format!(",{}:{}", quoted(key)?, serde_json::to_string(&content)?));
        }
        text.push('}');
        Ok(text)
    }

    /// Reads a message from the server. `None` if it is no envelope.
    pub(super) fn read(&self, text: &str) -> Option<Envelope> {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
        let kind = serde_json::from_str(members.remove(self.kind)?.get()).ok()?;
        let id = members.remove(self.id).map(|id| id.get().to_owned());
        let ask = members.remove("ask").and_then(|ask| ask.get().parse().ok());
        let content = if let Some(error) = members.remove("error") {
            Content::Error(Refused::read(&error))
        } else if members.remove("done").is_some_and(|done| done.get() == "true") {
            Content::Done
        } else {
            Content::Data(members.remove(self.data).unwrap_or_default())
        };
        Some(Envelope { kind, id, ask, content })
    }
}

impl Refused {
    /// Takes what is there: a server that writes errors in another way fails the assertions on them.
    fn read(error: &RawValue) -> Self {
        let error: serde_json::Value = serde_json::from_str(error.get()).unwrap_or_default();
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        Self { code: text("code"), message: text("message"), data: error.get("data").cloned() }
    }
}

fn quoted(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_with_renamed_keys() {
        let keys = Keys::new("event", "ref", "payload");
        let text = keys.write("say \"x\"", Some((keys.id, 7)), Some((keys.data, [1, 2]))).unwrap();
        assert_eq!(text, r#"{"event":"say \"x\"","ref":7,"payload":[1,2]}"#);
        let read = keys.read(&text).unwrap();
        assert_eq!((read.kind.as_str(), read.id.as_deref()), ("say \"x\"", Some("7")));
        assert!(matches!(read.content, Content::Data(data) if data.get() == "[1,2]"));
    }

    #[test]
    fn errors_ends_questions_and_other_texts_are_told_apart() {
        let keys = Keys::DEFAULT;
        let error = keys.read(r#"{"type":"a","id":"x","error":{"code":"c","message":"m","data":{"n":1}}}"#);
        let Some(Envelope { id: Some(id), content: Content::Error(refused), .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((id.as_str(), refused.code.as_str(), refused.message.as_str()), ("\"x\"", "c", "m"));
        assert_eq!(refused.data.unwrap()["n"], 1);
        assert!(matches!(keys.read(r#"{"type":"a","id":1,"done":true}"#).unwrap().content, Content::Done));
        assert_eq!(keys.read(r#"{"type":"a","ask":3,"data":1}"#).unwrap().ask, Some(3));
        assert!(keys.read("hello").is_none());
        assert!(keys.read(r#"{"event":"a"}"#).is_none());
        assert!(keys.read(r#"{"type":5}"#).is_none());
    }
}
