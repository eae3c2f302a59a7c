//! Arguments of the user's own, from elsewhere and with names that the macro knows from others.

#![deny(warnings)]

use ws_runtime::event::{FromContext, WithConn};
use ws_runtime::prelude::*;

pub struct Peer(String);

pub struct Path(u64);

impl<'a, C: WithConn<'a>> FromContext<'a, C> for Peer {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(Self(context.conn().peer().to_string()))
    }
}

impl<'a, C: WithConn<'a>> FromContext<'a, C> for Path {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        Ok(Self(context.conn().id()))
    }
}

pub mod extract {
    use super::{FromContext, Reject, WithConn};

    pub struct Json(pub u64);

    impl<'a, C: WithConn<'a>> FromContext<'a, C> for Json {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Self(context.conn().id()))
        }
    }
}

#[ws_server(listen = 8080)]
mod elsewhere {
    use super::*;

    #[on(ready)]
    fn hello(peer: Peer, path: Path) -> String {
        format!("{} {}", peer.0, path.0)
    }

    #[on(utf8)]
    fn said(extract::Json(id): extract::Json) -> String {
        id.to_string()
    }
}

#[ws_server(listen = 8080)]
mod here {
    use super::*;

    struct State(u64);

    impl<'a, C: WithConn<'a>> FromContext<'a, C> for State {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Self(context.conn().id()))
        }
    }

    #[on(utf8)]
    fn said(State(id): State) -> String {
        id.to_string()
    }
}

fn main() {
    let _ = (elsewhere::server(), here::server());
}
