//! Requests that are no handshake, not quite one, or one, at default options but for `hosts`.

#[path = "../../ws-runtime/src/handshake/tests/rows.rs"]
mod rows;

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_tests::frame::{Sent, close};
use ws_tests::raw::{Afterwards, Cut, exchange, knock};

use self::rows::{Row, Verdict, handshake_but, handshake_with};

/// Counts how often its handlers are called. The rows name a host that is not this machine.
#[ws_server(listen = "127.0.0.1:0", hosts = any)]
mod counting {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Calls {
        handshake: AtomicUsize,
        ready: AtomicUsize,
        request: AtomicUsize,
    }

    #[on(handshake)]
    fn handshake(calls: &Calls) {
        calls.handshake.fetch_add(1, Ordering::Relaxed);
    }

    #[on(ready)]
    fn ready(calls: &Calls) {
        calls.ready.fetch_add(1, Ordering::Relaxed);
    }

    #[on(request)]
    fn request(request: &Request, calls: &Calls) -> String {
        calls.request.fetch_add(1, Ordering::Relaxed);
        // All that was counted, for the test to read.
        match request.path() {
            "/calls" => {
                let [handshake, ready, request] = [&calls.handshake, &calls.ready, &calls.request]
                    .map(|counter| counter.swap(0, Ordering::Relaxed));
                format!("{handshake} {ready} {}", request - 1)
            }
            _ => "plain".to_owned(),
        }
    }
}

fn all() -> Vec<Row> {
    [
        rows::accepted(),
        rows::spare_bits(),
        rows::plain(),
        rows::not_http(),
        rows::wrong_handshakes(),
        rows::wrong_plain(),
        rows::subprotocols(),
        rows::limits(),
        rows::origins(),
    ]
    .concat()
}

/// An answer that ends the connection.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Reads it, and holds it to what every such answer must say.
    fn read(received: &[u8], what: &str) -> Self {
        let text = str::from_utf8(received).unwrap();
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{what}: no answer: {text:?}"));
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)).unwrap();
        let fields: Vec<_> = head.split("\r\n").skip(1).collect();
        let of = |name: &str| {
            let values = fields.iter().filter_map(|field| field.strip_prefix(name)?.strip_prefix(": "));
            values.collect::<Vec<_>>()
        };
        assert_eq!(of("Connection"), ["close"], "{what}: {head}");
        if !what.contains("HEAD") {
            assert_eq!(of("Content-Length"), [body.len().to_string()], "{what}: {head}");
        }
        Self { status: status.parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
    }
}

/// How often `handshake`, `ready` and `request` were called since the last time.
async fn calls(server: &TestServer) -> String {
    let request = b"GET /calls HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let received = exchange(knock(server).await, request, Cut::Whole, Afterwards::Wait).await;
    Answer::read(&received, "the counters").body
}

/// What the server answers to a row, until it ends the stream.
async fn answer(server: &TestServer, bytes: &[u8], cut: Cut<'_>, verdict: Verdict) -> Vec<u8> {
    let ends = match verdict {
        Verdict::Closed => true,
        Verdict::Refused(_, words) => words.contains("before its empty line"),
        Verdict::Accepted | Verdict::Plain => false,
    };
    let afterwards = if ends { Afterwards::End } else { Afterwards::Wait };
    exchange(knock(server).await, bytes, cut, afterwards).await
}

#[test]
fn the_corpus_has_every_row() {
    ws_tests::corpus::has("handshake", all().into_iter().map(|(_, bytes, _)| bytes));
}

#[tokio::test(start_paused = true)]
async fn each_request_gets_its_answer_and_no_handler_sees_one_that_is_refused() {
    let server = counting::server().test().await.unwrap();
    let rows = all();
    assert!(rows.len() >= 170, "{}", rows.len());
    for (what, bytes, verdict) in rows {
        for cut in Cut::ALL {
            // Bytes that come one by one may come after the 101, where they are frames.
            let early = matches!(verdict, Verdict::Refused(_, "nothing may follow"));
            if early && cut != Cut::Whole {
                continue;
            }
            match verdict {
                Verdict::Accepted => continue,
                Verdict::Closed => {
                    assert_eq!(answer(&server, &bytes, cut, verdict).await, b"", "{what}, {cut:?}");
                    assert_eq!(calls(&server).await, "0 0 0", "{what}, {cut:?}");
                }
                Verdict::Plain => {
                    let answer = Answer::read(&answer(&server, &bytes, cut, verdict).await, what);
                    let body = if what == "HEAD" { "" } else { "plain" };
                    assert_eq!((answer.status, answer.body.as_str()), (200, body), "{what}, {cut:?}");
                    assert_eq!(calls(&server).await, "0 0 1", "{what}, {cut:?}");
                }
                Verdict::Refused(status, words) => {
                    let answer = Answer::read(&answer(&server, &bytes, cut, verdict).await, what);
                    assert_eq!(answer.status, status, "{what}, {cut:?}");
                    let is_told =
                        if what == "HEAD" { answer.body.is_empty() } else { answer.body.contains(words) };
                    assert!(is_told, "{what}, {cut:?}: {}", answer.body);
                    let version = answer.head.contains("\r\nSec-WebSocket-Version: 13");
                    assert_eq!(version, status == 426, "{what}, {cut:?}: {}", answer.head);
                    let allow = answer.head.contains("\r\nAllow: GET");
                    assert_eq!(allow, status == 405, "{what}, {cut:?}: {}", answer.head);
                    assert_eq!(calls(&server).await, "0 0 0", "{what}, {cut:?}");
                }
            }
        }
    }
}

