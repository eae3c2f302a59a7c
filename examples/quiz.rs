//! A quiz: each player has ten seconds for an answer.
//!
//! ```text
//! cargo run --example quiz
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080`), and send `{"type":"next","id":1}`, then
//! `{"type":"answer","id":2,"data":42}`, or wait.

// ANCHOR: quiz
use serde::Serialize;
use ws_runtime::SendError;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod quiz {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Player {
        answer: Timer,
        points: u64,
    }

    #[push]
    #[derive(Serialize)]
    struct TooSlow {
        points: u64,
    }

    #[on("next")]
    fn next(player: &mut Player) -> &'static str {
        player.answer.start(10);
        "what is 6 × 7?"
    }

    /// A point for each second that is left.
    #[on("answer")]
    fn answer(Json(number): Json<u32>, player: &mut Player) -> Result<u64, Reject> {
        let left = player.answer.left().ok_or_else(|| Reject::bad_request().text("there is no question"))?;
        if number == 42 {
            player.answer.stop();
            player.points += left.as_secs();
        }
        Ok(player.points)
    }

    #[timer(answer)]
    fn too_slow(player: &Player, conn: &Conn) -> Result<(), SendError> {
        conn.send(TooSlow { points: player.points })
    }
}

fn main() -> ws_runtime::Result<()> {
    quiz::server().start()
}
// ANCHOR_END: quiz

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("timers.md", "quiz", &quiz::server().test().await?).await
    }
}
