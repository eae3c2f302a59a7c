//! A handler that blocks with its room: what waits, what goes on, what is left.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::Running;
use ws_runtime::prelude::*;

type Client = tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>;

/// Blocks until it is told to go on.
pub struct Door {
    entered: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Door {
    fn pass(&self) {
        self.entered.send(()).unwrap();
        let go_on = self.go_on.lock().unwrap_or_else(PoisonError::into_inner);
        go_on.recv_timeout(Duration::from_secs(30)).unwrap();
    }
}

#[ws_server(listen = "127.0.0.1:0", silence_max = 1, shutdown_timeout = 2)]
mod halls {
    use super::*;

    #[state]
    pub struct Shared {
        pub door: Door,
    }

    #[room(open)]
    #[derive(Default)]
    pub struct Hall {
        texts: Vec<String>,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        said: usize,
    }

    #[on(utf8)]
    fn said(text: &str, hall: &mut Hall, seat: &mut Seat, shared: &Shared) -> String {
        if text == "block" {
            shared.door.pass();
        }
        seat.said += 1;
        hall.texts.push(text.to_owned());
        format!("{} {text}", hall.texts.len())
    }

    #[on(binary)]
    fn data(data: &[u8], hall: &Hall, seat: &mut Seat) -> Vec<u8> {
        seat.said += 1;
        [data, &[u8::try_from(hall.texts.len() % 256).unwrap()]].concat()
    }

    #[on(pong)]
    fn back(hall: &mut Hall) {
        hall.texts.push("pong".to_owned());
    }

    #[on(disconnect)]
    fn bye(hall: &mut Hall, shared: &Shared) {
        if hall.texts.last().is_some_and(|text| text == "slow bye") {
            hall.texts.clear();
            shared.door.pass();
        }
    }
}

struct Halls {
    running: Running,
    entered: Receiver<()>,
    go_on: Sender<()>,
}

async fn halls() -> Halls {
    let ((entered_sender, entered), (go_on, wait)) = (channel(), channel());
    let door = Door { entered: entered_sender, go_on: Mutex::new(wait) };
    let running = halls::server().state(halls::Shared { door }).bind().await.unwrap();
    Halls { running, entered, go_on }
}

/// Wakes another worker, which then polls the sockets while a handler blocks the one that did: `start()` does so too.
async fn poll_sockets() {
    tokio::spawn(async {}).await.unwrap();
}

async fn connect(running: &Running, path: &str) -> Client {
    let address = ws_tests::address(running);
    let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio_tungstenite::client_async(format!("ws://{address}{path}"), stream).await.unwrap().0
}

async fn text(client: &mut Client) -> String {
    loop {
        match tokio::time::timeout(Duration::from_secs(20), client.next()).await.unwrap().unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_thousand_messages_wait_in_order_while_a_room_is_taken() {
    let Halls { running, entered, go_on } = halls().await;
    let (mut ann, mut bob) = (connect(&running, "/a").await, connect(&running, "/a").await);
    ann.send("block".into()).await.unwrap();
    tokio::task::block_in_place(|| entered.recv_timeout(Duration::from_secs(20)).unwrap());
    poll_sockets().await;
    for number in 0..1000 {
        bob.feed(format!("{number}").into()).await.unwrap();
        if number == 10 {
            // Before the inbox is full.
            bob.feed(Message::Ping("?".into())).await.unwrap();
        }
        if number % 100 == 0 {
            bob.feed(Message::Binary(vec![1].into())).await.unwrap();
        }
    }
    bob.flush().await.unwrap();
    // Longer than silence_max: a peer that waits for a room is alive.
    let mut pongs = 0;
    let until = tokio::time::Instant::now() + Duration::from_secs(3);
    while let Ok(message) = tokio::time::timeout_at(until, bob.next()).await {
        match message {
            Some(Ok(Message::Pong(_))) => pongs += 1,
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pongs, 1, "pings are answered while a thousand messages wait");
    go_on.send(()).unwrap();
    assert_eq!(text(&mut ann).await, "1 block");
    let (mut next, mut blobs, mut last) = (0, 0, 0);
    while next < 1000 {
        match tokio::time::timeout(Duration::from_secs(20), bob.next()).await.unwrap().unwrap().unwrap() {
            Message::Text(said) => {
                let (place, number) = said.split_once(' ').unwrap();
                assert_eq!(number, next.to_string());
                let place: usize = place.parse().unwrap();
                assert!(place > last);
                last = place;
                next += 1;
            }
            Message::Binary(_) => {
                blobs += 1;
                assert_eq!(next, (blobs - 1) * 100 + 1);
            }
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
    running.server().shutdown();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_ends_in_time_while_a_handler_blocks_with_the_room() {
    let Halls { running, entered, go_on } = halls().await;
    let (mut ann, mut bob, mut eve) =
        (connect(&running, "/a").await, connect(&running, "/a").await, connect(&running, "/b").await);
    ann.send("block".into()).await.unwrap();
    tokio::task::block_in_place(|| entered.recv_timeout(Duration::from_secs(20)).unwrap());
    poll_sockets().await;
    bob.send("waits".into()).await.unwrap();
    eve.send("hello".into()).await.unwrap();
    assert_eq!(text(&mut eve).await, "1 hello");
    let begun = std::time::Instant::now();
    running.server().shutdown();
    running.server().shutdown();
    running.stopped().await;
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1900) && took < Duration::from_secs(4), "{took:?}");
    let _ = go_on.send(());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nothing_is_left_of_a_room_but_handles() {
    let Halls { running, entered: _entered, go_on: _go_on } = halls().await;
    let server = running.server().clone();
    let mut kept = Vec::new();
    for round in 0..20 {
        let mut clients = Vec::new();
        for number in 0..5 {
            clients.push(connect(&running, &format!("/{}", (number + round) % 7)).await);
        }
        for client in &mut clients {
            client.send("x".into()).await.unwrap();
            text(client).await;
        }
        kept.extend(server.connections());
        kept.extend(server.rooms::<halls::Hall>().iter().flat_map(|room| room.connections()));
    }
    for _ in 0..200 {
        if server.rooms::<halls::Hall>().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.rooms::<halls::Hall>().len(), 0);
    assert_eq!(server.rooms::<halls::Hall>().iter().count(), 0);
    assert!(kept.len() >= 100);
    for conn in &kept {
        assert!(conn.room().is_some_and(|room| room.is_empty()));
    }
    server.shutdown();
    running.stopped().await;
}
