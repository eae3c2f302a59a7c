//! Named messages: which handler takes a message, what it is answered, and what a wrong one is told.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Duration, sleep};
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_tests::Client;

/// An error that only the log is told.
#[derive(Debug)]
struct Secret;

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password of the database")
    }
}

type Res<T> = Result<T, Reject>;

#[ws_server(listen = "127.0.0.1:0", max_streams = 2)]
mod game {
    use super::*;

    #[state]
    pub struct World {
        pub moves: u64,
        pub gate: Arc<Semaphore>,
    }

    #[session]
    #[derive(Default)]
    struct Guest {
        name: String,
    }

    #[derive(Deserialize)]
    struct Move {
        cell: u8,
    }

    #[derive(Deserialize)]
    struct Say<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    #[derive(Deserialize)]
    struct Plain<'a> {
        text: &'a str,
    }

    #[on("move")]
    fn play(Json(play): Json<Move>, world: &mut World) -> Result<u64, Reject> {
        if play.cell > 8 {
            return Err(Reject::bad_request().with_code("no_cell").text("there are nine cells").with_data(9));
        }
        world.moves += 1;
        Ok(world.moves)
    }

    #[on("say")]
    fn say<'a>(Json(say): Json<Say<'a>>) -> Cow<'a, str> {
        say.text
    }

    #[on("plain")]
    fn plain(Json(plain): Json<Plain<'_>>) -> String {
        plain.text.to_owned()
    }

    #[on("name")]
    async fn name(Json(name): Json<String>, guest: &mut Guest) {
        guest.name = name;
    }

    #[on("whoami")]
    fn whoami(guest: &Guest) -> Json<&str> {
        Json(&guest.name)
    }

    #[on("fail")]
    fn fail() -> Result<(), Secret> {
        Err(Secret)
    }

    #[on("none")]
    fn none() -> Option<u8> {
        None
    }

    #[on("hidden")]
    fn hidden() -> Option<Result<u8, Secret>> {
        Some(Err(Secret))
    }

    #[on("alias")]
    fn alias(Json(fails): Json<bool>) -> Res<&'static str> {
        if fails { Err(Reject::forbidden()) } else { Ok("fine") }
    }

    #[on("io")]
    fn io() -> io::Result<u8> {
        Err(io::Error::other("a path on the server"))
    }

    #[on("maybe")]
    fn maybe(number: Option<Json<u8>>) -> u8 {
        number.map_or(0, |Json(number)| number)
    }

    #[on("echo")]
    fn echo(message: &Envelope<'_>) -> Value {
        json!([message.name(), message.id(), message.data()])
    }

    #[on("panic")]
    fn panic() {
        panic!("a mistake");
    }

    #[on("count")]
    fn count(Json(to): Json<u32>) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    #[on("results")]
    fn results() -> impl Stream<Item = Result<u8, Secret>> {
        stream::iter([Ok(1), Err(Secret), Ok(3)])
    }

    #[on("perhaps")]
    async fn perhaps(Json(fails): Json<bool>) -> Result<Pin<Box<dyn Stream<Item = u8> + Send>>, Reject> {
        if fails { Err(Reject::forbidden()) } else { Ok(Box::pin(stream::iter([7]))) }
    }

    #[on("forever")]
    fn forever() -> impl Stream<Item = u8> {
        stream::pending()
    }

    /// Called under the lock, as a plain handler is: its stream borrows nothing.
    #[on("snapshot")]
    fn snapshot(world: &mut World, guest: &mut Guest) -> impl Stream<Item = u64> + use<> {
        world.moves += 1;
        guest.name.push('!');
        stream::iter([world.moves, 100])
    }

    #[on("wait", concurrent = 2)]
    async fn wait(Json(number): Json<u64>, server: &Server) -> u64 {
        sleep(Duration::from_millis(number)).await;
        assert!(server.connections().len() < 100);
        number
    }

    #[on("slow", timeout = 0.05)]
    async fn slow() {
        sleep(Duration::from_secs(3600)).await;
    }

    #[on(message)]
    fn any(message: &Envelope<'_>) -> Result<String, Reject> {
        if message.name().starts_with("x") { Ok(message.name().to_owned()) } else { Err(Reject::not_found()) }
    }
}

fn world() -> game::World {
    game::World { moves: 0, gate: Arc::new(Semaphore::new(0)) }
}

async fn start() -> ws_runtime::Running {
    game::server().state(world()).bind().await.unwrap()
}

/// Sends a text, and compares the answer.
async fn ask(client: &mut Client, text: &str, wanted: &str) {
    client.send(text).await;
    let answer = client.text().await;
    assert_eq!(answer, wanted, "{text}");
}

