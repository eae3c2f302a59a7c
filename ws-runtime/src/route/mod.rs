//! From the path of a request to what answers it.
//!
//! | module | what it does |
//! |---|---|
//! | [`routes`] | the routes of a server, found by path |
//! | [`endpoint`] | a route with its types erased |
//! | [`paths`] | the table from paths to anything, and what is wrong with two of them |
//! | [`parameters`] | what a path says |
//! | [`place`] | where a path was declared |

mod endpoint;
mod parameters;
mod paths;
mod place;
mod routes;

pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::parameters::Parameters;
pub(crate) use self::paths::Paths;
pub use self::paths::RouteError;
pub use self::place::Place;
pub use self::routes::Routes;
