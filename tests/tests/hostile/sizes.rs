//! Lengths: their forms, and how much is too much.

use ws_tests::frame::{Form, frame, header};

use crate::{Row, hold};

/// The default of `max_recv_size`.
const MOST: usize = 65_536;

#[tokio::test(start_paused = true)]
async fn a_length_in_a_wrong_form_is_closed_with_1002_and_one_that_is_too_large_with_1009() {
    hold(rows()).await;
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = forms();
    rows.extend(messages());
    rows.extend(sums());
    rows
}

fn forms() -> Vec<Row> {
    let mut rows = Vec::new();
    for len in [0, 1, 124, 125] {
        let claim = header(0x82, Form::Two, len);
        rows.push(Row::wrong(format!("{len} in two bytes, claimed"), claim.clone(), 1002));
        let sent = [claim, vec![0; len as usize]].concat();
        rows.push(Row::wrong(format!("{len} in two bytes, sent"), sent, 1002));
    }
    for len in [0, 1, 125, 126, 65_535] {
        rows.push(Row::wrong(format!("{len} in eight bytes"), header(0x82, Form::Eight, len), 1002));
        let text = header(0x81, Form::Eight, len);
        rows.push(Row::wrong(format!("{len} in eight bytes, of a text"), text, 1002));
    }
    for (first, what) in [(0x81, "a text"), (0x82, "a binary"), (0x02, "a fragment")] {
        for len in [1 << 63, u64::MAX, (1 << 63) + 5] {
            let claim = header(first, Form::Eight, len);
            rows.push(Row::wrong(format!("{what} of {len:#x} bytes: the top bit"), claim, 1002));
        }
        for len in [MOST as u64 + 1, 1 << 20, u64::from(u32::MAX), 1 << 32, (1 << 32) + 1, (1 << 63) - 1] {
            rows.push(Row::wrong(
                format!("{what} that claims {len} bytes"),
                header(first, Form::Eight, len),
                1009,
            ));
        }
    }
    let inside = [frame(0x02, b"x"), header(0x80, Form::Eight, 1 << 63)].concat();
    rows.push(Row::wrong("a continuation with the top bit", inside, 1002));
    let inside = [frame(0x02, b"x"), header(0x80, Form::Two, 5)].concat();
    rows.push(Row::wrong("a continuation with 5 in two bytes", inside, 1002));
    rows
}

fn messages() -> Vec<Row> {
    let mut rows = Vec::new();
    for len in [1, 124, 125, 126, 127, 128, 65_534, 65_535, MOST] {
        let payload = vec![b'x'; len];
        rows.push(Row::fine(format!("a text of {len} bytes"), frame(0x81, &payload)).text(&payload));
        rows.push(Row::fine(format!("a binary of {len} bytes"), frame(0x82, &payload)).binary(payload));
    }
    for len in [MOST + 1, 100_000, 1_000_000] {
        // All of it is sent, and yet the server's last word arrives.
        rows.push(Row::wrong(format!("a text of {len} bytes"), frame(0x81, &vec![b'x'; len]), 1009));
        rows.push(Row::wrong(format!("a binary of {len} bytes"), frame(0x82, &vec![b'x'; len]), 1009));
    }
    rows
}

fn sums() -> Vec<Row> {
    let mut rows = Vec::new();
    for (opcode, what) in [(0x1, "text"), (0x2, "binary")] {
        let first = frame(opcode, &[b'x'; 40_000]);
        let whole = vec![b'x'; MOST];
        let back = |row: Row| if opcode == 0x1 { row.text(&whole) } else { row.binary(whole.clone()) };

        let exact = [first.clone(), frame(0x80, &whole[40_000..])].concat();
        rows.push(back(Row::fine(format!("a {what} of {MOST} bytes in two fragments"), exact)));
        let and_nothing = [frame(opcode, &whole), frame(0x00, b""), frame(0x80, b"")].concat();
        rows.push(back(Row::fine(format!("a {what} of {MOST} bytes and two empty fragments"), and_nothing)));
        let and_one = [frame(opcode, &whole), header(0x80, Form::Seven, 1)].concat();
        rows.push(Row::wrong(format!("a {what} of {MOST} bytes and one more claimed"), and_one, 1009));
        let over = [first.clone(), header(0x80, Form::Two, MOST as u64 - 40_000 + 1)].concat();
        rows.push(Row::wrong(format!("a {what} one byte too large in sum, claimed"), over, 1009));
        let over = [first.clone(), frame(0x00, &[b'x'; 20_000]), frame(0x80, &[b'x'; 6_000])].concat();
        rows.push(Row::wrong(format!("a {what} too large in sum, sent"), over, 1009));
        let huge = [first, header(0x80, Form::Eight, (1 << 63) - 1)].concat();
        rows.push(Row::wrong(format!("a {what} with a continuation that claims 2^63 - 1 bytes"), huge, 1009));
    }
    rows
}
