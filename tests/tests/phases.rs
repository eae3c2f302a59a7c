//! Sessions with phases: which handlers are reached in which phase, and what the others answer.

use std::sync::mpsc;

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use ws_runtime::prelude::*;
use ws_tests::{Client, open};

/// Guests sign in and become players, administrators or spectators.
#[ws_server(listen = "127.0.0.1:0")]
mod game {
    use super::*;

    #[session]
    pub enum Peer {
        #[reject(401, "sign in first")]
        Guest,
        Player(Player),
        #[reject(409, "not during a game", code = "in_game")]
        Playing(Player),
        Admin(Box<Admin>),
        Spectator {
            since: u64,
        },
    }

    pub struct Player {
        pub name: String,
        pub moves: u64,
    }

    pub struct Admin {
        pub kicked: u64,
    }

    type Gamer = Player;

    #[state]
    pub struct Ended(pub mpsc::Sender<String>);

    #[on(handshake)]
    fn who(request: &Handshake) -> Peer {
        match request.query_param("as").as_deref() {
            Some("admin") => Peer::Admin(Box::new(Admin { kicked: 0 })),
            Some("spectator") => Peer::Spectator { since: 7 },
            Some(name) => Peer::Player(Player { name: name.to_owned(), moves: 0 }),
            None => Peer::Guest,
        }
    }

    #[on(ready)]
    fn hello(player: &Player) -> String {
        format!("welcome, {}", player.name)
    }

    #[on("sign_in")]
    fn sign_in(Json(name): Json<String>, peer: &mut Peer) {
        *peer = Peer::Player(Player { name, moves: 0 });
    }

    #[on("play")]
    fn play(peer: &mut Peer) -> bool {
        match std::mem::replace(peer, Peer::Guest) {
            Peer::Player(player) => {
                *peer = Peer::Playing(player);
                true
            }
            other => {
                *peer = other;
                false
            }
        }
    }

    #[on("move")]
    async fn play_on(player: &mut Gamer) -> u64 {
        tokio::task::yield_now().await;
        player.moves += 1;
        player.moves
    }

    #[on("kick")]
    fn kick(admin: &mut Admin) -> u64 {
        admin.kicked += 1;
        admin.kicked
    }

    #[on("name")]
    fn name(player: Option<&Player>) -> String {
        player.map_or("nobody".to_owned(), |player| player.name.clone())
    }

    #[on("since")]
    fn since(peer: &Peer) -> Option<u64> {
        match peer {
            Peer::Spectator { since } => Some(*since),
            Peer::Guest | Peer::Player(_) | Peer::Playing(_) | Peer::Admin(_) => None,
        }
    }

    #[on(binary)]
    fn blob(admin: &Admin) -> Vec<u8> {
        vec![0; admin.kicked as usize]
    }

    #[on(pong)]
    fn pong(admin: &Admin) -> String {
        format!("pong {}", admin.kicked)
    }

    #[on(disconnect)]
    fn bye(player: Player, ended: &Ended) {
        ended.0.send(player.name).unwrap();
    }
}

struct Game {
    running: ws_runtime::Running,
    ended: mpsc::Receiver<String>,
}

impl Game {
    async fn new() -> Self {
        let (send, ended) = mpsc::channel();
        Self { running: game::server().state(game::Ended(send)).bind().await.unwrap(), ended }
    }

    async fn connect(&self, query: &str) -> Client {
        open(&self.running, &format!("/?{query}")).await.unwrap()
    }
}

async fn call(client: &mut Client, name: &str) -> String {
    client.send(format!(r#"{{"type":"{name}","id":1,"data":"ann"}}"#)).await;
    let answer = client.text().await;
    let start = format!(r#"{{"type":"{name}","id":1,"#);
    answer.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}')).map_or(answer.clone(), str::to_owned)
}

#[tokio::test]
async fn a_handler_is_reached_in_its_phase_and_refused_by_the_variant_in_others() {
    let game = Game::new().await;
    let mut guest = game.connect("").await;
    assert_eq!(
        call(&mut guest, "move").await,
        r#""error":{"code":"unauthorized","message":"sign in first"}"#,
        "and `ready` was not run"
    );
    assert_eq!(call(&mut guest, "name").await, r#""data":"nobody""#);
    assert_eq!(call(&mut guest, "sign_in").await, r#""data":null"#);
    assert_eq!(call(&mut guest, "name").await, r#""data":"ann""#);
    assert_eq!(call(&mut guest, "move").await, r#""data":1"#);
    assert!(call(&mut guest, "kick").await.starts_with(r#""error":{"code":"forbidden""#), "403 by default");
    assert_eq!(call(&mut guest, "play").await, r#""data":true"#);
    assert_eq!(call(&mut guest, "move").await, r#""data":2"#, "two phases carry a player");
    assert_eq!(call(&mut guest, "kick").await, r#""error":{"code":"in_game","message":"not during a game"}"#);

    let mut admin = game.connect("as=admin").await;
    assert_eq!(call(&mut admin, "kick").await, r#""data":1"#, "behind a box");
    assert!(call(&mut admin, "move").await.starts_with(r#""error":{"code":"forbidden""#));
    let mut spectator = game.connect("as=spectator").await;
    assert_eq!(call(&mut spectator, "since").await, r#""data":7"#);
    assert!(call(&mut spectator, "move").await.starts_with(r#""error":{"code":"forbidden""#));
}

#[tokio::test]
async fn what_nobody_waits_for_is_not_run_in_another_phase() {
    let game = Game::new().await;
    let mut player = game.connect("as=bob").await;
    assert_eq!(player.text().await, "welcome, bob");
    player.send(Message::Pong(Vec::new().into())).await;
    assert_eq!(call(&mut player, "name").await, r#""data":"bob""#, "the pong was left alone");
    let mut admin = game.connect("as=admin").await;
    admin.send(Message::Pong(Vec::new().into())).await;
    assert_eq!(admin.text().await, "pong 0", "and `ready` is not for it");

    drop(admin);
    while game.running.server().connections().len() > 1 {
        tokio::task::yield_now().await;
    }
    player.send(Message::Binary(vec![1].into())).await;
    let closed = player.closed().await;
    assert_eq!(closed.code, CloseCode::Policy, "a message that cannot be answered");
    let name = loop {
        match game.ended.try_recv() {
            Ok(name) => break name,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!(name, "bob", "`disconnect` takes the player by value, and was not run for the other");
    assert!(game.ended.try_recv().is_err());
}