#[tokio::test]
async fn a_reply_has_the_type_and_the_id_of_its_message() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    for (text, wanted) in [
        (r#"{"type":"move","id":7,"data":{"cell":4}}"#, r#"{"type":"move","id":7,"data":1}"#),
        (r#"{"type":"move","data":{"cell":4}}"#, r#"{"type":"move","data":2}"#),
        (r#"{"data":{"cell":4},"type":"move","id":"é"}"#, r#"{"type":"move","id":"é","data":3}"#),
        (r#"{"type":"move","data":{"cell":4},"id":1e400}"#, r#"{"type":"move","id":1e400,"data":4}"#),
        (
            r#"{"type":"move","id":7,"data":{"cell":9}}"#,
            r#"{"type":"move","id":7,"error":{"code":"no_cell","message":"there are nine cells","data":9}}"#,
        ),
        (r#"{"type":"say","id":1,"data":{"text":"a\nb"}}"#, r#"{"type":"say","id":1,"data":"a\nb"}"#),
        (r#"{"type":"name","id":2,"data":"ann"}"#, r#"{"type":"name","id":2,"data":null}"#),
        (r#"{"type":"whoami","id":3}"#, r#"{"type":"whoami","id":3,"data":"ann"}"#),
        (r#"{"type":"none","id":3}"#, r#"{"type":"none","id":3,"data":null}"#),
        (
            r#"{"type":"fail","id":3}"#,
            r#"{"type":"fail","id":3,"error":{"code":"internal","message":"the server has failed"}}"#,
        ),
        (
            r#"{"type":"hidden","id":3}"#,
            r#"{"type":"hidden","id":3,"error":{"code":"internal","message":"the server has failed"}}"#,
        ),
        (
            r#"{"type":"io","id":3}"#,
            r#"{"type":"io","id":3,"error":{"code":"internal","message":"the server has failed"}}"#,
        ),
        (r#"{"type":"alias","id":3,"data":false}"#, r#"{"type":"alias","id":3,"data":"fine"}"#),
        (r#"{"type":"maybe","id":3}"#, r#"{"type":"maybe","id":3,"data":0}"#),
        (r#"{"type":"maybe","id":3,"data":5}"#, r#"{"type":"maybe","id":3,"data":5}"#),
        (r#"{"type":"echo","data":[1, 2],"id":5}"#, r#"{"type":"echo","id":5,"data":["echo","5","[1, 2]"]}"#),
        (r#"{"type":"xyz","id":5}"#, r#"{"type":"xyz","id":5,"data":"xyz"}"#),
    ] {
        ask(&mut client, text, wanted).await;
    }
    // Without an `id`, `()` is no reply.
    client.send(r#"{"type":"name","data":"bob"}"#).await;
    ask(&mut client, r#"{"type":"whoami"}"#, r#"{"type":"whoami","data":"bob"}"#).await;
}

#[tokio::test]
async fn a_wrong_message_is_told_what_is_wrong_and_the_connection_lives_on() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    for (text, code, part) in [
        (r#"{"type":"move","id":1,"data":{"cell":400}}"#, "bad_data", "400"),
        (r#"{"type":"move","id":1,"data":{}}"#, "bad_data", "missing field `cell`"),
        (r#"{"type":"move","id":1}"#, "bad_data", "there is no data"),
        (r#"{"type":"maybe","id":1,"data":"x"}"#, "bad_data", "invalid type"),
        (r#"{"type":"plain","id":1,"data":{"text":"\n"}}"#, "bad_data", "Cow<str>"),
        (r#"{"type":"move","id":{},"data":{"cell":4}}"#, "bad_request", "`id`"),
        (r#"{"type":"whoami","id":[1]}"#, "bad_request", "`id`"),
        (r#"{"type":"move","id":1,"data":{"cell":4}} x"#, "bad_request", "more follows"),
        (r#"{"type":"whoami","id":1,"data":{"cell":4"#, "bad_request", "JSON"),
        (r#"["move",1]"#, "bad_request", "not a JSON object"),
        ("hello", "bad_request", "not a JSON object"),
        (r#"{"type":7}"#, "bad_request", "the value of `type` is not a string"),
        (r#"{"id":7}"#, "bad_request", "the key `type` is missing"),
        (r#"{"type":"move","type":"move"}"#, "bad_request", "the key `type` occurs twice"),
        (r#"{"type":"unknown","id":1}"#, "not_found", ""),
        (r#"{"type":"count","data":3}"#, "bad_request", "needs an id"),
        (r#"{"type":"perhaps","id":1,"data":true}"#, "forbidden", ""),
        (r#"{"type":"slow","id":1}"#, "timeout", "too long"),
    ] {
        client.send(text).await;
        let answer: Value = serde_json::from_str(&client.text().await).unwrap();
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{text}: {answer}");
    }
    ask(&mut client, r#"{"type":"whoami","id":3}"#, r#"{"type":"whoami","id":3,"data":""}"#).await;
}

#[tokio::test]
async fn a_binary_message_and_a_panic_end_the_connection() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    client.send(Message::binary(vec![1])).await;
    assert_eq!(u16::from(client.closed().await.code), 1003);
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"panic","id":1}"#).await;
    assert_eq!(u16::from(client.closed().await.code), 1011);
}

#[tokio::test]
async fn a_stream_answers_with_each_item_and_then_that_it_is_done() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"count","id":8,"data":3}"#).await;
    for wanted in [r#""data":0}"#, r#""data":1}"#, r#""data":2}"#, r#""done":true}"#] {
        assert_eq!(client.text().await, format!(r#"{{"type":"count","id":8,{wanted}"#));
    }
    client.send(r#"{"type":"results","id":9}"#).await;
    assert_eq!(client.text().await, r#"{"type":"results","id":9,"data":1}"#);
    assert!(client.text().await.contains(r#""code":"internal""#), "an error ends a stream");
    client.send(r#"{"type":"perhaps","id":9,"data":false}"#).await;
    assert_eq!(client.text().await, r#"{"type":"perhaps","id":9,"data":7}"#);
    assert_eq!(client.text().await, r#"{"type":"perhaps","id":9,"done":true}"#);
}

#[tokio::test]
async fn a_stream_that_borrows_nothing_begins_under_the_locks_of_its_handler() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"snapshot","id":8}"#).await;
    for wanted in [r#""data":1}"#, r#""data":100}"#, r#""done":true}"#] {
        assert_eq!(client.text().await, format!(r#"{{"type":"snapshot","id":8,{wanted}"#));
    }
    ask(&mut client, r#"{"type":"whoami","id":3}"#, r#"{"type":"whoami","id":3,"data":"!"}"#).await;
}

#[tokio::test]
async fn streams_have_ids_of_their_own_and_a_limit() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    client.send(r#"{"type":"forever","id":1}"#).await;
    client.send(r#"{"type":"forever","id":1}"#).await;
    assert!(client.text().await.contains("same id"));
    client.send(r#"{"type":"forever","id":2}"#).await;
    client.send(r#"{"type":"forever","id":3}"#).await;
    assert!(client.text().await.contains("too_many_requests"));
    ask(&mut client, r#"{"type":"whoami","id":3}"#, r#"{"type":"whoami","id":3,"data":""}"#).await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_answer_out_of_order_and_one_too_many_waits() -> ws_runtime::test::Result {
    let server = game::server().state(world()).test().await?;
    let mut client = server.connect("/").await?;
    for (id, millis) in [(1, 150), (2, 50), (3, 1)] {
        client.send_utf8(format!(r#"{{"type":"wait","id":{id},"data":{millis}}}"#)).await?;
    }
    client.send_utf8(r#"{"type":"whoami","id":4}"#).await?;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let answer: Value = serde_json::from_str(&client.utf8().await?)?;
        ids.push(answer["id"].as_u64().unwrap());
    }
    // The third waits for the place of the second, and what is behind it waits too.
    assert_eq!(ids, [2, 4, 3, 1]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_calls_and_ends_streams() -> ws_runtime::test::Result {
    let server = game::server().state(world()).test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8(r#"{"type":"forever","id":"f"}"#).await?;
    client.send_utf8(r#"{"type":"wait","id":"w","data":100}"#).await?;
    assert_eq!(client.call::<String>("whoami", ()).await?, "");
    server.server().shutdown();
    assert_eq!(client.utf8().await?, r#"{"type":"forever","id":"f","done":true}"#);
    assert_eq!(client.utf8().await?, r#"{"type":"wait","id":"w","data":100}"#);
    assert_eq!(client.closed().await?.code, 1001);
    Ok(())
}

#[tokio::test]
async fn a_flood_of_mistakes_ends_with_1008() {
    let running = start().await;
    let mut client = Client::connect(&running).await;
    for _ in 0..130 {
        client.send("no envelope").await;
    }
    let mut errors = 0;
    loop {
        match client.next().await {
            Message::Text(_) => errors += 1,
            Message::Close(frame) => {
                assert_eq!(u16::from(frame.unwrap().code), 1008);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((100..125).contains(&errors), "{errors}");
}

/// Texts beside named messages, and other names for the keys.
#[ws_server(listen = "127.0.0.1:0", envelope(type = "event", data = "payload", id = "ref"))]
mod mixed {
    use super::*;

    #[derive(Serialize)]
    struct Sum {
        sum: i64,
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(i64, i64)>) -> Sum {
        Sum { sum: a + b }
    }

    #[on(utf8)]
    fn text(text: &str) -> String {
        text.to_uppercase()
    }
}

#[tokio::test]
async fn texts_without_an_envelope_go_to_utf8() {
    let running = mixed::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for (text, wanted) in [
        (r#"{"event":"add","ref":"a","payload":[1,2]}"#, r#"{"event":"add","ref":"a","payload":{"sum":3}}"#),
        ("hello", "HELLO"),
        (r#"{"type":"add"}"#, r#"{"TYPE":"ADD"}"#),
        (r#"{"event":"add","payload":[1"#, r#"{"EVENT":"ADD","PAYLOAD":[1"#),
        (
            r#"{"event":"add","ref":1,"payload":1}"#,
            r#"{"event":"add","ref":1,"error":{"code":"bad_data","message":"invalid type: integer `1`, expected a tuple of size 2 at line 1 column 34"}}"#,
        ),
    ] {
        ask(&mut client, text, wanted).await;
    }
}
