//! permessage-deflate (RFC 7692) as a peer sees it: what is agreed on, what is compressed, and what is refused.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_runtime::{Compression, SetError};
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Afterwards, Cut, HANDSHAKE, ask, exchange, knock};

#[ws_server(origins = any, compression = "on")]
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

#[ws_server(origins = any)]
mod chosen {
    use super::*;

    #[on(connect)]
    fn choose(conn: &Conn) -> Result<(), SetError> {
        assert_eq!(conn.compression(), Compression::Off, "the default");
        conn.set_compression(Compression::ContextTakeover)
    }

    #[on(utf8)]
    fn too_late(conn: &Conn) -> String {
        format!("{:?} {:?}", conn.compression(), conn.set_compression(Compression::Off))
    }
}

/// Shakes hands with these lines about extensions; the stream, and what the server says of them.
async fn shake_hands(server: &TestServer, lines: &[&str]) -> (DuplexStream, Option<String>) {
    let mut stream = knock(server).await;
    let mut request = HANDSHAKE.strip_suffix("\r\n").unwrap().to_owned();
    for line in lines {
        request.push_str(&format!("Sec-WebSocket-Extensions: {line}\r\n"));
    }
    request.push_str("\r\n");
    let head = ask(&mut stream, request.as_bytes(), Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let answers: Vec<_> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"))
        .map(|(_, value)| value.to_owned())
        .collect();
    assert!(answers.len() <= 1, "{answers:?}");
    (stream, answers.into_iter().next())
}

/// The same, where the offer must be taken.
async fn agreed(server: &TestServer, offer: &str) -> DuplexStream {
    let (stream, answer) = shake_hands(server, &[offer]).await;
    assert!(answer.is_some(), "{offer} is declined");
    stream
}

/// The next frame: its first byte and its payload.
async fn next(stream: &mut DuplexStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let len = match stream.read_u8().await.unwrap() {
        127 => stream.read_u64().await.unwrap(),
        126 => stream.read_u16().await.unwrap().into(),
        len => len.into(),
    };
    let mut payload = vec![0; usize::try_from(len).unwrap()];
    stream.read_exact(&mut payload).await.unwrap();
    (first, payload)
}

/// Sends a text as it is, and gives what comes back: its first byte and its payload.
async fn echoed(stream: &mut DuplexStream, text: &[u8]) -> (u8, Vec<u8>) {
    stream.write_all(&frame(0x81, text)).await.unwrap();
    next(stream).await
}

fn inflate(context: &mut Decompress, payload: &[u8]) -> Vec<u8> {
    let input = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
    let mut message = Vec::with_capacity(1 << 20);
    let before = context.total_in();
    context.decompress_vec(&input, &mut message, FlushDecompress::Sync).expect("it is sound deflate data");
    assert_eq!(context.total_in() - before, input.len() as u64, "all of it is used");
    message
}

fn fresh() -> Decompress {
    Decompress::new_with_window_bits(false, 15)
}

fn deflate(message: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::with_capacity(message.len() + 64);
    let mut context = Compress::new_with_window_bits(flate2::Compression::best(), false, 15);
    context.compress_vec(message, &mut deflated, FlushCompress::Sync).unwrap();
    assert!(deflated.ends_with(&[0x00, 0x00, 0xFF, 0xFF]));
    deflated.truncate(deflated.len() - 4);
    deflated
}

/// A text that compresses well, but of which no part of some length comes twice.
fn prose(size: usize) -> Vec<u8> {
    (0..)
        .flat_map(|number: u32| format!("{} sheep, ", number.wrapping_mul(2_654_435_761)).into_bytes())
        .take(size)
        .collect()
}

/// What nothing can make smaller.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(step).take(size).collect()
}

const DEFLATE: &str = "permessage-deflate";

