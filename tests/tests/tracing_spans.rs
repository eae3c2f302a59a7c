//! The spans and events of the option `trace`.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;
use ws_runtime::Trace;
use ws_runtime::http::{HeaderMap, Request};
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::frame::frame;
use ws_tests::raw::HANDSHAKE;
use ws_tests::spans::{Span, Spans};

/// The target of all that the option adds.
const TARGET: &str = "ws_runtime::trace";

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[ws_server]
mod shop {
    use super::*;

    fn open(handshake: &Handshake) -> Result<(), Reject> {
        tracing::info!("guarded");
        if handshake.path() == "/table/0" { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[get("/page")]
    fn page() -> &'static str {
        tracing::info!("page read");
        "a page"
    }

    #[route("/table/{id}", guard = open)]
    mod table {
        use super::*;

        #[on(handshake)]
        async fn sit(handshake: &Handshake) {
            tokio::task::yield_now().await;
            if handshake.path() == "/table/late" {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            tracing::info!("sat");
        }

        #[on("plain")]
        fn plain(Json(number): Json<u32>) -> u32 {
            tracing::info!("in plain");
            number
        }

        #[on("awaits", guard = asked)]
        async fn awaits() -> u32 {
            tokio::task::yield_now().await;
            tracing::info!("in awaits");
            1
        }

        async fn asked() -> Result<(), Reject> {
            tokio::task::yield_now().await;
            tracing::info!("in its guard");
            Ok(())
        }

        #[on("beside", concurrent = 2)]
        async fn beside() -> u32 {
            tokio::task::yield_now().await;
            tracing::info!("in beside");
            2
        }

        #[on("rare", rate = (1, 3600))]
        async fn rare() -> u32 {
            tracing::info!("in rare");
            3
        }

        #[on("away", blocking)]
        fn away() -> bool {
            tracing::Span::current().metadata().is_some_and(|span| span.name() == "message")
        }

        #[on(binary)]
        fn binary(_: &[u8], conn: &Conn) {
            tracing::info!("in binary");
            let _ = conn.send_binary(b"taken");
        }
    }
}

fn field<'s>(span: &'s Span, name: &str) -> &'s str {
    span.fields.get(name).map_or("", String::as_str)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_traced_by_default() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().test().await?;
    let mut client = server.connect("/table/7").await?;
    client.call::<u32>("plain", 1).await?;
    client.disconnect(1000, "").await?;
    server.stop().await;
    assert!(spans.of_target(TARGET).is_empty());
    assert_eq!(spans.events("disconnected")[0].target, "ws_runtime::conn::span");
    assert_eq!(spans.events("connected")[0].target, "ws_runtime::conn::span");
    assert_eq!(spans.events("sat")[0].within, None);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_a_short_span_with_the_names_of_opentelemetry() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("connections").test().await?;
    let connecting = server.connect("/table/7?token=SECRET").header("traceparent", PARENT);
    let mut client = connecting.header("tracestate", "vendor=1").await?;
    let [span] = &spans.named("handshake")[..] else { panic!("there is one") };
    for (name, value) in [
        ("otel.name", "GET /table/{id}"),
        ("otel.kind", "server"),
        ("http.request.method", "GET"),
        ("http.route", "/table/{id}"),
        ("http.response.status_code", "101"),
        ("url.path", "/table/7"),
        ("url.scheme", "http"),
        ("network.protocol.name", "http"),
        ("traceparent", PARENT),
        ("tracestate", "vendor=1"),
        ("error.type", ""),
    ] {
        assert_eq!(field(span, name), value, "{name}");
    }
    assert_eq!((span.target.as_str(), span.parent), (TARGET, None));
    assert!(span.closed, "it is exported although the connection goes on");
    for event in ["guarded", "sat", "connected"] {
        assert_eq!(spans.events(event)[0].within, Some(span.id), "{event}");
    }
    client.call::<u32>("plain", 1).await?;
    assert_eq!(spans.events("in plain")[0].within, None);
    assert!(spans.named("message").is_empty());

