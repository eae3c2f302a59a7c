//! A lobby where people meet, and tables where two of them play tic-tac-toe while others watch.
//!
//! ```text
//! cargo run --example lobby
//! ```
//!
//! Enter the lobby, `wscat -c ws://localhost:8080/lobby -H "Authorization: Bearer token-of-ann"`, and sit down at a
//! table, `wscat -c ws://localhost:8080/lobby/table/7 -H "Authorization: Bearer token-of-ann"`. Where two players
//! sit, send `{"type":"move","id":1,"data":4}`, with a cell from 0 to 8.

mod game;
#[cfg(test)]
mod tests;

// ANCHOR: lobby
use std::collections::HashMap;

use game::{Game, Mark, MoveError};
use serde::Serialize;
use ws_runtime::prelude::*;

// ANCHOR: server
#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    /// One for the server: who is in the lobby, and who has won how often.
    #[state]
    #[derive(Default)]
    struct Hall {
        guests: Group,
        wins: HashMap<String, u32>,
    }

    #[identity]
    struct User {
        name: String,
    }

    /// A table was made, or is gone. A push of the server's module goes to connections of any route.
    #[push]
    #[derive(Serialize)]
    struct Listed {
        table: u64,
        open: bool,
    }

    #[push]
    #[derive(Serialize)]
    struct Said<'a> {
        by: &'a str,
        text: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Won<'a> {
        by: &'a str,
        wins: u32,
    }

    /// Who has no token may still enter the lobby.
    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Result<Option<User>, Reject> {
        let Some(Bearer(token)) = token else { return Ok(None) };
        let name = token.strip_prefix("token-of-").ok_or_else(Reject::forbidden)?;
        Ok(Some(User { name: name.to_owned() }))
    }

    fn signed_in(user: Option<&User>) -> Result<(), Reject> {
        user.map(|_| ()).ok_or_else(|| Reject::unauthorized().text("sign in to play"))
    }

    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }
    // ANCHOR_END: server

    // ANCHOR: lobby_route
    #[route("/lobby")]
    mod lobby {
        use super::*;

        #[push]
        #[derive(Serialize)]
        struct Here {
            guests: Vec<String>,
            tables: Vec<String>,
        }

        #[on(ready)]
        fn enter(conn: &Conn, room: &Room, hall: &Hall, tables: Rooms<table::Table>) -> Here {
            hall.guests.insert(conn);
            let name = |guest: &Conn| Some(guest.identity::<User>()?.name.clone());
            Here {
                guests: room.connections().iter().filter_map(name).collect(),
                tables: tables.into_iter().map(|table| table.path().to_owned()).collect(),
            }
        }

        #[on("say", rate = 5)]
        fn say(Json(text): Json<String>, user: &User, room: &Room) -> usize {
            room.broadcast(Said { by: &user.name, text: &text })
        }
        // ANCHOR_END: lobby_route

        // ANCHOR: table_route
        #[route("/table/{id}", guard = signed_in)]
        mod table {
            use super::*;

            /// One for each `id`. Who has lost the connection has a minute to come back.
            #[room(keep = 60)]
            #[derive(Default)]
            pub(super) struct Table {
                id: u64,
                game: Game,
                clock: Timer,
                watchers: Group,
            }

            /// One for each connection: the side that it plays, if any.
            #[session]
            #[derive(Default)]
            struct Seat(Option<Mark>);

            #[push]
            #[derive(Serialize)]
            struct Moved<'a> {
                game: &'a Game,
            }

            #[on(create)]
            fn create(Path(id): Path<u64>, hall: &Hall) -> Result<Table, Reject> {
                let 1..=100 = id else { return Err(Reject::not_found().text("the tables are 1 to 100")) };
                hall.guests.broadcast(Listed { table: id, open: true });
                Ok(Table { id, ..Table::default() })
            }

            /// A player who comes back has the same seat. Who finds no seat is a watcher.
            #[on(ready)]
            fn sit<'a>(user: &User, conn: &Conn, seat: &mut Seat, table: &'a mut Table) -> Moved<'a> {
                seat.0 = table.game.seat(&user.name);
                if seat.0.is_none() {
                    table.watchers.insert(conn);
                }
                Moved { game: &table.game }
            }

            #[on("move")]
            fn play(
                Json(cell): Json<usize>,
                seat: &Seat,
                table: &mut Table,
                hall: &mut Hall,
                room: &Room,
            ) -> Result<(), MoveError> {
                table.game.place(seat.0.ok_or(MoveError::Watching)?, cell)?;
                table.clock.start(20);
                table.tell(room, hall);
                Ok(())
            }

            #[timer(clock)]
            fn too_slow(table: &mut Table, hall: &mut Hall, room: &Room) {
                table.game.give_up();
                table.tell(room, hall);
            }

            /// The players do not hear it.
            #[on("whisper")]
            fn whisper(Json(text): Json<String>, user: &User, table: &Table) -> usize {
                table.watchers.broadcast(Said { by: &user.name, text: &text })
            }

            #[on(empty)]
            fn close(Table { id, .. }: Table, hall: &Hall) {
                hall.guests.broadcast(Listed { table: id, open: false });
            }

            impl Table {
                fn tell(&mut self, room: &Room, hall: &mut Hall) {
                    room.broadcast(Moved { game: &self.game });
                    if self.game.is_over() {
                        self.clock.stop();
                    }
                    if let Some(by) = self.game.winner() {
                        let wins = *hall.wins.entry(by.to_owned()).and_modify(|wins| *wins += 1).or_insert(1);
                        hall.guests.broadcast(Won { by, wins });
                    }
                }
            }
        }
        // ANCHOR_END: table_route
    }
}

fn main() -> ws_runtime::Result<()> {
    arcade::server().start()
}
// ANCHOR_END: lobby
