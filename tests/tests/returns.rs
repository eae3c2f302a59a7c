//! What becomes of each kind of value that the handler of each event may return.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ws_runtime::http::{Response, StatusCode};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

/// An error as anyhow's: it is `Display` and takes any error, but is none.
struct AnyError(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for AnyError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for AnyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A `Result` under another name.
type Answer<T> = Result<T, AnyError>;

/// Each event that replies, failing by an error of another kind.
#[ws_server]
mod replying {
    use super::*;

    #[session]
    struct Guest(bool);

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Guest {
        Guest(handshake.path() == "/fail")
    }

    #[on(ready)]
    fn ready(guest: &Guest) -> Answer<Json<[u8; 2]>> {
        if guest.0 {
            return Err("as asked".into());
        }
        Ok(Json([1, 2]))
    }

    #[on(utf8)]
    async fn utf8(text: &str) -> Result<Option<Cow<'_, str>>, Box<dyn Error>> {
        match text {
            "fail" => Err("as asked".into()),
            "" => Ok(None),
            text => Ok(Some(text.into())),
        }
    }

    #[on(binary)]
    fn binary(data: &[u8]) -> Answer<[u8; 1]> {
        Ok([u8::try_from(data.len())? + 1])
    }

    #[on(pong)]
    fn pong(data: Bytes) -> io::Result<Bytes> {
        if data.is_empty() { Err(io::Error::other("as asked")) } else { Ok(data) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_may_be_in_an_alias_of_result_with_any_error() -> Result {
    let server = replying::server().test().await?;
    let mut client = server.connect("/").await?;
    assert_eq!(client.utf8().await?, "[1,2]");
    client.send_utf8("").await?; // is answered by nothing
    client.send_utf8("hello").await?;
    assert_eq!(client.utf8().await?, "hello");
    client.send_binary(vec![0; 8]).await?;
    assert_eq!(client.binary().await?, vec![9]);
    client.send_pong(vec![7]).await?;
    assert_eq!(client.binary().await?, vec![7]);
    client.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_of_any_event_that_replies_ends_the_connection_with_1011() -> Result {
    let server = replying::server().test().await?;
    let mut ready = server.connect("/fail").await?;
    assert_eq!(ready.closed().await?.code, 1011, "ready");
    for event in ["utf8", "binary", "pong"] {
        let mut client = server.connect("/").await?;
        match event {
            "utf8" => client.send_utf8("fail").await?,
            "binary" => client.send_binary(vec![0; 256]).await?,
            _ => client.send_pong("").await?,
        }
        let frame = client.closed().await?;
        assert_eq!((frame.code, frame.reason.as_str()), (1011, ""), "{event}");
    }
    Ok(())
}

/// Each event whose value goes nowhere, failing whenever it can.
#[ws_server]
mod failing {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Counts {
        pub connections: AtomicUsize,
        pub failures: Arc<AtomicUsize>,
    }

    impl Counts {
        fn fail(&self) -> String {
            self.failures.fetch_add(1, Ordering::SeqCst);
            "as it always does".to_owned()
        }
    }

    #[on(connect)]
    async fn connect(counts: &Counts) -> Answer<()> {
        match counts.connections.fetch_add(1, Ordering::SeqCst) {
            1 => Err("the second is refused".into()),
            _ => Ok(()),
        }
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(disconnect)]
    fn disconnect(counts: &Counts) -> Result<(), Box<dyn Error>> {
        Err(counts.fail().into())
    }

    #[on(shutdown)]
    fn shutdown(counts: &Counts) -> Result<(), String> {
        Err(counts.fail())
    }

    #[tick(period = 0.001)]
    async fn tick(counts: &Counts) -> io::Result<()> {
        Err(io::Error::other(counts.fail()))
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_connect_refuses_and_one_of_the_others_is_only_logged() -> Result {
    let counts = failing::Counts::default();
    let failures = counts.failures.clone();
    let server = failing::server().state(counts).test().await?;
    let mut first = server.connect("/").await?;
    assert_eq!(server.connect("/").await.unwrap_err().status(), 0, "the second is refused");
    let mut third = server.connect("/").await?;
    for client in [&mut first, &mut third] {
        client.send_utf8("hello").await?;
        assert_eq!(client.utf8().await?, "hello");
    }
    // A tick that failed comes again.
    server.advance(0.003).await;
    assert_eq!(failures.load(Ordering::SeqCst), 3);
    drop(third);
    server.stop().await;
    assert_eq!(first.closed().await?.code, 1001);
    assert_eq!(failures.load(Ordering::SeqCst), 6, "two disconnects and one shutdown");
    Ok(())
}

/// One server for each thing that a `handshake` handler may return.
macro_rules! admits {
    ($($name:ident: $returns:ty => $value:expr;)*) => {
        $(
            #[ws_server]
            mod $name {
                use super::*;

                #[on(handshake)]
                fn admit() -> $returns {
                    $value
                }

                #[session]
                #[derive(Default)]
                struct Guest(&'static str);

                #[on(ready)]
                fn hello(guest: &Guest) -> String {
                    format!("[{}]", guest.0)
                }
            }
        )*

        /// What a client meets: the greeting, or the refusal's status, `x-why` and body.
        async fn met() -> Result<Vec<(&'static str, String)>> {
            Ok(vec![$((stringify!($name), meet(&$name::server().test().await?).await?)),*])
        }
    };
}

/// What some application refuses for.
struct Banned;

impl From<Banned> for Reject {
    fn from(_: Banned) -> Self {
        Reject::new(StatusCode::LOCKED).header("x-why", "banned").text("go away")
    }
}

admits! {
    nothing: () => ();
    session: Guest => Guest("made");
    nothing_or_reject: Result<(), Reject> => Ok(());
    session_or_reject: Result<Guest, Reject> => Ok(Guest("made"));
    reject: Result<Guest, Reject> => Err(Reject::forbidden().header("x-why", "because").body("no"));
    status: Result<(), StatusCode> => Err(StatusCode::PAYMENT_REQUIRED);
    status_and_text: Result<Guest, (StatusCode, &'static str)> => Err((StatusCode::CONFLICT, "already here"));
    status_and_string: Result<(), (StatusCode, String)> => Err((StatusCode::GONE, "left".to_owned()));
    what_converts: Result<(), Banned> => Err(Banned);
    alias: Admission<Guest> => Ok(Guest("made"));
    alias_refusing: Admission<()> => Err(Reject::too_many_requests());
}

type Admission<T> = Result<T, Reject>;

async fn meet(server: &TestServer) -> Result<String> {
    match server.connect("/").await {
        Ok(mut client) => Ok(client.utf8().await?),
        Err(refusal) => {
            let why = refusal.headers().get("x-why").map_or("", |why| why.to_str().unwrap());
            Ok(format!("{} {why} {}", refusal.status(), refusal.text().trim_end()))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_a_handshake_returns_admits_or_refuses() -> Result {
    let rows = [
        ("nothing", "[]"),
        ("session", "[made]"),
        ("nothing_or_reject", "[]"),
        ("session_or_reject", "[made]"),
        ("reject", "403 because no"),
        ("status", "402  402 Payment Required"),
        ("status_and_text", "409  already here"),
        ("status_and_string", "410  left"),
        ("what_converts", "423 banned go away"),
        ("alias", "[made]"),
        ("alias_refusing", "429  429 Too Many Requests"),
    ];
    assert_eq!(met().await?, rows.map(|(name, met)| (name, met.to_owned())));
    Ok(())
}

/// One path for each thing that a `request` handler may return.
macro_rules! answers {
    ($($name:ident: $returns:ty => $value:expr;)*) => {
        $(
            #[ws_server]
            mod $name {
                use super::*;

                #[on(request)]
                fn page(request: &Request) -> $returns {
                    let answer: fn(&Request) -> $returns = $value;
                    answer(request)
                }
            }
        )*

        /// What a client reads.
        async fn read() -> Result<Vec<(&'static str, Response<Bytes>)>> {
            Ok(vec![$((stringify!($name), $name::server().test().await?.get("/path").await?)),*])
        }
    };
}

answers! {
    text: String => |request| request.path().to_owned();
    borrowed_text: &str => |request| request.path();
    html: Html<&'static str> => |_| Html("<p>");
    bytes: Vec<u8> => |_| vec![b'x'];
    status_alone: StatusCode => |_| StatusCode::IM_A_TEAPOT;
    status_and_body: (StatusCode, String) => |_| (StatusCode::CREATED, "made".to_owned());
    response: Response<Bytes> => |_| Response::builder().status(299).header("x-a", "1").body("all".into()).unwrap();
    some: Option<Html<String>> => |_| Some(Html("here".to_owned()));
    none: Option<String> => |_| None;
    ok: Result<String, AnyError> => |_| Ok("fine".to_owned());
    any_error: Answer<String> => |_| Err("secret".into());
    boxed_error: Result<String, Box<dyn Error>> => |_| Err("secret".into());
    status_as_error: Result<&'static str, StatusCode> => |_| Err(StatusCode::FORBIDDEN);
    reject_as_error: Result<String, Reject> => |_| Err(Reject::not_found().text("nowhere"));
}

#[tokio::test(start_paused = true)]
async fn whatever_a_request_returns_is_the_answer() -> Result {
    let rows = [
        ("text", 200, "text/plain", "/path"),
        ("borrowed_text", 200, "text/plain", "/path"),
        ("html", 200, "text/html", "<p>"),
        ("bytes", 200, "application/octet-stream", "x"),
        ("status_alone", 418, "text/plain", "418 I'm a teapot\n"),
        ("status_and_body", 201, "text/plain", "made"),
        ("response", 299, "1", "all"),
        ("some", 200, "text/html", "here"),
        ("none", 404, "", ""),
        ("ok", 200, "text/plain", "fine"),
        ("any_error", 500, "", ""),
        ("boxed_error", 500, "", ""),
        ("status_as_error", 403, "", ""),
        ("reject_as_error", 404, "text/plain", "nowhere"),
    ];
    let answers = read().await?;
    assert_eq!(answers.len(), rows.len());
    for ((name, answer), (row, status, header, body)) in answers.into_iter().zip(rows) {
        assert_eq!(name, row);
        assert_eq!(answer.status(), status, "{name}");
        let told = answer.headers().get("content-type").or(answer.headers().get("x-a"));
        let told = told.map_or("", |told| told.to_str().unwrap());
        assert!(told.starts_with(header), "{name}: {told}");
        let text = str::from_utf8(answer.body())?;
        assert!(text.ends_with(body) && !text.contains("secret"), "{name}: {text}");
    }
    Ok(())
}
