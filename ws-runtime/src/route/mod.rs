//! From the path of a request to what answers it.
//!
//! | module | what it does |
//! |---|---|
//! | [`routes`] | the routes of a server, found by path |
//! | [`endpoint`] | a route with its types erased |
//! | [`gets`] | what answers plain HTTP requests, found by path |
//! | [`listed`] | routes in files of their own |
//! | [`rooms`] | what the rooms of a route need of its handlers |
//! | [`paths`] | the table from paths to anything, and what is wrong with two of them |
//! | [`parameters`] | what a path says |
//! | [`reach`] | which connections a push is for |
//! | [`place`] | where a path was declared |

mod endpoint;
mod gets;
mod listed;
mod parameters;
mod paths;
mod place;
mod reach;
mod rooms;
mod routes;

pub(crate) use self::endpoint::{Endpoint, OfRoute};
pub use self::gets::Gets;
pub use self::listed::IsServer;
pub(crate) use self::parameters::{Parameters, canonical_segments};
pub(crate) use self::paths::Paths;
pub use self::paths::RouteError;
pub use self::place::Place;
pub(crate) use self::reach::Reach;
pub use self::routes::{PathChecks, Routes};
