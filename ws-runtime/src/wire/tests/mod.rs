//! Table tests for the rules of RFC 6455: what a client sends and the expected result, in one read and byte by byte.

use client_frames::{close, frame};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocket, WebSocketConfig};

#[cfg(feature = "compression")]
mod deflate;

use super::{Decoder, FrameKind, Incoming, Limits, append, encode, encode_close, header};

const LIMITS: Limits = Limits { max_message: 1000, max_fragments: 4 };

/// The result for a stream, in words: each message, then the close code of the error if there was one.
fn outcome<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) -> Vec<String> {
    let mut decoder = Decoder::new(limits, None);
    let mut seen = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = piece.as_mut_slice();
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(incoming)) => seen.push(word(incoming)),
                Ok(None) => break,
                Err(error) => {
                    seen.push(u16::from(error.close_code()).to_string());
                    return seen;
                }
            }
        }
        assert!(input.is_empty(), "all is used when more is asked for");
    }
    seen
}

fn word(incoming: Incoming<'_>) -> String {
    match incoming {
        Incoming::Text(text) => format!("text {}", text.as_str()),
        Incoming::Binary(data) => format!("binary {:?}", data.as_slice()),
        Incoming::Ping(data) => format!("ping {:?}", data.as_slice()),
        Incoming::Pong(data) => format!("pong {:?}", data.as_slice()),
        Incoming::Close(None) => "close".to_owned(),
        Incoming::Close(Some(frame)) => format!("close {} {}", frame.code, frame.reason),
    }
}

