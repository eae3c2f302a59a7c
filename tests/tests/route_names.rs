//! Names that users give to what belongs to routes and rooms: those of the runtime's, of std's, and of generated code.
#![deny(warnings)]

use serde_json::Value;
use ws_runtime::prelude::*;
use ws_runtime::test::Result;

/// A state that has the name of the runtime's handle.
#[ws_server(listen = "127.0.0.1:0")]
mod one_room {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Room {
        ticks: u64,
    }

    #[tick(period = 1)]
    fn grow(room: &mut Room) {
        room.ticks += 1;
    }

    #[on("ticks")]
    fn ticks(room: &Room) -> u64 {
        room.ticks
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_may_be_named_room() -> Result {
    let server = one_room::server().test().await?;
    let mut ann = server.connect("/").await?;
    server.advance(3.5).await;
    assert_eq!(ann.call::<u64>("ticks", ()).await?, 3);
    Ok(())
}

/// The same in a server with routes.
#[ws_server(listen = "127.0.0.1:0")]
mod taken {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Room {
        ticks: u64,
    }

    #[tick(period = 1)]
    fn grow(room: &mut Room) {
        room.ticks += 1;
    }

    #[get("/ticks")]
    fn ticks(room: &Room) -> String {
        room.ticks.to_string()
    }

    #[route("/server")]
    mod server {
        use super::*;

        #[on("ticks")]
        fn ticks(room: &Room) -> u64 {
            room.ticks
        }
    }

    #[route("/std")]
    mod std {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/core/{id}")]
    mod core {
        use super::*;

        #[room(open, keep = 1)]
        #[derive(Default)]
        struct Table {
            ticks: u64,
        }

        #[tick(period = 1)]
        fn grow(table: &mut Table) {
            table.ticks += 1;
        }

        #[on("ticks")]
        fn ticks(table: &Table, conn: &Conn) -> (u64, usize) {
            (table.ticks, conn.room().map_or(0, ws_runtime::Room::len))
        }
    }

    #[route("/event")]
    mod event {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }

        #[route("/r")]
        mod r#type {
            use super::*;

            struct Path;
            struct Result;
            struct Option;
            struct Box;
            struct String;
            struct Vec;
            struct Service;
            struct Route;
            struct Routes;

            #[room(open)]
            #[derive(Default)]
            struct Rooms {
                said: u64,
            }

            #[session]
            #[derive(Default)]
            struct Conn {
                said: u64,
            }

            #[on("say")]
            fn say(rooms: &mut Rooms, conn: &mut Conn, server: &Server) -> (u64, u64, usize) {
                let _ = (Path, Result, Option, Box, String, Vec, Service, Route, Routes);
                rooms.said += 1;
                conn.said += 1;
                (rooms.said, conn.said, server.rooms::<Rooms>().len())
            }

            #[on(empty)]
            async fn close(rooms: Rooms) {
                let _ = rooms.said;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn modules_and_types_may_have_the_names_of_generated_code() -> Result {
    let server = taken::server().test().await?;
    let mut ann = server.connect("/core/1").await?;
    server.advance(3.5).await;
    assert_eq!(ann.call::<(u64, usize)>("ticks", ()).await?, (3, 1));
    assert_eq!(server.get("/ticks").await?.body(), "3");
    assert_eq!(server.connect("/server").await?.call::<u64>("ticks", ()).await?, 3);
    let mut bob = server.connect("/event/r").await?;
    assert_eq!(bob.call::<Value>("say", ()).await?, serde_json::json!([1, 1, 1]));
    Ok(())
}

/// Functions with the names of what generated code calls its own.
#[ws_server(listen = "127.0.0.1:0")]
mod local {
    use super::*;

    #[state]
    #[derive(Default)]
    struct State {
        n: u64,
    }

    fn passed(state: &State) -> std::result::Result<(), Reject> {
        if state.n > 100 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/a/{id}", guard = passed)]
    mod routes {
        use super::*;

        #[room(keep = 1)]
        struct Lock {
            n: u64,
            room_lock: Timer,
        }

        #[on(create)]
        fn event(Path(context): Path<u64>) -> Lock {
            Lock { n: context, room_lock: Timer::default() }
        }

        #[on(ready)]
        fn peer(state: &mut Lock, conn: &Conn) -> String {
            format!("{} {}", state.n, conn.is_ready())
        }

        #[on("server", guard = conn)]
        fn server(room_lock: &mut Lock, context: &mut State) -> u64 {
            room_lock.room_lock.start(0.5);
            context.n += 1;
            room_lock.n += 1;
            room_lock.n
        }

        fn conn(state: &Lock, event: &State) -> std::result::Result<(), Reject> {
            if state.n + event.n > 100 { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[timer(room_lock)]
        fn room_lock(event: &mut Lock, room: &Room) {
            event.n += 10;
            room.broadcast_utf8("rang");
        }

        #[tick(period = 60)]
        fn ticks(room: &Room<Lock>, number: Rooms<Lock>) {
            room.broadcast_utf8(number.len().to_string());
        }

        #[on(disconnect)]
        async fn value(event: &Room<Lock>) {
            event.with(|called| called.n += 1).await;
        }

        #[on(empty)]
        fn state(room_lock: Lock, state: &mut State) {
            state.n += room_lock.n;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn functions_may_have_the_names_of_generated_variables() -> Result {
    let server = local::server().test().await?;
    let other = local::server().test().await?;
    for server in [&server, &other] {
        let mut ann = server.connect("/a/7").await?;
        assert_eq!(ann.utf8().await?, "7 true", "two servers of one module share nothing");
        assert_eq!(ann.call::<u64>("server", ()).await?, 8);
        server.advance(1.0).await;
        assert_eq!(ann.utf8().await?, "rang");
        assert_eq!(ann.call::<u64>("server", ()).await?, 19);
        server.advance(70.0).await;
        assert_eq!((ann.utf8().await?, ann.utf8().await?), ("rang".to_owned(), "1".to_owned()));
    }
    Ok(())
}
