//! Rooms: the connections of one path, and what they share.

use std::sync::{Arc, Mutex};

use serde::Serialize;
use serde_json::{Value, json};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

#[ws_server(listen = "127.0.0.1:0")]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Log {
        pub lines: Arc<Mutex<Vec<String>>>,
    }

    impl Log {
        fn note(&self, line: String) {
            self.lines.lock().unwrap().push(line);
        }
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(keep = 10)]
        struct Table {
            id: u64,
            moves: Vec<String>,
            clock: Timer,
        }

        #[push]
        #[derive(Serialize)]
        struct Moved<'a> {
            to: &'a str,
        }

        #[on(create)]
        fn create(Path(id): Path<u64>, log: &Log) -> std::result::Result<Table, Reject> {
            if id > 9 {
                return Err(Reject::not_found());
            }
            log.note(format!("create {id}"));
            Ok(Table { id, moves: Vec::new(), clock: Timer::default() })
        }

        #[on("move")]
        fn play(Json(to): Json<String>, table: &mut Table, room: &Room) -> usize {
            table.clock.start(5);
            room.broadcast(Moved { to: &to });
            table.moves.push(to);
            table.moves.len()
        }

        #[timer(clock)]
        fn too_slow(table: &mut Table, room: &Room) {
            table.moves.push("too slow".to_owned());
            room.broadcast(Moved { to: "nowhere" });
        }

        #[on("moves")]
        async fn moves(room: &Room<Table>) -> Option<Vec<String>> {
            room.with(|table| table.moves.clone()).await
        }

        #[on("rooms")]
        fn rooms(tables: Rooms<Table>) -> Vec<String> {
            let mut paths: Vec<String> = tables.iter().map(|table| table.path().to_owned()).collect();
            paths.sort();
            paths
        }

        #[on(disconnect)]
        fn bye(table: &Table, log: &Log) {
            log.note(format!("bye {}", table.id));
        }

        #[on(empty)]
        fn close(table: Table, log: &Log) {
            log.note(format!("empty {} after {}", table.id, table.moves.len()));
        }
    }
}

async fn server() -> (TestServer, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::default();
    let log = arcade::Log { lines: Arc::clone(&lines) };
    (arcade::server().state(log).test().await.unwrap(), lines)
}

#[tokio::test(start_paused = true)]
async fn a_room_is_shared_by_those_who_come_by_its_path() -> Result {
    let (server, lines) = server().await;
    let mut ann = server.connect("/table/1").await?;
    let mut bob = server.connect("/table/%31").await?;
    let mut eve = server.connect("/table/2").await?;
    assert_eq!(ann.call::<usize>("move", "e4").await?, 1);
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.expect::<Value>("moved").await?, json!({"to": "e4"}));
    }
    assert_eq!(bob.call::<Vec<String>>("moves", ()).await?, ["e4"]);
    assert_eq!(eve.call::<Vec<String>>("moves", ()).await?, [""; 0]);
    assert_eq!(eve.call::<Vec<String>>("rooms", ()).await?, ["/table/1", "/table/2"]);
    eve.expect_nothing().await?;

    server.advance(5.0).await;
    assert_eq!(bob.expect::<Value>("moved").await?, json!({"to": "nowhere"}));
    for refused in ["/table/77", "/table/01", "/table/x"] {
        assert_eq!(server.connect(refused).await.unwrap_err().status(), 404, "{refused}");
    }
    assert_eq!(*lines.lock().unwrap(), ["create 1", "create 2"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_room_is_kept_for_those_who_come_back_and_emptied_after_the_last() -> Result {
    let (server, lines) = server().await;
    let mut ann = server.connect("/table/1").await?;
    ann.call::<usize>("move", "e4").await?;
    ann.disconnect(1000, "").await?;
    ann.closed().await?;
    server.advance(9.0).await;
    let mut ann = server.connect("/table/1").await?;
    assert_eq!(ann.call::<Vec<String>>("moves", ()).await?, ["e4", "too slow"]);
    ann.disconnect(1000, "").await?;
    ann.closed().await?;
    server.advance(11.0).await;
    assert_eq!(*lines.lock().unwrap(), ["create 1", "bye 1", "bye 1", "empty 1 after 2"]);

    let _bob = server.connect("/table/2").await?;
    server.stop().await;
    assert_eq!(lines.lock().unwrap()[4..], ["create 2", "bye 2", "empty 2 after 0"]);
    Ok(())
}
