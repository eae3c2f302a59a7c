//! What an operator's tools ask, beside the server's own work: the probes `health` and `readiness`.
//!
//! They are answered on the server's own addresses, before any handler that needs a request, and where
//! `max_connections` is reached.

mod probes;

pub(crate) use self::probes::{conflicts, has_probes, probe};
