//! How a handler ended: successfully, with an error, or not run at all.

use std::fmt::{self, Display};

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
    /// Its handler is `async`: it must be awaited, with a message that it can own.
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
    /// An argument could not be made, so the handler was not run. The peer gets this, depending on the event.
    Argument(Reject),
}

impl Failure {
    pub(crate) fn new(error: impl Display) -> Self {
        Self(Box::new(Cause::Error(error.to_string())))
    }

    /// The refusal, if an argument was refused. A `Reject` that is invalid itself is a mistake of the program instead.
    pub(crate) fn refusal(&self) -> Option<&Reject> {
        match &*self.0 {
            Cause::Argument(reject) if reject.mistake().is_none() => Some(reject),
            Cause::Argument(_) | Cause::Error(_) => None,
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
        }
    }
}
