//! Why a step of a test failed.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use serde_json::value::RawValue;

/// A step of a test failed.
///
/// Displayed, it says where in the test the step is, what it waited for, why it failed, and which messages are unread.
/// Its `Debug` form is the same text, because that is what the test harness shows if a test returns it.
pub struct Error(Box<Failed>);

struct Failed {
    at: &'static Location<'static>,
    /// What the step waited for.
    step: String,
    cause: Cause,
    /// The messages that were unread, as a person reads them.
    unread: Vec<String>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The server replied with an error.
    #[error("refused: {0}")]
    Refused(Refused),
    /// The connection was closed.
    #[error("the connection was closed with {0}")]
    Closed(Close),
    /// The server broke the protocol, or the client did before.
    #[error("the connection is broken: {0}")]
    Broken(String),
    /// Nothing came that the step waits for.
    #[error("nothing came within {} s of virtual time", .0.as_secs_f64())]
    Nothing(Duration),
    /// The server did not read what was sent.
    #[error("the server did not read it within {} s of virtual time", .0.as_secs_f64())]
    Unread(Duration),
    /// Something else came.
    #[error("got {0}")]
    Unexpected(String),
    /// The data is not of the type that the test expects.
    #[error("{json} does not fit: {source}")]
    Unfit {
        /// The data.
        json: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The data of the test cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Unserializable(serde_json::Error),
    /// The server has not asked this question.
    #[error("the server has asked no question with the number {0}")]
    NotAsked(u64),
    /// The client has stopped reading.
    #[error("this client has stopped reading: call `start_reading()` first")]
    NotReading,
}

/// The error in a reply: what the server's `Reject` became.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refused {
    /// The code, such as `not_found`.
    pub code: String,
    /// The message.
    pub message: String,
    /// Further data, if there is any.
    pub data: Option<serde_json::Value>,
}

/// How a connection was closed, as its client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Close {
    /// The code of the server's Close frame: 1005 if it had none, 1006 if there was no Close frame.
    pub code: u16,
    /// The reason in it, often empty.
    pub reason: String,
}

impl Error {
    pub(super) fn new(
        at: &'static Location<'static>,
        step: impl Into<String>,
        cause: Cause,
        unread: Vec<String>,
    ) -> Self {
        Self(Box::new(Failed { at, step: step.into(), cause, unread }))
    }

    /// Why the step failed.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The error that the server replied with, if that is why.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        if let Cause::Refused(refused) = &self.0.cause { Some(refused) } else { None }
    }

    /// The code of the error that the server replied with, if that is why.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refused().map(|refused| refused.code.as_str())
    }

    /// How the connection was closed, if that is why.
    #[must_use]
    pub fn closed(&self) -> Option<&Close> {
        if let Cause::Closed(close) = &self.0.cause { Some(close) } else { None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failed { at, step, cause, unread } = &*self.0;
        write!(f, "{at}: {step}: {cause}")?;
        match unread.as_slice() {
            [] => Ok(()),
            unread => write!(f, "; unread: {}", unread.join(", ")),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, data } = self;
        write!(f, "{code}: {message}")?;
        data.as_ref().map_or(Ok(()), |data| write!(f, " {data}"))
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            1006 => f.write_str("1006: the stream ended without a Close frame"),
            code if self.reason.is_empty() => code.fmt(f),
            code => write!(f, "{code} ({:?})", self.reason),
        }
    }
}

/// A JSON text as errors show it, cut if it is long.
pub(super) fn shown(json: &RawValue) -> String {
    cut(json.get())
}

/// A text as errors show it, cut if it is long.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 200;
    if text.len() <= MOST {
        return text.to_owned();
    }
    format!("{}… ({} bytes)", &text[..text.floor_char_boundary(MOST)], text.len())
}

/// Why a server did not start for a test.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum NotStarted {
    /// The clock runs by itself.
    #[error("a test needs a paused clock: write `#[tokio::test(start_paused = true)]`")]
    ClockRuns,
    /// As [`Builder::bind`](crate::Builder::bind).
    #[error(transparent)]
    Server(#[from] crate::Error),
}

impl fmt::Debug for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockRuns => fmt::Display::fmt(self, f),
            Self::Server(error) => error.fmt(f),
        }
    }
}
