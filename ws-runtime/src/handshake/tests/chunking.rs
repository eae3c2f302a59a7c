//! Property tests: random bytes, split in random places.

use std::sync::LazyLock;

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::handshake::arrived_early;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());

/// The result for these bytes, as a text to compare: the error, or the request as handlers see it.
fn outcome(bytes: &[u8], sizes: Vec<usize>) -> String {
    let limits = HeadLimits { max_header_size: 600, max_headers: 8 };
    match RUNTIME.block_on(become_in(bytes, sizes, limits, &Origins::any())) {
        Became::Handshake(handshake) => {
            let offered: Vec<_> = handshake.subprotocols().collect();
            format!("{handshake:?} {} {:?} {offered:?}", handshake.uri(), handshake.headers())
        }
        Became::Request(request) => format!("{request:?} {} {:?}", request.uri(), request.headers()),
        Became::Refused(refusal) => format!("{} {refusal}", refusal.status()),
        Became::Closed => "closed".to_owned(),
    }
}

/// Lines like those of requests, valid or not, so that the later checks are reached too.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "GET /chat?a=b HTTP/1.1\r\n",
        "HEAD http://a/ HTTP/1.0\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "Host: a\r\n",
        "Host: [::1]:80\r\n",
        "Upgrade: websocket\r\n",
        "Connection: keep-alive, Upgrade\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Protocol: a, b,, c\r\n",
        "Origin: http://a:80\r\n",
        "Content-Length: 3\r\n",
        " folded\r\n",
        "\r\n",
        "\n",
        "\r",
    ]);
    prop_oneof![
        8 => known.prop_map(|line| line.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => "[a-zA-Z/:, \\[\\]@%=.*-]{0,200}(\r\n)?".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn random_bytes_cause_no_panic_and_splitting_them_changes_nothing(
        lines in vec(line(), 0..14),
        begins_well in any::<bool>(),
        sizes in vec(1_usize..60, 0..80),
    ) {
        let mut bytes = if begins_well { HANDSHAKE.as_bytes().to_vec() } else { Vec::new() };
        bytes.extend(lines.concat());
        let at_once = outcome(&bytes, Vec::new());
        prop_assert_eq!(&at_once, &outcome(&bytes, sizes));
        prop_assert_eq!(&at_once, &outcome(&bytes, vec![1; bytes.len()]));
    }

    #[test]
    fn a_handshake_with_a_changed_byte_causes_no_panic_and_splitting_it_changes_nothing(
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        size in 1_usize..60,
    ) {
        let mut bytes = handshake_with("Origin: http://server.example.com\r\n");
        *position.get_mut(&mut bytes) = byte;
        prop_assert_eq!(outcome(&bytes, Vec::new()), outcome(&bytes, vec![size; bytes.len()]));
    }

    #[test]
    fn no_text_is_an_origin_that_panics(text in ".{0,60}") {
        if let Ok(origins) = text.parse::<Origins>() {
            prop_assert_eq!(&origins.to_string().parse::<Origins>().unwrap(), &origins);
        }
    }
}

#[tokio::test]
async fn a_peer_that_sends_before_the_answer_is_noticed_without_waiting() {
    let (mut ours, mut theirs) = tokio::io::duplex(1024);
    theirs.write_all(&handshake_with("")).await.unwrap();
    let head = HeadReader::new(LIMITS).read(&mut ours).await.unwrap();
    assert!(matches!(classify(head, |_, judge| judge(&Origins::same()), TCP, ANY), Classified::Upgrade(_)));
    assert!(!arrived_early(&mut ours, &mut BytesMut::new()).await);
    theirs.write_all(b"\x81\x80\0\0\0\0").await.unwrap();
    assert!(arrived_early(&mut ours, &mut BytesMut::new()).await);
}

#[tokio::test]
async fn a_peer_that_only_ends_its_stream_is_not_early() {
    let (mut ours, theirs) = tokio::io::duplex(1024);
    drop(theirs);
    assert!(!arrived_early(&mut ours, &mut BytesMut::new()).await);
}
