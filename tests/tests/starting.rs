//! Starting: where a server listens, what it says when it cannot, and what the environment changes.

use std::error::Error as _;

use tokio::net::TcpListener;
use ws_runtime::prelude::*;
use ws_runtime::{Error, Tls};
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", silence_max = 5)]
mod plain {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// What a terminal shows when `main` returns the error.
fn shown(error: &Error) -> String {
    format!("{error:?}")
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = plain::server().listen(address).bind().await.unwrap_err();
    assert!(matches!(error, Error::Listen(_)));
    let text = shown(&error);
    assert!(text.contains(&address.to_string()) && text.contains("in use"), "{text}");
    assert!(!text.contains("Os {"), "no debug dump: {text}");
}

#[tokio::test]
async fn an_address_that_does_not_parse_is_named_with_what_is_allowed() {
    for wrong in ["", "localhost", "1.2.3.4:99999", "unix:", "http://localhost:80"] {
        let error = plain::server().listen(wrong).bind().await.unwrap_err();
        let text = shown(&error);
        assert!(text.contains("unix:/path") || text.contains("systemd"), "{wrong}: {text}");
    }
}

#[tokio::test]
async fn wrong_options_are_told_all_at_once() {
    let error =
        plain::server().silence_max(-1).max_recv_size(0).write_timeout(f64::NAN).bind().await.unwrap_err();
    let text = shown(&error);
    for option in ["silence_max", "max_recv_size", "write_timeout"] {
        assert!(text.contains(option), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_missing_or_does_not_fit_is_told() {
    let files = Tls::files("/nowhere/certificate.pem", "/nowhere/key.pem");
    let text = shown(&plain::server().tls(files).bind().await.unwrap_err());
    assert!(text.contains("/nowhere/certificate.pem"), "{text}");

    let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let two = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mixed = Tls::pem(one.cert.pem(), two.signing_key.serialize_pem());
    let text = shown(&plain::server().tls(mixed).bind().await.unwrap_err());
    assert!(text.contains("key"), "{text}");
}

#[tokio::test]
async fn start_within_a_runtime_names_serve() {
    let error = plain::server().start().unwrap_err();
    assert!(matches!(error, Error::InsideRuntime));
    assert!(error.to_string().contains(".serve().await"));
    assert!(error.source().is_none());
}

#[tokio::test]
async fn prepared_listeners_are_taken_as_they_are() {
    let std_listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = plain::server().listen(std_listener).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");

    let tokio_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = plain::server().listen(tokio_listener).bind().await.unwrap();
    Client::connect(&running).await;
}

#[tokio::test]
async fn the_port_is_free_again_after_shutdown() {
    let running = plain::server().bind().await.unwrap();
    let address = ws_tests::address(&running);
    let client = Client::connect(&running).await;
    running.shutdown();
    let (frame, ()) = tokio::join!(client.closed(), running.stopped());
    assert_eq!(u16::from(frame.code), 1001);
    plain::server().listen(address).bind().await.unwrap();
}
