//! What a room costs, and what it leaves behind: nothing. Counted in the whole process, which is why this test is
//! alone in its program.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestClient, TestServer};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// However slow the machine, no ping comes between.
#[ws_server(listen = "127.0.0.1:0", silence_max = 0)]
mod arcade {
    use super::*;

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open)]
        #[derive(Default)]
        struct Table {
            moves: u64,
        }

        #[on(utf8)]
        fn play(table: &mut Table) -> String {
            table.moves += 1;
            table.moves.to_string()
        }
    }

    #[route("/chat/{id}")]
    mod chat {
        use super::*;

        #[on(utf8)]
        fn said(text: &str, room: &Room) {
            room.broadcast_utf8(text);
        }
    }
}

const ROOMS: usize = 500;

async fn connect(server: &TestServer, path: impl Fn(usize) -> String) -> Result<Vec<TestClient>> {
    let mut clients = Vec::with_capacity(ROOMS);
    for number in 0..ROOMS {
        clients.push(server.connect(path(number)).await?);
    }
    server.advance(0.01).await;
    Ok(clients)
}

fn bytes(region: &Region<'_, System>) -> isize {
    let change = region.change();
    change.bytes_allocated.cast_signed() - change.bytes_deallocated.cast_signed()
}

/// What the connections of these paths cost, and what is left when they are gone.
async fn cost(server: &TestServer, path: impl Fn(usize) -> String) -> Result<(isize, isize)> {
    let region = Region::new(ALLOCATOR);
    let clients = connect(server, path).await?;
    let cost = bytes(&region);
    drop(clients);
    server.advance(10.0).await;
    Ok((cost, bytes(&region)))
}

#[tokio::test(start_paused = true)]
async fn a_room_costs_at_most_600_bytes_and_leaves_nothing() -> Result {
    let server = arcade::server().test().await?;
    let distinct = |route: &'static str| move |number: usize| format!("/{route}/{}", 1000 + number);
    let one = |route: &'static str| move |_| format!("/{route}/1000");
    // What is made once, and grows to its size.
    for route in ["table", "chat"] {
        cost(&server, distinct(route)).await?;
    }
    for route in ["table", "chat"] {
        let (in_one_room, _) = cost(&server, one(route)).await?;
        let (in_own_rooms, left) = cost(&server, distinct(route)).await?;
        let room = (in_own_rooms - in_one_room) / ROOMS.cast_signed();
        println!("{route}: {room} bytes a room; a connection: {} bytes", in_one_room / ROOMS.cast_signed());
        assert!((1..=600).contains(&room), "{route}: {room} bytes a room");
        assert!(left < 20_000, "{route}: {left} bytes are left");
    }
    Ok(())
}
