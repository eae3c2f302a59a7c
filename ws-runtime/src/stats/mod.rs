//! What happened in a server: [`Server::stats`](crate::Server::stats).
//!
//! The server always counts. A connection's task counts messages in plain fields, and adds them up once a turn; what is
//! read here is a copy. So reading often costs the connections nothing.
//!
//! ```
//! use ws_runtime::prelude::*;
//! use ws_runtime::stats::Stats;
//!
//! #[ws_server(listen = 8080)]
//! mod echo {
//!     #[on(utf8)]
//!     fn echo(text: &str) -> &str {
//!         text
//!     }
//! }
//!
//! fn line(server: &Server) -> String {
//!     let Stats { connections, received, sent, .. } = server.stats();
//!     format!("{connections} connections, {} messages in, {} out", received.messages(), sent.messages())
//! }
//! # fn main() {}
//! ```
//!
//! Words and codes by which something is counted come from this crate or from your declarations, never from a peer: no
//! peer can make the lists here long.

// | module | what it does |
// |---|---|
// | `counter` | a count, a level, how long something took, and counts and durations by a key |
// | `counters` | all that a server counts |
// | `handlers` | how long handlers take |
// | `histogram` | how long things took |
// | `labels` | the closed sets of words by which it counts |
// | `shards` | the messages of each thread, so that threads do not share cache lines |
// | `metric` | the names under which exporters show the numbers |
// | `snapshot` | what users read |
// | `table` | each metric once |
// | `tally` | what the task of a connection has counted in its turn |
// | `traffic` | messages and bytes in one direction |

mod counter;
mod counters;
mod handlers;
mod histogram;
mod labels;
mod metric;
mod shards;
mod snapshot;
mod table;
mod tally;
mod traffic;

pub use self::histogram::Histogram;
pub use self::metric::{Attribute, Metric, MetricKind, Point, Value};
pub use self::snapshot::{
    ClosedStats, FailureStats, HandlerStats, HandshakeStats, RejectedStats, RequestStats, RouteStats, Stats,
};
pub use self::traffic::Traffic;

pub(crate) use self::counters::Counters;
pub(crate) use self::handlers::any_times_handlers;
pub(crate) use self::labels::{HandshakeResult, Rejected};
pub(crate) use self::tally::{Tally, add_up, received_binary, received_text, sent_binary, sent_text};
pub(crate) use self::traffic::{Direction, Kind};
