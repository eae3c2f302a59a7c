//! Questions that the server asks: answered, refused, late, twice, never.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{AskError, Asking, SendError};

#[ws_server]
mod asking {
    use super::*;

    #[state]
    pub struct Ends {
        pub ends: mpsc::UnboundedSender<Result<Answer, AskError>>,
        pub conns: mpsc::UnboundedSender<Conn>,
        pub gate: Arc<Semaphore>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    pub struct Answer {
        pub yes: bool,
    }

    #[push(answer = Answer)]
    #[derive(Serialize)]
    pub struct Confirm<'a> {
        pub text: &'a str,
    }

    #[on(ready)]
    fn tell(conn: &Conn, ends: &Ends) {
        let _ = ends.conns.send(conn.clone());
    }

    /// Waits for an answer of its own connection.
    #[on("ask")]
    async fn ask(conn: &Conn, ends: &Ends) {
        let _ = ends.ends.send(conn.ask(Confirm { text: "sure?" }).await);
    }

    #[on("hurry")]
    async fn hurry(conn: &Conn, ends: &Ends) {
        let _ = ends.ends.send(conn.ask(&Confirm { text: "now?" }).within(0.02).await);
    }

    #[on("count")]
    fn count(server: &Server) -> usize {
        server.connections().len()
    }

    /// Waits at the gate, so that what is received meanwhile waits in the inbox.
    #[on("gate")]
    async fn gate(ends: &Ends) {
        let _ = ends.gate.acquire().await.map(|permit| permit.forget());
    }
}

struct Setup {
    server: TestServer,
    ends: mpsc::UnboundedReceiver<Result<asking::Answer, AskError>>,
    conns: mpsc::UnboundedReceiver<Conn>,
    gate: Arc<Semaphore>,
}

async fn start() -> Result<Setup> {
    let (ends_sender, ends) = mpsc::unbounded_channel();
    let (conns_sender, conns) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let state = asking::Ends { ends: ends_sender, conns: conns_sender, gate: Arc::clone(&gate) };
    let server = asking::server().state(state).test().await?;
    Ok(Setup { server, ends, conns, gate })
}

/// The number of the question that arrives.
async fn question(client: &mut TestClient) -> Result<u64> {
    Ok(client.question::<Value>("confirm").await?.0)
}

fn ask(conn: &Conn) -> Asking<asking::Answer> {
    conn.ask(asking::Confirm { text: "?" })
}

