// Lifetimes, patterns, paths and aliases in signatures are the user's affair.
#![deny(warnings)]

use ws_runtime::prelude::*;

#[ws_server(listen = [8080, "localhost:9090"], silence_max = std::time::Duration::from_secs(20))]
mod chat {
    use super::*;
    use std::convert::Infallible;
    use ws_runtime::event::{FromContext, WithConn};

    type Answer<T> = std::result::Result<T, Infallible>;
    type Person = Guest;
    type Persons = Person;
    type Lent<'a> = &'a mut Guest;

    #[state]
    pub struct Lobby(u64);

    #[session]
    #[derive(Default)]
    struct Guest(u64);

    /// An argument of the user's own.
    struct Seat(String);

    impl<'a, C: WithConn<'a>> FromContext<'a, C> for Seat {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            Ok(Self(context.conn().peer().to_string()))
        }
    }

    #[on(ready)]
    fn hello(Seat(seat): Seat, Lobby(greeted): &Lobby, _: Conn) -> Answer<String> {
        Ok(format!("{seat} {greeted}"))
    }

    #[on(utf8)]
    fn said<'t>(text: &'t str, _: &'_ Conn, Guest(count): &mut self::Persons) -> Option<&'t str> {
        *count += 1;
        Some(text)
    }

    #[on(binary)]
    const fn blob<'a, 'b: 'a>(data: &'a [u8], _conn: &'b Conn, _guest: Lent<'_>) -> &'a [u8] {
        data
    }

    #[on(pong)]
    async fn back(_: &[u8], mut guest: &mut chat_types::Alias, r#type: Server) {
        guest = {
            guest.0 += 1;
            guest
        };
        let _ = (guest.0, r#type);
    }

    mod chat_types {
        pub(super) type Alias = super::Guest;
    }

    #[on(disconnect)]
    fn bye(Guest(count): Guest, lobby: &Lobby) -> Result<(), Box<dyn std::error::Error>> {
        let _ = count + lobby.0;
        Ok(())
    }

    #[on(shutdown)]
    fn stop() -> Result<(), String> {
        Err(String::from("no"))
    }

    #[tick(period = 1)]
    fn clock() {}

    #[tick(period = 2)]
    fn slow_clock(_: &Lobby) {}

    #[on(request)]
    async fn page(request: &Request) -> &str {
        request.path()
    }
}

fn main() {
    let _ = chat::server();
}
