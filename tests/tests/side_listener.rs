//! The listener of `metrics_listen`: probes apart from the clients, from before the `start` handler until the end.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify, oneshot};
use ws_runtime::prelude::*;
use ws_runtime::{Address, Error};
use ws_tests::raw::{Cut, ask, knock, shake_hands};

#[ws_server(listen = "127.0.0.1:0")]
mod door {
    use super::*;

    /// What the `start` handler and the `shutdown` handler wait for.
    #[state]
    #[derive(Default)]
    pub struct Gates {
        pub started: Mutex<Option<oneshot::Sender<Server>>>,
        pub start: Option<Arc<Notify>>,
        pub shutdown: Option<Arc<Notify>>,
        pub fails: bool,
    }

    #[on(start)]
    async fn start(gates: &Gates, server: &Server) -> Result<(), &'static str> {
        if let Some(started) = gates.started.lock().await.take() {
            let _ = started.send(server.clone());
        }
        if let Some(gate) = &gates.start {
            gate.notified().await;
        }
        if gates.fails { Err("no database") } else { Ok(()) }
    }

    #[on(shutdown)]
    async fn shutdown(gates: &Gates) {
        if let Some(gate) = &gates.shutdown {
            gate.notified().await;
        }
    }

    #[on(request)]
    fn request() -> Option<&'static str> {
        None
    }
}

/// The answer of the listener to this request, head and body.
async fn asked(server: &Server, request: &str) -> String {
    let port = server.metrics_addresses()[0].port().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn got(server: &Server, path: &str) -> String {
    asked(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: 10.1.2.3:9090\r\nUser-Agent: kube-probe/1.30\r\n\r\n"),
    )
    .await
}

#[tokio::test]
async fn probes_are_answered_there_and_not_on_the_public_port() {
    let running = door::server().metrics_listen("127.0.0.1:0").bind().await.unwrap();
    for path in ["/healthz", "/readyz"] {
        let answer = got(running.server(), path).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
        let public = ws_tests::get(&running, path).await;
        assert!(public.starts_with("HTTP/1.1 404 "), "{public}");
    }
    let other = got(running.server(), "/").await;
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
    assert!(other.contains("/readyz, metrics by /metrics"), "{other}");
    let upgrade = asked(running.server(), ws_tests::raw::HANDSHAKE).await;
    assert!(upgrade.starts_with("HTTP/1.1 404 "), "{upgrade}");
    let post = asked(running.server(), "POST /healthz HTTP/1.0\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
}

#[tokio::test]
async fn metrics_are_answered_there_and_not_on_the_public_port() {
    let running = door::server().metrics_listen("127.0.0.1:0").bind().await.unwrap();
    let page = got(running.server(), "/metrics").await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("# EOF\n"), "{page}");
    let head = asked(running.server(), "HEAD /metrics HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let post = asked(running.server(), "POST /metrics HTTP/1.0\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET, HEAD\r\n"), "{post}");
    let public = ws_tests::get(&running, "/metrics").await;
    assert!(public.starts_with("HTTP/1.1 404 "), "{public}");
}

#[tokio::test]
async fn many_listeners_all_answer_at_once() {
    let running = door::server().metrics_listen(vec!["127.0.0.1:0"; 20]).bind().await.unwrap();
    let addresses = running.server().metrics_addresses();
    assert_eq!(addresses.len(), 20);
    // The last has to answer before the first has anything to do.
    for address in addresses.iter().rev() {
        let mut stream = TcpStream::connect(("127.0.0.1", address.port().unwrap())).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let reading = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(20), reading).await.expect("it answers").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_path_of_an_option_is_answered_on_both() {
    let server = door::server().metrics_listen("127.0.0.1:0").health("/up").max_connections(1);
    let running = server.bind().await.unwrap();
    let _first = shake_hands(&running).await;
    assert!(got(running.server(), "/up").await.starts_with("HTTP/1.1 200 "));
    assert!(got(running.server(), "/healthz").await.starts_with("HTTP/1.1 404 "));
    let head = ask(&mut knock(&running).await, b"GET /up HTTP/1.0\r\n\r\n", Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[tokio::test]
async fn readiness_begins_after_the_start_handler_and_ends_with_the_shutdown() {
    let (started, server) = oneshot::channel();
    let (start, shutdown) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gates = door::Gates {
        started: Mutex::new(Some(started)),
        start: Some(Arc::clone(&start)),
        shutdown: Some(Arc::clone(&shutdown)),
        fails: false,
    };
    let binding = tokio::spawn(door::server().metrics_listen("127.0.0.1:0").state(gates).bind());
    let server = server.await.unwrap();
    assert!(got(&server, "/healthz").await.starts_with("HTTP/1.1 200 "));
    let answer = got(&server, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\nstarting\n"), "{answer}");
    assert!(!server.is_ready());

    start.notify_one();
    let running = binding.await.unwrap().unwrap();
    assert!(got(&server, "/readyz").await.starts_with("HTTP/1.1 200 "));

    running.shutdown();
    assert!(got(&server, "/healthz").await.starts_with("HTTP/1.1 200 "));
    let answer = got(&server, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("\r\n\r\nshutting down\n"), "{answer}");

    shutdown.notify_one();
    running.stopped().await;
    TcpListener::bind(server.metrics_addresses()[0].to_string()).expect("nobody listens there any more");
}

#[tokio::test]
async fn an_address_in_use_is_one_error_that_names_the_option() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let Err(error) = door::server().metrics_listen(address).bind().await else { panic!("it is in use") };
    assert!(matches!(error, Error::MetricsListen(_)), "{error}");
    let shown = format!("{error:?}");
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "`metrics_listen` cannot be used");
    assert!(lines[1].contains(&format!("cannot listen on {address}: the port is in use")), "{shown}");

    let Err(error) = door::server().metrics_listen("nowhere").bind().await else {
        panic!("it is no address")
    };
    assert!(matches!(error, Error::Options(_)), "{error}");
    assert!(error.to_string().contains("`metrics_listen` cannot be used"), "{error}");
}

#[tokio::test]
async fn its_address_is_free_again_where_the_start_handler_fails() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let gates = door::Gates { fails: true, ..door::Gates::default() };
    let Err(error) = door::server().metrics_listen(address).state(gates).bind().await else {
        panic!("it fails")
    };
    assert!(matches!(error, Error::Start { .. }), "{error}");
    let running = door::server().metrics_listen(address).bind().await.expect("the address is free");
    assert_eq!(running.server().metrics_addresses(), [Address::from(address)]);
}

#[tokio::test]
#[cfg(unix)]
async fn it_may_be_a_unix_socket_which_is_removed_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("probes.sock");
    let listen = format!("unix:{}", path.display());
    let running = door::server().metrics_listen(listen).bind().await.unwrap();
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let head = ask(&mut stream, b"GET /readyz HTTP/1.1\r\nHost: probes.sock\r\n\r\n", Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    running.shutdown();
    running.stopped().await;
    assert!(!path.exists());
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_keeps_it_busy_for_five_seconds_at_most() {
    let running = door::server().metrics_listen("127.0.0.1:0").bind().await.unwrap();
    let port = running.server().metrics_addresses()[0].port().unwrap();
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let start = tokio::time::Instant::now();
    assert!(got(running.server(), "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert_eq!(start.elapsed().as_secs(), 5);
    let large = format!("GET /healthz HTTP/1.1\r\nX: {}", "x".repeat(8 * 1024));
    assert!(asked(running.server(), &large).await.starts_with("HTTP/1.1 431 "));
}
