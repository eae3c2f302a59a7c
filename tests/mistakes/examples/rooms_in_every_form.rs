// Rooms in every form: made by a handler, by `Default`, in routes, under other names.
#![deny(warnings, clippy::pedantic)]
#![allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, clippy::unused_async, dead_code)]

use std::collections::HashMap;
use std::rc::Rc;

use serde::Deserialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod tables {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Lobby {
        games: u64,
    }

    #[session]
    #[derive(Default)]
    struct Seat {
        clock: Timer,
    }

    #[room(keep = 10, max_rooms = 500)]
    struct Table {
        moves: u64,
        clocks: HashMap<String, Timer>,
    }

    type Board<'a> = &'a mut Table;

    /// Is not `Send`, which a handler that waits for the room does not need.
    #[derive(Deserialize)]
    struct Note {
        #[serde(skip)]
        note: Rc<u8>,
    }

    #[on(create)]
    fn create(request: &Handshake, lobby: &Lobby) -> Result<Table, Reject> {
        let _ = (request, lobby);
        Ok(Table { moves: 0, clocks: HashMap::new() })
    }

    #[on(handshake)]
    fn sit(table: &Table) -> Result<Seat, Reject> {
        if table.moves > 9 { Err(Reject::forbidden()) } else { Ok(Seat::default()) }
    }

    #[on(ready)]
    fn hello(table: &mut Table, room: &Room) -> String {
        table.moves += 1;
        room.path().to_owned()
    }

    #[on(utf8)]
    fn said(text: &str, table: Board<'_>, seat: &mut Seat) -> String {
        table.clocks.entry(text.to_owned()).or_default().start(1);
        seat.clock.start(2);
        text.to_owned()
    }

    #[on(binary)]
    fn data(data: &[u8], table: &Table) -> Vec<u8> {
        let _ = table;
        data.to_vec()
    }

    #[on("move", guard = plays, rate = 5)]
    fn play(Json(note): Json<Note>, table: &mut Table, room: &Room<Table>) -> u64 {
        let _ = (note.note, room);
        table.moves
    }

    #[on("look", guard = sits)]
    fn look(table: &Table) -> &u64 {
        &table.moves
    }

    #[on("wait", concurrent = 4)]
    async fn wait(room: &Room<Table>) -> Option<u64> {
        room.later(|table| table.moves += 1);
        room.with(|table| table.moves).await
    }

    fn plays(seat: &Seat, room: Option<&Room>) -> Result<(), Reject> {
        let _ = (seat, room);
        Ok(())
    }

    fn sits(table: &mut Table) -> Result<(), Reject> {
        table.moves += 1;
        Ok(())
    }

    #[timer(clocks)]
    fn too_slow(table: &mut Table, player: &str, room: Room) {
        table.clocks.remove(player);
        let _ = room;
    }

    #[timer(clock)]
    fn bored(table: &Table, seat: &mut Seat) {
        let _ = (table, seat);
    }

    #[tick(period = 1)]
    fn count(table: &mut Table) {
        table.moves += 1;
    }

    #[tick(period = 2)]
    async fn greet(room: Room<Table>) {
        room.later(|table| table.moves += 1);
    }

    #[tick(period = 3)]
    fn of_the_server(rooms: Rooms<Table>, lobby: &mut Lobby) {
        let _ = rooms;
        lobby.games += 1;
    }

    #[on(disconnect)]
    fn bye(table: &mut Table, seat: Seat, close: &Close) {
        let _ = (seat, close);
        table.moves -= 1;
    }

    #[on(empty)]
    fn close(table: Table, room: &Room, lobby: &Lobby) {
        let _ = (table.moves, room, lobby);
    }
}

#[ws_server(listen = 8081)]
mod handles {
    use super::*;

    #[on(utf8)]
    fn said(text: &str, room: &Room) {
        let _ = (text, room.path());
    }
}

#[ws_server(listen = 8082)]
mod arcade {
    use super::*;

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who() -> User {
        User { name: String::new() }
    }

    fn known(user: &User) -> Result<(), Reject> {
        if user.name.is_empty() { Err(Reject::unauthorized()) } else { Ok(()) }
    }

    #[tick(period = 1)]
    fn count(tables: Rooms<open::Room>) {
        let _ = tables;
    }

    #[route("/open/{id}")]
    mod open {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        pub(super) struct Room {
            joined: Vec<String>,
        }

        #[on(ready)]
        fn join(user: &User, room: &mut Room) {
            room.joined.push(user.name.clone());
        }

        #[tick(period = 1)]
        fn tick(server: &Server) {
            let _ = server;
        }

        #[on(empty)]
        async fn close(room: &mut Room) {
            room.joined.clear();
        }
    }

    #[route("/guarded/{id}", guard = known)]
    mod guarded {
        use super::*;

        #[cfg(not(unix))]
        #[room]
        struct Table;

        #[cfg(unix)]
        #[room]
        #[derive(Default)]
        enum Table {
            #[default]
            Free,
            Taken,
        }

        #[on("take")]
        fn take(table: &mut Table, user: &User) -> bool {
            let _ = user;
            let is_free = matches!(table, Table::Free);
            *table = Table::Taken;
            is_free
        }
    }

    #[route("/made/{id}")]
    mod made {
        use super::*;

        #[room]
        struct Table(String);

        #[on(create)]
        fn create(user: &User) -> Table {
            Table(user.name.clone())
        }

        #[on(ready)]
        async fn hello(room: &Room<Table>) -> Option<String> {
            room.with(|table| table.0.clone()).await
        }

        #[on(empty)]
        async fn close(table: Table) -> Result<(), String> {
            if table.0.is_empty() { Err("nobody".to_owned()) } else { Ok(()) }
        }
    }
}

fn main() {
    let _ = (tables::server(), handles::server(), arcade::server());
}
