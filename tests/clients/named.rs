//! The server that `client.js` is tried with: named messages of each kind, and a page to try it from in a browser. With an
//! argument, one that has renamed the envelope's keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::{Value, json};
use ws_runtime::http::Response;
use ws_runtime::prelude::*;
use ws_runtime::{CLIENT_JS, IntoResponse, JavaScript, Stream};

/// Counts itself while it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod named {
    use super::*;

    /// What runs.
    #[state]
    #[derive(Default)]
    struct Running {
        streams: Arc<AtomicUsize>,
        calls: Arc<AtomicUsize>,
    }

    /// Who this is: the token, if there is one.
    #[session]
    struct Guest {
        token: Option<String>,
    }

    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Result<Guest, Reject> {
        let token = token.map(|Bearer(token)| token);
        if token.as_deref() == Some("forged") { Err(Reject::unauthorized()) } else { Ok(Guest { token }) }
    }

    #[on(ready)]
    fn admit(guest: &Guest) -> Result<(), Reject> {
        if guest.token.as_deref() == Some("expired") { Err(Reject::unauthorized()) } else { Ok(()) }
    }

    #[on("token")]
    fn token(guest: &Guest) -> Option<&str> {
        guest.token.as_deref()
    }

    #[on("add")]
    fn add(Json((a, b)): Json<(f64, f64)>) -> f64 {
        a + b
    }

    #[on("echo")]
    fn echo(Json(value): Json<Value>) -> Value {
        value
    }

    #[on("nothing")]
    fn nothing() {}

    #[on("refuse")]
    fn refuse() -> Result<(), Reject> {
        Err(Reject::forbidden().with_code("taken").text("by another one").with_data(json!({ "by": "ann" })))
    }

    #[on("fail")]
    fn fail() -> Result<(), std::io::Error> {
        Err(std::io::Error::other("only for the log"))
    }

    #[on("sleep", concurrent = 4)]
    async fn sleep(Json(seconds): Json<f64>, running: &Running) {
        let _counted = Counted::new(&running.calls);
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }

    #[on("running")]
    fn running(running: &Running) -> (usize, usize) {
        (running.streams.load(Ordering::Relaxed), running.calls.load(Ordering::Relaxed))
    }

    #[on("count")]
    fn count(Json(to): Json<u32>) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
    }

    /// A number each millisecond, as long as somebody listens.
    #[on("forever")]
    fn forever(running: &Running) -> impl Stream<Item = u32> + use<> {
        let counted = Counted::new(&running.streams);
        stream::iter(0..).then(move |number| {
            let _counted = &counted;
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                number
            }
        })
    }

    #[on("breaks")]
    fn breaks() -> impl Stream<Item = Result<u32, Reject>> + use<> {
        stream::iter([Ok(1), Err(Reject::bad_request().with_code("over").text("no more"))])
    }

    #[on("disconnect")]
    fn disconnect(Json((code, reason)): Json<(u16, String)>, conn: &Conn) -> Result<(), String> {
        conn.disconnect(code, &reason).map_err(|error| error.to_string())
    }

    #[on("cut")]
    fn cut(conn: &Conn, server: &Server) {
        server.disconnect(conn);
    }

    #[push]
    #[derive(Serialize)]
    struct Moved {
        cell: u8,
    }

    #[on("move")]
    fn play(Json(cell): Json<u8>, server: &Server) {
        server.broadcast(Moved { cell });
    }

    #[push(answer = bool)]
    #[derive(Serialize)]
    struct Confirm<'a> {
        text: &'a str,
    }

    /// What came of the question, in words.
    #[on("ask", concurrent = 4)]
    async fn ask(Json(text): Json<String>, conn: &Conn) -> String {
        let answer = conn.ask(Confirm { text: &text }).within(10).await;
        answer.map_or_else(|error| error.to_string(), |answer| answer.to_string())
    }

    #[on("plain")]
    fn plain(conn: &Conn) {
        let _ = conn.send_utf8("no envelope");
    }

    #[on(request)]
    fn page(request: &Request) -> Option<Response<Bytes>> {
        match request.path() {
            "/" => Some(Html("<!doctype html><title>named</title>").into_response()),
            "/client.js" => Some(JavaScript(CLIENT_JS).into_response()),
            _ => None,
        }
    }
}

/// Other names for the envelope's keys.
#[ws_server(listen = "127.0.0.1:0", envelope(type = "event", id = "ref", data = "payload"))]
mod renamed {
    use super::*;

    #[push(answer = u32)]
    #[derive(Serialize)]
    struct Twice(u32);

    #[on("double")]
    async fn double(Json(number): Json<u32>, conn: &Conn) -> Result<u32, String> {
        conn.ask(Twice(number)).within(10).await.map_err(|error| error.to_string())
    }

    #[on("count")]
    fn count(Json(to): Json<u32>) -> impl Stream<Item = u32> + use<> {
        stream::iter(0..to)
    }
}

fn main() -> ws_runtime::Result<()> {
    match std::env::args().nth(1) {
        None => named::server().start(),
        Some(_) => renamed::server().start(),
    }
}
