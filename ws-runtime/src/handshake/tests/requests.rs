//! Rules in rows: these bytes, that verdict.

use super::*;

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Plain,
    Refused(Refusal),
    Closed,
}

use Verdict::{Accepted, Closed, Plain, Refused};

/// Holds each row to its verdict, the bytes coming at once and one by one.
async fn hold(rows: Vec<(&str, Vec<u8>, Verdict)>) {
    for (what, bytes, expected) in rows {
        for sizes in [Vec::new(), vec![1; bytes.len()]] {
            let verdict = match become_in(&bytes, sizes, LIMITS, &Origins::same()).await {
                Became::Handshake(_) => Accepted,
                Became::Request(_) => Plain,
                Became::Refused(refusal) => Refused(refusal),
                Became::Closed => Closed,
            };
            assert_eq!(verdict, expected, "{what}");
        }
    }
}

#[tokio::test]
async fn handshakes_are_accepted_in_every_form_that_the_rfcs_allow() {
    hold(vec![
        ("the one of the RFC", handshake_with(""), Accepted),
        ("words in any case", handshake_but("Upgrade: websocket", "UPGRADE: WebSocket"), Accepted),
        ("Connection as browsers send it", handshake_but("n: Upgrade", "n: keep-alive, Upgrade"), Accepted),
        ("Connection in lower case", handshake_but("n: Upgrade", "n: upgrade"), Accepted),
        ("Connection on two lines", handshake_with("Connection: keep-alive\r\n"), Accepted),
        ("Upgrade as a list", handshake_but(": websocket", ": foo/1, websocket"), Accepted),
        (
            "no space after the colons",
            HANDSHAKE.replace(": ", ":").into_bytes().into_iter().chain(*b"\r\n").collect(),
            Accepted,
        ),
        ("tabs and spaces around a value", handshake_but("n: Upgrade", "n: \t Upgrade \t"), Accepted),
        ("an empty line before", [b"\r\n".to_vec(), handshake_with("")].concat(), Accepted),
        ("an empty body", handshake_with("Content-Length: 0\r\n"), Accepted),
        (
            "the host in the target",
            handshake_but("GET /chat", "GET http://server.example.com/chat"),
            Accepted,
        ),
        (
            "the host in the target in capitals",
            handshake_but("GET /chat", "GET HTTP://SERVER.example.com/chat"),
            Accepted,
        ),
        ("a host with a port", handshake_but("example.com", "example.com:8080"), Accepted),
        ("a host in IPv6", handshake_but("server.example.com", "[::1]:8080"), Accepted),
        ("a host with an empty port", handshake_but("example.com", "example.com:"), Accepted),
        ("a header of Latin-1", [HANDSHAKE.as_bytes(), b"X-Name: Ren\xe9\r\n\r\n"].concat(), Accepted),
        ("extensions", handshake_with("Sec-WebSocket-Extensions: permessage-deflate\r\n"), Accepted),
        ("its own origin", handshake_with("Origin: http://server.example.com\r\n"), Accepted),
        ("subprotocols", handshake_with("Sec-WebSocket-Protocol: chat, superchat\r\n"), Accepted),
    ])
    .await;
}

