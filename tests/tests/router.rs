//! A server that passes plain requests on to a router of axum.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Extension, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use ws_runtime::prelude::*;
use ws_runtime::{Address, Error, Running};
use ws_tests::log::Log;
use ws_tests::raw::{Cut, HANDSHAKE, ask, handshake_with};
use ws_tests::{Client, address, open};

/// How long something may take. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 1)]
mod site {
    use super::*;

    #[get("/own")]
    fn own() -> &'static str {
        "our own"
    }

    #[route("/chat")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

fn router() -> Router {
    Router::new()
        .route("/api", get(|| async { "the router's" }))
        .route("/chat", get(|| async { "a page beside the WebSocket" }))
        .route("/peer", get(|Extension(peer): Extension<Address>| async move { peer.to_string() }))
        .route(
            "/sum",
            post(|bytes: body::Bytes| async move {
                bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string()
            }),
        )
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("it is the router's")
                }
            }),
        )
}

async fn start() -> Running {
    site::server().http(router()).bind().await.unwrap()
}

/// A connection that is kept.
struct Kept(TcpStream);

impl Kept {
    async fn open(running: &Running) -> Self {
        Self(TcpStream::connect(address(running)).await.unwrap())
    }

    /// Sends a request and reads its answer: the status and the body.
    async fn ask(&mut self, request: &str) -> (u16, String) {
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.0.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }

    /// Waits for the end of the stream.
    async fn end(mut self) {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

#[tokio::test]
async fn what_is_not_its_own_goes_to_the_router_on_a_connection_that_is_kept() {
    let running = start().await;
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.get("/api").await, (200, "the router's".to_owned()));
    assert_eq!(kept.get("/own").await, (200, "our own".to_owned()));
    assert_eq!(kept.get("/chat").await, (200, "a page beside the WebSocket".to_owned()));
    assert_eq!(kept.get("/none").await, (404, String::new()));
    let me = kept.0.local_addr().unwrap().to_string();
    assert_eq!(kept.get("/peer").await, (200, me));
    // The body comes in the same packet as the head, and in another.
    let sum = "POST /sum HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n\x01\x02\x03";
    assert_eq!(kept.ask(sum).await, (200, "6".to_owned()));
    assert_eq!(Kept::open(&running).await.ask(sum).await, (200, "6".to_owned()));

    // The same connection becomes a WebSocket.
    let (socket, _) = client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
    let mut client = Client(socket);
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    assert!(running.server().connections()[0].socket().is_some(), "it is the socket itself");
    running.shutdown();
    assert_eq!(client.closed().await.code, 1001.into());
    timeout(PATIENCE, running.stopped()).await.unwrap();
}

#[tokio::test]
async fn bytes_may_be_cut_anywhere() {
    let running = start().await;
    let request = "POST /sum HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n\x01\x02\x03";
    for at in 1..request.len() {
        let mut kept = Kept::open(&running).await;
        kept.0.set_nodelay(true).unwrap();
        let (first, second) = request.split_at(at);
        kept.0.write_all(first.as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
        assert_eq!(kept.ask(second).await, (200, "6".to_owned()), "cut at {at}");
    }
}

#[tokio::test]
async fn a_websocket_of_a_route_is_opened_at_once_and_one_of_none_is_the_routers() {
    let running = start().await;
    let mut client = open(&running, "/chat").await.unwrap();
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    let mut kept = Kept::open(&running).await;
    let (status, _) = kept.ask(&HANDSHAKE.replace("GET / ", "GET /other ")).await;
    assert_eq!(status, 404);
    // Whoever has asked for a WebSocket in vain is not heard any further.
    kept.end().await;
    let mut kept = Kept::open(&running).await;
    let (status, _) = kept.ask(&HANDSHAKE.replace("GET / ", "GET /chat ").replace(": 13", ": 12")).await;
    assert_eq!(status, 426);
}

#[tokio::test]
async fn limits_and_deadlines_are_the_servers() {
    let running = site::server().max_connections(1).http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.get("/api").await.0, 200);
    let (status, _) = Kept::open(&running).await.ask("").await;
    assert_eq!(status, 503);
    // Neither a connection that is idle nor one that stalls within its next head is kept for long.
    kept.end().await;
    let mut stalled = loop {
        let mut kept = Kept::open(&running).await;
        if kept.get("/api").await.0 == 200 {
            break kept;
        }
    };
    stalled.0.write_all(b"GET /api HT").await.unwrap();
    stalled.end().await;
}

#[tokio::test]
async fn a_shutdown_waits_for_the_answer_and_closes_who_is_idle() {
    let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, end) = (Arc::clone(&begun), Arc::clone(&end));
        || async move {
            begun.notify_one();
            end.notified().await;
            "at last"
        }
    };
    let running = site::server().http(router().route("/slow", get(slow))).bind().await.unwrap();
    let mut idle = Kept::open(&running).await;
    assert_eq!(idle.get("/api").await.0, 200);
    let mut busy = Kept::open(&running).await;
    let request = "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
    busy.0.write_all(request.as_bytes()).await.unwrap();
    timeout(PATIENCE, begun.notified()).await.unwrap();
    running.shutdown();
    idle.end().await;
    end.notify_one();
    assert_eq!(busy.ask("").await, (200, "at last".to_owned()));
    busy.end().await;
    timeout(PATIENCE, running.stopped()).await.unwrap();
}

