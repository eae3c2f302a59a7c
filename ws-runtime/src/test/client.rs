//! A client: messages, control frames and bytes.

use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};

use super::clock;
use super::error::{Cause, Close, Error};
use super::mailbox::{End, Mailbox, Message};
use super::pump::{Command, Outgoing, Pipe, Pump, Shared};
use crate::Seconds;
use crate::message::Keys;

/// How long a client waits for a message, unless a test says otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far the clock moves while a client makes sure that nothing comes.
const MOMENT: Duration = Duration::from_millis(1);

/// A WebSocket client in a test, made by [`TestServer::connect`](super::TestServer::connect). Dropping it ends its
/// stream without a Close frame.
///
/// It reads in the background and answers pings, as a browser does; what has arrived waits until the test takes it.
#[derive(Debug)]
pub struct TestClient {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    pump: JoinHandle<()>,
    answer: Response<()>,
    patience: Duration,
    pub(super) keys: Keys,
    /// The `id` of the last call.
    pub(super) last_id: u64,
    /// The questions of the server, by number: their names.
    pub(super) asked: HashMap<u64, String>,
}

impl TestClient {
    pub(super) fn new(socket: WebSocketStream<Pipe>, pipe: Pipe, answer: Response<()>, keys: Keys) -> Self {
        let (commands, orders) = mpsc::unbounded_channel();
        let shared = Arc::<Shared>::default();
        let pump = tokio::spawn(Pump::new(socket, pipe, orders, Arc::clone(&shared)));
        Self { commands, shared, pump, answer, patience: PATIENCE, keys, last_id: 0, asked: HashMap::new() }
    }

