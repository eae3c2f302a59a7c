// As a handler of axum takes it.

use ws_runtime::prelude::*;

#[derive(Clone)]
pub struct User;

#[ws_server]
mod chat {
    use super::*;

    #[on(handshake)]
    fn who(axum::Extension(_user): axum::Extension<User>) {}
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
