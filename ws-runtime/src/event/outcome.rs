//! How a handler ended.

use std::fmt::Display;

/// Why a handler failed, for the log alone: a peer never sees it.
#[doc(hidden)]
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    pub(crate) fn new(error: impl Display) -> Self {
        Self(error.to_string())
    }
}

/// How a handler ended that sends nothing by what it returns.
#[doc(hidden)]
pub type Outcome = Result<(), Failure>;
