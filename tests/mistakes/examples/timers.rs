//! Timers in all places, for a user who denies all that can be denied.
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

use std::collections::{BTreeMap, HashMap};

use ws_runtime::prelude::*;

/// Timers.
#[ws_server(listen = 8080)]
pub mod game {
    use super::*;

    type Clock = Timer;

    #[session]
    #[derive(Debug, Default)]
    struct Seat(Clock, [Timer; 2]);

    /// What all share.
    #[state]
    #[derive(Debug, Default)]
    pub struct Table {
        clock: Timer,
        turns: HashMap<u64, Timer>,
        r#loop: Timer,
    }

    #[cfg(unix)]
    #[state]
    #[derive(Debug, Default)]
    struct Bans {
        expire: BTreeMap<String, Timer>,
        board: Board,
    }

    #[derive(Debug, Default)]
    struct Board {
        clock: Timer,
    }

    #[on(utf8)]
    fn play(seat: &mut Seat, table: &mut Table) {
        seat.0.start(5);
        seat.1[0].start(0.5);
        table.clock.start(std::time::Duration::from_secs(5));
        table.turns.entry(1).or_default().start(5);
        table.r#loop.start(5);
    }

    #[cfg(not(windows))]
    #[timer(Seat.0)]
    fn too_slow(seat: &mut Seat, conn: &Conn) -> Result<(), ws_runtime::CloseError> {
        seat.0.stop();
        conn.disconnect(4000, "too slow")
    }

    #[timer(Seat.1)]
    async fn moved(index: usize, seat: &Seat, server: Server) {
        let _ = server.broadcast_utf8(format!("{index} of {}", seat.1.len()));
    }

    #[timer(Table.clock)]
    fn over() {}

    #[timer(turns)]
    fn turn(table: &mut Table, player: &u64, #[cfg(unix)] bans: &Bans) {
        let _ = table.turns.remove(player);
        #[cfg(unix)]
        let _ = bans.board.clock.left();
    }

    #[timer(r#loop)]
    async fn again(server: &Server) {
        let _ = server.broadcast_utf8("again");
    }

    #[cfg(unix)]
    #[timer(expire)]
    fn expire(bans: &mut Bans, name: &str) {
        let _ = bans.expire.remove(name);
        bans.board.clock.start(1);
    }

    #[cfg(unix)]
    #[timer(board.clock)]
    fn board(bans: &mut Bans, table: &Table) {
        if table.clock.is_running() {
            bans.board.clock.stop();
        }
    }

    #[cfg(windows)]
    #[timer(Seat.0)]
    fn only_there(text: NoSuchType) {}
}

fn main() {
    drop(game::server());
}
