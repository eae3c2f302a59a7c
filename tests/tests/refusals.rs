//! Arguments of the user's own: what they are made from, when, and what becomes of the event where one refuses.

use std::fs::File;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::MutexGuard;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::Utf8;
use ws_runtime::event::{FromContext, WithEvent, WithServer, WithSession};
use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_tests::Client;
use ws_tests::log::Log;

/// Which event's argument refuses.
static REFUSED: AtomicU8 = AtomicU8::new(NONE);

const NONE: u8 = 0;
const CONNECT: u8 = 1;
const HANDSHAKE: u8 = 2;
const READY: u8 = 3;
const UTF8: u8 = 4;
const BINARY: u8 = 5;
const PONG: u8 = 6;
const DISCONNECT: u8 = 7;
const REQUEST: u8 = 8;
const SHUTDOWN: u8 = 9;
const TICK: u8 = 10;
const WATCH: u8 = 11;

/// The argument of an event, by its number.
struct Gate<const EVENT: u8>;

impl<'a, C: WithServer<'a>, const EVENT: u8> FromContext<'a, C> for Gate<EVENT> {
    fn from_context(_: &mut C) -> Result<Self, Reject> {
        if REFUSED.load(Ordering::SeqCst) == EVENT {
            return Err((StatusCode::IM_A_TEAPOT, "not today").into());
        }
        Ok(Self)
    }
}

/// A server in which every event has a handler that takes a gate, and writes down that it has run.
macro_rules! gated {
    ($name:ident: $($flow:ident)?) => {
        #[ws_server(listen = "127.0.0.1:0")]
        mod $name {
            use super::*;

            #[state]
            #[derive(Default)]
            pub struct Ran(pub Arc<Mutex<Vec<&'static str>>>);

            impl Ran {
                fn note(&self, handler: &'static str) {
                    self.0.lock().unwrap().push(handler);
                }
            }

            #[on(connect)]
            $($flow)? fn connect(ran: &Ran, _: Gate<CONNECT>) {
                ran.note("connect");
            }

            #[on(handshake)]
            $($flow)? fn handshake(ran: &Ran, _: Gate<HANDSHAKE>) {
                ran.note("handshake");
            }

            #[on(ready)]
            $($flow)? fn ready(ran: &Ran, _: Gate<READY>) {
                ran.note("ready");
            }

            #[on(utf8)]
            $($flow)? fn utf8<'a>(text: &'a str, ran: &'a Ran, _: Gate<UTF8>) -> &'a str {
                ran.note("utf8");
                text
            }

            #[on(binary)]
            $($flow)? fn binary(ran: &Ran, _: Gate<BINARY>) {
                ran.note("binary");
            }

            #[on(pong)]
            $($flow)? fn pong(ran: &Ran, _: Gate<PONG>) {
                ran.note("pong");
            }

            #[on(disconnect)]
            $($flow)? fn disconnect(ran: &Ran, _: Gate<DISCONNECT>) {
                ran.note("disconnect");
            }

            #[on(request)]
            $($flow)? fn request(ran: &Ran, _: Gate<REQUEST>) -> &'static str {
                ran.note("request");
                "a page"
            }

            #[on(shutdown)]
            $($flow)? fn shutdown(ran: &Ran, _: Gate<SHUTDOWN>) {
                ran.note("shutdown");
            }

            #[tick(period = 0.005)]
            $($flow)? fn tick(ran: &Ran, _: Gate<TICK>) {
                ran.note("tick");
            }

            #[watch(readable = File::open("/dev/zero").unwrap())]
            $($flow)? fn watch(ran: &Ran, _: Gate<WATCH>) -> Result<(), &'static str> {
                ran.note("watch");
                Err("so that it rests")
            }
        }
    };
}

gated!(plain:);
gated!(awaited: async);

/// Has all events of a connection happen; tells what the peer saw of the plain request and of the connection.
async fn visit(server: &TestServer) -> [String; 2] {
    let page = match server.get("/").await {
        Ok(page) => page.status().as_u16(),
        Err(refusal) => refusal.status(),
    };
    let talked = match server.connect("/").await {
        Ok(client) => talk(client).await,
        Err(refusal) => format!("{} {}", refusal.status(), refusal.text()),
    };
    [page.to_string(), talked]
}

async fn talk(mut client: TestClient) -> String {
    // Whichever of them the server has closed the connection before.
    let _ = client.send_pong("?").await;
    let _ = client.send_binary("?").await;
    let _ = client.send_utf8("echo").await;
    match client.utf8().await {
        Ok(text) => text,
        Err(error) => {
            let close = error.closed().unwrap();
            format!("{} {}", close.code, close.reason)
        }
    }
}

