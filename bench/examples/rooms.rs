//! A hundred thousand connections in memory, each in a room of its own: what a room holds beyond its connection, how
//! long it takes to make and to drop them, and how many tasks they have.
//!
//! ```console
//! $ cargo run --release -p bench --no-default-features --example rooms
//! ```
//!
//! Each kind of server runs in a process of its own, because memory that is freed goes back to the process alone. The
//! memory counts both ends of each connection, and the same clients come to each server: only differences mean
//! something. Another number of connections can be given as the argument.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use ws_runtime::test::TestServer;

/// The servers, and the path of each connection.
const KINDS: [&str; 4] = ["no routes", "a route", "a room each", "a room with ticks each"];

/// How many connections are there before the first measurement: they bring the program and its pools into memory.
const BEFORE: usize = 500;

const SETTINGS: usize = 1 << 20;

#[ws_runtime::ws_server(max_connections = SETTINGS, silence_max = 0)]
mod whole {
    use ws_runtime::prelude::*;

    use super::SETTINGS;

    #[on(binary)]
    fn data(data: &[u8]) -> &[u8] {
        data
    }
}

#[ws_runtime::ws_server(max_connections = SETTINGS, silence_max = 0)]
mod routes {
    use ws_runtime::prelude::*;

    use super::SETTINGS;

    #[route("/plain")]
    mod plain {
        use ws_runtime::prelude::*;

        #[on(binary)]
        fn data(data: &[u8]) -> &[u8] {
            data
        }
    }

    #[route("/room/{id}")]
    mod room {
        use ws_runtime::prelude::*;

        use super::SETTINGS;

        /// As large as a small state: a number, and what two collections need.
        #[room(open, max_rooms = SETTINGS)]
        #[derive(Default)]
        pub(in crate::routes) struct Table {
            messages: u64,
            _seats: [usize; 6],
        }

        #[on(binary)]
        fn data<'a>(data: &'a [u8], table: &mut Table) -> &'a [u8] {
            table.messages += 1;
            data
        }
    }

    #[route("/ticks/{id}")]
    mod ticks {
        use ws_runtime::prelude::*;

        use super::SETTINGS;

        #[room(open, max_rooms = SETTINGS)]
        #[derive(Default)]
        struct Table {
            rounds: u64,
        }

        #[tick(period = 3600)]
        fn next(table: &mut Table) {
            table.rounds += 1;
        }
    }

    /// How many rooms with a state there are.
    pub(super) fn count(server: &Server) -> usize {
        server.rooms::<room::Table>().len()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if let Some(kind) = first.as_deref().and_then(|first| KINDS.iter().position(|kind| *kind == first)) {
        let count = arguments.next().unwrap_or_default().parse()?;
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
        return runtime.block_on(measure(kind, count));
    }
    let count = first.map_or(Ok(100_000), |first| first.parse::<usize>())?;
    println!("| {count} connections | memory each | time to open each | to close each | tasks each |");
    println!("|---|---:|---:|---:|---:|");
    for kind in KINDS {
        let status = Command::new(std::env::current_exe()?).arg(kind).arg(count.to_string()).status()?;
        if !status.success() {
            return Err(format!("{kind}: {status}").into());
        }
    }
    Ok(())
}

async fn measure(kind: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let server = if kind == 0 { whole::server().test().await? } else { routes::server().test().await? };
    let path = |number: usize| match kind {
        0 | 1 => "/plain".to_owned(),
        2 => format!("/room/{number}"),
        _ => format!("/ticks/{number}"),
    };
    let _before = open(&server, (0..BEFORE).map(path)).await?;
    let (memory, tasks) = (resident()?, Handle::current().metrics().num_alive_tasks());

    let begun = Instant::now();
    let clients = open(&server, (BEFORE..BEFORE + count).map(path)).await?;
    server.advance(0.0).await;
    let opened = begun.elapsed();
    let (memory, tasks) = (resident()? - memory, Handle::current().metrics().num_alive_tasks() - tasks);
    if kind == 2 {
        assert_eq!(routes::count(server.server()), BEFORE + count);
    }

    let begun = Instant::now();
    drop(clients);
    while server.server().connections().len() > BEFORE || routes::count(server.server()) > BEFORE {
        server.advance(0.0).await;
    }
    let closed = begun.elapsed();
    let each = |time: Duration| time.as_nanos() as f64 / count as f64 / 1000.0;
    println!(
        "| {} | {:.0} B | {:.1} µs | {:.1} µs | {:.3} |",
        KINDS[kind],
        memory as f64 / count as f64,
        each(opened),
        each(closed),
        tasks as f64 / count as f64
    );
    Ok(())
}

/// Opens connections, one after the other.
async fn open(
    server: &TestServer,
    paths: impl Iterator<Item = String>,
) -> Result<Vec<tokio::io::DuplexStream>, Box<dyn Error>> {
    let mut clients = Vec::new();
    for path in paths {
        clients.push(server.connect(path).raw().await?.1);
    }
    Ok(clients)
}

/// The memory that this process holds, in bytes.
fn resident() -> Result<u64, Box<dyn Error>> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let kib = rollup.lines().find_map(|line| line.strip_prefix("Rss:")?.split_whitespace().next());
    Ok(1024 * kib.ok_or("no `Rss:`")?.parse::<u64>()?)
}
