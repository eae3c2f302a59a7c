//! Many peers that do everything at once and leave in every way, over sockets and on several threads: nothing is left
//! behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _, stream};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;

#[ws_server(listen = "127.0.0.1:0")]
mod storm {
    use super::*;

    #[state]
    pub struct Told {
        pub ready: Arc<AtomicUsize>,
        pub ended: Arc<AtomicUsize>,
        pub alive: Arc<()>,
        pub all: Group,
    }

    #[state]
    #[derive(Default)]
    pub struct Topics {
        pub groups: Vec<Group>,
        pub soon: Timer,
        pub rounds: u64,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        soon: Timer,
    }

    #[push]
    #[derive(Serialize, Clone)]
    pub struct Said {
        pub text: String,
    }

    #[push(answer = u64)]
    #[derive(Serialize)]
    pub struct Count;

    #[on(ready)]
    async fn ready(conn: &Conn, told: &Told, seat: &mut Seat) -> Said {
        told.ready.fetch_add(1, Ordering::Relaxed);
        told.all.insert(conn);
        seat.soon.start(0.01);
        tokio::task::yield_now().await;
        Said { text: "hello".to_owned() }
    }

    #[on("say")]
    fn say(Json(text): Json<String>, conn: &Conn, topics: &mut Topics, told: &Told) -> usize {
        topics.soon.start(0.005);
        match topics.groups.len() {
            0..5 => topics.groups.push(Group::new()),
            20.. => topics.groups.clear(),
            _ => {}
        }
        topics.groups.push(Group::new());
        let sent = topics.groups.iter().map(|group| {
            group.insert(conn);
            group.broadcast(Said { text: text.clone() })
        });
        sent.sum::<usize>() + told.all.broadcast_except(conn, Said { text })
    }

    #[timer(Topics.soon)]
    fn round(topics: &mut Topics) {
        topics.rounds += 1;
    }

    #[timer(Seat.soon)]
    fn seated(seat: &mut Seat, conn: &Conn) {
        let _ = conn.send(Said { text: "soon".to_owned() });
        seat.soon.start(0.01);
    }

    #[on("slow", concurrent = 8)]
    async fn slow(told: &Told) -> u8 {
        let _alive = Arc::clone(&told.alive);
        sleep(Duration::from_millis(5)).await;
        1
    }

    #[on("ask", concurrent = 8)]
    async fn ask(conn: &Conn, told: &Told) -> u64 {
        let _alive = Arc::clone(&told.alive);
        conn.ask(Count).within(0.05).await.unwrap_or_default()
    }

    #[on("watch")]
    fn watch(told: &Told) -> impl Stream<Item = u64> {
        let alive = Arc::clone(&told.alive);
        stream::iter(0..).then(move |number| {
            let alive = Arc::clone(&alive);
            async move {
                sleep(Duration::from_millis(1)).await;
                drop(alive);
                number
            }
        })
    }

    #[on("many")]
    fn many(Json(count): Json<u32>, told: &Told) -> impl Stream<Item = u32> + use<> {
        let alive = Arc::clone(&told.alive);
        stream::iter(0..count).inspect(move |_| {
            let _ = &alive;
        })
    }

    #[on("kick")]
    fn kick(server: &Server, conn: &Conn) {
        let all = server.connections();
        if let Some(other) = all.iter().find(|other| *other != conn && other.id() % 7 == 0) {
            let _ = other.disconnect(4000, "kicked");
        }
    }

    #[on(disconnect)]
    fn ended(told: &Told, conn: &Conn) {
        assert!(!told.all.contains(conn), "a group is left before");
        told.ended.fetch_add(1, Ordering::Relaxed);
    }
}

const TEXTS: [&str; 24] = [
    r#"{"type":"say","id":1,"data":"hi"}"#,
    r#"{"type":"say","data":"h\u00e4"}"#,
    r#"{"type":"slow","id":2}"#,
    r#"{"type":"slow","id":3}"#,
    r#"{"type":"$cancel","id":2}"#,
    r#"{"type":"ask","id":4}"#,
    r#"{"type":"count","ask":1,"data":7}"#,
    r#"{"type":"count","ask":2,"error":{"code":"no"}}"#,
    r#"{"data":"x","type":"count","ask":3}"#,
    r#"{"type":"count","ask":99999}"#,
    r#"{"type":"watch","id":5}"#,
    r#"{"type":"watch","id":6}"#,
    r#"{"type":"$cancel","id":5}"#,
    r#"{"type":"many","id":7,"data":100}"#,
    r#"{"type":"$ping","id":8}"#,
    r#"{"type":"kick","id":9}"#,
    r#"{"type":"$cancel","id":4}"#,
    r#"{"type":"slow","id":2,"data":}"#,
    r#"{"type":"many","id":10,"data":"many"}"#,
    "no envelope",
    r#"{"type":"slow","id":11}"#,
    r#"{"type":"$cancel","id":11}"#,
    r#"{"type":"nobody","id":12}"#,
    r#"{"type":"many","id":13,"data":1000}"#,
];

/// Numbers as good as random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

async fn peer(address: String, seed: u64) {
    let mut dice = Dice(seed);
    for _ in 0..10 {
        let stream = TcpStream::connect(&address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut client, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
        for _ in 0..dice.roll(200) {
            let message = Message::text(TEXTS[dice.roll(TEXTS.len())]);
            // The server may have ended it, or wait until the peer reads.
            match timeout(Duration::from_millis(200), client.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => break,
            }
            if dice.roll(8) == 0 {
                let _ = timeout(Duration::from_micros(300), client.next()).await;
            }
        }
        match dice.roll(4) {
            0 => drop(client),
            1 => client.get_ref().set_zero_linger().unwrap(),
            2 => {
                let _ = timeout(Duration::from_millis(200), client.close(None)).await;
                let _ =
                    timeout(Duration::from_secs(2), async { while let Some(Ok(_)) = client.next().await {} })
                        .await;
            }
            _ => sleep(Duration::from_millis(dice.roll(20) as u64)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn peers_that_do_everything_and_leave_anyhow_leave_nothing_behind() {
    let (alive, ready, ended) = (Arc::new(()), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let told = storm::Told {
        ready: Arc::clone(&ready),
        ended: Arc::clone(&ended),
        alive: Arc::clone(&alive),
        all: Group::new(),
    };
    let all = told.all.clone();
    let running = storm::server().state(told).bind().await.unwrap();
    let address = ws_tests::address(&running);
    let peers: Vec<_> = (0..24).map(|seed| tokio::spawn(peer(address.clone(), seed * 7919 + 1))).collect();
    for peer in peers {
        timeout(Duration::from_secs(60), peer).await.expect("a peer is stuck").unwrap();
    }
    for _ in 0..200 {
        if running.server().connections().is_empty() && all.is_empty() && Arc::strong_count(&alive) == 2 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(all.len(), 0);
    assert_eq!(Arc::strong_count(&alive), 2, "calls or streams are left");
    assert!(running.server().connections().is_empty());
    running.shutdown();
    running.stopped().await;
    assert!(ready.load(Ordering::Relaxed) > 200);
    assert_eq!(
        ready.load(Ordering::Relaxed),
        ended.load(Ordering::Relaxed),
        "`disconnect` runs once for each `ready`"
    );
}
