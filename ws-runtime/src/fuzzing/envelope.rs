//! Fuzz target for the text of a message as an envelope.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::message::head::Head;
use crate::message::{Broken, DataError, Keys, write};

static RENAMED: Keys = Keys::new("event", "ref", "payload");

/// Checks what is found in a text against what `serde_json` alone finds, and that what is written is read again. The
/// first byte says nothing.
pub fn envelope(input: &[u8]) {
    let Some((_, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    for keys in [&Keys::DEFAULT, &RENAMED] {
        compare(text, keys);
    }
}

fn compare(text: &str, keys: &'static Keys) {
    let reference = Members::of(text, keys);
    let head = Head::scan(text, keys);
    let complete = head.as_ref().map(|head| head.complete(text));
    let found = head.filter(|_| !matches!(complete, Some(Err(broken)) if broken.is_no_envelope()));
    let (head, members) = match (found, reference) {
        (Some(head), Some(members)) => (head, members),
        (None, None) => return,
        (found, reference) => panic!("{text}: {found:?}, but {reference:?}"),
    };
    assert_eq!(head.name(text), members.name, "{text}");
    let bad_id = members.id.is_some_and(|id| !is_id(id));
    assert_eq!(head.id(text), members.id.filter(|id| *id != "null" && is_id(id)), "{text}");
    assert_eq!(matches!(complete, Some(Err(Broken::BadId { .. }))), bad_id, "{text}");
    assert_eq!(head.raw_data(text), members.data, "{text}");
    let ask = members.ask.map(|ask| ask.parse::<u64>().ok());
    let answer = head.answer(text).unwrap();
    assert_eq!(answer.map(|answer| answer.ask), ask, "{text}");
    assert_eq!(answer.and_then(|answer| answer.error), members.error.filter(|_| ask.is_some()), "{text}");
    let is_right = !bad_id && ask.is_none();
    assert_eq!(complete == Some(Ok(())), is_right, "{text}");

    // By a head that was not completed before.
    let head = Head::scan(text, keys).unwrap();
    let expected = serde_json::from_str::<Value>(members.data.unwrap_or("null"));
    match (head.data::<Value>(text), expected) {
        (Ok(data), Ok(expected)) if is_right => {
            assert_eq!(data, expected, "{text}");
            reply(&head, text, keys, &data);
        }
        (Err(DataError::Mismatch(_)), Err(_)) if is_right => {}
        (Err(DataError::Broken(_)), _) if !is_right => {}
        (read, expected) => panic!("{text}: {read:?}, but {expected:?}"),
    }
}

/// Writes a reply, and reads it.
fn reply(head: &Head, text: &str, keys: &'static Keys, data: &Value) {
    let to = write::ReplyTo { name: Some(head.name_token(text)), id: head.id(text) };
    let mut out = Vec::new();
    write::reply(&mut out, keys, to, data).unwrap();
    let written = String::from_utf8(out).unwrap();
    let read = Head::scan(&written, keys).unwrap();
    // Fractions are not read as exactly as they are written.
    let expected = serde_json::from_str(&data.to_string()).unwrap();
    assert_eq!(read.data::<Value>(&written), Ok(expected), "{written}");
    assert_eq!((read.name(&written), read.id(&written)), (head.name(text), head.id(text)), "{written}");
}

/// A number, a text or `null`, of no more bytes than a reply repeats.
fn is_id(token: &str) -> bool {
    match token.as_bytes() {
        [b'"', text @ .., b'"'] => text.len() <= 64,
        [b'-' | b'0'..=b'9', ..] => token.len() <= 64,
        token => token == b"null",
    }
}

/// The members of an object, as `serde_json` reads them. Values are as they were written.
#[derive(Debug, Default)]
struct Members<'t> {
    name: String,
    id: Option<&'t str>,
    data: Option<&'t str>,
    ask: Option<&'t str>,
    error: Option<&'t str>,
}

impl<'t> Members<'t> {
    fn of(text: &'t str, keys: &Keys) -> Option<Self> {
        let Raw(all) = serde_json::from_str(text).ok()?;
        let mut found = Self::default();
        let mut name = None;
        for (key, value) in all {
            let value = value.get();
            let place = match key.as_str() {
                key if key == keys.kind => &mut name,
                key if key == keys.id => &mut found.id,
                key if key == keys.data => &mut found.data,
                "ask" => &mut found.ask,
                "error" => &mut found.error,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        found.name = serde_json::from_str(name?).ok()?;
        Some(found)
    }
}

/// The members of an object in their order, with duplicates.
struct Raw<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Raw<'t> {
    fn deserialize<D: Deserializer<'t>>(json: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'t> Visitor<'t> for Object {
            type Value = Raw<'t>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Raw<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Raw(members))
            }
        }
        json.deserialize_map(Object)
    }
}
