//! What `disconnect` is told of how the connection ended: each cause by a word of its own.

use std::time::Duration;

use tokio::sync::mpsc;
use ws_runtime::ClosedBy;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_tests::frame::{close, frame};

type Ends = mpsc::UnboundedSender<(u16, ClosedBy)>;

#[ws_server(
    max_recv_size = 1000,
    max_fragments = 2,
    assembly_timeout = 3,
    silence_max = 0,
    max_outbox = 10_000
)]
mod mortal {
    use super::*;

    #[state]
    pub struct Told(pub Ends);

    #[session]
    struct Full(bool);

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Full {
        if handshake.query_param("expires").is_some() {
            handshake.expires(Duration::from_secs(5));
        }
        Full(handshake.query_param("full").is_some())
    }

    #[on(ready)]
    fn ready(full: &Full) -> Result<(), Reject> {
        if full.0 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[on(utf8, rate = 4)]
    fn text(text: &str, conn: &Conn) -> Result<(), &'static str> {
        match text {
            "ours" => conn.disconnect(4000, "").unwrap(),
            "cut" => conn.server().disconnect(conn),
            "panic" => panic!("as asked"),
            "fail" => return Err("as asked"),
            "flood" => while conn.send_binary(vec![0; 1000]).is_ok() {},
            _ => {}
        }
        Ok(())
    }

    #[on(disconnect)]
    fn over(close: &Close, told: &Told) {
        let _ = told.0.send((close.code(), close.by()));
    }
}

/// Speaks the envelope.
#[ws_server]
mod polite {
    use super::*;

    #[state]
    pub struct Told(pub Ends);

    #[on("hello")]
    fn hello() {}

    #[on(disconnect)]
    fn over(close: &Close, told: &Told) {
        let _ = told.0.send((close.code(), close.by()));
    }
}

/// A server with one client on this path.
async fn start(path: &str) -> Result<(TestServer, TestClient, mpsc::UnboundedReceiver<(u16, ClosedBy)>)> {
    let (told, ends) = mpsc::unbounded_channel();
    let server = mortal::server().state(mortal::Told(told)).test().await?;
    let client = server.connect(path).buffer(2_000).await?;
    Ok((server, client, ends))
}

/// The next end that `disconnect` was told; `None` if there is none within a minute.
async fn end(ends: &mut mpsc::UnboundedReceiver<(u16, ClosedBy)>) -> Option<(u16, ClosedBy)> {
    tokio::time::timeout(Duration::from_secs(60), ends.recv()).await.ok().flatten()
}

