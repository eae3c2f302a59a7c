//! The in-memory client and named messages.

use std::time::Duration;

use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use ws_runtime::AskError;
use ws_runtime::prelude::*;
use ws_runtime::test::{Cause, Result};

#[ws_server]
mod game {
    use super::*;

    #[derive(Deserialize)]
    struct Move {
        cell: u8,
    }

    #[push]
    #[derive(Serialize)]
    struct Moved {
        cell: u8,
    }

    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm<'a> {
        text: &'a str,
    }

    #[on("move")]
    fn play(Json(play): Json<Move>, server: &Server) -> Result<u8, Reject> {
        if play.cell > 8 {
            return Err(Reject::bad_request().with_code("no_cell").text("there are nine cells").with_data(9));
        }
        server.broadcast(Moved { cell: play.cell });
        Ok(play.cell)
    }

    #[on("quiet")]
    fn quiet() {}

    #[on("think")]
    async fn think(Json(seconds): Json<u64>) -> u64 {
        sleep(Duration::from_secs(seconds)).await;
        seconds
    }

    #[on("count")]
    fn count(Json(to): Json<u32>) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    #[on("forever")]
    fn forever() -> impl Stream<Item = u8> {
        stream::pending()
    }

    /// Asks, and replies what came of it.
    #[on("leave", concurrent = 4)]
    async fn leave(Json(seconds): Json<u64>, conn: &Conn) -> String {
        let answer: Result<bool, AskError> = conn.ask(Confirm { text: "sure?" }).within(seconds).await;
        format!("{answer:?}")
    }

    #[on("broken")]
    fn broken() -> impl Stream<Item = Result<u8, Reject>> {
        stream::iter([Ok(1), Err(Reject::forbidden())])
    }

    #[on(binary)]
    fn binary(data: Bytes) -> Bytes {
        data
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_gets_its_reply_and_leaves_the_rest() -> Result {
    let server = game::server().test().await?;
    let (mut ann, mut bob) = (server.connect("/").await?, server.connect("/").await?);
    assert_eq!(ann.call::<u8>("move", json!({"cell": 4})).await?, 4);
    ann.call::<()>("quiet", ()).await?;
    let moved: Value = ann.expect("moved").await?;
    assert_eq!(moved, json!({"cell": 4}));
    ann.expect_nothing().await?;

    bob.call::<Value>("move", json!({"cell": 5})).await?;
    bob.send_binary("raw").await?;
    for cell in [4, 5] {
        assert_eq!(bob.expect::<Value>("moved").await?["cell"], cell);
    }
    assert_eq!(bob.binary().await?, "raw");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_error_with_its_code_message_and_data() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/").await?;
    let error = ann.call::<u8>("move", json!({"cell": 9})).await.unwrap_err();
    let refused = error.refused().unwrap();
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("no_cell", "there are nine cells"));
    assert_eq!(refused.data, Some(json!(9)));
    let expected = ": no reply to `move` (id 1): refused: no_cell: there are nine cells 9";
    assert!(error.to_string().ends_with(expected), "{error}");

    assert_eq!(ann.call::<()>("mvoe", ()).await.unwrap_err().code(), Some("not_found"));
    assert_eq!(ann.call::<u8>("move", 4).await.unwrap_err().code(), Some("bad_data"));
    assert_eq!(ann.call::<u8>("move", json!({"cell": 8})).await?, 8);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_an_id_what_comes_back_is_taken_by_name() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/").await?;
    ann.notify("move", json!({"cell": 2})).await?;
    assert_eq!(ann.expect::<u8>("move").await?, 2);
    ann.notify("move", json!({"cell": 9})).await?;
    assert_eq!(ann.expect::<u8>("move").await.unwrap_err().code(), Some("no_cell"));
    ann.notify("quiet", ()).await?;
    ann.expect::<Value>("moved").await?;
    ann.expect_nothing().await?;
    ann.send_utf8("nonsense").await?;
    assert_eq!(ann.expect::<()>("$error").await.unwrap_err().code(), Some("bad_request"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_longer_than_a_second_says_so_or_is_waited_for() -> Result {
    let start = Instant::now();
    let server = game::server().test().await?;
    let mut ann = server.connect("/").await?;
    let error = ann.call::<u64>("think", 3).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Nothing(_)), "{error}");
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    server.advance(2).await;
    assert_eq!(ann.reply::<u64>(1).await?, 3);

    let id = ann.begin("think", 60).await?;
    server.advance(59.999).await;
    ann.expect_nothing().await?;
    assert_eq!(ann.reply::<u64>(id).await?, 60);

    ann.set_patience(3600);
    assert_eq!(ann.call::<u64>("think", 3000).await?, 3000);
    assert_eq!(start.elapsed(), Duration::from_secs(3 + 60 + 3000));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stream_gives_its_items_its_end_or_its_error() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/").await?;
    let mut items = ann.stream::<u32>("count", 2).await?;
    assert_eq!((items.next().await?, items.next().await?, items.next().await?), (Some(0), Some(1), None));
    assert_eq!(ann.stream::<u32>("count", 5).await?.all().await?, [0, 1, 2, 3, 4]);

    let mut items = ann.stream::<u8>("broken", ()).await?;
    assert_eq!(items.next().await?, Some(1));
    assert_eq!(items.next().await.unwrap_err().code(), Some("forbidden"));

    let mut items = ann.stream::<u8>("forever", ()).await?;
    assert!(matches!(items.next().await.unwrap_err().cause(), Cause::Nothing(_)));
    items.cancel().await?;

    let (one, other) = (ann.begin("count", 1).await?, ann.begin("count", 2).await?);
    assert_eq!(ann.items::<u32>(other).all().await?, [0, 1]);
    assert_eq!(ann.items::<u32>(one).all().await?, [0]);
    ann.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_refused_or_left_open() -> Result {
    let server = game::server().test().await?;
    let mut ann = server.connect("/").await?;
    let id = ann.begin("leave", 30).await?;
    let (ask, question) = ann.question::<Value>("confirm").await?;
    assert_eq!(question, json!({"text": "sure?"}));
    ann.answer(ask, true).await?;
    assert_eq!(ann.reply::<String>(id).await?, "Ok(true)");
    ann.answer(ask, false).await?;
    ann.expect_nothing().await?;

    let id = ann.begin("leave", 30).await?;
    let (ask, _) = ann.question::<Value>("confirm").await?;
    ann.refuse(ask, "busy", "not now").await?;
    assert!(ann.reply::<String>(id).await?.contains("busy"));

    let id = ann.begin("leave", 30).await?;
    ann.question::<Value>("confirm").await?;
    server.advance(29.999).await;
    ann.expect_nothing().await?;
    assert_eq!(ann.reply::<String>(id).await?, "Err(Timeout { after: 30s })");

    // Calls that overlap.
    let (one, other) = (ann.begin("leave", 30).await?, ann.begin("leave", 30).await?);
    let ((first, _), (second, _)) =
        (ann.question::<Value>("confirm").await?, ann.question::<Value>("confirm").await?);
    ann.answer(second, false).await?;
    assert_eq!(ann.reply::<String>(other).await?, "Ok(false)");
    ann.answer(first, true).await?;
    assert_eq!(ann.reply::<String>(one).await?, "Ok(true)");
    assert!(matches!(ann.answer(99, true).await.unwrap_err().cause(), Cause::NotAsked(99)));
    Ok(())
}

#[ws_server(envelope(type = "event", data = "payload", id = "ref"))]
mod renamed {
    use super::*;

    #[push]
    #[derive(Serialize)]
    struct Hello<'a>(&'a str);

    #[on(ready)]
    fn ready() -> Hello<'static> {
        Hello("there")
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(i64, i64)>) -> i64 {
        a + b
    }
}

#[tokio::test(start_paused = true)]
async fn renamed_keys_are_those_of_the_server_or_of_the_client() -> Result {
    let server = renamed::server().test().await?;
    let mut ann = server.connect("/").await?;
    assert_eq!(ann.expect::<String>("hello").await?, "there");
    assert_eq!(ann.call::<i64>("add", (1, 2)).await?, 3);

    let mut other = server.connect("/").envelope("type", "data", "id").await?;
    let error = other.call::<i64>("add", (1, 2)).await.unwrap_err();
    assert!(error.to_string().contains(r#"unread: {"event":"hello","payload":"there"}"#), "{error}");
    Ok(())
}
