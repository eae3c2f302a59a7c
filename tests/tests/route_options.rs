//! Options on routes: each takes effect on the connections of its route, and on no others.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};
use ws_runtime::{Compression, SetError};

#[ws_server(silence_max = 10)]
mod options {
    use super::*;

    #[on(connect)]
    fn set(conn: &Conn) -> std::result::Result<(), SetError> {
        if conn.port() == Some(SETS) {
            conn.set_max_recv_size(20)?;
            conn.set_max_send_size(20)?;
            conn.set_nodelay(true);
            conn.set_compression(Compression::Off)?;
        }
        Ok(())
    }

    #[route("/plain")]
    mod plain {
        use super::*;

        #[on(utf8)]
        fn answer(text: &str, conn: &Conn) -> String {
            super::answer(text, conn)
        }
    }

    #[route("/small", max_recv_size = 10, max_send_size = 10, nodelay = false, compression = "on")]
    mod small {
        use super::*;

        #[on(utf8)]
        fn answer(text: &str, conn: &Conn) -> String {
            super::answer(text, conn)
        }
    }

    #[route("/spoken", subprotocols = ["v2"], compression = "on", origins = any)]
    mod spoken {}

    #[route("/silent", silence_max = MINUTE)]
    mod silent {
        use super::*;

        const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
    }

    #[route("/paced", rate = (1, 10))]
    mod paced {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/pieces", max_fragments = 2, assembly_timeout = 2)]
    mod pieces {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/bounded", max_outbox = 3_500, slow = "drop_newest", close_timeout = 1)]
    mod bounded {
        use super::*;

        #[on(utf8)]
        fn answer(text: &str, conn: &Conn) -> String {
            super::answer(text, conn)
        }
    }

    #[route("/few", max_streams = 1)]
    mod few {
        use super::*;

        #[on("wait")]
        fn wait() -> impl Stream<Item = u32> {
            futures_util::stream::pending()
        }

        #[route("/inner", max_recv_size = 50)]
        mod inner {
            use super::*;

            #[on("wait")]
            fn wait() -> impl Stream<Item = u32> {
                futures_util::stream::pending()
            }
        }
    }

    #[route("/many")]
    mod many {
        use super::*;

        #[on("wait")]
        fn wait() -> impl Stream<Item = u32> {
            futures_util::stream::pending()
        }
    }

