// Twins under opposite conditions are no two handlers for one event; what is left away takes its dispatch along.
#![deny(warnings)]

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[cfg(unix)]
    #[state]
    #[derive(Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[cfg(not(unix))]
    #[state]
    #[derive(Default)]
    pub struct Room {
        greeted: u64,
    }

    #[cfg(unix)]
    #[session]
    struct Guest {
        name: String,
    }

    #[cfg(unix)]
    #[on(handshake)]
    fn admit(request: &Handshake) -> Guest {
        Guest { name: request.uri().to_string() }
    }

    #[cfg(unix)]
    #[on(ready)]
    fn hello(lobby: &mut Lobby, guest: &Guest) -> String {
        lobby.greeted += 1;
        guest.name.clone()
    }

    #[cfg(not(unix))]
    #[on(ready)]
    fn hello(room: &mut Room) -> String {
        room.greeted += 1;
        room.greeted.to_string()
    }

    #[cfg(windows)]
    #[on(utf8)]
    fn only_there(text: NoSuchType) {}

    #[cfg(unix)]
    type Told = Guest;

    #[cfg(not(unix))]
    type Told = String;

    #[cfg(unix)]
    #[on(pong)]
    fn back(told: &mut Told) {
        told.name.clear();
    }

    #[cfg(all(windows, not(test)))]
    #[on(pong)]
    fn back() {}

    #[on(binary)]
    fn blob(#[cfg(unix)] data: Bytes, #[cfg(windows)] data: NoSuchType) -> Bytes {
        data
    }

    #[cfg(windows)]
    #[tick(period = 1)]
    fn never() {
        no_such_function();
    }

    #[tick(period = 1)]
    fn clock() {}

    #[cfg(windows)]
    #[watch(readable = no_such_handle())]
    fn typed() {}
}

fn main() {
    let _ = chat::server().state(chat::Lobby::default());
}
