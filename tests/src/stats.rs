//! What a server counts, awaited.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use ws_runtime::stats::Stats;
use ws_runtime::test::TestServer;

/// How long the server may take to count something. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the server has counted what is expected.
///
/// # Panics
///
/// If it does not.
pub async fn until(server: &TestServer, is_expected: impl Fn(&Stats) -> bool) -> Stats {
    let counted = async {
        loop {
            let stats = server.server().stats();
            if is_expected(&stats) {
                return stats;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    let counted = timeout(PATIENCE, counted).await;
    counted.unwrap_or_else(|_| panic!("it has not counted that: {:?}", server.server().stats()))
}
