//! The server in memory: no ports, and a clock that jumps instead of waiting.

use serde_json::{Value, json};
use ws_runtime::test::{Result, TestClient, TestServer};

use crate::server::chat;

/// Connects, and joins under a nickname.
async fn join(server: &TestServer, nickname: &str) -> Result<TestClient> {
    let mut client = server.connect("/").await?;
    client.expect::<Value>("welcome").await?;
    client.call::<()>("join", nickname).await?;
    client.expect::<Value>("joined").await?;
    Ok(client)
}

#[tokio::test(start_paused = true)]
async fn what_one_says_all_hear() -> Result {
    let server = chat::server().test().await?;
    let mut ann = join(&server, "Ann").await?;
    let mut bob = join(&server, "Bob").await?;
    ann.call::<()>("say", "hello").await?;
    for client in [&mut ann, &mut bob] {
        assert_eq!(
            client.expect::<Value>("said").await?,
            json!({"by": "Ann", "text": "hello"})
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_told_how_many_are_here() -> Result {
    let server = chat::server().test().await?;
    let _ann = join(&server, "Ann").await?;
    let mut guest = server.connect("/").await?;
    assert_eq!(guest.expect::<Value>("welcome").await?, json!({"here": 1}));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_nickname_is_free_again_once_its_owner_has_left() -> Result {
    let server = chat::server().test().await?;
    let mut ann = join(&server, "Ann").await?;
    let mut guest = server.connect("/").await?;
    assert_eq!(
        guest.call::<()>("join", "Ann").await.unwrap_err().code(),
        Some("taken")
    );

    ann.disconnect(1000, "").await?;
    assert_eq!(guest.expect::<Value>("left").await?, json!({"who": "Ann"}));
    guest.call::<()>("join", "Ann").await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_has_no_nickname_says_nothing() -> Result {
    let server = chat::server().test().await?;
    let mut guest = server.connect("/").await?;
    assert_eq!(
        guest.call::<()>("say", "hello").await.unwrap_err().code(),
        Some("not_joined")
    );
    for nickname in ["", "   ", "a nickname that is too long"] {
        assert_eq!(
            guest.call::<()>("join", nickname).await.unwrap_err().code(),
            Some("nickname_length")
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_says_too_much_waits() -> Result {
    let server = chat::server().test().await?;
    let mut ann = join(&server, "Ann").await?;
    for _ in 0..5 {
        ann.call::<()>("say", "hello").await?;
    }
    assert_eq!(
        ann.call::<()>("say", "hello").await.unwrap_err().code(),
        Some("too_many_requests")
    );
    server.advance(10).await;
    ann.call::<()>("say", "hello").await?;
    Ok(())
}
