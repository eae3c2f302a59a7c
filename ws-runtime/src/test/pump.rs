//! Reads and writes a client's stream in the background. So a client answers pings and takes what it is sent while the
//! test does something else, as a browser does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};

use super::error::Close;
use super::mailbox::{End, Mailbox, Message};

/// What a client and its pump share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    mailbox: Mutex<Mailbox>,
    /// Notified when something has arrived.
    pub(super) arrived: Notify,
    /// The pump's, woken when it is to read again. A command would wait behind a message that the server does not take.
    pub(super) reads: AtomicWaker,
}

impl Shared {
    pub(super) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client asks of its pump.
#[derive(Debug)]
pub(super) enum Command {
    /// Sends a message, or bytes as they are. Then it reports that the pipe has taken them, or why it has not.
    Send(Outgoing, oneshot::Sender<Result<(), String>>),
}

#[derive(Debug)]
pub(super) enum Outgoing {
    Message(tungstenite::Message),
    Raw(Bytes),
}

/// The task that reads and writes.
pub(super) struct Pump {
    socket: WebSocketStream<Pipe>,
    /// The stream below, for bytes that are not frames of tungstenite's.
    pipe: Pipe,
    commands: mpsc::UnboundedReceiver<Command>,
    writing: Option<Writing>,
    shared: Arc<Shared>,
}

struct Writing {
    /// What goes to the pipe after tungstenite's frames.
    raw: Bytes,
    done: oneshot::Sender<Result<(), String>>,
}

impl Pump {
    pub(super) fn new(
        socket: WebSocketStream<Pipe>,
        pipe: Pipe,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { socket, pipe, commands, writing: None, shared }
    }

    /// Goes on with what is being written, then takes the next command. Ready when the client is gone.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.writing.is_some() {
                let written = ready!(self.poll_write(cx));
                if let Some(Writing { done, .. }) = self.writing.take() {
                    // The test may have stopped waiting.
                    let _ = done.send(written);
                }
            }
            match ready!(self.commands.poll_recv(cx)) {
                None => return Poll::Ready(()),
                Some(Command::Send(outgoing, done)) => {
                    let (raw, begun) = match outgoing {
                        Outgoing::Raw(raw) => (raw, Ok(())),
                        Outgoing::Message(message) => {
                            (Bytes::new(), Pin::new(&mut self.socket).start_send(message))
                        }
                    };
                    match begun {
                        Ok(()) => self.writing = Some(Writing { raw, done }),
                        Err(error) => drop(done.send(Err(error.to_string()))),
                    }
                }
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), String>> {
        let Some(Writing { raw, .. }) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let flushed = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        // A socket that is closed still passes on bytes that are sent as they are.
        if let Err(error) = flushed
            && raw.is_empty()
        {
            return Poll::Ready(Err(error.to_string()));
        }
        while !raw.is_empty() {
            match ready!(Pin::new(&mut self.pipe).poll_write(cx, raw)) {
                Ok(count) => raw.advance(count),
                Err(error) => return Poll::Ready(Err(error.to_string())),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what has arrived. Ready at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.shared.mailbox().reading {
            let next = ready!(Pin::new(&mut self.socket).poll_next(cx));
            let mut mailbox = self.shared.mailbox();
            let is_over = !matches!(next, Some(Ok(_)));
            match next {
                Some(Ok(tungstenite::Message::Text(text))) => {
                    mailbox.push(Message::Utf8(text.as_str().to_owned()));
                }
                Some(Ok(tungstenite::Message::Binary(data))) => mailbox.push(Message::Binary(data)),
                Some(Ok(tungstenite::Message::Ping(_))) => mailbox.pings += 1,
                Some(Ok(tungstenite::Message::Pong(payload))) => mailbox.pongs.push_back(payload),
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    mailbox.end = Some(End::Closed(Close::from(frame)));
                }
                // tungstenite reads no such thing.
                Some(Ok(tungstenite::Message::Frame(_))) => {}
                Some(Err(error)) if mailbox.end.is_none() => mailbox.end = Some(End::from(error)),
                None if mailbox.end.is_none() => mailbox.end = Some(End::Closed(Close::without_frame())),
                Some(Err(_)) | None => {}
            }
            drop(mailbox);
            self.shared.arrived.notify_one();
            if is_over {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Future for Pump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.shared.reads.register(cx.waker());
        // What is read may have to be answered, and what is written is needed by what is read later; both keep the
        // waker.
        if this.poll_commands(cx).is_ready() || this.poll_read(cx).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

impl Close {
    fn without_frame() -> Self {
        Self { code: crate::Close::ABNORMAL, reason: String::new() }
    }
}

impl From<Option<CloseFrame>> for Close {
    fn from(frame: Option<CloseFrame>) -> Self {
        match frame {
            Some(frame) => Self { code: frame.code.into(), reason: frame.reason.as_str().to_owned() },
            None => Self { code: crate::Close::NO_CODE, reason: String::new() },
        }
    }
}

impl From<tungstenite::Error> for End {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(_)
            | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Closed(Close::without_frame())
            }
            error => Self::Broken(error.to_string()),
        }
    }
}

/// The client's end of a connection. Its clones are the same end: one is tungstenite's.
#[derive(Debug, Clone)]
pub(super) struct Pipe(Arc<Mutex<DuplexStream>>);

impl Pipe {
    pub(super) fn new(stream: DuplexStream) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    fn stream(&self) -> MutexGuard<'_, DuplexStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_read(cx, room)
    }
}

impl AsyncWrite for Pipe {
    /// Drops what the server will not read, as it has ended the connection. An error would keep tungstenite from
    /// reading what the server sent before.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut *self.stream()).poll_write(cx, bytes)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Poll::Ready(Ok(bytes.len())),
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream()).poll_shutdown(cx)
    }
}
