//! What a client must not send, and what is at the edge of what it may: each row's bytes at default limits, whole,
//! byte by byte and in odd pieces, and what must come back. Whole they go over real sockets too. It is the same whether
//! the server stands alone, is mounted in a router, or is the host of one.

mod answers;
mod bounded_host;
mod closes;
mod fragments;
mod fronts;
mod headers;
mod http2;
mod mount_life;
mod order;
mod sizes;
mod text;

use axum::Router;
use ws_runtime::prelude::*;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Afterwards, Cut, exchange, shake_hands};

use self::fronts::{Front, Site};

#[ws_server(listen = "127.0.0.1:0")]
mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn data(data: Bytes) -> Bytes {
        data
    }
}

/// Bytes of a client, and all that the server sends until it ends the stream.
struct Row {
    name: String,
    bytes: Vec<u8>,
    answer: Sent,
}

impl Row {
    /// A client that breaks a rule, and the close code that it gets. It waits for the server to end the connection.
    fn wrong(name: impl Into<String>, bytes: impl Into<Vec<u8>>, code: u16) -> Self {
        let answer = Sent { close: Some(code), ..Sent::default() };
        Self { name: name.into(), bytes: bytes.into(), answer }
    }

    /// A client that breaks none. It closes with 1000 itself.
    fn fine(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = bytes.into();
        bytes.extend(close(1000, b""));
        Self::wrong(name, bytes, 1000)
    }

    /// A text comes back before the end.
    fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        self.answer.messages.push((0x1, text.as_ref().to_vec()));
        self
    }

    /// A binary message comes back before the end.
    fn binary(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.answer.messages.push((0x2, data.into()));
        self
    }

    async fn hold(&self, front: Front, site: &Site, cut: Cut<'_>) {
        let Self { name, bytes, answer } = self;
        let received = exchange(shake_hands(site).await, bytes, cut, Afterwards::Wait).await;
        let seen = Sent::read(&received);
        // Not by `assert_eq`, which would print 64 KiB.
        assert!(seen == *answer, "{name}, {front:?}, {cut:?}: {}, not {}", brief(&seen), brief(answer));
    }

    /// A ping is answered before the end.
    fn pong(mut self, payload: impl AsRef<[u8]>) -> Self {
        self.answer.pongs.push(payload.as_ref().to_vec());
        self
    }
}

/// Holds each row to its answer, behind each front.
async fn hold(rows: Vec<Row>) {
    for front in Front::IN_MEMORY {
        let site = front.start(echo::server(), "/", Router::new()).await;
        for row in &rows {
            for cut in Cut::ALL {
                row.hold(front, &site, cut).await;
            }
        }
        site.stop().await;
    }
    tokio::time::resume();
    for front in Front::OVER_TCP {
        let site = front.start(echo::server(), "/", Router::new()).await;
        for row in &rows {
            row.hold(front, &site, Cut::Whole).await;
        }
        site.stop().await;
    }
}

/// What was sent, in a line.
fn brief(sent: &Sent) -> String {
    let mut line = format!("{sent:?}");
    let end = line.floor_char_boundary(400);
    if end < line.len() {
        line.truncate(end);
        line.push_str(&format!("… and {:?} at the end", sent.close));
    }
    line
}

/// All rows, for the tests that count them.
fn all() -> Vec<Row> {
    [
        headers::rows(),
        sizes::rows(),
        fragments::rows(),
        text::valid(),
        text::invalid(),
        text::fails_fast(),
        closes::rows(),
        order::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn there_are_many_rows_and_each_has_a_name_of_its_own() {
    let mut names: Vec<_> = all().into_iter().map(|row| row.name).collect();
    let count = names.len();
    assert!(count >= 600, "{count}");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_corpus_has_every_row() {
    ws_tests::corpus::has("frames", all().into_iter().map(|row| row.bytes));
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_up_to_a_burst_and_a_flood_is_closed_with_1008() {
    for front in Front::IN_MEMORY {
        let site = front.start(echo::server(), "/", Router::new()).await;
        for cut in Cut::ALL {
            let pings: Vec<u8> =
                (0..1000_u32).flat_map(|number| frame(0x89, &number.to_be_bytes())).collect();
            let received = exchange(shake_hands(&site).await, &pings, cut, Afterwards::Wait).await;
            let sent = Sent::read(&received);
            assert_eq!(sent.close, Some(1008), "{front:?}, {cut:?}");
            // 100 at once; no time passes, in which there would be 20 a second.
            assert_eq!(sent.pongs.len(), 100, "{front:?}, {cut:?}");
            for (number, pong) in (0_u32..).zip(&sent.pongs) {
                assert_eq!(pong, &number.to_be_bytes(), "{front:?}, {cut:?}: in order, none left out");
            }
        }
        site.stop().await;
    }
}
