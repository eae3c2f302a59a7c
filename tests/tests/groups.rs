//! Groups of connections: who is in them, what they are sent, and that nothing stays in them.

use std::collections::HashMap;
use std::sync::mpsc;

use serde::Serialize;
use ws_runtime::prelude::*;
use ws_tests::Client;

/// Topics that a peer follows, and a note of what `disconnect` saw.
#[ws_server(listen = "127.0.0.1:0")]
mod news {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Topics {
        followers: HashMap<String, Group>,
    }

    #[state]
    pub struct Everybody {
        pub all: Group,
        pub ended: mpsc::Sender<(Conn, usize)>,
    }

    #[push]
    #[derive(Serialize)]
    pub struct Posted<'a> {
        text: &'a str,
    }

    #[on(ready)]
    fn hello(conn: &Conn, everybody: &Everybody) -> usize_text::Count {
        everybody.all.insert(conn);
        usize_text::Count(everybody.all.len())
    }

    #[on("follow")]
    fn follow(Json(topic): Json<String>, conn: &Conn, topics: &mut Topics) -> (bool, usize) {
        let group = topics.followers.entry(topic).or_default();
        (group.insert(conn), group.len())
    }

    #[on("leave")]
    fn leave(Json(topic): Json<String>, conn: &Conn, topics: &mut Topics) -> bool {
        topics.followers.get(&topic).is_some_and(|group| group.remove(conn))
    }

    #[on("post")]
    fn post(Json((topic, text)): Json<(String, String)>, conn: &Conn, topics: &Topics) -> usize {
        let Some(group) = topics.followers.get(&topic) else { return 0 };
        group.broadcast_except(conn, Posted { text: &text })
    }

    #[on("shout")]
    async fn shout(Json(text): Json<String>, everybody: &Everybody) -> usize {
        everybody.all.broadcast(Posted { text: &text })
    }

    #[on(disconnect)]
    fn bye(conn: &Conn, everybody: &Everybody) {
        everybody.all.insert(conn);
        everybody.ended.send((conn.clone(), everybody.all.len())).unwrap();
    }
}

mod usize_text {
    use ws_runtime::event::{IntoReply, Reply};

    pub struct Count(pub usize);

    impl IntoReply for Count {
        fn into_reply<'r>(self) -> Reply<'r> {
            Reply::text(self.0.to_string())
        }
    }
}

struct News {
    running: ws_runtime::Running,
    all: Group,
    ended: mpsc::Receiver<(Conn, usize)>,
}

impl News {
    async fn new() -> Self {
        let (send, ended) = mpsc::channel();
        let all = Group::new();
        let everybody = news::Everybody { all: all.clone(), ended: send };
        Self { running: news::server().state(everybody).bind().await.unwrap(), all, ended }
    }

    async fn connect(&self) -> Client {
        let mut client = Client::connect(&self.running).await;
        client.text().await;
        client
    }
}

async fn call(client: &mut Client, message: &str) -> String {
    client.send(message).await;
    client.text().await
}