/// The answer to the key of a request.
fn accept_key(request: &[u8]) -> String {
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key:")).unwrap().trim();
    let answer = derive_accept_key(key.as_bytes());
    if key == "dGhlIHNhbXBsZSBub25jZQ==" {
        // RFC 6455, section 1.3.
        assert_eq!(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
    answer
}

#[tokio::test(start_paused = true)]
async fn each_handshake_of_whatever_form_becomes_a_connection() {
    let server = counting::server().test().await.unwrap();
    for (what, bytes, verdict) in all() {
        if verdict != Verdict::Accepted {
            continue;
        }
        for cut in Cut::ALL {
            let mut stream = knock(&server).await;
            let head = ws_tests::raw::ask(&mut stream, &bytes, cut).await;
            let (status, fields) = head.split_once("\r\n").unwrap();
            assert_eq!(status, "HTTP/1.1 101 Switching Protocols", "{what}, {cut:?}");
            for field in [
                "Connection: Upgrade\r\n",
                "Upgrade: websocket\r\n",
                &format!("Sec-WebSocket-Accept: {}\r\n", accept_key(&bytes)),
            ] {
                assert_eq!(fields.matches(field).count(), 1, "{what}, {cut:?}: {head}");
            }
            for absent in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length"] {
                assert!(!fields.contains(absent), "{what}, {cut:?}: {head}");
            }
            let received = exchange(stream, &close(1000, b""), cut, Afterwards::Wait).await;
            assert_eq!(Sent::read(&received).close, Some(1000), "{what}, {cut:?}");
            assert_eq!(calls(&server).await, "1 1 0", "{what}, {cut:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subprotocol_is_chosen_if_it_is_offered_and_only_then() {
    let server = counting::server().subprotocols(["chat.v2", "chat.v1"]).test().await.unwrap();
    for (offered, chosen) in [
        (Some("chat.v1"), Some("chat.v1")),
        (Some("chat.v1, chat.v2"), Some("chat.v2")),
        (Some("other, chat.v1"), Some("chat.v1")),
        (Some("other"), None),
        (Some("CHAT.V1"), None),
        (None, None),
    ] {
        let offer = offered.map(|list| format!("Sec-WebSocket-Protocol: {list}\r\n")).unwrap_or_default();
        let mut stream = knock(&server).await;
        let head = ws_tests::raw::ask(&mut stream, &handshake_with(&offer), Cut::Whole).await;
        let told = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(told, chosen, "{offered:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn origins_of_the_list_and_any_origin_are_let_in_where_the_server_says_so() {
    let listed = counting::server().origins(["https://example.org"]).test().await.unwrap();
    let any = counting::server().origins(ws_runtime::Origins::any()).test().await.unwrap();
    for (origin, of_list) in [
        ("https://example.org", 101),
        ("https://EXAMPLE.org:443", 101),
        ("http://server.example.com", 101),
        ("http://example.org", 403),
        ("https://www.example.org", 403),
        ("https://example.org.evil.example", 403),
        ("null", 403),
    ] {
        let handshake = handshake_with(&format!("Origin: {origin}\r\n"));
        for (server, status) in [(&listed, of_list), (&any, 101)] {
            let head = ws_tests::raw::ask(&mut knock(server).await, &handshake, Cut::Whole).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {head}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket_a_client_may_put_what_it_likes_into_host() {
    let path = std::env::temp_dir().join(format!("ws-host-{}.sock", std::process::id()));
    let _running = counting::server().listen(format!("unix:{}", path.display())).bind().await.unwrap();
    let host = |host: &str, line: &str| {
        let handshake = handshake_with(line);
        String::from_utf8(handshake).unwrap().replace("server.example.com", host).into_bytes()
    };
    for (request, status) in [
        // As Perl's Mojolicious sends it.
        (host(&path.to_string_lossy(), ""), 101),
        (handshake_but("Host: server.example.com\r\n", ""), 101),
        (host("server.example.com", "Origin: http://evil.example\r\n"), 403),
    ] {
        let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let head = ws_tests::raw::ask(&mut stream, &request, Cut::Whole).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_stream_at_once_although_the_peer_does_not() {
    let running = counting::server().bind().await.unwrap();
    for bytes in [handshake_but("Version: 13", "Version: 8"), handshake_but("HTTP/1.1\r\n", "HTTP/1.1\n")] {
        let start = Instant::now();
        let received = exchange(knock(&running).await, &bytes, Cut::Whole, Afterwards::Wait).await;
        Answer::read(&received, "a refusal");
        // The clock moves only when all wait for it.
        assert_eq!(start.elapsed().as_millis(), 0);
    }
}
