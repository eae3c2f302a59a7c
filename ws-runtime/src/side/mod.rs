//! What an operator's tools ask, beside the server's own work: the probes `health` and `readiness`, and metrics.
//!
//! Probes are answered on the server's own addresses, before any handler that needs a request, and where
//! `max_connections` is reached. They are also answered where `metrics_listen` says, by a small HTTP server of its own,
//! which alone answers `/metrics`.

mod listener;
mod probes;

pub(crate) use self::listener::{BACKLOG, SideListeners};
#[cfg(feature = "tower")]
pub(crate) use self::probes::is_probe;
pub(crate) use self::probes::{conflicts, has_probes, probe};
