//! Tests of what handlers read from a request, and add to its answer.

use super::*;
use crate::handshake::{InvalidHeader, NotOffered, accept, choose_subprotocol, encode_accept};

#[tokio::test]
async fn a_handshake_gives_access_to_its_request() {
    let bytes = handshake_with(
        "Origin: http://server.example.com\r\nCookie: a=1; token=x=y ; b=\r\nX-Twice: 1\r\nX-Twice: 2\r\n\
         Sec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Protocol: chat.v1, other\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\n",
    );
    let bytes = String::from_utf8(bytes)
        .unwrap()
        .replace("/chat?room=1", "/ch%20at?room=1&room=2&n=a+b%26%C3%BC&flag");
    let handshake = handshake(bytes.as_bytes()).await;
    assert_eq!(handshake.uri(), "/ch%20at?room=1&room=2&n=a+b%26%C3%BC&flag");
    assert_eq!(handshake.path(), "/ch%20at");
    assert_eq!(handshake.query(), Some("room=1&room=2&n=a+b%26%C3%BC&flag"));
    assert_eq!(handshake.query_param("room").as_deref(), Some("1"));
    assert_eq!(handshake.query_param("n").as_deref(), Some("a b&ü"));
    assert_eq!(handshake.query_param("flag").as_deref(), Some(""));
    assert_eq!(handshake.query_param("none"), None);
    assert_eq!(handshake.host(), "server.example.com");
    assert_eq!(handshake.origin(), Some("http://server.example.com"));
    assert_eq!(handshake.header("x-twice"), Some("1"));
    assert_eq!(handshake.header("not a header"), None);
    assert_eq!(handshake.headers().get_all("X-TWICE").iter().count(), 2);
    assert_eq!(handshake.header("Sec-WebSocket-Extensions"), Some("permessage-deflate"));
    assert_eq!(handshake.cookie("token"), Some("x=y"));
    assert_eq!(handshake.cookie("b"), Some(""));
    assert_eq!(handshake.cookie("oken"), None);
    assert_eq!(handshake.subprotocols().collect::<Vec<_>>(), ["chat.v2", "chat.v1", "other"]);
}

#[tokio::test]
async fn an_absolute_target_is_reduced_to_its_path() {
    for (target, uri) in [("http://server.example.com/a?b", "/a?b"), ("http://server.example.com", "/")] {
        assert_eq!(handshake(&handshake_but("/chat?room=1", target)).await.uri(), uri);
    }
}

