//! Who a peer is: made by the handshake, taken by handlers, and found by others.

use std::time::{Duration, SystemTime};

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use ws_runtime::Connections;
use ws_runtime::prelude::*;
use ws_tests::{Client, open};

/// Peers with a name, and anonymous ones; their session counts what they said.
#[ws_server(listen = "127.0.0.1:0")]
mod chat {
    use super::*;

    #[identity(key = name)]
    #[derive(Debug)]
    pub struct User {
        pub name: String,
        pub admin: bool,
    }

    #[session]
    pub struct Guest {
        said: u64,
    }

    #[state]
    #[derive(Default)]
    struct Left {
        names: Vec<String>,
    }

    #[on(handshake)]
    async fn who(request: &Handshake) -> Result<(Option<User>, Guest), Reject> {
        let name = request.query_param("name");
        if name.as_deref() == Some("mallory") {
            return Err(Reject::forbidden());
        }
        let user = name.map(|name| User { admin: name == "root", name });
        match request.query_param("seconds").map(|seconds| seconds.parse()) {
            Some(Ok(seconds)) => request.expires(Duration::from_secs(seconds)),
            Some(Err(_)) => request.expires(SystemTime::now() - Duration::from_secs(1)),
            None => {}
        }
        Ok((user, Guest { said: 0 }))
    }

    #[on(ready)]
    fn hello(user: Option<&User>) -> String {
        user.map_or("hello, stranger".to_owned(), |user| format!("hello, {}", user.name))
    }

    #[on("say")]
    async fn say(Json(text): Json<String>, user: &User, guest: &mut Guest) -> String {
        tokio::task::yield_now().await;
        guest.said += 1;
        format!("{} {}: {text}", user.name, guest.said)
    }

    #[on("tell")]
    fn tell(Json((name, text)): Json<(String, String)>, user: &User, conn: &Conn, server: &Server) -> usize {
        let text = format!("{} to {name}: {text}", user.name);
        server.connections_of_key(&name).except(conn).broadcast_utf8(text)
    }

    #[on("admins")]
    fn admins(server: &Server) -> Vec<String> {
        let admins = server.connections_of(|user: &User| user.admin);
        admins.iter().filter_map(|conn| conn.identity::<User>()).map(|user| user.name.clone()).collect()
    }

    #[on(binary)]
    fn strict(user: &User) -> String {
        user.name.clone()
    }

    #[on(disconnect)]
    fn bye(user: &User, left: &mut Left) {
        left.names.push(user.name.clone());
    }

    #[on("left")]
    fn left(left: &Left) -> Vec<String> {
        left.names.clone()
    }
}

fn by_name(connections: &Connections) -> Vec<&str> {
    connections.iter().filter_map(|conn| conn.identity::<chat::User>()).map(|user| &*user.name).collect()
}

async fn connect(running: &ws_runtime::Running, query: &str) -> Client {
    let mut client = open(running, &format!("/?{query}")).await.expect("admitted");
    assert!(client.text().await.starts_with("hello"));
    client
}

