//! How a handler ended: successfully, with an error, or not run at all.

use std::fmt::{self, Display};

use http::StatusCode;

use crate::Reject;

/// How a handler ended.
#[doc(hidden)]
pub type Outcome = Result<(), Failure>;

/// Whether a message has been handled.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It has been handled.
    Done,
    /// Its handler is `async` or `blocking`, or the lock on the room is taken: it must be awaited, with a message that it
    /// can own.
    Later,
}

/// Why a handler failed, or was not run.
// Boxed, so that an outcome is as large as a pointer: it is returned for each message.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failure(Box<Cause>);

/// The cause of a failure.
#[derive(Debug)]
enum Cause {
    /// The handler's own error. It is logged, and never sent to the peer.
    Error(String),
    /// The handler's own error, which the peer is told, depending on the event.
    Told(Reject),
    /// An argument could not be made, so the handler was not run. The peer gets this, depending on the event.
    Argument(Reject),
    /// The route takes no binary messages.
    NoBinary,
}

/// What the peer is told of a failure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal<'f> {
    /// An argument was refused, or there is no handler: a peer's mistake, of which it has only so many.
    Runtime(&'f Reject),
    /// The handler, or its guard, says no.
    Handler(&'f Reject),
    NoBinary,
}

impl Failure {
    pub(crate) fn new(error: impl Display) -> Self {
        Self(Box::new(Cause::Error(error.to_string())))
    }

    /// A handler's error that the peer is told.
    pub(crate) fn told(reject: Reject) -> Self {
        Self(Box::new(Cause::Told(reject)))
    }

    /// A binary message came to a route that speaks the envelope and has no handler for it.
    #[cold]
    #[must_use]
    pub fn no_binary() -> Self {
        Self(Box::new(Cause::NoBinary))
    }

    /// Whether the handler was not run because it is for another phase of the session.
    pub(crate) fn is_of_phase(&self) -> bool {
        matches!(&*self.0, Cause::Argument(reject) if reject.is_of_phase())
    }

    /// The word for it in labels.
    pub(crate) fn as_str(&self) -> &'static str {
        if self.is_of_phase() {
            return "phase";
        }
        match self.refusal() {
            None => "failed",
            Some(Refusal::Handler(_)) => "refused",
            Some(Refusal::NoBinary) => "unknown",
            Some(Refusal::Runtime(reject)) => match reject.status() {
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "malformed",
                StatusCode::NOT_FOUND => "unknown",
                StatusCode::TOO_MANY_REQUESTS => "rate",
                _ => "not_run",
            },
        }
    }

    /// The HTTP answer, where a handshake fails.
    pub(crate) fn into_reject(self) -> Reject {
        match *self.0 {
            Cause::Argument(reject) | Cause::Told(reject) => reject,
            Cause::Error(_) | Cause::NoBinary => Reject::internal_server_error(),
        }
    }

    /// The refusal, if the peer is told why. A `Reject` that is invalid itself is a mistake of the program instead.
    pub(crate) fn refusal(&self) -> Option<Refusal<'_>> {
        match &*self.0 {
            Cause::Argument(reject) if reject.mistake().is_none() => Some(Refusal::Runtime(reject)),
            Cause::Told(reject) if reject.mistake().is_none() => Some(Refusal::Handler(reject)),
            Cause::NoBinary => Some(Refusal::NoBinary),
            Cause::Argument(_) | Cause::Told(_) | Cause::Error(_) => None,
        }
    }
}

/// An argument that could not be made.
impl From<Reject> for Failure {
    fn from(reject: Reject) -> Self {
        Self(Box::new(Cause::Argument(reject)))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Cause::Error(error) => f.write_str(error),
            Cause::Argument(reject) => match reject.mistake() {
                Some(mistake) => f.write_str(&mistake),
                None => write!(f, "an argument was refused: {}", reject.reason()),
            },
            Cause::Told(reject) => match reject.mistake() {
                Some(mistake) => f.write_str(&mistake),
                None => write!(f, "refused: {}", reject.reason()),
            },
            Cause::NoBinary => f.write_str("this route takes no binary messages"),
        }
    }
}
