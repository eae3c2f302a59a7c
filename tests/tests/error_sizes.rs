//! The error replies of a server, whatever the peer has sent: each is bounded, and each is sent.

use serde_json::Value;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;

#[ws_server(max_send_size = 4096)]
mod wide {
    use super::*;

    #[on(utf8)]
    fn number(Json(number): Json<u32>) -> String {
        number.to_string()
    }

    #[on("number")]
    fn named(Json(number): Json<u32>) -> u32 {
        number
    }

    #[on("large")]
    fn large() -> Result<(), Reject> {
        Err(Reject::forbidden().with_data("x".repeat(5000)))
    }
}

fn error(reply: &str) -> (Value, String) {
    let reply: Value = serde_json::from_str(reply).unwrap();
    (reply["id"].clone(), reply["error"]["code"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_error_repeats_little_of_what_the_peer_has_sent() -> Result {
    let server = wide::server().test().await?;
    let mut ann = server.connect("/").await?;
    let long = "é".repeat(30_000);
    for text in [format!("\"{long}\""), format!(r#"{{"type":"number","data":"{long}"}}"#)] {
        ann.send_utf8(text.as_str()).await?;
        let reply = ann.utf8().await?;
        assert_eq!(error(&reply).1, "bad_data");
        assert!(reply.len() < 600, "{} bytes", reply.len());
        let place = format!(" at line 1 column {}\"", text.len() - usize::from(text.ends_with('}')));
        assert!(reply.contains("invalid type: string") && reply.contains(&place), "{reply}");
    }
    ann.send_utf8("nonsense").await?;
    assert!(ann.utf8().await?.contains("the text is no JSON: expected"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_cannot_be_sent_is_still_a_reply() -> Result {
    let server = wide::server().test().await?;
    let mut ann = server.connect("/").await?;
    ann.send_utf8(r#"{"type":"large","id":7}"#).await?;
    assert_eq!(error(&ann.utf8().await?), (7.into(), "internal".to_owned()));
    ann.expect_nothing().await?;
    Ok(())
}
