//! What comes before what on one connection, whoever sends and from wherever.

use std::thread;

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
