//! How often the log names a handler that fails again and again.

use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_tests::log::Log;

#[ws_server]
mod listener {
    use super::*;

    #[identity]
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct User(u32);

    #[on(handshake)]
    fn anonymous() -> Option<User> {
        None
    }

    #[on(pong)]
    fn pong(_user: &User) {}

    #[tick(period = 0.01)]
    fn tick() -> Result<(), String> {
        Err("no clock".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn failures_that_repeat_are_logged_ten_times_a_second() -> Result {
    let log = Log::default();
    let _logged = tracing::subscriber::set_default(subscriber(&log));
    let server = listener::server().test().await?;
    let mut ann = server.connect("/").await?;
    for _ in 0..50 {
        ann.send_pong("").await?;
    }
    server.advance(0.9).await;
    let told = log.take();
    for (handler, level) in [("handler=\"pong\"", "WARN"), ("handler=\"tick\"", "ERROR")] {
        let lines = told.lines().filter(|line| line.contains(handler) && line.contains(level));
        assert_eq!(lines.count(), 10, "{handler}: {told}");
    }
    server.advance(0.3).await;
    ann.send_pong("").await?;
    ann.expect_nothing().await?;
    let told = log.take();
    assert!(
        told.contains("more failures of this handler were not logged handler=\"pong\" count=40"),
        "{told}"
    );
    Ok(())
}

fn subscriber(log: &Log) -> impl tracing::Subscriber + Send + Sync + use<> {
    tracing_subscriber::fmt().with_max_level(Level::WARN).with_ansi(false).with_writer(log.clone()).finish()
}
