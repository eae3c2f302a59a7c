//! Tests of permessage-deflate, with valid and invalid compressed data.

use client_frames::frame;
use flate2::{Compress, Compression, FlushCompress, Status};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::{Agreement, Deflater, Form, Inflater, MAX_WINDOW_BITS, ProtocolError};
use super::{LIMITS, word};
use crate::wire::{Decoder, Incoming};

const ALONE: Agreement = Agreement {
    client_takes_over: false,
    server_takes_over: false,
    client_window_bits: MAX_WINDOW_BITS,
    server_window_bits: MAX_WINDOW_BITS,
};

type Frames = Vec<Vec<u8>>;

/// The result for frames, each in a read of its own, with compression.
fn outcome(agreement: Agreement, frames: &[Vec<u8>]) -> Vec<String> {
    let mut decoder = Decoder::new(LIMITS, Some(Inflater::new(agreement, LIMITS.max_message)));
    let mut seen = Vec::new();
    for frame in frames {
        let mut bytes = frame.clone();
        let mut input = bytes.as_mut_slice();
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
    }
    seen
}

#[test]
fn the_examples_of_the_rfc_inflate() {
    // RFC 7692, section 7.2.3.
    let whole = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let rows: [(&str, Frames); 5] = [
        ("one block", vec![frame(0xC1, &whole)]),
        ("in fragments", vec![frame(0x41, &whole[..3]), frame(0x80, &whole[3..])]),
        (
            "without compression",
            vec![frame(0xC1, &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00])],
        ),
        ("a final block", vec![frame(0xC1, &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00])]),
        (
            "two blocks",
            vec![frame(
                0xC1,
                &[0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            )],
        ),
    ];
    for (name, frames) in rows {
        assert_eq!(outcome(ALONE, &frames), ["text Hello"], "{name}");
    }
    let taken_over = Agreement { client_takes_over: true, ..ALONE };
    let again = frame(0xC1, &[0xF2, 0x00, 0x11, 0x00, 0x00]);
    assert_eq!(outcome(taken_over, &[frame(0xC1, &whole), again.clone()]), ["text Hello", "text Hello"]);
    assert_eq!(outcome(ALONE, &[frame(0xC1, &whole), again]), ["text Hello", "1007"]);
    assert_eq!(outcome(ALONE, &[frame(0xC1, &[0x00])]), ["text "]);
    assert_eq!(outcome(ALONE, &[frame(0xC1, &[])]), ["text "]);
}

/// RFC 7692, section 7.2.3.4: an empty block should follow a final one. Senders that do not know leave it out; a
/// message after it begins with an empty window, as a stream of zlib that has ended keeps none.
#[test]
fn a_message_may_end_with_a_final_block_and_nothing_after_it() {
    const HELLO: [u8; 7] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let welcome = finished(b"Welcome");
    let sized = |size| finished(&vec![b'a'; size]);
    let taken_over = Agreement { client_takes_over: true, ..ALONE };
    for agreement in [ALONE, taken_over] {
        let frames =
            [frame(0xC1, &welcome), frame(0xC1, &HELLO), frame(0xC1, &welcome), frame(0xC1, &welcome)];
        assert_eq!(
            outcome(agreement, &frames),
            ["text Welcome", "text Hello", "text Welcome", "text Welcome"]
        );
        let with_block = [&welcome[..], &[0x00]].concat();
        let frames = [frame(0xC1, &with_block), frame(0xC1, &HELLO)];
        assert_eq!(outcome(agreement, &frames), ["text Welcome", "text Hello"]);
        let twice = [&welcome[..], &welcome].concat();
        let frames = [frame(0xC1, &twice), frame(0xC1, &HELLO)];
        assert_eq!(outcome(agreement, &frames), ["text WelcomeWelcome", "text Hello"]);
        let fragments = [frame(0x41, &welcome[..4]), frame(0x80, &welcome[4..]), frame(0xC1, &HELLO)];
        assert_eq!(outcome(agreement, &fragments), ["text Welcome", "text Hello"]);
        // Whatever the room in the buffer is when the stream ends.
        for size in [1, 63, 64, 65, 128, 256, 999, LIMITS.max_message] {
            let frames = [frame(0xC2, &sized(size)), frame(0xC1, &HELLO)];
            let seen = outcome(agreement, &frames);
            assert_eq!((seen.len(), seen[1].as_str()), (2, "text Hello"), "{size}");
        }
    }
    let refers_back = frame(0xC1, &[0xF2, 0x00, 0x11, 0x00, 0x00]);
    assert_eq!(outcome(taken_over, &[frame(0xC1, &welcome), refers_back]), ["text Welcome", "1007"]);
}

