//! Close frames, and what comes after them.

use ws_tests::frame::{close, frame};

use crate::{Row, hold};

#[tokio::test(start_paused = true)]
async fn a_close_frame_is_answered_with_its_code_and_a_wrong_one_with_1002() {
    hold(rows()).await;
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        rows.push(Row::wrong(format!("close {code}"), close(code, b""), code));
        rows.push(Row::wrong(format!("close {code} with a reason"), close(code, b"because"), code));
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32_768, 65_535]
    {
        rows.push(Row::wrong(format!("close {code}, which is not for the wire"), close(code, b""), 1002));
        rows.push(Row::wrong(
            format!("close {code}, which is not for the wire, with a reason"),
            close(code, b"x"),
            1002,
        ));
    }
    rows.extend([
        Row::wrong("a close of one byte", frame(0x88, &[3]), 1002),
        Row::wrong("a close of another byte", frame(0x88, &[0]), 1002),
        Row::wrong("a close with the longest reason", close(1000, &[b'x'; 123]), 1000),
        Row::wrong("a close with a reason too long", close(1000, &[b'x'; 124]), 1002),
        Row::wrong(
            "a close with a reason of several bytes a character",
            close(4000, "é€🦀".as_bytes()),
            4000,
        ),
        Row::wrong("a close with a reason that is not UTF-8", close(1000, &[0xFF]), 1007),
        Row::wrong("a close with a reason that ends inside a character", close(1000, &[0xE2, 0x82]), 1007),
        Row::wrong("a close with a reason with a surrogate", close(1000, &[0xED, 0xA0, 0x80]), 1007),
        Row::wrong("a close with a reason with an overlong NUL", close(1000, &[0xC0, 0x80]), 1007),
    ]);
    for (what, bytes) in [
        ("a text", frame(0x81, b"late")),
        ("a binary", frame(0x82, b"late")),
        ("a ping", frame(0x89, b"late")),
        ("a second close", close(1001, b"late")),
        ("a frame that is wrong", frame(0x83, b"late")),
        ("half a frame", frame(0x81, b"late")[..4].to_vec()),
        ("noise", vec![0xFF; 1000]),
        ("a megabyte", frame(0x82, &vec![0; 1 << 20])),
    ] {
        let after = [close(1000, b"bye"), bytes.clone()].concat();
        rows.push(Row::wrong(format!("{what} after a close"), after, 1000));
        let after = [frame(0x83, b""), bytes].concat();
        rows.push(Row::wrong(format!("{what} after a frame that is wrong"), after, 1002));
    }
    rows
}
