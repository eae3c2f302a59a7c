//! A server in two files, where all is denied that can be denied.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, private_interfaces, unused_qualifications, rust_2018_idioms)]
#![deny(unused_lifetimes, unused_results, let_underscore_drop, trivial_casts, elided_lifetimes_in_paths)]
#![deny(single_use_lifetimes)]

use ws_runtime::prelude::*;

/// The server.
#[ws_server(
    listen = "127.0.0.1:0",
    routes = [table::route, crate::games::chess, self::games::other, #[cfg(any())] missing::route]
)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Debug, Default)]
    pub(super) struct Lobby {
        pub(crate) greeted: u64,
    }

    #[state(lock)]
    #[derive(Debug, Default)]
    pub(crate) struct Scores {
        pub(crate) best: u64,
    }

    /// Nobody else can name it.
    #[state]
    #[derive(Debug, Default)]
    struct Own {
        ticks: u64,
    }

    #[state]
    #[derive(Debug, Default)]
    pub(crate) struct Rules {
        pub(crate) seats: u8,
    }

    /// Who a peer is.
    #[identity]
    #[derive(Debug)]
    pub(crate) struct User {
        pub(crate) name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake, lobby: &mut Lobby) -> Option<User> {
        lobby.greeted += 1;
        request.query_param("name").map(|name| User { name })
    }

    #[tick(period = 1)]
    fn count(own: &mut Own) {
        own.ticks += 1;
    }

    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[on(ready)]
        fn hello(lobby: &Lobby) -> String {
            lobby.greeted.to_string()
        }
    }
}

mod table {
    use serde::Serialize;
    use ws_runtime::prelude::*;

    use crate::arcade::{Lobby, Rules, Scores, User};

    type Best = Scores;

    /// A table.
    #[route("/table/{id}", server = crate::arcade, guard = member, silence_max = 20, origins = any)]
    pub(crate) mod route {
        use super::*;

        #[session]
        #[derive(Debug)]
        struct Seat {
            table: u64,
        }

        #[room(open)]
        #[derive(Debug, Default)]
        struct Table {
            moves: u64,
        }

        #[push]
        #[derive(Debug, Serialize)]
        struct Moved<'a> {
            by: &'a str,
        }

        fn member(user: &User, scores: &mut Scores) -> Result<(), Reject> {
            scores.best += 1;
            if user.name.is_empty() { Err(Reject::forbidden()) } else { Ok(()) }
        }

        async fn judge(rules: &Rules, seat: &mut Seat) -> Result<(), Reject> {
            seat.table += u64::from(rules.seats);
            Ok(())
        }

        #[on(handshake)]
        fn sit(Path(table): Path<u64>, scores: &mut Scores, user: Option<&User>) -> Seat {
            scores.best += u64::from(user.is_some());
            Seat { table }
        }

        #[on("move", guard = member_of_table, rate = 5)]
        fn play(
            Json(cell): Json<u64>,
            best: &mut Best,
            user: &User,
            seat: &mut Seat,
            room: &Room,
            table: &mut Table,
            #[cfg(any())] missing: &mut Missing,
            lobby: &mut Lobby,
        ) -> u64 {
            table.moves += 1;
            lobby.greeted += 1;
            best.best += cell + seat.table;
            let _reached = room.broadcast(Moved { by: &user.name });
            best.best
        }

        fn member_of_table(seat: &Seat, lobby: &Lobby) -> Result<(), Reject> {
            if lobby.greeted > seat.table { Ok(()) } else { Err(Reject::forbidden()) }
        }

        #[on("judged", guard = judge)]
        fn judged<'a>(rules: &'a Rules, user: &'a User) -> (&'a str, u8) {
            (&user.name, rules.seats)
        }

        #[on("slow", concurrent = 2)]
        async fn slow(rules: &Rules, user: &User) -> String {
            format!("{} {}", user.name, rules.seats)
        }

        #[on("best")]
        fn best<'a>(scores: &'a Scores, lobby: &'a Lobby) -> [&'a u64; 2] {
            [&scores.best, &lobby.greeted]
        }

        #[on(disconnect)]
        fn bye(seat: Seat, close: &Close, scores: &mut Scores) {
            scores.best += seat.table + u64::from(close.code());
        }

        #[route("/watch", guard = member)]
        mod watch {
            use super::super::Scores;

            #[on(ready)]
            fn hello(scores: &Scores) -> String {
                scores.best.to_string()
            }
        }
    }
}

mod games {
    use ws_runtime::prelude::*;

    #[route("/chess", server = super::arcade)]
    pub(super) mod chess {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    use crate::arcade;

    /// Only its inner routes are served.
    #[route("/other", server = arcade)]
    pub(super) mod other {
        #[route("/go")]
        mod go {
            #[on(utf8)]
            fn echo(text: &str) -> &str {
                text
            }
        }
    }
}

fn main() {
    let _server = arcade::server();
}
