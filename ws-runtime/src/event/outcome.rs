//! How a handler ended: as it should, with an error, or not at all.

use std::fmt::{self, Display};

use crate::Reject;

/// How a handler ended that has nothing more to give than that.
#[doc(hidden)]
pub type Outcome = Result<(), Failure>;

/// Whether a message has been handled.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It has.
    Done,
    /// Not yet: its handler has to be awaited, and needs a message that it can keep meanwhile.
    Later,
}

/// Why a handler did not do what it was called for.
// Boxed, so that an outcome is as large as a pointer: it is returned for each message.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failure(Box<Cause>);

/// What is behind a failure.
#[derive(Debug)]
enum Cause {
    /// The handler's own error, for the log alone: a peer never sees it.
    Error(String),
    /// An argument could not be made, so the handler was not run. This is what the peer is told, where it is told anything.
    Argument(Reject),
}

impl Failure {
    pub(crate) fn new(error: impl Display) -> Self {
        Self(Box::new(Cause::Error(error.to_string())))
    }

    /// What the peer is to be told where the handler was not run as an argument was refused. One that has a mistake of its
    /// own is a mistake of the program instead.
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
