//! What the server sends on its own: pushes, to one connection, to all, or as the reply of `ready`.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::ser::Error;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_runtime::{Message, SendError};

/// Counts how often it is serialised.
static SERIALISED: AtomicUsize = AtomicUsize::new(0);

#[ws_server]
mod chat {
    use super::*;

    #[push]
    #[derive(Serialize)]
    pub struct Welcome {
        pub visitors: usize,
    }

    #[push("said")]
    #[derive(Serialize)]
    pub struct HasSaid<'a> {
        pub text: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    pub struct Got<'a, T: Copy, const N: usize = 2>
    where
        T: Default,
    {
        pub values: &'a [T],
    }

    #[push]
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum r#Move {
        Up,
        To { cell: u8 },
    }

    #[push]
    #[derive(Serialize)]
    pub struct Unit;

    #[push]
    pub struct Counted;

    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            SERIALISED.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_u8(1)
        }
    }

    #[push]
    pub struct Broken;

    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no wish to"))
        }
    }

    #[on(ready)]
    fn hello(server: &Server) -> Welcome {
        Welcome { visitors: server.connections().len() }
    }

    #[on("all")]
    fn all(Json(text): Json<String>, conn: &Conn) -> Result<(), SendError> {
        conn.send(HasSaid { text: &text })?;
        let said = HasSaid { text: "by reference" };
        conn.send(&said)?;
        conn.send(said)?;
        conn.send(Got::<_, 5> { values: &[1u8, 2] })?;
        conn.send(Move::Up)?;
        conn.send(&Move::To { cell: 4 })?;
        conn.send(Unit)?;
        conn.send(Message::Utf8("plain".into()))?;
        assert!(matches!(conn.send(Broken), Err(SendError::NotJson { error }) if error == "no wish to"));
        Ok(())
    }

    #[on("announce")]
    fn announce(server: &Server) -> (usize, usize) {
        (server.broadcast(Counted), server.broadcast(&Broken))
    }
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_push_is_sent_with_its_name() -> Result {
    let server = chat::server().test().await?;
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, r#"{"type":"welcome","data":{"visitors":1}}"#, "the reply of `ready`");
    client.send_utf8(r#"{"type":"all","id":1,"data":"a\nb"}"#).await?;
    for wanted in [
        r#"{"type":"said","data":{"text":"a\nb"}}"#,
        r#"{"type":"said","data":{"text":"by reference"}}"#,
        r#"{"type":"said","data":{"text":"by reference"}}"#,
        r#"{"type":"got","data":{"values":[1,2]}}"#,
        r#"{"type":"move","data":"up"}"#,
        r#"{"type":"move","data":{"to":{"cell":4}}}"#,
        r#"{"type":"unit","data":null}"#,
        "plain",
        r#"{"type":"all","id":1,"data":null}"#,
    ] {
        assert_eq!(client.utf8().await?, wanted);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_serialised_once() -> Result {
    let server = chat::server().test().await?;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect("/").await?;
        client.utf8().await?;
        clients.push(client);
    }
    clients[0].send_utf8(r#"{"type":"announce","id":1}"#).await?;
    for client in &mut clients {
        assert_eq!(client.utf8().await?, r#"{"type":"counted","data":1}"#);
    }
    assert_eq!(clients[0].utf8().await?, r#"{"type":"announce","id":1,"data":[3,0]}"#);
    assert_eq!(SERIALISED.load(Ordering::Relaxed), 1);
    Ok(())
}

#[ws_server]
mod plain {
    use super::*;

    #[state]
    pub struct Results(pub mpsc::UnboundedSender<Result<(), SendError>>);

    #[on(utf8)]
    fn text(conn: &Conn, server: &Server, results: &Results) -> String {
        let _ = results.0.send(conn.send(chat::Unit));
        server.broadcast(chat::Unit).to_string()
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_speak_the_envelope_gets_no_push() -> Result {
    let (results, mut sent) = mpsc::unbounded_channel();
    let server = plain::server().state(plain::Results(results)).test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"unit"}"#).await?;
    assert_eq!(client.utf8().await?, "0");
    assert_eq!(sent.recv().await, Some(Err(SendError::NoEnvelope)));
    Ok(())
}

#[ws_server(envelope(type = "event", data = "payload"))]
mod renamed {
    use super::*;

    #[push("sa\"id")]
    #[derive(Serialize)]
    pub struct Said {
        pub text: String,
    }

    #[on(connect)]
    fn early(conn: &Conn) {
        assert_eq!(conn.send(Said { text: String::new() }), Err(SendError::NotReady));
    }

    #[on(ready)]
    fn hello(conn: &Conn) -> Result<Option<Said>, SendError> {
        conn.send(Said { text: "first".to_owned() })?;
        Ok(Some(Said { text: "second".to_owned() }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_has_the_keys_of_its_server() -> Result {
    let server = renamed::server().test().await?;
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, r#"{"event":"sa\"id","payload":{"text":"first"}}"#);
    assert_eq!(client.utf8().await?, r#"{"event":"sa\"id","payload":{"text":"second"}}"#);
    // A push alone makes the server speak the envelope.
    client.send_utf8(r#"{"event":"say"}"#).await?;
    assert!(client.utf8().await?.contains(r#""code":"not_found""#));
    Ok(())
}