#[tokio::test]
async fn a_request_without_websocket_in_it_is_plain() {
    hold(vec![
        ("GET", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HEAD", b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("POST without body", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_vec(), Plain),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HTTP/1.0 with Host", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HTTP/1.0 without", b"GET / HTTP/1.0\r\n\r\n".to_vec(), Plain),
        ("a foreign origin, which matters to WebSockets", b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n".to_vec(), Plain),
        ("h2c is not spoken", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n".to_vec(), Plain),
        ("nothing at all", Vec::new(), Closed),
    ])
    .await;
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    hold(vec![
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), Refused(Refusal::ControlCharacter)),
        ("SSH", b"SSH-2.0-OpenSSH_9.7\r\n".to_vec(), Refused(Refusal::RequestLine)),
        ("HTTP/0.9", b"GET /\r\n".to_vec(), Refused(Refusal::RequestLine)),
        ("HTTP/2 by preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Refused(Refusal::HttpVersion)),
        ("HTTP/2 by version", handshake_but("HTTP/1.1", "HTTP/2.0"), Refused(Refusal::HttpVersion)),
        ("HTTP/1.2", handshake_but("HTTP/1.1", "HTTP/1.2"), Refused(Refusal::HttpVersion)),
        ("HTTP/1", handshake_but("HTTP/1.1", "HTTP/1"), Refused(Refusal::RequestLine)),
        ("http/1.1", handshake_but("HTTP/1.1", "http/1.1"), Refused(Refusal::RequestLine)),
        (
            "two empty lines before",
            [b"\r\n\r\n".to_vec(), handshake_with("")].concat(),
            Refused(Refusal::RequestLine),
        ),
        ("two spaces", handshake_but("GET ", "GET  "), Refused(Refusal::RequestLine)),
        ("a space before", [b" ".to_vec(), handshake_with("")].concat(), Refused(Refusal::RequestLine)),
        ("a space after", handshake_but("HTTP/1.1", "HTTP/1.1 "), Refused(Refusal::RequestLine)),
        ("a word that never ends", vec![b'A'; 20_000], Refused(Refusal::RequestLine)),
        ("LF alone", handshake_but("Host", "X: y\nHost"), Refused(Refusal::LineEnding)),
        ("LF alone everywhere", HANDSHAKE.replace("\r\n", "\n").into_bytes(), Refused(Refusal::LineEnding)),
        ("CR alone", handshake_but("Host", "X: y\rHost"), Refused(Refusal::LineEnding)),
        ("CR twice", handshake_but("\r\nHost", "\r\r\nHost"), Refused(Refusal::LineEnding)),
        ("NUL in a value", handshake_with("X: a\0b\r\n"), Refused(Refusal::ControlCharacter)),
        ("ESC in the target", handshake_but("/chat", "/\x1b[31m"), Refused(Refusal::ControlCharacter)),
        ("DEL in a value", handshake_with("X: \x7f\r\n"), Refused(Refusal::ControlCharacter)),
        ("a tab in the request line", handshake_but("GET ", "GET\t"), Refused(Refusal::RequestLine)),
        ("a folded header", handshake_with("X: a\r\n b\r\n"), Refused(Refusal::FoldedHeader)),
        ("a header folded by a tab", handshake_with("X: a\r\n\tb\r\n"), Refused(Refusal::FoldedHeader)),
        ("a space before the first header", handshake_but("Host", " Host"), Refused(Refusal::FoldedHeader)),
        ("a space before the colon", handshake_but("Host:", "Host :"), Refused(Refusal::Header)),
        ("a header without colon", handshake_with("X\r\n"), Refused(Refusal::Header)),
        ("a header without name", handshake_with(": x\r\n"), Refused(Refusal::Header)),
        ("a header name with a slash", handshake_with("a/b: x\r\n"), Refused(Refusal::Header)),
        (
            "a header name of Latin-1",
            [HANDSHAKE.as_bytes(), b"Ren\xe9: x\r\n\r\n"].concat(),
            Refused(Refusal::Header),
        ),
        ("it ends in the request line", b"GET / HT".to_vec(), Refused(Refusal::Unfinished)),
        ("it ends before the empty line", HANDSHAKE.as_bytes().to_vec(), Refused(Refusal::Unfinished)),
    ])
    .await;
}

#[tokio::test]
async fn a_handshake_that_breaks_a_rule_is_refused() {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let key_line = format!("Sec-WebSocket-Key: {key}\r\n");
    hold(vec![
        ("POST", handshake_but("GET", "POST"), Refused(Refusal::HandshakeMethod)),
        ("HEAD", handshake_but("GET", "HEAD"), Refused(Refusal::HandshakeMethod)),
        ("get", handshake_but("GET", "get"), Refused(Refusal::HandshakeMethod)),
        ("HTTP/1.0", handshake_but("HTTP/1.1", "HTTP/1.0"), Refused(Refusal::HandshakeVersion)),
        ("no Upgrade", handshake_but("Upgrade: websocket\r\n", ""), Refused(Refusal::UpgradeRequired)),
        ("another Upgrade", handshake_but(": websocket", ": h2c"), Refused(Refusal::UpgradeRequired)),
        (
            "part of a word in Upgrade",
            handshake_but(": websocket", ": websockets"),
            Refused(Refusal::UpgradeRequired),
        ),
        ("no Connection", handshake_but("Connection: Upgrade\r\n", ""), Refused(Refusal::Connection)),
        ("keep-alive", handshake_but("n: Upgrade", "n: keep-alive"), Refused(Refusal::Connection)),
        (
            "part of a word in Connection",
            handshake_but("n: Upgrade", "n: NoUpgrade"),
            Refused(Refusal::Connection),
        ),
        (
            "no version",
            handshake_but("Sec-WebSocket-Version: 13\r\n", ""),
            Refused(Refusal::WebSocketVersion),
        ),
        ("version 8", handshake_but("Version: 13", "Version: 8"), Refused(Refusal::WebSocketVersion)),
        ("version 14", handshake_but("Version: 13", "Version: 14"), Refused(Refusal::WebSocketVersion)),
        ("version 013", handshake_but("Version: 13", "Version: 013"), Refused(Refusal::WebSocketVersion)),
        ("two versions", handshake_with("Sec-WebSocket-Version: 8\r\n"), Refused(Refusal::WebSocketVersion)),
        (
            "a list of versions",
            handshake_but("Version: 13", "Version: 13, 8"),
            Refused(Refusal::WebSocketVersion),
        ),
        ("no key", handshake_but(&key_line, ""), Refused(Refusal::Key)),
        ("two keys", handshake_with(&key_line), Refused(Refusal::Key)),
        ("an empty key", handshake_but(key, ""), Refused(Refusal::Key)),
        ("a key of 15 bytes", handshake_but(key, "AAAAAAAAAAAAAAAAAAAA"), Refused(Refusal::Key)),
        ("a key of 17 bytes", handshake_but(key, "AAAAAAAAAAAAAAAAAAAAAAA="), Refused(Refusal::Key)),
        ("a key without padding", handshake_but(key, "dGhlIHNhbXBsZSBub25jZQ"), Refused(Refusal::Key)),
        ("a key that is not base64", handshake_but(key, "dGhlIHNhbXBsZSBub25j!Q=="), Refused(Refusal::Key)),
        ("no Host", handshake_but("Host: server.example.com\r\n", ""), Refused(Refusal::Host)),
        ("two Hosts", handshake_with("Host: server.example.com\r\n"), Refused(Refusal::Host)),
        ("an empty Host", handshake_but("server.example.com", ""), Refused(Refusal::Host)),
        ("two names in Host", handshake_but("server.example.com", "a, b"), Refused(Refusal::Host)),
        ("a path in Host", handshake_but("server.example.com", "a/b"), Refused(Refusal::Host)),
        ("a user in Host", handshake_but("server.example.com", "user@a"), Refused(Refusal::Host)),
        ("a scheme in Host", handshake_but("server.example.com", "http://a"), Refused(Refusal::Host)),
        ("a port too high", handshake_but("example.com", "example.com:65536"), Refused(Refusal::Host)),
        ("a port in words", handshake_but("example.com", "example.com:http"), Refused(Refusal::Host)),
        ("a target without slash", handshake_but("/chat", "chat"), Refused(Refusal::Target)),
        ("*", handshake_but("/chat?room=1", "*"), Refused(Refusal::Target)),
        ("a fragment", handshake_but("/chat", "/chat#top"), Refused(Refusal::Target)),
        ("a target of UTF-8", handshake_but("/chat", "/ü"), Refused(Refusal::Target)),
        (
            "ws: in the target",
            handshake_but("/chat", "ws://server.example.com/chat"),
            Refused(Refusal::Target),
        ),
        (
            "ftp: in the target",
            handshake_but("/chat", "ftp://server.example.com/chat"),
            Refused(Refusal::Target),
        ),
        (
            "another host in the target",
            handshake_but("/chat", "http://b.example.com/chat"),
            Refused(Refusal::Target),
        ),
        (
            "a user in the target",
            handshake_but("/chat", "http://u@server.example.com/chat"),
            Refused(Refusal::Target),
        ),
        ("CONNECT", handshake_but("GET /chat?room=1", "CONNECT a:80"), Refused(Refusal::Method)),
        ("a body", handshake_with("Content-Length: 5\r\n"), Refused(Refusal::HandshakeBody)),
        (
            "a body, there already",
            [handshake_with("Content-Length: 5\r\n"), b"hello".to_vec()].concat(),
            Refused(Refusal::HandshakeBody),
        ),
        ("a chunked body", handshake_with("Transfer-Encoding: chunked\r\n"), Refused(Refusal::HandshakeBody)),
        ("identity", handshake_with("Transfer-Encoding: identity\r\n"), Refused(Refusal::HandshakeBody)),
        ("a negative length", handshake_with("Content-Length: -1\r\n"), Refused(Refusal::BodyLength)),
        ("a signed length", handshake_with("Content-Length: +0\r\n"), Refused(Refusal::BodyLength)),
        ("an empty length", handshake_with("Content-Length:\r\n"), Refused(Refusal::BodyLength)),
        (
            "two lengths",
            handshake_with("Content-Length: 0\r\nContent-Length: 0\r\n"),
            Refused(Refusal::BodyLength),
        ),
        (
            "a length of 2^64",
            handshake_with("Content-Length: 18446744073709551616\r\n"),
            Refused(Refusal::BodyLength),
        ),
        (
            "a frame at once",
            [handshake_with(""), b"\x81\x80\0\0\0\0".to_vec()].concat(),
            Refused(Refusal::EarlyBytes),
        ),
        ("a second request", [handshake_with(""), handshake_with("")].concat(), Refused(Refusal::EarlyBytes)),
        ("two origins", handshake_with("Origin: http://a\r\nOrigin: http://a\r\n"), Refused(Refusal::Origin)),
        (
            "a foreign origin",
            handshake_with("Origin: http://evil.example\r\n"),
            Refused(Refusal::ForeignOrigin),
        ),
        ("null", handshake_with("Origin: null\r\n"), Refused(Refusal::ForeignOrigin)),
    ])
    .await;
}

#[tokio::test]
async fn a_plain_request_that_breaks_a_rule_is_refused() {
    let post = |lines: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes();
    hold(vec![
        ("a body", post("Content-Length: 5\r\n"), Refused(Refusal::Body)),
        (
            "a body, there already",
            [post("Content-Length: 5\r\n"), b"hello".to_vec()].concat(),
            Refused(Refusal::Body),
        ),
        ("a chunked body", post("Transfer-Encoding: chunked\r\n"), Refused(Refusal::Body)),
        (
            "both lengths",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            Refused(Refusal::BodyLength),
        ),
        ("bytes behind it", [post(""), b"hello".to_vec()].concat(), Refused(Refusal::EarlyBytes)),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), Refused(Refusal::Host)),
        ("two Hosts", post("Host: b\r\n"), Refused(Refusal::Host)),
        ("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n".to_vec(), Refused(Refusal::Method)),
    ])
    .await;
}