/// What the peer sends, and the code and cause that follow.
#[tokio::test(start_paused = true)]
async fn each_cause_on_the_wire_has_its_word() -> Result {
    let binary = |size| frame(0x82, &vec![0; size]);
    let rows = [
        ("a close", close(4321, b"bye"), (4321, ClosedBy::Peer)),
        ("a close without a code", frame(0x88, b""), (1005, ClosedBy::Peer)),
        ("our close", frame(0x81, b"ours"), (4000, ClosedBy::Us)),
        ("our cut", frame(0x81, b"cut"), (1006, ClosedBy::Us)),
        ("no mask", vec![0x81, 0], (1002, ClosedBy::Protocol)),
        ("a reserved opcode", frame(0x83, b""), (1002, ClosedBy::Protocol)),
        ("no UTF-8", frame(0x81, &[0xff]), (1007, ClosedBy::Protocol)),
        ("too large", binary(1001), (1009, ClosedBy::TooLarge)),
        (
            "three fragments",
            [frame(0x02, b""), frame(0x00, b""), frame(0x80, b"")].concat(),
            (1008, ClosedBy::TooLarge),
        ),
        ("half a message", frame(0x01, b"half"), (1008, ClosedBy::Unfinished)),
        ("half a frame", binary(9)[..10].to_vec(), (1008, ClosedBy::Unfinished)),
        ("five texts", frame(0x81, b"again").repeat(5), (1008, ClosedBy::Rate)),
        ("pings", frame(0x89, b"").repeat(200), (1008, ClosedBy::Rate)),
        ("a panic", frame(0x81, b"panic"), (1011, ClosedBy::Panic)),
        ("an error", frame(0x81, b"fail"), (1011, ClosedBy::Failed)),
    ];
    for (name, bytes, told) in rows {
        let (server, mut client, mut ends) = start("/").await?;
        client.send_raw(bytes).await?;
        assert_eq!(end(&mut ends).await, Some(told), "{name}");
        server.stop().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_reads_nothing_is_slow() -> Result {
    // By `write_timeout`.
    let (server, mut client, mut ends) = start("/").await?;
    client.stop_reading();
    server.server().broadcast_binary([0; 5_000]);
    assert_eq!(end(&mut ends).await, Some((1008, ClosedBy::Slow)));
    server.stop().await;
    // By `max_outbox`.
    let (server, mut client, mut ends) = start("/").await?;
    client.stop_reading();
    client.send_utf8("flood").await?;
    assert_eq!(end(&mut ends).await, Some((1008, ClosedBy::Slow)));
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_is_not_let_in_by_ready_is_refused() -> Result {
    let (server, mut client, mut ends) = start("/?full").await?;
    assert_eq!(client.closed().await?.code, 4403);
    assert_eq!(end(&mut ends).await, Some((4403, ClosedBy::Refused)));
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_expires_says_so_and_a_peer_that_does_not_read_is_slow_even_then() -> Result {
    let (server, mut client, mut ends) = start("/?expires").await?;
    server.advance(5).await;
    assert_eq!(client.closed().await?.code, 4401);
    assert_eq!(end(&mut ends).await, Some((4401, ClosedBy::Expired)));
    server.stop().await;

    let (server, mut client, mut ends) = start("/?expires").await?;
    client.stop_reading();
    server.server().broadcast_binary([0; 5_000]);
    assert_eq!(end(&mut ends).await, Some((1008, ClosedBy::Slow)), "4401 never reached the peer");
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_goes_without_a_close_frame_ends_by_itself_and_who_stays_by_the_shutdown() -> Result {
    let (server, client, mut ends) = start("/").await?;
    let _other = server.connect("/").await?;
    drop(client);
    assert_eq!(end(&mut ends).await, Some((1006, ClosedBy::Peer)));
    server.stop().await;
    assert_eq!(end(&mut ends).await, Some((1001, ClosedBy::Shutdown)));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn silence_has_its_word() -> Result {
    let (told, mut ends) = mpsc::unbounded_channel();
    let server = mortal::server().state(mortal::Told(told)).silence_max(2).test().await?;
    let mut client = server.connect("/").await?;
    client.stop_reading();
    assert_eq!(end(&mut ends).await, Some((1006, ClosedBy::Silence)));
    server.stop().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_makes_mistake_after_mistake_ends_by_its_rate_and_a_binary_message_is_refused() -> Result
{
    for (message, by) in [
        (frame(0x81, br#"{"type":"nobody"}"#).repeat(300), (1008, ClosedBy::Rate)),
        (frame(0x82, b""), (1003, ClosedBy::Refused)),
    ] {
        let (told, mut ends) = mpsc::unbounded_channel();
        let server = polite::server().state(polite::Told(told)).test().await?;
        let mut client = server.connect("/").await?;
        client.send_raw(message).await?;
        assert_eq!(end(&mut ends).await, Some(by));
        server.stop().await;
    }
    Ok(())
}

#[test]
fn each_word_is_the_variants_name_in_snake_case_and_no_two_are_the_same() {
    let snake = |name: String| {
        let mut word = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.extend(letter.to_lowercase());
        }
        word
    };
    for by in ClosedBy::ALL {
        assert_eq!(by.as_str(), snake(format!("{by:?}")));
        assert_eq!(ClosedBy::ALL.iter().filter(|other| other == &by).count(), 1, "{by:?}");
        assert_eq!(ClosedBy::ALL.iter().filter(|other| other.to_string() == by.to_string()).count(), 1);
    }
}
