// "Every server has a lobby."

use ws_runtime::event::{FromContext, WithState};
use ws_runtime::prelude::*;

pub struct Lobby {
    open: bool,
}

pub struct Admitted;

impl<'a, C: WithState<Lobby>> FromContext<'a, C> for Admitted {
    fn from_context(context: &mut C) -> Result<Self, Reject> {
        if context.with_state(|lobby| lobby.open) { Ok(Admitted) } else { Err(Reject::forbidden()) }
    }
}

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, _: Admitted, server: &Server) {
        server.broadcast_utf8(text);
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
