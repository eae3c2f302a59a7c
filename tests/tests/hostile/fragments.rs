//! Messages in fragments, and what may stand between them.

use ws_tests::frame::{close, frame};

use crate::{Row, hold};

/// The default of `max_fragments`.
const MOST: usize = 1024;

#[tokio::test(start_paused = true)]
async fn fragments_make_a_message_up_to_their_limit_and_nothing_but_control_frames_stands_between() {
    hold(rows()).await;
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = numbers();
    rows.extend(orders());
    rows
}

/// A message in that many fragments, each with the same payload.
fn in_fragments(opcode: u8, count: usize, payload: &[u8]) -> Vec<u8> {
    (0..count)
        .flat_map(|number| {
            let opcode = if number == 0 { opcode } else { 0x0 };
            let fin = if number + 1 == count { 0x80 } else { 0x00 };
            frame(fin | opcode, payload)
        })
        .collect()
}

fn numbers() -> Vec<Row> {
    let most = in_fragments(0x1, MOST, b"x");
    let open = |count: usize| [frame(0x02, b""), frame(0x00, b"").repeat(count - 1)].concat();
    vec![
        Row::fine("1,024 fragments of one byte", most.clone()).text("x".repeat(MOST)),
        Row::fine("1,024 fragments, twice", most.repeat(2)).text("x".repeat(MOST)).text("x".repeat(MOST)),
        Row::fine("1,024 fragments of 64 bytes", in_fragments(0x2, MOST, &[7; 64])).binary(vec![7; 65_536]),
        Row::fine("1,024 empty fragments", in_fragments(0x2, MOST, b"")).binary(*b""),
        Row::fine("1,024 empty fragments of a text", in_fragments(0x1, MOST, b"")).text(""),
        Row::wrong("1,025 fragments of one byte", in_fragments(0x1, MOST + 1, b"x"), 1008),
        Row::wrong("1,025 empty fragments", in_fragments(0x2, MOST + 1, b""), 1008),
        Row::wrong("1,025 empty fragments without end", open(MOST + 1), 1008),
        Row::wrong("100,000 empty fragments without end", open(100_000), 1008),
        Row::wrong("10,000 fragments of one byte", in_fragments(0x2, 10_000, b"x"), 1008),
        Row::wrong(
            "1,025 fragments with pings between",
            [frame(0x02, b""), [frame(0x00, b""), frame(0x8A, b"")].concat().repeat(MOST)].concat(),
            1008,
        ),
    ]
}

fn orders() -> Vec<Row> {
    let text = |pieces: &[(u8, &[u8])]| -> Vec<u8> {
        pieces.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
    };
    vec![
        Row::fine("two fragments", text(&[(0x01, b"a"), (0x80, b"b")])).text("ab"),
        Row::fine("three fragments", text(&[(0x02, b"a"), (0x00, b"b"), (0x80, b"c")])).binary(*b"abc"),
        Row::fine("an empty first fragment", text(&[(0x01, b""), (0x80, b"b")])).text("b"),
        Row::fine("an empty last fragment", text(&[(0x01, b"a"), (0x80, b"")])).text("a"),
        Row::fine("an empty fragment inside", text(&[(0x01, b"a"), (0x00, b""), (0x80, b"b")])).text("ab"),
        Row::fine("a ping inside", text(&[(0x01, b"a"), (0x89, b"!"), (0x80, b"b")])).pong("!").text("ab"),
        Row::fine("a pong inside", text(&[(0x01, b"a"), (0x8A, b"!"), (0x80, b"b")])).text("ab"),
        Row::fine(
            "pings everywhere",
            text(&[
                (0x89, b"1"),
                (0x01, b"a"),
                (0x89, b"2"),
                (0x00, b"b"),
                (0x89, b"3"),
                (0x80, b"c"),
                (0x89, b"4"),
            ]),
        )
        .pong("1")
        .pong("2")
        .pong("3")
        .pong("4")
        .text("abc"),
        Row::wrong("a close inside", [frame(0x01, b"a"), close(1001, b"")].concat(), 1001),
        Row::wrong(
            "a close inside and the rest of the message",
            [frame(0x01, b"a"), close(1001, b""), frame(0x80, b"b")].concat(),
            1001,
        ),
        Row::wrong("a continuation of nothing", frame(0x80, b"a"), 1002),
        Row::wrong("an empty continuation of nothing", frame(0x80, b""), 1002),
        Row::wrong("a continuation of nothing that goes on", frame(0x00, b"a"), 1002),
        Row::wrong("a continuation of a ping", text(&[(0x89, b"a"), (0x80, b"b")]), 1002).pong("a"),
        Row::wrong("a continuation of a whole text", text(&[(0x81, b"a"), (0x80, b"b")]), 1002).text("a"),
        Row::wrong("a continuation after the last", text(&[(0x02, b"a"), (0x80, b"b"), (0x80, b"c")]), 1002)
            .binary(*b"ab"),
        Row::wrong("a text inside a text", text(&[(0x01, b"a"), (0x81, b"b")]), 1002),
        Row::wrong("a fragment of a text inside a text", text(&[(0x01, b"a"), (0x01, b"b")]), 1002),
        Row::wrong("a binary inside a text", text(&[(0x01, b"a"), (0x82, b"b")]), 1002),
        Row::wrong("a text inside a binary", text(&[(0x02, b"a"), (0x81, b"b")]), 1002),
        Row::wrong("a fragment of a binary inside a binary", text(&[(0x02, b"a"), (0x02, b"b")]), 1002),
        Row::wrong("an empty text inside a text", text(&[(0x01, b"a"), (0x81, b"")]), 1002),
        Row::wrong("a text after an empty fragment", text(&[(0x01, b""), (0x81, b"b")]), 1002),
    ]
}
