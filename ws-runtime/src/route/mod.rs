//! From the path of a request to what answers it.

mod parameters;
mod paths;
mod place;

pub(crate) use self::parameters::Parameters;
pub(crate) use self::paths::{Conflict, Paths};
pub use self::place::Place;
