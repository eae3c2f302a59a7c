//! Who answers each hostile handshake, and how: the server that stands alone, the one that is mounted in a router of axum,
//! and the one that is the host of a router. The book shows the table.

#[path = "../../../ws-runtime/src/handshake/tests/rows.rs"]
mod rows;

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tower_http::set_header::SetResponseHeaderLayer;
use ws_runtime::prelude::*;
use ws_tests::frame::{Sent, close};
use ws_tests::raw::Reached;

use self::rows::Verdict;
use crate::echo;
use crate::fronts::{End, Front, Site};
use crate::http2;

#[ws_server(listen = "127.0.0.1:0")]
mod site {
    use super::*;

    #[route("/chat")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

/// Its own answers say that they are.
fn router() -> Router {
    let mark = SetResponseHeaderLayer::overriding(
        HeaderName::from_static("x-answered-by"),
        HeaderValue::from_static("router"),
    );
    Router::new()
        .route("/page", get(|| async { "a page" }))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(mark)
}

/// What a peer sends instead of a handshake.
struct Hostile {
    what: &'static str,
    bytes: Vec<u8>,
    afterwards: Afterwards,
}

/// What it does after its last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    /// It waits for an answer.
    Wait,
    /// It waits for as long as it takes, by a clock that stands still otherwise.
    WaitLong,
    /// It ends its half of the stream.
    End,
}

/// The columns of the table: for peers that wait for a moment, and for those that wait long.
const FRONTS: [(&str, Front, Front); 4] = [
    ("alone", Front::Tcp, Front::Memory),
    ("mounted in axum", Front::Mounted, Front::MountedOpaque),
    ("host of a router", Front::Host, Front::HostInMemory),
    ("host, later request", Front::HostLater, Front::HostInMemoryLater),
];

/// How long an answer may take over TCP. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a peer waits for an answer that does not come.
const LONG: Duration = Duration::from_secs(600);

const PAGE: &[u8] = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What came of it, in a few words.
async fn outcome(site: &Site, row: &Hostile) -> String {
    let mut stream = site.reach().await;
    let start = Instant::now();
    // A server that has refused the rest may be gone.
    let _ = stream.write_all(&row.bytes).await;
    if row.afterwards == Afterwards::End {
        let _ = stream.shutdown().await;
    }
    let patience = if row.afterwards == Afterwards::WaitLong { LONG } else { PATIENCE };
    let Ok(answer) = timeout(patience, read(&mut stream, row.bytes.starts_with(b"HEAD "))).await else {
        assert_eq!(row.afterwards, Afterwards::WaitLong, "{}: it waits", row.what);
        return "waits".to_owned();
    };
    match start.elapsed().as_secs() {
        after @ 1.. if row.afterwards == Afterwards::WaitLong => format!("{answer} after {after} s"),
        _ => answer,
    }
}

async fn read(stream: &mut Box<dyn End>, is_head: bool) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            // A frame of HTTP/2 begins with its length.
            Ok(0) if seen.is_empty() => return read_http2(stream).await,
            Ok(byte) => seen.push(byte),
            Err(_) if seen.is_empty() => return "closed".to_owned(),
            Err(error) => panic!("{error} after {}", String::from_utf8_lossy(&seen)),
        }
    }
    let head = String::from_utf8(seen).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().to_owned();
    if status == "101" {
        let _ = stream.write_all(&close(1000, b"")).await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        return match Sent::read_complete(&rest).close {
            Some(1000) => status,
            Some(code) => format!("{status}, closed with {code}"),
            None => format!("{status}, cut"),
        };
    }
    let by = if head.contains("\r\nx-answered-by: router") {
        " (router)"
    } else if head.contains("\r\ncontent-type: ") {
        ""
    } else {
        " (hyper)"
    };
    let length = head
        .split("content-length: ")
        .nth(1)
        .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    let mut body = vec![0; if is_head { 0 } else { length }];
    stream.read_exact(&mut body).await.unwrap();
    let _ = stream.write_all(PAGE).await;
    let keeps = if stream.read_u8().await.is_ok() { ", kept" } else { "" };
    format!("{status}{by}{keeps}")
}

async fn read_http2(stream: &mut Box<dyn End>) -> String {
    match http2::answer(&[0], stream).await {
        http2::Answer::Status(status, body) => {
            let by = if body.starts_with(&status.to_string()) || status == 200 { "" } else { " (router)" };
            format!("{status}{by}")
        }
        http2::Answer::Reset => "reset (hyper)".to_owned(),
        http2::Answer::Ended => "closed (hyper)".to_owned(),
    }
}

/// The handshake, without its empty line.
const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

fn with(what: &'static str, lines: &str) -> Hostile {
    raw(what, format!("{HANDSHAKE}{lines}\r\n"))
}

