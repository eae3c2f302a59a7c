//! Questions: pushes that the peer answers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::push::{Data, not_json};
use super::questions::{Answered, MAX_OPEN, NotAsked};
use super::{Push, with_text, write};
use crate::excerpt::of_json_error;
use crate::{Conn, Reject, Seconds, SendError};

/// How long an answer is waited for, unless [`Asking::within`] says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// A push that the peer answers: it is marked `#[push(answer = T)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no question",
    label = "has no answer",
    note = "say what the peer answers: `#[push(answer = T)]`"
)]
pub trait Ask: Push {
    /// What the peer answers.
    type Answer: AnswerData;

    #[doc(hidden)]
    fn read_answer(json: &str) -> Result<Self::Answer, String> {
        AnswerData::read(json)
    }
}

#[diagnostic::do_not_recommend]
impl<A: Ask + ?Sized> Ask for &A {
    type Answer = A::Answer;
}

/// What an answer is read as.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an answer",
    label = "does not implement `serde::Deserialize`, or borrows",
    note = "derive it: `#[derive(Deserialize)]`; an answer is read after its message is gone, so the type owns what it holds"
)]
pub trait AnswerData: Sized {
    fn read(json: &str) -> Result<Self, String>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> AnswerData for T {
    fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| of_json_error(&error))
    }
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AskError {
    /// The connection ended, or began to, before the peer answered.
    #[error("no answer: the connection has ended")]
    Gone,
    /// The peer did not answer in time.
    #[error("no answer within {} s", .after.as_secs_f64())]
    Timeout {
        /// How long it was waited for.
        after: Duration,
    },
    /// The peer answered with an error: `{"type": …, "ask": …, "error": {"code": …, "message": …}}`. Both texts are
    /// cut at 256 bytes.
    #[error("the peer does not answer: {code}: {message}")]
    Refused {
        /// The peer's code.
        code: String,
        /// The peer's message.
        message: String,
    },
    /// The answer cannot be read as the type that `#[push(answer = T)]` names.
    #[error("the answer does not fit: {error}")]
    BadAnswer {
        /// What serde says.
        error: String,
    },
    /// 64 questions of this connection are open already.
    #[error("cannot ask: {MAX_OPEN} questions to this peer are open")]
    TooMany,
    /// The question was not sent.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// So that `?` on a question tells the peer why its own message fails: a peer that is slow or says no is no failure
/// of the server. A question that could not be sent is one: the peer is told `internal`, and the log why.
impl From<AskError> for Reject {
    fn from(error: AskError) -> Self {
        let (status, code) = match &error {
            AskError::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            AskError::Refused { .. } => (StatusCode::CONFLICT, "refused"),
            AskError::BadAnswer { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "bad_answer"),
            AskError::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            AskError::Gone | AskError::Send(SendError::Gone) => (StatusCode::GONE, "gone"),
            AskError::Send(
                SendError::NotReady
                | SendError::TooLarge { .. }
                | SendError::ControlTooLarge { .. }
                | SendError::NoEnvelope
                | SendError::OtherRoute { .. }
                | SendError::NotJson { .. }
                | SendError::Full { .. }
                | SendError::Slow { .. },
            ) => return Self::mistaken(format!("a question was not sent: {error}")),
        };
        Self::new(status).with_code(code).text(error.to_string())
    }
}

impl Conn {
    /// Sends a question to the peer, and waits for the answer.
    ///
    /// A question is a push that is marked `#[push(answer = T)]`. It is sent at the call, as
    /// `{"type": …, "ask": 1, "data": …}`. The peer answers `{"type": …, "ask": 1, "data": …}`, or with an error in
    /// place of the data. The answer is waited for 30 s, or as [`Asking::within`] says. At most 64 questions of a
    /// connection are open at a time. To drop the future is to give the question up: an answer that comes later is
    /// ignored, as is a second one.
    ///
    /// A handler may wait for an answer of its own connection: answers are received while handlers run. They are
    /// received in order with other messages, so a peer that has filled the inbox (`max_inbox`) cannot be heard. Once
    /// the server closes its connections to shut down, nothing more is received: all questions end with
    /// [`AskError::Gone`] then.
    ///
    /// A shutdown reads nothing more from the peer. What has arrived is still handled, answers too; once nothing of
    /// it is left unread, open questions end with [`AskError::Gone`], as do new ones.
    ///
    /// ```
    /// use serde::Serialize;
    /// use ws_runtime::AskError;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod files {
    ///     use super::*;
    ///
    ///     #[push(answer = bool)]
    ///     #[derive(Serialize)]
    ///     struct Confirm<'a> {
    ///         text: &'a str,
    ///     }
    ///
    ///     #[on("delete")]
    ///     async fn delete(Json(name): Json<String>, conn: &Conn) -> Result<bool, AskError> {
    ///         let text = format!("delete {name}?");
    ///         conn.ask(Confirm { text: &text }).within(10).await
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// The future ends with an [`AskError`].
    pub fn ask<T, A: Ask<Answer = T>>(&self, question: A) -> Asking<T> {
        let (state, number) = match self.open_question::<A>() {
            Ok((number, answer)) => (State::Asked { number, answer }, Some(number)),
            Err(error) => (State::Failed(Some(error)), None),
        };
        // Dropped, it closes the question: also if serialising it panics.
        let mut asking = Asking {
            conn: self.clone(),
            state,
            asked: Instant::now(),
            patience: PATIENCE,
            deadline: None,
            read: A::read_answer,
        };
        if let Some(Err(error)) = number.map(|number| self.send_question(number, &question)) {
            asking.close();
            asking.state = State::Failed(Some(error));
        }
        asking
    }

    fn open_question<A: Ask>(&self) -> Result<(u64, oneshot::Receiver<Answered>), AskError> {
        self.check_takes::<A>()?;
        self.questions().open().map_err(|error| match error {
            NotAsked::TooMany => AskError::TooMany,
            NotAsked::Over => AskError::Gone,
        })
    }

    fn send_question<A: Ask>(&self, number: u64, question: &A) -> Result<(), AskError> {
        let sent = with_text(
            |out| write::question(out, A::KEYS, A::NAME, number, &Data(question)),
            |text| self.send_question_text(text),
        );
        sent.map_err(not_json).flatten().map_err(|error| match error {
            SendError::Gone => AskError::Gone,
            error @ (SendError::NotReady
            | SendError::TooLarge { .. }
            | SendError::ControlTooLarge { .. }
            | SendError::NoEnvelope
            | SendError::OtherRoute { .. }
            | SendError::NotJson { .. }
            | SendError::Full { .. }
            | SendError::Slow { .. }) => AskError::Send(error),
        })
    }
}

/// The answer to a question that [`Conn::ask`] has sent, as a future.
#[must_use = "the question is given up unless its answer is awaited"]
pub struct Asking<T> {
    conn: Conn,
    state: State,
    asked: Instant,
    patience: Duration,
    /// Made when it is first waited for.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Kept, so that the future itself asks nothing of the type: a mistake in it is one error.
    read: fn(&str) -> Result<T, String>,
}

#[derive(Debug)]
enum State {
    Asked { number: u64, answer: oneshot::Receiver<Answered> },
    Failed(Option<AskError>),
    Over,
}

impl<T> Asking<T> {
    /// Waits for so long, from the call of [`Conn::ask`]: seconds as a number, or a [`Duration`]. A
    /// negative number counts as 0, and more than a year as a year.
    pub fn within(mut self, seconds: impl Into<Seconds>) -> Self {
        self.patience = seconds.into().saturating();
        self.deadline = None;
        self
    }

    fn poll_json(&mut self, cx: &mut Context<'_>) -> Poll<Result<Box<str>, AskError>> {
        let answer = match &mut self.state {
            State::Asked { answer, .. } => answer,
            State::Failed(error) => {
                return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
            }
            State::Over => return Poll::Pending,
        };
        let ended = match Pin::new(answer).poll(cx) {
            Poll::Ready(Ok(Answered::Data(json))) => Ok(json),
            Poll::Ready(Ok(Answered::Refused { code, message })) => Err(AskError::Refused { code, message }),
            Poll::Ready(Err(_)) => Err(AskError::Gone),
            Poll::Pending => {
                let due = self.asked + self.patience;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due)));
                match deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => Err(AskError::Timeout { after: self.patience }),
                    Poll::Pending => return Poll::Pending,
                }
            }
        };
        self.close();
        Poll::Ready(ended)
    }

    fn close(&mut self) {
        if let State::Asked { number, .. } = std::mem::replace(&mut self.state, State::Over) {
            self.conn.questions().close(number);
        }
    }
}

impl<T> Future for Asking<T> {
    type Output = Result<T, AskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let asking = self.get_mut();
        let ended = asking.poll_json(cx);
        ended.map(|ended| (asking.read)(&ended?).map_err(|error| AskError::BadAnswer { error }))
    }
}

impl<T> Drop for Asking<T> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<T> fmt::Debug for Asking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").field("conn", &self.conn).field("state", &self.state).finish_non_exhaustive()
    }
}
