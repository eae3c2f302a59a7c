//! Good messages before a bad frame: they are handled, and answered before the Close frame.

use ws_tests::frame::{Form, close, frame, header, unmasked};

use crate::{Row, hold};

#[tokio::test(start_paused = true)]
async fn good_messages_before_a_bad_frame_are_still_answered() {
    hold(rows()).await;
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, bad, code) in [
        ("a reserved opcode", frame(0x83, b""), 1002),
        ("a reserved bit", frame(0xC1, b""), 1002),
        ("no mask", unmasked(0x81, b"x"), 1002),
        ("a continuation of nothing", frame(0x80, b""), 1002),
        ("a long ping", header(0x89, Form::Two, 126), 1002),
        ("a wrong form", header(0x82, Form::Two, 1), 1002),
        ("the top bit", header(0x82, Form::Eight, 1 << 63), 1002),
        ("a claim too large", header(0x82, Form::Eight, 1 << 40), 1009),
        ("text that is not UTF-8", frame(0x81, &[0xFF]), 1007),
        ("half a message that is not UTF-8", frame(0x01, &[b'x', 0xFF]), 1007),
        ("a wrong close code", close(1005, b""), 1002),
        ("a close of one byte", frame(0x88, &[3]), 1002),
        ("a close", close(3000, b""), 3000),
        ("a close without a code", frame(0x88, b""), 1005),
    ] {
        let two = [frame(0x81, b"one"), frame(0x82, b"two"), frame(0x89, b"three"), bad.clone()].concat();
        rows.push(
            Row::wrong(format!("{what} after a text, a binary and a ping"), two, code)
                .text("one")
                .binary(*b"two")
                .pong("three"),
        );
        let mut many: Vec<u8> =
            (0..200).flat_map(|number| frame(0x81, format!("{number}").as_bytes())).collect();
        many.extend(bad);
        let row = Row::wrong(format!("{what} after 200 texts"), many, code);
        rows.push((0..200).fold(row, |row, number| row.text(format!("{number}"))));
    }
    let large = vec![b'x'; 60_000];
    let mut many = frame(0x81, &large).repeat(4);
    many.extend(frame(0x83, b""));
    let row = Row::wrong("a reserved opcode after four large texts", many, 1002);
    rows.push((0..4).fold(row, |row, _| row.text(&large)));
    rows
}