    client.disconnect(1000, "").await?;
    server.stop().await;
    assert_eq!(spans.events("connected").len(), 1);
    let (connected, disconnected) = (&spans.events("connected")[0], &spans.events("disconnected")[0]);
    assert_eq!(disconnected.target, TARGET);
    assert_eq!(connected.fields["conn"], field(span, "conn"));
    assert_eq!(disconnected.fields["conn"], field(span, "conn"));
    assert_eq!(disconnected.fields["by"], "peer");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_has_a_span_that_says_so_without_what_the_peer_likes() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace(Trace::Connections).test().await?;
    let refused = server.connect("/table/0").header("traceparent", "00-forged").await.unwrap_err();
    assert_eq!(refused.status(), 403);
    let refused = server.connect("/nowhere").header("Origin", "https://evil.example").await.unwrap_err();
    assert_eq!(refused.status(), 404);
    let refused = server.connect("/table/1").header("Origin", "https://evil.example").await.unwrap_err();
    assert_eq!(refused.status(), 403);
    assert_eq!(server.request("BREW", "/page").await?.status(), 405);
    assert_eq!(server.get("/page").await?.body(), "a page");

    let handshakes = spans.named("handshake");
    let statuses: Vec<_> = handshakes.iter().map(|span| field(span, "http.response.status_code")).collect();
    assert_eq!(statuses, ["403", "404", "403"]);
    assert_eq!(field(&handshakes[0], "traceparent"), "");
    assert_eq!(field(&handshakes[1], "http.route"), "");
    assert_ne!(field(&handshakes[2], "error.type"), "", "the server itself refused it");
    let requests = spans.named("request");
    assert_eq!(field(&requests[0], "http.request.method"), "_OTHER");
    assert_eq!(field(&requests[1], "http.response.status_code"), "200");
    assert_eq!(spans.events("page read")[0].within, Some(requests[1].id));
    assert!(spans.events("connected").is_empty());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_message_has_a_span_of_its_own_that_follows_from_the_handshake() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("messages").test().await?;
    let mut client = server.connect("/table/7").await?;
    let handshake = spans.named("handshake").remove(0);
    assert_eq!(client.call::<u32>("plain", 5).await?, 5);
    assert_eq!(client.call::<u32>("awaits", json!(null)).await?, 1);
    assert_eq!(client.call::<u32>("beside", json!(null)).await?, 2);
    client.send_binary(&b"abc"[..]).await?;
    assert_eq!(client.binary().await?, "taken");
    client.call::<u32>("plain", "no number").await.unwrap_err();

    let messages = spans.named("message");
    let names: Vec<_> = messages.iter().map(|span| field(span, "otel.name")).collect();
    assert_eq!(names, ["ws plain", "ws awaits", "ws beside", "ws binary", "ws plain"]);
    for (span, event) in messages.iter().zip(["in plain", "in awaits", "in beside", "in binary"]) {
        assert_eq!(spans.events(event)[0].within, Some(span.id), "{event}");
    }
    assert_eq!(spans.events("in its guard")[0].within, Some(messages[1].id));
    for span in &messages {
        assert_eq!((span.parent, &span.follows[..]), (None, &[handshake.id][..]));
        assert_eq!(field(span, "conn"), field(&handshake, "conn"));
        assert!(span.closed);
    }
    assert_eq!(field(&messages[1], "ws.message.name"), "awaits");
    assert_eq!(field(&messages[3], "ws.message.kind"), "binary");
    assert_eq!(field(&messages[3], "ws.message.size"), "3");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_message_over_its_rate_leaves_its_span_to_no_other_message() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("messages").test().await?;
    let mut client = server.connect("/table/7").await?;
    assert_eq!(client.call::<u32>("rare", json!(null)).await?, 3);
    client.call::<u32>("rare", json!(null)).await.unwrap_err();
    assert_eq!(client.call::<u32>("plain", 5).await?, 5);
    assert_eq!(client.call::<u32>("awaits", json!(null)).await?, 1);
    let messages = spans.named("message");
    let names: Vec<_> = messages.iter().map(|span| field(span, "otel.name")).collect();
    assert_eq!(names, ["ws rare", "ws rare", "ws plain", "ws awaits"]);
    assert_eq!(spans.events("in plain")[0].within, Some(messages[2].id));
    assert_eq!(spans.events("in awaits")[0].within, Some(messages[3].id));
    assert!(messages.iter().all(|span| span.closed));
    Ok(())
}

