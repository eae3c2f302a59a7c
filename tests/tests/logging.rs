//! What peers can write into the log: next to nothing. A test binary of its own, as it takes all that the process logs.

use tracing::Level;
use ws_runtime::prelude::*;
use ws_tests::frame::{close, frame};
use ws_tests::log::Log;
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, exchange, knock, shake_hands};

#[ws_server]
mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_sends_is_kept_out_of_the_log_or_escaped_and_makes_no_noise() {
    let log = Log::default();
    // Everything that this crate says; with what it is made of, as an operator would have it.
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("ws_runtime=trace,debug")
        .with_ansi(false)
        .with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();

    let server = echo::server().test().await.unwrap();
    let marks = ["\u{1b}[31mMARK", "MARK\0", "MARK\u{202e}", "MARK\u{9b}", "MARK%0d%0a", "MARKMARK"];
    let long = "MARK".repeat(1000);
    for mark in marks.into_iter().chain([long.as_str()]) {
        for request in [
            HANDSHAKE.replace("GET / ", &format!("GET /{mark}?token={mark} ")),
            HANDSHAKE.replace("GET ", &format!("{mark} ")),
            HANDSHAKE.replace("localhost", mark),
            HANDSHAKE.replace("\r\n\r\n", &format!("\r\nOrigin: {mark}\r\nCookie: {mark}\r\n\r\n")),
            HANDSHAKE
                .replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Protocol: {mark}\r\nX-{mark}: a\r\n\r\n")),
            HANDSHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", mark),
        ] {
            exchange(knock(&server).await, request.as_bytes(), Cut::Whole, Afterwards::End).await;
        }
        let reason: String = mark.chars().take(100).collect();
        for bytes in [
            frame(0x81, mark.as_bytes()),
            [frame(0x81, mark.as_bytes()), frame(0x83, mark.as_bytes())].concat(),
            frame(0x81, &[mark.as_bytes(), &[0xFF]].concat()),
            close(4000, reason.as_bytes()),
        ] {
            exchange(shake_hands(&server).await, &bytes, Cut::Whole, Afterwards::End).await;
        }
    }
    server.stop().await;

    let text = log.text();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() > 50, "{text}");
    for line in &lines {
        let raw = |character: char| character.is_control() || character == '\u{202e}';
        assert!(!line.contains(raw), "{line:?}");
        assert!(line.len() <= 500, "{line}");
        // The one thing that an operator needs to know, in quotes or escaped, is which page was refused.
        assert!(!line.contains("MARK") || line.contains("another origin"), "{line}");
    }
    let loud = |line: &&&str| [Level::WARN, Level::ERROR].iter().any(|level| line.contains(level.as_str()));
    assert!(lines.iter().filter(loud).count() <= 1, "{text}");
}