#[tokio::test]
async fn a_router_that_never_answers_is_cut_when_shutdown_timeout_is_over() {
    let router = Router::new().route("/never", get(std::future::pending::<()>));
    let running = site::server().shutdown_timeout(0.3).http(router).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    // The answer says that the connection is with the router.
    assert_eq!(kept.get("/other").await.0, 404);
    kept.0.write_all(asking("/never", "").as_bytes()).await.unwrap();
    running.shutdown();
    timeout(PATIENCE, running.stopped()).await.unwrap();
    kept.end().await;
}

/// Upgrades a connection to a protocol that echoes bytes.
async fn echo_bytes(mut request: Request) -> Response {
    let upgrading = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (mut from, mut to) = tokio::io::split(TokioIo::new(upgrading.await.unwrap()));
        let _ = tokio::io::copy(&mut from, &mut to).await;
    });
    (StatusCode::SWITCHING_PROTOCOLS, [("upgrade", "echo"), ("connection", "upgrade")]).into_response()
}

#[tokio::test]
async fn what_the_router_upgrades_is_its_own_and_neither_counts_nor_delays_the_shutdown() {
    let router = router().route("/echo", get(echo_bytes));
    let running = site::server().max_connections(1).http(router).bind().await.unwrap();
    let mut upgraded = TcpStream::connect(address(&running)).await.unwrap();
    let request = asking("/echo", "Upgrade: echo\r\nConnection: upgrade\r\n");
    let head = ask(&mut upgraded, request.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let place_is_free = async { while Kept::open(&running).await.get("/api").await.0 != 200 {} };
    timeout(PATIENCE, place_is_free).await.unwrap();
    running.shutdown();
    timeout(PATIENCE, running.stopped()).await.unwrap();
    upgraded.write_all(b"x").await.unwrap();
    assert_eq!(timeout(PATIENCE, upgraded.read_u8()).await.unwrap().unwrap(), b'x');
}

#[tokio::test]
async fn a_router_that_panics_ends_one_connection() {
    let running = start().await;
    let mut kept = Kept::open(&running).await;
    kept.0.write_all(b"GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    kept.end().await;
    assert_eq!(Kept::open(&running).await.get("/api").await.0, 200);
    running.shutdown();
    timeout(PATIENCE, running.stopped()).await.unwrap();
}

#[ws_server(listen = "127.0.0.1:0")]
mod two {
    #[on(request)]
    fn page() -> &'static str {
        "one"
    }
}

#[tokio::test]
async fn two_takers_of_requests_are_one_too_many() {
    let error = two::server().http(router()).bind().await.unwrap_err();
    assert!(matches!(error, Error::TwoForRequests { .. }), "{error}");
    assert!(error.to_string().contains("`page`"), "{error}");
}

#[tokio::test]
async fn the_log_shows_the_url_for_browsers_first() {
    let (log, _logging) = Log::keep(tracing::Level::INFO);
    let running = everywhere::server().http(router()).bind().await.unwrap();
    let urls = format!("http://{0}/ and ws://{0}/", address(&running));
    let told = log.take();
    assert!(told.contains(&urls), "{told}");
}

#[tokio::test]
async fn what_is_mounted_has_no_router_of_its_own() {
    let error = site::server().http(router()).mount().await.unwrap_err();
    assert!(matches!(error, Error::MountedWithHttp), "{error}");
}

/// Without routes, every path is a WebSocket.
#[ws_server(listen = "127.0.0.1:0")]
mod everywhere {
    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

#[tokio::test(start_paused = true)]
async fn it_serves_in_memory_too() {
    let server = everywhere::server().http(router()).test().await.unwrap();
    assert_eq!(server.get("/api").await.unwrap().body(), "the router's");
    let mut ann = server.connect("/any").await.unwrap();
    ann.send_utf8("hello").await.unwrap();
    assert_eq!(ann.utf8().await.unwrap(), "hello");
}

#[tokio::test]
async fn the_router_too_is_for_the_hosts_of_the_server_alone() {
    let running = start().await;
    // As a page would that has bound its own name to this machine's address.
    let rebound = "GET /api HTTP/1.1\r\nHost: example.org\r\n\r\n";
    assert_eq!(Kept::open(&running).await.ask(rebound).await.0, 421);
    let open = site::server().hosts(["example.org"]).http(router()).bind().await.unwrap();
    assert_eq!(Kept::open(&open).await.ask(rebound).await.0, 200);
    assert_eq!(Kept::open(&open).await.ask("GET /api HTTP/1.0\r\n\r\n").await.0, 200);
    for (expected, request) in [
        (400, "GET /api HTTP/1.1\r\n\r\n"),
        (400, "GET /api HTTP/1.1\r\nHost: evil\r\nHost: example.org\r\n\r\n"),
        (400, "GET /api HTTP/1.1\r\nHost: me@evil\r\n\r\n"),
        (400, "GET http://evil/api HTTP/1.1\r\nHost: example.org\r\n\r\n"),
        (421, "GET http://evil/api HTTP/1.1\r\nHost: evil\r\n\r\n"),
        (200, "GET http://example.org/api HTTP/1.1\r\nHost: EXAMPLE.org:80\r\n\r\n"),
    ] {
        assert_eq!(Kept::open(&open).await.ask(request).await.0, expected, "{request}");
        let mut kept = Kept::open(&open).await;
        assert_eq!(kept.ask(rebound).await.0, 200);
        assert_eq!(kept.ask(request).await.0, expected, "a further one: {request}");
    }
}

#[tokio::test]
async fn probes_go_before_the_router_on_each_request_of_a_connection() {
    let running = site::server().health("/healthz").readiness("/readyz").http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    for path in ["/api", "/healthz", "/api", "/readyz"] {
        assert_eq!(kept.get(path).await.0, 200, "{path}");
    }
}

#[tokio::test]
async fn the_head_of_a_later_request_is_bounded_too() {
    let running = site::server().max_header_size(10_000).http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.get("/api").await.0, 200);
    let large = format!("GET /api HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(kept.ask(&large).await.0, 431);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_of_an_answer_is_cut() {
    let router = Router::new().route("/large", get(|| async { vec![b'x'; 32 << 20] }));
    let running = site::server().write_timeout(0.5).http(router).bind().await.unwrap();
    let mut stalled = Kept::open(&running).await;
    stalled.0.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let gone = async {
        while stalled.0.write_all(b"\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_handshake_on_a_kept_connection_counts_for_its_address() {
    let running = site::server().max_connections_per_ip(2).http(router()).bind().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut kept = Kept::open(&running).await;
        assert_eq!(kept.get("/api").await.0, 200);
        let (socket, _) = client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
        let mut client = Client(socket);
        client.send("hello").await;
        assert_eq!(client.text().await, "hello");
        clients.push(client);
    }
    assert_eq!(Kept::open(&running).await.ask("").await.0, 429);
}

/// A request with these headers.
fn asking(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
}

#[tokio::test]
async fn on_a_connection_that_a_proxy_keeps_each_websocket_counts_for_its_own_client() {
    let server = site::server().max_connections_per_ip(1).trusted_proxies(["127.0.0.1"]);
    let running = server.http(router()).bind().await.unwrap();
    let page = |client: &str| asking("/api", &format!("X-Forwarded-For: {client}\r\n"));
    let chat = |client: &str| {
        handshake_with(&format!("X-Forwarded-For: {client}\r\n")).replace("GET / ", "GET /chat ")
    };
    let mut open = Vec::new();
    // The client whose page it was, and another one; each of them once.
    for (first, then, expected) in [
        ("192.0.2.1", "192.0.2.1", "101"),
        ("192.0.2.2", "192.0.2.3", "101"),
        ("192.0.2.2", "192.0.2.3", "429"),
        ("192.0.2.4", "192.0.2.1", "429"),
    ] {
        let mut kept = Kept::open(&running).await;
        assert_eq!(kept.ask(&page(first)).await.0, 200, "{first}");
        let head = ask(&mut kept.0, chat(then).as_bytes(), Cut::Whole).await;
        assert_eq!(head.split(' ').nth(1), Some(expected), "{first}, then {then}: {head}");
        open.push(kept);
    }
}

#[tokio::test]
async fn a_kept_connection_stays_that_of_the_client_whom_a_proxy_header_names() {
    // The client is of the same networks as the proxy.
    let server = site::server().max_connections_per_ip(1).proxy_protocol("127.0.0.0/8");
    let running = server.http(router()).bind().await.unwrap();
    let page = asking("/peer", "");
    let begun = format!("PROXY TCP4 127.0.0.7 127.0.0.1 4711 443\r\n{page}");
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.ask(&begun).await, (200, "127.0.0.7:4711".to_owned()));
    let (socket, _) = client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
    let mut client = Client(socket);
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    let conn = running.server().connections().pop().unwrap();
    assert_eq!((conn.ip(), conn.peer().ip()), (Some([127, 0, 0, 7].into()), Some([127, 0, 0, 1].into())));
    assert_eq!(Kept::open(&running).await.ask(&begun).await.0, 429);
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket_any_host_is_answered_for_behind_a_proxy_header_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("site.sock");
    let server = site::server().listen(format!("unix:{}", path.display())).hosts(["example.org"]);
    let _running = server.proxy_protocol("unix").http(router()).bind().await.unwrap();
    for first in ["/api", "/own"] {
        let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let begun = format!("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n{}", asking(first, ""));
        let head = ask(&mut stream, begun.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{first}: {head}");
    }
}

#[tokio::test]
async fn the_limits_of_a_head_hold_for_each_request_of_a_connection() {
    let server = site::server().max_header_size(2_000).max_headers(8);
    let running = server.http(router()).bind().await.unwrap();
    for headers in ["X: y\r\n".repeat(8), format!("X: {}\r\n", "y".repeat(2_000))] {
        assert_eq!(Kept::open(&running).await.ask(&asking("/api", &headers)).await.0, 431, "the first");
        let mut kept = Kept::open(&running).await;
        assert_eq!(kept.get("/api").await.0, 200);
        assert_eq!(kept.ask(&asking("/api", &headers)).await.0, 431, "the second");
    }
}

#[ws_server(listen = "127.0.0.1:0", max_connections = 2)]
mod slow {
    use super::*;

    #[state]
    pub(super) struct Gate(pub(super) Arc<Semaphore>);

    #[get("/slow")]
    async fn slow(gate: &Gate) -> &'static str {
        gate.0.acquire().await.unwrap().forget();
        "at last"
    }

    #[route("/chat")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

#[tokio::test]
async fn a_request_on_a_kept_connection_takes_no_further_place() {
    let gate = Arc::new(Semaphore::new(0));
    let running = slow::server().state(slow::Gate(Arc::clone(&gate))).http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.get("/api").await.0, 200);
    kept.0.write_all(asking("/slow", "").as_bytes()).await.unwrap();
    let begun = async {
        while running.server().stats().pending_handshakes == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, begun).await.unwrap();
    let mut other = Kept::open(&running).await;
    assert_eq!(other.get("/api").await, (200, "the router's".to_owned()));
    // Both places are taken.
    assert_eq!(Kept::open(&running).await.ask("").await.0, 503);
    gate.add_permits(1);
    assert_eq!(kept.ask("").await, (200, "at last".to_owned()));
}

#[tokio::test]
async fn a_websocket_on_a_kept_connection_has_the_place_of_that() {
    let gate = Arc::new(Semaphore::new(0));
    let running = slow::server().state(slow::Gate(gate)).http(router()).bind().await.unwrap();
    for _ in 0..3 {
        let mut clients = Vec::new();
        for _ in 0..2 {
            let mut kept = Kept::open(&running).await;
            while kept.get("/api").await.0 == 503 {
                // The places of the last round become free.
                kept = Kept::open(&running).await;
            }
            let (socket, _) = client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
            let mut client = Client(socket);
            client.send("hello").await;
            assert_eq!(client.text().await, "hello");
            clients.push(client);
        }
        assert_eq!(Kept::open(&running).await.ask("").await.0, 503);
    }
    running.shutdown();
    timeout(PATIENCE, running.stopped()).await.unwrap();
}

#[ws_server(listen = "127.0.0.1:0")]
mod greeting {
    use super::*;

    #[state]
    pub(super) struct Calls(pub(super) Arc<AtomicUsize>);

    #[on(connect)]
    fn greet(calls: &Calls) {
        calls.0.fetch_add(1, Ordering::SeqCst);
    }

    #[get("/own")]
    fn own() -> &'static str {
        "our own"
    }

    #[route("/chat")]
    mod chat {}
}

#[tokio::test]
async fn connect_runs_once_for_a_kept_connection_and_once_more_for_a_handshake_on_it() {
    let calls = Arc::new(AtomicUsize::new(0));
    let server = greeting::server().state(greeting::Calls(Arc::clone(&calls)));
    let running = server.http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    for path in ["/api", "/own", "/own", "/own"] {
        assert_eq!(kept.get(path).await.0, 200);
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{path}");
    }
    client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_connection_that_was_kept_has_connected_once() {
    let server = site::server().handshake_rate_per_ip((1, 3600));
    let running = server.http(router()).bind().await.unwrap();
    let mut kept = Kept::open(&running).await;
    assert_eq!(kept.get("/api").await.0, 200);
    let (socket, _) = client_async(format!("ws://{}/chat", address(&running)), kept.0).await.unwrap();
    let mut client = Client(socket);
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    assert_eq!(Kept::open(&running).await.ask("").await.0, 429);
}