/// A complete zlib stream, as general compressors produce it.
fn finished(message: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::with_capacity(message.len() + 64);
    let mut context = Compress::new_with_window_bits(Compression::default(), false, MAX_WINDOW_BITS);
    let status = context.compress_vec(message, &mut deflated, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    deflated
}

#[test]
fn each_violation_has_its_close_code() {
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let rows: [(&str, Frames, &[&str]); 9] = [
        ("plain messages stay plain", vec![frame(0x81, b"plain")], &["text plain"]),
        ("RSV1 on a continuation", vec![frame(0x41, &hello[..3]), frame(0xC0, &hello[3..])], &["1002"]),
        ("RSV1 on a ping", vec![frame(0xC9, b"")], &["1002"]),
        ("RSV1 on a close", vec![frame(0xC8, b"")], &["1002"]),
        ("RSV2 beside RSV1", vec![frame(0xE1, &hello)], &["1002"]),
        ("no deflate data", vec![frame(0xC1, &[0xFF; 20])], &["1007"]),
        ("a block of a type that there is not", vec![frame(0xC2, &[0x07])], &["1007"]),
        ("text that is not UTF-8", vec![frame(0xC1, &[0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00])], &["1007"]),
        ("final blocks without end", vec![frame(0xC2, &[0x03, 0x00].repeat(100))], &["1007"]),
    ];
    for (name, frames, expected) in rows {
        assert_eq!(outcome(ALONE, &frames), expected, "{name}");
    }
    let mut decoder = Decoder::new(LIMITS, None);
    let mut compressed = frame(0xC1, &hello);
    assert_eq!(
        decoder.decode(&mut compressed.as_mut_slice()),
        Err(ProtocolError::ReservedBit),
        "not agreed on"
    );
}

#[test]
fn a_message_inflates_to_the_limit_and_no_further() {
    let of_size = |size: usize| frame(0xC2, &Form { level: 9, window_bits: 15 }.deflate(&vec![0; size]));
    let size = |size| {
        let mut bytes = of_size(size);
        let mut decoder = Decoder::new(LIMITS, Some(Inflater::new(ALONE, LIMITS.max_message)));
        match decoder.decode(&mut bytes.as_mut_slice()) {
            Ok(Some(Incoming::Binary(data))) => Ok(data.as_slice().len()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.close_code()),
        }
    };
    assert_eq!(size(LIMITS.max_message), Ok(LIMITS.max_message));
    assert_eq!(size(LIMITS.max_message + 1), Err(CloseCode::Size));
    assert_eq!(size(1 << 20), Err(CloseCode::Size), "a bomb that is small on the wire");
}

fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let message = prop_oneof![
        "[ab]{0,600}".prop_map(String::into_bytes),
        "[a-zé€🦀 ]{0,200}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..900),
    ];
    prop::collection::vec(message, 0..8)
}

proptest! {
    #[test]
    fn deflated_messages_inflate_to_the_originals(messages in messages(), level in 1..=9_u32, bits in 9..=15_u8, takes_over: bool) {
        let agreement = Agreement { client_takes_over: takes_over, client_window_bits: bits, ..ALONE };
        let form = Form { level, window_bits: bits };
        let mut deflater = Deflater::new(form);
        let mut inflater = Inflater::new(agreement, 1000);
        for (number, message) in messages.iter().enumerate() {
            if !takes_over || number % 3 == 2 {
                deflater.forget();
            }
            let deflated = if number % 2 == 0 || takes_over {
                deflater.deflate(message)
            } else {
                form.deflate(message)
            };
            prop_assert_eq!(&inflater.inflate(&deflated).unwrap(), message);
        }
    }

    #[test]
    fn random_bytes_never_inflate_beyond_the_limit(noise in prop::collection::vec(any::<u8>(), 0..500), takes_over: bool) {
        let mut inflater = Inflater::new(Agreement { client_takes_over: takes_over, ..ALONE }, 1000);
        for _ in 0..3 {
            if let Ok(message) = inflater.inflate(&noise) {
                prop_assert!(message.len() <= 1000);
            }
        }
    }
}