/// The log of the process, for one test at a time: others may be heard in it, but they do not take it away.
async fn lock_log() -> MutexGuard<'static, Log> {
    static LOG: LazyLock<tokio::sync::Mutex<Log>> = LazyLock::new(|| {
        let log = Log::default();
        tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).init();
        tokio::sync::Mutex::new(log)
    });
    LOG.lock().await
}

#[tokio::test(start_paused = true)]
async fn where_an_argument_refuses_the_handler_is_not_run_and_the_event_tells_what_becomes_of_it() -> Result {
    let log = lock_log().await;
    let page = "200";
    let rows: [(u8, &'static str, [&str; 2]); 12] = [
        (NONE, "", [page, "echo"]),
        (CONNECT, "connect", ["0", "0 "]),
        (HANDSHAKE, "handshake", [page, "418 not today"]),
        (READY, "ready", [page, "4418 not today"]),
        (UTF8, "utf8", [page, "1008 not today"]),
        (BINARY, "binary", [page, "1008 not today"]),
        (PONG, "pong", [page, "echo"]),
        (DISCONNECT, "disconnect", [page, "echo"]),
        (REQUEST, "request", ["418", "echo"]),
        (SHUTDOWN, "shutdown", [page, "echo"]),
        (TICK, "tick", [page, "echo"]),
        (WATCH, "watch", [page, "echo"]),
    ];
    for is_plain in [true, false] {
        for (refused, handler, expected) in rows {
            REFUSED.store(refused, Ordering::SeqCst);
            let _ = log.take();
            let ran: Arc<Mutex<Vec<&str>>> = Arc::default();
            let server = if is_plain {
                plain::server().state(plain::Ran(Arc::clone(&ran))).test().await?
            } else {
                awaited::server().state(awaited::Ran(Arc::clone(&ran))).test().await?
            };
            assert_eq!(visit(&server).await, expected, "{handler}, plain: {is_plain}");
            server.advance(0.02).await;
            server.stop().await;

            let ran = ran.lock().unwrap();
            assert!(!ran.contains(&handler), "{handler}: {ran:?}");
            if [NONE, PONG, DISCONNECT, SHUTDOWN, TICK, WATCH].contains(&refused) {
                let all =
                    ["connect", "handshake", "ready", "utf8", "binary", "pong", "disconnect", "request"];
                for other in
                    all.into_iter().chain(["shutdown", "tick", "watch"]).filter(|other| *other != handler)
                {
                    assert!(ran.contains(&other), "{other} beside {handler}: {ran:?}");
                }
            }
            // What is an answer by HTTP is logged with the answer.
            if ![NONE, HANDSHAKE, REQUEST].contains(&refused) {
                let log = log.take();
                let line = log.lines().find(|line| line.contains(&format!("handler=\"{handler}\"")));
                let line = line.unwrap_or_else(|| panic!("{handler} is not in {log}"));
                assert!(line.contains("handler not run") && line.contains("not today"), "{line}");
            }
        }
    }
    Ok(())
}

/// Arguments that see the message, or the session.
#[ws_server(listen = "127.0.0.1:0")]
mod game {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
        moves: u32,
    }

    #[derive(Deserialize)]
    struct Move {
        cell: u8,
    }

    impl<'a, C: WithEvent<'a, Utf8<'a>>> FromContext<'a, C> for Move {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let text = context.event().as_str();
            serde_json::from_str(text).map_err(|error| Reject::bad_request().text(error.to_string()))
        }
    }

    /// The peer's name, once it has told it.
    struct Name(String);

    impl<'a, C: WithSession<Guest>> FromContext<'a, C> for Name {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let guest = context.session().ok_or_else(Reject::internal_server_error)?;
            if guest.name.is_empty() { Err(Reject::unauthorized()) } else { Ok(Self(guest.name.clone())) }
        }
    }

    /// Refuses with what cannot be a refusal.
    struct Mistaken;

    impl<'a, C> FromContext<'a, C> for Mistaken {
        fn from_context(_: &mut C) -> Result<Self, Reject> {
            Err(Reject::new(StatusCode::OK))
        }
    }

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Guest {
        Guest { name: handshake.query_param("name").unwrap_or_default().to_string(), moves: 0 }
    }

    // The session comes first, and is lent last all the same.
    #[on(utf8)]
    fn play(guest: &mut Guest, Name(name): Name, Move { cell }: Move) -> String {
        guest.moves += 1;
        format!("move {} of {name}: {cell}", guest.moves)
    }

    #[on(binary)]
    fn mistaken(_: Mistaken) {}
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_the_users_own_sees_the_message_and_the_session() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/?name=ann").await?;
    for (message, reply) in [("{\"cell\":4}", "move 1 of ann: 4"), ("{\"cell\":0}", "move 2 of ann: 0")] {
        ann.send_utf8(message).await?;
        assert_eq!(ann.utf8().await?, reply);
    }
    let mut bob = server.connect("/?name=bob").await?;
    bob.send_utf8("{\"cell\":256}").await?;
    let frame = bob.closed().await?;
    assert_eq!(frame.code, 1008);
    assert!(frame.reason.starts_with("invalid value: integer `256`, expected u8"), "{}", frame.reason);

    let mut nobody = server.connect("/").await?;
    nobody.send_utf8("{\"cell\":4}").await?;
    let frame = nobody.closed().await?;
    assert_eq!((frame.code, frame.reason.as_str()), (1008, "401 Unauthorized"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_reason_of_a_refusal_is_cut_to_what_a_close_frame_holds() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/?name=ann").await?;
    ann.send_utf8(format!("{{\"cell\":\"x{}\"}}", "ü".repeat(100))).await?;
    let frame = ann.closed().await?;
    assert_eq!(frame.code, 1008);
    assert!((120..=123).contains(&frame.reason.len()) && frame.reason.ends_with('ü'), "{}", frame.reason);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_none_is_a_failure_of_the_program() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/?name=ann").await?;
    ann.send_binary("").await?;
    let frame = ann.closed().await?;
    assert_eq!((frame.code, frame.reason.as_str()), (1011, ""));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_was_set_at_run_time_is_logged_by_the_method_that_set_it() -> Result {
    let log = lock_log().await;
    for (which, name) in
        [("ready", "on_ready"), ("utf8", "on_utf8"), ("binary", "on_binary"), ("pong", "on_pong")]
    {
        let server = game::server().test().await?;
        server.server().on_connect(move |conn| match which {
            "ready" => conn.on_ready(|_| Err::<(), _>("as asked")),
            "utf8" => conn.on_utf8(|_, _| Err::<(), _>("as asked")),
            "binary" => conn.on_binary(|_, _| Err::<(), _>("as asked")),
            _ => conn.on_pong(|_, _| Err::<(), _>("as asked")),
        });
        let mut client = server.connect("/").await?;
        match which {
            "ready" => {}
            "utf8" => client.send_utf8("").await?,
            "binary" => client.send_binary("").await?,
            _ => client.send_pong("").await?,
        }
        assert_eq!(client.closed().await?.code, 1011);
        let log = log.take();
        assert!(log.contains(&format!("handler=\"{name}\"")) && log.contains("as asked"), "{name}: {log}");
    }
    Ok(())
}

/// What an argument waits for.
static NEWS: Mutex<Option<mpsc::Receiver<()>>> = Mutex::new(None);

/// A state that handlers change, and an argument that needs somebody else to change it.
#[ws_server(listen = "127.0.0.1:0")]
mod ledger {
    use super::*;

    #[state]
    pub struct Ledger(pub mpsc::Sender<()>);

    struct News;

    impl<'a, C> FromContext<'a, C> for News {
        fn from_context(_: &mut C) -> Result<Self, Reject> {
            let news = NEWS.lock().unwrap().take().unwrap();
            // Leaves the thread's other tasks to another.
            let news = tokio::task::block_in_place(|| news.recv_timeout(Duration::from_secs(5)));
            news.map(|()| Self).map_err(|_| Reject::service_unavailable())
        }
    }

    #[on(utf8)]
    fn read(_ledger: &mut Ledger, _: News) -> &'static str {
        "there is news"
    }

    #[on(binary)]
    fn write(ledger: &mut Ledger) {
        ledger.0.send(()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_locked_after_all_other_arguments_are_made() {
    let (sender, receiver) = mpsc::channel();
    *NEWS.lock().unwrap() = Some(receiver);
    let running = ledger::server().state(ledger::Ledger(sender)).bind().await.unwrap();
    let (mut reader, mut writer) = (Client::connect(&running).await, Client::connect(&running).await);
    reader.send("?").await;
    while NEWS.lock().unwrap().is_some() {
        sleep(Duration::from_millis(1)).await;
    }
    writer.send(Message::binary("!")).await;
    let reply = timeout(Duration::from_secs(20), reader.text()).await;
    assert_eq!(reply.unwrap(), "there is news");
}
