//! Which hosts a server answers for: what a page whose name was pointed at this machine (DNS rebinding) gets.

use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_runtime::{Hosts, Running};
use ws_tests::log::Log;
use ws_tests::raw::{Cut, Reached, ask, knock};

#[ws_server(listen = "127.0.0.1:0")]
mod site {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[get("/page")]
    fn page() -> &'static str {
        "secret"
    }
}

/// A handshake with these lines, each with its end.
fn handshake(lines: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\n{lines}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

async fn status<S: Reached>(server: &S, request: &str) -> u16 {
    let head = ask(&mut knock(server).await, request.as_bytes(), Cut::Whole).await;
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The status of a handshake for a host, and that of a page.
async fn of_host(server: &Running, host: &str) -> (u16, u16) {
    (
        status(server, &handshake(&format!("Host: {host}\r\n"))).await,
        status(server, &format!("GET /page HTTP/1.1\r\nHost: {host}\r\n\r\n")).await,
    )
}

const ANSWERED: (u16, u16) = (101, 200);
const MISDIRECTED: (u16, u16) = (421, 421);

#[tokio::test]
async fn where_only_loopback_is_listened_on_its_own_names_are_answered_for() -> Result {
    let server = site::server().bind().await?;
    let port = server.addresses()[0].port().unwrap();
    for host in [
        "localhost",
        "LocalHost:1",
        "localhost.",
        "app.localhost:8080",
        "127.0.0.1",
        "127.9.9.9:80",
        "[::1]:8080",
    ] {
        assert_eq!(of_host(&server, host).await, ANSWERED, "{host}");
    }
    let with_port = format!("rebound.example:{port}");
    for host in [
        "rebound.example",
        &with_port,
        "localhost.rebound.example",
        "192.0.2.1",
        "0.0.0.0",
        "[::2]",
        "127.0.0.1.nip.io",
    ] {
        assert_eq!(of_host(&server, host).await, MISDIRECTED, "{host}");
    }
    let absolute = handshake("Host: rebound.example\r\n").replace("GET /", "GET http://rebound.example/");
    assert_eq!(status(&server, &absolute).await, 421);
    Ok(())
}

#[tokio::test]
async fn a_rebound_name_passes_the_test_of_origins_and_not_that_of_hosts() -> Result {
    let rebound = handshake("Host: rebound.example\r\nOrigin: http://rebound.example\r\n");
    let server = site::server().bind().await?;
    assert_eq!(status(&server, &rebound).await, 421);
    let server = site::server().hosts(Hosts::any()).bind().await?;
    assert_eq!(status(&server, &rebound).await, 101);
    Ok(())
}

#[tokio::test]
async fn where_others_can_connect_any_host_is_answered_for_unless_a_list_says_which() -> Result {
    let server = site::server().listen("0.0.0.0:0").bind().await?;
    assert_eq!(of_host(&server, "example.org").await, ANSWERED);
    let server = site::server().listen(vec!["127.0.0.1:0", "0.0.0.0:0"]).bind().await?;
    assert_eq!(of_host(&server, "example.org").await, ANSWERED, "one of them is enough");
    for listen in ["127.0.0.1:0", "0.0.0.0:0"] {
        let server = site::server().listen(listen).hosts(["example.org", "*.example.net"]).bind().await?;
        for host in ["example.org", "EXAMPLE.org.:8080", "a.example.net"] {
            assert_eq!(of_host(&server, host).await, ANSWERED, "{host}");
        }
        for host in ["localhost", "127.0.0.1", "www.example.org", "example.net"] {
            assert_eq!(of_host(&server, host).await, MISDIRECTED, "{host}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_that_names_no_host_is_answered() -> Result {
    let server = site::server().hosts(["example.org"]).bind().await?;
    assert_eq!(status(&server, "GET /page HTTP/1.0\r\n\r\n").await, 200);
    assert_eq!(status(&server, "GET /page HTTP/1.0\r\nHost: other.example\r\n\r\n").await, 421);
    assert_eq!(status(&server, "GET /page HTTP/1.1\r\n\r\n").await, 400);
    Ok(())
}

#[tokio::test]
async fn a_probe_is_answered_whatever_the_host_is() -> Result {
    let server = site::server().health("/healthz").bind().await?;
    assert_eq!(status(&server, "GET /healthz HTTP/1.1\r\nHost: balancer.example\r\n\r\n").await, 200);
    assert_eq!(status(&server, "GET /page HTTP/1.1\r\nHost: balancer.example\r\n\r\n").await, 421);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_server_in_memory_answers_for_any_host() -> Result {
    let server = site::server().hosts(["example.org"]).test().await?;
    assert_eq!(status(&server, &handshake("Host: other.example\r\n")).await, 101);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket_any_host_is_answered_for_beside_loopback_too() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("site.sock");
    let unix = format!("unix:{}", path.display());
    let server = site::server().listen(["127.0.0.1:0", &unix]).bind().await?;
    assert_eq!(of_host(&server, "rebound.example").await, MISDIRECTED);
    let mut stream = tokio::net::UnixStream::connect(&path).await?;
    let head = ask(&mut stream, handshake("Host: rebound.example\r\n").as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    Ok(())
}

#[tokio::test]
async fn the_log_names_the_host_ten_times_a_second_at_most() -> Result {
    let (log, _logged) = Log::keep(Level::WARN);
    let server = site::server().bind().await?;
    for _ in 0..30 {
        assert_eq!(status(&server, &handshake("Host: rebound.example\r\n")).await, 421);
    }
    let told = log.take();
    let lines = told
        .lines()
        .filter(|line| line.contains("the option `hosts`") && line.contains("host=\"rebound.example\""));
    // Thirty handshakes may take a second or more on a busy machine.
    assert!((10..30).contains(&lines.count()), "{told}");
    Ok(())
}

#[tokio::test]
async fn the_log_names_the_host_that_an_origin_was_compared_with() -> Result {
    let (log, _logged) = Log::keep(Level::DEBUG);
    let server = site::server().bind().await?;
    let foreign = handshake("Host: localhost:8080\r\nOrigin: http://localhost:3000\r\n");
    assert_eq!(status(&server, &foreign).await, 403);
    let told = log.take();
    let line = told.lines().find(|line| line.contains("a web page of another origin")).unwrap();
    assert!(line.contains("origin=\"http://localhost:3000\" host=\"localhost:8080\""), "{line}");
    Ok(())
}

#[tokio::test]
async fn a_name_that_is_no_host_keeps_the_server_from_starting() {
    let error = site::server().hosts(["https://example.org"]).bind().await.unwrap_err().to_string();
    assert!(error.contains("`hosts`") && error.contains("leave out the scheme"), "{error}");
}
