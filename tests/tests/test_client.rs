//! The in-memory client: tests without a port, in virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_runtime::test::{Cause, Message, NotStarted, Result};
use ws_runtime::{ClosedBy, Slow};

#[ws_server(silence_max = 20, listen = 80)]
mod echo {
    use super::*;

    #[derive(Default)]
    #[state]
    pub struct Counts {
        pub ticks: AtomicUsize,
        pub cut: AtomicUsize,
    }

    #[on(handshake)]
    fn handshake(handshake: &Handshake) -> Result<(), Reject> {
        match handshake.path() {
            "/secret" if handshake.header("authorization") != Some("Bearer ann") => {
                Err(Reject::unauthorized().header("www-authenticate", "Bearer").text("x".repeat(20_000)))
            }
            "/none" => Err(Reject::not_found()),
            _ => Ok(()),
        }
    }

    #[on(ready)]
    fn ready(conn: &Conn) -> String {
        format!("{}", conn.peer())
    }

    #[on(utf8)]
    async fn utf8(text: &str, conn: &Conn, server: &Server) -> Option<String> {
        match text {
            "hour" => tokio::time::sleep(Duration::from_secs(3600)).await,
            "block" => {
                let work = || std::thread::sleep(Duration::from_millis(20));
                tokio::task::spawn_blocking(work).await.unwrap();
            }
            "leave" => drop(conn.disconnect(4000, "as you wish")),
            "cut" => server.disconnect(conn),
            "panic" => panic!("as asked"),
            "push" => {
                server.broadcast_utf8("pushed");
                return None;
            }
            _ => {}
        }
        Some(text.to_owned())
    }

    #[on(binary)]
    fn binary(data: Bytes) -> Bytes {
        data
    }