fn but(what: &'static str, old: &str, new: &str) -> Hostile {
    assert!(HANDSHAKE.contains(old), "{old:?} does not stand in the handshake");
    raw(what, format!("{}\r\n", HANDSHAKE.replace(old, new)))
}

fn raw(what: &'static str, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { what, bytes: bytes.into(), afterwards: Afterwards::Wait }
}

fn request_lines() -> Vec<Hostile> {
    let target = |length: usize| format!("/chat?{}", "a".repeat(length));
    vec![
        but("`POST` with `Upgrade`", "GET", "POST"),
        but("`HEAD` with `Upgrade`", "GET", "HEAD"),
        but("`get` in lower case", "GET", "get"),
        but("HTTP/1.0", "HTTP/1.1", "HTTP/1.0"),
        but("HTTP/1.2", "HTTP/1.1", "HTTP/1.2"),
        raw("HTTP/0.9", "GET /chat\r\n"),
        but("two spaces after the method", "GET ", "GET  "),
        but("a space in the target", "/chat", "/the chat"),
        but("the target `*`", "/chat", "*"),
        but("a target without slash", "/chat", "chat"),
        but("a fragment in the target", "/chat", "/chat#top"),
        but("a whole URL as target, of this host", "/chat", "http://localhost/chat"),
        but("a whole URL as target, of another host than `Host`", "/chat", "http://other/chat"),
        but("a whole URL as target, of another scheme", "/chat", "ftp://localhost/chat"),
        but("a user in the target", "/chat", "http://user@localhost/chat"),
        but("`CONNECT` with `Upgrade`", "GET /chat", "CONNECT localhost:80"),
        but("an unknown path", "/chat", "/other"),
        but("a target of 20,000 bytes", "/chat", &target(20_000)),
        but("a target of 70,000 bytes", "/chat", &target(70_000)),
        raw("an empty line before", format!("\r\n{HANDSHAKE}\r\n")),
        raw("two empty lines before", format!("\r\n\r\n{HANDSHAKE}\r\n")),
    ]
}

fn headers() -> Vec<Hostile> {
    let more = |count: usize| "X: y\r\n".repeat(count);
    let large = |size: usize| format!("X: {}\r\n", "y".repeat(size));
    vec![
        raw("lines that end with LF alone", format!("{}\n", HANDSHAKE.replace("\r\n", "\n"))),
        but("a line that ends with CR alone", "Host", "X: y\rHost"),
        but("a space before the first header", "Host", " Host"),
        but("a space before a colon", "Host:", "Host :"),
        with("a header folded over two lines", "X: a\r\n b\r\n"),
        with("a header without colon", "X\r\n"),
        with("a header without name", ": y\r\n"),
        with("NUL in a header", "X: a\0b\r\n"),
        with("ESC in a header", "X: \x1b[31m\r\n"),
        with("80 headers", &more(75)),
        with("120 headers", &more(115)),
        with("headers of 20,000 bytes", &large(20_000)),
        with("headers of 1,000,000 bytes", &large(1_000_000)),
        but("no `Host`", "Host: localhost\r\n", ""),
        with("two `Host`", "Host: localhost\r\n"),
        but("an empty `Host`", "Host: localhost", "Host:"),
        but("a user in `Host`", "Host: localhost", "Host: user@localhost"),
        but("a foreign `Host`", "Host: localhost", "Host: rebound.example"),
    ]
}

fn handshakes() -> Vec<Hostile> {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    vec![
        but("no `Upgrade`", "Upgrade: websocket\r\n", ""),
        but("`Upgrade: h2c`", "Upgrade: websocket", "Upgrade: h2c"),
        but("no `Connection`", "Connection: Upgrade\r\n", ""),
        but("`Connection: keep-alive`", "Connection: Upgrade", "Connection: keep-alive"),
        but("no version", "Sec-WebSocket-Version: 13\r\n", ""),
        but("version 8", "Version: 13", "Version: 8"),
        with("versions 13 and 8", "Sec-WebSocket-Version: 8\r\n"),
        but("the list of versions `13, 8`", "Version: 13", "Version: 13, 8"),
        but("no key", &format!("Sec-WebSocket-Key: {key}\r\n"), ""),
        with("two keys", &format!("Sec-WebSocket-Key: {key}\r\n")),
        but("an empty key", key, ""),
        but("a key of 15 bytes", key, "AAAAAAAAAAAAAAAAAAAA"),
        but("a key that is not base64", key, "dGhlIHNhbXBsZSBub25j!Q=="),
        with("a foreign `Origin`", "Origin: http://evil.example\r\n"),
        with("`Origin: null`", "Origin: null\r\n"),
        with("two `Origin`", "Origin: http://localhost\r\nOrigin: http://localhost\r\n"),
        with("a subprotocol that there is not", "Sec-WebSocket-Protocol: other\r\n"),
        with("a subprotocol that is no token", "Sec-WebSocket-Protocol: \"chat\"\r\n"),
        with("the same subprotocol twice", "Sec-WebSocket-Protocol: a, a\r\n"),
    ]
}

