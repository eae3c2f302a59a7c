//! Options on routes: each takes effect on the connections of its route, and on no others.

use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};

use ws_runtime::generated as rt;
struct S;
impl rt::Service for S {
    type Given = ();
    type Store = ();
    const NAME: &'static str = "options";
    fn store((): ()) {}
    fn routes(routes: &mut rt::Routes<Self>) {
        routes.add(Plain);
        routes.add(Small);
        routes.add(Spoken);
        routes.add(Silent);
        routes.add(Paced);
        routes.add(Pieces);
    }
    fn attribute(attribute: &mut rt::Attribute<'_>) {
        attribute.silence_max(|| 10.into());
    }
    fn connect<'a>(event: rt::OpeningEvent<'a, Self>) -> impl Future<Output = rt::Outcome> + Send {
        let mut context = event.context();
        let conn = <&Conn as rt::FromConnect<_>>::from_event(&mut context).ok().unwrap();
        async move {
            super_connect(conn);
            Ok(())
        }
    }
}
fn super_connect(conn: &Conn) {
    if conn.port() == Some(1) {
        conn.set_max_recv_size(20).unwrap();
        conn.set_max_send_size(20).unwrap();
        conn.set_nodelay(true);
        conn.set_compression(ws_runtime::Compression::Off).unwrap();
    }
}
macro_rules! route { ($name:ident $path:literal $(, $key:ident = $value:expr)*) => {
    struct $name;
    impl rt::Route for $name {
        type Server = S;
        type Session = ();
        fn place() -> rt::Place { rt::Place::new($path, file!(), line!()) }
        fn attribute(attribute: &mut rt::Attribute<'_>) { let _ = &attribute; $(attribute.$key(|| $value.into());)* }
        fn handshake<'a>(_: rt::OpeningEvent<'a, S, Handshake>) -> impl Future<Output = std::result::Result<rt::Admission<()>, Reject>> + Send {
            async { Ok(rt::Admission::anonymous(())) }
        }
        fn utf8<'a>(event: rt::RouteEvent<'a, Self, rt::Utf8<'a>>) -> std::result::Result<rt::Handled, rt::Failure> {
            let peer = event.peer();
            let mut context = event.context();
            let text: &str = rt::FromUtf8::from_event(&mut context)?;
            let conn: &Conn = rt::FromUtf8::from_event(&mut context)?;
            rt::done(rt::reply(peer, rt::IntoReply::into_reply(echo(text, conn))))
        }
    }
} }
route!(Plain "/plain");
route!(Small "/small", max_recv_size = 10_usize, max_send_size = 10_usize, nodelay = false, compression = "on");
route!(Spoken "/spoken", subprotocols = ["v2"], compression = "on", origins = "any");
route!(Silent "/silent", silence_max = 60);
route!(Paced "/paced", rate = (1, 10));
route!(Pieces "/pieces", max_fragments = 2_usize, assembly_timeout = 2);
mod options {
    pub fn server() -> ws_runtime::Builder<super::S> {
        ws_runtime::generated::Builder::new()
    }
}

/// What every route here answers.
fn echo(text: &str, conn: &Conn) -> String {
    match text {
        "long" => "x".repeat(15),
        "options" => format!("{} {}", conn.nodelay(), conn.max_recv_size()),
        _ => text.to_owned(),
    }
}

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
    let (mut set, compresses) = from_port(&server, 1).await?;
    assert!(!compresses);
    set.send_utf8("options").await?;
    assert_eq!(set.utf8().await?, "true 20");
    set.send_utf8("long").await?;
    assert_eq!(set.utf8().await?.len(), 15);
    set.send_utf8("x".repeat(21)).await?;
    assert_eq!(set.closed().await?.code, 1009);

    let (mut unset, compresses) = from_port(&server, 2).await?;
    assert!(compresses);
    unset.send_utf8("options").await?;
    assert_eq!(unset.utf8().await?, "false 10");
    Ok(())
}
