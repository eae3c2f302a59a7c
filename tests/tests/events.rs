//! What each event gives to its handler and what it takes back: the cells of the table, one server for each kind.

use serde::Serialize;
use tokio_tungstenite::tungstenite;
use ws_runtime::Utf8Bytes;
use ws_runtime::event::{FromContext, IntoReply, Reply, WithConn, WithServer};
use ws_runtime::http::{Response, StatusCode};
use ws_runtime::prelude::*;
use ws_runtime::test::{Message, Result};
use ws_tests::Client;

/// Every kind of reply, asked for by name.
#[ws_server(listen = "127.0.0.1:0")]
mod replies {
    use super::*;

    #[derive(Serialize)]
    struct Point {
        x: i32,
    }

    pub(crate) struct Own;

    impl IntoReply for Own {
        fn into_reply<'r>(self) -> Reply<'r> {
            Reply::binary(vec![7])
        }
    }

    #[on(utf8)]
    fn reply(text: &str) -> Reply<'_> {
        match text {
            "()" => ().into_reply(),
            "borrowed" => text.into_reply(),
            "string" => text.to_owned().into_reply(),
            "static" => "fixed".into_reply(),
            "utf8bytes" => Utf8Bytes::from_static("shared").into_reply(),
            "vec" => vec![1, 2].into_reply(),
            "slice" => text.as_bytes().into_reply(),
            "bytes" => Bytes::from_static(b"bytes").into_reply(),
            "json" => Json(Point { x: 1 }).into_reply(),
            "some" => Some("some").into_reply(),
            "none" => None::<String>.into_reply(),
            "ok" => Ok::<_, String>("ok").into_reply(),
            "own" => Own.into_reply(),
            _ => Err::<(), _>("unknown").into_reply(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_reply_arrives_as_what_it_is() -> Result {
    let server = replies::server().test().await?;
    let mut client = server.connect("/").await?;
    let text = |text: &str| Message::Utf8(text.to_owned());
    let binary = |data: &'static [u8]| Message::Binary(Bytes::from_static(data));
    let rows: [(&str, Message); 11] = [
        ("borrowed", text("borrowed")),
        ("string", text("string")),
        ("static", text("fixed")),
        ("utf8bytes", text("shared")),
        ("vec", binary(&[1, 2])),
        ("slice", binary(b"slice")),
        ("bytes", binary(b"bytes")),
        ("json", text("{\"x\":1}")),
        ("some", text("some")),
        ("ok", text("ok")),
        ("own", binary(&[7])),
    ];
    for (text, reply) in rows {
        // What sends nothing goes before, so that a wrong reply of it would be seen.
        for silent in ["()", "none"] {
            client.send_utf8(silent).await?;
        }
        client.send_utf8(text).await?;
        assert_eq!(client.next().await?, reply, "{text}");
    }
    client.send_utf8("error").await?;
    assert_eq!(client.closed().await?.code, 1011);
    Ok(())
}

/// Every argument of `utf8`, `binary` and `pong`, in any order, by each of its types.
#[ws_server(listen = "127.0.0.1:0")]
mod arguments {
    use super::*;

    pub(crate) struct Length(usize);

    /// An argument of the user's own, for events of a connection.
    pub(crate) struct Seat(String);

    impl<'a, C: WithConn<'a>> FromContext<'a, C> for Seat {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Seat(context.conn().peer().to_string()))
        }
    }

    /// An argument of the user's own, for all events.
    pub(crate) struct Crowd(usize);

    impl<'a, C: WithServer<'a>> FromContext<'a, C> for Crowd {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Crowd(context.server().connections().len()))
        }
    }

    #[state]
    pub(crate) struct Greeting(pub &'static str);

    #[session]
    pub struct Visitor {
        name: String,
        messages: usize,
    }

    #[on(connect)]
    fn connect(server: Server, conn: Conn, greeting: &Greeting) -> Result<(), String> {
        assert_eq!(server.name(), "arguments");
        assert_eq!(greeting.0, "hello");
        conn.set_max_recv_size(1000).map_err(|error| error.to_string())
    }

    #[on(handshake)]
    async fn handshake(
        handshake: &Handshake,
        greeting: &Greeting,
        conn: &Conn,
    ) -> Result<Visitor, StatusCode> {
        assert!(!conn.is_ready());
        assert_eq!(conn.send_utf8("too early"), Err(ws_runtime::SendError::NotReady));
        match handshake.query_param("name") {
            Some(name) => Ok(Visitor { name: format!("{} {name}", greeting.0), messages: 0 }),
            None => Err(StatusCode::UNAUTHORIZED),
        }
    }

    #[on(ready)]
    fn ready(visitor: &Visitor, seat: Seat, crowd: Crowd, server: &Server) -> String {
        // It is listed once the arguments are made.
        assert_eq!(server.connections().len(), crowd.0 + 1);
        assert!(seat.0.starts_with("127.0.0.1:"));
        visitor.name.clone()
    }

    #[on(utf8)]
    async fn utf8(
        visitor: &mut Visitor,
        text: String,
        again: &str,
        shared: Utf8Bytes,
        conn: &Conn,
    ) -> String {
        visitor.messages += 1;
        assert_eq!(text, again);
        assert_eq!(shared.as_str(), again);
        assert!(conn.is_ready());
        format!("{} {}", visitor.messages, text)
    }

    #[on(binary)]
    fn binary<'a>(data: &'a [u8], owned: Vec<u8>, shared: Bytes, visitor: &mut Visitor) -> &'a [u8] {
        assert_eq!(data, owned);
        assert_eq!(data, shared);
        visitor.messages += Length(1).0;
        data
    }

    #[on(pong)]
    fn pong(data: &[u8], shared: Bytes, visitor: &Visitor) -> Option<String> {
        assert_eq!(data, shared);
        (data == b"count").then(|| visitor.messages.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_are_given_by_their_types() -> Result {
    let server = arguments::server().state(arguments::Greeting("hello")).test().await?;
    let mut client = server.connect("/?name=ann").peer(([127, 0, 0, 1], 50_000)).await?;
    assert_eq!(client.utf8().await?, "hello ann");
    client.send_utf8("x").await?;
    assert_eq!(client.utf8().await?, "1 x");
    client.send_binary(vec![0, 255]).await?;
    assert_eq!(client.binary().await?, vec![0, 255]);
    client.send_pong("count").await?;
    assert_eq!(client.utf8().await?, "2");
    client.send_binary(vec![0; 1001]).await?;
    assert_eq!(client.closed().await?.code, 1009, "as set in `connect`");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_refused_with_the_status_that_the_handler_returns() -> Result {
    let server = arguments::server().state(arguments::Greeting("hello")).test().await?;
    assert_eq!(server.connect("/").await.unwrap_err().status(), 401);
    Ok(())
}

/// Plain HTTP requests.
#[ws_server(listen = "127.0.0.1:0")]
mod pages {
    use super::*;

    #[on(request)]
    async fn page(request: &Request, conn: &Conn, server: &Server) -> Result<Response<String>, String> {
        assert!(conn.ip().is_none() && server.connections().is_empty());
        match request.path() {
            "/" => Ok(Response::new("front".to_owned())),
            "/teapot" => {
                let mut response = Response::new(format!("{:?}", request.query()));
                *response.status_mut() = StatusCode::IM_A_TEAPOT;
                Ok(response)
            }
            "/panic" => panic!("as asked"),
            _ => Err("a detail for the log".to_owned()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_is_answered_on_the_same_port() -> Result {
    let server = pages::server().test().await?;
    let rows = [
        ("/", 200, "front"),
        ("/teapot?milk=no", 418, "Some(\"milk=no\")"),
        ("/wrong", 500, ""),
        ("/panic", 500, ""),
    ];
    for (path, status, body) in rows {
        let answer = server.get(path).await?;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["connection"], "close", "{path}");
        let text = str::from_utf8(answer.body())?;
        assert!(text.ends_with(body) && !text.contains("a detail"), "{path}: {text}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_request_handler_the_answer_is_426() -> Result {
    let server = replies::server().test().await?;
    let answer = server.get("/").await?;
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
    Ok(())
}

/// A state that handlers change is locked for one call at a time.
#[ws_server(listen = "127.0.0.1:0")]
mod counter {
    use super::*;

    type Shared = Total;

    #[state]
    #[derive(Default)]
    struct Total(u64);

    #[on(utf8)]
    fn add(total: &mut Total) -> String {
        total.0 += 1;
        total.0.to_string()
    }

    #[on(binary)]
    fn read(total: &Shared) -> Vec<u8> {
        total.0.to_be_bytes().to_vec()
    }

    #[on(disconnect)]
    fn poison(_total: &mut Total, close: Close) {
        assert_eq!(close.code(), 1000, "a panic while the state is locked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_handlers_change_counts_right_from_many_connections() {
    let running = counter::server().bind().await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::connect(&running).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for mut client in clients {
        tasks.spawn(async move {
            for _ in 0..50 {
                client.send("").await;
                client.text().await;
            }
        });
    }
    // Each task drops its client without a close frame, so `disconnect` panics under the lock.
    tasks.join_all().await;
    let mut client = Client::connect(&running).await;
    client.send(tungstenite::Message::binary(vec![])).await;
    assert_eq!(client.next().await, tungstenite::Message::binary(400_u64.to_be_bytes().to_vec()));
}
