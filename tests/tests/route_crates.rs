//! The runtime under other names, in modules of routes.
#![deny(warnings)]

use ws_runtime::test::Result;

mod deeper {
    pub use ws_runtime as sockets;
}

/// By a path from the outside.
mod around {
    use super::deeper::sockets;

    #[sockets::ws_server(listen = "127.0.0.1:0", crate = super::super::deeper::sockets)]
    pub mod by_super {
        #[super::sockets::route("/a/{id}")]
        mod a {
            use super::super::sockets::{Room, Timer, on, room, tick, timer};

            #[room(open, keep = 1)]
            #[derive(Default)]
            struct Table {
                clock: Timer,
                n: u64,
            }

            #[on("n")]
            fn n(table: &mut Table, room: &Room<Table>) -> u64 {
                table.clock.start(1);
                table.n += u64::from(room.later(|table| table.n += 1));
                table.n
            }

            #[timer(clock)]
            fn rang(table: &mut Table) {
                table.n += 1;
            }

            #[tick(period = 60)]
            fn minute(_: &mut Table) {}

            #[super::super::sockets::route("/b")]
            mod b {
                #[super::super::super::sockets::on("n")]
                fn n(room: &super::super::super::sockets::Room) -> usize {
                    room.len()
                }
            }
        }
    }
}

/// By a name that stands in the server's module alone.
#[ws_runtime::ws_server(listen = "127.0.0.1:0", crate = self::rt)]
mod by_self {
    use super::deeper::sockets as rt;

    #[rt::route("/a")]
    mod a {
        use super::rt::on;

        #[on("n")]
        fn n() -> u64 {
            1
        }

        #[super::rt::route("/b")]
        mod b {
            #[super::super::rt::on("n")]
            fn n() -> u64 {
                2
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_runtime_may_have_any_name() -> Result {
    let server = around::by_super::server().test().await?;
    assert_eq!(server.connect("/a/1").await?.call::<u64>("n", ()).await?, 1);
    assert_eq!(server.connect("/a/1/b").await?.call::<u64>("n", ()).await?, 1);
    let server = by_self::server().test().await?;
    assert_eq!(server.connect("/a/b").await?.call::<u64>("n", ()).await?, 2);
    Ok(())
}
