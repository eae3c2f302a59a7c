//! What comes before what on one connection, whoever sends and from wherever.

use ws_runtime::prelude::*;
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod ordered {
    use super::*;

    #[on(utf8)]
    fn act(text: &str, conn: &Conn) -> Result<(), &'static str> {
        match text {
            "twice" => {
                conn.disconnect(4000, "first").unwrap();
                conn.disconnect(4001, "second").unwrap();
                Ok(())
            }
            "fail" => {
                conn.disconnect(4002, "before it failed").unwrap();
                Err("on purpose")
            }
            _ => Ok(()),
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
