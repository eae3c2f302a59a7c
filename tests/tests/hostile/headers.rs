//! The first two bytes of a frame, and its mask.

use ws_tests::frame::{Form, frame, header, unmasked};

use crate::{Row, hold};

#[tokio::test(start_paused = true)]
async fn a_header_that_is_wrong_is_closed_with_1002() {
    hold(rows()).await;
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = opcodes();
    rows.extend(reserved_bits());
    rows.extend(masks());
    rows.extend(control_frames());
    rows
}

fn opcodes() -> Vec<Row> {
    let mut rows = vec![
        Row::fine("a text", frame(0x81, b"x")).text("x"),
        Row::fine("a binary", frame(0x82, b"x")).binary(*b"x"),
        Row::fine("a ping", frame(0x89, b"x")).pong("x"),
        Row::fine("a pong that nobody asked for", frame(0x8A, b"x")),
        Row::fine("a thousand pongs", frame(0x8A, b"x").repeat(1000)),
        Row::fine("an empty text", frame(0x81, b"")).text(""),
        Row::fine("an empty binary", frame(0x82, b"")).binary(*b""),
        Row::fine("an empty ping", frame(0x89, b"")).pong(""),
        Row::fine("an empty pong", frame(0x8A, b"")),
        Row::fine("nothing", *b""),
        Row::wrong("a close", frame(0x88, b""), 1005),
    ];
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        for (fin, kind) in [(0x80, "a final frame"), (0x00, "a fragment")] {
            rows.push(Row::wrong(format!("{kind} of opcode {opcode:#X}"), frame(fin | opcode, b"x"), 1002));
        }
        let at_once = header(0x80 | opcode, Form::Seven, 0)[..2].to_vec();
        rows.push(Row::wrong(format!("opcode {opcode:#X}, of whose header two bytes come"), at_once, 1002));
    }
    rows
}

fn reserved_bits() -> Vec<Row> {
    let mut rows = Vec::new();
    for bits in 1..=7_u8 {
        let set: Vec<_> =
            (1..=3).filter(|bit| bits & (8 >> bit) != 0).map(|bit| format!("RSV{bit}")).collect();
        let set = set.join(" and ");
        for (first, what) in [
            (0x81, "a text"),
            (0x82, "a binary"),
            (0x01, "the first fragment of a text"),
            (0x88, "a close"),
            (0x89, "a ping"),
            (0x8A, "a pong"),
        ] {
            rows.push(Row::wrong(format!("{set} on {what}"), frame(first | bits << 4, b""), 1002));
        }
        let continued = [frame(0x01, b"x"), frame(0x80 | bits << 4, b"x")].concat();
        rows.push(Row::wrong(format!("{set} on a continuation"), continued, 1002));
    }
    rows
}

fn masks() -> Vec<Row> {
    let mut rows = Vec::new();
    for (first, what) in [
        (0x81, "a text"),
        (0x82, "a binary"),
        (0x01, "a fragment"),
        (0x88, "a close"),
        (0x89, "a ping"),
        (0x8A, "a pong"),
    ] {
        rows.push(Row::wrong(format!("{what} without a mask"), unmasked(first, b""), 1002));
        rows.push(Row::wrong(
            format!("{what} of two bytes without a mask"),
            unmasked(first, b"\x03\xe8"),
            1002,
        ));
    }
    let continued = [frame(0x01, b"x"), unmasked(0x80, b"x")].concat();
    rows.push(Row::wrong("a continuation without a mask", continued, 1002));
    rows.push(Row::wrong("no mask and nothing after", vec![0x82, 0x05], 1002));
    rows.push(Row::wrong("no mask on a frame that is to be large", vec![0x82, 0x7F], 1002));
    // A key of zeros is a key.
    let zero_key = [&[0x81, 0x82, 0, 0, 0, 0][..], b"hi"].concat();
    rows.push(Row::fine("a masking key of zeros", zero_key).text("hi"));
    rows
}

fn control_frames() -> Vec<Row> {
    let long = vec![b'x'; 126];
    let most = vec![b'x'; 125];
    let mut rows = vec![
        Row::fine("a ping of 125 bytes", frame(0x89, &most)).pong(&most),
        Row::fine("a pong of 125 bytes", frame(0x8A, &most)),
        Row::fine("a ping of any bytes", frame(0x89, &[0, 255, 254, 128])).pong([0, 255, 254, 128]),
        Row::fine("a ping and a text", [frame(0x89, b"1"), frame(0x81, b"2")].concat()).pong("1").text("2"),
    ];
    for (first, what) in [(0x88, "a close"), (0x89, "a ping"), (0x8A, "a pong")] {
        let forms =
            [(Form::Two, 126), (Form::Two, 5), (Form::Eight, 126), (Form::Eight, 70_000), (Form::Eight, 0)];
        for (form, len) in forms {
            rows.push(Row::wrong(
                format!("{what} that claims {len} bytes in form {form:?}"),
                header(first, form, len),
                1002,
            ));
        }
        rows.push(Row::wrong(format!("{what} of 126 bytes, sent"), frame(first, &long), 1002));
        rows.push(Row::wrong(format!("{what} of 126 bytes, its first two sent"), vec![first, 0xFE], 1002));
        rows.push(Row::wrong(format!("{what} as a fragment"), frame(first & 0x7F, b""), 1002));
        let inside = [frame(0x01, b"x"), frame(first & 0x7F, b""), frame(0x80, b"x")].concat();
        rows.push(Row::wrong(format!("{what} as a fragment inside a text"), inside, 1002));
    }
    rows
}
