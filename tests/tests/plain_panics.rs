//! Plain handlers that panic: they run when they are called, not when they are awaited, and are caught all the same.

use std::sync::{Arc, Mutex};

use tokio_tungstenite::tungstenite::{self, Message};
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_tests::{Client, get, open};

/// Plain handlers of every event; the one that the state names panics.
#[ws_server(listen = "127.0.0.1:0")]
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

#[tokio::test]
async fn a_plain_handler_that_panics_ends_at_most_its_own_connection() {
    let asked = panicking::Asked::default();
    let panics = asked.0.clone();
    let running = panicking::server().state(asked).bind().await.unwrap();
    let mut bystander = Client::connect(&running).await;
    let rows = [
        ("connect", "refused"),
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
        assert_eq!(meet_a_panic(&running, event).await, end, "{event}");
        if event == "request" {
            assert!(get(&running, "/").await.starts_with("HTTP/1.1 500 "));
        }
        if event == "shutdown" {
            running.shutdown();
        }
        // It has happened, and a tick comes again.
        while panics.lock().unwrap().1 < if event == "tick" { 2 } else { 1 } {
            tokio::task::yield_now().await;
        }
        panics.lock().unwrap().0 = "nothing";
        if event != "shutdown" {
            bystander.send("still here").await;
            assert_eq!(bystander.text().await, "still here", "{event}");
        }
    }
    assert_eq!(u16::from(bystander.closed().await.code), 1001);
    running.stopped().await;
}

/// Sends one message of each kind, and tells what came: the echo, the code that ended the connection, or the refusal.
async fn meet_a_panic(running: &Running, event: &str) -> String {
    let mut client = match open(running, "/").await {
        Ok(client) => client,
        Err(tungstenite::Error::Http(response)) => return response.status().as_u16().to_string(),
        Err(_) => return "refused".to_owned(),
    };
    if event == "ready" {
        return u16::from(client.closed().await.code).to_string();
    }
    for message in [Message::binary(vec![1]), Message::Pong(vec![2].into()), Message::text("hello")] {
        client.send(message).await;
    }
    match client.next().await {
        Message::Text(text) => text.to_string(),
        Message::Close(Some(frame)) => u16::from(frame.code).to_string(),
        other => panic!("{other}"),
    }
}
