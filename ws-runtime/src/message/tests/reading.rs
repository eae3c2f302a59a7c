//! The data of a message as a type.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::head::Head;
use super::super::{Broken, DataError};
use super::KEYS;

#[derive(Debug, PartialEq, Deserialize)]
struct Say<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Plain<'a> {
    text: &'a str,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    cell: u8,
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, DataError> {
    Head::try_scan(text, KEYS)?.data(text)
}

fn mismatch<T: for<'t> Deserialize<'t>>(text: &str) -> String {
    match read::<T>(text) {
        Err(DataError::Mismatch(told)) => told,
        Err(DataError::Broken(broken)) => panic!("{text}: {broken}"),
        Ok(_) => panic!("{text}: it fits"),
    }
}

#[test]
fn data_is_read_wherever_it_stands_and_borrows_from_the_text() {
    for text in [
        r#"{"type":"say","id":7,"data":{"text":"hello"}}"#,
        r#"{"type":"say","data":{"text":"hello"},"id":7}"#,
        r#"{"id":7,"data":{"text":"hello"},"type":"say"}"#,
    ] {
        let head = Head::scan(text, KEYS).unwrap();
        let Ok(Say { text: Cow::Borrowed(said) }) = head.data(text) else { panic!("{text}: not borrowed") };
        assert_eq!((said, head.id(text)), ("hello", Some("7")));
        assert_eq!(head.raw_data(text), Some(r#"{"text":"hello"}"#));
        assert_eq!(head.data::<Plain<'_>>(text), Ok(Plain { text: "hello" }), "it can be read twice");
    }
}

#[test]
fn every_escape_is_read_but_not_by_a_str() {
    for (escaped, text) in [
        (r"\n", "\n"),
        (r"\t", "\t"),
        (r"\r", "\r"),
        (r"\b", "\u{8}"),
        (r"\f", "\u{c}"),
        (r"\/", "/"),
        (r"\\", "\\"),
        (r#"\""#, "\""),
        (r"\u00e9", "é"),
        (r"\ud83e\udd80", "🦀"),
        (r"\u0000", "\0"),
    ] {
        let message = format!(r#"{{"type":"say","data":{{"text":"a{escaped}"}}}}"#);
        assert_eq!(read::<Say<'_>>(&message).unwrap().text, format!("a{text}"));
        assert_eq!(
            read::<Plain<'_>>(&message),
            Err(DataError::Mismatch(format!(
                "a text with escapes does not fit a field of type `&str`: `Cow<str>` and `String` take it \
                 at line 1 column {}",
                message.len() - 2
            )))
        );
    }
    let lone = r#"{"type":"say","data":{"text":"\ud800"}}"#;
    assert!(matches!(read::<Say<'_>>(lone), Err(DataError::Mismatch(_))), "skipping it is no error");
}

#[test]
fn what_does_not_fit_is_told_with_its_place_in_the_message() {
    let rows = [
        (
            r#"{"type":"a","data":{"cell":"x"}}"#,
            "invalid type: string \"x\", expected u8 at line 1 column 30",
        ),
        (
            r#"{"type":"a","data":{"cell":256}}"#,
            "invalid value: integer `256`, expected u8 at line 1 column 30",
        ),
        (r#"{"type":"a","data":{}}"#, "missing field `cell` at line 1 column 21"),
        (r#"{"type":"a","data":{"cell":1,"x":2}}"#, "unknown field `x`, expected `cell` at line 1 column 32"),
        (r#"{"type":"a","data":{"cell":1,"cell":2}}"#, "duplicate field `cell` at line 1 column 35"),
        (
            "{\"type\":\"a\",\n\"data\":\n{\"cell\":\n-1}}",
            "invalid value: integer `-1`, expected u8 at line 4 column 2",
        ),
        (r#"{"type":"a","data":7}"#, "invalid type: integer `7`, expected struct Move at line 1 column 20"),
        (r#"{"type":"a","data":null}"#, "invalid type: null, expected struct Move at line 1 column 23"),
        (r#"{"type":"a"}"#, "there is no data: invalid type: null, expected struct Move"),
        (r#"{"data":7,"type":"a"}"#, "invalid type: integer `7`, expected struct Move at line 1 column 9"),
    ];
    for (text, told) in rows {
        assert_eq!(mismatch::<Move>(text), told, "{text}");
    }
}

#[test]
fn what_serde_says_of_a_long_text_is_cut() {
    let text = format!(r#"{{"type":"a","data":{{"cell":"{}"}}}}"#, "é".repeat(60_000));
    let told = mismatch::<Move>(&text);
    assert!(told.starts_with("invalid type: string \"éé") && told.contains(" at line 1 column "), "{told}");
    assert!(told.len() < 300, "{} bytes", told.len());
}

#[test]
fn a_peer_cannot_make_up_the_hint_for_str() {
    let text = r#"{"type":"a","data":{"cell":"expected a borrowed string"}}"#;
    assert!(mismatch::<Move>(text).starts_with("invalid type: string"));
}

#[test]
fn absent_data_is_null() {
    let text = r#"{"type":"a","id":1}"#;
    assert_eq!(read::<Option<u8>>(text), Ok(None));
    assert_eq!(read::<()>(text), Ok(()));
    assert_eq!(read::<Value>(text), Ok(Value::Null));
    assert_eq!(read::<Option<u8>>(r#"{"type":"a","data":null}"#), Ok(None));
}

#[test]
fn what_is_broken_behind_good_data_is_found() {
    for text in [
        r#"{"type":"a","data":{"cell":1}"#,
        r#"{"type":"a","data":{"cell":1}}x"#,
        r#"{"type":"a","data":{"cell":1},"type":"b"}"#,
        r#"{"type":"a","data":{"cell":1},"id":[]}"#,
        r#"{"type":"a","data":{"cell":1},"ask":1}"#,
    ] {
        assert!(matches!(read::<Move>(text), Err(DataError::Broken(_))), "{text}");
    }
}

#[test]
fn broken_data_is_told_from_data_that_does_not_fit() {
    for text in [
        r#"{"type":"a","data":{"cell":}}"#,
        r#"{"type":"a","data":{"cell":"x}}"#,
        r#"{"type":"a","data":{"cell":"x"},,}"#,
        r#"{"type":"a","data":"#,
        r#"{"type":"a","data":{"cell":"x","y":[}}"#,
    ] {
        assert!(matches!(read::<Move>(text), Err(DataError::Broken(Broken::NoJson { .. }))), "{text}");
    }
}

#[test]
fn data_that_does_not_fit_still_tells_the_id_behind_it() {
    let text = r#"{"type":"a","data":{"cell":"x"},"id":7}"#;
    let head = Head::scan(text, KEYS).unwrap();
    assert!(head.data::<Move>(text).is_err());
    assert_eq!(head.id(text), Some("7"));
}

#[test]
fn a_type_has_the_depth_of_serde_json() {
    fn nested(depth: usize) -> String {
        format!(r#"{{"type":"a","data":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    }
    assert!(read::<Value>(&nested(127)).is_ok());
    assert!(mismatch::<Value>(&nested(10_000)).starts_with("recursion limit exceeded"));
}

#[test]
fn a_type_that_looks_at_nothing_reads_any_data() {
    #[derive(Debug, PartialEq)]
    struct Nothing;
    impl<'de> Deserialize<'de> for Nothing {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    let text = r#"{"type":"a","data":{"cell":1},"id":7}"#;
    let head = Head::scan(text, KEYS).unwrap();
    assert_eq!(head.data(text), Ok(Nothing));
    assert_eq!(head.id(text), Some("7"));
}

#[test]
fn data_of_each_kind_is_read() {
    assert_eq!(read::<u8>(r#"{"type":"a","data":12}"#), Ok(12));
    assert_eq!(read::<u8>(r#"{"type":"a","data":12 ,"id":1}"#), Ok(12));
    assert_eq!(read::<bool>(r#"{"type":"a","data":true}"#), Ok(true));
    assert_eq!(read::<&str>(r#"{"type":"a","data":"x"}"#), Ok("x"));
    assert_eq!(read::<Vec<u8>>(r#"{"type":"a","data":[1,2]}"#), Ok(vec![1, 2]));
    assert_eq!(read::<HashMap<&str, u8>>(r#"{"type":"a","data":{"x":1}}"#), Ok([("x", 1)].into()));
}