#[tokio::test(start_paused = true)]
async fn what_is_answered_follows_from_the_option_and_the_offer() {
    const ALONE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let takeover = Compression::ContextTakeover;
    let rows: [(Compression, &[&str], Option<&str>); 10] = [
        (Compression::Off, &[DEFLATE], None),
        (Compression::On, &[], None),
        (Compression::On, &[DEFLATE], Some(ALONE)),
        (takeover, &[DEFLATE], Some(DEFLATE)),
        (Compression::On, &["permessage-deflate; unknown=1"], None),
        (Compression::On, &["permessage-deflate; unknown=1, permessage-deflate"], Some(ALONE)),
        (Compression::On, &["permessage-bzip2", DEFLATE], Some(ALONE)),
        (takeover, &["permessage-deflate; server_max_window_bits=8"], None),
        (
            takeover,
            &["permessage-deflate; server_max_window_bits=10; client_max_window_bits"],
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"),
        ),
        (
            takeover,
            &["permessage-deflate; server_no_context_takeover"],
            Some("permessage-deflate; server_no_context_takeover"),
        ),
    ];
    for (compression, lines, expected) in rows {
        let server = echo::server().compression(compression).compression_window_bits(11);
        let server = server.test().await.unwrap();
        let (_stream, answer) = shake_hands(&server, lines).await;
        assert_eq!(answer.as_deref(), expected, "{compression:?} {lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_chooses_for_itself_until_the_handshake_is_done() {
    let server = chosen::server().test().await.unwrap();
    let (mut stream, answer) = shake_hands(&server, &[DEFLATE]).await;
    assert_eq!(answer.as_deref(), Some(DEFLATE));
    let (first, answer) = echoed(&mut stream, b"?").await;
    let expected = format!("ContextTakeover {:?}", Err::<(), _>(SetError::TooLate { option: "compression" }));
    assert_eq!((first, String::from_utf8(answer).unwrap()), (0x81, expected));
}

#[tokio::test(start_paused = true)]
async fn messages_from_the_smallest_size_on_are_compressed_if_it_makes_them_smaller() {
    let server = echo::server().test().await.unwrap();
    let mut stream = agreed(&server, DEFLATE).await;
    let short = prose(1023);
    assert_eq!(echoed(&mut stream, &short).await, (0x81, short));
    let long = prose(1024);
    let (first, payload) = echoed(&mut stream, &long).await;
    assert_eq!(first, 0xC1, "RSV1 says that it is compressed");
    assert!(payload.len() < long.len());
    assert_eq!(inflate(&mut fresh(), &payload), long);
    let noise = noise(4096);
    stream.write_all(&frame(0x82, &noise)).await.unwrap();
    assert_eq!(next(&mut stream).await, (0x82, noise));
}

#[tokio::test(start_paused = true)]
async fn without_the_extension_nothing_is_compressed() {
    let server = echo::server().compression_min_size(0).test().await.unwrap();
    let (mut stream, answer) = shake_hands(&server, &[]).await;
    assert_eq!(answer, None);
    let text = prose(5000);
    assert_eq!(echoed(&mut stream, &text).await, (0x81, text));
}

#[tokio::test(start_paused = true)]
async fn without_context_takeover_each_message_stands_alone() {
    for (compression, offer) in [
        (Compression::On, DEFLATE),
        (Compression::ContextTakeover, "permessage-deflate; server_no_context_takeover"),
    ] {
        let server = echo::server().compression(compression).test().await.unwrap();
        let mut stream = agreed(&server, offer).await;
        let text = prose(3000);
        let once = echoed(&mut stream, &text).await;
        let twice = echoed(&mut stream, &text).await;
        assert_eq!(once, twice);
        assert_eq!(inflate(&mut fresh(), &twice.1), text);
    }
}

#[tokio::test(start_paused = true)]
async fn with_context_takeover_a_message_refers_to_those_before_it() {
    let server = echo::server().compression(Compression::ContextTakeover);
    let server = server.test().await.unwrap();
    let mut stream = agreed(&server, DEFLATE).await;
    let mut context = fresh();
    let text = prose(2000);
    let (_, once) = echoed(&mut stream, &text).await;
    assert_eq!(inflate(&mut context, &once), text);
    let (_, twice) = echoed(&mut stream, &text).await;
    assert!(twice.len() * 10 < once.len(), "{} after {}", twice.len(), once.len());
    assert_eq!(inflate(&mut context, &twice), text);
    // What is sent as it is, or to others too, does not put the two contexts at odds.
    let noise = noise(2000);
    stream.write_all(&frame(0x82, &noise)).await.unwrap();
    assert_eq!(next(&mut stream).await, (0x82, noise));
    assert_eq!(server.server().broadcast_utf8(String::from_utf8(text.clone()).unwrap()), 1);
    for expected_from_broadcast in [true, false] {
        if !expected_from_broadcast {
            stream.write_all(&frame(0x81, &text)).await.unwrap();
        }
        let (first, payload) = next(&mut stream).await;
        assert_eq!(first, 0xC1);
        assert_eq!(inflate(&mut context, &payload), text);
    }
}

/// An inflater that keeps more than its window would not notice, so the sizes tell: what comes twice is found again
/// only within the window.
#[tokio::test(start_paused = true)]
async fn a_window_that_a_client_asks_for_is_kept_to() {
    let server = echo::server().compression(Compression::ContextTakeover);
    let server = server.compression_window_bits(15).test().await.unwrap();
    let half = noise_text(1500);
    let text = [half.clone(), half].concat();
    let mut sizes = Vec::new();
    for offer in [DEFLATE, "permessage-deflate; server_max_window_bits=9"] {
        let mut stream = agreed(&server, offer).await;
        let (first, payload) = echoed(&mut stream, &text).await;
        assert_eq!(first, 0xC1);
        assert_eq!(inflate(&mut fresh(), &payload), text);
        sizes.push(payload.len());
    }
    assert!(sizes[0] * 3 < sizes[1] * 2, "32 KiB and 512 bytes of window: {sizes:?}");
}

/// Digits of noise: they compress by their small alphabet, and repeat themselves only where the text does.
fn noise_text(size: usize) -> Vec<u8> {
    noise(size).into_iter().map(|byte| b'0' + byte % 10).collect()
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_comes_to_each_in_the_form_that_it_agreed_on() {
    let server = echo::server().compression(Compression::ContextTakeover).test().await.unwrap();
    let (mut plain, _) = shake_hands(&server, &[]).await;
    let mut one = agreed(&server, "permessage-deflate; server_no_context_takeover").await;
    let mut two = agreed(&server, DEFLATE).await;
    let text = prose(5000);
    assert_eq!(server.server().broadcast_utf8(String::from_utf8(text.clone()).unwrap()), 3);
    assert_eq!(next(&mut plain).await, (0x81, text.clone()));
    for stream in [&mut one, &mut two] {
        let (first, payload) = next(stream).await;
        assert_eq!(first, 0xC1);
        assert_eq!(inflate(&mut fresh(), &payload), text);
    }
}

/// What the server sends to a peer that agreed on compression and then sends this.
async fn sent(server: &TestServer, offer: &str, bytes: &[u8]) -> Sent {
    let stream = agreed(server, offer).await;
    Sent::read(&exchange(stream, bytes, Cut::Whole, Afterwards::Wait).await)
}

#[tokio::test(start_paused = true)]
async fn a_message_is_inflated_to_max_recv_size_and_no_further() {
    const MAX: usize = 65_536;
    for compression in [Compression::On, Compression::ContextTakeover] {
        let server = echo::server().compression(compression).test().await.unwrap();
        let mut stream = agreed(&server, DEFLATE).await;
        let largest = vec![b'a'; MAX];
        stream.write_all(&frame(0xC1, &deflate(&largest))).await.unwrap();
        let (_, payload) = next(&mut stream).await;
        assert_eq!(inflate(&mut fresh(), &payload), largest);
        for size in [MAX + 1, 16 << 20] {
            let bomb = deflate(&vec![b'a'; size]);
            assert!(bomb.len() < MAX, "it is small on the wire");
            let answer = sent(&server, DEFLATE, &frame(0xC1, &bomb)).await;
            assert_eq!(answer, Sent { close: Some(1009), ..Sent::default() }, "{size}");
            let (head, rest) = bomb.split_at(bomb.len() / 2);
            let fragments = [frame(0x41, head), frame(0x80, rest)].concat();
            assert_eq!(sent(&server, DEFLATE, &fragments).await.close, Some(1009), "{size} in fragments");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_inflated_ends_the_connection_with_1007_after_what_came_before() {
    for compression in [Compression::On, Compression::ContextTakeover] {
        let server = echo::server().compression(compression).test().await.unwrap();
        let bytes = [frame(0xC1, &deflate(b"good")), frame(0xC1, &[0xFF; 20])].concat();
        let answer = sent(&server, DEFLATE, &bytes).await;
        assert_eq!(answer.messages, [(0x1, b"good".to_vec())]);
        assert_eq!(answer.close, Some(1007));
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_message_that_ended_its_stream_the_next_one_is_understood() {
    let mut welcome = Vec::with_capacity(64);
    let mut context = Compress::new_with_window_bits(flate2::Compression::best(), false, 15);
    context.compress_vec(b"Welcome", &mut welcome, FlushCompress::Finish).unwrap();
    // RFC 7692, section 7.2.3.1.
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    let bytes = [frame(0xC1, &welcome), frame(0xC1, &hello), close(1000, b"")].concat();
    for compression in [Compression::On, Compression::ContextTakeover] {
        let server = echo::server().compression(compression).test().await.unwrap();
        let answer = sent(&server, DEFLATE, &bytes).await;
        assert_eq!(
            answer.messages,
            [(0x1, b"Welcome".to_vec()), (0x1, b"Hello".to_vec())],
            "{compression:?}"
        );
        assert_eq!(answer.close, Some(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_message_that_was_not_agreed_on_is_a_breach_of_the_protocol() {
    for (compression, lines) in [(Compression::Off, &[DEFLATE][..]), (Compression::On, &[])] {
        let server = echo::server().compression(compression).test().await.unwrap();
        let (stream, answer) = shake_hands(&server, lines).await;
        assert_eq!(answer, None);
        let bytes = frame(0xC1, &deflate(b"Hello"));
        let answer = exchange(stream, &bytes, Cut::Whole, Afterwards::Wait).await;
        assert_eq!(Sent::read(&answer).close, Some(1002), "{compression:?}");
    }
}

#[ws_server(origins = any, compression = "context_takeover")]
mod greeting {
    use super::*;

    /// Each text repeats the others, so that a compressor refers to what it has seen before.
    fn text(name: &str) -> String {
        format!("{} of {name}", str::from_utf8(&prose(2000)).unwrap())
    }

    #[on(ready)]
    fn greet(conn: &Conn) -> String {
        conn.send_utf8(text("own 1")).unwrap();
        let other = conn.clone();
        let send = move || {
            other.send_utf8(text("other 1")).unwrap();
            assert_eq!(other.server().broadcast_utf8(text("other 2")), 1);
            other.send_utf8(text("other 3")).unwrap();
        };
        std::thread::spawn(send).join().unwrap();
        conn.send_utf8(text("own 2")).unwrap();
        text("own 3")
    }

    #[on(utf8)]
    fn answer(name: &str) -> String {
        text(name)
    }
}

#[tokio::test(start_paused = true)]
async fn with_context_takeover_what_waits_for_the_end_of_ready_can_be_inflated() {
    let server = greeting::server().test().await.unwrap();
    let mut stream = agreed(&server, DEFLATE).await;
    let mut context = fresh();
    for name in ["own 1", "own 2", "own 3", "other 1", "other 2", "other 3", "answer 1", "answer 2"] {
        if name.starts_with("answer") {
            stream.write_all(&frame(0x81, name.as_bytes())).await.unwrap();
        }
        let (first, payload) = next(&mut stream).await;
        assert_eq!(first, 0xC1, "a compressed text");
        let text = String::from_utf8(inflate(&mut context, &payload)).unwrap();
        assert!(text.ends_with(&format!(" of {name}")), "{name}: {text}");
    }
}
