//! The chat through the router, without a port.

// ANCHOR: tests
use serde_json::{Value, json};
use ws_runtime::test::{Result, TestClient, TestServer};

use super::{app, chat};

async fn start() -> Result<TestServer> {
    let chat = chat::server().mount().await?;
    let app = app(&chat);
    Ok(chat.test(app).await?)
}

/// Signs in through the API, and connects with the cookie.
async fn enter(server: &TestServer, name: &str) -> Result<TestClient> {
    let answer = server.request("POST", "/api/login").body(name).await?;
    let cookie = answer.headers()["set-cookie"].to_str()?.split(';').next().unwrap_or_default();
    Ok(server.connect("/chat").header("Cookie", cookie).await?)
}

#[tokio::test(start_paused = true)]
async fn who_has_signed_in_talks_to_all() -> Result {
    let server = start().await?;
    let mut ann = enter(&server, "Ann").await?;
    let mut bob = enter(&server, "Bob").await?;
    ann.notify("say", "hello").await?;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.expect::<Value>("said").await?, json!({"by": "Ann", "text": "hello"}));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_the_cookie_the_layer_refuses() -> Result {
    let server = start().await?;
    assert_eq!(server.connect("/chat").await.unwrap_err().status(), 401);
    assert_eq!(server.get("/api/me").await?.status(), 401);
    assert_eq!(server.get("/").await?.status(), 200);
    assert_eq!(server.request("POST", "/api/login").await?.status(), 400);
    Ok(())
}
// ANCHOR_END: tests
