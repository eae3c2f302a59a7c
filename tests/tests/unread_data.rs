//! Named messages whose data no argument reads.

use serde_json::Value;
use ws_runtime::event::FromContext;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;

/// A word that is also the name of a type of the runtime's.
mod other {
    use super::*;

    pub struct Json;

    impl<'a, C> FromContext<'a, C> for Json {
        fn from_context(_: &mut C) -> Result<Self, Reject> {
            Ok(Self)
        }
    }
}

#[ws_server]
mod blind {
    use super::*;

    #[on("look")]
    fn look(_: other::Json) -> u8 {
        1
    }

    #[on("later")]
    async fn later(_: other::Json) -> u8 {
        2
    }
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_data_that_nobody_reads_is_looked_at() -> Result {
    let server = blind::server().test().await?;
    let mut ann = server.connect("/").await?;
    for (name, data) in [("look", 1), ("later", 2)] {
        ann.send_utf8(format!(r#"{{"type":"{name}","data":[],"id":7}}"#)).await?;
        assert_eq!(ann.utf8().await?, format!(r#"{{"type":"{name}","id":7,"data":{data}}}"#));
        for wrong in [r#""data":[]} x"#, r#""data":[],"id":{}}"#, r#""data":[,"id":1}"#, r#""id":[]}"#] {
            ann.send_utf8(format!(r#"{{"type":"{name}",{wrong}"#)).await?;
            let reply: Value = serde_json::from_str(&ann.utf8().await?).unwrap();
            assert_eq!(reply["error"]["code"], "bad_request", "{wrong}");
        }
    }
    Ok(())
}