    #[on(disconnect)]
    fn disconnect(close: &Close, counts: &Counts) {
        if close.by() == ClosedBy::Silence {
            counts.cut.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tick(period = 10)]
    fn tick(server: &Server, counts: &Counts) {
        let ticks = counts.ticks.fetch_add(1, Ordering::Relaxed) + 1;
        server.broadcast_utf8(format!("tick {ticks}"));
    }

    #[on(request)]
    fn request(request: &Request) -> Result<Html<&'static str>, Reject> {
        match request.path() {
            "/page" => Ok(Html("<p>hello</p>")),
            _ => Err(Reject::not_found()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn texts_and_binaries_come_back_and_no_time_passes() -> Result {
    let start = Instant::now();
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").await?;
    assert_eq!(ann.utf8().await?, "memory");
    ann.send_utf8("hello").await?;
    assert_eq!(ann.utf8().await?, "hello");
    ann.send_binary(vec![7; 60_000]).await?;
    assert_eq!(ann.next().await?, Message::Binary(vec![7; 60_000].into()));
    ann.ping("are you there").await?;
    assert_eq!(ann.pong().await?, "are you there");
    ann.expect_nothing().await?;
    assert_eq!(start.elapsed(), Duration::from_millis(1), "what makes sure that nothing comes");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refused_handshake_has_its_status_its_headers_and_all_of_its_body() -> Result {
    let server = echo::server().test().await?;
    let refusal = server.connect("/secret").await.unwrap_err();
    assert_eq!(refusal.status(), 401);
    assert_eq!(refusal.headers()["www-authenticate"], "Bearer");
    assert_eq!(refusal.text(), "x".repeat(20_000));
    let shown = refusal.to_string();
    assert!(shown.contains("test_client.rs:") && shown.contains(": /secret: answered with 401"), "{shown}");
    let refusal = server.connect("/none").await.unwrap_err();
    assert_eq!(refusal.status(), StatusCode::NOT_FOUND);

    let mut ann = server.connect("/secret").bearer("ann").await?;
    ann.utf8().await?;
    for (key, value, status) in [("Sec-WebSocket-Version", "12", 426), ("Upgrade", "h2c", 426)] {
        assert_eq!(server.connect("/").header(key, value).await.unwrap_err().status(), status, "{key}");
    }
    assert_eq!(server.connect("/").origin("https://evil.example").await.unwrap_err().status(), 403);
    server.connect("/").origin("http://localhost").await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_client_says_who_it_is() -> Result {
    let server = echo::server().subprotocols(["b", "c"]).test().await?;
    let mut ann = server.connect("/").peer(([192, 0, 2, 7], 5000)).subprotocol("a").subprotocol("b").await?;
    assert_eq!(ann.utf8().await?, "192.0.2.7:5000");
    assert_eq!(ann.subprotocol(), Some("b"));
    assert_eq!(server.server().connections().len(), 1);
    let error = server.connect("no slash").await.unwrap_err();
    assert_eq!(error.status(), 0);
    assert!(error.to_string().ends_with("a path begins with a slash, \"no slash\" does not"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn plain_requests_are_answered() -> Result {
    let server = echo::server().test().await?;
    let page = server.get("/page").header("Accept", "text/html").await?;
    assert_eq!((page.status(), page.body().as_ref()), (StatusCode::OK, &b"<p>hello</p>"[..]));
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let head = server.request("HEAD", "/page").await?;
    assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
    assert_eq!(server.get("/other").await?.status(), 404);
    assert_eq!(server.request("GET", "/page").header("Bad Name", "x").await?.status(), 400);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_end_has_its_code_and_its_reason() -> Result {
    let server = echo::server().max_recv_size(1000).test().await?;
    for (text, code, reason) in [("leave", 4000, "as you wish"), ("panic", 1011, ""), ("cut", 1006, "")] {
        let mut ann = server.connect("/").await?;
        ann.send_utf8(text).await?;
        let close = ann.closed().await?;
        assert_eq!((close.code, close.reason.as_str()), (code, reason), "{text}");
        assert_eq!(ann.utf8().await?, "memory", "what came before can still be read");
        let error = ann.utf8().await.unwrap_err();
        assert_eq!(error.closed().unwrap().code, code);
        assert!(ann.send_utf8("more").await.unwrap_err().closed().is_some(), "{text}");
    }

    let mut ann = server.connect("/").await?;
    ann.disconnect(4321, "bye").await?;
    assert_eq!(ann.closed().await?.code, 4321, "the server's answer");

    let raw: [(&[u8], u16); 3] = [
        (b"\x83\x80\0\0\0\0", 1002),         // a reserved opcode
        (b"\x81\x05hello", 1002),            // no mask
        (b"\x81\xFE\x7F\xFF\0\0\0\0", 1009), // too large
    ];
    for (bytes, code) in raw {
        let mut ann = server.connect("/").await?;
        ann.send_raw(bytes).await?;
        assert_eq!(ann.closed().await?.code, code, "{bytes:?}");
    }

    let ann = server.connect("/").await?;
    server.advance(0).await;
    assert_eq!(server.server().connections().len(), 1);
    drop(ann);
    server.advance(0).await;
    assert_eq!(server.server().connections().len(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_used_byte_by_byte() -> Result {
    let server = echo::server().test().await?;
    let (answer, mut stream) =
        server.connect("/").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").raw().await?;
    assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let mut received = [0; 8];
    stream.read_exact(&mut received).await?;
    assert_eq!(&received, b"\x81\x06memory");
    stream.write_all(b"\x88\x80\0\0\0\0").await?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await?;
    assert_eq!(rest, b"\x88\0");
    assert_eq!(server.connect("/none").raw().await.unwrap_err().status(), 404);

    let mut stream = server.open();
    stream.write_all(b"nonsense\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn time_passes_step_by_step_and_ticks_do_not_bunch() -> Result {
    let server = echo::server().silence_max(0).test().await?;
    let mut ann = server.connect("/").await?;
    ann.utf8().await?;
    server.advance(9.999).await;
    server.advance(0.001).await;
    assert_eq!(ann.utf8().await?, "tick 1");
    let day = 24 * 60 * 60;
    server.advance(day).await;
    for tick in 2..=1 + day / 10 {
        assert_eq!(ann.utf8().await?, format!("tick {tick}"));
    }
    ann.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn pings_come_in_time_and_a_peer_that_hangs_is_cut() -> Result {
    let counts = echo::Counts::default();
    let server = echo::server().state(counts).test().await?;
    let ann = server.connect("/").await?;
    let mut bob = server.connect("/").await?;
    bob.stop_reading();
    // The ticks keep neither alive: only what a peer does counts.
    for (at, pings) in [(9.999, 0), (0.001, 1), (10.0, 2), (9.999, 2)] {
        server.advance(at).await;
        assert_eq!(ann.pings(), pings);
        assert_eq!(server.server().connections().len(), 2);
    }
    server.advance(0.001).await;
    assert_eq!((ann.pings(), server.server().connections().len()), (3, 1));
    assert!(matches!(bob.closed().await.unwrap_err().cause(), Cause::NotReading));
    bob.start_reading();
    assert_eq!(bob.closed().await?.code, 1006);
    assert_eq!(bob.pings(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_cut_and_the_others_miss_nothing() -> Result {
    let server = echo::server().slow(Slow::Close).max_outbox(100_000).test().await?;
    let mut ann = server.connect("/").await?;
    let mut bob = server.connect("/").buffer(1000).await?;
    bob.stop_reading();
    for _ in 0..150 {
        assert_eq!(server.server().broadcast_utf8("x".repeat(1000)), server.server().connections().len());
    }
    server.advance(0).await;
    assert_eq!(server.server().connections().len(), 1);
    ann.utf8().await?;
    for _ in 0..150 {
        assert_eq!(ann.utf8().await?.len(), 1000);
    }
    // What the pipe held is still there.
    bob.start_reading();
    bob.closed().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sleeps_an_hour_stops_only_its_own_connection() -> Result {
    let server = echo::server().silence_max(20).test().await?;
    let (mut ann, mut bob) = (server.connect("/").await?, server.connect("/").await?);
    ann.utf8().await?;
    bob.utf8().await?;
    ann.send_utf8("hour").await?;
    let error = ann.utf8().await.unwrap_err();
    assert!(
        matches!(error.cause(), Cause::Nothing(patience) if *patience == Duration::from_secs(1)),
        "{error}"
    );
    bob.send_utf8("hello").await?;
    assert_eq!(bob.utf8().await?, "hello");
    server.advance(3597).await;
    let mut ticks = 0;
    while let Ok(text) = ann.utf8().await {
        if text == "hour" {
            break;
        }
        ticks += 1;
    }
    assert_eq!(ticks, 359);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn work_on_a_blocking_thread_holds_the_clock() -> Result {
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").await?;
    ann.utf8().await?;
    let start = Instant::now();
    ann.send_utf8("block").await?;
    assert_eq!(ann.utf8().await?, "block");
    assert_eq!(start.elapsed(), Duration::ZERO);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_reading_is_noticed() -> Result {
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").buffer(100).await?;
    ann.send_utf8("hour").await?;
    let error = loop {
        if let Err(error) = ann.send_utf8("x".repeat(10_000)).await {
            break error;
        }
    };
    assert!(matches!(error.cause(), Cause::Unread(_)), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn errors_say_where_what_and_what_came_instead() -> Result {
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").await?;
    let line = line!() + 1;
    let error = ann.binary().await.unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains(&format!("test_client.rs:{line}:")), "{shown}");
    assert!(shown.ends_with(": no binary message: got memory"), "{shown}");

    ann.send_utf8("push").await?;
    // The server echoes what it does not know, so this is a reply whose data is no `()`.
    let error = ann.call::<()>("move", 4).await.unwrap_err();
    let reply = ": no reply to `move` (id 1): 4 does not fit: invalid type: integer `4`, expected unit at line 1 column 1";
    assert!(format!("{error:?}").ends_with(&format!("{reply}; unread: pushed")), "{error}");
    let error = ann.expect::<()>("moved").await.unwrap_err();
    let expected = ": no push `moved`: nothing came within 1 s of virtual time; unread: pushed";
    assert!(error.to_string().ends_with(expected), "{error}");
    let error = ann.expect_nothing().await.unwrap_err();
    assert!(error.to_string().ends_with("expected nothing: got messages; unread: pushed"), "{error}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_with_1001_and_waits() -> Result {
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").await?;
    let handle = server.server().clone();
    server.stop().await;
    assert!(handle.is_shutting_down() && handle.connections().is_empty());
    assert_eq!(ann.closed().await?.code, 1001);

    let server = echo::server().test().await?;
    let mut ann = server.connect("/").await?;
    drop(server);
    assert_eq!(ann.closed().await?.code, 1001);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_stopped_answers_nobody() -> Result {
    let server = echo::server().test().await?;
    server.server().shutdown();
    server.advance(60).await;
    assert_eq!(server.connect("/").await.unwrap_err().status(), 0);
    assert_eq!(server.get("/page").await.unwrap_err().status(), 0);
    Ok(())
}

#[tokio::test]
async fn without_a_paused_clock_an_error_says_what_to_write() {
    let error = echo::server().test().await.unwrap_err();
    assert!(matches!(error, NotStarted::ClockRuns));
    assert_eq!(error.to_string(), "a test needs a paused clock: write `#[tokio::test(start_paused = true)]`");
}

#[tokio::test(start_paused = true)]
async fn wrong_options_are_reported_as_elsewhere() {
    let error = echo::server().max_recv_size(0).test().await.unwrap_err();
    assert!(matches!(error, NotStarted::Server(ws_runtime::Error::Options(_))), "{error}");
}

/// Both directions are full, and only reading makes room again.
#[tokio::test(start_paused = true)]
async fn a_client_reads_again_while_what_it_sends_waits() -> Result {
    let server = echo::server().test().await?;
    let mut ann = server.connect("/").buffer(1024).await?;
    assert_eq!(ann.utf8().await?, "memory");
    ann.stop_reading();
    let mut sent = 0;
    while ann.send_utf8("x".repeat(1000)).await.is_ok() {
        sent += 1;
    }
    ann.start_reading();
    for _ in 0..=sent {
        assert_eq!(ann.utf8().await?.len(), 1000);
    }
    Ok(())
}
