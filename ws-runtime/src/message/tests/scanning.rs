//! What is an envelope, and what a scan finds in it.

use super::super::Broken;
use super::super::broken::MAX_ID;
use super::super::head::{Answer, Head};
use super::{KEYS, RENAMED};

/// Scans a text to its end.
fn whole(text: &str) -> Result<Head, Broken> {
    let head = Head::try_scan(text, KEYS)?;
    head.complete(text)?;
    Ok(head)
}

#[test]
fn a_head_is_small_and_may_move_between_threads() {
    fn moves<T: Send + Sync + 'static>() {}
    moves::<Head>();
    assert!(size_of::<Head>() <= 40, "{} bytes", size_of::<Head>());
}

#[test]
fn an_envelope_is_an_object_whose_type_is_a_text() {
    let rows = [
        (r#"{"type":"a"}"#, Some("a"), None, None),
        (" {\n\t\"type\" : \"a\"\r} \n", Some("a"), None, None),
        (r#"{"type":"a","id":7,"data":{"cell":4}}"#, Some("a"), Some("7"), Some(r#"{"cell":4}"#)),
        (
            r#"{"data":[1,{"type":"b"}],"id":"x","type":"a"}"#,
            Some("a"),
            Some(r#""x""#),
            Some(r#"[1,{"type":"b"}]"#),
        ),
        (r#"{"type":"a","data":1 , "id" : -0.5e3 }"#, Some("a"), Some("-0.5e3"), Some("1")),
        (r#"{"type":"","id":null,"data":null}"#, Some(""), None, Some("null")),
        (r#"{"more":{"type":[]},"type":"a","even":"more"}"#, Some("a"), None, None),
        (r#"{"\u0074ype":"\u0061\n","\u0069d":1,"dat\u0061":2}"#, Some("a\n"), Some("1"), Some("2")),
        (r#"{"type":"grüße 🦀","id":"🦀"}"#, Some("grüße 🦀"), Some(r#""🦀""#), None),
        (r#"{"Type":"b","type":"a","TYPE":"c"}"#, Some("a"), None, None),
        (r#"{"type":"a","ID":{}}"#, Some("a"), None, None),
        (r#"{"type":"a","x":1,"x":2,"":3,"":4}"#, Some("a"), None, None),
        (r#"{"type":"a","id":0}"#, Some("a"), Some("0"), None),
        (r#"{"type":"a","id":1e400}"#, Some("a"), Some("1e400"), None),
        (r#"{"type":"a","id":"\"\\\n\u00e9"}"#, Some("a"), Some(r#""\"\\\n\u00e9""#), None),
        (r#"{"type":"a","data":"}\",{"}"#, Some("a"), None, Some(r#""}\",{""#)),
    ];
    for (text, name, id, data) in rows {
        let head = whole(text).unwrap_or_else(|broken| panic!("{text}: {broken}"));
        assert_eq!(Some(head.name(text)), name, "{text}");
        assert_eq!(head.id(text), id, "{text}");
        assert_eq!(head.raw_data(text), data, "{text}");
        assert_eq!(head.is_absent(text), data.is_none_or(|data| data == "null"), "{text}");
        assert!(head.name_token(text).starts_with('"') && head.name_token(text).ends_with('"'), "{text}");
    }
}

#[test]
fn any_other_text_is_no_envelope() {
    let no_json = |at| Broken::NoJson { at };
    let twice = |key| Broken::Twice { key };
    let rows = [
        ("", Broken::NoObject),
        ("hello", Broken::NoObject),
        (r#"["type","a"]"#, Broken::NoObject),
        (r#""type""#, Broken::NoObject),
        ("7", Broken::NoObject),
        ("null", Broken::NoObject),
        ("{}", Broken::NoName { key: "type" }),
        (r#"{"id":7,"data":1}"#, Broken::NoName { key: "type" }),
        (r#"{"type":7}"#, Broken::BadName { key: "type" }),
        (r#"{"type":null}"#, Broken::BadName { key: "type" }),
        (r#"{"type":["a"]}"#, Broken::BadName { key: "type" }),
        (r#"{"type":{"type":"a"}}"#, Broken::BadName { key: "type" }),
        (r#"{"type":"\ud800"}"#, Broken::BadName { key: "type" }),
        (r#"{"type":"a","type":"a"}"#, twice("type")),
        (r#"{"type":"a","data":1,"type":"a"}"#, twice("type")),
        (r#"{"type":"a","id":1,"id":1}"#, twice("id")),
        (r#"{"type":"a","id":null,"data":1,"id":1}"#, twice("id")),
        (r#"{"type":"a","data":1,"data":1}"#, twice("data")),
        (r#"{"type":"a","data":1,"\u0064ata":1}"#, twice("data")),
        (r#"{"data":1,"data":1,"type":"a"}"#, twice("data")),
        (r#"{"type":"a"}}"#, Broken::Trailing { at: 12 }),
        (r#"{"type":"a"}{"type":"a"}"#, Broken::Trailing { at: 12 }),
        (r#"{"type":"a","data":1} x"#, Broken::Trailing { at: 21 }),
        ("{", no_json(1)),
        ("{,", no_json(1)),
        (r#"{"type"}"#, no_json(7)),
        (r#"{"type":}"#, no_json(8)),
        (r#"{"type":"a"#, no_json(10)),
        (r#"{"type":"a","#, no_json(12)),
        (r#"{"type":"a",}"#, no_json(12)),
        (r#"{"type":"a",,"id":1}"#, no_json(12)),
        (r#"{"type":"a" "id":1}"#, no_json(12)),
        (r#"{"type":"a","id":}"#, no_json(17)),
        (r#"{"type":"a","id":01}"#, no_json(18)),
        (r#"{"type":"a","id":1x}"#, no_json(18)),
        (r#"{"type":"a","id":-}"#, no_json(18)),
        (r#"{"type":"a","id":nul}"#, no_json(20)),
        (r#"{"type":"a","data":}"#, no_json(19)),
        (r#"{"type":"a","data":[1}"#, no_json(21)),
        (r#"{"type":"a","data":1"#, no_json(20)),
        (r#"{"type":"a","data":{}"#, no_json(21)),
        (r#"{"type":"a","data":'1'}"#, no_json(19)),
        (r#"{"type":"a","data":NaN}"#, no_json(19)),
        (r"{type:'a'}", no_json(1)),
        ("{\"type\":\"a\nb\"}", no_json(10)),
        ("{\"type\":\"a\",\"x\":\"\u{0}\"}", no_json(17)),
        ("\u{feff}{\"type\":\"a\"}", Broken::NoObject),
    ];
    for (text, expected) in rows {
        match (whole(text), expected) {
            // `serde_json` counts the first byte of a value that is none, or not.
            (Err(Broken::NoJson { at }), Broken::NoJson { at: expected }) if at.abs_diff(expected) <= 1 => {}
            (found, expected) => assert_eq!(found.map(drop), Err(expected), "{text}"),
        }
    }
    assert!(whole(r#"{"type":"\q"}"#).is_err(), "no escape of JSON");
}

#[test]
fn an_id_is_a_number_or_a_short_text() {
    let bad = [
        r#"{"id":1}"#.to_owned(),
        "[1]".to_owned(),
        "true".to_owned(),
        "[]".to_owned(),
        format!("\"{}\"", "x".repeat(MAX_ID + 1)),
        "1".repeat(MAX_ID + 1),
        format!("\"{}\"", r"\n".repeat(MAX_ID)),
        format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)),
    ];
    for id in bad {
        for text in
            [format!(r#"{{"type":"a","id":{id},"data":1}}"#), format!(r#"{{"type":"a","data":1,"id":{id}}}"#)]
        {
            let head = Head::scan(&text, KEYS).unwrap();
            assert_eq!(head.complete(&text), Err(Broken::BadId { key: "id" }), "{text}");
            assert!(head.data::<u8>(&text).is_err(), "{text}");
            assert_eq!((head.name(&text), head.id(&text)), ("a", None));
        }
    }
    let good =
        [format!("\"{}\"", "x".repeat(MAX_ID)), "9".repeat(60), r#""\ud800""#.to_owned(), r#""""#.to_owned()];
    for id in good {
        for text in
            [format!(r#"{{"type":"a","id":{id},"data":1}}"#), format!(r#"{{"type":"a","data":1,"id":{id}}}"#)]
        {
            assert_eq!(whole(&text).unwrap().id(&text), Some(&*id));
        }
    }
}

#[test]
fn deep_nesting_is_skipped_without_recursion() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for deep in [&deep, &objects] {
        for text in [
            format!(r#"{{"x":{deep},"type":"a","data":1}}"#),
            format!(r#"{{"type":"a","data":{deep},"id":1}}"#),
            format!(r#"{{"data":{deep},"id":1,"type":"a"}}"#),
        ] {
            assert_eq!(whole(&text).unwrap().name(&text), "a");
        }
    }
    let open = format!(r#"{{"type":"a","data":{}"#, "[".repeat(100_000));
    assert_eq!(whole(&open).map(drop), Err(Broken::NoJson { at: open.len() }));
}

#[test]
fn a_huge_name_is_only_measured() {
    let name = "n".repeat(60_000);
    let text = format!(r#"{{"type":"{name}"}}"#);
    assert_eq!(whole(&text).unwrap().name(&text), name);
}

#[test]
fn renamed_keys_are_the_only_ones() {
    let text = r#"{"type":1,"id":2,"data":3,"event":"a","ref":7,"payload":8}"#;
    let head = Head::scan(text, RENAMED).unwrap();
    head.complete(text).unwrap();
    assert_eq!((head.name(text), head.id(text), head.raw_data(text)), ("a", Some("7"), Some("8")));
    assert!(Head::scan(r#"{"type":"a"}"#, RENAMED).is_none());
}

#[test]
fn an_answer_has_the_number_of_its_question() {
    let answer = |ask, data, error| Some(Answer { ask, data, error });
    let rows = [
        (r#"{"type":"a","ask":3,"data":true}"#, answer(Some(3), Some("true"), None)),
        (r#"{"data":true,"ask":3,"type":"a"}"#, answer(Some(3), Some("true"), None)),
        (r#"{"type":"a","data":true,"ask":3}"#, answer(Some(3), Some("true"), None)),
        (r#"{"type":"a","ask":3,"error":{"code":"no"}}"#, answer(Some(3), None, Some(r#"{"code":"no"}"#))),
        (r#"{"type":"a","ask":18446744073709551615}"#, answer(Some(u64::MAX), None, None)),
        (r#"{"type":"a","ask":18446744073709551616}"#, answer(None, None, None)),
        (r#"{"type":"a","ask":-1}"#, answer(None, None, None)),
        (r#"{"type":"a","ask":"3"}"#, answer(None, None, None)),
        (r#"{"type":"a","ask":null}"#, answer(None, None, None)),
        (r#"{"type":"a","error":1}"#, None),
    ];
    for (text, expected) in rows {
        let head = Head::scan(text, KEYS).unwrap();
        assert_eq!(head.answer(text), Ok(expected), "{text}");
        assert_eq!(head.complete(text).is_err(), expected.is_some(), "{text}: no handler gets it");
    }
    let twice = r#"{"type":"a","ask":3,"ask":3}"#;
    assert_eq!(Head::try_scan(twice, KEYS).map(drop), Err(Broken::Twice { key: "ask" }));
    assert!(Head::scan(r#"{"type":"a","ask":3,"data":1}"#, KEYS).unwrap().is_answer());
}
