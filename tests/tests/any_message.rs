//! `#[on(message)]` takes the names that no handler takes, and no others, whatever the way in which each runs.

use futures_util::stream;
use serde_json::json;
use tokio::time::{Duration, sleep};
use ws_runtime::prelude::*;
use ws_runtime::test::Result as Tested;

#[ws_server]
mod concurrent {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u32,
    }

    #[on("now")]
    fn now() -> &'static str {
        "now"
    }

    #[on("later")]
    async fn later(guest: &mut Guest) -> String {
        guest.said += 1;
        format!("later {}", guest.said)
    }

    #[on("items")]
    fn items() -> impl Stream<Item = u8> {
        stream::iter([1, 2])
    }

    #[on(message, concurrent = 2)]
    async fn any(message: &Envelope<'_>) -> String {
        sleep(Duration::from_secs(1)).await;
        format!("any {}", message.name())
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_runs_beside_others_takes_no_name_of_theirs() -> Tested {
    let server = concurrent::server().test().await?;
    let mut ann = server.connect("/").await?;
    assert_eq!(ann.call::<String>("now", ()).await?, "now");
    assert_eq!(ann.call::<String>("later", ()).await?, "later 1");
    assert_eq!(ann.stream::<u8>("items", ()).await?.all().await?, [1, 2]);
    ann.set_patience(3);
    assert_eq!(ann.call::<String>("other", json!(1)).await?, "any other");
    assert_eq!(ann.call::<String>("later", ()).await?, "later 2");
    Ok(())
}

#[ws_server]
mod waiting {
    use super::*;

    #[on("beside", concurrent = 2)]
    async fn beside() -> &'static str {
        "beside"
    }

    #[on("alone")]
    fn alone() -> impl Stream<Item = u8> + use<> {
        stream::iter([3])
    }

    #[on(message)]
    async fn any(message: &Envelope<'_>) -> String {
        sleep(Duration::from_millis(1)).await;
        format!("any {}", message.name())
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_awaits_takes_no_name_of_others() -> Tested {
    let server = waiting::server().test().await?;
    let mut ann = server.connect("/").await?;
    assert_eq!(ann.call::<String>("beside", ()).await?, "beside");
    assert_eq!(ann.stream::<u8>("alone", ()).await?.all().await?, [3]);
    assert_eq!(ann.call::<String>("other", ()).await?, "any other");
    Ok(())
}
