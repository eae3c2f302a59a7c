//! The value that a guard returns.

use super::{Failure, Outcome};
use crate::Reject;

/// What a guard may return: a `Result<(), E>` whose error converts into [`Reject`](struct@Reject).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a guard cannot return `{Self}`",
    label = "says neither yes nor no",
    note = "a guard returns a `Result<(), E>`: `Ok(())` lets it through, and an error such as `Err(Reject::forbidden())` is the answer"
)]
pub trait IntoVerdict {
    /// # Errors
    ///
    /// What the peer is told.
    fn into_verdict(self) -> Outcome;
}

impl<E: GuardError> IntoVerdict for Result<(), E> {
    fn into_verdict(self) -> Outcome {
        self.map_err(|error| Failure::told(error.into_reject()))
    }
}

/// The error of a guard: any type that converts into a [`Reject`](struct@Reject).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a guard cannot refuse with `{Self}`",
    label = "this error does not say what the peer is told",
    note = "for a type of your own: `#[derive(Reject)]`; otherwise a `Reject`, or a pair of a `StatusCode` and a text"
)]
pub trait GuardError {
    fn into_reject(self) -> Reject;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Reject>> GuardError for E {
    fn into_reject(self) -> Reject {
        self.into()
    }
}
