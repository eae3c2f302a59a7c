//! What the log tells of a server that is mounted. Each test has a log of its own: all of it runs on one thread.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::client_async;
use tower_service::Service;
use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::{Address, Extension, Mounted};
use ws_tests::Client;
use ws_tests::log::Log;

#[ws_server]
mod chat {
    use super::*;

    #[on(ready)]
    fn hello(conn: &Conn) -> String {
        conn.peer().to_string()
    }

    #[get("/page")]
    fn page() -> &'static str {
        "a page"
    }
}

/// Asks the service of a mounted server for a page.
async fn ask(mounted: &Mounted, request: axum::http::request::Builder) -> Response<impl Sized> {
    mounted.service().call(request.header("Host", "localhost").body(()).unwrap()).await.unwrap()
}

/// The lines that have these words.
fn lines(log: &Log, words: &str) -> Vec<String> {
    log.text().lines().filter(|line| line.contains(words)).map(str::to_owned).collect()
}

/// The one line that has these words.
#[track_caller]
fn line(log: &Log, words: &str) -> String {
    let mut found = lines(log, words);
    assert_eq!(found.len(), 1, "{words:?}: {}", log.text());
    found.remove(0)
}

#[tokio::test(start_paused = true)]
async fn options_that_need_the_address_of_a_peer_say_once_that_it_is_not_known() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat =
        chat::server().max_connections_per_ip(1).trusted_proxies("127.0.0.1, ::1").mount().await.unwrap();
    assert_eq!(lines(&log, "no effect"), [""; 0]);
    for _ in 0..2 {
        assert_eq!(ask(&chat, Request::get("/page")).await.status(), 200);
    }
    let line = line(&log, "no effect");
    assert!(line.contains("WARN") && line.contains("server=\"chat\""), "{line}");
    assert!(line.contains("`max_connections_per_ip` and `trusted_proxies` have no effect"), "{line}");
    assert!(line.contains("`Mounted::peer_from`"), "{line}");

    let chat = chat::server().handshake_rate_per_ip(1.0).mount().await.unwrap();
    let _ = log.take();
    ask(&chat, Request::get("/page")).await;
    assert!(log.take().contains("`handshake_rate_per_ip` has no effect"));
}

#[tokio::test(start_paused = true)]
async fn an_address_among_the_extensions_is_that_of_the_peer() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server().max_connections_per_ip(1).mount().await.unwrap();
    let address: SocketAddr = "192.0.2.7:4711".parse().unwrap();
    ask(&chat, Request::get("/page").extension(Address::from(address))).await;
    assert_eq!(lines(&log, "no effect"), [""; 0]);

    let router = Router::new().fallback_service(chat.service());
    let server = chat.test(router).await.unwrap();
    assert_eq!(server.connect("/").await.unwrap().utf8().await.unwrap(), "memory");
    let mut client = server.connect("/").peer(address).await.unwrap();
    assert_eq!(client.utf8().await.unwrap(), "192.0.2.7:4711");
    assert_eq!(server.connect("/").peer(address).await.unwrap_err().status(), 429);
    // As a dual-stack socket has it.
    let mapped: SocketAddr = "[::ffff:192.0.2.8]:4711".parse().unwrap();
    let mut client = server.connect("/").peer(mapped).await.unwrap();
    assert_eq!(client.utf8().await.unwrap(), "192.0.2.8:4711");
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_no_request_has_is_named() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server().mount().await.unwrap();
    let chat = chat.peer_from(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    for _ in 0..2 {
        ask(&chat, Request::get("/page")).await;
    }
    let line = line(&log, "is not known");
    assert!(line.contains("WARN") && line.contains("::ConnectInfo<core::net::"), "{line}");
    assert!(!line.contains("effect"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_page_behind_a_proxy_of_unknown_address_is_no_matter_of_trusted_proxies_alone() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server().mount().await.unwrap();
    let handshake = Request::get("/")
        .header("Origin", "https://example.org")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(ask(&chat, handshake).await.status(), 403);
    let line = line(&log, "another origin");
    assert!(line.contains("see `trusted_proxies` and `Mounted::peer_from`"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn options_of_the_server_around_it_have_no_effect_and_are_not_listed() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server()
        .listen("127.0.0.1:9999")
        .tls(("no/such/chain.pem", "no/such/key.pem"))
        .threads(4)
        .proxy_protocol("10.0.0.0/8")
        .silence_max(7.0)
        .mount()
        .await
        .unwrap();
    for option in ["listen", "tls", "threads", "proxy_protocol"] {
        let line = line(&log, &format!(" {option} = "));
        assert!(line.contains("WARN") && line.contains("server=\"chat\""), "{line}");
        assert!(
            line.contains(&format!("(from `.{option}(…)`) has no effect: the server is mounted")),
            "{line}"
        );
    }
    let listed = line(&log, "silence_max = 7");
    assert!(listed.contains("INFO") && !listed.contains("no effect"), "{listed}");
    let mounted = line(&log, "mounted: ");
    assert!(mounted.contains("INFO") && mounted.contains("server=\"chat\""), "{mounted}");
    drop(chat);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_shutdown_that_nobody_has_asked_for_is_logged() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server().mount().await.unwrap();
    let server = chat.server().clone();
    let stopped = tokio::spawn(chat.stopped());
    tokio::task::yield_now().await;
    let line = line(&log, "nobody has asked");
    assert!(line.contains("INFO") && line.contains("Mounted::stopping"), "{line}");
    server.shutdown();
    stopped.await.unwrap();

    let chat = chat::server().mount().await.unwrap();
    let _ = log.take();
    chat.shutdown();
    chat.stopped().await;
    assert_eq!(lines(&log, "nobody has asked"), [""; 0]);
}

#[tokio::test]
async fn who_does_not_wait_for_the_end_of_connections_is_warned() {
    let (log, _logging) = Log::keep(Level::INFO);
    let chat = chat::server().mount().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback_service(chat.service());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let stream = TcpStream::connect(address).await.unwrap();
    let (socket, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
    let mut client = Client(socket);
    assert_eq!(client.text().await, "unknown");
    chat.stopping(async {}).await;
    drop(chat);
    let warned = line(&log, "Mounted::stopped");
    assert!(warned.contains("WARN") && warned.contains("connections=1"), "{warned}");

    // Neither who drops it while the server runs, nor who waits.
    let _ = log.take();
    let chat = chat::server().mount().await.unwrap();
    let server = chat.server().clone();
    drop(chat);
    server.shutdown();
    let chat = chat::server().mount().await.unwrap();
    chat.shutdown();
    chat.stopped().await;
    assert_eq!(lines(&log, "Mounted::stopped"), [""; 0]);
}

mod members {
    use super::*;

    #[derive(Clone)]
    pub(super) struct User;

    #[ws_server]
    pub(super) mod server {
        use super::*;

        #[on(handshake)]
        fn admit(Extension(_): Extension<User>) {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_extension_names_the_router_whose_layers_see_no_handshake() {
    let (log, _logging) = Log::keep(Level::INFO);
    let router = Router::new().layer(axum::Extension(members::User));
    let server = members::server::server().http(router).test().await.unwrap();
    assert_eq!(server.connect("/").await.unwrap_err().status(), 500);
    let line = line(&log, "no layer has added");
    assert!(line.contains("`.http(…)` do not see handshakes"), "{line}");
}
