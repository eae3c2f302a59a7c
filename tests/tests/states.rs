//! Servers with several states: how they are given, locked and reached.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use tokio_tungstenite::tungstenite::Message;
use ws_runtime::event::{FromContext, WithState};
use ws_runtime::prelude::*;
use ws_tests::Client;

/// Two states with locks, which handlers take in both orders, and one without.
#[ws_server(listen = "127.0.0.1:0")]
mod bank {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Ann(pub u64);

    #[state]
    pub struct Names(pub &'static str);

    #[state]
    #[derive(Default)]
    pub struct Bob(pub u64);

    #[on(utf8)]
    fn to_bob(bob: &mut Bob, names: &Names, ann: &mut Ann) -> String {
        bob.0 += 1;
        ann.0 -= 1;
        format!("{}: {} {}", names.0, ann.0, bob.0)
    }

    #[on(binary)]
    fn to_ann(ann: &mut Ann, bob: &mut Bob) -> Vec<u8> {
        ann.0 += 1;
        bob.0 -= 1;
        ann.0.to_be_bytes().to_vec()
    }

    #[on(pong)]
    async fn name(names: &Names) -> String {
        tokio::task::yield_now().await;
        names.0.to_owned()
    }
}

#[tokio::test]
async fn a_state_is_given_by_its_type_in_any_order_or_is_its_default() {
    let server = bank::server().state(bank::Names("the bank")).state(bank::Ann(7));
    let running = server.bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("pay").await;
    assert_eq!(client.text().await, "the bank: 6 1");
    client.send(Message::Pong(Vec::new().into())).await;
    assert_eq!(client.text().await, "the bank", "an `async fn` takes the state that nobody locks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handlers_that_name_two_states_in_different_orders_do_not_wait_for_each_other_for_ever() {
    let server = bank::server().state(bank::Ann(10_000)).state(bank::Bob(10_000)).state(bank::Names("x"));
    let running = Arc::new(server.bind().await.unwrap());
    let clients = (0..4).map(|number| {
        let running = Arc::clone(&running);
        tokio::spawn(async move {
            let mut client = Client::connect(&running).await;
            for _ in 0..20 {
                for _ in 0..50 {
                    match number % 2 {
                        0 => client.send("to Bob").await,
                        _ => client.send(Message::Binary(vec![1].into())).await,
                    }
                }
                for _ in 0..50 {
                    client.next().await;
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let mut client = Client::connect(&running).await;
    client.send("once more").await;
    assert_eq!(client.text().await, "x: 9999 10001");
}

/// A handler that keeps the lock of one state until it is told to go on.
#[ws_server(listen = "127.0.0.1:0")]
mod busy {
    use super::*;

    #[state]
    pub struct Lobby(pub u64);

    #[state]
    pub struct Gate {
        pub entered: mpsc::Sender<()>,
        pub leave: Mutex<mpsc::Receiver<()>>,
    }

    /// A text that is a number.
    pub struct Number(u64);

    impl<'a, C: ws_runtime::event::WithEvent<'a, ws_runtime::Utf8<'a>>> FromContext<'a, C> for Number {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            context.event().as_str().parse().map(Number).map_err(|_| Reject::bad_request().text("no number"))
        }
    }

    /// How much is in the lobby, with a lock that is released at once.
    pub struct Amount(u64);

    impl<'a, C: WithState<Lobby>> FromContext<'a, C> for Amount {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Amount(context.with_state(|lobby| lobby.0)))
        }
    }

    #[on(binary)]
    fn hold(lobby: &mut Lobby, gate: &Gate) -> &'static str {
        lobby.0 += 1;
        gate.entered.send(()).unwrap();
        // Another thread polls the sockets meanwhile.
        tokio::task::block_in_place(|| gate.leave.lock().unwrap().recv().unwrap());
        "released"
    }

    #[on(utf8)]
    fn add(lobby: &mut Lobby, Number(number): Number, Amount(before): Amount) -> String {
        lobby.0 += number;
        format!("{before} {}", lobby.0)
    }

    #[on(pong)]
    fn without_lock(gate: &Gate) -> &'static str {
        let _ = gate;
        "no lock"
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_holds_up_neither_other_states_nor_what_is_refused_before_it() {
    let (entered, is_entered) = mpsc::channel();
    let (leave, left) = mpsc::channel();
    let gate = busy::Gate { entered, leave: Mutex::new(left) };
    let running = busy::server().state(gate).state(busy::Lobby(10)).bind().await.unwrap();
    let mut holder = Client::connect(&running).await;
    holder.send(Message::Binary(vec![1].into())).await;
    tokio::task::spawn_blocking(move || is_entered.recv().unwrap()).await.unwrap();

    let mut other = Client::connect(&running).await;
    other.send(Message::Pong(Vec::new().into())).await;
    assert_eq!(other.text().await, "no lock");
    let mut wrong = Client::connect(&running).await;
    wrong.send("many").await;
    assert_eq!(wrong.closed().await.reason.as_str(), "no number", "refused while the state is locked");

    leave.send(()).unwrap();
    assert_eq!(holder.text().await, "released");
    other.send("5").await;
    assert_eq!(other.text().await, "11 16", "the argument that looked at the state has released it");
}
