//! What a server module needs, in one line: `use ws_runtime::prelude::*;`.
//!
//! Nothing in here hides a name of std's prelude.

#[doc(no_inline)]
pub use crate::{
    Bearer, Bytes, Close, Conn, Envelope, Handshake, Html, Json, Query, Reject, Request, Server, Stream, on,
    push, session, state, tick, watch, ws_server,
};
