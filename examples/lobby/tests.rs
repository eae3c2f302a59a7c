//! Who may do what, how a slow player loses, and who finds the seat again.

// ANCHOR: tests
use serde_json::{Value, json};
use ws_runtime::test::{Result, TestClient, TestServer};

use super::arcade;

async fn join(server: &TestServer, path: &str, name: &str) -> Result<TestClient> {
    Ok(server.connect(path).bearer(format!("token-of-{name}")).await?)
}

/// Ann and Bob at a table, who have been told of the game.
async fn sit(server: &TestServer) -> Result<(TestClient, TestClient)> {
    let mut ann = join(server, "/lobby/table/7", "ann").await?;
    assert_eq!(ann.expect::<Value>("moved").await?["game"]["players"], json!(["ann"]));
    let mut bob = join(server, "/lobby/table/7", "bob").await?;
    assert_eq!(bob.expect::<Value>("moved").await?["game"]["players"], json!(["ann", "bob"]));
    Ok((ann, bob))
}

#[tokio::test(start_paused = true)]
async fn a_table_is_made_by_its_first_player_and_the_lobby_hears_of_it() -> Result {
    let server = arcade::server().test().await?;
    let mut eve = server.connect("/lobby").await?;
    assert_eq!(eve.expect::<Value>("here").await?, json!({"guests": [], "tables": []}));
    let (ann, bob) = sit(&server).await?;
    assert_eq!(eve.expect::<Value>("listed").await?, json!({"table": 7, "open": true}));

    let mut cat = join(&server, "/lobby", "cat").await?;
    let here = json!({"guests": ["cat"], "tables": ["/lobby/table/7"]});
    assert_eq!(cat.expect::<Value>("here").await?, here);
    drop((ann, bob));
    server.advance(59).await;
    eve.expect_nothing().await?;
    server.advance(2).await;
    assert_eq!(eve.expect::<Value>("listed").await?, json!({"table": 7, "open": false}));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn three_in_a_line_win() -> Result {
    let server = arcade::server().test().await?;
    let mut eve = join(&server, "/lobby", "eve").await?;
    let (mut ann, mut bob) = sit(&server).await?;
    assert_eq!(bob.call::<()>("move", 0).await.unwrap_err().code(), Some("not_your_turn"));
    for cell in [0, 3, 1, 4] {
        let player = if [0, 1].contains(&cell) { &mut ann } else { &mut bob };
        player.call::<()>("move", cell).await?;
    }
    let taken = ann.call::<()>("move", 4).await.unwrap_err();
    assert_eq!(taken.refused().unwrap().to_string(), "taken: taken by O");
    ann.call::<()>("move", 2).await?;
    assert_eq!(bob.call::<()>("move", 5).await.unwrap_err().code(), Some("over"));
    assert_eq!(eve.expect::<Value>("won").await?, json!({"by": "ann", "wins": 1}));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_slow_player_loses() -> Result {
    let server = arcade::server().test().await?;
    let (mut ann, mut bob) = sit(&server).await?;
    ann.call::<()>("move", 4).await?;
    assert_eq!(bob.expect::<Value>("moved").await?["game"]["winner"], Value::Null);
    server.advance(19.9).await;
    bob.expect_nothing().await?;
    server.advance(0.2).await;
    assert_eq!(bob.expect::<Value>("moved").await?["game"]["winner"], "X");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_player_who_comes_back_within_a_minute_has_the_same_seat() -> Result {
    let server = arcade::server().test().await?;
    let (mut ann, bob) = sit(&server).await?;
    ann.call::<()>("move", 4).await?;
    drop((ann, bob));
    server.advance(10).await;
    let mut bob = join(&server, "/lobby/table/7", "bob").await?;
    assert_eq!(bob.expect::<Value>("moved").await?["game"]["board"][4], "X");
    bob.call::<()>("move", 0).await?;

    drop(bob);
    server.advance(61).await;
    let mut bob = join(&server, "/lobby/table/7", "bob").await?;
    assert_eq!(bob.expect::<Value>("moved").await?["game"]["players"], json!(["bob"]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn watchers_talk_to_each_other_alone() -> Result {
    let server = arcade::server().test().await?;
    let (mut ann, _bob) = sit(&server).await?;
    let mut eve = join(&server, "/lobby/table/7", "eve").await?;
    let mut cat = join(&server, "/lobby/table/7", "cat").await?;
    assert_eq!(eve.call::<()>("move", 0).await.unwrap_err().code(), Some("watching"));
    assert_eq!(eve.call::<usize>("whisper", "bob sleeps").await?, 2);
    assert_eq!(cat.expect::<Value>("said").await?, json!({"by": "eve", "text": "bob sleeps"}));
    ann.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_may_enter_what() -> Result {
    let server = arcade::server().test().await?;
    assert_eq!(server.get("/health").await?.body(), "ok");
    for path in ["/loby", "/lobby/table/x", "/lobby/table/101", "/lobby/table/07"] {
        assert_eq!(server.connect(path).bearer("token-of-ann").await.unwrap_err().status(), 404, "{path}");
    }
    assert_eq!(server.connect("/lobby/table/7").await.unwrap_err().status(), 401);
    assert_eq!(server.connect("/lobby").bearer("found").await.unwrap_err().status(), 403);
    let mut anyone = server.connect("/lobby").await?;
    assert_eq!(anyone.call::<usize>("say", "hello").await.unwrap_err().code(), Some("unauthorized"));
    Ok(())
}
// ANCHOR_END: tests

#[tokio::test(start_paused = true)]
async fn it_does_what_the_book_shows() -> Result {
    for page in ["rooms.md", "timers.md"] {
        examples::transcript::play(page, "lobby", &arcade::server().test().await?).await?;
    }
    Ok(())
}
