// The generated code does not depend on what these names mean.
#![deny(warnings)]
#![allow(dead_code)]

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, silence_max = 20, origins = any)]
mod chat {
    use super::*;

    struct Result;
    struct Option;
    struct String;
    struct Box;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Vec;
    trait Default {}
    trait Send {}
    trait Sync {}
    trait From {}
    trait Into {}
    trait Future {}
    mod core {}
    mod std {}
    mod ws_runtime {}

    #[state]
    #[derive(::core::default::Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[session]
    #[derive(::core::default::Default)]
    struct Guest {
        said: u64,
    }

    #[on(handshake)]
    fn admit(request: &Handshake) -> ::core::result::Result<Guest, Reject> {
        let _ = request;
        ::core::result::Result::Ok(Guest { said: 0 })
    }

    #[on(ready)]
    fn hello(lobby: &mut Lobby) {
        lobby.greeted += 1;
    }

    #[on(utf8)]
    async fn said(text: &str, guest: &mut Guest) -> ::std::string::String {
        guest.said += 1;
        text.into()
    }

    #[on(request)]
    fn page(request: &Request) -> Html<&'static str> {
        let _ = request;
        Html("<p>hello")
    }

    #[on(disconnect)]
    fn bye(guest: Guest) {
        let _ = guest.said;
    }

    #[tick(period = 0.5)]
    async fn clock(server: Server) {
        server.broadcast_utf8("now");
    }

    #[watch(readable = ::std::io::stdin())]
    async fn typed(server: &Server, stdin: &::std::io::Stdin) {
        let _ = (server, stdin);
    }
}

/// What generics are mostly called.
#[ws_server]
mod letters {
    use super::*;

    #[state]
    #[derive(Default)]
    struct C(u64);

    #[session]
    #[derive(Default)]
    struct St(u64);

    #[on(ready)]
    fn hello(c: &mut C, st: &mut St) {
        c.0 += 1;
        st.0 += c.0;
    }

    #[on(disconnect)]
    fn bye(st: St) {
        let _ = st.0;
    }
}

fn main() {
    let _ = letters::server();
    let _ = chat::server().state(chat::Lobby::default());
}
