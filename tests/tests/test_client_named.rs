//! The in-memory client and named messages.

use std::time::Duration;

use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use ws_runtime::prelude::*;
use ws_runtime::test::{Cause, Result};

#[ws_server]
mod game {
    use super::*;

    #[derive(Deserialize)]
    struct Move {
        cell: u8,
    }

    #[on("move")]
    fn play(Json(play): Json<Move>, server: &Server) -> Result<u8, Reject> {
        if play.cell > 8 {
            return Err(Reject::bad_request().with_code("no_cell").text("there are nine cells").with_data(9));
        }
        server.broadcast_utf8(format!(r#"{{"type":"moved","data":{{"cell":{}}}}}"#, play.cell));
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

    let (one, other) = (ann.begin("count", 1).await?, ann.begin("count", 2).await?);
    assert_eq!(ann.items::<u32>(other).all().await?, [0, 1]);
    assert_eq!(ann.items::<u32>(one).all().await?, [0]);
    ann.expect_nothing().await?;
    Ok(())
}
