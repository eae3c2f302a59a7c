//! The paths of `health` and `readiness`: who asks for them, and what is answered whatever else the server is busy with.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use ws_runtime::Error;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, ask, exchange, knock, shake_hands};
use ws_tests::tls;

#[ws_server(
    listen = "127.0.0.1:0",
    health = "/healthz",
    readiness = "/readyz",
    origins = "https://example.org"
)]
mod door {
    use super::*;

    #[on(handshake)]
    fn handshake(handshake: &Handshake) {
        assert_eq!(handshake.path(), "/", "this is a probe's");
    }

    #[on(request)]
    fn request(request: &Request) -> &'static str {
        assert_eq!(request.path(), "/other", "this is a probe's");
        "a page"
    }
}

/// The same without probes, to which they can be given.
#[ws_server(listen = "127.0.0.1:0")]
mod office {
    use super::*;

    #[get("/page")]
    fn page() -> &'static str {
        "a page"
    }

    #[get("/any/{*rest}")]
    fn any() -> &'static str {
        "any"
    }

    #[route("/room/{name}")]
    mod room {
        #[on(utf8)]
        fn said(_: &str) {}
    }
}

/// What the tools of operators send, as it was captured: nothing of it is the form that a browser would send.
const ASKING: [(&str, &str); 8] = [
    ("HAProxy 2.6, `option httpchk GET /healthz`", "GET /healthz HTTP/1.0\r\n\r\n"),
    ("HAProxy 2.6, `option httpchk /healthz`", "OPTIONS /healthz HTTP/1.0\r\n\r\n"),
    (
        "HAProxy 2.6, `http-check send … ver HTTP/1.1 hdr Host …`",
        "HEAD /healthz HTTP/1.1\r\nhost: chat.example\r\nconnection: close\r\n\r\n",
    ),
    (
        "Kubernetes",
        "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    ),
    (
        "an application load balancer",
        "GET /healthz HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\
         Accept-Encoding: gzip, compressed\r\n\r\n",
    ),
    ("curl, through a proxy", "GET http://[::1]/healthz HTTP/1.1\r\nHost: elsewhere\r\n\r\n"),
    (
        "a page of another origin",
        "GET /healthz?x=1 HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n\r\n",
    ),
    ("a client without `Host`", "GET /healthz HTTP/1.1\r\n\r\n"),
];

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_health_is_answered_and_no_handler_of_a_request_runs() -> Result {
    let server = door::server().test().await?;
    for (who, request) in ASKING {
        let answer = exchange(knock(&server).await, request.as_bytes(), Cut::Whole, Afterwards::Wait).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{who}: {head}");
        for field in ["Cache-Control: no-store", "Connection: close", "Content-Length: 3"] {
            assert!(head.contains(field), "{who}: {head}");
        }
        assert_eq!(body, if request.starts_with("HEAD") { "" } else { "ok\n" }, "{who}");
    }
    assert_eq!(server.get("/other").await?.body(), "a page");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_probe_has_its_path_for_itself() -> Result {
    let server = office::server().health("/healthz").readiness("/any/readyz").test().await?;
    let post = server.request("POST", "/healthz").await?;
    assert_eq!(post.status(), 405);
    assert_eq!(post.headers()["allow"], "GET, HEAD, OPTIONS");
    assert_eq!(server.get("/any/readyz").await?.body(), "ok\n", "it goes before a path with a parameter");
    assert_eq!(server.get("/any/other").await?.body(), "any");
    assert_eq!(server.get("/readyz").await?.status(), 404);
    assert_eq!(server.get("/healthz/").await?.status(), 404);
    // An upgrade may be ignored (RFC 9110, section 7.8).
    let upgrade = HANDSHAKE.replace("GET / ", "GET /healthz ");
    let head = ask(&mut knock(&server).await, upgrade.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let off = office::server().health("none").test().await?;
    assert_eq!(off.get("/none").await?.status(), 404);
    assert_eq!(off.get("/healthz").await?.status(), 404, "there are no probes by default");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn probes_are_answered_where_there_is_no_room_for_a_connection() -> Result {
    let server = door::server().max_connections(1).test().await?;
    let first = shake_hands(&server).await;
    for (who, request) in ASKING {
        let head = ask(&mut knock(&server).await, request.as_bytes(), Cut::Odd).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{who}: {head}");
    }
    let ready = ask(&mut knock(&server).await, b"GET /readyz HTTP/1.0\r\n\r\n", Cut::Whole).await;
    assert!(ready.starts_with("HTTP/1.1 200 OK\r\n"), "{ready}");
    for request in [HANDSHAKE, "GET / HTTP/1.0\r\n\r\n", "no request\r\n\r\n"] {
        let head = ask(&mut knock(&server).await, request.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    }
    // Those who say nothing make way, so that they do not keep a probe from being answered.
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(knock(&server).await);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let head = ask(&mut knock(&server).await, b"GET /healthz HTTP/1.0\r\n\r\n", Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    // The others are closed without an answer after two seconds.
    for mut stream in silent {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    drop(first);
    Ok(())
}

#[tokio::test]
async fn probes_are_answered_over_tls_with_and_without_room() {
    let (tls, connector) = tls::identity();
    let running = door::server().tls(tls).max_connections(1).bind().await.unwrap();
    let asked = async |request: &str| {
        let mut stream = tls::encrypt(&connector, knock(&running).await).await;
        ask(&mut stream, request.as_bytes(), Cut::Whole).await
    };
    let head = asked("GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let mut first = tls::encrypt(&connector, knock(&running).await).await;
    let head = ask(&mut first, HANDSHAKE.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let head = asked("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let head = asked(HANDSHAKE).await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
}

#[tokio::test(start_paused = true)]
async fn readiness_ends_with_the_call_of_shutdown() -> Result {
    let server = door::server().test().await?;
    assert!(server.server().is_ready());
    let mut asking = knock(&server).await;
    asking.write_all(b"GET /readyz HT").await?;
    tokio::task::yield_now().await;
    server.server().shutdown();
    assert!(!server.server().is_ready());
    let mut answer = String::new();
    asking.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_probe_cannot_have_a_path_that_has_a_handler() {
    let refused = async |server: ws_runtime::Builder<_>| {
        let Err(error) = server.bind().await else { panic!("it starts") };
        assert!(matches!(error, Error::Route(_)), "{error}");
        error.to_string()
    };
    let error = refused(office::server().health("/page")).await;
    assert!(error.starts_with("`health` is the path of `/page` (tests/tests/probes.rs:"), "{error}");
    let error = refused(office::server().readiness("/healthz").health("/healthz")).await;
    assert!(error.contains("both \"/healthz\""), "{error}");
    for (path, problem) in
        [("healthz", "begins with a slash"), ("/h?x", "query"), ("/{id}", "parameter `id`")]
    {
        let Err(error) = office::server().health(path).bind().await else { panic!("it starts") };
        assert!(error.to_string().contains(problem), "{error}");
        assert!(matches!(error, Error::Options(_)), "{error}");
    }
}

#[tokio::test]
async fn a_full_server_answers_probes_that_come_with_a_proxy_header() {
    let server = door::server().max_connections(1).proxy_protocol("127.0.0.0/8");
    let running = server.bind().await.unwrap();
    let header = "PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n";
    let mut first = knock(&running).await;
    let head = ask(&mut first, format!("{header}{HANDSHAKE}").as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // As HAProxy does with `check-send-proxy`.
    for header in [header, "PROXY UNKNOWN\r\n"] {
        let request = format!("{header}GET /readyz HTTP/1.0\r\n\r\n");
        let head = ask(&mut knock(&running).await, request.as_bytes(), Cut::Odd).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
}
