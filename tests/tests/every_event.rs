//! What each event gives, in every way in which it may be taken: the state by `&` and `&mut`, in a `fn` and an
//! `async fn`, the session by `&`, `&mut` and value, handles by reference and value, all in any order.

use std::fmt;
use std::fs::File;

use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_runtime::{Address, Utf8Bytes};

/// A server in which every event has a handler that takes all that the event gives, and writes down what it got.
macro_rules! takes_all {
    ($name:ident: $(($flow:ident))? state $state:ty, session $session:ty, at the end $last:ty, handle $handle:ty) => {
        #[ws_server(subprotocols = ["b", "a"])]
        mod $name {
            use super::*;

            #[state]
            pub struct Seen(pub mpsc::UnboundedSender<String>);

            impl Seen {
                fn note(&self, line: fmt::Arguments<'_>) {
                    self.0.send(line.to_string()).unwrap();
                }
            }

            #[session]
            pub struct Guest(String);

            #[on(connect)]
            $($flow)? fn connect(server: &Server, seen: $state, own_server: Server, conn: &Conn, own: Conn) {
                assert!(*conn == own && server.name() == own_server.name());
                seen.note(format_args!("connect, ready: {}", conn.is_ready()));
            }

            #[on(handshake)]
            $($flow)? fn handshake(conn: Conn, seen: $state, asked: &Handshake, server: &Server) -> Result<Guest, Reject> {
                assert!(server.connections().is_empty() && conn.peer() == &Address::Memory);
                let offered: Vec<&str> = asked.subprotocols().collect();
                let origin = asked.origin().map(|origin| origin.replace(asked.host(), "here"));
                seen.note(format_args!("handshake {} {offered:?} {origin:?} {:?}", asked.path(), asked.header("x-a")));
                asked.choose_subprotocol("a").map_err(|_| Reject::bad_request())?;
                Ok(Guest(asked.query_param("name").unwrap()))
            }

            #[on(ready)]
            $($flow)? fn ready(guest: $session, conn: &Conn, server: Server, seen: $state) {
                assert!(server.connections().contains(conn));
                seen.note(format_args!("ready {}", guest.0));
            }

            #[on(utf8)]
            $($flow)? fn utf8(server: &Server, text: &str, own: String, seen: $state, shared: Utf8Bytes, guest: $session, conn: Conn) {
                assert!(text == own && text == shared.as_str() && server.name() == conn.server().name());
                seen.note(format_args!("utf8 {text} {}", guest.0));
            }

            #[on(binary)]
            $($flow)? fn binary(conn: &Conn, guest: $session, data: &[u8], server: &Server, own: Vec<u8>, shared: Bytes, seen: $state) {
                assert!(data == own && data == shared && server.name() == conn.server().name());
                seen.note(format_args!("binary {data:?} {}", guest.0));
            }

            #[on(pong)]
            $($flow)? fn pong(seen: $state, shared: Bytes, own: Vec<u8>, data: &[u8], conn: &Conn, guest: $session, server: Server) {
                assert!(data == own && data == shared && server.name() == conn.server().name());
                seen.note(format_args!("pong {data:?} {}", guest.0));
            }

            #[on(drain)]
            $($flow)? fn drain(guest: $session, seen: $state, conn: Conn, server: &Server) {
                assert!(server.connections().contains(&conn));
                seen.note(format_args!("drain {}", guest.0));
            }

            #[on(disconnect)]
            $($flow)? fn disconnect(guest: $last, own: Close, close: &Close, conn: &Conn, server: &Server, seen: $state) {
                assert!(*close == own && server.name() == conn.server().name());
                seen.note(format_args!("disconnect {} {} by {} {}", close.code(), close.reason(), close.by(), guest.0));
            }

            #[on(request)]
            $($flow)? fn request(seen: $state, request: &Request, conn: &Conn, server: Server) -> &'static str {
                assert!(conn.peer() == &Address::Memory && server.connections().is_empty());
                seen.note(format_args!("request {} {}", request.method(), request.path()));
                "a page"
            }

            #[on(shutdown)]
            $($flow)? fn shutdown(server: &Server, own: Server, seen: $state) {
                assert!(server.is_shutting_down() && own.is_shutting_down());
                seen.note(format_args!("shutdown"));
            }

            #[tick(period = 0.001)]
            $($flow)? fn tick(seen: $state, server: &Server, own: Server) {
                assert!(server.name() == own.name());
                seen.note(format_args!("tick"));
            }

            #[watch(readable = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap())]
            $($flow)? fn watch(seen: $state, file: $handle, server: &Server) {
                server.unwatch_readable(&*file).unwrap();
                seen.note(format_args!("watch {}", file.metadata().unwrap().is_file()));
            }
        }
    };
}

takes_all!(changing: state &mut Seen, session &mut Guest, at the end &mut Guest, handle &mut File);
takes_all!(reading: state &Seen, session &Guest, at the end &Guest, handle &File);
takes_all!(waiting: (async) state &Seen, session &mut Guest, at the end Guest, handle &mut File);

/// Meets every event once, and gives what the handlers have seen: sorted, as some come by themselves.
async fn meet_every_event(
    server: TestServer,
    mut seen: mpsc::UnboundedReceiver<String>,
) -> Result<Vec<String>> {
    assert_eq!(server.get("/page").await?.body(), "a page");
    let mut client = server
        .connect("/chat?name=ann")
        .origin("http://localhost")
        .subprotocol("a")
        .subprotocol("c")
        .header("x-a", "1")
        .buffer(1_000)
        .await?;
    assert_eq!(client.subprotocol(), Some("a"));
    client.send_utf8("hello").await?;
    client.send_binary(vec![1, 2]).await?;
    client.send_pong(vec![3]).await?;
    client.stop_reading();
    let conn = server.server().connections()[0].clone();
    while conn.try_send_binary(vec![0; 10_000]).is_ok() {}
    client.start_reading();
    conn.flushed().await.unwrap();
    client.disconnect(4000, "bye").await?;
    client.closed().await?;
    server.advance(0.001).await;
    server.stop().await;
    let mut lines = Vec::new();
    while let Some(line) = seen.recv().await {
        lines.push(line);
    }
    lines.sort();
    lines.dedup_by(|one, other| one == other && one == "tick");
    Ok(lines)
}

const EVERY_EVENT: [&str; 13] = [
    "binary [1, 2] ann",
    "connect, ready: false",
    "connect, ready: false",
    "disconnect 4000 bye by the peer ann",
    "drain ann",
    "handshake /chat [\"a\", \"c\"] Some(\"http://here\") Some(\"1\")",
    "pong [3] ann",
    "ready ann",
    "request GET /page",
    "shutdown",
    "tick",
    "utf8 hello ann",
    "watch true",
];

#[tokio::test(start_paused = true)]
async fn every_event_gives_all_that_it_has_in_every_way() -> Result {
    let (changing, reading, waiting) =
        (mpsc::unbounded_channel(), mpsc::unbounded_channel(), mpsc::unbounded_channel());
    let server = changing::server().state(changing::Seen(changing.0)).test().await?;
    assert_eq!(meet_every_event(server, changing.1).await?, EVERY_EVENT, "state by `&mut`");
    let server = reading::server().state(reading::Seen(reading.0)).test().await?;
    assert_eq!(meet_every_event(server, reading.1).await?, EVERY_EVENT, "state by `&`");
    let server = waiting::server().state(waiting::Seen(waiting.0)).test().await?;
    assert_eq!(meet_every_event(server, waiting.1).await?, EVERY_EVENT, "state by `&` in an `async fn`");
    Ok(())
}
