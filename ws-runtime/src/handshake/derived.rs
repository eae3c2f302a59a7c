//! What the code of `#[derive(Reject)]` calls.

use http::StatusCode;

use super::reject::Reject;

/// A refusal as a variant says it.
#[doc(hidden)]
#[must_use]
pub fn refusal(status: StatusCode, code: &'static str, text: impl Into<String>) -> Reject {
    Reject::new(status).with_code(code).text(text)
}

/// The status in `#[reject(…)]`: a number, or a `StatusCode`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a status",
    label = "neither a number nor a `StatusCode`",
    note = "write `#[reject(409)]`, or `#[reject(StatusCode::CONFLICT)]`"
)]
pub trait StatusValue {
    fn status(self) -> StatusCode;
}

/// Checked by the derive where it is a literal. A constant that is no status is a mistake of the program: 500.
#[diagnostic::do_not_recommend]
impl StatusValue for u16 {
    fn status(self) -> StatusCode {
        StatusCode::from_u16(self).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[diagnostic::do_not_recommend]
impl StatusValue for StatusCode {
    fn status(self) -> StatusCode {
        self
    }
}

/// The field of a variant that is `transparent`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the peer is told",
    label = "does not convert into `Reject`",
    note = "`transparent` tells the peer what this field says: write `#[derive(Reject)]` above its type, or a status in place of `transparent`"
)]
pub trait Forwarded {
    fn forwarded(self) -> Reject;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Reject>> Forwarded for E {
    fn forwarded(self) -> Reject {
        self.into()
    }
}
