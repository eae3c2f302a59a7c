//! `#[derive(Reject)]`: what it makes of an error type, and what the peer gets of it.

use std::fmt::{self, Display};

use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_tests::{get, open};

#[derive(Debug)]
struct Mark(char);

impl Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Only for colleagues.
#[derive(Reject)]
enum MoveError<'a, T: Display> {
    /// Never sent.
    OffTheBoard,
    #[reject(409)]
    NotYourTurn,
    #[reject(409, "taken by {by}")]
    Taken { by: Mark, cell: u8 },
    #[reject(422, "{0} is not {1:?}, {{really}}: {0:>2$}", code = "odd_one")]
    Odd(u8, Mark, usize),
    #[reject(StatusCode::PAYMENT_REQUIRED, "{type} for {who}", code = "pay")]
    Price { r#type: T, who: &'a str },
    #[reject(NEVER)]
    Constant(),
    #[reject(transparent)]
    Other(TooFast),
    #[reject(transparent)]
    Runtime { why: Reject },
}

const NEVER: u16 = 451;

#[derive(Reject)]
#[reject(429, "wait {seconds:.1} s")]
#[reject(crate = ws_runtime)]
struct TooFast {
    seconds: f64,
}

#[derive(Reject)]
struct NotHere;

#[derive(Reject)]
enum Never {}

fn told(error: impl Into<Reject>) -> (u16, String, String) {
    let reject = error.into();
    (reject.status().as_u16(), reject.code().to_owned(), reject.message().to_owned())
}

#[test]
fn each_variant_has_its_status_code_and_message() {
    type Error<'a> = MoveError<'a, u8>;
    let taken = Error::Taken { by: Mark('x'), cell: 4 };
    if let Error::Taken { cell, .. } = &taken {
        assert_eq!(*cell, 4);
    }
    let rows: [(Error<'_>, (u16, &str, &str)); 8] = [
        (Error::OffTheBoard, (400, "off_the_board", "off the board")),
        (Error::NotYourTurn, (409, "not_your_turn", "not your turn")),
        (taken, (409, "taken", "taken by x")),
        (Error::Odd(7, Mark('o'), 3), (422, "odd_one", "7 is not Mark('o'), {really}:   7")),
        (Error::Price { r#type: 5, who: "ann" }, (402, "pay", "5 for ann")),
        (Error::Constant(), (451, "constant", "constant")),
        (Error::Other(TooFast { seconds: 0.25 }), (429, "too_fast", "wait 0.2 s")),
        (Error::Runtime { why: Reject::forbidden().with_code("no") }, (403, "no", "Forbidden")),
    ];
    for (error, (status, code, message)) in rows {
        assert_eq!(told(error), (status, code.to_owned(), message.to_owned()));
    }
}

#[test]
fn a_struct_is_a_refusal_too() {
    assert_eq!(told(TooFast { seconds: 2.0 }), (429, "too_fast".into(), "wait 2.0 s".into()));
    assert_eq!(told(NotHere), (400, "not_here".into(), "not here".into()));
    let _: fn(Never) -> Reject = Reject::from;
}

/// A type with a destructor: its fields cannot be moved out.
#[derive(Reject)]
#[reject(409, "held by {0}")]
struct Held(String);

impl Drop for Held {
    fn drop(&mut self) {}
}

#[ws_server(listen = "127.0.0.1:0")]
mod table {
    use super::*;

    fn may_sit(path: &str) -> Result<(), Held> {
        if path == "/free" { Ok(()) } else { Err(Held("ann".to_owned())) }
    }

    #[on(handshake)]
    fn sit(handshake: &Handshake) -> Result<(), Held> {
        may_sit(handshake.path())
    }

    #[on(request)]
    fn page(request: &Request) -> Result<&'static str, Held> {
        may_sit(request.path())?;
        Ok("free")
    }
}

/// Told to the peer in other words than to the log.
#[derive(Debug, Reject)]
#[reject(503, "come back later", code = "busy")]
struct NoDatabase;

impl Display for NoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password of the database is swordfish")
    }
}

/// For the log alone.
#[derive(Debug)]
struct Secret;

impl Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password is swordfish")
    }
}

type Page<E> = Result<Option<String>, E>;

#[ws_server(listen = "127.0.0.1:0")]
mod told_page {
    use super::*;

    #[on(request)]
    async fn page(request: &Request) -> Page<NoDatabase> {
        match request.path() {
            "/" => Ok(Some("welcome".to_owned())),
            "/none" => Ok(None),
            _ => Err(NoDatabase),
        }
    }

    #[on("say")]
    fn say() -> Result<(), NoDatabase> {
        Err(NoDatabase)
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod logged_page {
    use super::*;

    #[on(request)]
    fn page() -> Page<Secret> {
        Err(Secret)
    }
}

#[tokio::test]
async fn an_error_that_says_what_the_peer_is_told_is_told_even_if_it_can_be_logged() {
    let running = told_page::server().bind().await.unwrap();
    for (path, status, body) in [
        ("/", "200 OK", "welcome"),
        ("/none", "404 Not Found", "404 Not Found\n"),
        ("/down", "503 Service Unavailable", "come back later"),
    ] {
        let answer = get(&running, path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
    }
    let mut client = open(&running, "/").await.unwrap();
    client.send(r#"{"type":"say","id":1}"#).await;
    assert_eq!(
        client.text().await,
        r#"{"type":"say","id":1,"error":{"code":"busy","message":"come back later"}}"#
    );

    let running = logged_page::server().bind().await.unwrap();
    let answer = get(&running, "/").await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && !answer.contains("swordfish"), "{answer}");
}

#[tokio::test]
async fn the_message_is_the_body_of_the_answer() {
    let running = table::server().bind().await.unwrap();
    assert!(open(&running, "/free").await.is_ok());
    let refused = match open(&running, "/taken").await {
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("admitted"),
    };
    assert_eq!(refused.status(), 409);
    assert_eq!(refused.body().as_deref(), Some(&b"held by ann"[..]));
    let page = get(&running, "/taken").await;
    assert!(page.starts_with("HTTP/1.1 409 Conflict\r\n") && page.ends_with("\r\n\r\nheld by ann"), "{page}");
}
