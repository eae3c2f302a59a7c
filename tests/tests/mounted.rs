//! A server within axum.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, Version, header};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, client_async};
use tower_http::add_extension::AddExtensionLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::propagate_header::PropagateHeaderLayer;
use tower_http::request_id::{MakeRequestUuid, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_service::Service;
use ws_runtime::prelude::*;
use ws_runtime::{Bytes, Extension, Mounted};
use ws_tests::Client;
use ws_tests::frame::{Sent, frame};
use ws_tests::raw::HANDSHAKE;

/// How long something may take. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

#[ws_server(shutdown_timeout = 5)]
mod echo {
    use super::*;

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Result<(), Reject> {
        match handshake.query() {
            Some("no") => Err(Reject::unauthorized()),
            _ => Ok(()),
        }
    }

    #[on(ready)]
    fn hello(conn: &Conn) -> Option<String> {
        let known = conn.ip().is_some();
        known.then(|| format!("{}", conn.peer()))
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[get("/page")]
    fn page() -> &'static str {
        "a page"
    }
}

/// A router that is served, and the way to stop it.
struct Host {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Host {
    /// Serves a router until it is stopped; then the mounted server is stopped, too.
    async fn serve(router: Router, mounted: &Mounted) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = mounted.stopping(async move {
            let _ = stopped.await;
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move {
            axum::serve(listener, service).with_graceful_shutdown(stopping).await.unwrap();
        });
        Self { address, stop: Some(stop), serving }
    }

    async fn open(&self, path: &str) -> Result<Client, tungstenite::Error> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (socket, _) = client_async(format!("ws://{}{path}", self.address), stream).await?;
        Ok(Client(socket))
    }

    /// A client of HTTP/2.
    async fn http_2(&self) -> SendRequest<Empty<Bytes>> {
        let stream = TokioIo::new(TcpStream::connect(self.address).await.unwrap());
        let (http, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        http
    }

    /// The status of a handshake that is refused.
    async fn refusal(&self, path: &str) -> u16 {
        match self.open(path).await {
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            other => panic!("{path} is not refused: {:?}", other.err()),
        }
    }

    /// The answer to these bytes, until the end of the stream.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        timeout(PATIENCE, self.serving).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_route_of_axum_is_a_websocket_and_the_others_are_not() {
    let chat = echo::server().mount().await.unwrap();
    let router =
        Router::new().route("/other", get(|| async { "other" })).route_service("/chat", chat.service());
    let host = Host::serve(router, &chat).await;

    let mut client = host.open("/chat").await.unwrap();
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    assert_eq!(chat.server().connections().len(), 1);
    assert_eq!(host.refusal("/other").await, 200);
    assert_eq!(host.refusal("/chat?no").await, 401);
    let plain = host.exchange("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(plain.starts_with("HTTP/1.1 426 ") && plain.contains("upgrade: websocket"), "{plain}");

    host.stop().await;
    assert_eq!(client.closed().await.code, 1001.into());
    timeout(PATIENCE, chat.stopped()).await.unwrap();
}

#[test]
fn without_a_runtime_the_error_names_mount() {
    let mut mounting = pin!(echo::server().mount());
    let polled = mounting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else { panic!("{polled:?}") };
    let text = error.to_string();
    assert!(text.contains("`mount()`") && text.contains("#[tokio::main]"), "{text}");
    assert!(!text.contains("start()"), "{text}");
}

#[tokio::test]
async fn what_comes_before_the_answer_ends_the_connection() {
    let chat = echo::server().mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let mut stream = TcpStream::connect(host.address).await.unwrap();
    let sent = [HANDSHAKE.as_bytes(), &frame(0x81, b"early"), &frame(0x88, b"")].concat();
    stream.write_all(&sent).await.unwrap();
    let mut received = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut received)).await.unwrap().unwrap();
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let (answer, frames) = received.split_at(end);
    let answer = str::from_utf8(answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{answer}"
    );
    assert_eq!(Sent::read(frames), Sent { close: Some(1002), ..Sent::default() }, "{answer}");
    drop(stream);
    let server = chat.server().clone();
    chat.shutdown();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
    let handshakes = server.stats().handshakes;
    let told: Vec<_> = handshakes.iter().map(|one| (one.status, one.error, one.count)).collect();
    assert_eq!(told, [(None, Some("early_bytes"), 1)]);
}

#[tokio::test]
async fn pages_are_answered_beside_it_on_a_connection_that_is_kept() {
    let chat = echo::server().mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let two =
        "GET /page HTTP/1.1\r\nHost: a\r\n\r\nHEAD /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = host.exchange(two).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(answers.matches("a page").count(), 1, "{answers}");
    let post = "POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    let answer = host.exchange(post).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(chat.server().connections().is_empty());
}

#[tokio::test]
async fn the_address_of_a_peer_is_where_the_host_says() {
    let chat = echo::server().mount().await.unwrap();
    let chat = chat.peer_from(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let mut client = host.open("/").await.unwrap();
    assert_eq!(client.text().await, client.0.get_ref().local_addr().unwrap().to_string());
}

#[tokio::test]
async fn the_address_that_the_host_says_counts_for_the_limits_on_each_address() {
    // What the option lists has no effect: the host reads no PROXY header.
    let chat = echo::server().max_connections_per_ip(1).proxy_protocol("127.0.0.0/8").mount().await.unwrap();
    let chat = chat.peer_from(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let _first = host.open("/").await.unwrap();
    assert_eq!(host.refusal("/").await, 429);
}

#[tokio::test]
async fn who_comes_when_there_is_no_room_is_answered_with_503() {
    let chat = echo::server().max_connections(1).mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let first = host.open("/").await.unwrap();
    assert_eq!(host.refusal("/").await, 503);
    let rejected = chat.server().stats().rejected;
    assert_eq!(rejected.iter().map(|one| (one.reason, one.count)).collect::<Vec<_>>(), [("full", 1)]);
    drop(first);
    let again = async { while host.open("/").await.is_err() {} };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_server_evicts_who_does_not_take_its_answer_before_it_refuses_a_new_one() {
    let chat = echo::server().max_connections(1).mount().await.unwrap();
    // The 101 does not fit.
    let (ours, mut stalled) = tokio::io::duplex(64);
    let service = chat.service();
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(
        TokioIo::new(ours),
        hyper::service::service_fn(move |request| service.clone().call(request)),
    );
    tokio::spawn(serving.with_upgrades());
    stalled.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let status = async || {
        let request = Request::get("/page").header(header::HOST, "localhost").body(()).unwrap();
        chat.service().call(request).await.unwrap().status().as_u16()
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(status().await, 503);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(status().await, 200);
    chat.shutdown();
    let server = chat.server().clone();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
    let rejected = server.stats().rejected;
    let mut told: Vec<_> = rejected.iter().map(|one| (one.reason, one.count)).collect();
    told.sort_unstable();
    assert_eq!(told, [("evicted", 1), ("full", 1)]);
}

#[tokio::test(start_paused = true)]
async fn the_scheme_and_the_authority_of_a_target_count_too() {
    let chat = echo::server().max_header_size(1024).mount().await.unwrap();
    let mut statuses = Vec::new();
    for host in ["localhost".to_owned(), "a.".repeat(500)] {
        let request = Request::get(format!("http://{host}/page")).header(header::HOST, "localhost");
        statuses.push(chat.service().call(request.body(()).unwrap()).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 414]);
}

#[tokio::test(start_paused = true)]
async fn from_http_2_on_the_target_names_the_host() {
    let chat = echo::server().mount().await.unwrap();
    for (version, expected) in [(Version::HTTP_11, 400), (Version::HTTP_2, 200), (Version::HTTP_3, 200)] {
        let request = Request::get("https://localhost/page").version(version).body(()).unwrap();
        let response = chat.service().call(request).await.unwrap();
        assert_eq!(response.status(), expected, "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_during_the_shutdown_is_answered_with_503() {
    let chat = echo::server().mount().await.unwrap();
    chat.shutdown();
    let response = chat.service().call(Request::get("/page").body(()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn the_host_is_not_stopped_before_the_server_is_asked_to_stop() {
    let chat = echo::server().mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let client = host.open("/").await.unwrap();
    // By the server itself, not by the signal.
    chat.shutdown();
    assert_eq!(client.closed().await.code, 1001.into());
    timeout(PATIENCE, host.serving).await.unwrap().unwrap();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
}

mod life {
    use super::*;

    #[derive(Clone)]
    pub(super) struct User(pub(super) &'static str);

    #[ws_server]
    pub(super) mod server {
        use super::*;

        #[state]
        pub struct Diary(pub tokio::sync::mpsc::UnboundedSender<&'static str>);

        #[session]
        struct Guest {
            name: &'static str,
            diary: tokio::sync::mpsc::UnboundedSender<&'static str>,
        }

        impl Drop for Guest {
            fn drop(&mut self) {
                let _ = self.diary.send("dropped");
            }
        }

        #[on(handshake)]
        fn admit(Extension(user): Extension<User>, diary: &Diary) -> Guest {
            let _ = diary.0.send("handshake");
            Guest { name: user.0, diary: diary.0.clone() }
        }

        #[on(ready)]
        fn ready(guest: &Guest, diary: &Diary) -> &'static str {
            let _ = diary.0.send("ready");
            guest.name
        }

        #[on(disconnect)]
        fn disconnect(diary: &Diary) {
            let _ = diary.0.send("disconnect");
        }
    }
}

#[tokio::test]
async fn a_layer_says_who_the_peer_is_and_without_it_the_answer_is_500() {
    let (diary, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let chat = life::server::server().state(life::server::Diary(diary)).mount().await.unwrap();
    let router = Router::new()
        .route_service("/known", chat.service())
        .layer(AddExtensionLayer::new(life::User("ann")))
        .route_service("/unknown", chat.service());
    let host = Host::serve(router, &chat).await;
    let mut client = host.open("/known").await.unwrap();
    assert_eq!(client.text().await, "ann");
    drop(client);
    for line in ["handshake", "ready", "disconnect", "dropped"] {
        assert_eq!(timeout(PATIENCE, lines.recv()).await.unwrap(), Some(line));
    }
    assert_eq!(host.refusal("/unknown").await, 500);
    assert!(lines.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn where_no_upgrade_follows_the_session_is_dropped_and_no_other_handler_runs() {
    let (diary, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let chat = life::server::server().state(life::server::Diary(diary)).mount().await.unwrap();
    let request = handshake("/").extension(life::User("ann")).body(()).unwrap();
    let response = chat.service().call(request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.headers().get("upgrade").is_none(), "{response:?}");
    assert_eq!(response.headers()["connection"], "close");
    for line in ["handshake", "dropped"] {
        assert_eq!(timeout(PATIENCE, lines.recv()).await.unwrap(), Some(line));
    }
    chat.shutdown();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
    assert!(lines.recv().await.is_none());
}

#[ws_server]
mod games {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[session]
        struct Seat(u64);

        #[on(handshake)]
        fn sit(Path(id): Path<u64>) -> Seat {
            Seat(id)
        }

        #[on(ready)]
        fn ready(seat: &Seat) -> String {
            format!("table {}", seat.0)
        }
    }
}

#[tokio::test]
async fn routes_match_below_the_place_of_the_service() {
    let games = games::server().mount().await.unwrap();
    let router =
        Router::new().nest_service("/games", games.service()).route_service("/table/{id}", games.service());
    let host = Host::serve(router, &games).await;
    for path in ["/games/table/7", "/table/7"] {
        assert_eq!(host.open(path).await.unwrap().text().await, "table 7");
    }
    assert_eq!(host.refusal("/games/table/x").await, 404);
    assert_eq!(host.refusal("/games/other").await, 404);
}

/// What handlers have done, in order.
type Lines = tokio::sync::mpsc::UnboundedSender<String>;

/// Notes that it is dropped.
struct Dropped(Lines);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send("create dropped".to_owned());
    }
}

#[ws_server(shutdown_timeout = 20)]
mod tables {
    use super::*;

    #[state]
    pub struct Diary(pub Lines);

    impl Diary {
        fn note(&self, what: &str, path: &str) {
            let _ = self.0.send(format!("{what} {path}"));
        }
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(keep = 60)]
        struct Table {
            visits: u64,
        }

        #[on(create)]
        async fn create(Path(id): Path<u64>, request: &Handshake, diary: &Diary) -> Table {
            diary.note("create", request.path());
            if id == 9 {
                let _dropped = Dropped(diary.0.clone());
                std::future::pending::<()>().await;
            }
            Table { visits: 0 }
        }

        #[on(ready)]
        fn enter(table: &mut Table, room: &Room) -> String {
            table.visits += 1;
            format!("{} at {}, visit {}", room.len(), room.path(), table.visits)
        }

        #[on(disconnect)]
        async fn leave(room: &Room<Table>, diary: &Diary) {
            tokio::task::yield_now().await;
            diary.note("leave", room.path());
        }

        #[on(empty)]
        async fn close(_: Table, room: &Room, diary: &Diary) {
            tokio::task::yield_now().await;
            diary.note("empty", room.path());
        }
    }
}

fn handshake(path: &str) -> axum::http::request::Builder {
    Request::get(path)
        .header("Host", "localhost")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

#[tokio::test]
async fn a_room_is_made_kept_and_emptied_as_elsewhere() {
    let (diary, mut lines) = tokio::sync::mpsc::unbounded_channel();
    let mut line = async || timeout(PATIENCE, lines.recv()).await.unwrap().unwrap();
    let tables = tables::server().state(tables::Diary(diary)).mount().await.unwrap();
    let router = Router::new().nest_service("/games", tables.service()).fallback_service(tables.service());
    let host = Host::serve(router, &tables).await;

    // One server, wherever its service stands, has one room for a path.
    let mut ann = host.open("/games/table/7").await.unwrap();
    assert_eq!(ann.text().await, "1 at /table/7, visit 1");
    let mut bob = host.open("/table/7").await.unwrap();
    assert_eq!(bob.text().await, "2 at /table/7, visit 2");
    assert_eq!(line().await, "create /table/7");
    drop((ann, bob));
    assert_eq!((line().await, line().await), ("leave /table/7".to_owned(), "leave /table/7".to_owned()));
    let mut ann = host.open("/table/7").await.unwrap();
    assert_eq!(ann.text().await, "1 at /table/7, visit 3");

    // Who gives up while `create` runs leaves nothing behind, and the next one makes the room.
    for _ in 0..2 {
        let mut stream = TcpStream::connect(host.address).await.unwrap();
        stream.write_all(HANDSHAKE.replacen("GET /", "GET /table/9", 1).as_bytes()).await.unwrap();
        assert_eq!(line().await, "create /table/9");
        drop(stream);
        assert_eq!(line().await, "create dropped");
    }
    // Nor does who is admitted and never upgraded.
    let response = tables.service().call(handshake("/table/8").body(()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!((line().await, line().await), ("create /table/8".to_owned(), "empty /table/8".to_owned()));

    // Nobody is in the room of 6 any more, and it is kept.
    let mut eve = host.open("/table/6").await.unwrap();
    assert_eq!(eve.text().await, "1 at /table/6, visit 1");
    drop(eve);
    assert_eq!((line().await, line().await), ("create /table/6".to_owned(), "leave /table/6".to_owned()));
    let closed = tokio::spawn(async move { ann.closed().await.code });
    host.stop().await;
    assert_eq!(closed.await.unwrap(), 1001.into());
    timeout(PATIENCE, tables.stopped()).await.unwrap();
    let mut rest = Vec::new();
    while let Ok(line) = lines.try_recv() {
        rest.push(line);
    }
    rest.sort_unstable_by_key(|line| line.ends_with('6'));
    assert_eq!(rest, ["leave /table/7", "empty /table/7", "empty /table/6"]);
}

#[tokio::test]
async fn layers_change_nothing_after_the_handshake() {
    let chat = echo::server().mount().await.unwrap();
    let id = HeaderName::from_static("x-request-id");
    let one = |path: &str| Router::new().route_service(path, chat.service());
    let short = Duration::from_millis(50);
    let router = Router::new()
        .merge(one("/trace").layer(TraceLayer::new_for_http()))
        .merge(one("/cors").layer(CorsLayer::permissive()))
        .merge(one("/compression").layer(CompressionLayer::new()))
        .merge(one("/timeout").layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, short)))
        .merge(one("/limit").layer(RequestBodyLimitLayer::new(10)))
        .merge(one("/panic").layer(CatchPanicLayer::new()))
        .merge(one("/id").layer(SetRequestIdLayer::new(id.clone(), MakeRequestUuid)))
        .merge(one("/propagate").layer(PropagateHeaderLayer::new(id)))
        .merge(one("/sensitive").layer(SetSensitiveHeadersLayer::new([header::COOKIE])))
        .merge(
            one("/header")
                .layer(SetResponseHeaderLayer::overriding(header::SERVER, HeaderValue::from_static("it"))),
        )
        .merge(one("/normal").layer(NormalizePathLayer::trim_trailing_slash()));
    let host = Host::serve(router, &chat).await;
    for path in [
        "/trace",
        "/cors",
        "/compression",
        "/timeout",
        "/limit",
        "/panic",
        "/id",
        "/propagate",
        "/sensitive",
        "/header",
        "/normal",
    ] {
        let mut client = host.open(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        if path == "/timeout" {
            tokio::time::sleep(3 * short).await;
        }
        let long = "x".repeat(10_000);
        client.send(long.as_str()).await;
        assert_eq!(client.text().await, long, "{path}");
        assert_eq!(host.refusal(&format!("{path}?no")).await, 401);
    }
}

/// A handshake for `/chat` over HTTP/2.
fn extended_connect(address: SocketAddr, query: &str) -> Request<Empty<Bytes>> {
    Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(format!("http://{address}/chat{query}"))
        .header("Sec-WebSocket-Version", "13")
        .header("Origin", format!("http://{address}"))
        .extension(Protocol::from_static("websocket"))
        .body(Empty::new())
        .unwrap()
}

#[tokio::test]
async fn over_http_2_the_handshake_is_an_extended_connect() {
    let chat = echo::server().mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let mut http = host.http_2().await;
    let connect = |query| extended_connect(host.address, query);
    let refused = http.send_request(connect("?no")).await.unwrap();
    assert_eq!(refused.status(), 401);
    let mut accepted = http.send_request(connect("")).await.unwrap();
    assert_eq!(accepted.status(), 200);
    for name in ["sec-websocket-accept", "upgrade", "connection"] {
        assert!(accepted.headers().get(name).is_none(), "{name}");
    }
    let upgraded = hyper::upgrade::on(&mut accepted).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
    for text in ["hello", "again"] {
        futures_util::SinkExt::send(&mut socket, text.into()).await.unwrap();
        let answer =
            timeout(PATIENCE, futures_util::StreamExt::next(&mut socket)).await.unwrap().unwrap().unwrap();
        assert_eq!(answer.into_text().unwrap(), text);
    }
    // The host waits for the end of its HTTP/2 connections, and so for this one.
    let stopping = tokio::spawn(host.stop());
    let end = timeout(PATIENCE, futures_util::StreamExt::next(&mut socket)).await.unwrap().unwrap().unwrap();
    assert!(end.is_close(), "{end}");
    drop(socket);
    stopping.await.unwrap();
    timeout(PATIENCE, chat.stopped()).await.unwrap();
}

#[tokio::test]
async fn over_http_2_what_the_peer_does_not_take_waits_in_the_outbox() {
    const SIZE: usize = 8 * 1024 * 1024;
    let chat = echo::server().max_send_size(SIZE).mount().await.unwrap();
    let host = Host::serve(Router::new().fallback_service(chat.service()), &chat).await;
    let mut http = host.http_2().await;
    let mut accepted = http.send_request(extended_connect(host.address, "")).await.unwrap();
    let upgraded = hyper::upgrade::on(&mut accepted).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
    futures_util::SinkExt::send(&mut socket, "open".into()).await.unwrap();
    futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();

    chat.server().broadcast_utf8("x".repeat(SIZE));
    let queued = chat.server().stats().queued_bytes;
    assert!(queued > SIZE as u64 / 2, "hyper holds all but {queued} bytes");
    let message =
        timeout(PATIENCE, futures_util::StreamExt::next(&mut socket)).await.unwrap().unwrap().unwrap();
    assert_eq!(message.len(), SIZE);
}

/// A listener of the host's own, which ends TLS.
struct TlsListener(TcpListener, tokio_rustls::TlsAcceptor);

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, peer) = self.0.accept().await.unwrap();
        (self.1.accept(stream).await.unwrap(), peer)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[tokio::test]
async fn the_host_may_end_tls() {
    let (config, connector) = ws_tests::tls::host();
    let chat = echo::server().mount().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback_service(chat.service());
    tokio::spawn(async move { axum::serve(TlsListener(listener, config.into()), router).await });

    for (origin, is_allowed) in [("https://localhost", true), ("https://example.org", false)] {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = ws_tests::tls::encrypt(&connector, stream).await;
        let request = Request::get("wss://localhost/")
            .header("Host", "localhost")
            .header("Origin", origin)
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        match client_async(request, stream).await {
            Ok((mut socket, _)) if is_allowed => {
                futures_util::SinkExt::send(&mut socket, "hello".into()).await.unwrap();
                let answer = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap();
                assert_eq!(answer.into_text().unwrap(), "hello");
                let connections = chat.server().connections();
                assert!(connections[0].socket().is_some(), "the socket below TLS is known");
            }
            Err(tungstenite::Error::Http(response)) if !is_allowed => assert_eq!(response.status(), 403),
            other => panic!("{origin}: {:?}", other.err()),
        }
    }
}

/// Serves the requests of one connection by HTTP/2, with nothing between hyper and the server.
async fn serve_http_2(chat: &Mounted) -> SendRequest<Empty<Bytes>> {
    let (ours, theirs) = tokio::io::duplex(65_536);
    let service = chat.service();
    tokio::spawn(hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(
        TokioIo::new(ours),
        hyper::service::service_fn(move |request| service.clone().call(request)),
    ));
    let (http, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(theirs)).await.unwrap();
    tokio::spawn(connection);
    http
}

#[tokio::test]
async fn an_answer_to_head_has_the_length_of_a_body_and_none() {
    let chat = echo::server().health("/healthz").mount().await.unwrap();
    let mut http = serve_http_2(&chat).await;
    for (path, status, length) in
        [("/page", 200, Some(6)), ("/healthz", 200, Some(3)), ("/chat", 426, None), ("/page", 503, None)]
    {
        if status == 503 {
            chat.shutdown();
        }
        let head = || Request::head(format!("http://localhost{path}"));
        for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
            let request = head().version(version).header(header::HOST, "localhost").body(()).unwrap();
            let mut response = chat.service().call(request).await.unwrap();
            assert_eq!(response.status(), status, "{path} by {version:?}");
            let told = response.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse::<u64>().unwrap();
            assert!(length.is_none_or(|length| told == length), "{path} by {version:?}: {told}");
            let is_old = version == Version::HTTP_11;
            let names_upgrade = response.headers().contains_key(header::UPGRADE);
            assert_eq!(names_upgrade, is_old && status == 426, "{path} by {version:?}");
            assert_eq!(response.body_mut().collect().await.unwrap().to_bytes(), "", "{path} by {version:?}");
        }
        let response = http.send_request(head().body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = response.into_body().collect().await;
        assert_eq!(body.unwrap_or_else(|error| panic!("{path}: {error:?}")).to_bytes(), "");
    }
}

#[tokio::test]
async fn of_two_that_come_at_once_for_the_last_place_one_gets_it() {
    let chat = echo::server().max_connections(1).mount().await.unwrap();
    let runtime = tokio::runtime::Handle::current();
    let arrived = AtomicUsize::new(0);
    // Both go on at the same moment: a barrier that sleeps would wake one after the other.
    let meet = |count: usize| {
        arrived.fetch_add(1, Ordering::SeqCst);
        while arrived.load(Ordering::SeqCst) < 2 * count {
            std::hint::spin_loop();
        }
    };
    let ask = || {
        let _inside = runtime.enter();
        let mut service = chat.service();
        let mut statuses = Vec::new();
        for round in 0..500 {
            let request = Request::get("/page").header("Host", "localhost").body(()).unwrap();
            meet(2 * round + 1);
            let mut asking = service.call(request);
            meet(2 * round + 2);
            let mut context = Context::from_waker(Waker::noop());
            let Poll::Ready(Ok(response)) = asking.as_mut().poll(&mut context) else { panic!("it waits") };
            statuses.push(response.status());
        }
        statuses
    };
    let (some, others) = std::thread::scope(|scope| {
        let other = scope.spawn(ask);
        (ask(), other.join().unwrap())
    });
    let refused =
        some.iter().zip(&others).filter(|(one, other)| one.as_u16() == 503 && other.as_u16() == 503);
    assert_eq!(refused.count(), 0);
}
