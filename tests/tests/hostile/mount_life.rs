//! What hostile peers, and careless hosts, do to the life of connections of a mounted server: whatever it is, handlers run
//! in pairs, and nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::middleware::map_response;
use http_body_util::{Empty, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tower_service::Service;
use ws_runtime::Mounted;
use ws_runtime::prelude::*;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::log::Log;
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, ask, exchange};

use crate::fronts::{End, PAGE, Pipes, serve};
use crate::http2;

/// How long something may take. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often handlers were called, and how many sessions there are.
#[derive(Debug)]
struct Counts {
    handshakes: AtomicUsize,
    ready: AtomicUsize,
    disconnect: AtomicUsize,
    sessions: AtomicUsize,
    /// What a handshake for `/?gate` waits for.
    gate: Semaphore,
}

#[ws_server(silence_max = 0)]
mod counting {
    use super::*;

    #[state]
    pub(super) struct Calls(pub(super) Arc<Counts>);

    #[session]
    struct Guest(Arc<Counts>);

    impl Drop for Guest {
        fn drop(&mut self) {
            self.0.sessions.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[on(handshake)]
    async fn admit(calls: &Calls, handshake: &Handshake) -> Guest {
        calls.0.handshakes.fetch_add(1, Ordering::SeqCst);
        match handshake.query() {
            Some("gate") => calls.0.gate.acquire().await.unwrap().forget(),
            Some("panic") => panic!("it is the handler's"),
            _ => {}
        }
        calls.0.sessions.fetch_add(1, Ordering::SeqCst);
        Guest(Arc::clone(&calls.0))
    }

    #[on(ready)]
    fn ready(calls: &Calls) {
        calls.0.ready.fetch_add(1, Ordering::SeqCst);
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(disconnect)]
    fn disconnect(calls: &Calls) {
        calls.0.disconnect.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counts {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            handshakes: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            disconnect: AtomicUsize::new(0),
            sessions: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    fn state(self: &Arc<Self>) -> counting::Calls {
        counting::Calls(Arc::clone(self))
    }

    /// How often `ready` and `disconnect` ran.
    fn calls(&self) -> (usize, usize) {
        (self.ready.load(Ordering::SeqCst), self.disconnect.load(Ordering::SeqCst))
    }

    /// Waits until so many handshakes have begun.
    async fn begun(&self, count: usize) {
        until(|| self.handshakes.load(Ordering::SeqCst) >= count).await;
    }
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            // By a clock that stands still otherwise, this may be what lets it go on.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

/// Waits until no connection is left, nor any handshake, nor any session.
async fn is_left_alone(chat: &Mounted, counts: &Counts) {
    let server = chat.server();
    until(|| {
        let stats = server.stats();
        let left = stats.connections + stats.pending_handshakes + stats.queued_bytes;
        left == 0 && server.connections().is_empty() && counts.sessions.load(Ordering::SeqCst) == 0
    })
    .await;
    let (ready, disconnect) = counts.calls();
    assert_eq!(ready, disconnect);
}

/// Serves the router over TCP.
async fn over_tcp(chat: &Mounted, router: Router) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener, chat, "/", router);
    address
}

/// Serves it over pipes in memory, which the server does not know.
fn in_memory(chat: &Mounted, router: Router) -> mpsc::UnboundedSender<DuplexStream> {
    let (dial, accepted) = mpsc::unbounded_channel();
    serve(Pipes(accepted), chat, "/", router);
    dial
}

fn dial(to: &mpsc::UnboundedSender<DuplexStream>, capacity: usize) -> DuplexStream {
    let (theirs, ours) = duplex(capacity);
    to.send(theirs).unwrap();
    ours
}

fn to(query: &str) -> String {
    HANDSHAKE.replace("GET / ", &format!("GET /?{query} "))
}

#[tokio::test]
async fn a_thousand_peers_that_leave_before_the_101_leave_nothing() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).max_connections(2_000).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    let gated = to("gate");
    for round in 0..10 {
        let mut peers = Vec::new();
        for number in 0..100 {
            let mut peer = TcpStream::connect(address).await.unwrap();
            // Some leave within the head, some while `handshake` runs, some as it ends.
            let sent = if number % 4 == 0 { &gated.as_bytes()[..100] } else { gated.as_bytes() };
            peer.write_all(sent).await.unwrap();
            peers.push(peer);
        }
        counts.begun((round + 1) * 75).await;
        counts.gate.add_permits(if round % 2 == 0 { 25 } else { 0 });
        drop(peers);
        is_left_alone(&chat, &counts).await;
        counts.gate.forget_permits(25);
    }
    let mut last = TcpStream::connect(address).await.unwrap();
    let head = ask(&mut last, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    drop(last);
    is_left_alone(&chat, &counts).await;
    chat.shutdown();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
}

/// A peer that takes less than the whole 101. Returns once `handshake` has run.
async fn stalled(to: &mpsc::UnboundedSender<DuplexStream>, counts: &Counts) -> DuplexStream {
    let already = counts.handshakes.load(Ordering::SeqCst);
    let mut peer = dial(to, 64);
    peer.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    counts.begun(already + 1).await;
    peer
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_the_101_is_given_up_after_handshake_timeout() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let pipes = in_memory(&chat, Router::new());
    let start = Instant::now();
    let peer = stalled(&pipes, &counts).await;
    assert_eq!(counts.sessions.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(chat.server().stats().pending_handshakes, 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    is_left_alone(&chat, &counts).await;
    assert_eq!(start.elapsed().as_secs(), 11);
    assert_eq!(counts.calls(), (0, 0));
    let handshakes = chat.server().stats().handshakes;
    let told: Vec<_> = handshakes.iter().map(|one| (one.status, one.error, one.count)).collect();
    assert_eq!(told, [(None, Some("timeout"), 1)]);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn peers_that_do_not_take_the_101_make_room_for_others() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).max_handshakes(2).mount().await.unwrap();
    let pipes = in_memory(&chat, Router::new());
    let _stalled = [stalled(&pipes, &counts).await, stalled(&pipes, &counts).await];
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut honest = dial(&pipes, 1024);
    let head = ask(&mut honest, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    until(|| counts.calls() == (1, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_upgrades_and_closes_them_but_not_for_ever() {
    for takes in [true, false] {
        let counts = Counts::new();
        // It is `shutdown_timeout` that bounds the one that goes on, and not `handshake_timeout`.
        let server = counting::server().handshake_timeout(20).shutdown_timeout(5);
        let chat = server.state(counts.state()).mount().await.unwrap();
        let (pipes, accepted) = mpsc::unbounded_channel();
        // hyper is not told of the shutdown: it gives a connection up then, although the 101 is only half written.
        let serving = axum::serve(Pipes(accepted), Router::new().route_service("/", chat.service()));
        tokio::spawn(async move { serving.await.unwrap() });
        let mut peer = stalled(&pipes, &counts).await;
        chat.shutdown();
        let start = Instant::now();
        let server = chat.server().clone();
        let stopped = tokio::spawn(chat.stopped());
        if takes {
            let mut received = Vec::new();
            peer.read_to_end(&mut received).await.unwrap();
            assert!(received.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&received));
            let close = b"\r\n\r\n\x88\x02\x03\xe9";
            assert!(received.ends_with(close), "1001: {}", String::from_utf8_lossy(&received));
        }
        timeout(PATIENCE, stopped).await.unwrap().unwrap();
        // The one waits for an answer to its Close frame.
        assert!(start.elapsed() < Duration::from_millis(5_100), "{:?}", start.elapsed());
        assert_eq!(server.connections(), []);
        let (ready, disconnect) = counts.calls();
        assert_eq!((ready - disconnect, counts.sessions.load(Ordering::SeqCst)), (0, 0));
        let handshakes = server.stats().handshakes;
        let told: Vec<_> = handshakes.iter().map(|one| (one.status, one.error, one.count)).collect();
        assert_eq!(told, [if takes { (Some(101), None, 1) } else { (None, Some("shutdown"), 1) }]);
    }
}

/// Asks for a handshake that goes on as the shutdown begins, and ends a little later. Returns the head of its answer.
async fn ask_across_shutdown(server: &Server, counts: &Counts, peer: &mut (impl End + Send)) -> String {
    peer.write_all(to("gate").as_bytes()).await.unwrap();
    counts.begun(1).await;
    server.shutdown();
    tokio::time::sleep(Duration::from_millis(50)).await;
    counts.gate.add_permits(1);
    ask(peer, b"", Cut::Whole).await.to_ascii_lowercase()
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_goes_on_as_the_shutdown_begins_is_answered_as_any_other() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let pipes = in_memory(&chat, Router::new());
    let mut peer = dial(&pipes, 1024);
    let head = ask_across_shutdown(chat.server(), &counts, &mut peer).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    // Clients compare it with this value as a whole.
    assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");

    let counts = Counts::new();
    let host = counting::server().state(counts.state()).http(Router::new()).test().await.unwrap();
    let mut peer = host.open();
    let page = ask(&mut peer, PAGE, Cut::Whole).await;
    assert!(page.starts_with("HTTP/1.1 404 "), "the router has answered, and the connection is kept: {page}");
    let head = ask_across_shutdown(host.server(), &counts, &mut peer).await;
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");
}

#[tokio::test]
async fn one_server_in_two_routers_is_one_and_two_that_are_mounted_are_two() {
    let (counts, others) = (Counts::new(), Counts::new());
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let other = counting::server().state(others.state()).mount().await.unwrap();
    let mut peers = Vec::new();
    for (mounted, expected) in [(&chat, (1, 0)), (&chat, (2, 0)), (&other, (2, 1))] {
        let address = over_tcp(mounted, Router::new()).await;
        let mut peer = TcpStream::connect(address).await.unwrap();
        let head = ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        peers.push(peer);
        until(|| (counts.calls().0, others.calls().0) == expected).await;
    }
    chat.shutdown();
    for peer in &mut peers[..2] {
        peer.write_all(&close(1001, b"")).await.unwrap();
    }
    is_left_alone(&chat, &counts).await;
    assert_eq!((other.server().connections().len(), others.calls()), (1, (1, 0)));
}

#[tokio::test]
async fn a_storm_gets_as_many_places_as_there_are_and_503_with_retry_after() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).max_connections(10).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    for storm in 1..=3 {
        let asking = (0..100).map(|_| async move {
            let mut peer = TcpStream::connect(address).await.unwrap();
            let head = ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
            (peer, head.to_ascii_lowercase())
        });
        let answers = futures_util::future::join_all(asking).await;
        let (open, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(_, head)| head.starts_with("http/1.1 101 "));
        assert_eq!(open.len(), 10, "storm {storm}");
        for (_, head) in &refused {
            assert!(head.starts_with("http/1.1 503 "), "{head}");
            assert!(head.contains("\r\nretry-after: 5\r\n"), "{head}");
            assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        }
        drop(open);
        is_left_alone(&chat, &counts).await;
        assert_eq!(counts.calls(), (storm * 10, storm * 10));
    }
}

#[tokio::test]
async fn who_drops_the_handle_does_not_stop_the_server() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    let server = chat.server().clone();
    drop(chat);
    let mut peer = TcpStream::connect(address).await.unwrap();
    ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
    let sent = [frame(0x81, b"still here"), close(1000, b"")].concat();
    let received = exchange(peer, &sent, Cut::Whole, Afterwards::Wait).await;
    let expected = Sent { messages: vec![(1, b"still here".to_vec())], close: Some(1000), ..Sent::default() };
    assert_eq!(Sent::read(&received), expected);
    server.shutdown();
    until(|| server.connections().is_empty()).await;
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_with_500_and_takes_no_place() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).max_connections(1).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    for _ in 0..3 {
        let mut peer = TcpStream::connect(address).await.unwrap();
        let head = ask(&mut peer, to("panic").as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
    }
    is_left_alone(&chat, &counts).await;
    assert_eq!(counts.calls(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_takes_the_101_back_leaves_no_session() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let (dialer, accepted) = mpsc::unbounded_channel();
    let instead = map_response(|_: Response<Body>| async { StatusCode::IM_A_TEAPOT });
    let router = Router::new().route_service("/chat", chat.service()).layer(instead);
    serve(Pipes(accepted), &chat, "/", router);
    let mut peer = dial(&dialer, 1024);
    let request = HANDSHAKE.replace("GET / ", "GET /chat ");
    let head = ask(&mut peer, request.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 418 "), "{head}");
    let start = Instant::now();
    is_left_alone(&chat, &counts).await;
    assert_eq!(counts.calls(), (0, 0));
    // hyper does not tell before the connection ends that nothing comes of the upgrade.
    assert!(start.elapsed() <= Duration::from_millis(10_005), "handshake_timeout: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_may_have_any_body_which_is_not_read() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let mut service = chat.service();
    let request = || Request::get("/").header("Host", "localhost");
    let answers = [
        service.call(request().body(()).unwrap()).await,
        service.call(request().body("a text").unwrap()).await,
        service.call(request().body(Empty::<Bytes>::new()).unwrap()).await,
        service.call(request().body(Full::new(Bytes::from_static(b"bytes"))).unwrap()).await,
        service
            .call(
                request()
                    .body(Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()))
                    .unwrap(),
            )
            .await,
    ];
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 426);
        assert_eq!(answer.headers()[header::UPGRADE], "websocket");
    }
    is_left_alone(&chat, &counts).await;
}

#[tokio::test(start_paused = true)]
async fn through_hyper_a_peer_that_never_reads_is_cut_after_write_timeout_and_its_memory_returns() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let pipes = in_memory(&chat, Router::new());
    let mut peer = dial(&pipes, 1024);
    ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
    until(|| counts.calls() == (1, 0)).await;
    let text = "x".repeat(60_000);
    let start = Instant::now();
    chat.server().broadcast_utf8(&text);
    chat.server().broadcast_utf8(&text);
    assert!(chat.server().stats().queued_bytes > 0);
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(counts.calls(), (1, 0));
    until(|| counts.calls() == (1, 1)).await;
    assert!((10..=16).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    is_left_alone(&chat, &counts).await;
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn over_http_2_a_peer_that_gives_no_window_is_cut_after_write_timeout_and_its_memory_returns() {
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let pipes = in_memory(&chat, Router::new());
    let mut peer = dial(&pipes, 1 << 20);
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "localhost"),
        ("sec-websocket-version", "13"),
    ];
    peer.write_all(&http2::request(&fields, false)).await.unwrap();
    assert_eq!(http2::answer(&[], &mut peer).await, http2::Answer::Status(200, String::new()));
    until(|| counts.calls() == (1, 0)).await;
    let start = Instant::now();
    // More than the window of 64 KiB that HTTP/2 begins with, and the few writes that hyper holds.
    let text = "x".repeat(60_000);
    for _ in 0..5 {
        chat.server().broadcast_utf8(&text);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(chat.server().stats().queued_bytes > 0);
    until(|| counts.calls() == (1, 1)).await;
    assert!((10..=16).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    is_left_alone(&chat, &counts).await;
    // What hyper has taken, it keeps for as long as the peer keeps its TCP connection. That is the window and little more.
    peer.write_all(&http2::window(1 << 20)).await.unwrap();
    let taken = http2::rest(&mut peer).await;
    assert!((65_536..=65_536 + 4 * 16_384).contains(&taken), "{taken}");
}

#[tokio::test]
async fn who_comes_while_all_handshakes_wait_for_the_server_is_counted_and_logged() {
    let (log, _logging) = Log::keep(tracing::Level::WARN);
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).max_handshakes(1).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    let mut waiting = TcpStream::connect(address).await.unwrap();
    waiting.write_all(to("gate").as_bytes()).await.unwrap();
    counts.begun(1).await;
    for _ in 0..2 {
        let mut peer = TcpStream::connect(address).await.unwrap();
        let head = ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.to_ascii_lowercase().contains("retry-after: 5"));
    }
    let rejected = chat.server().stats().rejected;
    assert_eq!(rejected.iter().map(|one| (one.reason, one.count)).collect::<Vec<_>>(), [("handshakes", 2)]);
    let text = log.take();
    assert_eq!(text.matches("refused with 503: max_handshakes (1) reached").count(), 2, "{text}");
    counts.gate.add_permits(1);
    let head = ask(&mut waiting, b"", Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

#[tokio::test]
async fn a_peer_that_leaves_while_handshake_runs_is_counted_and_logged() {
    let (log, _logging) = Log::keep(tracing::Level::DEBUG);
    let counts = Counts::new();
    let chat = counting::server().state(counts.state()).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(to("gate").as_bytes()).await.unwrap();
    counts.begun(1).await;
    drop(peer);
    is_left_alone(&chat, &counts).await;
    let handshakes = chat.server().stats().handshakes;
    let told: Vec<_> = handshakes.iter().map(|one| (one.status, one.error, one.count)).collect();
    assert_eq!(told, [(None, Some("closed"), 1)]);
    let text = log.take();
    assert_eq!(text.matches("not connected: the peer left before it was answered").count(), 1, "{text}");
}

#[ws_server]
mod doorman {
    use super::*;

    #[state]
    pub(super) struct Calls(pub(super) Arc<AtomicUsize>);

    /// Refuses the second one.
    #[on(connect)]
    fn look(calls: &Calls) -> Result<(), &'static str> {
        if calls.0.fetch_add(1, Ordering::SeqCst) == 1 { Err("not you") } else { Ok(()) }
    }
}

#[tokio::test]
async fn connect_runs_for_each_request_and_what_it_refuses_is_answered_with_403() {
    let calls = Arc::new(AtomicUsize::new(0));
    let chat = doorman::server().state(doorman::Calls(Arc::clone(&calls))).mount().await.unwrap();
    let address = over_tcp(&chat, Router::new()).await;
    let mut peer = TcpStream::connect(address).await.unwrap();
    for (number, status) in [(1, "426"), (2, "403"), (3, "426")] {
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let mut head = ask(&mut peer, request.as_bytes(), Cut::Whole).await.to_ascii_lowercase();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        let length = head.split_off(head.find("content-length: ").unwrap() + 16);
        let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
        peer.read_exact(&mut body).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), number);
    }
}
