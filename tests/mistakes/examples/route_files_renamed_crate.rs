// The runtime may go by another name in both files.
#![deny(warnings)]

mod deeper {
    pub use ws_runtime as sockets;
}

#[ws_runtime::ws_server(listen = 8080, crate = crate::deeper::sockets, routes = [files::route])]
mod chat {
    use crate::deeper::sockets::state;

    #[state(lock)]
    #[derive(Default)]
    pub(super) struct Lobby {
        pub(super) greeted: u64,
    }
}

mod files {
    #[ws_runtime::route("/", server = super::chat, crate = crate::deeper::sockets, origins = any)]
    pub(super) mod route {
        use crate::deeper::sockets::on;

        #[on(ready)]
        fn hello(lobby: &mut crate::chat::Lobby) -> String {
            lobby.greeted += 1;
            lobby.greeted.to_string()
        }
    }
}

fn main() {
    let _ = chat::server();
}
