//! Arguments that may be missing.

use super::FromContext;
use crate::Reject;

/// `None` where the argument is missing, as its refusal says by [`Reject::absent`]. One that is there and wrong still
/// refuses: a malformed token must not look like no token.
impl<'a, C, X: FromContext<'a, C>> FromContext<'a, C> for Option<X> {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        match X::from_context(context) {
            Ok(argument) => Ok(Some(argument)),
            Err(reject) if reject.is_absence() => Ok(None),
            Err(reject) => Err(reject),
        }
    }
}
