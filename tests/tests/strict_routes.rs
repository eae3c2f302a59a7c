//! Routes and rooms of a user who denies all that can be denied.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms,
    single_use_lifetimes
)]
#![deny(unused_lifetimes, unused_results, trivial_casts, elided_lifetimes_in_paths)]
#![deny(clippy::pedantic)]
#![allow(clippy::needless_pass_by_value, clippy::unused_async, clippy::missing_const_for_fn)]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use ws_runtime::prelude::*;

/// An arcade.
#[ws_server(listen = "127.0.0.1:0", env = "ARCADE")]
pub mod arcade {
    use super::*;

    /// What all share.
    #[state]
    #[derive(Debug, Default)]
    pub struct Scores {
        /// By name.
        wins: HashMap<String, u32>,
    }

    /// Who it is.
    #[identity(key = name)]
    #[derive(Debug)]
    pub struct User {
        /// The name.
        name: String,
    }

    /// For all routes.
    #[push]
    #[derive(Debug, Serialize)]
    pub struct Said<'a> {
        /// The text.
        text: &'a str,
    }

    /// Says who it is.
    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Option<User> {
        token.map(|Bearer(name)| User { name })
    }

    /// Prepares.
    #[on(start)]
    fn start(scores: &mut Scores) {
        let _before = scores.wins.insert("nobody".to_owned(), 0);
    }

    /// Whether it lives.
    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }

    /// A page.
    #[get("/score/{name}", guard = known)]
    async fn score(Path(name): Path<String>, server: &Server) -> String {
        format!("{name} {}", server.connections().len())
    }

    /// A guard of a page.
    async fn known(Path(name): Path<&str>) -> Result<(), Reject> {
        if name == "nobody" { Err(Reject::not_found()) } else { Ok(()) }
    }

    /// A guard of a route.
    fn member(user: &User, scores: &Scores) -> Result<(), Reject> {
        if scores.wins.contains_key(&user.name) { Err(Reject::forbidden()) } else { Ok(()) }
    }

    /// Not here.
    #[cfg(windows)]
    #[get("/windows")]
    fn windows(no_such: NoSuchType) -> NoSuchType {
        no_such
    }

    /// Each minute.
    #[tick(period = 60)]
    fn minute(tables: Rooms<table::Table>, server: &Server) {
        let _sent = server.broadcast(Said { text: &tables.len().to_string() });
    }

    /// Not here.
    #[cfg(windows)]
    #[route("/windows")]
    mod windows_only {
        use super::*;

        #[on("x")]
        fn x(no_such: NoSuchType) {}
    }

    /// The tables.
    #[route("/table/{id}", guard = member, max_recv_size = 1024, silence_max = 10)]
    pub mod table {
        use super::*;

        /// A table.
        #[room(keep = 10, max_rooms = 100)]
        #[derive(Debug)]
        pub struct Table {
            /// Its number.
            id: u64,
            /// The clock.
            clock: Timer,
            /// Of each.
            clocks: Vec<Timer>,
            /// Who watches.
            watchers: Group,
        }

        /// A seat.
        #[session]
        #[derive(Debug)]
        struct Seat {
            /// Of the peer.
            idle: Timer,
            /// How often.
            moves: u32,
        }

        /// A move.
        #[push]
        #[derive(Debug, Serialize)]
        struct Moved<'a> {
            /// Whither.
            to: &'a str,
        }

        /// A question.
        #[push("draw?", answer = bool)]
        #[derive(Debug, Serialize)]
        struct Draw;

        /// What a peer asks.
        #[derive(Debug, Deserialize)]
        struct Sit {
            /// Which side.
            side: Option<u8>,
        }

        /// Why not.
        #[derive(Debug, Reject)]
        enum MoveError {
            /// Not now.
            #[reject(409, "it is not your turn")]
            NotYourTurn,
        }

        /// Makes it.
        #[on(create)]
        async fn create(Path(id): Path<u64>, Query(sit): Query<Sit>) -> Result<Table, Reject> {
            if sit.side == Some(9) {
                return Err(Reject::not_found());
            }
            Ok(Table {
                id,
                clock: Timer::default(),
                clocks: vec![Timer::default()],
                watchers: Group::default(),
            })
        }

        /// Sits down.
        #[on(handshake)]
        fn sit(table: &Table, user: &User) -> Result<Seat, Reject> {
            if user.name.len() > 100 || table.id == 0 {
                return Err(Reject::not_found());
            }
            Ok(Seat { idle: Timer::default(), moves: 0 })
        }

        /// Greets.
        #[on(ready)]
        fn hello(table: &mut Table, conn: &Conn, seat: &mut Seat) -> String {
            let _new = table.watchers.insert(conn);
            seat.idle.start(60);
            table.id.to_string()
        }

        /// Moves.
        #[on("move", rate = 5, guard = may_move)]
        fn play(
            Json(to): Json<&str>,
            seat: &mut Seat,
            table: &mut Table,
            room: &Room,
            scores: &mut Scores,
        ) -> Result<u32, MoveError> {
            if seat.moves > 100 {
                return Err(MoveError::NotYourTurn);
            }
            seat.moves += 1;
            table.clock.start(5);
            let _wins = scores.wins.len();
            let _sent = room.broadcast(Moved { to });
            Ok(seat.moves)
        }

        /// A guard that takes the room.
        fn may_move(table: &Table) -> Result<(), Reject> {
            if table.id == 7 { Err(Reject::forbidden()) } else { Ok(()) }
        }

        /// Asks.
        #[on("draw", concurrent = 2, timeout = 5)]
        async fn draw(conn: &Conn, room: &Room<Table>) -> bool {
            let id = room.with(|table| table.id).await;
            id.is_some() && conn.ask(Draw).within(1).await.unwrap_or_default()
        }

        /// Counts.
        #[on("count")]
        fn count(table: &mut Table) -> impl Stream<Item = u64> + use<> {
            table.id += 1;
            futures_util::stream::iter([table.id])
        }

        /// Too late.
        #[timer(clock)]
        fn too_slow(table: &mut Table, room: &Room) {
            let _sent = room.broadcast_utf8(table.id.to_string());
        }

        /// One of several.
        #[timer(clocks)]
        fn too_slow_too(index: usize, table: &mut Table) {
            table.id += u64::try_from(index).unwrap_or_default();
        }

        /// Idle.
        #[timer(idle)]
        fn idle(conn: &Conn, table: &Table) {
            let _ = (conn.id(), table.id);
        }

        /// Each second.
        #[tick(period = 1)]
        async fn second(room: &Room<Table>) {
            let _later = room.later(|table| table.id += 1);
        }

        /// Others.
        #[on(message)]
        fn other(envelope: &Envelope<'_>, #[cfg(windows)] no_such: NoSuchType) -> String {
            envelope.name().to_owned()
        }

        /// Leaves.
        #[on(disconnect)]
        fn bye(seat: Seat, table: &mut Table, close: &Close) {
            table.id = u64::from(close.code()) + u64::from(seat.moves);
        }

        /// Ends.
        #[on(empty)]
        fn close(table: Table, room: &Room, scores: &mut Scores) {
            let _before =
                scores.wins.insert(room.path().to_owned(), u32::try_from(table.id).unwrap_or_default());
        }

        /// Within.
        #[route("/watch")]
        mod watch {
            use super::*;

            /// Greets.
            #[on(ready)]
            async fn hello(room: Room, user: &User) -> String {
                format!("{} {}", user.name, room.len())
            }

            /// Not here.
            #[cfg(windows)]
            #[on("never")]
            fn never(no_such: NoSuchType) {}
        }
    }
}

