//! The scan against `serde_json` as the reference, and what is written against what is read.

use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::super::head::Head;
use super::super::write::{self, ReplyTo, Told};
use super::super::{Broken, Keys};
use super::{KEYS, RENAMED};

/// The members of an object in their order, with duplicates.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        json.deserialize_map(Object)
    }
}

/// What is read from an envelope.
#[derive(Debug, PartialEq)]
struct Read {
    name: String,
    id: Option<Value>,
    /// Neither a right `id` nor none.
    bad_id: bool,
    data: Option<Value>,
    ask: Option<Value>,
}

/// The same by `serde_json` alone.
fn reference(text: &str, keys: &Keys) -> Option<Read> {
    let Members(members) = serde_json::from_str(text).ok()?;
    let mut found = Map::new();
    for (key, value) in members {
        let known = [keys.kind, keys.id, keys.data, "ask", "error"].contains(&&*key);
        if found.insert(key, value).is_some() && known {
            return None;
        }
    }
    let name = found.get(keys.kind)?.as_str()?.to_owned();
    let id = found.remove(keys.id).filter(|id| !id.is_null());
    let bad_id = id.as_ref().is_some_and(|id| !id.is_number() && !id.is_string());
    let id = id.filter(|_| !bad_id);
    Some(Read { name, id, bad_id, data: found.remove(keys.data), ask: found.remove("ask") })
}

/// The same by our scan.
fn ours(text: &str, keys: &'static Keys) -> Option<Read> {
    let head = Head::scan(text, keys)?;
    let bad_id = match head.complete(text) {
        Ok(()) | Err(Broken::NoQuestion) => false,
        Err(Broken::BadId { .. }) => true,
        Err(_) => return None,
    };
    let json = |token: &str| serde_json::from_str(token).unwrap();
    Some(Read {
        name: head.name(text).to_owned(),
        id: head.id(text).map(json),
        bad_id,
        data: head.raw_data(text).map(json),
        // The reference keeps the value, we only its number.
        ask: head.answer(text).unwrap().map(|answer| answer.ask.map_or(Value::Null, Value::from)),
    })
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        r#""type""#,
        r#""type""#,
        r#""type""#,
        r#""\u0074ype""#,
        r#""id""#,
        r#""id""#,
        r#""i\u0064""#,
        r#""data""#,
        r#""data""#,
        r#""dat\u0061""#,
        r#""ask""#,
        r#""error""#,
        r#""event""#,
        r#""event""#,
        r#""ref""#,
        r#""payload""#,
        r#""""#,
        r#""Type""#,
        r#""é""#,
    ])
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\"[a-zé$ ]{0,8}\"",
        1 => Just(r#""a\nb\"\\ \u00e9\/""#.to_owned()),
        2 => "-?[1-9][0-9]{0,5}",
        1 => "-?0(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
        1 => "[1-9]{1,3}(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
        1 => prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec((key(), inner), 0..4).prop_map(|members| object(&members, "")),
        ]
    })
}

fn object(members: &[(&str, String)], space: &str) -> String {
    let members: Vec<_> =
        members.iter().map(|(key, value)| format!("{space}{key}{space}:{space}{value}{space}")).collect();
    format!("{space}{{{}{space}}}{space}", members.join(","))
}

fn envelope() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["", "", " ", "\n\t", "\r"]);
    (prop::collection::vec((key(), value()), 0..7), space)
        .prop_map(|(members, space)| object(&members, space))
}

/// An envelope with some characters too many or too few.
fn damaged() -> impl Strategy<Value = String> {
    let added = prop::sample::select("[]{}\",:\\0-9nax \u{1}".chars().collect::<Vec<_>>());
    let damage = (any::<prop::sample::Index>(), 0..3usize, prop::collection::vec(added, 0..3));
    (envelope(), prop::collection::vec(damage, 1..3)).prop_map(|(text, damages)| {
        let mut chars: Vec<_> = text.chars().collect();
        for (at, removed, added) in damages {
            let at = at.index(chars.len() + 1);
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, added);
        }
        chars.into_iter().collect()
    })
}

fn same(text: &str, keys: &'static Keys) -> Result<(), TestCaseError> {
    let mut expected = reference(text, keys);
    if let Some(Read { ask: Some(ask), .. }) = &mut expected {
        *ask = ask.as_u64().map_or(Value::Null, Value::from);
    }
    prop_assert_eq!(ours(text, keys), expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_scan_finds_what_serde_json_finds(text in envelope()) {
        same(&text, KEYS)?;
        same(&text, RENAMED)?;
    }

    #[test]
    fn the_scan_refuses_what_serde_json_refuses(text in damaged()) {
        same(&text, KEYS)?;
    }

    #[test]
    fn data_is_read_as_serde_json_reads_it(text in envelope()) {
        if let Some(Read { data, bad_id: false, ask: None, .. }) = reference(&text, KEYS) {
            let read = Head::scan(&text, KEYS).unwrap().data::<Value>(&text);
            prop_assert_eq!(read, Ok(data.unwrap_or_default()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(name in ".{0,20}", id in prop::option::of("\".{0,8}\""), data in value(), renamed: bool) {
        let keys = if renamed { RENAMED } else { KEYS };
        let id = id.map(|id| serde_json::to_string(&id).unwrap());
        let token = serde_json::to_string(&name).unwrap();
        let to = ReplyTo { name: Some(&token), id: id.as_deref() };
        let data: Value = serde_json::from_str(&data).unwrap();
        let mut out = Vec::new();
        write::reply(&mut out, keys, to, &data).unwrap();
        let text = String::from_utf8(out).unwrap();
        let head = Head::scan(&text, keys).unwrap();
        prop_assert_eq!(head.data::<Value>(&text), Ok(data.clone()));
        prop_assert_eq!((head.name(&text), head.id(&text)), (&*name, id.as_deref()));

        let mut out = Vec::new();
        write::push(&mut out, keys, &name, &data).unwrap();
        let text = String::from_utf8(out).unwrap();
        let head = Head::scan(&text, keys).unwrap();
        prop_assert_eq!(head.data::<Value>(&text), Ok(data));
        prop_assert_eq!((head.name(&text), head.id(&text)), (&*name, None));

        let mut out = Vec::new();
        write::error(&mut out, keys, to, Told { code: &name, message: &name, data: None });
        let text = String::from_utf8(out).unwrap();
        let error = reference(&text, keys).unwrap();
        let repeated = if token.len() <= 66 { &*name } else { "$error" };
        prop_assert_eq!(error.name, repeated);
    }
}