#[tokio::test(start_paused = true)]
async fn a_handler_waits_for_an_answer_of_its_own_connection() -> Result {
    let Setup { server, mut ends, .. } = start().await?;
    let mut client = server.connect("/").await?;
    for (number, form) in [
        (1, r#"{"type":"confirm","ask":1,"data":{"yes":true}}"#),
        (2, r#"{"data":{"yes":true},"ask":2,"type":"confirm"}"#),
        (3, r#"{"type":"confirm","data":{"yes":true},"ask":3}"#),
        (4, r#"{"type":"any name","data":{"yes":true},"more":[],"ask":4,"id":1}"#),
    ] {
        client.send_utf8(r#"{"type":"ask"}"#).await?;
        assert_eq!(
            client.utf8().await?,
            format!(r#"{{"type":"confirm","ask":{number},"data":{{"text":"sure?"}}}}"#)
        );
        client.send_utf8(form).await?;
        assert_eq!(ends.recv().await.unwrap(), Ok(asking::Answer { yes: true }), "{form}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_is_no_right_answer_is_an_error_of_the_one_who_asked() -> Result {
    let Setup { server, mut ends, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let refused =
        |code: &str, message: &str| AskError::Refused { code: code.into(), message: message.into() };
    let bad = |error: &str| AskError::BadAnswer { error: error.into() };
    for (part, wanted) in [
        (r#""error":{"code":"busy","message":"not now"}"#, refused("busy", "not now")),
        (r#""error":"no""#, refused("", "")),
        (r#""data":{"yes":true},"error":{"code":"both"}"#, refused("both", "")),
        (r#""data":{"yes":7}"#, bad("invalid type: integer `7`, expected a boolean at line 1 column 8")),
        (r#""more":1"#, bad("invalid type: null, expected struct Answer at line 1 column 4")),
    ] {
        client.send_utf8(r#"{"type":"ask"}"#).await?;
        let number = question(&mut client).await?;
        client.send_utf8(format!(r#"{{"type":"confirm","ask":{number},{part}}}"#)).await?;
        assert_eq!(ends.recv().await.unwrap(), Err(wanted), "{part}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_or_twice_is_ignored() -> Result {
    let Setup { server, mut ends, .. } = start().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"hurry"}"#).await?;
    let late = question(&mut client).await?;
    assert!(
        matches!(ends.recv().await.unwrap(), Err(AskError::Timeout { after }) if after.as_millis() == 20)
    );
    client.send_utf8(format!(r#"{{"type":"confirm","ask":{late},"data":{{"yes":true}}}}"#)).await?;

    client.send_utf8(r#"{"type":"ask"}"#).await?;
    let number = question(&mut client).await?;
    for yes in [false, true, true] {
        client.send_utf8(format!(r#"{{"type":"confirm","ask":{number},"data":{{"yes":{yes}}}}}"#)).await?;
    }
    assert_eq!(ends.recv().await.unwrap(), Ok(asking::Answer { yes: false }), "the first one counts");
    client.expect_nothing().await?;
    assert!(ends.try_recv().is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_what_was_never_asked_is_a_mistake() -> Result {
    let Setup { server, mut conns, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let mut refused = async |ask: &str| -> Result {
        for form in [
            format!(r#"{{"type":"count","id":5,"ask":{ask},"data":null}}"#),
            format!(r#"{{"type":"count","id":5,"data":null,"ask":{ask}}}"#),
        ] {
            client.send_utf8(form.as_str()).await?;
            let reply: Value = serde_json::from_str(&client.utf8().await?).unwrap();
            let error = json!({"code": "bad_request", "message": "the value of `ask` is not the number of a question that was asked"});
            assert_eq!(reply, json!({"type": "count", "id": 5, "error": error}), "{form}");
        }
        Ok(())
    };
    for ask in ["1", "0", "-1", "1.0", "null", "\"1\"", "[]", "18446744073709551616"] {
        refused(ask).await?;
    }
    let conn = conns.recv().await.unwrap();
    let open = ask(&conn);
    assert_eq!(question(&mut client).await?, 1);
    let mut refused = async |ask: u64| -> Result {
        client.send_utf8(format!(r#"{{"type":"count","id":5,"data":null,"ask":{ask}}}"#)).await?;
        assert!(client.utf8().await?.contains("not the number of a question"));
        Ok(())
    };
    refused(0).await?;
    refused(2).await?;
    client.send_utf8(r#"{"type":"confirm","ask":1,"data":{"yes":true}}"#).await?;
    assert_eq!(open.await, Ok(asking::Answer { yes: true }));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn so_many_questions_are_open_at_most() -> Result {
    let Setup { server, mut conns, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    let mut open: Vec<_> = (0..64).map(|_| ask(&conn)).collect();
    assert_eq!(ask(&conn).await, Err(AskError::TooMany));
    drop(open.pop());
    let last = ask(&conn);
    assert_eq!(ask(&conn).await, Err(AskError::TooMany), "a question that is given up makes room for one");
    for number in 1..=65 {
        assert_eq!(question(&mut client).await?, number, "one that is refused is not sent");
    }
    // The last one is answered first.
    client.send_utf8(r#"{"type":"confirm","ask":65,"data":{"yes":true}}"#).await?;
    assert_eq!(last.await, Ok(asking::Answer { yes: true }));
    client.send_utf8(r#"{"type":"confirm","ask":1,"data":{"yes":false}}"#).await?;
    assert_eq!(open.swap_remove(0).await, Ok(asking::Answer { yes: false }));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_ends_its_questions() -> Result {
    let Setup { server, mut ends, mut conns, .. } = start().await?;

    // The peer goes while a handler waits.
    let mut client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    client.send_utf8(r#"{"type":"ask"}"#).await?;
    question(&mut client).await?;
    let outside = ask(&conn);
    client.disconnect(1005, "").await?;
    assert_eq!(ends.recv().await.unwrap(), Err(AskError::Gone));
    assert_eq!(outside.await, Err(AskError::Gone));

    // Without a Close frame.
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"ask"}"#).await?;
    question(&mut client).await?;
    drop(client);
    assert_eq!(ends.recv().await.unwrap(), Err(AskError::Gone));
    drop(conns.recv().await);

    // The server closes.
    let client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    let outside = ask(&conn);
    conn.disconnect(1000, "").unwrap();
    assert_eq!(outside.await, Err(AskError::Gone));
    assert_eq!(ask(&conn).await, Err(AskError::Gone));
    drop(client);
    Ok(())
}

/// Nothing is read any more, so no answer can come.
#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_questions_that_handlers_wait_for() -> Result {
    let Setup { server, mut ends, mut conns, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    client.send_utf8(r#"{"type":"ask","id":1}"#).await?;
    question(&mut client).await?;
    client.send_utf8(r#"{"type":"ask","id":2}"#).await?;
    client.send_utf8(r#"{"type":"count","id":3}"#).await?;
    let outside = ask(&conn);
    question(&mut client).await?;
    let before = tokio::time::Instant::now();
    server.server().shutdown();
    assert_eq!(client.utf8().await?, r#"{"type":"ask","id":1,"data":null}"#);
    assert_eq!(client.utf8().await?, r#"{"type":"ask","id":2,"data":null}"#, "it cannot ask at all");
    assert_eq!(client.utf8().await?, r#"{"type":"count","id":3,"data":1}"#);
    assert_eq!(client.closed().await?.code, 1001);
    for _ in 0..2 {
        assert_eq!(ends.recv().await.unwrap(), Err(AskError::Gone));
    }
    assert_eq!(outside.await, Err(AskError::Gone));
    assert_eq!(before.elapsed().as_secs(), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_overtakes_what_waits_in_the_inbox() -> Result {
    let Setup { server, mut conns, gate, .. } = start().await?;
    let mut client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    client.send_utf8(r#"{"type":"gate","id":1}"#).await?;
    client.send_utf8(r#"{"type":"count","id":2}"#).await?;
    let open = ask(&conn);
    let number = question(&mut client).await?;
    client.send_utf8(format!(r#"{{"type":"confirm","ask":{number},"data":{{"yes":true}}}}"#)).await?;
    assert_eq!(open.await, Ok(asking::Answer { yes: true }), "although a handler runs and a message waits");
    gate.add_permits(1);
    assert_eq!(client.utf8().await?, r#"{"type":"gate","id":1,"data":null}"#);
    assert_eq!(client.utf8().await?, r#"{"type":"count","id":2,"data":1}"#);
    Ok(())
}

#[ws_server]
mod plain {
    use super::*;

    #[state]
    pub struct Ends(pub mpsc::UnboundedSender<AskError>);

    #[on(connect)]
    async fn early(conn: &Conn, ends: &Ends) {
        let _ = ends.0.send(ask(conn).await.unwrap_err());
    }

    #[on(ready)]
    async fn late(conn: &Conn, ends: &Ends) {
        let _ = ends.0.send(ask(conn).await.unwrap_err());
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_who_does_not_speak_the_envelope() -> Result {
    let (sender, mut ends) = mpsc::unbounded_channel();
    let server = plain::server().state(plain::Ends(sender)).test().await?;
    let _client = server.connect("/").await?;
    assert_eq!(ends.recv().await.unwrap(), AskError::Send(SendError::NotReady));
    assert_eq!(ends.recv().await.unwrap(), AskError::Send(SendError::NoEnvelope));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_waited_for_thirty_seconds() -> Result {
    let Setup { server, mut conns, .. } = start().await?;
    let _client = server.connect("/").await?;
    let conn = conns.recv().await.unwrap();
    let before = tokio::time::Instant::now();
    assert!(matches!(ask(&conn).await, Err(AskError::Timeout { .. })));
    assert_eq!(before.elapsed().as_secs(), 30);
    for (seconds, waited) in [(-1.0, 0), (f64::NAN, 0), (5.0, 5)] {
        let before = tokio::time::Instant::now();
        assert!(ask(&conn).within(seconds).await.is_err());
        assert_eq!(before.elapsed().as_secs(), waited);
    }
    Ok(())
}
