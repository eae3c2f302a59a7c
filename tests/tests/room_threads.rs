//! A handler that blocks its thread with its room locked: who needs that room waits without a thread, and all others
//! go on.

use std::sync::{Arc, Condvar, Mutex};

use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_tests::{Client, open};

/// A door that a handler waits at.
#[derive(Default)]
pub struct Door {
    is_open: Mutex<bool>,
    opens: Condvar,
    waiting: Mutex<usize>,
}

impl Door {
    fn pass(&self) {
        *self.waiting.lock().unwrap() += 1;
        let mut is_open = self.is_open.lock().unwrap();
        while !*is_open {
            is_open = self.opens.wait(is_open).unwrap();
        }
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opens.notify_all();
    }
}

#[ws_server(listen = "127.0.0.1:0", silence_max = 0)]
mod tables {
    use super::*;

    #[state]
    pub struct Doors(pub Arc<Door>);

    #[room(open, keep = 10)]
    #[derive(Default)]
    pub struct Table {
        moves: usize,
        is_held: bool,
    }

    #[on("hold")]
    fn hold(table: &mut Table, doors: &Doors) {
        table.is_held = true;
        doors.0.pass();
        table.is_held = false;
    }

    #[on("move")]
    fn play(table: &mut Table) -> usize {
        assert!(!table.is_held);
        table.moves += 1;
        table.moves
    }

    #[on("read")]
    async fn read(room: &Room<Table>) -> Option<usize> {
        room.with(|table| table.moves).await
    }

    #[on("ask")]
    fn ask(room: &Room) -> usize {
        room.len()
    }

    #[on("later")]
    fn later(rooms: Rooms<Table>) -> usize {
        rooms.iter().filter(|room| room.later(|table| table.moves += 100)).count()
    }
}

async fn call(client: &mut Client, name: &str) -> String {
    begin(client, name).await;
    text(client).await
}

/// Waits, and keeps the workers awake, as `start()` does: else the one that polls the sockets may be the one
/// that is blocked.
async fn awake<T>(step: impl Future<Output = T>) -> T {
    let keep_awake = async {
        loop {
            tokio::spawn(async {});
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = step => done,
        () = keep_awake => unreachable!("it has no end"),
    }
}

async fn text(client: &mut Client) -> String {
    awake(client.text()).await
}

async fn begin(client: &mut Client, name: &str) {
    client.send(format!(r#"{{"type":"{name}","id":1}}"#)).await;
}

fn reply(name: &str, data: impl std::fmt::Display) -> String {
    format!(r#"{{"type":"{name}","id":1,"data":{data}}}"#)
}

async fn connect(running: &Running, path: &str) -> Client {
    let opening = async { open(running, path).await.unwrap() };
    let mut client = awake(opening).await;
    assert!(call(&mut client, "ask").await.contains("data"));
    client
}

// The clients need the second thread, too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_in_one_room_holds_up_that_room_only() {
    let door = Arc::<Door>::default();
    let running = tables::server().state(tables::Doors(Arc::clone(&door))).bind().await.unwrap();
    let mut ann = connect(&running, "/a").await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(connect(&running, "/a").await);
    }
    let mut asks = connect(&running, "/a").await;
    let mut bob = connect(&running, "/b").await;
    begin(&mut ann, "hold").await;
    while *door.waiting.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    // More than there are threads.
    for client in &mut waiting[..4] {
        begin(client, "move").await;
    }
    for client in &mut waiting[4..] {
        begin(client, "read").await;
    }
    // What locks nothing goes on in that room, and everything in others.
    assert_eq!(call(&mut asks, "ask").await, reply("ask", 10));
    for number in 1..=20 {
        assert_eq!(call(&mut bob, "move").await, reply("move", number));
    }
    assert_eq!(call(&mut bob, "later").await, reply("later", 2));
    let mut cid = connect(&running, "/c").await;
    assert_eq!(call(&mut cid, "move").await, reply("move", 1));
    // It can be entered and left.
    let another = connect(&running, "/a").await;
    drop(another);
    drop(asks);

    door.open();
    assert_eq!(text(&mut ann).await, reply("hold", "null"));
    let mut moves = Vec::new();
    for (number, client) in waiting.iter_mut().enumerate() {
        let text = text(client).await;
        if number < 4 {
            moves.push(text);
        }
    }
    moves.sort();
    let own = moves.iter().filter(|text| (1..=4).any(|number| **text == reply("move", number))).count();
    let late = moves.iter().filter(|text| (101..=104).any(|number| **text == reply("move", number))).count();
    assert_eq!(own + late, 4, "{moves:?}");
    moves.dedup();
    assert_eq!(moves.len(), 4, "{moves:?}");
    drop((waiting, ann, bob, cid));
    running.shutdown();
    running.stopped().await;
}
