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

/// Signs in through the API, and returns the cookie.
async fn sign_in(server: &TestServer, name: &str) -> Result<String> {
    let answer = server.request("POST", "/api/login").body(name).await?;
    let cookie = answer.headers()["set-cookie"].to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

async fn enter(server: &TestServer, room: &str, name: &str) -> Result<TestClient> {
    let cookie = sign_in(server, name).await?;
    Ok(server.connect(format!("/chat/{room}")).header("Cookie", cookie).await?)
}

#[tokio::test(start_paused = true)]
async fn who_has_signed_in_talks_to_the_room() -> Result {
    let server = start().await?;
    let mut ann = enter(&server, "kitchen", "Ann").await?;
    let mut bob = enter(&server, "kitchen", "Bob").await?;
    let mut cat = enter(&server, "attic", "Cat").await?;
    ann.notify("say", "hello").await?;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.expect::<Value>("said").await?, json!({"by": "Ann", "text": "hello"}));
    }
    cat.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_announcement_of_the_api_reaches_all_rooms() -> Result {
    let server = start().await?;
    let mut ann = enter(&server, "kitchen", "Ann").await?;
    let mut bob = enter(&server, "attic", "Bob").await?;
    let cookie = sign_in(&server, "Root").await?;
    let announce = server.request("POST", "/api/announce").header("Cookie", cookie).body("tea is ready");
    assert_eq!(announce.await?.body(), "2 connections are told\n");
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.expect::<Value>("announced").await?, json!({"text": "tea is ready"}));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_the_cookie_the_layer_refuses() -> Result {
    let server = start().await?;
    assert_eq!(server.connect("/chat/kitchen").await.unwrap_err().status(), 401);
    assert_eq!(server.get("/api/me").await?.status(), 401);
    assert_eq!(server.request("POST", "/api/announce").await?.status(), 401);
    assert_eq!(server.get("/").await?.status(), 200);
    assert_eq!(server.request("POST", "/api/login").await?.status(), 400);
    Ok(())
}
// ANCHOR_END: tests

#[tokio::test(start_paused = true)]
async fn browsers_send_the_cookie_with_the_handshake() -> Result {
    let server = start().await?;
    let answer = server.request("POST", "/api/login").body("Ann").await?;
    assert!(answer.headers()["set-cookie"].to_str()?.contains("; Path=/;"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_address_has_twenty_connections_at_most() -> Result {
    let server = start().await?;
    let cookie = sign_in(&server, "Ann").await?;
    let connect =
        |ip: [u8; 4]| server.connect("/chat/kitchen").header("Cookie", cookie.clone()).peer((ip, 50118));
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(connect([203, 0, 113, 7]).await?);
    }
    assert_eq!(connect([203, 0, 113, 7]).await.unwrap_err().status(), 429);
    connect([203, 0, 113, 8]).await?;
    Ok(())
}
