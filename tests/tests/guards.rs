//! Guards and rates: who may send a message, and how often.

use std::time::Duration;

use tokio::time::{advance, sleep};
use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_tests::{Client, open};

#[derive(Reject)]
enum Denied {
    #[reject(403, "only {0} may")]
    NotAdmin(&'static str),
}

#[ws_server(listen = "127.0.0.1:0")]
mod club {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Bans {
        banned: Vec<String>,
        asked: u32,
    }

    #[session]
    struct Guest {
        name: String,
        admin: bool,
        asked: u32,
    }

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Guest {
        let name = handshake.path().trim_start_matches('/').to_owned();
        Guest { admin: name == "ann", name, asked: 0 }
    }

    /// Locks the state, as the handler after it does.
    fn admin(guest: &Guest, bans: &mut Bans) -> Result<(), Denied> {
        bans.asked += 1;
        if guest.admin { Ok(()) } else { Err(Denied::NotAdmin("admins")) }
    }

    async fn not_banned(guest: &mut Guest, server: &Server) -> Result<(), (StatusCode, String)> {
        guest.asked += 1;
        sleep(Duration::from_millis(1)).await;
        assert!(!server.connections().is_empty());
        if guest.name == "eve" {
            Err((StatusCode::GONE, format!("{} is banned", guest.name)))
        } else {
            Ok(())
        }
    }

    fn never() -> Result<(), Reject> {
        Err(Reject::forbidden().with_code("closed").with_data([1]))
    }

    fn only_once(guest: &mut Guest) -> Result<(), Reject> {
        guest.asked += 1;
        if guest.asked == 1 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[on("ban", guard = admin)]
    fn ban(Json(name): Json<String>, bans: &mut Bans) -> usize {
        bans.banned.push(name);
        bans.banned.len()
    }

    #[on("whisper", guard = self::admin)]
    async fn whisper(Json(text): Json<String>) -> String {
        sleep(Duration::from_millis(1)).await;
        text
    }

    #[on("say", guard = not_banned)]
    fn say(Json(text): Json<String>, bans: &mut Bans) -> String {
        format!("{text} {}", bans.asked)
    }

    #[on("shout", guard = club::not_banned)]
    async fn shout(guest: &Guest) -> u32 {
        guest.asked
    }

    #[on("search", guard = not_banned, concurrent = 2)]
    async fn search(Json(text): Json<String>) -> String {
        sleep(Duration::from_millis(1)).await;
        text
    }

    #[on("count", guard = only_once, concurrent = 1)]
    async fn count() -> &'static str {
        "counted"
    }

    fn panics(guest: &Guest) -> Result<(), Reject> {
        assert_ne!(guest.name, "mallory", "not you");
        Ok(())
    }

    async fn panics_later(guest: &Guest) -> Result<(), Reject> {
        sleep(Duration::from_millis(1)).await;
        panics(guest)
    }

    #[on("risky", guard = panics)]
    fn risky() {}

    #[on("risky_later", guard = panics_later)]
    fn risky_later() {}

    #[on("stream", guard = admin)]
    fn stream(Json(count): Json<u8>) -> impl Stream<Item = u8> {
        futures_util::stream::iter(0..count)
    }

    #[on("lone_stream", guard = not_banned)]
    fn lone_stream(Json(count): Json<u8>) -> impl Stream<Item = u8> + use<> {
        futures_util::stream::iter(0..count)
    }

    #[on("closed", guard = never)]
    fn closed(Json(_): Json<u8>) {}

