//! The route in its own file, seen from outside.

use ws_runtime::test::Result;

#[tokio::test(start_paused = true)]
async fn it_does_what_the_book_shows() -> Result {
    let server = crate::server::server().test().await?;
    examples::transcript::play("from-one-file-to-many.md", "poll", &server).await?;
    assert_eq!(server.get("/count").await?.body(), "2 votes\n");
    assert_eq!(server.connect("/poll/lunch").await.unwrap_err().status(), 401);
    Ok(())
}
