// State and session may be private, or visible only nearby.
#![deny(warnings)]

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
pub mod private {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lobby(u64);

    #[session]
    #[derive(Default)]
    enum Guest {
        #[default]
        Nobody,
    }

    #[on(ready)]
    fn hello(lobby: &mut Lobby, guest: &Guest) -> String {
        lobby.0 += 1;
        match guest {
            Guest::Nobody => lobby.0.to_string(),
        }
    }
}

#[ws_server(listen = 8080)]
pub mod nearby {
    use super::*;

    #[state]
    pub(crate) struct Lobby(pub(super) u64);

    #[on(ready)]
    async fn hello(lobby: &Lobby) -> String {
        lobby.0.to_string()
    }
}

fn main() {
    let _ = private::server();
    let _ = nearby::server().state(nearby::Lobby(1));
}