/// It waits to be awaited when the peer cancels it, in the same read.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_cancelled_before_it_begins_leaves_its_span_to_no_other_message() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("messages").test().await?;
    let mut client = server.connect("/table/7").await?;
    let texts = [
        r#"{"type":"beside","id":1}"#,
        r#"{"type":"$cancel","id":1}"#,
        r#"{"type":"plain","id":2,"data":5}"#,
        r#"{"type":"awaits","id":3}"#,
    ];
    client.send_raw(texts.map(|text| frame(0x81, text.as_bytes())).concat()).await?;
    for reply in [r#""code":"cancelled""#, r#""data":5"#, r#""data":1"#] {
        let text = client.utf8().await?;
        assert!(text.contains(reply), "{text}");
    }
    let messages = spans.named("message");
    let names: Vec<_> = messages.iter().map(|span| field(span, "otel.name")).collect();
    assert_eq!(names, ["ws beside", "ws plain", "ws awaits"]);
    assert_eq!(spans.events("in plain")[0].within, Some(messages[1].id));
    assert_eq!(spans.events("in awaits")[0].within, Some(messages[2].id));
    assert!(messages.iter().all(|span| span.closed));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_replaces_another_has_a_span_of_its_own_name() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("messages").test().await?;
    let mut client = server.connect("/table/7").await?;
    server.server().connections()[0].on_binary(|_, data: &[u8]| {
        tracing::info!("instead");
        data.to_vec()
    });
    client.send_binary(&b"abc"[..]).await?;
    assert_eq!(client.binary().await?, "abc");
    let [span] = &spans.named("message")[..] else { panic!("there is one") };
    assert_eq!(field(span, "otel.name"), "ws on_binary");
    assert_eq!(spans.events("instead")[0].within, Some(span.id));
    assert!(span.closed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_blocking_handler_runs_within_the_span_of_its_message() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("messages").test().await?;
    let mut client = server.connect("/table/7").await?;
    assert!(client.call::<bool>("away", json!(null)).await?, "on its own thread, too");
    // The next message is handled once it has come back.
    client.call::<u32>("plain", 5).await?;
    let span = &spans.named("message")[0];
    assert_eq!(field(span, "otel.name"), "ws away");
    assert!(span.closed);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_sends_bytes_too_early_has_never_been_connected() -> Result {
    let (spans, _guard) = Spans::keep();
    let server = shop::server().trace("connections").test().await?;
    let mut stream = server.open();
    stream.write_all(HANDSHAKE.replacen("GET / ", "GET /table/late ", 1).as_bytes()).await?;
    // While the handler runs.
    tokio::time::sleep(Duration::from_millis(500)).await;
    stream.write_all(b"too early").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
    let [span] = &spans.named("handshake")[..] else { panic!("there is one") };
    assert_eq!(field(span, "http.response.status_code"), "400");
    assert_ne!(field(span, "error.type"), "");
    assert_eq!((spans.events("connected").len(), spans.events("disconnected").len()), (0, 0));
    Ok(())
}

/// The server that it is mounted in cannot upgrade connections.
#[tokio::test(start_paused = true)]
async fn what_no_other_server_has_upgraded_has_never_been_connected() -> Result {
    let (spans, _guard) = Spans::keep();
    let mounted = shop::server().trace("connections").mount().await?;
    let request = Request::get("/table/7")
        .header("Host", "localhost")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())?;
    assert_eq!(mounted.service().call(request).await?.status(), 500);
    mounted.shutdown();
    mounted.stopped().await;
    let [span] = &spans.named("handshake")[..] else { panic!("there is one") };
    assert_eq!(field(span, "error.type"), "not_upgraded");
    assert!(span.closed);
    assert_eq!((spans.events("connected").len(), spans.events("disconnected").len()), (0, 0));
    Ok(())
}

thread_local! {
    /// What a layer of a tracer would ask for the parent of a new span.
    static ENTERED: Cell<usize> = const { Cell::new(0) };
}

struct Attached;

impl Drop for Attached {
    fn drop(&mut self) {
        ENTERED.set(ENTERED.get() - 1);
    }
}

/// Notes how many contexts are entered where a span is made.
struct Seen(std::sync::Arc<std::sync::Mutex<Vec<usize>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Seen {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        if attributes.metadata().target() == TARGET {
            self.0.lock().unwrap().push(ENTERED.get());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_trace_of_the_client_is_entered_while_the_span_is_made() -> Result {
    use tracing_subscriber::layer::SubscriberExt;
    let seen = std::sync::Arc::<std::sync::Mutex<Vec<usize>>>::default();
    let subscriber = tracing_subscriber::registry().with(Seen(std::sync::Arc::clone(&seen)));
    let _guard = tracing::subscriber::set_default(subscriber);
    let enter = |headers: &HeaderMap| {
        assert_ne!(headers["traceparent"], "panic");
        ENTERED.set(ENTERED.get() + 1);
        Attached
    };
    let server = shop::server().trace("connections").trace_context(enter).test().await?;
    for header in [PARENT, "panic"] {
        server.connect("/table/1").header("traceparent", header).await?;
        assert_eq!(ENTERED.get(), 0, "it is left before handlers run");
    }
    assert_eq!(*seen.lock().unwrap(), [1, 0]);
    Ok(())
}
