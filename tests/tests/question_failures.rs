//! Questions that fail by the server's own mistake.

use serde::Serialize;
use serde_json::Value;
use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;
use ws_runtime::{AskError, SendError};
use ws_tests::log::Log;

#[ws_server(max_send_size = 4096)]
mod asking {
    use super::*;

    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm {
        text: String,
    }

    #[on("ask")]
    async fn ask(Json(size): Json<usize>, conn: &Conn) -> Result<bool, AskError> {
        conn.ask(Confirm { text: "x".repeat(size) }).await
    }
}

fn error(reply: &str) -> (Value, String) {
    let reply: Value = serde_json::from_str(reply).unwrap();
    (reply["id"].clone(), reply["error"]["code"].as_str().unwrap().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_question_that_cannot_be_sent_is_a_failure_of_the_server() -> Result {
    let (log, _logged) = Log::keep(Level::WARN);
    let server = asking::server().test().await?;
    let mut ann = server.connect("/").await?;
    for id in 1..=30 {
        ann.send_utf8(format!(r#"{{"type":"ask","id":{id},"data":5000}}"#)).await?;
        let reply = ann.utf8().await?;
        assert_eq!(error(&reply), (id.into(), "internal".to_owned()));
        assert!(!reply.contains("max_send_size"), "{reply}");
    }
    let told = log.take();
    let errors = told.lines().filter(|line| line.contains("ERROR") && line.contains("handler=\"ask\""));
    assert_eq!(errors.clone().count(), 10, "{told}");
    assert!(errors.clone().all(|line| line.contains("5")), "{told}");
    Ok(())
}

#[test]
fn why_a_question_failed_is_told_as_far_as_it_concerns_the_peer() {
    let code = |error: AskError| Reject::from(error).code().to_owned();
    assert_eq!(code(AskError::Gone), "gone");
    assert_eq!(code(AskError::Send(SendError::Gone)), "gone");
    for error in [SendError::NotReady, SendError::NoEnvelope] {
        let reject = Reject::from(AskError::Send(error));
        assert_eq!((reject.code(), reject.message()), ("internal", "the server has failed"));
    }
    let late = Reject::from(AskError::Timeout { after: std::time::Duration::from_secs(1) });
    assert_eq!((late.status().as_u16(), late.code()), (504, "timeout"));
}
