//! Every wrong envelope gets an error reply that says what is wrong, and the connection lives on.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};
use ws_runtime::prelude::*;
use ws_tests::{Client, corpus};

#[ws_server(listen = "127.0.0.1:0")]
mod game {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Move {
        cell: u8,
    }

    #[derive(Deserialize)]
    struct Plain<'a> {
        text: &'a str,
    }

    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    #[on("move")]
    fn play(Json(play): Json<Move>) -> u8 {
        play.cell
    }

    #[on("plain")]
    fn plain(Json(plain): Json<Plain<'_>>) -> usize {
        plain.text.len()
    }

    #[on("said")]
    fn said(Json(said): Json<Said<'_>>) -> usize {
        said.text.len()
    }

    #[on("nothing")]
    fn nothing() {}

    #[on("later")]
    async fn later(Json(number): Json<u8>) -> u8 {
        number
    }
}

/// What a message is answered.
#[derive(Debug, Clone)]
enum Answer {
    Data(Value),
    /// The code, and a part of the message.
    Error(&'static str, &'static str),
}

use Answer::{Data, Error};

/// The tokens of a message, and what it is answered.
struct Row {
    kind: Option<String>,
    id: Option<String>,
    data: Option<String>,
    answer: Answer,
    /// What of the message the answer repeats: the name, and the `id`.
    repeated: (&'static str, Option<String>),
}

const DATA: &str = r#"{"cell":4}"#;

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// A message with this name.
fn named(kind: &str, answer: Answer, repeated: &'static str) -> Row {
    Row {
        kind: Some(kind.to_owned()),
        id: Some("7".to_owned()),
        data: Some(DATA.to_owned()),
        answer,
        repeated: (repeated, Some("7".to_owned())),
    }
}

/// A message with this `id`.
fn identified(id: &str, answer: Answer) -> Row {
    let repeated = matches!(answer, Data(_)).then(|| id.to_owned()).filter(|id| id != "null");
    Row { id: Some(id.to_owned()), repeated: ("move", repeated), ..named("\"move\"", answer, "move") }
}

/// A message of this name with this data.
fn with_data(kind: &'static str, data: &str, answer: Answer) -> Row {
    Row { data: Some(data.to_owned()), ..named(&format!("{kind:?}"), answer, kind) }
}

fn rows() -> Vec<Row> {
    let good = || Data(json!(4));
    let no_name = || Error("bad_request", "");
    let bad_id = || Error("bad_request", "`id`");
    let broken = || Error("bad_request", "");
    let mut rows = vec![
        named("\"move\"", good(), "move"),
        // The name.
        Row { kind: None, repeated: ("$error", None), ..named("", no_name(), "$error") },
        named("\"nobody\"", Error("not_found", "nobody"), "nobody"),
        named("\"\"", Error("not_found", ""), ""),
        named(r#""\u006dove""#, good(), "move"),
        named(r#""m\"\\\/\b\f\n\r\t\u00e9""#, Error("not_found", ""), "m\"\\/\u{8}\u{c}\n\r\té"),
        named(r#""Move""#, Error("not_found", ""), "Move"),
        named(&format!("\"{}\"", "x".repeat(60_000)), Error("not_found", "xxx"), "$error"),
        // The data.
        Row { data: None, ..named("\"move\"", Error("bad_data", "no data"), "move") },
        with_data("move", "null", Error("bad_data", "null")),
        with_data("move", "{}", Error("bad_data", "missing field `cell`")),
        with_data("move", r#"{"cell":null}"#, Error("bad_data", "null")),
        with_data("move", r#"{"cell":"4"}"#, Error("bad_data", "expected u8")),
        with_data("move", r#"{"cell":4.5}"#, Error("bad_data", "4.5")),
        with_data("move", r#"{"cell":256}"#, Error("bad_data", "256")),
        with_data("move", r#"{"cell":-1}"#, Error("bad_data", "-1")),
        with_data("move", r#"{"cell":1e400}"#, Error("bad_data", "out of range")),
        with_data("move", r#"{"cell":4,"cell":4}"#, Error("bad_data", "duplicate field")),
        with_data("move", r#"{"cell":4,"more":1}"#, Error("bad_data", "unknown field `more`")),
        with_data("move", "[4]", good()),
        with_data("move", "[]", Error("bad_data", "invalid length 0")),
        with_data("move", "[4,5]", Error("bad_data", "")),
        with_data("move", r#""4""#, Error("bad_data", "invalid type: string")),
        with_data("move", r#"{"c\u0065ll":4}"#, good()),
        with_data("move", &format!(r#"{{"cell":"{}"}}"#, "é".repeat(30_000)), Error("bad_data", "é")),
        with_data("move", &format!(r#"{{"cell":{}}}"#, nested(10_000)), Error("bad_data", "")),
        with_data("move", &nested(10_000), Error("bad_data", "")),
        with_data("plain", r#"{"text":"abc"}"#, Data(json!(3))),
        with_data("plain", r#"{"text":"a\\c"}"#, Error("bad_data", "`&str`")),
        with_data("said", r#"{"text":"\"\\\/\b\f\n\r\t\u00e9\ud83e\udd80"}"#, Data(json!(14))),
        with_data("said", r#"{"text":"\ud800"}"#, Error("bad_data", "")),
        with_data("nothing", &nested(10_000), Data(Value::Null)),
        with_data("nothing", "1e400", Data(Value::Null)),
        with_data("later", "4", good()),
        with_data("later", r#""4""#, Error("bad_data", "")),
    ];
    for kind in ["null", "true", "7", "-1.5e3", "[]", "{}", r#"["move"]"#, r#"{"move":1}"#, r#""\ud800""#] {
        rows.push(Row { repeated: ("$error", None), ..named(kind, no_name(), "$error") });
    }
    rows.push(Row { repeated: ("$error", None), ..named(&nested(10_000), no_name(), "$error") });
    let sixty = "9".repeat(60);
    for id in ["7", "-0.5", "0", &sixty, r#""""#, r#""a""#, r#""\u00e9\"""#, "null"] {
        rows.push(identified(id, good()));
    }
    let long = format!("\"{}\"", "x".repeat(65));
    let huge = format!("\"{}\"", "x".repeat(60_000));
    let digits = "1".repeat(65);
    let deep = nested(10_000);
    for id in ["true", "false", "[]", "{}", "[7]", r#"{"id":7}"#, &long, &huge, &digits, &deep] {
        rows.push(identified(id, bad_id()));
    }
    rows.push(Row { id: None, repeated: ("move", None), ..named("\"move\"", good(), "move") });
    // What is no JSON. As the last value it leaves nothing known; before that, what stands in front of it may be.
    for data in
        ["nul", "04", "4x", "'4'", "NaN", r#""4"#, "[4", "{\"cell\":4", "[4,]", "{4}", "\"\u{1}\"", ""]
    {
        rows.push(with_data("nothing", data, broken()));
    }
    rows
}

impl Row {
    /// The message, with its members in each order.
    fn texts(&self) -> Vec<String> {
        const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let members = [("type", &self.kind), ("id", &self.id), ("data", &self.data)]
            .map(|(key, token)| token.as_ref().map(|token| format!("{key:?}:{token}")));
        let texts = ORDERS.map(|order| {
            let members: Vec<&str> = order.iter().filter_map(|at| members[*at].as_deref()).collect();
            format!("{{{}}}", members.join(","))
        });
        texts.into()
    }
}

/// Texts that are no envelope, or a broken one.
fn broken_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "hello",
        "null",
        "7",
        "\"move\"",
        "[]",
        "{}",
        "{",
        "}",
        "[\"move\",7,{\"cell\":4}]",
        "{\"type\"",
        "{\"type\":",
        "{\"type\":}",
        "{\"type\":\"move\"",
        "{\"type\":\"move\",",
        "{\"type\":\"move\",}",
        "{\"type\":\"move\"}}",
        "{\"type\":\"move\"} x",
        "{\"type\":\"move\"}{\"type\":\"move\"}",
        "{\"type\":\"move\",,\"id\":7}",
        "{\"type\":\"move\" \"id\":7}",
        "{\"type\" \"move\"}",
        "{type:\"move\"}",
        "{'type':'move'}",
        "{\"type\":\"mo\nve\"}",
        "{\"type\":\"move\",\"type\":\"move\"}",
        "{\"type\":\"nothing\",\"id\":7,\"id\":7}",
        "{\"type\":\"nothing\",\"data\":1,\"data\":1}",
        "{\"type\":\"nothing\",\"data\":1,\"type\":\"move\"}",
        "{\"data\":1,\"data\":1,\"type\":\"nothing\"}",
        "{\"type\":\"nothing\",\"data\":1,\"id\":7,\"id\":7}",
        "{\"type\":\"nothing\",\"\\u0074ype\":\"move\"}",
        "{\"type\":\"nothing\",\"data\":1}\u{0}",
        "\u{feff}{\"type\":\"nothing\"}",
        "// a\n{\"type\":\"nothing\"}",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("{{\"type\":\"nothing\",\"data\":{}", "[".repeat(60_000)));
    texts.push("{".repeat(60_000));
    texts
}

/// A client that is allowed another hundred mistakes.
async fn connect(running: &ws_runtime::Running, client: &mut Option<Client>, mistakes: &mut usize) {
    *mistakes += 1;
    if client.is_none() || *mistakes > 90 {
        *client = Some(Client::connect(running).await);
        *mistakes = 0;
    }
}

async fn reply(client: &mut Client, text: &str) -> Value {
    client.send(text).await;
    serde_json::from_str(&client.text().await).unwrap()
}

fn show(text: &str) -> &str {
    &text[..text.floor_char_boundary(200)]
}

/// The connection is as it was.
async fn lives_on(client: &mut Client, text: &str) {
    client.send(r#"{"type":"move","id":"alive","data":{"cell":1}}"#).await;
    assert_eq!(client.text().await, r#"{"type":"move","id":"alive","data":1}"#, "{}", show(text));
}

#[tokio::test]
async fn each_member_missing_wrong_huge_escaped_or_nested_is_told_in_every_order() {
    let running = game::server().bind().await.unwrap();
    let (mut client, mut mistakes) = (None, 0);
    for row in rows() {
        for text in row.texts() {
            connect(&running, &mut client, &mut mistakes).await;
            let client = client.as_mut().unwrap();
            let answer = reply(client, &text).await;
            let shown = show(&text);
            match &row.answer {
                Data(data) => assert_eq!(answer["data"], *data, "{shown}: {answer}"),
                Error(code, part) => {
                    let error = &answer["error"];
                    assert_eq!(error["code"], *code, "{shown}: {answer}");
                    let message = error["message"].as_str().unwrap();
                    assert!(!message.is_empty() && message.contains(part), "{shown}: {answer}");
                    assert!(message.len() <= 400, "{shown}: {answer}");
                }
            }
            // What is no JSON may end before the rest is known.
            if !matches!(row.answer, Error("bad_request", "")) {
                let (name, id) = &row.repeated;
                let id = id.as_ref().map(|id| serde_json::from_str(id).unwrap_or(Value::Null));
                assert_eq!(answer["type"], **name, "{shown}: {answer}");
                let raw = id.is_none_or(|id| id.is_null() || answer["id"] == id);
                assert!(raw, "{shown}: {answer}");
            }
            lives_on(client, &text).await;
        }
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_told() {
    let running = game::server().bind().await.unwrap();
    let (mut client, mut mistakes) = (None, 0);
    for text in broken_texts() {
        connect(&running, &mut client, &mut mistakes).await;
        let client = client.as_mut().unwrap();
        let answer = reply(client, &text).await;
        assert_eq!(answer["error"]["code"], "bad_request", "{}: {answer}", show(&text));
        lives_on(client, &text).await;
    }
}

/// `cargo test -p ws-tests corpus` with `UPDATE_CORPUS` set adds rows to those that fuzzing begins with.
#[test]
fn the_corpus_has_every_row() {
    let texts = rows().into_iter().flat_map(|row| row.texts()).chain(broken_texts()).map(String::into_bytes);
    corpus::has("envelope", texts);
}