#[tokio::test]
async fn characters_that_a_uri_cannot_have_are_read_as_if_they_were_percent_encoded() {
    let handshake = handshake(&handshake_but("/chat?room=1", "/ü\"<?json={\"a\":\"ü>\"}")).await;
    assert_eq!(handshake.uri(), "/%C3%BC%22%3C?json={%22a%22:%22%C3%BC%3E%22}");
    assert_eq!(handshake.query_param("json").as_deref(), Some(r#"{"a":"ü>"}"#));
}

#[tokio::test]
async fn a_request_gives_access_to_its_method_and_head() {
    let bytes = b"HEAD /health?probe=1 HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n";
    let Became::Request(request) = becomes(bytes).await else { panic!("not plain") };
    assert_eq!(request.method(), Method::HEAD);
    assert_eq!(request.path(), "/health");
    assert_eq!(request.query_param("probe").as_deref(), Some("1"));
    assert_eq!(request.cookie("a"), Some("b"));
}

#[tokio::test]
async fn debug_output_contains_no_secrets() {
    let lines = "Cookie: secret\r\nAuthorization: secret\r\nSec-WebSocket-Protocol: a, secret\r\n";
    let bytes = String::from_utf8(handshake_with(lines)).unwrap().replace("room=1", "token=secret");
    let shown = format!("{:?}", handshake(bytes.as_bytes()).await);
    assert!(shown.contains("/chat") && !shown.contains("secret"), "{shown}");
    let Became::Request(request) =
        becomes(b"GET /a?secret HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n").await
    else {
        panic!("not plain")
    };
    assert!(!format!("{request:?}").contains("secret"));
}

#[tokio::test]
async fn the_servers_preferred_offered_subprotocol_is_chosen() {
    let rows: [(&str, &[&str], Option<&str>); 5] = [
        ("b, a", &["a", "b"], Some("a")),
        ("b", &["a", "b"], Some("b")),
        ("c", &["a", "b"], None),
        ("A", &["a"], None),
        ("a", &[], None),
    ];
    for (offered, ours, chosen) in rows {
        let handshake = handshake(&handshake_with(&format!("Sec-WebSocket-Protocol: {offered}\r\n"))).await;
        let ours: Vec<String> = ours.iter().map(ToString::to_string).collect();
        choose_subprotocol(&handshake, &ours);
        assert_eq!(handshake.subprotocol(), chosen, "{offered}");
    }
}

#[tokio::test]
async fn a_handler_chooses_another_subprotocol_but_only_an_offered_one() {
    let handshake = handshake(&handshake_with("Sec-WebSocket-Protocol: a, b\r\n")).await;
    choose_subprotocol(&handshake, &["a".to_owned()]);
    assert_eq!(handshake.choose_subprotocol("b"), Ok(()));
    assert_eq!(handshake.choose_subprotocol("c"), Err(NotOffered("c".to_owned())));
    assert_eq!(handshake.subprotocol(), Some("b"));
    let answer = accepted(&handshake);
    assert!(answer.contains("\r\nSec-WebSocket-Protocol: b\r\n"), "{answer}");
}

/// The 101 as text.
fn accepted(handshake: &Handshake) -> String {
    String::from_utf8(encode_accept(&accept(handshake, None))).unwrap()
}

#[tokio::test]
async fn the_101_is_that_of_the_rfc() {
    let answer = accepted(&handshake(&handshake_with("")).await);
    let mut lines: Vec<_> = answer.split("\r\n").collect();
    lines[1..].sort_unstable();
    let expected = [
        "HTTP/1.1 101 Switching Protocols",
        "",
        "",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Upgrade: websocket",
    ];
    assert_eq!(lines, expected);
    assert!(answer.ends_with("\r\n\r\n"));
}

#[tokio::test]
async fn a_handler_adds_headers_to_the_101() {
    let handshake = handshake(&handshake_with("")).await;
    handshake.set_header("X-One", "1").unwrap();
    handshake.set_header("x-one", "2").unwrap();
    handshake.add_header("Set-Cookie", "a=1").unwrap();
    handshake.add_header("Set-Cookie", String::from("b=2")).unwrap();
    let answer = accepted(&handshake);
    assert!(answer.contains("\r\nX-One: 2\r\n") && !answer.contains(": 1\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nSet-Cookie: a=1\r\n") && answer.contains("\r\nSet-Cookie: b=2\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_handler_cannot_break_the_101() {
    let handshake = handshake(&handshake_with("")).await;
    let before = accepted(&handshake);
    for name in [
        "Connection",
        "upgrade",
        "Sec-WebSocket-Accept",
        "sec-websocket-protocol",
        "Sec-WebSocket-X",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        let error = handshake.set_header(name, "x").unwrap_err();
        assert!(matches!(error, InvalidHeader::Reserved { .. }), "{name}: {error}");
        assert!(handshake.add_header(name, "x").is_err(), "{name}");
    }
    for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nSet-Cookie: evil"), ("x", "\0")] {
        let error = handshake.set_header(name, value).unwrap_err();
        assert!(matches!(error, InvalidHeader::Malformed { .. }), "{error}");
    }
    assert_eq!(accepted(&handshake), before);
}

#[test]
fn handlers_may_hold_a_request_across_an_await() {
    fn crosses_threads<T: Send + Sync>() {}
    crosses_threads::<Handshake>();
    crosses_threads::<Request>();
}