#[tokio::test]
async fn handlers_take_the_identity_and_an_anonymous_peer_is_refused_by_those_that_need_it() {
    let running = chat::server().bind().await.unwrap();
    let mut ann = open(&running, "/?name=ann").await.unwrap();
    assert_eq!(ann.text().await, "hello, ann");
    ann.send(r#"{"type":"say","id":1,"data":"hi"}"#).await;
    assert_eq!(ann.text().await, r#"{"type":"say","id":1,"data":"ann 1: hi"}"#);

    let mut stranger = open(&running, "/").await.unwrap();
    assert_eq!(stranger.text().await, "hello, stranger");
    stranger.send(r#"{"type":"say","id":1,"data":"hi"}"#).await;
    let refused = stranger.text().await;
    assert!(refused.starts_with(r#"{"type":"say","id":1,"error":{"code":"unauthorized""#), "{refused}");
    stranger.send(Message::Binary(vec![1].into())).await;
    assert_eq!(stranger.closed().await.code, CloseCode::Policy);

    match open(&running, "/?name=mallory").await.err() {
        Some(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("refused by the handshake, not {other:?}"),
    }
}

#[tokio::test]
async fn the_disconnect_handler_takes_it_and_is_not_run_for_an_anonymous_peer() {
    let running = chat::server().bind().await.unwrap();
    let mut watcher = connect(&running, "name=watcher").await;
    for query in ["", "name=bob"] {
        let mut client = connect(&running, query).await;
        client.0.close(None).await.unwrap();
        while running.server().connections().len() > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    loop {
        watcher.send(r#"{"type":"left"}"#).await;
        let left = watcher.text().await;
        if left != r#"{"type":"left","data":[]}"# {
            assert_eq!(left, r#"{"type":"left","data":["bob"]}"#);
            break;
        }
    }
}

#[tokio::test]
async fn connections_are_found_by_identity_and_by_key() {
    let running = chat::server().bind().await.unwrap();
    let server = running.server();
    let mut ann = connect(&running, "name=ann").await;
    let mut phone = connect(&running, "name=ann").await;
    let _root = connect(&running, "name=root").await;
    let _stranger = connect(&running, "").await;

    assert_eq!(by_name(&server.connections_of(|_: &chat::User| true)), ["ann", "ann", "root"]);
    assert_eq!(by_name(&server.connections_of(|user: &chat::User| user.admin)), ["root"]);
    assert_eq!(server.connections_of_key("ann").len(), 2);
    assert_eq!(server.connections_of_key(&"root".to_owned()).len(), 1);
    assert!(server.connections_of_key("nobody").is_empty());
    assert!(server.connections_of_key(&7).is_empty(), "a key of another type");

    ann.send(r#"{"type":"tell","id":"t","data":["ann","look"]}"#).await;
    assert_eq!(phone.text().await, "ann to ann: look");
    assert_eq!(ann.text().await, r#"{"type":"tell","id":"t","data":1}"#);
    ann.send(r#"{"type":"admins"}"#).await;
    assert_eq!(ann.text().await, r#"{"type":"admins","data":["root"]}"#);

    let both = server.connections_of_key("ann");
    assert!(both.disconnect(999, "").is_err() && both.iter().all(Conn::is_ready), "a wrong code closes none");
    both.disconnect(4000, "out").unwrap();
    assert!(server.connections_of_key("ann").is_empty(), "those that close are not found");
    for client in [ann, phone] {
        assert_eq!(client.closed().await.code, 4000.into());
    }
    while server.connections().len() > 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let _ann = connect(&running, "name=ann").await;
    assert_eq!(by_name(&server.connections_of_key("ann")), ["ann"], "the later one only");
    assert_eq!(both.len(), 2, "a set stays as it was");
    assert_eq!(both.broadcast_utf8("gone"), 0);
}

#[tokio::test]
async fn a_set_of_connections_is_filtered_and_put_together() {
    let running = chat::server().bind().await.unwrap();
    let server = running.server();
    let _clients = [connect(&running, "name=a").await, connect(&running, "name=b").await];
    let all: Connections = server.connections().into_iter().collect();
    let mut twice = server.connections_of_key("b");
    twice.extend(all.clone());
    assert_eq!(by_name(&twice), ["a", "b"], "each once, in order");
    let first = all.iter().next().unwrap();
    assert!(all.contains(first) && !all.clone().except(first).contains(first));
    assert_eq!(all.clone().filter(|conn| conn != first).into_iter().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_with_4401_when_it_expires() {
    let running = chat::server().bind().await.unwrap();
    let start = tokio::time::Instant::now();
    let mut silent = connect(&running, "name=ann&seconds=3600").await;
    let mut early = connect(&running, "name=bob&seconds=10").await;
    let mut late = open(&running, "/?name=eve&seconds=past").await.unwrap();
    assert_eq!(late.text().await, "hello, eve");
    let closed = late.closed().await;
    assert_eq!((u16::from(closed.code), closed.reason.as_str()), (4401, "expired"), "it had expired before");

    // The server pings at the same instant.
    while !early.next().await.is_close() {}
    assert_eq!(start.elapsed().as_secs(), 10);
    let close = loop {
        if let Message::Close(Some(close)) = silent.next().await {
            break close;
        }
    };
    assert_eq!((u16::from(close.code), start.elapsed().as_secs()), (4401, 3600));
}

/// The identity alone, without a session.
#[ws_server(listen = "127.0.0.1:0")]
mod plain {
    use super::*;

    #[identity(key = 0)]
    pub struct Number(pub u64);

    #[on(handshake)]
    fn who(request: &Handshake) -> Option<Number> {
        request.query_param("number")?.parse().ok().map(Number)
    }

    #[on(utf8)]
    fn double(Number(number): &Number) -> String {
        (number * 2).to_string()
    }
}

#[tokio::test]
async fn an_identity_needs_no_session_and_a_key_may_be_a_number() {
    let running = plain::server().bind().await.unwrap();
    let mut client = open(&running, "/?number=21").await.unwrap();
    client.send("").await;
    assert_eq!(client.text().await, "42");
    assert_eq!(running.server().connections_of_key(&21_u64).len(), 1);
    assert_eq!(running.server().connections_of_key(&21_i32).len(), 0, "another type");
}
