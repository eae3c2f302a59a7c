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
    let (log, _logged) = Log::keep(Level::WARN);
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

/// A limit is no handler, and who exceeds it is no error of the program.
#[tokio::test(start_paused = true)]
async fn what_repeats_about_a_limit_is_summed_up_in_a_warning() -> Result {
    let (log, _logged) = Log::keep(Level::WARN);
    let server = listener::server().max_connections_per_ip(1).test().await?;
    let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 5000));
    let _first = server.connect("/").peer(peer).await?;
    for _ in 0..30 {
        server.connect("/").peer(peer).await.unwrap_err();
    }
    let told = log.take();
    assert_eq!(told.matches("max_connections_per_ip (1) reached").count(), 10, "{told}");
    server.advance(1.1).await;
    server.connect("/").peer(peer).await.unwrap_err();
    let told = log.take();
    let line = told.lines().find(|line| line.contains("count=20"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("WARN") && line.contains("about=\"max_connections_per_ip\""), "{line}");
    assert!(!line.contains("handler"), "{line}");
    Ok(())
}