    #[on(message, guard = not_banned)]
    fn other(message: &Envelope<'_>) -> String {
        message.name().to_owned()
    }
}

async fn asked(client: &mut Client, message: &str) -> String {
    client.send(message).await;
    client.text().await
}

#[tokio::test]
async fn a_guard_lets_a_message_through_or_answers_it() {
    let running = club::server().bind().await.unwrap();
    let (mut ann, mut eve) = (open(&running, "/ann").await.unwrap(), open(&running, "/eve").await.unwrap());
    let denied = r#""error":{"code":"not_admin","message":"only admins may"}}"#;
    let banned = r#""error":{"code":"gone","message":"eve is banned"}}"#;
    for (message, to_ann, to_eve) in [
        (r#"{"type":"ban","id":1,"data":"bob"}"#, r#""id":1,"data":1}"#, format!(r#""id":1,{denied}"#)),
        // The `id` of a refused message is known, wherever it stands.
        (r#"{"type":"ban","data":"bob","id":"x"}"#, r#""id":"x","data":2}"#, format!(r#""id":"x",{denied}"#)),
        (r#"{"type":"whisper","id":2,"data":"hi"}"#, r#""id":2,"data":"hi"}"#, format!(r#""id":2,{denied}"#)),
        (r#"{"type":"say","id":3,"data":"hi"}"#, r#""id":3,"data":"hi 6"}"#, format!(r#""id":3,{banned}"#)),
        (r#"{"type":"shout","id":4}"#, r#""id":4,"data":2}"#, format!(r#""id":4,{banned}"#)),
        (r#"{"type":"search","id":5,"data":"x"}"#, r#""id":5,"data":"x"}"#, format!(r#""id":5,{banned}"#)),
        (r#"{"type":"what","id":6}"#, r#""id":6,"data":"what"}"#, format!(r#""id":6,{banned}"#)),
    ] {
        // Eve first, so that what the state has counted is certain.
        let (eves, anns) = (asked(&mut eve, message).await, asked(&mut ann, message).await);
        assert!(eves.ends_with(&to_eve), "{message}: {eves}");
        assert!(anns.ends_with(to_ann), "{message}: {anns}");
    }
    let closed = asked(&mut ann, r#"{"type":"closed","id":7}"#).await;
    assert_eq!(
        closed,
        r#"{"type":"closed","id":7,"error":{"code":"closed","message":"Forbidden","data":[1]}}"#
    );
}

#[tokio::test]
async fn a_guard_of_a_concurrent_handler_changes_the_session() {
    let running = club::server().bind().await.unwrap();
    let mut bob = open(&running, "/bob").await.unwrap();
    assert_eq!(
        asked(&mut bob, r#"{"type":"count","id":1}"#).await,
        r#"{"type":"count","id":1,"data":"counted"}"#
    );
    let second = asked(&mut bob, r#"{"type":"count","id":2}"#).await;
    assert_eq!(second, r#"{"type":"count","id":2,"error":{"code":"forbidden","message":"Forbidden"}}"#);
}

#[tokio::test]
async fn a_guard_that_panics_ends_its_connection() {
    let running = club::server().bind().await.unwrap();
    for name in ["risky", "risky_later"] {
        let mut bob = open(&running, "/bob").await.unwrap();
        let message = format!("{{\"type\":\"{name}\",\"id\":1}}");
        assert_eq!(
            asked(&mut bob, &message).await,
            format!("{{\"type\":\"{name}\",\"id\":1,\"data\":null}}")
        );
        let mut mallory = open(&running, "/mallory").await.unwrap();
        mallory.send(message).await;
        let frame = mallory.closed().await;
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1011, ""));
    }
}

#[tokio::test]
async fn a_guard_comes_before_a_stream() {
    let running = club::server().bind().await.unwrap();
    let (mut ann, mut eve) = (open(&running, "/ann").await.unwrap(), open(&running, "/eve").await.unwrap());
    for (name, code) in [("stream", "not_admin"), ("lone_stream", "gone")] {
        let message = format!("{{\"type\":\"{name}\",\"id\":1,\"data\":1}}");
        let refused = asked(&mut eve, &message).await;
        assert!(refused.contains(&format!("\"code\":\"{code}\"")), "{refused}");
        assert_eq!(asked(&mut ann, &message).await, format!("{{\"type\":\"{name}\",\"id\":1,\"data\":0}}"));
        assert_eq!(ann.text().await, format!("{{\"type\":\"{name}\",\"id\":1,\"done\":true}}"));
    }
}

#[tokio::test]
async fn what_guards_refuse_does_not_count_as_a_mistake_of_the_peer() {
    let running = club::server().bind().await.unwrap();
    let mut bob = open(&running, "/bob").await.unwrap();
    for _ in 0..300 {
        assert!(asked(&mut bob, r#"{"type":"closed"}"#).await.contains("\"closed\""));
    }
}

#[ws_server(listen = "127.0.0.1:0", silence_max = 0)]
mod order {
    use super::*;

    fn refuses() -> Result<(), Reject> {
        Err(Reject::forbidden())
    }

    #[on("say", rate = 2, guard = refuses)]
    fn say(Json(_): Json<u8>) {}

    #[on("add", rate = (2, 60))]
    fn add(Json((a, b)): Json<(i32, i32)>) -> i32 {
        a + b
    }

    #[on("free")]
    fn free() {}

    #[on("later", rate = 1)]
    async fn later() {}

    #[on(message, rate = Duration::from_millis(500).as_secs_f64() * 2.0)]
    fn other() {}

    #[on(utf8, rate = 3)]
    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[on(binary, rate = (2_u32, Duration::from_secs(1)))]
    async fn binary(data: Bytes) -> Bytes {
        data
    }
}

#[tokio::test]
async fn rate_comes_before_guard_and_guard_before_data() {
    let running = order::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    let bad = r#"{"type":"say","id":1,"data":"not a number"}"#;
    for code in ["forbidden", "forbidden", "too_many_requests"] {
        let answer = asked(&mut client, bad).await;
        assert!(
            answer.starts_with(&format!(r#"{{"type":"say","id":1,"error":{{"code":"{code}""#)),
            "{answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn each_name_has_a_rate_of_its_own_for_each_connection() {
    let running = order::server().bind().await.unwrap();
    let (mut one, mut other) = (Client::connect(&running).await, Client::connect(&running).await);
    let refused = |answer: &str| answer.contains("\"too_many_requests\"");
    let add = r#"{"type":"add","data":[1,2]}"#;
    for (client, expected) in
        [(&mut one, [false, false, true, true]), (&mut other, [false, false, true, true])]
    {
        for refuses in expected {
            let answer = asked(client, add).await;
            assert_eq!(refused(&answer), refuses, "{answer}");
        }
    }
    assert_eq!(
        asked(&mut one, add).await,
        r#"{"type":"add","error":{"code":"too_many_requests","message":"too many messages: wait 30 s"}}"#
    );
    advance(Duration::from_secs(30)).await;
    assert!(!refused(&asked(&mut one, add).await));
    assert!(refused(&asked(&mut one, add).await));
    for (message, expected) in [
        (r#"{"type":"free","id":1}"#, [false, false, false]),
        (r#"{"type":"later","id":1}"#, [false, true, true]),
        // The rate of `#[on(message)]` is one for all names without a handler.
        (r#"{"type":"x","id":1}"#, [false, true, true]),
        (r#"{"type":"y","id":1}"#, [true, true, true]),
        (r#"{"type":"free","id":1}"#, [false, false, false]),
    ] {
        for refuses in expected {
            let answer = asked(&mut one, message).await;
            assert_eq!(refused(&answer), refuses, "{answer}");
        }
    }
}

#[tokio::test]
async fn too_many_texts_or_binary_messages_close_with_1008() {
    let running = order::server().bind().await.unwrap();
    for (message, rate) in [("text".into(), 3), (tokio_tungstenite::tungstenite::Message::binary("data"), 2)]
    {
        let mut client = Client::connect(&running).await;
        for _ in 0..rate {
            client.send(message.clone()).await;
            assert_eq!(client.next().await.into_data(), message.clone().into_data());
        }
        client.send(message).await;
        let frame = client.closed().await;
        assert_eq!(u16::from(frame.code), 1008);
        assert!(frame.reason.starts_with("too many messages: wait 0."), "{}", frame.reason);
    }
}

#[tokio::test]
async fn a_peer_that_ignores_the_rate_is_closed() {
    let running = order::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    let message = r#"{"type":"later","id":1}"#;
    let mut refused = 0;
    let frame = loop {
        client.send(message).await;
        match client.next().await {
            tokio_tungstenite::tungstenite::Message::Close(frame) => break frame.unwrap(),
            other => refused += usize::from(other.into_text().unwrap().contains("too_many_requests")),
        }
    };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1008, "too many errors"));
    assert!(refused >= 100, "{refused}");
}