    fn answer(text: &str, conn: &Conn) -> String {
        match text {
            "long" => "x".repeat(15),
            "options" => format!("{} {}", conn.nodelay(), conn.max_recv_size()),
            "flood" => {
                let taken = (0..10).filter(|_| conn.send_utf8("x".repeat(1_000)).is_ok()).count();
                format!("{taken} taken")
            }
            "bye" => {
                conn.disconnect(1000, "").unwrap();
                String::new()
            }
            _ => text.to_owned(),
        }
    }
}

/// The port for whose peers the `connect` handler sets options.
const SETS: u16 = 1;

/// A fragment of a message, masked by zeros.
fn fragment(first: u8, payload: &str) -> Vec<u8> {
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload.as_bytes()].concat()
}

const TEXT: u8 = 0x01;
const CONTINUATION: u8 = 0x00;
const LAST: u8 = 0x80;

#[tokio::test(start_paused = true)]
async fn the_sizes_of_messages_are_those_of_the_route() -> Result {
    let server = options::server().test().await?;
    let text = "eleven char";

    let mut plain = server.connect("/plain").await?;
    plain.send_utf8(text).await?;
    assert_eq!(plain.utf8().await?, text);
    plain.send_utf8("long").await?;
    assert_eq!(plain.utf8().await?.len(), 15);

    let mut small = server.connect("/small").await?;
    small.send_utf8("ten chars!").await?;
    assert_eq!(small.utf8().await?, "ten chars!");
    small.send_utf8(text).await?;
    assert_eq!(small.closed().await?.code, 1009);

    let mut small = server.connect("/small").await?;
    small.send_utf8("long").await?;
    assert_eq!(small.closed().await?.code, 1011);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn subprotocol_and_compression_are_negotiated_on_their_route() -> Result {
    let server = options::server().test().await?;
    for (path, subprotocol, compresses) in [("/plain", None, false), ("/spoken", Some("v2"), true)] {
        let offer = server.connect(path).subprotocol("v1").subprotocol("v2");
        let (answer, _stream) = offer.header("Sec-WebSocket-Extensions", "permessage-deflate").raw().await?;
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("Sec-WebSocket-Protocol"), subprotocol, "{path}");
        assert_eq!(header("Sec-WebSocket-Extensions").is_some(), compresses, "{path}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_origin_may_connect_where_the_route_says_so() -> Result {
    let server = options::server().test().await?;
    let foreign = |path| server.connect(path).origin("https://example.org");
    assert_eq!(foreign("/plain").await.unwrap_err().status(), 403);
    assert!(foreign("/spoken").await.is_ok());
    assert_eq!(foreign("/nowhere").await.unwrap_err().status(), 404);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn silence_is_that_of_the_route() -> Result {
    let server = options::server().test().await?;
    let plain = server.connect("/plain").await?;
    let silent = server.connect("/silent").await?;
    server.advance(6).await;
    assert_eq!((plain.pings(), silent.pings()), (1, 0));
    server.advance(25).await;
    assert_eq!(silent.pings(), 1);
    assert!(plain.pings() > 4);
    Ok(())
}

/// Sends three texts, and returns how many are answered at once.
async fn answered_at_once(client: &mut TestClient) -> Result<usize> {
    for number in 0..3 {
        client.send_utf8(number.to_string()).await?;
    }
    let mut answered = 0;
    while client.utf8().await.is_ok() {
        answered += 1;
    }
    Ok(answered)
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_that_of_the_route() -> Result {
    let server = options::server().test().await?;
    let mut plain = server.connect("/plain").await?;
    assert_eq!(answered_at_once(&mut plain).await?, 3);

    let mut paced = server.connect("/paced").await?;
    assert_eq!(answered_at_once(&mut paced).await?, 1);
    server.advance(10).await;
    assert_eq!(paced.utf8().await?, "1");
    server.advance(10).await;
    assert_eq!(paced.utf8().await?, "2");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn fragments_are_counted_and_timed_by_the_route() -> Result {
    let server = options::server().test().await?;
    let three =
        [fragment(TEXT, "a"), fragment(CONTINUATION, "b"), fragment(CONTINUATION | LAST, "c")].concat();
    let mut plain = server.connect("/plain").await?;
    plain.send_raw(&three).await?;
    assert_eq!(plain.utf8().await?, "abc");
    let mut pieces = server.connect("/pieces").await?;
    pieces.send_raw(&three).await?;
    assert_eq!(pieces.closed().await?.code, 1008);

    let mut pieces = server.connect("/pieces").await?;
    for client in [&mut plain, &mut pieces] {
        client.send_raw(fragment(TEXT, "a")).await?;
    }
    server.advance(3).await;
    assert_eq!(pieces.closed().await?.code, 1008);
    plain.send_raw(fragment(CONTINUATION | LAST, "b")).await?;
    assert_eq!(plain.utf8().await?, "ab");
    Ok(())
}

/// How long the server waits for a peer that does not answer its Close frame, in seconds.
async fn waits_to_close(server: &TestServer, path: &str) -> Result<u64> {
    let (_, mut stream) = server.connect(path).raw().await?;
    stream.write_all(&fragment(LAST | TEXT, "bye")).await?;
    let start = Instant::now();
    let mut sent = Vec::new();
    stream.read_to_end(&mut sent).await?;
    assert_eq!(sent, [&[0x88, 2], &1000_u16.to_be_bytes()[..]].concat());
    Ok(start.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_peer_has_the_time_of_its_route_to_answer_a_close_frame() -> Result {
    let server = options::server().test().await?;
    assert_eq!(waits_to_close(&server, "/plain").await?, 5);
    assert_eq!(waits_to_close(&server, "/bounded").await?, 1);
    Ok(())
}

/// Connects from a port for which the server's `connect` handler sets options of the connection, or not.
async fn from_port(server: &TestServer, port: u16) -> Result<(TestClient, bool)> {
    let offer = server.connect("/small").peer(([192, 0, 2, 1], port));
    let (answer, _) = offer.header("Sec-WebSocket-Extensions", "permessage-deflate").raw().await?;
    let compresses = answer.headers().contains_key("Sec-WebSocket-Extensions");
    Ok((server.connect("/small").peer(([192, 0, 2, 1], port)).await?, compresses))
}

#[tokio::test(start_paused = true)]
async fn what_the_connect_handler_sets_goes_before_the_route() -> Result {
    let server = options::server().test().await?;
    let (mut set, compresses) = from_port(&server, SETS).await?;
    assert!(!compresses);
    set.send_utf8("options").await?;
    assert_eq!(set.utf8().await?, "true 20");
    set.send_utf8("long").await?;
    assert_eq!(set.utf8().await?.len(), 15);
    set.send_utf8("x".repeat(21)).await?;
    assert_eq!(set.closed().await?.code, 1009);

    let (mut unset, compresses) = from_port(&server, SETS + 1).await?;
    assert!(compresses);
    unset.send_utf8("options").await?;
    assert_eq!(unset.utf8().await?, "false 10");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_treated_as_the_route_says() -> Result {
    let server = options::server().test().await?;
    let mut bounded = server.connect("/bounded").buffer(100).await?;
    let mut plain = server.connect("/plain").buffer(100).await?;
    for (client, taken) in [(&mut bounded, 3), (&mut plain, 10)] {
        client.send_utf8("flood").await?;
        for _ in 0..taken {
            assert_eq!(client.utf8().await?.len(), 1_000);
        }
        assert_eq!(client.utf8().await?, format!("{taken} taken"));
    }
    Ok(())
}

/// Whether the server lets a client have two streams at the same time.
async fn two_streams(server: &TestServer, path: &str) -> Result<bool> {
    let mut client = server.connect(path).await?;
    client.begin("wait", ()).await?;
    let second = client.begin("wait", ()).await?;
    // An open stream has no value yet.
    let without_value = client.reply::<Value>(second).await.unwrap_err();
    Ok(without_value.code() != Some("too_many_requests"))
}

#[tokio::test(start_paused = true)]
async fn streams_are_counted_by_the_route_and_an_inner_route_has_what_the_outer_one_sets() -> Result {
    let server = options::server().test().await?;
    assert!(two_streams(&server, "/many").await?);
    assert!(!two_streams(&server, "/few").await?);
    assert!(!two_streams(&server, "/few/inner").await?);

    let mut inner = server.connect("/few/inner").await?;
    inner.send_utf8("x".repeat(51)).await?;
    assert_eq!(inner.closed().await?.code, 1009);
    Ok(())
}

#[ws_server(max_inbox = LEAST)]
mod wrong {
    use super::*;

    const LEAST: usize = 0;

    #[route("/a/{id}", max_recv_size = NONE)]
    mod route {
        use super::*;

        const NONE: usize = 0;

        #[route("/b", max_streams = NONE)]
        mod inner {
            use super::*;
        }

        #[route("/c", max_recv_size = 5)]
        mod sound {}
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_values_are_reported_with_the_servers_and_name_their_route() {
    let error = wrong::server().bind().await.unwrap_err().to_string();
    let lines: Vec<_> = error.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "3 options are wrong:",
            "`max_inbox` must be 1 or more messages, not 0 (from `#[ws_server(…)]`)",
            "`max_recv_size` must be 1 or more bytes, not 0 (from `#[route(\"/a/{id}\")]`)",
            "`max_streams` must be 1 or more streams, not 0 (from `#[route(\"/a/{id}/b\")]`)",
        ],
        "{error}"
    );
}
