//! Arguments that are made from a request: `Query`, `Bearer`, and an argument that may be missing.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_runtime::event::{FromContext, WithRequest};
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Black,
    White,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by `Debug` alone")]
struct Sit<'a> {
    seat: u8,
    side: Option<Side>,
    #[serde(default)]
    spectate: bool,
    #[serde(default)]
    tag: Vec<String>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

/// The language of a header; missing without it, malformed if it is no two letters.
struct Language(String);

impl<'a, C: WithRequest<'a>> FromContext<'a, C> for Language {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        let Some(value) = context.headers().get("accept-language") else {
            return Err(Reject::bad_request().text("say your language").absent());
        };
        match value.to_str() {
            Ok(language) if language.len() == 2 => Ok(Self(language.to_owned())),
            Ok(_) | Err(_) => Err(Reject::bad_request().text("a language has two letters")),
        }
    }
}

#[ws_server(subprotocols = "chat.v2, chat.v1")]
mod table {
    use super::*;

    #[session]
    struct Hello(String);

    #[on(handshake)]
    fn sit(
        handshake: &Handshake,
        sit: Option<Query<Sit<'_>>>,
        token: Option<Bearer>,
        language: Option<Language>,
    ) -> Result<Hello, Reject> {
        if handshake.path() == "/v1" {
            handshake.choose_subprotocol("chat.v1")?;
        }
        let offered: Vec<&str> = handshake.subprotocols().collect();
        let said = format!(
            "{:?} {:?} shown as {token:?} {:?} {offered:?}",
            sit.map(|Query(sit)| sit),
            token.as_ref().map(|Bearer(token)| token.as_str()),
            language.map(|Language(language)| language),
        );
        Ok(Hello(said))
    }

    #[on(ready)]
    fn hello(hello: &Hello) -> String {
        hello.0.clone()
    }

    #[on(request)]
    fn page(
        request: &Request,
        Query(all): Query<HashMap<String, String>>,
        token: Option<Bearer>,
    ) -> Result<Json<Page>, Reject> {
        if request.path() == "/broken" {
            return Ok(Json(Page {
                all: HashMap::new(),
                token: None,
                broken: Some(HashMap::from([((), ())])),
            }));
        }
        Ok(Json(Page { all, token: token.map(|Bearer(token)| token), broken: None }))
    }

    #[derive(Serialize)]
    pub struct Page {
        all: HashMap<String, String>,
        token: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        broken: Option<HashMap<(), ()>>,
    }
}

#[ws_server]
mod strict {
    use super::*;

