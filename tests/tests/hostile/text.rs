//! UTF-8: in one frame, in fragments, in reads; and that it fails at the first impossible byte.

use ws_tests::frame::{Form, frame, header};

use crate::{Row, hold};

/// Around each boundary of the encoding (RFC 3629, section 3).
const VALID: [&str; 17] = [
    "κόσμε",
    "\0",
    "\u{7F}",
    "\u{80}",
    "\u{7FF}",
    "\u{800}",
    "\u{FFF}",
    "\u{1000}",
    "\u{D7FF}",
    "\u{E000}",
    "\u{FFFD}",
    "\u{FFFE}\u{FFFF}",
    "\u{10000}",
    "\u{3FFFF}\u{40000}",
    "\u{10FFFF}",
    "\u{FEFF}a byte order mark",
    "é€🦀",
];

/// Bytes that are never UTF-8, and how many of them it takes to know.
const INVALID: [(&[u8], usize, &str); 36] = [
    (&[0x80], 1, "a continuation byte"),
    (&[0xBF], 1, "the last continuation byte"),
    (&[0x80, 0xBF], 1, "two continuation bytes"),
    (&[0xC0, 0x80], 1, "NUL in two bytes"),
    (&[0xC0, 0xAF], 1, "a slash in two bytes"),
    (&[0xC1, 0xBF], 1, "DEL in two bytes"),
    (&[0xC2, 0x20], 2, "a space after the first of two"),
    (&[0xC2, 0xC2], 2, "a first of two after a first of two"),
    (&[0xDF, 0xC0], 2, "a byte too high after the first of two"),
    (&[0xE0, 0x80, 0x80], 2, "NUL in three bytes"),
    (&[0xE0, 0x9F, 0xBF], 2, "U+7FF in three bytes"),
    (&[0xE0, 0xA0, 0x20], 3, "a space as the third of three"),
    (&[0xE1, 0x20], 2, "a space as the second of three"),
    (&[0xE2, 0x82, 0xC0], 3, "a byte too high as the third of three"),
    (&[0xED, 0xA0, 0x80], 2, "the first surrogate"),
    (&[0xED, 0xAD, 0xBF], 2, "a high surrogate"),
    (&[0xED, 0xB0, 0x80], 2, "a low surrogate"),
    (&[0xED, 0xBF, 0xBF], 2, "the last surrogate"),
    (&[0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80], 2, "a pair of surrogates"),
    (&[0xEF, 0xBF, 0x20], 3, "a space as the third after the last first of three"),
    (&[0xF0, 0x80, 0x80, 0x80], 2, "NUL in four bytes"),
    (&[0xF0, 0x8F, 0xBF, 0xBF], 2, "U+FFFF in four bytes"),
    (&[0xF0, 0x9F, 0x20], 3, "a space as the third of four"),
    (&[0xF0, 0x9F, 0xA6, 0x20], 4, "a space as the fourth of four"),
    (&[0xF1, 0x20], 2, "a space as the second of four"),
    (&[0xF4, 0x90, 0x80, 0x80], 2, "U+110000"),
    (&[0xF4, 0xBF, 0xBF, 0xBF], 2, "U+13FFFF"),
    (&[0xF5, 0x80, 0x80, 0x80], 1, "U+140000"),
    (&[0xF7, 0xBF, 0xBF, 0xBF], 1, "U+1FFFFF"),
    (&[0xF8, 0x88, 0x80, 0x80, 0x80], 1, "five bytes"),
    (&[0xFB, 0xBF, 0xBF, 0xBF, 0xBF], 1, "five bytes, the last"),
    (&[0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], 1, "six bytes"),
    (&[0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF], 1, "six bytes, the last"),
    (&[0xFE], 1, "FE"),
    (&[0xFF], 1, "FF"),
    (&[0xFF, 0xFE], 1, "a byte order mark of UTF-16"),
];