/// Bodies, and what a proxy may take for one.
fn bodies() -> Vec<Hostile> {
    let smuggled = String::from_utf8_lossy(PAGE);
    let length = smuggled.len();
    vec![
        with("`Content-Length: 5`, no body", "Content-Length: 5\r\n"),
        raw("`Content-Length: 5` and five bytes", format!("{HANDSHAKE}Content-Length: 5\r\n\r\nhello")),
        raw(
            "`Content-Length` and a request as body",
            format!("{HANDSHAKE}Content-Length: {length}\r\n\r\n{smuggled}"),
        ),
        with("`Content-Length: +0`", "Content-Length: +0\r\n"),
        with("`Content-Length: 0` twice", "Content-Length: 0\r\nContent-Length: 0\r\n"),
        raw(
            "`Content-Length` 0 and 5",
            format!("{HANDSHAKE}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello"),
        ),
        with("`Transfer-Encoding: chunked`, no body", "Transfer-Encoding: chunked\r\n"),
        raw(
            "`Transfer-Encoding: chunked` and a request after the body",
            format!("{HANDSHAKE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        ),
        with("`Transfer-Encoding: identity`", "Transfer-Encoding: identity\r\n"),
        raw(
            "both lengths",
            format!(
                "{HANDSHAKE}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
            ),
        ),
        raw(
            "version 8 and a second request at once",
            format!("{}\r\n{smuggled}", HANDSHAKE.replace(": 13", ": 8")),
        ),
        raw("a frame before the 101", [HANDSHAKE.as_bytes(), b"\r\n\x81\x80\0\0\0\0"].concat()),
        raw("a second request before the 101", format!("{HANDSHAKE}\r\n{smuggled}")),
    ]
}

/// Peers that are slow.
fn slow() -> Vec<Hostile> {
    let long = |what, bytes: &str| Hostile { afterwards: Afterwards::WaitLong, ..raw(what, bytes) };
    vec![
        long("nothing is sent", ""),
        long("half a request line", "GET /ch"),
        long("a head that never ends", HANDSHAKE),
        Hostile { afterwards: Afterwards::End, ..raw("the stream ends within the head", HANDSHAKE) },
    ]
}

/// Other protocols on the same port.
fn others() -> Vec<Hostile> {
    vec![
        raw("TLS to a port without", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x0a".repeat(4)),
        raw("SSH", "SSH-2.0-OpenSSH_9.7\r\n"),
        raw(
            "a header of the PROXY protocol",
            format!("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n{HANDSHAKE}\r\n"),
        ),
    ]
}

/// HTTP/2, without TLS, by its preface.
fn http2() -> Vec<Hostile> {
    let start = [(":scheme", "http"), (":path", "/chat"), (":authority", "localhost")];
    let request = |what, method: &'static str, more: &[(&str, &str)], ends: bool| {
        let fields: Vec<_> =
            [(":method", method)].into_iter().chain(start).chain(more.iter().copied()).collect();
        raw(what, http2::request(&fields, ends))
    };
    let websocket = (":protocol", "websocket");
    let version = ("sec-websocket-version", "13");
    let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let connect = |what, more: &[(&str, &str)]| request(what, "CONNECT", more, false);
    vec![
        connect("extended CONNECT, as it should be", &[websocket, version]),
        connect("extended CONNECT with a key", &[websocket, version, key]),
        connect("extended CONNECT without version", &[websocket]),
        connect("extended CONNECT, version 8", &[websocket, ("sec-websocket-version", "8")]),
        connect("extended CONNECT, two versions", &[websocket, version, version]),
        connect("extended CONNECT for another protocol", &[(":protocol", "connect-udp"), version]),
        connect(
            "extended CONNECT of a foreign origin",
            &[websocket, version, ("origin", "http://evil.example")],
        ),
        connect(
            "extended CONNECT, another `Host` than `:authority`",
            &[websocket, version, ("host", "other")],
        ),
        connect(
            "extended CONNECT, two `Host`",
            &[websocket, version, ("host", "localhost"), ("host", "localhost")],
        ),
        connect("extended CONNECT with `Content-Length: 5`", &[websocket, version, ("content-length", "5")]),
        connect("extended CONNECT with `Connection`", &[websocket, version, ("connection", "upgrade")]),
        request("extended CONNECT without a stream", "CONNECT", &[websocket, version], true),
        connect("CONNECT with `:path`, without `:protocol`", &[version]),
        raw(
            "CONNECT, without `:protocol`",
            http2::request(&[(":method", "CONNECT"), (":authority", "localhost:80")], false),
        ),
        request("GET with `:protocol`", "GET", &[websocket, version], true),
        request(
            "GET with `Upgrade` and `Connection`",
            "GET",
            &[("upgrade", "websocket"), ("connection", "upgrade"), version, key],
            true,
        ),
        request("GET with a key and a version", "GET", &[version, key], true),
        request("POST with a key and a version", "POST", &[version, key], true),
    ]
}

fn groups() -> [(&'static str, Vec<Hostile>); 7] {
    [
        ("The request line", request_lines()),
        ("Headers", headers()),
        ("The handshake", handshakes()),
        ("Bodies, and bytes before the answer", bodies()),
        ("Slow peers", slow()),
        ("Other protocols", others()),
        ("HTTP/2 without TLS", http2()),
    ]
}

async fn table() -> String {
    let groups = groups();
    let rows: Vec<_> = groups.iter().flat_map(|(_, rows)| rows).collect();
    let mut cells = vec![Vec::new(); rows.len()];
    for wants_long in [true, false] {
        if !wants_long {
            tokio::time::resume();
        }
        for (_, over_tcp, in_memory) in FRONTS {
            let front = if wants_long { in_memory } else { over_tcp };
            let site = front.start(site::server(), "/chat", router()).await;
            for (row, cells) in rows.iter().zip(&mut cells) {
                if (row.afterwards == Afterwards::WaitLong) == wants_long {
                    cells.push(outcome(&site, row).await);
                }
            }
            site.stop().await;
        }
    }
    let mut table = format!("| | {} |\n|---|---|---|---|---|\n", FRONTS.map(|(name, ..)| name).join(" | "));
    let mut cells = cells.into_iter();
    for (title, rows) in &groups {
        table += &format!("| **{title}** | | | | |\n");
        for row in rows {
            table += &format!("| {} | {} |\n", row.what, cells.next().unwrap().join(" | "));
        }
    }
    table
}

#[tokio::test(start_paused = true)]
async fn the_table_of_the_book_is_the_real_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/handshake-table.md");
    let table = table().await;
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let in_book = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        in_book, table,
        "run `UPDATE_BOOK=1 cargo test -p ws-tests --test hostile answers` and commit what changed"
    );
}

/// What hyper lets through, or mends, before the server sees it.
const LET_THROUGH: [&str; 4] = ["two empty lines before", "LF alone", "a fragment", "two lengths"];
/// What hyper waits for the end of: a preface of HTTP/2, and heads.
const UNFINISHED: [&str; 3] = ["HTTP/2 by preface", "a word that never ends", "LF alone everywhere"];
/// What hyper refuses although it is a handshake.
const REFUSED: [&str; 2] = ["a quote in the query", "angle brackets"];

#[tokio::test]
async fn what_is_refused_alone_is_refused_when_mounted_but_for_what_hyper_hides() {
    let server = || echo::server().hosts(ws_runtime::Hosts::any());
    let site = Front::Mounted.start(server(), "", Router::new()).await;
    let (mut let_through, mut refused) = (Vec::new(), Vec::new());
    let all = [
        rows::accepted(),
        rows::spare_bits(),
        rows::plain(),
        rows::not_http(),
        rows::wrong_handshakes(),
        rows::wrong_plain(),
        rows::subprotocols(),
        rows::limits(),
        rows::origins(),
    ];
    for (what, bytes, verdict) in all.concat() {
        let afterwards = match verdict {
            Verdict::Closed => Afterwards::End,
            // For hyper there is more to come.
            Verdict::Refused(..) if UNFINISHED.contains(&what) => Afterwards::End,
            Verdict::Refused(_, words) if words.contains("before its empty line") => Afterwards::End,
            Verdict::Accepted | Verdict::Plain | Verdict::Refused(..) => Afterwards::Wait,
        };
        let outcome = outcome(&site, &Hostile { what, bytes, afterwards }).await;
        match verdict {
            Verdict::Accepted if outcome == "101" => {}
            Verdict::Accepted => refused.push((what, outcome)),
            // There is no handler for it.
            Verdict::Plain => assert!(outcome.starts_with("426"), "{what}: {outcome}"),
            Verdict::Closed => assert_eq!(outcome, "closed", "{what}"),
            Verdict::Refused(..) if outcome == "101" => let_through.push(what),
            Verdict::Refused(..) => assert!(!outcome.ends_with("kept"), "{what}: {outcome}"),
        }
    }
    assert_eq!(let_through, LET_THROUGH);
    assert_eq!(refused.iter().map(|(what, _)| *what).collect::<Vec<_>>(), REFUSED, "{refused:?}");
    site.stop().await;
}
