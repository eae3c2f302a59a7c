//! What a server module needs, in one line: `use ws_runtime::prelude::*;`.
//!
//! Nothing in here hides a name of std's prelude.

#[doc(no_inline)]
pub use crate::{
    Bearer, Bytes, Close, Conn, Connections, Envelope, Group, Handshake, Html, Json, Path, Query, Reject,
    Request, Room, Rooms, Server, Stream, Timer, get, identity, on, push, room, route, session, state, tick,
    timer, watch, ws_server,
};
