//! A host that bounds the head of a request, which `axum::serve` does not.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tower_service::Service;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, ask, exchange, handshake_with};

use crate::echo;

// ANCHOR: serve
async fn serve(mut listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .max_headers(64)
        .max_header_size(16 * 1024);
    let mut stop = pin!(stop);
    loop {
        // Unlike that of tokio, this `accept` waits while the process may open no more descriptors.
        let (stream, peer) = tokio::select! {
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
            () = &mut stop => return,
        };
        let router = router.clone();
        let service = service_fn(move |request| {
            let mut request: Request = Request::map(request, axum::body::Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    }
}
// ANCHOR_END: serve

#[tokio::test(start_paused = true)]
async fn it_cuts_slow_peers_and_refuses_large_heads_and_handshakes_pass() {
    let chat = echo::server().mount().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<std::net::SocketAddr>| async move { peer.to_string() }),
        )
        .fallback_service(chat.service());
    let serving = tokio::spawn(serve(listener, router, chat.stopping(std::future::pending())));
    for half in ["", "GET / HT", HANDSHAKE.strip_suffix("\r\n").unwrap()] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(half.as_bytes()).await.unwrap();
        let start = Instant::now();
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.unwrap();
        assert_eq!((received, start.elapsed().as_secs()), (Vec::new(), 10), "{half}");
    }
    // The kernel has a clock of its own.
    tokio::time::resume();
    for large in ["X: y\r\n".repeat(60), format!("X: {}\r\n", "y".repeat(16 * 1024))] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        let head = ask(&mut peer, handshake_with(&large).as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    }
    let mut peer = TcpStream::connect(address).await.unwrap();
    let page = "GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let me = peer.local_addr().unwrap().to_string();
    peer.write_all(page.as_bytes()).await.unwrap();
    let mut received = String::new();
    peer.read_to_string(&mut received).await.unwrap();
    assert!(received.ends_with(&me), "{received}");

    let mut peer = TcpStream::connect(address).await.unwrap();
    let head = ask(&mut peer, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let received =
        exchange(peer, &[frame(0x81, b"hello"), close(1000, b"")].concat(), Cut::Whole, Afterwards::Wait)
            .await;
    let expected = Sent { messages: vec![(1, b"hello".to_vec())], close: Some(1000), ..Sent::default() };
    assert_eq!(Sent::read(&received), expected);
    chat.shutdown();
    serving.await.unwrap();
    chat.stopped().await;
}
