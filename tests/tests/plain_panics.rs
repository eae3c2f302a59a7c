//! Plain handlers that panic: they run when they are called, not when they are awaited, and are caught all the same.

use std::sync::{Arc, Mutex};

use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

/// Plain handlers of every event; the one that the state names panics.
#[ws_server]
mod panicking {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Asked(pub Arc<Mutex<(&'static str, usize)>>);

    impl Asked {
        fn come_to(&self, event: &str) {
            let mut asked = self.0.lock().unwrap();
            if asked.0 == event {
                asked.1 += 1;
                drop(asked);
                panic!("as asked");
            }
        }
    }

    #[on(connect)]
    fn connect(asked: &Asked) {
        asked.come_to("connect");
    }

    #[on(handshake)]
    fn handshake(asked: &Asked) {
        asked.come_to("handshake");
    }

    #[on(ready)]
    fn ready(asked: &Asked) {
        asked.come_to("ready");
    }

    #[on(utf8)]
    fn utf8<'a>(text: &'a str, asked: &Asked) -> &'a str {
        asked.come_to("utf8");
        text
    }

    #[on(binary)]
    fn binary(asked: &Asked) {
        asked.come_to("binary");
    }

    #[on(pong)]
    fn pong(asked: &Asked) {
        asked.come_to("pong");
    }

    #[on(disconnect)]
    fn disconnect(asked: &Asked) {
        asked.come_to("disconnect");
    }

    #[on(request)]
    fn request(asked: &Asked) -> &'static str {
        asked.come_to("request");
        "a page"
    }

    #[on(shutdown)]
    fn shutdown(asked: &Asked) {
        asked.come_to("shutdown");
    }

    #[tick(period = 0.001)]
    fn tick(asked: &Asked) {
        asked.come_to("tick");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_handler_that_panics_ends_at_most_its_own_connection() -> Result {
    let asked = panicking::Asked::default();
    let panics = asked.0.clone();
    let server = panicking::server().state(asked).test().await?;
    let mut bystander = server.connect("/").await?;
    let rows = [
        ("connect", "0"),
        ("handshake", "500"),
        ("ready", "1011"),
        ("utf8", "1011"),
        ("binary", "1011"),
        ("pong", "1011"),
        ("disconnect", "hello"),
        ("request", "hello"),
        ("tick", "hello"),
        ("shutdown", "hello"),
    ];
    for (event, end) in rows {
        *panics.lock().unwrap() = (event, 0);
        assert_eq!(meet_a_panic(&server, event).await?, end, "{event}");
        if event == "request" {
            assert_eq!(server.get("/").await?.status(), 500);
        }
        if event == "shutdown" {
            server.server().shutdown();
        }
        // It has happened, and a tick comes again.
        server.advance(if event == "tick" { 0.002 } else { 0.0 }).await;
        assert_eq!(panics.lock().unwrap().1, if event == "tick" { 2 } else { 1 }, "{event}");
        panics.lock().unwrap().0 = "nothing";
        if event != "shutdown" {
            bystander.send_utf8("still here").await?;
            assert_eq!(bystander.utf8().await?, "still here", "{event}");
        }
    }
    assert_eq!(bystander.closed().await?.code, 1001);
    server.stop().await;
    Ok(())
}

/// Sends one message of each kind, and tells what came: the echo, the code that ended the connection, or the refusal.
async fn meet_a_panic(server: &TestServer, event: &str) -> Result<String> {
    let mut client = match server.connect("/").await {
        Ok(client) => client,
        Err(refusal) => return Ok(refusal.status().to_string()),
    };
    if event == "ready" {
        return Ok(client.closed().await?.code.to_string());
    }
    // Whichever of them the server has closed the connection before.
    let _ = client.send_binary(vec![1]).await;
    let _ = client.send_pong(vec![2]).await;
    let _ = client.send_utf8("hello").await;
    match client.utf8().await {
        Ok(text) => Ok(text),
        Err(error) => Ok(error.closed().ok_or("it is closed")?.code.to_string()),
    }
}
