//! The server in memory: no ports, and a clock that jumps instead of waiting.

use ws_runtime::test::Result;

use crate::server::echo;

#[tokio::test(start_paused = true)]
async fn a_text_comes_back() -> Result {
    let server = echo::server().test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("hello").await?;
    assert_eq!(client.utf8().await?, "hello");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_page_is_served() -> Result {
    let server = echo::server().test().await?;
    let page = server.get("/").await?;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    Ok(())
}
