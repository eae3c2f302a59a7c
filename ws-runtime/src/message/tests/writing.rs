//! The messages that are written.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::super::write::{self, ReplyTo, Told};
use super::{KEYS, RENAMED};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = b"before".to_vec();
    write(&mut out);
    String::from_utf8(out.split_off(6)).unwrap()
}

const TO: ReplyTo<'_> = ReplyTo { name: Some(r#""a\u0062""#), id: Some("7.0") };

const PLAIN: Told<'_> = Told { code: "taken", message: "taken by \"ann\"", data: None };

#[test]
fn each_message_has_its_keys_in_order() {
    let rows = [
        (
            written(|out| write::reply(out, KEYS, TO, &()).unwrap()),
            r#"{"type":"a\u0062","id":7.0,"data":null}"#,
        ),
        (
            written(|out| write::reply(out, RENAMED, ReplyTo { id: None, ..TO }, "x").unwrap()),
            r#"{"event":"a\u0062","payload":"x"}"#,
        ),
        (
            written(|out| write::error(out, KEYS, TO, PLAIN)),
            r#"{"type":"a\u0062","id":7.0,"error":{"code":"taken","message":"taken by \"ann\""}}"#,
        ),
        (
            written(|out| {
                write::error(
                    out,
                    RENAMED,
                    ReplyTo { name: None, id: None },
                    Told { data: Some("[1]"), ..PLAIN },
                );
            }),
            r#"{"event":"$error","error":{"code":"taken","message":"taken by \"ann\"","data":[1]}}"#,
        ),
        (written(|out| write::done(out, RENAMED, TO)), r#"{"event":"a\u0062","ref":7.0,"done":true}"#),
        (written(|out| write::push(out, KEYS, "sa\"id", &[1]).unwrap()), r#"{"type":"sa\"id","data":[1]}"#),
        (
            written(|out| write::question(out, RENAMED, "confirm", u64::MAX, &1).unwrap()),
            r#"{"event":"confirm","ask":18446744073709551615,"payload":1}"#,
        ),
        (written(|out| write::pong(out, KEYS, None)), r#"{"type":"$pong"}"#),
        (written(|out| write::pong(out, RENAMED, Some("\"x\""))), r#"{"event":"$pong","ref":"x"}"#),
    ];
    for (written, expected) in rows {
        assert_eq!(written, expected);
    }
}

#[test]
fn an_error_repeats_names_of_up_to_64_bytes() {
    for (length, repeated) in [(64, true), (65, false), (60_000, false)] {
        let name = format!("\"{}\"", "n".repeat(length));
        let to = ReplyTo { name: Some(&name), id: Some("1") };
        let error = written(|out| write::error(out, KEYS, to, PLAIN));
        assert_eq!(error.contains(&name), repeated);
        assert_eq!(error.starts_with(r#"{"type":"$error","id":1,"#), !repeated);
        assert!(
            written(|out| write::reply(out, KEYS, to, &1).unwrap()).contains(&name),
            "a reply repeats any name"
        );
    }
}

#[test]
fn a_value_that_cannot_be_written_leaves_nothing_behind() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no"))
        }
    }
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("while serialising")
        }
    }
    let mut out = b"before".to_vec();
    assert!(
        write::reply(&mut out, KEYS, TO, &[Ok(1), Err(Fails)].map(|one| one.map_err(|fails| vec![fails])))
            .is_err()
    );
    assert!(write::push(&mut out, KEYS, "a", &("partly", Fails)).is_err());
    assert!(write::push(&mut out, KEYS, "a", &HashMap::from([((1, 2), 3)])).is_err());
    assert!(write::question(&mut out, KEYS, "a", 1, &("partly", Fails)).is_err());
    assert!(
        catch_unwind(AssertUnwindSafe(|| write::push(&mut out, KEYS, "a", &("partly", Panics)))).is_err()
    );
    assert_eq!(out, b"before");
}