#[tokio::test]
async fn subprotocols_are_a_list_of_different_tokens() {
    let offer = |lines: &str| handshake_with(lines);
    let items = |count: usize| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>().join(", ");
    let line = |list: &str| offer(&format!("Sec-WebSocket-Protocol: {list}\r\n"));
    let no = || Refused(Refusal::Subprotocols);
    hold(vec![
        ("16", line(&items(16)), Accepted),
        ("17", line(&items(17)), no()),
        ("a name of 256 bytes", line(&"p".repeat(256)), Accepted),
        ("a name of 257 bytes", line(&"p".repeat(257)), no()),
        ("two lines", offer("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"), Accepted),
        ("twice the same", line("a, b, a"), no()),
        (
            "twice the same on two lines",
            offer("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"),
            no(),
        ),
        ("names that differ in case", line("a, A"), Accepted),
        ("an empty item", line("a,, b"), Accepted),
        ("nothing but commas", line(",,"), no()),
        ("17 commas", line(&format!("a{}", ",".repeat(17))), no()),
        ("nothing", line(""), no()),
        ("a space in a name", line("a b"), no()),
        ("a quoted name", line("\"a\""), no()),
        ("a name of UTF-8", line("ü"), no()),
    ])
    .await;
}

#[tokio::test]
async fn each_limit_holds_at_n_and_breaks_at_n_plus_1() {
    let target = |length: usize| handshake_but("/chat?room=1", &format!("/{}", "a".repeat(length - 1)));
    let headers = |count: usize| handshake_with(&"X: y\r\n".repeat(count - 5));
    let size = |bytes: usize| {
        let padding = bytes - handshake_with("X: \r\n").len();
        handshake_with(&format!("X: {}\r\n", "y".repeat(padding)))
    };
    hold(vec![
        ("a target of 4096 bytes", target(4096), Accepted),
        ("a target of 4097 bytes", target(4097), Refused(Refusal::TargetTooLong)),
        ("a target without end", target(1_000_000), Refused(Refusal::TargetTooLong)),
        ("64 headers", headers(64), Accepted),
        ("65 headers", headers(65), Refused(Refusal::TooManyHeaders)),
        ("16 KiB", size(16 * 1024), Accepted),
        ("16 KiB and one byte", size(16 * 1024 + 1), Refused(Refusal::HeadersTooLarge)),
        ("16 KiB and a frame", [size(16 * 1024), vec![0x81]].concat(), Refused(Refusal::EarlyBytes)),
        ("a header without end", size(1_000_000), Refused(Refusal::HeadersTooLarge)),
    ])
    .await;
}
