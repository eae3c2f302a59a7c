//! The rows: requests and their expected results. The integration tests include this file too, and send each row over a
//! real socket, so it uses nothing of this crate.

/// The expected result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is a handshake.
    Accepted,
    /// It is a plain request.
    Plain,
    /// It is refused with this status, and a text that contains this one.
    Refused(u16, &'static str),
    /// There is none.
    Closed,
}

use Verdict::{Accepted, Closed, Plain, Refused};

/// A row: its name, the bytes, and the expected result.
pub(crate) type Row = (&'static str, Vec<u8>, Verdict);

/// The handshake of RFC 6455 section 1.3, without its empty line.
pub(crate) const HANDSHAKE: &str = "GET /chat?room=1 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n";

/// The handshake with further lines.
pub(crate) fn handshake_with(lines: &str) -> Vec<u8> {
    format!("{HANDSHAKE}{lines}\r\n").into_bytes()
}

/// The handshake with one piece replaced by another.
pub(crate) fn handshake_but(old: &str, new: &str) -> Vec<u8> {
    assert!(HANDSHAKE.contains(old), "{old:?} does not stand in the handshake");
    format!("{}\r\n", HANDSHAKE.replace(old, new)).into_bytes()
}

pub(crate) fn accepted() -> Vec<Row> {
    vec![
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
        absolute("the default port in the target", "http://server.example.com:80", "server.example.com"),
        absolute("the default port in Host", "http://server.example.com", "server.example.com:80"),
        absolute("an empty port in Host", "http://server.example.com", "server.example.com:"),
        absolute("https in the target", "https://server.example.com", "server.example.com"),
        absolute("https with its port in the target", "https://server.example.com:443", "server.example.com"),
        absolute("https with its port in Host", "https://server.example.com", "server.example.com:443"),
        absolute("ws in the target", "ws://server.example.com", "server.example.com"),
        absolute("ws with its port in the target", "ws://server.example.com:80", "server.example.com"),
        absolute("wss with its port in the target", "WSS://server.example.com:443", "server.example.com"),
        absolute("wss with its port in Host", "wss://server.example.com", "server.example.com:443"),
        absolute("the same other port in both", "ws://server.example.com:8080", "server.example.com:8080"),
        absolute("IPv6 in the target", "http://[::1]:80", "[::1]"),
        ("a quote in the path", handshake_but("/chat", "/{\"a\":1}"), Accepted),
        ("a quote in the query", handshake_but("room=1", "json={\"a\":1}"), Accepted),
        ("angle brackets", handshake_but("/chat?room=1", "/<a>`?<b>`"), Accepted),
        ("UTF-8 in the target", handshake_but("/chat?room=1", "/ü?ü"), Accepted),
        ("a target of 10,000 bytes", handshake_but("room=1", &"a".repeat(10_000)), Accepted),
        ("a host with a port", handshake_but("example.com", "example.com:8080"), Accepted),
        ("a host in IPv6", handshake_but("server.example.com", "[::1]:8080"), Accepted),
        ("a host with an empty port", handshake_but("example.com", "example.com:"), Accepted),
        ("a header of Latin-1", [HANDSHAKE.as_bytes(), b"X-Name: Ren\xe9\r\n\r\n"].concat(), Accepted),
        ("extensions", handshake_with("Sec-WebSocket-Extensions: permessage-deflate\r\n"), Accepted),
        ("its own origin", handshake_with("Origin: http://server.example.com\r\n"), Accepted),
        ("subprotocols", handshake_with("Sec-WebSocket-Protocol: chat, superchat\r\n"), Accepted),
    ]
}

/// A handshake with an absolute-form target.
fn absolute(what: &'static str, target: &str, host: &str) -> Row {
    let request = HANDSHAKE
        .replace("GET /chat", &format!("GET {target}/chat"))
        .replace("Host: server.example.com", &format!("Host: {host}"));
    (what, format!("{request}\r\n").into_bytes(), Accepted)
}

/// Keys that are not canonical base64: their spare bits are ignored.
pub(crate) fn spare_bits() -> Vec<Row> {
    ["dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZf=="]
        .map(|key| ("a key with spare bits", handshake_but("dGhlIHNhbXBsZSBub25jZQ==", key), Accepted))
        .to_vec()
}

pub(crate) fn plain() -> Vec<Row> {
    vec![
        ("GET", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HEAD", b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("POST without body", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_vec(), Plain),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HTTP/1.0 with Host", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("HTTP/1.0 without", b"GET / HTTP/1.0\r\n\r\n".to_vec(), Plain),
        ("HTTP/1.0 with the host in the target alone", b"GET http://a/ HTTP/1.0\r\n\r\n".to_vec(), Plain),
        ("two requests at once", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /calls HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Plain),
        ("bytes behind it", b"POST / HTTP/1.1\r\nHost: a\r\n\r\nhello".to_vec(), Plain),
        ("a foreign origin, which matters to WebSockets", b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n".to_vec(), Plain),
        ("h2c is not spoken", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n".to_vec(), Plain),
        ("nothing at all", Vec::new(), Closed),
    ]
}

pub(crate) fn not_http() -> Vec<Row> {
    vec![
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), Refused(400, "control character")),
        ("SSH", b"SSH-2.0-OpenSSH_9.7\r\n".to_vec(), Refused(400, "request line")),
        ("HTTP/0.9", b"GET /\r\n".to_vec(), Refused(400, "request line")),
        ("HTTP/2 by preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Refused(505, "speaks HTTP/1.1")),
        ("HTTP/2 by version", handshake_but("HTTP/1.1", "HTTP/2.0"), Refused(505, "speaks HTTP/1.1")),
        ("HTTP/1.2", handshake_but("HTTP/1.1", "HTTP/1.2"), Refused(505, "speaks HTTP/1.1")),
        ("HTTP/1", handshake_but("HTTP/1.1", "HTTP/1"), Refused(400, "request line")),
        ("http/1.1", handshake_but("HTTP/1.1", "http/1.1"), Refused(400, "request line")),
        (
            "two empty lines before",
            [b"\r\n\r\n".to_vec(), handshake_with("")].concat(),
            Refused(400, "request line"),
        ),
        ("two spaces", handshake_but("GET ", "GET  "), Refused(400, "request line")),
        ("a space in the target", handshake_but("/chat", "/the chat"), Refused(400, "request line")),
        ("two spaces in the target", handshake_but("/chat", "/the big chat"), Refused(400, "request line")),
        (
            "a space in the target of HTTP/2.0",
            b"GET /a b HTTP/2.0\r\nHost: a\r\n\r\n".to_vec(),
            Refused(400, "request line"),
        ),
        ("a space at the end of the target", handshake_but(" HTTP", "  HTTP"), Refused(400, "request line")),
        (
            "Latin-1 in the target",
            b"GET /\xE9 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            Refused(400, "request line"),
        ),
        ("a space before", [b" ".to_vec(), handshake_with("")].concat(), Refused(400, "request line")),
        ("a space after", handshake_but("HTTP/1.1", "HTTP/1.1 "), Refused(400, "request line")),
        ("a word that never ends", vec![b'A'; 20_000], Refused(400, "request line")),
        ("LF alone", handshake_but("Host", "X: y\nHost"), Refused(400, "CR LF")),
        ("LF alone everywhere", HANDSHAKE.replace("\r\n", "\n").into_bytes(), Refused(400, "CR LF")),
        ("CR alone", handshake_but("Host", "X: y\rHost"), Refused(400, "CR LF")),
        ("CR twice", handshake_but("\r\nHost", "\r\r\nHost"), Refused(400, "CR LF")),
        ("NUL in a value", handshake_with("X: a\0b\r\n"), Refused(400, "control character")),
        ("ESC in the target", handshake_but("/chat", "/\x1b[31m"), Refused(400, "control character")),
        ("DEL in a value", handshake_with("X: \x7f\r\n"), Refused(400, "control character")),
        ("a tab in the request line", handshake_but("GET ", "GET\t"), Refused(400, "request line")),
        ("a folded header", handshake_with("X: a\r\n b\r\n"), Refused(400, "folded")),
        ("a header folded by a tab", handshake_with("X: a\r\n\tb\r\n"), Refused(400, "folded")),
        ("a space before the first header", handshake_but("Host", " Host"), Refused(400, "folded")),
        ("a space before the colon", handshake_but("Host:", "Host :"), Refused(400, "header is malformed")),
        ("a header without colon", handshake_with("X\r\n"), Refused(400, "header is malformed")),
        ("a header without name", handshake_with(": x\r\n"), Refused(400, "header is malformed")),
        ("a header name with a slash", handshake_with("a/b: x\r\n"), Refused(400, "header is malformed")),
        (
            "a header name of Latin-1",
            [HANDSHAKE.as_bytes(), b"Ren\xe9: x\r\n\r\n"].concat(),
            Refused(400, "header is malformed"),
        ),
        ("it ends in the request line", b"GET / HT".to_vec(), Refused(400, "before its empty line")),
        (
            "it ends before the empty line",
            HANDSHAKE.as_bytes().to_vec(),
            Refused(400, "before its empty line"),
        ),
    ]
}

pub(crate) fn wrong_handshakes() -> Vec<Row> {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let key_line = format!("Sec-WebSocket-Key: {key}\r\n");
    vec![
        ("POST", handshake_but("GET", "POST"), Refused(405, "GET request")),
        ("HEAD", handshake_but("GET", "HEAD"), Refused(405, "GET request")),
        ("get", handshake_but("GET", "get"), Refused(405, "GET request")),
        ("HTTP/1.0", handshake_but("HTTP/1.1", "HTTP/1.0"), Refused(400, "needs HTTP/1.1")),
        ("no Upgrade", handshake_but("Upgrade: websocket\r\n", ""), Refused(426, "Upgrade must be")),
        ("another Upgrade", handshake_but(": websocket", ": h2c"), Refused(426, "Upgrade must be")),
        (
            "part of a word in Upgrade",
            handshake_but(": websocket", ": websockets"),
            Refused(426, "Upgrade must be"),
        ),
        ("no Connection", handshake_but("Connection: Upgrade\r\n", ""), Refused(400, "Connection must")),
        ("keep-alive", handshake_but("n: Upgrade", "n: keep-alive"), Refused(400, "Connection must")),
        (
            "part of a word in Connection",
            handshake_but("n: Upgrade", "n: NoUpgrade"),
            Refused(400, "Connection must"),
        ),
        (
            "no version",
            handshake_but("Sec-WebSocket-Version: 13\r\n", ""),
            Refused(426, "Sec-WebSocket-Version"),
        ),
        ("version 8", handshake_but("Version: 13", "Version: 8"), Refused(426, "Sec-WebSocket-Version")),
        ("version 14", handshake_but("Version: 13", "Version: 14"), Refused(426, "Sec-WebSocket-Version")),
        ("version 013", handshake_but("Version: 13", "Version: 013"), Refused(426, "Sec-WebSocket-Version")),
        (
            "two versions",
            handshake_with("Sec-WebSocket-Version: 8\r\n"),
            Refused(426, "Sec-WebSocket-Version"),
        ),
        (
            "a list of versions",
            handshake_but("Version: 13", "Version: 13, 8"),
            Refused(426, "Sec-WebSocket-Version"),
        ),
        ("no key", handshake_but(&key_line, ""), Refused(400, "Sec-WebSocket-Key")),
        ("two keys", handshake_with(&key_line), Refused(400, "Sec-WebSocket-Key")),
        ("an empty key", handshake_but(key, ""), Refused(400, "Sec-WebSocket-Key")),
        ("a key of 15 bytes", handshake_but(key, "AAAAAAAAAAAAAAAAAAAA"), Refused(400, "Sec-WebSocket-Key")),
        (
            "a key of 17 bytes",
            handshake_but(key, "AAAAAAAAAAAAAAAAAAAAAAA="),
            Refused(400, "Sec-WebSocket-Key"),
        ),
        (
            "a key without padding",
            handshake_but(key, "dGhlIHNhbXBsZSBub25jZQ"),
            Refused(400, "Sec-WebSocket-Key"),
        ),
        (
            "a key that is not base64",
            handshake_but(key, "dGhlIHNhbXBsZSBub25j!Q=="),
            Refused(400, "Sec-WebSocket-Key"),
        ),
        ("no Host", handshake_but("Host: server.example.com\r\n", ""), Refused(400, "Host header")),
        ("two Hosts", handshake_with("Host: server.example.com\r\n"), Refused(400, "Host header")),
        ("an empty Host", handshake_but("server.example.com", ""), Refused(400, "Host header")),
        ("two names in Host", handshake_but("server.example.com", "a, b"), Refused(400, "Host header")),
        ("a path in Host", handshake_but("server.example.com", "a/b"), Refused(400, "Host header")),
        ("a user in Host", handshake_but("server.example.com", "user@a"), Refused(400, "Host header")),
        ("a scheme in Host", handshake_but("server.example.com", "http://a"), Refused(400, "Host header")),
        ("a port too high", handshake_but("example.com", "example.com:65536"), Refused(400, "Host header")),
        ("a port in words", handshake_but("example.com", "example.com:http"), Refused(400, "Host header")),
        ("a target without slash", handshake_but("/chat", "chat"), Refused(400, "request target is neither")),
        ("*", handshake_but("/chat?room=1", "*"), Refused(400, "request target is neither")),
        ("a fragment", handshake_but("/chat", "/chat#top"), Refused(400, "request target is neither")),
        (
            "ftp: in the target",
            handshake_but("/chat", "ftp://server.example.com/chat"),
            Refused(400, "request target is neither"),
        ),
        (
            "another host in the target",
            handshake_but("/chat", "http://b.example.com/chat"),
            Refused(400, "request target is neither"),
        ),
        wrong_absolute("another port in the target", "http://server.example.com:8080", "server.example.com"),
        wrong_absolute("another port in Host", "http://server.example.com", "server.example.com:8080"),
        wrong_absolute("the port of https with http", "http://server.example.com:443", "server.example.com"),
        wrong_absolute("the port of ws with wss", "wss://server.example.com:80", "server.example.com"),
        wrong_absolute(
            "a port too high in the target",
            "http://server.example.com:65616",
            "server.example.com",
        ),
        wrong_absolute("a port in words in the target", "http://server.example.com:x", "server.example.com"),
        wrong_absolute("no host in the target", "http://:80", "server.example.com"),
        wrong_absolute(
            "a quote in the host of the target",
            "http://server.\"example.com",
            "server.example.com",
        ),
        (
            "a user in the target",
            handshake_but("/chat", "http://u@server.example.com/chat"),
            Refused(400, "request target is neither"),
        ),
        ("CONNECT", handshake_but("GET /chat?room=1", "CONNECT a:80"), Refused(405, "the method")),
        ("a body", handshake_with("Content-Length: 5\r\n"), Refused(400, "has no body")),
        (
            "a body, there already",
            [handshake_with("Content-Length: 5\r\n"), b"hello".to_vec()].concat(),
            Refused(400, "has no body"),
        ),
        ("a chunked body", handshake_with("Transfer-Encoding: chunked\r\n"), Refused(400, "has no body")),
        ("identity", handshake_with("Transfer-Encoding: identity\r\n"), Refused(400, "has no body")),
        ("a negative length", handshake_with("Content-Length: -1\r\n"), Refused(400, "length of the body")),
        ("a signed length", handshake_with("Content-Length: +0\r\n"), Refused(400, "length of the body")),
        ("an empty length", handshake_with("Content-Length:\r\n"), Refused(400, "length of the body")),
        (
            "two lengths",
            handshake_with("Content-Length: 0\r\nContent-Length: 0\r\n"),
            Refused(400, "length of the body"),
        ),
        (
            "a length of 2^64",
            handshake_with("Content-Length: 18446744073709551616\r\n"),
            Refused(400, "length of the body"),
        ),
        (
            "a frame at once",
            [handshake_with(""), b"\x81\x80\0\0\0\0".to_vec()].concat(),
            Refused(400, "nothing may follow"),
        ),
        (
            "a second request",
            [handshake_with(""), handshake_with("")].concat(),
            Refused(400, "nothing may follow"),
        ),
        (
            "two origins",
            handshake_with("Origin: http://a\r\nOrigin: http://a\r\n"),
            Refused(400, "one Origin"),
        ),
        ("a foreign origin", handshake_with("Origin: http://evil.example\r\n"), Refused(403, "this origin")),
        ("null", handshake_with("Origin: null\r\n"), Refused(403, "this origin")),
    ]
}

fn wrong_absolute(what: &'static str, target: &str, host: &str) -> Row {
    let (what, bytes, _) = absolute(what, target, host);
    (what, bytes, Refused(400, "request target is neither"))
}

pub(crate) fn wrong_plain() -> Vec<Row> {
    let post = |lines: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n").into_bytes();
    vec![
        ("a body", post("Content-Length: 5\r\n"), Refused(413, "no request bodies")),
        (
            "a body, there already",
            [post("Content-Length: 5\r\n"), b"hello".to_vec()].concat(),
            Refused(413, "no request bodies"),
        ),
        ("a chunked body", post("Transfer-Encoding: chunked\r\n"), Refused(413, "no request bodies")),
        (
            "both lengths",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            Refused(400, "length of the body"),
        ),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), Refused(400, "Host header")),
        ("two Hosts", post("Host: b\r\n"), Refused(400, "Host header")),
        ("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n".to_vec(), Refused(405, "the method")),
    ]
}

pub(crate) fn subprotocols() -> Vec<Row> {
    let offer = |lines: &str| handshake_with(lines);
    let items = |count: usize| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>().join(", ");
    let line = |list: &str| offer(&format!("Sec-WebSocket-Protocol: {list}\r\n"));
    let no = || Refused(400, "Sec-WebSocket-Protocol");
    vec![
        ("as many as fit", line(&items(2000)), Accepted),
        ("a token for authorization", line(&format!("bearer, {}", "p".repeat(12_000))), Accepted),
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
        ("nothing but commas behind a name", line(&format!("a{}", ",".repeat(10_000))), Accepted),
        ("nothing", line(""), no()),
        ("a space in a name", line("a b"), no()),
        ("a quoted name", line("\"a\""), no()),
        ("a name of UTF-8", line("ü"), no()),
    ]
}

pub(crate) fn limits() -> Vec<Row> {
    let target = |length: usize| handshake_but("/chat?room=1", &format!("/{}", "a".repeat(length - 1)));
    let target_room = 16 * 1024 - handshake_but("/chat?room=1", "").len();
    let headers = |count: usize| handshake_with(&"X: y\r\n".repeat(count - 5));
    let size = |bytes: usize| {
        let padding = bytes - handshake_with("X: \r\n").len();
        handshake_with(&format!("X: {}\r\n", "y".repeat(padding)))
    };
    vec![
        ("a target that just fits", target(target_room), Accepted),
        ("a target of one byte too many", target(target_room + 1), Refused(431, "too large")),
        ("a request line that is too large by itself", target(16 * 1024), Refused(414, "too long")),
        ("a target without end", target(1_000_000), Refused(414, "too long")),
        ("64 headers", headers(64), Accepted),
        ("65 headers", headers(65), Refused(431, "too many")),
        ("16 KiB", size(16 * 1024), Accepted),
        ("16 KiB and one byte", size(16 * 1024 + 1), Refused(431, "too large")),
        ("16 KiB and a frame", [size(16 * 1024), vec![0x81]].concat(), Refused(400, "nothing may follow")),
        ("a header without end", size(1_000_000), Refused(431, "too large")),
    ]
}

/// Pages of other origins, and of this server's own.
pub(crate) fn origins() -> Vec<Row> {
    let from = |origin: &str| handshake_with(&format!("Origin: {origin}\r\n"));
    let from_to = |origin: &str, host: &str| {
        let handshake = HANDSHAKE.replace("server.example.com", host);
        format!("{handshake}Origin: {origin}\r\n\r\n").into_bytes()
    };
    let foreign = Refused(403, "this origin");
    vec![
        ("its own, in capitals", from("HTTP://SERVER.example.COM"), Accepted),
        ("its own, with the port that goes without saying", from("http://server.example.com:80"), Accepted),
        ("its own, behind a proxy that ends TLS", from("https://server.example.com"), Accepted),
        ("its own port", from_to("http://localhost:8080", "localhost:8080"), Accepted),
        ("another port", from_to("http://localhost:3000", "localhost:8080"), foreign),
        ("no port", from_to("http://localhost", "localhost:8080"), foreign),
        ("another name for the same address", from_to("http://localhost:8080", "127.0.0.1:8080"), foreign),
        ("IPv6", from_to("http://[::1]:8080", "[::1]:8080"), Accepted),
        ("another address of IPv6", from_to("http://[::2]:8080", "[::1]:8080"), foreign),
        ("its host as a prefix", from("http://server.example.com.evil.example"), foreign),
        ("its host as a suffix", from("http://evil-server.example.com"), foreign),
        ("a host below it", from("http://www.server.example.com"), foreign),
        ("a host above it", from("http://example.com"), foreign),
        ("its host with a dot", from("http://server.example.com."), foreign),
        ("its host with a path", from("http://server.example.com/"), foreign),
        ("its host as a user", from("http://server.example.com@evil.example"), foreign),
        ("a user at its host", from("http://evil@server.example.com"), foreign),
        ("its host without a scheme", from("server.example.com"), foreign),
        ("its host by another scheme", from("ftp://server.example.com"), foreign),
        ("an extension of a browser", from("chrome-extension://server.example.com"), foreign),
        ("a file", from("file://"), foreign),
        ("an empty one", from(""), foreign),
        ("two in one header", from("http://server.example.com http://evil.example"), foreign),
        ("a list", from("http://server.example.com, http://evil.example"), foreign),
        (
            "one that is no text",
            [HANDSHAKE.as_bytes(), b"Origin: http://server.example.com\xe9\r\n\r\n"].concat(),
            foreign,
        ),
    ]
}
