//! What one address gets where `max_connections_per_ip` or `handshake_rate_per_ip` is set, and which address counts.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tracing::Level;
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::log::Log;
use ws_tests::raw::{Cut, HANDSHAKE, ask, handshake_with, knock_from};
use ws_tests::tls;

#[ws_server(listen = "127.0.0.1:0")]
mod site {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// How long a connection may take to be gone. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection from this address that begins with `before`, then shakes hands with these headers; with the head of the
/// answer.
async fn connect(server: &Running, from: &str, before: &str, headers: &str) -> (TcpStream, String) {
    let mut stream = knock_from(server, from).await;
    let request = before.to_owned() + &handshake_with(headers);
    let head = ask(&mut stream, request.as_bytes(), Cut::Whole).await;
    (stream, head)
}

async fn admitted(server: &Running, from: &str, before: &str, headers: &str) -> TcpStream {
    let (stream, head) = connect(server, from, before, headers).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{from} {before}{headers}: {head}");
    stream
}

async fn refused(server: &Running, from: &str, before: &str, headers: &str) {
    let (_, head) = connect(server, from, before, headers).await;
    assert!(head.starts_with("HTTP/1.1 429 "), "{from} {before}{headers}: {head}");
    assert!(head.to_lowercase().contains("retry-after: "), "{head}");
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_it_may_and_others_have_their_own() -> Result {
    let server = site::server().max_connections_per_ip(2).bind().await?;
    let first = admitted(&server, "127.0.0.2", "", "").await;
    // A connection counts from the start, not from its handshake on.
    let silent = knock_from(&server, "127.0.0.2").await;
    refused(&server, "127.0.0.2", "", "").await;
    let _other = admitted(&server, "127.0.0.3", "", "").await;

    drop(silent);
    let again = timeout(PATIENCE, async {
        loop {
            let (stream, head) = connect(&server, "127.0.0.2", "", "").await;
            if head.starts_with("HTTP/1.1 101 ") {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let again = again.await.expect("the place of the one that has ended is free");
    refused(&server, "127.0.0.2", "", "").await;
    drop((first, again));
    Ok(())
}

#[tokio::test]
async fn over_tls_a_connection_too_many_is_closed_without_an_answer() -> Result {
    let (certificate, connector) = tls::identity();
    let server = site::server().max_connections_per_ip(1).tls(certificate).bind().await?;
    let mut first = tls::encrypt(&connector, knock_from(&server, "127.0.0.2").await).await;
    assert!(ask(&mut first, HANDSHAKE.as_bytes(), Cut::Whole).await.starts_with("HTTP/1.1 101 "));
    let mut second = knock_from(&server, "127.0.0.2").await;
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0);
    Ok(())
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_client_counts_and_the_proxy_does_not() -> Result {
    let server = site::server().max_connections_per_ip(1).trusted_proxies("127.0.0.9").bind().await?;
    let _own = [
        admitted(&server, "127.0.0.9", "", "").await,
        admitted(&server, "127.0.0.9", "", "").await,
        admitted(&server, "127.0.0.9", "", "X-Forwarded-For: unknown\r\n").await,
        admitted(&server, "127.0.0.9", "", "X-Forwarded-For: unknown\r\n").await,
    ];
    let _first = admitted(&server, "127.0.0.9", "", "X-Forwarded-For: 192.0.2.1\r\n").await;
    refused(&server, "127.0.0.9", "", "X-Forwarded-For: 192.0.2.1\r\n").await;
    refused(&server, "127.0.0.9", "", "X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n").await;
    let _other = admitted(&server, "127.0.0.9", "", "X-Forwarded-For: 192.0.2.2\r\n").await;
    let _v6 = admitted(&server, "127.0.0.9", "", "X-Forwarded-For: 2001:db8::1\r\n").await;
    refused(&server, "127.0.0.9", "", "X-Forwarded-For: 2001:db8::2\r\n").await;
    // One that is not trusted counts by its own address, whatever it sends.
    let _direct = admitted(&server, "127.0.0.2", "", "X-Forwarded-For: 192.0.2.3\r\n").await;
    refused(&server, "127.0.0.2", "", "X-Forwarded-For: 192.0.2.4\r\n").await;
    Ok(())
}

#[tokio::test]
async fn the_client_that_a_proxy_header_names_counts() -> Result {
    let line = |ip: &str| format!("PROXY TCP4 {ip} 192.0.2.254 4711 443\r\n");
    let local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let server = site::server().max_connections_per_ip(1).proxy_protocol("127.0.0.9").bind().await?;
    let _own =
        [admitted(&server, "127.0.0.9", local, "").await, admitted(&server, "127.0.0.9", local, "").await];
    let _first = admitted(&server, "127.0.0.9", &line("192.0.2.1"), "").await;
    refused(&server, "127.0.0.9", &line("192.0.2.1"), "").await;
    let _other = admitted(&server, "127.0.0.9", &line("192.0.2.2"), "").await;

    let (certificate, _) = tls::identity();
    let server =
        site::server().max_connections_per_ip(1).proxy_protocol("127.0.0.9").tls(certificate).bind().await?;
    let mut first = knock_from(&server, "127.0.0.9").await;
    first.write_all(line("192.0.2.1").as_bytes()).await?;
    // Waits for the end of the second one: the first has to be counted by then.
    let closed = timeout(PATIENCE, async {
        loop {
            let mut second = knock_from(&server, "127.0.0.9").await;
            second.write_all(line("192.0.2.1").as_bytes()).await.unwrap();
            let read = timeout(Duration::from_millis(200), second.read(&mut [0; 1])).await;
            if let Ok(read) = read {
                return read.unwrap_or(0);
            }
        }
    });
    assert_eq!(closed.await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_probe_is_answered_where_its_address_has_too_many_connections() -> Result {
    let server = site::server().max_connections_per_ip(1).health("/healthz").bind().await?;
    let _held = admitted(&server, "127.0.0.2", "", "").await;
    for (path, status) in [("/healthz", 200), ("/", 429)] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let head = ask(&mut knock_from(&server, "127.0.0.2").await, request.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
    }
    Ok(())
}

/// The status of the answer to a client from this address, and the time after which it may try again.
async fn in_memory(server: &TestServer, from: &str) -> (u16, Option<String>) {
    let from: SocketAddr = format!("{from}:4711").parse().unwrap();
    match server.connect("/").peer(from).await {
        Ok(_) => (101, None),
        Err(refusal) => {
            let retry = refusal.headers().get("retry-after");
            (refusal.status(), retry.map(|value| value.to_str().unwrap().to_owned()))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_connects_too_often_is_told_when_to_try_again() -> Result {
    let server = site::server().handshake_rate_per_ip((3, 60)).test().await?;
    for _ in 0..3 {
        assert_eq!(in_memory(&server, "192.0.2.1").await, (101, None));
    }
    assert_eq!(in_memory(&server, "192.0.2.1").await, (429, Some("20".to_owned())));
    assert_eq!(in_memory(&server, "192.0.2.2").await, (101, None));
    server.advance(15).await;
    assert_eq!(in_memory(&server, "192.0.2.1").await, (429, Some("5".to_owned())));
    server.advance(5).await;
    assert_eq!(in_memory(&server, "192.0.2.1").await, (101, None));
    assert_eq!(in_memory(&server, "192.0.2.1").await.0, 429);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn peers_of_a_unix_socket_are_not_counted() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("site.sock");
    let listen = format!("unix:{}", path.display());
    let server = site::server()
        .listen(listen)
        .max_connections_per_ip(1)
        .handshake_rate_per_ip((1, 3600))
        .bind()
        .await?;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = tokio::net::UnixStream::connect(&path).await?;
        assert!(ask(&mut stream, HANDSHAKE.as_bytes(), Cut::Whole).await.starts_with("HTTP/1.1 101 "));
        open.push(stream);
    }
    drop(server);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_option_ten_times_a_second_at_most() -> Result {
    let (log, _logged) = Log::keep(Level::WARN);
    let server = site::server().max_connections_per_ip(1).test().await?;
    let from: SocketAddr = "192.0.2.1:1".parse()?;
    let _held = server.connect("/").peer(from).await?;
    for _ in 0..40 {
        assert_eq!(in_memory(&server, "192.0.2.1").await.0, 429);
    }
    let told = log.take();
    let lines = told.lines().filter(|line| {
        line.contains("refused: max_connections_per_ip (1) reached") && line.contains("ip=192.0.2.1")
    });
    assert_eq!(lines.count(), 10, "{told}");
    Ok(())
}
