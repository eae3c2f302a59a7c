//! The server in memory: no ports, and a clock that jumps instead of waiting.

use serde_json::{Value, json};
use ws_runtime::test::{Result, TestServer};

use crate::api;
use crate::server::chat;

async fn start() -> Result<TestServer> {
    Ok(chat::server().http(api::router()).test().await?)
}

#[tokio::test(start_paused = true)]
async fn what_one_says_all_hear() -> Result {
    let server = start().await?;
    let mut ann = server.connect("/?name=Ann").await?;
    let mut bob = server.connect("/?name=Bob").await?;
    ann.call::<()>("say", "hello").await?;
    for client in [&mut ann, &mut bob] {
        let said = client.expect::<Value>("said").await?;
        assert_eq!(said, json!({"by": "Ann", "text": "hello"}));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_the_api_is_told_all_hear() -> Result {
    let server = start().await?;
    let mut ann = server.connect("/?name=Ann").await?;
    let message = json!({"by": "the kitchen", "text": "dinner is ready"});
    let request = server
        .request("POST", "/api/messages")
        .header("Content-Type", "application/json");
    let answer = request.body(message.to_string()).await?;
    assert_eq!(answer.status(), 204);
    assert_eq!(ann.expect::<Value>("said").await?, message);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_api_knows_who_is_connected() -> Result {
    let server = start().await?;
    let mut ann = server.connect("/?name=Ann").await?;
    assert_eq!(server.get("/api/members").await?.body(), r#"["Ann"]"#);
    ann.disconnect(1000, "").await?;
    ann.closed().await?;
    assert_eq!(server.get("/api/members").await?.body(), "[]");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_has_no_name_is_refused() -> Result {
    let server = start().await?;
    for path in ["/", "/?name=", "/?name=a+name+that+is+too+long"] {
        assert_eq!(server.connect(path).await.unwrap_err().status(), 400);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_page_and_its_script_are_served() -> Result {
    let server = start().await?;
    for path in ["/", "/client.js"] {
        assert_eq!(server.get(path).await?.status(), 200);
    }
    Ok(())
}
