//! How often failures of handlers are logged. The log is that of the whole process, which is why this test is alone
//! in its program.

use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::log::Log;

#[ws_server]
mod failing {
    use super::*;

    #[on("panic")]
    fn panics() {
        panic!("as asked")
    }

    #[on("large error")]
    fn large_error() -> Result<(), Reject> {
        Err(Reject::forbidden().text("x".repeat(100_000)))
    }
}

/// A peer that comes back each time, or that stays, must not fill the log.
#[tokio::test(start_paused = true)]
async fn failures_are_logged_ten_times_a_second_whatever_they_are() -> Result {
    let log = Log::default();
    tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).init();
    let server = failing::server().test().await?;
    for _ in 0..50 {
        let mut client = server.connect("/").await?;
        client.begin("panic", ()).await?;
        assert_eq!(client.closed().await?.code, 1011);
    }
    let mut client = server.connect("/").await?;
    for _ in 0..50 {
        assert_eq!(client.call::<()>("large error", ()).await.unwrap_err().code(), Some("internal"));
    }
    let text = log.take();
    assert_eq!(text.matches("panicked: as asked").count(), 10);
    assert_eq!(text.matches("an error reply was not sent").count(), 10);
    Ok(())
}