    /// The headers of the answer to the handshake.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The subprotocol that the server chose.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.headers().get(http::header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()
    }

    /// Sets how long this client waits for a message, and for the server to read one, in virtual time. The default is a
    /// second.
    pub fn set_patience(&mut self, seconds: impl Into<Seconds>) {
        self.patience = clock::span(seconds.into());
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// [`Error`] if the connection is closed, or the pipe is full and the server does not read.
    #[track_caller]
    pub fn send_utf8(&mut self, text: impl Into<String>) -> impl Future<Output = Result<(), Error>> + Send {
        let text: String = text.into();
        self.send(Location::caller(), Outgoing::Message(tungstenite::Message::text(text)))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn send_binary(&mut self, data: impl Into<Bytes>) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Location::caller(), Outgoing::Message(tungstenite::Message::Binary(data.into())))
    }

    /// Sends a ping, of at most 125 bytes. [`pong`](Self::pong) waits for the answer.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn ping(&mut self, payload: impl Into<Bytes>) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Location::caller(), Outgoing::Message(tungstenite::Message::Ping(payload.into())))
    }

    /// Sends a pong that nobody asked for, of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn send_pong(&mut self, payload: impl Into<Bytes>) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Location::caller(), Outgoing::Message(tungstenite::Message::Pong(payload.into())))
    }

    /// Sends bytes as they are, such as a frame that is wrong.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod chat { #[on(utf8)] fn echo(text: &str) -> &str { text } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = chat::server().test().await?;
    /// let mut ann = server.connect("/").await?;
    /// ann.send_raw(b"\x81\x05hello").await?; // without a mask
    /// assert_eq!(ann.closed().await?.code, 1002);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn send_raw(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(Location::caller(), Outgoing::Raw(Bytes::copy_from_slice(bytes.as_ref())))
    }

    /// Sends a Close frame; with the code 1005, one without a code. [`closed`](Self::closed) waits for the server's.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn disconnect(
        &mut self,
        code: u16,
        reason: impl Into<String>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let reason: String = reason.into();
        let frame =
            (code != crate::Close::NO_CODE).then(|| CloseFrame { code: code.into(), reason: reason.into() });
        self.send(Location::caller(), Outgoing::Message(tungstenite::Message::Close(frame)))
    }

    /// Stops reading and answering pings, like a browser that hangs. Messages can still be sent.
    ///
    /// What the server sends fills the pipe ([`buffer`](super::Connect::buffer)), and then the server's outbox.
    pub fn stop_reading(&mut self) {
        self.shared.mailbox().reading = false;
    }

    /// Reads again, beginning with what has arrived meanwhile.
    pub fn start_reading(&mut self) {
        self.shared.mailbox().reading = true;
        self.shared.reads.wake();
    }

    /// How many pings have arrived, all in all.
    #[must_use]
    pub fn pings(&self) -> usize {
        self.shared.mailbox().pings
    }

    /// Waits for the next pong, and takes its payload. Messages before it stay.
    ///
    /// # Errors
    ///
    /// [`Error`] if the connection is closed, or if none comes within a second.
    #[track_caller]
    pub fn pong(&mut self) -> impl Future<Output = Result<Bytes, Error>> + Send {
        let at = Location::caller();
        async move { self.wait(at, "no pong", |mailbox| mailbox.pongs.pop_front()).await }
    }

    /// Waits for the next message, text or binary.
    ///
    /// # Errors
    ///
    /// [`Error`] if the connection is closed, or if none comes within a second.
    #[expect(clippy::should_implement_trait, reason = "the word for it, as in `StreamExt::next`")]
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Result<Message, Error>> + Send {
        self.take(Location::caller(), "no message")
    }

    /// Waits for the next message, and expects it to be a text.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next); also if the message is binary.
    #[track_caller]
    pub fn utf8(&mut self) -> impl Future<Output = Result<String, Error>> + Send {
        let at = Location::caller();
        async move {
            match self.take(at, "no text").await? {
                Message::Utf8(text) => Ok(text),
                other @ Message::Binary(_) => {
                    Err(self.error(at, "no text", Cause::Unexpected(other.shown())))
                }
            }
        }
    }

    /// Waits for the next message, and expects it to be binary.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next); also if the message is a text.
    #[track_caller]
    pub fn binary(&mut self) -> impl Future<Output = Result<Bytes, Error>> + Send {
        let at = Location::caller();
        async move {
            match self.take(at, "no binary message").await? {
                Message::Binary(data) => Ok(data),
                other @ Message::Utf8(_) => {
                    Err(self.error(at, "no binary message", Cause::Unexpected(other.shown())))
                }
            }
        }
    }

    /// Expects that there is no unread message, and that none comes. The clock moves by a millisecond. Pings and pongs
    /// are no messages.
    ///
    /// # Errors
    ///
    /// [`Error`] that shows the messages; also if the connection is closed.
    #[track_caller]
    pub fn expect_nothing(&mut self) -> impl Future<Output = Result<(), Error>> + Send {
        let at = Location::caller();
        async move {
            sleep(MOMENT).await;
            let mailbox = self.shared.mailbox();
            let cause = match &mailbox.end {
                _ if !mailbox.reading => Cause::NotReading,
                _ if !mailbox.is_empty() => Cause::Unexpected("messages".to_owned()),
                Some(end) => end.into(),
                None => return Ok(()),
            };
            let unread = mailbox.shown();
            drop(mailbox);
            Err(Error::new(at, "expected nothing", cause, unread))
        }
    }

    /// Waits until the server has closed the connection, and tells how. Messages before that stay, and can be taken
    /// later.
    ///
    /// # Errors
    ///
    /// [`Error`] if the connection is still open after a second, or if the server broke the protocol.
    #[track_caller]
    pub fn closed(&mut self) -> impl Future<Output = Result<Close, Error>> + Send {
        let at = Location::caller();
        async move {
            let ended = self.wait(at, "not closed", |mailbox| mailbox.end.clone()).await?;
            match ended {
                End::Closed(close) => Ok(close),
                End::Broken(_) => Err(self.error(at, "not closed", (&ended).into())),
            }
        }
    }

    fn take(
        &mut self,
        at: &'static Location<'static>,
        step: &'static str,
    ) -> impl Future<Output = Result<Message, Error>> + Send {
        self.wait(at, step, Mailbox::take)
    }

    /// Waits until there is what `take` looks for.
    pub(super) async fn wait<T>(
        &mut self,
        at: &'static Location<'static>,
        step: &str,
        take: impl Fn(&mut Mailbox) -> Option<T> + Send,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + self.patience;
        let mut is_late = false;
        loop {
            let cause = {
                let mut mailbox = self.shared.mailbox();
                if let Some(found) = take(&mut mailbox) {
                    return Ok(found);
                }
                match &mailbox.end {
                    Some(end) => Some(end.into()),
                    None if !mailbox.reading => Some(Cause::NotReading),
                    None => is_late.then_some(Cause::Nothing(self.patience)),
                }
            };
            if let Some(cause) = cause {
                return Err(self.error(at, step, cause));
            }
            is_late = timeout_at(deadline, self.shared.arrived.notified()).await.is_err();
        }
    }

    pub(super) fn send(
        &mut self,
        at: &'static Location<'static>,
        outgoing: Outgoing,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let (done, sent) = oneshot::channel();
        // Given away here, so that messages are sent in the order of the calls. If the pump is gone, so is `done`.
        let _ = self.commands.send(Command::Send(outgoing, done));
        async move {
            let cause = match timeout(self.patience, sent).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(error))) => self.end().unwrap_or(Cause::Broken(error)),
                Ok(Err(_)) => self.end().unwrap_or_else(|| Cause::Broken("the stream has ended".to_owned())),
                Err(_) => Cause::Unread(self.patience),
            };
            Err(self.error(at, "not sent", cause))
        }
    }

    fn end(&self) -> Option<Cause> {
        self.shared.mailbox().end.as_ref().map(Cause::from)
    }

    pub(super) fn error(
        &self,
        at: &'static Location<'static>,
        step: impl Into<String>,
        cause: Cause,
    ) -> Error {
        let unread = self.shared.mailbox().shown();
        Error::new(at, step, cause, unread)
    }
}

impl Drop for TestClient {
    fn drop(&mut self) {
        // With the task its stream ends.
        self.pump.abort();
    }
}

impl From<&End> for Cause {
    fn from(end: &End) -> Self {
        match end {
            End::Closed(close) => Self::Closed(close.clone()),
            End::Broken(error) => Self::Broken(error.clone()),
        }
    }
}
