//! Replies to a named message.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::coop::consume_budget;

use super::write::{self, ReplyTo};
use super::{Address, Envelope, Keys};
use crate::conn::catch_now;
use crate::escape::Escaped;
use crate::event::{Failure, Outcome};
use crate::generated::BoxFuture;
use crate::wire::{Payload, SHARE_FROM};
use crate::{Conn, Reject};

/// The receiver of replies to a named message: the peer, and the message that is answered.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    conn: &'a Conn,
    source: Source<'a>,
}

/// What tells the tokens that a reply repeats. The `id` of a message is known only once it is complete.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Message(&'a Envelope<'a>),
    Address(&'a Address),
}

impl<'a> Caller<'a> {
    #[inline]
    pub(crate) fn new(conn: &'a Conn, message: &'a Envelope<'a>) -> Self {
        Self { conn, source: Source::Message(message) }
    }

    #[inline]
    pub(crate) fn has_id(self) -> bool {
        self.reply_to().id.is_some()
    }

    #[inline]
    fn reply_to(self) -> ReplyTo<'a> {
        match self.source {
            Source::Message(message) => message.reply_to(),
            Source::Address(address) => address.reply_to(),
        }
    }

    fn keys(self) -> &'static Keys {
        match self.source {
            Source::Message(message) => message.keys(),
            Source::Address(address) => address.keys,
        }
    }

    /// Sends a value as the data of a reply.
    #[inline]
    pub(crate) fn reply<T: Serialize + ?Sized>(self, data: &T) -> Outcome {
        let (keys, to) = (self.keys(), self.reply_to());
        send(self.conn, |out| write::reply(out, keys, to, data))
    }

    /// Sends each item of a stream as a reply, and then that it is done. While a quarter of `max_outbox` waits, the
    /// stream is not polled.
    ///
    /// # Errors
    ///
    /// That of the first item that fails.
    pub async fn stream<S: Stream + Send>(
        self,
        stream: S,
        each: impl Fn(S::Item, Self) -> Outcome + Send,
    ) -> Outcome {
        let mut stream = pin!(Held { stream: Some(stream) });
        loop {
            if self.conn.unwritten() > self.conn.max_outbox() / 4 && self.conn.flushed().await.is_err() {
                return Ok(());
            }
            match poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                Some(item) => each(item, self)?,
                None => break,
            }
            // A stream that is always ready must leave the task to others.
            consume_budget().await;
        }
        stream.end();
        done(self.conn, self.keys(), self.reply_to());
        Ok(())
    }

    /// The same for a stream that borrows nothing, as a future that outlives the call.
    pub fn stream_alone<S: Stream + Send + 'static>(
        self,
        stream: S,
        each: impl Fn(S::Item, Caller<'_>) -> Outcome + Send + Sync + 'static,
    ) -> BoxFuture<'static, Outcome> {
        let conn = self.conn.clone();
        let address = match self.source {
            Source::Message(message) => message.address(),
            Source::Address(address) => address.clone(),
        };
        Box::pin(async move {
            let caller = Caller { conn: &conn, source: Source::Address(&address) };
            caller.stream(stream, |item, _| each(item, caller)).await
        })
    }
}

pin_project! {
    /// A stream of the user's. If it panics, it is dropped while the thread unwinds: a panic of its destructor would
    /// end the process then, so it is caught.
    struct Held<S> {
        #[pin]
        stream: Option<S>,
    }

    impl<S> PinnedDrop for Held<S> {
        fn drop(this: Pin<&mut Self>) {
            if this.stream.is_some() {
                // There is no caller left to report it to. The panic hook has run.
                let _ = catch_now(|| this.end());
            }
        }
    }
}

impl<S> Held<S> {
    /// Drops the stream.
    fn end(self: Pin<&mut Self>) {
        self.project().stream.set(None);
    }
}

impl<S: Stream> Held<S> {
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.project().stream.as_pin_mut().map_or(Poll::Ready(None), |stream| stream.poll_next(cx))
    }
}

/// Tells the peer that a stream has ended.
pub(crate) fn done(conn: &Conn, keys: &Keys, to: ReplyTo<'_>) {
    // It fails only if the connection is gone.
    let _ = send(conn, |out| {
        write::done(out, keys, to);
        Ok(())
    });
}

/// Tells the peer why a message has failed. What cannot be sent, as it is too large, becomes `internal`: the peer
/// waits for a reply.
#[cold]
pub(crate) fn error(conn: &Conn, handler: &'static str, keys: &Keys, to: ReplyTo<'_>, reject: &Reject) {
    let Err(failure) = send_error(conn, keys, to, reject) else { return };
    if conn.server().allows_failure(handler) {
        tracing::error!(
            handler,
            conn = conn.id(),
            code = reject.code(),
            error = %Escaped(&failure),
            "an error reply was not sent"
        );
    }
    // If not even this can be sent, no reply can.
    let _ = send_error(conn, keys, to, &Reject::internal());
}

fn send_error(conn: &Conn, keys: &Keys, to: ReplyTo<'_>, reject: &Reject) -> Outcome {
    let data = reject.data().map(RawValue::get);
    let told = write::Told { code: reject.code(), message: reject.message(), data };
    send(conn, |out| {
        write::error(out, keys, to, told);
        Ok(())
    })
}

thread_local! {
    /// A buffer for the next reply.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A larger buffer is not kept for the next reply.
const KEEP_ROOM: usize = 64 * 1024;

/// Sends a message that is written into a buffer of this thread.
#[inline]
pub(crate) fn send(conn: &Conn, write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> Outcome {
    with_text(write, |text| conn.send_text_reply(text))
        .map_err(|error| Failure::new(format_args!("the reply does not serialise as JSON: {error}")))?
}

/// Writes a message into a buffer of this thread, and passes it on.
#[inline]
pub(crate) fn with_text<R>(
    write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    pass: impl FnOnce(Payload<'_>) -> R,
) -> serde_json::Result<R> {
    // Taken, as writing runs code of the user's, which may send too.
    let mut text = SPARE.try_with(Cell::take).unwrap_or_default();
    text.clear();
    write(&mut text)?;
    if text.len() >= SHARE_FROM {
        return Ok(pass(Payload::Owned(Bytes::from(text))));
    }
    let passed = pass(Payload::Borrowed(&text));
    if text.capacity() <= KEEP_ROOM {
        let _ = SPARE.try_with(|spare| spare.set(text));
    }
    Ok(passed)
}
