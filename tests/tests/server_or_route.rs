//! What fits a route fits a server, and the other way round: the same module, with the same messages on the wire.

use serde::Serialize;
use serde_json::Value;
use ws_runtime::prelude::*;
use ws_runtime::test::{Refusal, Result, TestClient};

/// Writes what belongs to connections into a server's own module, and into a route.
macro_rules! both {
    ($($body:tt)*) => {
        #[ws_server(listen = "127.0.0.1:0")]
        mod server_itself {
            use super::*;

            $($body)*
        }

        #[ws_server(listen = "127.0.0.1:0")]
        mod with_a_route {
            use super::*;

            #[route("/{*path}")]
            mod route {
                use super::*;

                $($body)*
            }
        }
    };
}

both! {
    #[room(keep = 5)]
    struct Table {
        seats: u64,
        clock: Timer,
    }

    #[session]
    struct Seat {
        number: u64,
        nap: Timer,
    }

    #[push]
    #[derive(Serialize)]
    struct Rang {
        what: &'static str,
    }

    fn early(seat: &Seat) -> std::result::Result<(), Reject> {
        if seat.number < 2 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[on(create)]
    fn create(request: &Handshake) -> std::result::Result<Table, Reject> {
        match request.query() {
            Some("no") => Err(Reject::forbidden()),
            Some(_) | None => Ok(Table { seats: 0, clock: Timer::default() }),
        }
    }

    #[on(handshake)]
    fn sit(table: &Table) -> Seat {
        Seat { number: table.seats, nap: Timer::default() }
    }

    #[on(ready)]
    fn hello(seat: &mut Seat, table: &mut Table, room: &Room) -> String {
        table.seats += 1;
        seat.nap.start(1);
        format!("{} of {} at {}", seat.number, room.len(), room.path())
    }

    #[on("seats", guard = early, rate = 2)]
    fn seats(table: &Table) -> u64 {
        table.seats
    }

    #[on("wind")]
    fn wind(table: &mut Table) {
        table.clock.start(3);
    }

    #[timer(clock)]
    fn rings(room: &Room<Table>) {
        room.broadcast(Rang { what: "clock" });
    }

    #[timer(nap)]
    fn wakes(conn: &Conn) {
        let _ = conn.send(Rang { what: "nap" });
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(binary)]
    async fn later(data: Bytes, room: &Room<Table>) -> Vec<u8> {
        let seats = room.with(|table| table.seats).await.unwrap_or_default();
        [&data[..], &seats.to_be_bytes()[..]].concat()
    }
}

/// All that a peer sees.
async fn seen(
    connect: impl AsyncFn(&str) -> std::result::Result<TestClient, Refusal>,
) -> Result<Vec<String>> {
    let refused = connect("/a?no").await.err().map(|refusal| refusal.status());
    let mut seen = vec![format!("{refused:?}")];
    let mut ann = connect("/a").await?;
    let mut bob = connect("/a").await?;
    seen.push(ann.utf8().await?);
    seen.push(bob.utf8().await?);
    for name in ["nap", "clock"] {
        if name == "clock" {
            let _: Value = bob.call("wind", ()).await?;
            tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        } else {
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        }
        seen.push(format!("{:?}", ann.expect::<Value>("rang").await?));
        seen.push(format!("{:?}", bob.expect::<Value>("rang").await?));
    }
    for _ in 0..3 {
        seen.push(format!("{:?}", ann.call::<u64>("seats", ()).await.map_err(|error| error.to_string())));
    }
    ann.send_utf8("no envelope").await?;
    seen.push(ann.utf8().await?);
    ann.send_binary(vec![7]).await?;
    seen.push(format!("{:?}", ann.binary().await?));
    let mut eve = connect("/a").await?;
    seen.push(eve.utf8().await?);
    seen.push(format!("{:?}", eve.call::<u64>("seats", ()).await.map_err(|error| error.to_string())));
    seen.push(format!("{:?}", eve.call::<u64>("unknown", ()).await.map_err(|error| error.to_string())));
    Ok(seen)
}

#[tokio::test(start_paused = true)]
async fn the_same_module_is_a_server_or_a_route() -> Result {
    let alone = server_itself::server().test().await?;
    let routed = with_a_route::server().test().await?;
    let as_server = seen(async |path| alone.connect(path).await).await?;
    let as_route = seen(async |path| routed.connect(path).await).await?;
    assert_eq!(as_server, as_route);
    assert_eq!(as_server[1..4], ["0 of 1 at /a", "1 of 2 at /a", "Object {\"what\": String(\"nap\")}"]);
    Ok(())
}
