//! The phases of a session that is an enum.

use http::StatusCode;

use crate::Reject;

/// A session with phases.
#[doc(hidden)]
pub trait Phases {
    /// What is answered to a message that is not for the current phase.
    fn refusal(&self) -> Reject;
}

/// The refusal of a phase: its code and its text are those of the status, unless others are written.
#[doc(hidden)]
#[must_use]
pub fn other_phase(status: StatusCode, code: Option<&'static str>, text: Option<&'static str>) -> Reject {
    let reject = Reject::new(status).of_phase();
    let reject = match code {
        Some(code) => reject.with_code(code),
        None => reject,
    };
    match text {
        Some(text) => reject.text(text),
        None => reject,
    }
}
