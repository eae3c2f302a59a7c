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