/// A row: its name, the stream, and the expected result.
type Row = (&'static str, Vec<u8>, &'static [&'static str]);

fn rows() -> Vec<Row> {
    vec![
        ("an empty text", frame(0x81, b""), &["text "]),
        ("a text", frame(0x81, b"hello"), &["text hello"]),
        ("a text of several bytes a character", frame(0x81, "κόσμε 🦀".as_bytes()), &["text κόσμε 🦀"]),
        ("the last code point", frame(0x81, &[0xF4, 0x8F, 0xBF, 0xBF]), &["text \u{10FFFF}"]),
        ("an empty binary", frame(0x82, b""), &["binary []"]),
        ("a binary", frame(0x82, &[0, 255]), &["binary [0, 255]"]),
        ("a ping", frame(0x89, b"!"), &["ping [33]"]),
        ("a pong", frame(0x8A, b"!"), &["pong [33]"]),
        ("two messages", [frame(0x81, b"a"), frame(0x82, b"b")].concat(), &["text a", "binary [98]"]),
        ("fragments", [frame(0x01, b"a"), frame(0x00, b"b"), frame(0x80, b"c")].concat(), &["text abc"]),
        (
            "fragments that are empty",
            [frame(0x02, b""), frame(0x00, b""), frame(0x80, b"")].concat(),
            &["binary []"],
        ),
        (
            "a ping between fragments",
            [frame(0x01, b"a"), frame(0x89, b""), frame(0x80, b"b")].concat(),
            &["ping []", "text ab"],
        ),
        ("a character cut by a fragment", [frame(0x01, &[0xC3]), frame(0x80, &[0xA9])].concat(), &["text é"]),
        (
            "four fragments",
            [frame(0x02, b""), frame(0, b""), frame(0, b""), frame(0x80, b"")].concat(),
            &["binary []"],
        ),
        (
            "five fragments",
            [frame(0x02, b""), frame(0, b""), frame(0, b""), frame(0, b""), frame(0x80, b"")].concat(),
            &["1008"],
        ),
        ("as large as allowed", frame(0x81, &[b'x'; 1000]), &[LONG_TEXT]),
        ("one byte too large", frame(0x82, &[0; 1001])[..8].to_vec(), &["1009"]),
        (
            "too large in sum",
            [frame(0x02, &[0; 600]), frame(0x80, &[0; 401])[..8].to_vec()].concat(),
            &["1009"],
        ),
        ("a huge claim", vec![0x82, 0xFF, 0x7F, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0], &["1009"]),
        ("a length with its top bit", vec![0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], &["1002"]),
        ("a short length in two bytes", vec![0x82, 0xFE, 0, 125, 0, 0, 0, 0], &["1002"]),
        (
            "a short length in eight bytes",
            vec![0x82, 0xFF, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0],
            &["1002"],
        ),
        ("no mask", vec![0x81, 0x01], &["1002"]),
        ("no mask on a ping", vec![0x89, 0x00], &["1002"]),
        ("RSV1", vec![0xC1, 0x80], &["1002"]),
        ("RSV2", vec![0xA1, 0x80], &["1002"]),
        ("RSV3", vec![0x91, 0x80], &["1002"]),
        ("RSV1 on a ping", vec![0xC9, 0x80], &["1002"]),
        ("opcode 3", vec![0x83, 0x80], &["1002"]),
        ("opcode 7", vec![0x87, 0x80], &["1002"]),
        ("opcode 11", vec![0x8B, 0x80], &["1002"]),
        ("opcode 15", vec![0x8F, 0x80], &["1002"]),
        ("a ping in fragments", vec![0x09, 0x80], &["1002"]),
        ("a close in fragments", vec![0x08, 0x80], &["1002"]),
        ("a ping of 125 bytes", frame(0x89, &[1; 125]), &[LONG_PING]),
        ("a ping of 126 bytes", vec![0x89, 0xFE], &["1002"]),
        ("a close of 126 bytes", vec![0x88, 0xFE], &["1002"]),
        ("a continuation of nothing", frame(0x80, b"a"), &["1002"]),
        ("an open continuation of nothing", frame(0x00, b"a"), &["1002"]),
        (
            "a continuation after the end",
            [frame(0x81, b"a"), frame(0x80, b"b")].concat(),
            &["text a", "1002"],
        ),
        ("a text inside a text", [frame(0x01, b"a"), frame(0x81, b"b")].concat(), &["1002"]),
        ("a binary inside a text", [frame(0x01, b"a"), frame(0x02, b"b")].concat(), &["1002"]),
        (
            "a good message before a bad frame",
            [frame(0x81, b"a"), vec![0x83, 0x80]].concat(),
            &["text a", "1002"],
        ),
        ("a bare close", frame(0x88, b""), &["close"]),
        ("a close of one byte", frame(0x88, &[3]), &["1002"]),
        ("a close with a code", close(1000, b""), &["close 1000 "]),
        ("a close with a reason", close(4242, "ade é".as_bytes()), &["close 4242 ade é"]),
        ("a close with a reason that is not UTF-8", close(1000, &[0xFF]), &["1007"]),
        ("nothing after a close", [close(1001, b""), frame(0x81, b"a")].concat(), &["close 1001 "]),
        ("a byte that is never UTF-8", frame(0x81, &[0xFF]), &["1007"]),
        ("a continuation byte alone", frame(0x81, &[0x80]), &["1007"]),
        ("an overlong character", frame(0x81, &[0xC0, 0x80]), &["1007"]),
        ("a surrogate", frame(0x81, &[0xED, 0xA0, 0x80]), &["1007"]),
        ("beyond the last code point", frame(0x81, &[0xF4, 0x90, 0x80, 0x80]), &["1007"]),
        ("a character that does not end", frame(0x81, &[0xE2, 0x82]), &["1007"]),
        (
            "a character that does not end over fragments",
            [frame(0x01, &[0xE2]), frame(0x80, &[0x82])].concat(),
            &["1007"],
        ),
        (
            "wrong UTF-8 before the frame is complete",
            frame(0x81, &[&[0xF4, 0x90][..], &[b'x'; 500]].concat())[..10].to_vec(),
            &["1007"],
        ),
        ("wrong UTF-8 before the message is complete", frame(0x01, &[b'a', 0xFF]), &["1007"]),
        ("part of a header", vec![0x81], &[]),
        ("part of a payload", frame(0x81, b"hello")[..8].to_vec(), &[]),
        ("part of a message", frame(0x01, b"hello"), &[]),
    ]
}

const LONG_TEXT: &str =
    "text xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const LONG_PING: &str = "ping [1, 1, 1";

/// Whether the output is what the row expects. A long message is compared by its beginning.
fn fits(seen: &[String], expected: &[&str]) -> bool {
    seen.len() == expected.len()
        && seen.iter().zip(expected).all(|(seen, expected)| match *expected {
            LONG_TEXT | LONG_PING => seen.starts_with(expected),
            _ => seen == expected,
        })
}

#[test]
fn each_row_holds_in_one_read_and_byte_by_byte() {
    for (name, stream, expected) in rows() {
        let whole = outcome(std::iter::once(stream.as_slice()), LIMITS);
        assert!(fits(&whole, expected), "{name}: {whole:?}");
        assert_eq!(outcome(stream.chunks(1), LIMITS), whole, "{name}, byte by byte");
        assert_eq!(outcome(stream.chunks(3), LIMITS), whole, "{name}, three bytes at a time");
    }
}

#[test]
fn close_codes_that_are_not_for_the_wire_are_refused() {
    for code in 0..=u16::MAX {
        let stream = frame(0x88, &code.to_be_bytes());
        let seen = outcome(std::iter::once(stream.as_slice()), LIMITS);
        let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(seen, [if allowed { format!("close {code} ") } else { "1002".to_owned() }]);
    }
}

#[test]
fn a_message_within_one_read_is_borrowed_and_an_idle_decoder_is_small() {
    let mut decoder = Decoder::new(LIMITS, None);
    let mut stream = [frame(0x81, b"lent"), frame(0x82, b"lent")].concat();
    let mut input = stream.as_mut_slice();
    for _ in 0..2 {
        let incoming = decoder.decode(&mut input).unwrap().unwrap();
        assert!(matches!(
            incoming,
            Incoming::Text(super::Text::Borrowed(_)) | Incoming::Binary(super::Payload::Borrowed(_))
        ));
    }
    assert!(!decoder.assembling());
    assert!(size_of::<Decoder>() <= 96, "{}", size_of::<Decoder>());
}

#[test]
fn a_close_frame_fits_whatever_its_reason() {
    assert_eq!(encode_close(None, "")[..], [0x88, 0]);
    assert_eq!(encode_close(Some(1000), "ok")[..], [0x88, 4, 3, 232, b'o', b'k']);
    let long = "é".repeat(100);
    assert_eq!(encode_close(Some(1000), &long).len(), 2 + 2 + 122, "cut at a character");
}

/// A stream of frames, most of them valid.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81_u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        "[a-zé€🦀]{0,40}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..300),
    ];
    prop::collection::vec((first, payload), 0..12)
        .prop_map(|frames| frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect())
}

proptest! {
    #[test]
    fn splitting_the_bytes_changes_nothing(stream in streams(), cuts in prop::collection::vec(1..50_usize, 1..100)) {
        let whole = outcome(std::iter::once(stream.as_slice()), LIMITS);
        let mut rest = stream.as_slice();
        let pieces = cuts.iter().cycle().map_while(|cut| {
            if rest.is_empty() {
                return None;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            rest = after;
            Some(piece)
        });
        prop_assert_eq!(outcome(pieces, LIMITS), whole);
    }

    #[test]
    fn random_bytes_cause_no_panic(stream in prop::collection::vec(any::<u8>(), 0..2000)) {
        outcome(std::iter::once(stream.as_slice()), LIMITS);
    }

    /// Checks that we accept exactly what tungstenite accepts, although it checks frames later.
    #[test]
    fn tungstenite_accepts_the_same_messages(stream in streams()) {
        let limits = Limits { max_message: 64 << 20, max_fragments: u32::MAX };
        let ours = outcome(std::iter::once(stream.as_slice()), limits);
        let mut theirs = Vec::new();
        let source = std::io::Cursor::new(stream);
        let config = WebSocketConfig::default();
        let mut socket = WebSocket::from_raw_socket(ReadOnly(source), Role::Server, Some(config));
        let refused = loop {
            match socket.read() {
                Ok(Message::Text(text)) => theirs.push(format!("text {text}")),
                Ok(Message::Binary(data)) => theirs.push(format!("binary {:?}", &data[..])),
                Ok(Message::Ping(data)) => theirs.push(format!("ping {:?}", &data[..])),
                Ok(Message::Pong(data)) => theirs.push(format!("pong {:?}", &data[..])),
                Ok(Message::Close(_)) => break false,
                Ok(Message::Frame(_)) => {}
                Err(error) => break !matches!(error, tokio_tungstenite::tungstenite::Error::Io(_)
                    | tokio_tungstenite::tungstenite::Error::Protocol(
                        tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)),
            }
        };
        let (messages, end): (Vec<_>, Vec<_>) = ours.into_iter().partition(|word| word.parse::<u16>().is_err());
        let messages: Vec<_> = messages.into_iter().filter(|word| !word.starts_with("close")).collect();
        prop_assert_eq!(&messages, &theirs);
        // Only we find an error in a frame that is never complete.
        prop_assert!(!refused || !end.is_empty());
    }

    #[test]
    fn encoded_frames_decode_to_the_originals(payload in prop::collection::vec(any::<u8>(), 0..70_000)) {
        let frame = encode(FrameKind::Binary, &payload);
        let mut appended = Vec::new();
        append(FrameKind::Binary, &payload, &mut appended);
        prop_assert_eq!(&frame[..], &appended[..]);
        let head = header(FrameKind::Binary, payload.len());
        prop_assert_eq!(&frame[..head.len()], &*head);
        prop_assert_eq!(&frame[head.len()..], &payload[..]);
    }
}

/// A socket that discards all that is written.
struct ReadOnly(std::io::Cursor<Vec<u8>>);

impl std::io::Read for ReadOnly {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::io::Write for ReadOnly {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
