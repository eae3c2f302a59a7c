//! What comes before what on one connection, whoever sends and from wherever.

use std::thread;
use std::time::Duration;

use ws_runtime::prelude::*;
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod ordered {
    use super::*;

    #[on(utf8)]
    fn act(text: &str, conn: &Conn) -> Result<Option<&'static str>, &'static str> {
        let elsewhere = |act: fn(&Conn)| {
            let conn = conn.clone();
            thread::spawn(move || act(&conn)).join().unwrap();
        };
        match text {
            "twice" => {
                conn.disconnect(4000, "first").unwrap();
                conn.disconnect(4001, "second").unwrap();
                Ok(None)
            }
            "fail" => {
                conn.disconnect(4002, "before it failed").unwrap();
                Err("on purpose")
            }
            "thread sends" => {
                conn.send_utf8("1").unwrap();
                elsewhere(|conn| conn.send_utf8("2").unwrap());
                conn.send_utf8("3").unwrap();
                elsewhere(|conn| conn.send_utf8("4").unwrap());
                Ok(Some("5"))
            }
            "thread sends much" => {
                conn.send_utf8("first").unwrap();
                elsewhere(|conn| (0..8).for_each(|_| conn.send_binary(vec![0; 50_000]).unwrap()));
                Ok(Some("last"))
            }
            "thread broadcasts" => {
                conn.send_utf8("1").unwrap();
                elsewhere(|conn| assert_eq!(conn.server().broadcast_utf8("2"), 1));
                Ok(Some("3"))
            }
            "thread disconnects" => {
                conn.send_utf8("1").unwrap();
                elsewhere(|conn| conn.disconnect(4003, "").unwrap());
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

async fn ask(text: &str) -> Client {
    let running = ordered::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send(text).await;
    client
}

#[tokio::test]
async fn a_second_disconnect_changes_nothing() {
    let frame = ask("twice").await.closed().await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4000, "first"));
}

#[tokio::test]
async fn a_handler_that_fails_after_its_disconnect_changes_nothing_of_that() {
    let frame = ask("fail").await.closed().await;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4002, "before it failed"));
}

#[tokio::test]
async fn what_a_handler_sent_comes_before_what_a_thread_sends_after_it() {
    let mut client = ask("thread sends").await;
    for number in ["1", "2", "3", "4", "5"] {
        assert_eq!(client.text().await, number);
    }
}

#[tokio::test]
async fn what_a_handler_sent_comes_before_more_than_the_outbox_holds() {
    let mut client = ask("thread sends much").await;
    assert_eq!(client.text().await, "first");
    for _ in 0..8 {
        assert_eq!(client.next().await.len(), 50_000);
    }
    assert_eq!(client.text().await, "last");
}

#[tokio::test]
async fn what_a_handler_sent_comes_before_what_a_thread_broadcasts_after_it() {
    let mut client = ask("thread broadcasts").await;
    for number in ["1", "2", "3"] {
        assert_eq!(client.text().await, number);
    }
}

#[tokio::test]
async fn what_a_handler_sent_is_not_lost_where_a_thread_disconnects_after_it() {
    let mut client = ask("thread disconnects").await;
    assert_eq!(client.text().await, "1");
    assert_eq!(u16::from(client.closed().await.code), 4003);
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod hosting {
    use super::*;

    /// Runs another server inside of its handler.
    #[on(utf8)]
    fn host(conn: &Conn) -> &'static str {
        conn.send_utf8("of the outer").unwrap();
        let inner = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let running = guest::server().bind().await.unwrap();
                let (mut one, mut other) = (Client::connect(&running).await, Client::connect(&running).await);
                one.send("hello").await;
                assert_eq!(one.text().await, "hello");
                // A broadcast is written although the handler outside has not come to rest.
                other.send("to all").await;
                assert_eq!(one.text().await, "to all");
                assert_eq!(other.text().await, "to all");
                assert_eq!(other.text().await, "to all");
            });
        };
        tokio::task::block_in_place(inner);
        "the outer goes on"
    }
}

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod guest {
    use super::*;

    #[on(utf8)]
    fn echo<'a>(text: &'a str, server: &Server) -> &'a str {
        if text == "to all" {
            server.broadcast_utf8(text);
        }
        text
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_inside_a_handler_of_another_keeps_to_its_own_connections() {
    let running = hosting::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("go").await;
    let answers = async {
        assert_eq!(client.text().await, "of the outer");
        assert_eq!(client.text().await, "the outer goes on");
    };
    tokio::time::timeout(Duration::from_secs(20), answers).await.expect("nothing waits for ever");
}