#[tokio::test]
async fn a_group_sends_to_its_members_and_to_nobody_else() {
    let news = News::new().await;
    let (mut ann, mut bob, mut eve) = (news.connect().await, news.connect().await, news.connect().await);
    assert_eq!(
        call(&mut ann, r#"{"type":"follow","data":"rust"}"#).await,
        r#"{"type":"follow","data":[true,1]}"#
    );
    assert_eq!(
        call(&mut bob, r#"{"type":"follow","data":"rust"}"#).await,
        r#"{"type":"follow","data":[true,2]}"#
    );
    assert_eq!(
        call(&mut bob, r#"{"type":"follow","data":"rust"}"#).await,
        r#"{"type":"follow","data":[false,2]}"#
    );
    assert_eq!(
        call(&mut ann, r#"{"type":"post","data":["rust","1.95"]}"#).await,
        r#"{"type":"post","data":1}"#
    );
    assert_eq!(bob.text().await, r#"{"type":"posted","data":{"text":"1.95"}}"#);
    assert_eq!(call(&mut bob, r#"{"type":"leave","data":"rust"}"#).await, r#"{"type":"leave","data":true}"#);
    assert_eq!(call(&mut bob, r#"{"type":"leave","data":"rust"}"#).await, r#"{"type":"leave","data":false}"#);
    assert_eq!(
        call(&mut ann, r#"{"type":"post","data":["rust","1.96"]}"#).await,
        r#"{"type":"post","data":0}"#
    );

    eve.send(r#"{"type":"shout","id":1,"data":"all"}"#).await;
    for client in [&mut ann, &mut bob, &mut eve] {
        assert_eq!(client.text().await, r#"{"type":"posted","data":{"text":"all"}}"#, "nothing came before");
    }
    assert_eq!(eve.text().await, r#"{"type":"shout","id":1,"data":3}"#);
}

#[tokio::test]
async fn a_connection_leaves_its_groups_before_disconnect_and_enters_none_after_it() {
    let news = News::new().await;
    let (mut ann, bob) = (news.connect().await, news.connect().await);
    assert_eq!(
        call(&mut ann, r#"{"type":"follow","data":"rust"}"#).await,
        r#"{"type":"follow","data":[true,1]}"#
    );
    assert_eq!(news.all.len(), 2);
    let more = Group::new();
    assert!(news.all.connections().iter().all(|conn| more.insert(conn)));

    drop(ann);
    let (ended, left) = wait(&news).await;
    assert_eq!(left, 1, "when `disconnect` runs it has left, and `insert` there does nothing");
    assert_eq!((news.all.len(), more.len()), (1, 1));
    assert!(!more.contains(&ended) && !more.insert(&ended) && !more.remove(&ended));
    assert!(more.connections().iter().all(Conn::is_ready));

    drop(bob);
    let (bob, _) = wait(&news).await;
    assert!(more.is_empty() && news.all.is_empty());
    // It has used no groups before: that it has ended is known all the same.
    let late = Group::new();
    assert!(!late.insert(&bob) && late.is_empty());
}

async fn wait(news: &News) -> (Conn, usize) {
    loop {
        match news.ended.try_recv() {
            Ok(ended) => return ended,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_connection_that_never_was_in_a_group_enters_none_when_it_has_ended() {
    #[ws_server(listen = "127.0.0.1:0")]
    mod plain {
        use super::*;

        #[state]
        pub struct Seen(pub mpsc::Sender<Conn>);

        #[on(disconnect)]
        fn bye(conn: &Conn, seen: &Seen) {
            seen.0.send(conn.clone()).unwrap();
        }
    }

    let (send, seen) = mpsc::channel();
    let running = plain::server().state(plain::Seen(send)).bind().await.unwrap();
    drop(Client::connect(&running).await);
    let conn = loop {
        match seen.try_recv() {
            Ok(conn) => break conn,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let group = Group::new();
    assert!(!group.insert(&conn) && group.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_end_while_others_insert_them_stay_in_no_group() {
    let news = News::new().await;
    let groups: Vec<Group> = (0..8).map(|_| Group::new()).collect();
    for _ in 0..20 {
        let clients = [news.connect().await, news.connect().await, news.connect().await];
        let connections = news.running.server().connections();
        let inserting = groups.clone().into_iter().map(|group| {
            let connections = connections.clone();
            tokio::task::spawn_blocking(move || {
                for _ in 0..200 {
                    for conn in &connections {
                        group.insert(conn);
                        group.remove(conn);
                        group.insert(conn);
                    }
                }
            })
        });
        let inserting: Vec<_> = inserting.collect();
        drop(clients);
        for task in inserting {
            task.await.unwrap();
        }
    }
    while !news.running.server().connections().is_empty() {
        tokio::task::yield_now().await;
    }
    news.running.shutdown();
    news.running.stopped().await;
    assert!(groups.iter().all(Group::is_empty));
}