/// What a text may not end in.
const UNFINISHED: [(&[u8], &str); 6] = [
    (&[0xC3], "one byte of two"),
    (&[0xE2], "one byte of three"),
    (&[0xE2, 0x82], "two bytes of three"),
    (&[0xF0], "one byte of four"),
    (&[0xF0, 0x9F], "two bytes of four"),
    (&[0xF0, 0x9F, 0xA6], "three bytes of four"),
];

#[tokio::test(start_paused = true)]
async fn text_that_is_utf8_arrives_however_it_is_cut() {
    hold(valid()).await;
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_is_closed_with_1007() {
    hold(invalid()).await;
}

#[tokio::test(start_paused = true)]
async fn text_that_is_not_utf8_is_closed_at_the_first_impossible_byte() {
    hold(fails_fast()).await;
}

pub(crate) fn valid() -> Vec<Row> {
    let mut rows = Vec::new();
    for text in VALID {
        let bytes = text.as_bytes();
        let name = text.escape_unicode();
        let around = format!("-{text}-");
        rows.push(Row::fine(format!("{name}"), frame(0x81, bytes)).text(text));
        rows.push(Row::fine(format!("{name} between others"), frame(0x81, around.as_bytes())).text(&around));
        let cut = bytes.iter().enumerate().flat_map(|(at, byte)| {
            let first = if at == 0 { 0x01 } else { 0x00 };
            frame(first, &[*byte])
        });
        let cut: Vec<u8> = cut.chain(frame(0x80, b"")).collect();
        rows.push(Row::fine(format!("{name}, a fragment a byte"), cut).text(text));
    }
    let binary = INVALID.map(|(bytes, ..)| bytes).concat();
    rows.push(Row::fine("a binary need not be UTF-8", frame(0x82, &binary)).binary(binary));
    rows.push(
        Row::fine(
            "a ping inside a character",
            [frame(0x01, &[0xC3]), frame(0x89, &[0xA9]), frame(0x80, &[0xA9])].concat(),
        )
        .pong([0xA9])
        .text("é"),
    );
    rows
}

pub(crate) fn invalid() -> Vec<Row> {
    let unfinished = UNFINISHED.map(|(bytes, name)| (bytes, bytes.len(), name));
    let mut rows = Vec::new();
    for (bytes, _, name) in INVALID.into_iter().chain(unfinished) {
        rows.push(Row::wrong(name, frame(0x81, bytes), 1007));
        let after = [b"text ", bytes].concat();
        rows.push(Row::wrong(format!("{name} after good text"), frame(0x81, &after), 1007));
        let fragments = [frame(0x01, &bytes[..1]), frame(0x80, &bytes[1..])].concat();
        rows.push(Row::wrong(format!("{name}, cut after its first byte by a fragment"), fragments, 1007));
    }
    for (bytes, name) in UNFINISHED {
        let before = [bytes, b" text"].concat();
        rows.push(Row::wrong(format!("{name} before good text"), frame(0x81, &before), 1007));
        let then_empty = [frame(0x01, bytes), frame(0x00, b""), frame(0x80, b"")].concat();
        rows.push(Row::wrong(format!("{name} and empty fragments"), then_empty, 1007));
    }
    rows
}

/// Nothing comes after the byte that makes it impossible: the frame and the message stay incomplete.
pub(crate) fn fails_fast() -> Vec<Row> {
    let mut rows = Vec::new();
    for (bytes, known_at, name) in INVALID {
        let known = &bytes[..known_at];
        let sent = frame(0x01, known);
        rows.push(Row::wrong(format!("{name}, in a message that goes on"), sent.clone(), 1007));

        let mut claim = header(0x81, Form::Two, 1000);
        claim.extend(&sent[sent.len() - known_at..]);
        rows.push(Row::wrong(
            format!("{name}, in a frame of 1,000 bytes of which no more come"),
            claim,
            1007,
        ));
    }
    let late = [frame(0x01, &[b'x'; 30_000]), header(0x80, Form::Two, 30_000), vec![0xFF ^ 0x12]].concat();
    rows.push(Row::wrong("FF after 30,000 good bytes", late, 1007));
    rows
}