/// A server without routes, whose room is there under a condition.
#[ws_server]
pub mod halls {
    use super::*;

    /// A hall.
    #[cfg(unix)]
    #[room(open, keep = 1)]
    #[derive(Debug, Default)]
    struct Hall {
        /// How often.
        said: u64,
    }

    /// Another.
    #[cfg(not(unix))]
    #[room(open)]
    #[derive(Debug, Default)]
    struct Hall;

    /// Says.
    #[cfg(unix)]
    #[on(utf8)]
    fn said(hall: &mut Hall) -> String {
        hall.said += 1;
        hall.said.to_string()
    }

    /// Under a condition.
    #[on(binary)]
    fn data(#[cfg(unix)] hall: &Hall, #[cfg(windows)] no_such: NoSuchType) -> Vec<u8> {
        hall.said.to_be_bytes().to_vec()
    }

    /// Ends.
    #[cfg(unix)]
    #[on(empty)]
    fn close(#[cfg(unix)] hall: Hall) {
        let _ = hall.said;
    }
}

/// Both start.
#[tokio::test(start_paused = true)]
async fn strict_routes_work() -> ws_runtime::test::Result {
    let server = arcade::server().test().await?;
    let mut ann = server.connect("/table/1").bearer("ann").await?;
    assert_eq!(ann.utf8().await?, "1");
    assert_eq!(ann.call::<u32>("move", "e4").await?, 1);
    let halls = halls::server().test().await?;
    let mut bob = halls.connect("/x").await?;
    bob.send_utf8("x").await?;
    assert_eq!(bob.utf8().await?, "1");
    Ok(())
}