    #[on(handshake)]
    async fn sit(Query(_sit): Query<Sit<'_>>, Bearer(_token): Bearer, _language: Language) {}
}

/// The answer to a handshake with these headers, and the first message if it is admitted.
async fn handshake(server: &TestServer, target: &str, headers: &str) -> (String, String) {
    let mut stream = server.open();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let (head, rest) = received.split_at(at + 4);
            let head = String::from_utf8(head.to_vec()).unwrap();
            if !head.starts_with("HTTP/1.1 101 ") {
                let mut body = rest.to_vec();
                stream.read_to_end(&mut body).await.unwrap();
                return (head, String::from_utf8(body).unwrap());
            }
            // A text of less than 126 bytes, or of two bytes of length.
            let text = match rest {
                [0x81, 126, high, low, text @ ..]
                    if text.len() == usize::from(u16::from_be_bytes([*high, *low])) =>
                {
                    Some(text)
                }
                [0x81, length, text @ ..] if text.len() == usize::from(*length) => Some(text),
                _ => None,
            };
            if let Some(text) = text {
                return (head, String::from_utf8(text.to_vec()).unwrap());
            }
        }
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "{received:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_is_read_into_a_struct() {
    let server = table::server().test().await.unwrap();
    for (target, expected) in [
        ("/", "None "),
        ("/?seat=3", r#"Some(Sit { seat: 3, side: None, spectate: false, tag: [], name: "" })"#),
        (
            "/?name=a%20b+c&tag=x&side=white&tag=%C3%BC&spectate&seat=255&other=1",
            r#"Some(Sit { seat: 255, side: Some(White), spectate: true, tag: ["x", "ü"], name: "a b c" })"#,
        ),
    ] {
        let (head, hello) = handshake(&server, target, "").await;
        assert!(head.starts_with("HTTP/1.1 101 ") && hello.starts_with(expected), "{target}: {head}{hello}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_does_not_fit_is_400_even_if_it_may_be_missing() {
    let server = table::server().test().await.unwrap();
    for (target, expected) in [
        ("/?", "missing field `seat`"),
        ("/?other", "missing field `seat`"),
        ("/?seat=300", "`seat`: invalid value: string \"300\", expected u8"),
        ("/?seat=", "`seat`: invalid value: string \"\", expected u8"),
        ("/?seat=1&seat=2", "`seat`: given 2 times, but once is enough"),
        ("/?seat=1&side=red", "`side`: unknown variant `red`, expected `black` or `white`"),
        (
            "/?seat=1&spectate=maybe",
            "`spectate`: invalid value: string \"maybe\", expected `true` or `false`",
        ),
    ] {
        let (head, body) = handshake(&server, target, "").await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{target}: {head}");
        assert_eq!(body, expected, "{target}");
    }
    let long = format!("/?seat={}", "x".repeat(2000));
    assert_eq!(handshake(&server, &long, "").await.1.len(), 256);
}

/// `swordfish.42` in base64url.
const ENCODED: &str = "c3dvcmRmaXNoLjQy";

#[tokio::test(start_paused = true)]
async fn a_token_comes_by_the_header_or_as_the_subprotocol_after_bearer() {
    let server = table::server().test().await.unwrap();
    let by_list = |list: &str| format!("Sec-WebSocket-Protocol: {list}\r\n");
    for (target, headers, token, offered, answered) in [
        ("/", String::new(), "None", "[]", None),
        ("/", "Authorization: Bearer swordfish.42\r\n".into(), "Some(\"swordfish.42\")", "[]", None),
        ("/", "Authorization: bearer   swordfish.42 \r\n".into(), "Some(\"swordfish.42\")", "[]", None),
        ("/", "Authorization: Basic dTpw\r\n".into(), "None", "[]", None),
        (
            "/",
            by_list(&format!("bearer, {ENCODED}")),
            "Some(\"swordfish.42\")",
            "[\"bearer\"]",
            Some("bearer"),
        ),
        (
            "/",
            by_list(&format!("chat.v1, bearer, {ENCODED}, chat.v2")),
            "Some(\"swordfish.42\")",
            "[\"chat.v1\", \"bearer\", \"chat.v2\"]",
            Some("chat.v2"),
        ),
        (
            "/v1",
            by_list(&format!("bearer, {ENCODED}, chat.v1")),
            "Some(\"swordfish.42\")",
            "[\"bearer\", \"chat.v1\"]",
            Some("chat.v1"),
        ),
        (
            "/",
            format!("Authorization: Bearer other\r\nSec-WebSocket-Protocol: bearer, {ENCODED}\r\n"),
            "Some(\"other\")",
            "[\"bearer\"]",
            Some("bearer"),
        ),
        ("/", by_list("bearer"), "None", "[\"bearer\"]", None),
    ] {
        let (head, hello) = handshake(&server, target, &headers).await;
        assert!(hello.starts_with(&format!("None {token} shown as ")), "{headers}: {head}{hello}");
        assert!(hello.ends_with(&format!(" {offered}")), "{headers}: {hello}");
        let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(line, answered, "{headers}");
    }
    let (_, hello) = handshake(&server, "/", "Authorization: Bearer swordfish\r\n").await;
    assert!(hello.contains("shown as Some(Bearer(…)) "), "{hello}");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_token_is_400_even_if_it_may_be_missing() {
    let server = table::server().test().await.unwrap();
    for headers in [
        "Authorization: Bearer\r\n",
        "Authorization: Bearer a b\r\n",
        "Authorization: Bearer \u{fc}\r\n",
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        "Sec-WebSocket-Protocol: bearer, not-base64url!\r\n",
        // A space, and bits that no byte has.
        "Sec-WebSocket-Protocol: bearer, YSBi\r\n",
        "Sec-WebSocket-Protocol: bearer, YSC\r\n",
    ] {
        let (head, _) = handshake(&server, "/", headers).await;
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{headers}: {head}");
        assert!(head.contains("\r\nWWW-Authenticate: Bearer error=\"invalid_request\"\r\n"), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_needs_and_the_request_lacks_is_refused() {
    let server = strict::server().test().await.unwrap();
    let (head, body) = handshake(&server, "/", "").await;
    assert!(head.starts_with("HTTP/1.1 400 ") && body == "missing field `seat`", "{head}{body}");
    let (head, body) = handshake(&server, "/?seat=1", "").await;
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
    assert!(head.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{head}");
    assert!(body.starts_with("a bearer token is missing"), "{body}");
    let (head, body) = handshake(&server, "/?seat=1", "Authorization: Bearer a\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 ") && body == "say your language", "{head}{body}");
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_the_users_own_is_none_only_where_it_says_that_it_is_absent() {
    let server = table::server().test().await.unwrap();
    for (headers, expected) in [("", " None []"), ("Accept-Language: de\r\n", " Some(\"de\") []")] {
        let (_, hello) = handshake(&server, "/", headers).await;
        assert!(hello.ends_with(expected), "{hello}");
    }
    let (head, body) = handshake(&server, "/", "Accept-Language: german\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 ") && body == "a language has two letters", "{head}{body}");
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_has_a_query_and_a_token_and_is_answered_as_json() {
    let server = table::server().test().await.unwrap();
    let ask = async |target: &str, headers: &str| {
        let mut stream = server.open();
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = ask("/?a=1", "Authorization: Bearer swordfish\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nContent-Type: application/json\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"all\":{\"a\":\"1\"},\"token\":\"swordfish\"}"), "{answer}");
    // A subprotocol is part of a handshake only.
    let answer = ask("/", &format!("Sec-WebSocket-Protocol: bearer, {ENCODED}\r\n")).await;
    assert!(answer.ends_with("{\"all\":{},\"token\":null}"), "{answer}");
    let answer = ask("/broken", "").await;
    assert!(
        answer.starts_with("HTTP/1.1 500 ") && answer.ends_with("500 Internal Server Error\n"),
        "{answer}"
    );
}
