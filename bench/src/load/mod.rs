//! The load generator: clients that cost little, all in one thread, driven by one epoll.
//!
//! What they send is encoded and masked before the measurement begins; what comes back is compared with what was sent.

mod client;
mod fleet;
pub(crate) mod frame;
mod handshake;
mod latency;
mod stream;

pub(crate) use self::client::{Burst, Client, KEY};
pub(crate) use self::fleet::Fleet;
pub(crate) use self::handshake::{read_answer, read_head, request, send_request, send_request_with};
pub(crate) use self::latency::{Latencies, Percentiles};
pub(crate) use self::stream::Stream;
