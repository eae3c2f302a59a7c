//! Peers that come and go on few paths, on four threads, while handlers fail in every way: each room is made and
//! emptied in turn, and nobody waits for ever.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Serialize;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_tests::open;

/// What is known of the rooms.
#[derive(Default)]
pub struct Audit {
    rooms: Mutex<HashMap<String, &'static str>>,
    made: AtomicUsize,
    emptied: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

impl Audit {
    fn turns(&self, path: &str, from: Option<&'static str>, to: Option<&'static str>) {
        let mut rooms = self.rooms.lock().unwrap();
        let was = match to {
            Some(to) => rooms.insert(path.to_owned(), to),
            None => rooms.remove(path),
        };
        if was != from {
            self.wrong.lock().unwrap().push(format!("{path} was {was:?} and turned into {to:?}"));
        }
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod storm {
    use super::*;

    #[state]
    pub struct Told(pub Arc<Audit>);

    #[state]
    #[derive(Default)]
    pub struct Scores {
        sum: u64,
    }

    #[state]
    #[derive(Default)]
    pub struct Games {
        begun: u64,
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(keep = 0.002, max_rooms = 3)]
        pub struct Table {
            moves: u64,
            soon: Timer,
            group: Group,
        }

        #[session]
        struct Seat {
            fails: bool,
            soon: Timer,
        }

        #[push]
        #[derive(Serialize)]
        struct Moved {
            moves: u64,
        }

        #[on(create)]
        async fn create(request: &Handshake, told: &Told) -> Result<Table, Reject> {
            if let Some(was) = told.0.rooms.lock().unwrap().get(request.path()) {
                told.0.wrong.lock().unwrap().push(format!("create while {was}"));
            }
            match request.query_param("create").as_deref() {
                Some("panics") => panic!("create panics"),
                Some("fails") => return Err(Reject::not_found()),
                Some("waits") => sleep(Duration::from_millis(2)).await,
                Some(_) | None => {}
            }
            told.0.turns(request.path(), None, Some("there"));
            told.0.made.fetch_add(1, Ordering::Relaxed);
            Ok(Table { moves: 0, soon: Timer::default(), group: Group::new() })
        }

        #[on(handshake)]
        fn sit(scores: &mut Scores, table: &Table, request: &Handshake) -> Result<Seat, Reject> {
            scores.sum += table.moves;
            let fails = request.query_param("ready").is_some();
            if request.query_param("sit").is_some() {
                return Err(Reject::forbidden());
            }
            Ok(Seat { fails, soon: Timer::default() })
        }

        #[on(ready)]
        fn hello(games: &mut Games, table: &mut Table, seat: &mut Seat, conn: &Conn) -> Result<(), Reject> {
            games.begun += 1;
            table.group.insert(conn);
            table.soon.start(0.001);
            seat.soon.start(0.001);
            if seat.fails { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[on("move")]
        fn play(
            scores: &mut Scores,
            games: &mut Games,
            table: &mut Table,
            room: &Room,
            seat: &mut Seat,
        ) -> u64 {
            table.moves += 1;
            scores.sum += games.begun;
            seat.soon.start(0.001);
            room.broadcast(Moved { moves: table.moves });
            table.moves
        }

        #[on("others")]
        fn others(tables: Rooms<Table>, room: &Room<Table>, games: &mut Games, table: &mut Table) -> usize {
            games.begun += table.moves;
            for table in &tables {
                table.later(|table| table.soon.start(0.001));
                table.broadcast(Moved { moves: 0 });
            }
            tables.get(room.path()).map_or(0, |room| room.len()) + tables.len()
        }

        #[on("with")]
        async fn with(room: &Room<Table>, tables: Rooms<Table>) -> Option<u64> {
            for table in &tables {
                table.with(|table| table.moves += 1).await;
            }
            yield_now().await;
            room.with(|table| table.moves).await
        }

        #[on("panic")]
        fn panics(table: &mut Table, scores: &mut Scores) {
            table.moves += 1;
            scores.sum += 1;
            panic!("with all locks");
        }

        #[timer(Table.soon)]
        fn soon(table: &mut Table, scores: &mut Scores, room: &Room) {
            scores.sum += table.moves;
            room.broadcast(Moved { moves: table.moves });
        }

        #[timer(Seat.soon)]
        fn seated(seat: &mut Seat, games: &mut Games, table: &mut Table) {
            seat.fails = !seat.fails;
            table.moves += games.begun;
        }

        #[tick(period = 0.003)]
        fn tick(scores: &mut Scores, table: &mut Table) {
            table.moves += scores.sum % 2;
        }

        #[on(disconnect)]
        fn bye(table: &mut Table, scores: &mut Scores) {
            scores.sum += table.moves;
        }

        #[on(empty)]
        async fn close(table: Table, room: &Room, told: &Told) -> Result<(), String> {
            told.0.turns(room.path(), Some("there"), Some("emptying"));
            told.0.emptied.fetch_add(1, Ordering::Relaxed);
            /// Turned whatever happens.
            struct Gone<'a>(&'a Told, &'a Room);
            impl Drop for Gone<'_> {
                fn drop(&mut self) {
                    self.0.0.turns(self.1.path(), Some("emptying"), None);
                }
            }
            let _gone = Gone(told, room);
            match table.moves % 4 {
                0 => panic!("empty panics"),
                1 => Err("empty fails".to_owned()),
                2 => {
                    sleep(Duration::from_millis(1)).await;
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    }

    #[tick(period = 0.002)]
    fn all(scores: &mut Scores, server: &Server) {
        scores.sum += server.connections().len() as u64;
    }
}

const PEERS: usize = 24;
const VISITS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_makes_and_empties_each_room_in_turn_and_nobody_hangs() {
    let audit = Arc::<Audit>::default();
    let running = Arc::new(storm::server().state(storm::Told(Arc::clone(&audit))).bind().await.unwrap());
    let peers: Vec<_> = (0..PEERS)
        .map(|number| {
            let running = Arc::clone(&running);
            tokio::spawn(async move {
                let mut random = number as u64;
                for _ in 0..VISITS {
                    timeout(Duration::from_secs(60), visit(&running, &mut random))
                        .await
                        .expect("nobody hangs");
                }
            })
        })
        .collect();
    for peer in peers {
        peer.await.unwrap();
    }
    running.shutdown();
    let running = Arc::into_inner(running).unwrap();
    timeout(Duration::from_secs(60), running.stopped()).await.expect("it stops");
    assert_eq!(*audit.wrong.lock().unwrap(), [""; 0]);
    assert!(audit.rooms.lock().unwrap().is_empty());
    let (made, emptied) = (audit.made.load(Ordering::Relaxed), audit.emptied.load(Ordering::Relaxed));
    assert_eq!(made, emptied);
    assert!(made >= 20, "{made} rooms");
}

async fn visit(running: &ws_runtime::Running, random: &mut u64) {
    let mut below = |most: u64| {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (*random >> 33) % most
    };
    let how = ["", "", "", "", "create=panics", "create=fails", "create=waits", "sit=no", "ready=no"];
    let path = format!("/table/{}?{}", below(4), how[below(how.len() as u64) as usize]);
    let opening = open(running, &path);
    // Some leave while they are admitted.
    let opened = match below(6) {
        0 => timeout(Duration::from_micros(below(3000)), opening).await.ok(),
        _ => Some(opening.await),
    };
    let Some(Ok(mut client)) = opened else { return };
    for _ in 0..below(12) {
        let name = match below(60) {
            0 => "panic",
            other => ["move", "others", "with"][(other % 3) as usize],
        };
        if client.0.send(Message::text(format!(r#"{{"type":"{name}","id":1}}"#))).await.is_err() {
            return;
        }
        // Until the reply comes; some do not wait for it.
        while below(8) > 0 {
            match client.0.next().await {
                Some(Ok(Message::Text(text))) if text.contains("\"id\"") => break,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
    if below(2) == 0 {
        let _ = client.0.close(None).await;
        while let Some(Ok(_)) = client.0.next().await {}
    }
}
