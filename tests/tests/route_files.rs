//! Routes in files of their own: each names its server, which lists it.

use std::sync::Barrier;
use std::time::Duration;

use tokio::time::timeout;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::open;

#[ws_server(
    listen = "127.0.0.1:0",
    max_recv_size = 100,
    envelope(type = "kind"),
    routes = [table::route, self::files::upload, #[cfg(any())] gone::route]
)]
mod arcade {
    use super::*;

    /// Taken by `&mut` in the server's module too.
    #[state]
    #[derive(Default)]
    pub(crate) struct Log {
        pub(crate) lines: Vec<String>,
    }

    /// Changed by routes in other files alone.
    #[state(lock)]
    #[derive(Default)]
    pub(crate) struct Bank {
        pub(crate) coins: u64,
    }

    /// Never changed.
    #[state]
    #[derive(Default)]
    pub(crate) struct Rules {
        pub(crate) seats: u8,
    }

    #[identity]
    pub(crate) struct User {
        pub(crate) name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake, log: &mut Log) -> Option<User> {
        log.lines.push("server".to_owned());
        request.query_param("name").map(|name| User { name })
    }

    #[route("/echo")]
    mod echo {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

mod table {
    use serde::Serialize;
    use ws_runtime::prelude::*;

    use crate::arcade::{Bank, Log, Rules, User};

    #[route("/table/{id}", server = crate::arcade, guard = member)]
    pub(crate) mod route {
        use super::*;

        #[session]
        pub(crate) struct Seat {
            table: u64,
        }

        #[room]
        struct Table {
            bets: u64,
        }

        #[on(create)]
        fn create(rules: &Rules) -> Table {
            Table { bets: rules.seats.into() }
        }

        #[push]
        #[derive(Serialize)]
        struct Welcome<'a> {
            name: &'a str,
            seats: u8,
        }

        fn member(user: &User, log: &mut Log) -> std::result::Result<(), Reject> {
            log.lines.push("guard".to_owned());
            if user.name == "eve" { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[on(handshake)]
        async fn sit(Path(table): Path<u64>) -> Seat {
            Seat { table }
        }

        #[on(ready)]
        fn hello<'a>(user: &'a User, rules: &Rules, seat: &Seat, bank: &mut Bank) -> Welcome<'a> {
            bank.coins += seat.table;
            Welcome { name: &user.name, seats: rules.seats }
        }

        #[on("log")]
        fn log(log: &Log) -> Vec<String> {
            log.lines.clone()
        }

        #[on("bet")]
        fn bet(Json(coins): Json<u64>, log: &mut Log, seat: &mut Seat, bank: &mut Bank) -> u64 {
            log.lines.push(format!("bet {coins}"));
            seat.table += 1;
            bank.coins += coins;
            bank.coins
        }

        #[on("count")]
        fn count(bank: &Bank, rules: &Rules, log: &Log) -> (u64, u8, usize) {
            (bank.coins, rules.seats, log.lines.len())
        }

        /// The room is locked before the states.
        #[on("all")]
        fn all(bank: &mut Bank, room: &Room, table: &mut Table, log: &mut Log, seat: &Seat) -> String {
            table.bets += 1;
            format!("{} {} {} {} {}", room.path(), table.bets, bank.coins, log.lines.len(), seat.table)
        }

        #[on(empty)]
        fn close(table: Table, log: &mut Log) {
            log.lines.push(format!("{} bets", table.bets));
        }

        #[on("slow")]
        async fn slow(rules: &Rules, user: Option<&User>) -> String {
            tokio::task::yield_now().await;
            format!("{} {}", rules.seats, user.map_or("nobody", |user| &user.name))
        }

        #[route("/watch", guard = super::route::member)]
        mod watch {
            use super::super::Bank;

            #[on(ready)]
            fn hello(bank: &Bank) -> String {
                bank.coins.to_string()
            }
        }
    }
}

mod files {
    use ws_runtime::prelude::*;

    #[route("/upload", server = super::arcade, max_recv_size = 1000)]
    pub(super) mod upload {
        use ws_runtime::prelude::*;

        #[on(binary)]
        fn size(data: &[u8], user: Option<&super::super::arcade::User>) -> String {
            format!("{} of {}", data.len(), user.map_or("nobody", |user| &user.name))
        }
    }
}

async fn server() -> TestServer {
    arcade::server().test().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_server_serves_the_routes_of_other_files() -> Result {
    let server = server().await;
    let mut echo = server.connect("/echo").await?;
    echo.send_utf8("hello").await?;
    assert_eq!(echo.utf8().await?, "hello");
    let mut ann = server.connect("/table/7?name=ann").await?;
    assert_eq!(ann.utf8().await?, r#"{"kind":"welcome","data":{"name":"ann","seats":0}}"#);
    let mut watch = server.connect("/table/7/watch?name=ann").await?;
    assert_eq!(watch.utf8().await?, "7");
    for missing in ["/", "/table", "/table/7/", "/gone"] {
        assert_eq!(server.connect(missing).await.unwrap_err().status(), 404, "{missing}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_route_shares_the_states_and_the_identity_of_its_server() -> Result {
    let server = server().await;
    assert_eq!(server.connect("/table/7").await.unwrap_err().status(), 401);
    assert_eq!(server.connect("/table/7?name=eve").await.unwrap_err().status(), 403);
    assert_eq!(server.connect("/table/x?name=ann").await.unwrap_err().status(), 404);
    let mut ann = server.connect("/table/7?name=ann").await?;
    let _: serde_json::Value = ann.expect("welcome").await?;
    let lines: Vec<String> = ann.call("log", ()).await?;
    assert_eq!(lines, ["server", "server", "guard", "server", "guard", "0 bets", "server", "guard"]);
    assert_eq!(ann.call::<u64>("bet", 10).await?, 17);
    assert_eq!(ann.call::<(u64, u8, usize)>("count", ()).await?, (17, 0, 9));
    assert_eq!(ann.call::<String>("all", ()).await?, "/table/7 1 17 9 8");
    assert_eq!(ann.call::<String>("slow", ()).await?, "0 ann");
    drop(ann);
    server.advance(1).await;
    let mut bob = server.connect("/table/8?name=bob").await?;
    let _: serde_json::Value = bob.expect("welcome").await?;
    let lines: Vec<String> = bob.call("log", ()).await?;
    assert!(lines.contains(&"1 bets".to_owned()), "{lines:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_inner_route_has_the_guards_of_both() -> Result {
    let server = server().await;
    assert_eq!(server.connect("/table/7/watch?name=eve").await.unwrap_err().status(), 403);
    let mut watch = server.connect("/table/7/watch?name=ann").await?;
    watch.utf8().await?;
    let mut ann = server.connect("/table/7?name=ann").await?;
    let _: serde_json::Value = ann.expect("welcome").await?;
    let lines: Vec<String> = ann.call("log", ()).await?;
    assert_eq!(lines, ["server", "guard", "server", "guard", "guard", "server", "guard"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn options_of_a_route_are_those_of_its_connections() -> Result {
    let server = server().await;
    let mut upload = server.connect("/upload").await?;
    upload.send_binary(vec![0; 1000]).await?;
    assert_eq!(upload.utf8().await?, "1000 of nobody");
    upload.send_binary(vec![0; 1001]).await?;
    assert_eq!(upload.closed().await?.code, 1009);
    let mut ann = server.connect("/table/7?name=ann").await?;
    let _: serde_json::Value = ann.expect("welcome").await?;
    ann.send_utf8("x".repeat(101)).await?;
    assert_eq!(ann.closed().await?.code, 1009);
    Ok(())
}

#[ws_server(listen = "127.0.0.1:0", routes = [transfers::route])]
mod accounts {
    use super::{HELD, RELEASED};

    #[state(lock)]
    #[derive(Default)]
    pub(crate) struct First(pub(crate) u64);

    #[state(lock)]
    #[derive(Default)]
    pub(crate) struct Second(pub(crate) u64);

    #[route("/declared")]
    mod declared {
        use super::*;

        #[on("hold")]
        fn hold(first: &mut First) {
            HELD.wait();
            RELEASED.wait();
            first.0 += 1;
        }
    }
}

static HELD: Barrier = Barrier::new(2);
static RELEASED: Barrier = Barrier::new(2);

mod transfers {
    use crate::accounts::{First, Second};
    use ws_runtime::prelude::*;

    #[route("/other", server = crate::accounts)]
    pub(crate) mod route {
        use super::*;

        #[on("move")]
        fn transfer(second: &mut Second, _: &Server, first: &mut First) -> u64 {
            second.0 -= first.0;
            second.0
        }

        #[on("second")]
        fn second(second: &mut Second) -> u64 {
            second.0 += 1;
            second.0
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_waits_for_one_state_holds_no_later_one() {
    let running = accounts::server().bind().await.unwrap();
    let (mut holder, mut mover, mut other) = (
        open(&running, "/declared").await.unwrap(),
        open(&running, "/other").await.unwrap(),
        open(&running, "/other").await.unwrap(),
    );
    // Another worker polls the sockets while these wait.
    let polling = tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    holder.send(r#"{"type":"hold"}"#).await;
    tokio::task::block_in_place(|| HELD.wait());
    // It names the second state first, and waits for the first one.
    mover.send(r#"{"type":"move"}"#).await;
    let mut answers = Vec::new();
    for _ in 1..200 {
        other.send(r#"{"type":"second"}"#).await;
        let Ok(answer) = timeout(Duration::from_secs(10), other.text()).await else { break };
        answers.push(answer);
    }
    tokio::task::block_in_place(|| RELEASED.wait());
    assert_eq!(answers.len(), 199);
    assert_eq!(answers[198], r#"{"type":"second","data":199}"#);
    assert_eq!(mover.text().await, r#"{"type":"move","data":198}"#);
    polling.abort();
}

#[ws_server(listen = "127.0.0.1:0", routes = [crate::conflicting::route])]
mod conflict {
    #[route("/table/{id}")]
    mod table {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

mod conflicting {
    use ws_runtime::prelude::*;

    #[route("/table/{name}", server = crate::conflict)]
    pub(super) mod route {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

#[tokio::test]
async fn two_routes_of_the_same_requests_are_named_with_their_places() {
    let error = conflict::server().bind().await.unwrap_err().to_string();
    let places = [r#""/table/{id}")]"#, r#""/table/{name}", "#].map(|written| {
        let lines = include_str!("route_files.rs").lines();
        let line = lines.zip(1..).find(|(line, _)| line.contains(&format!("#[route({written}"))).unwrap().1;
        format!("`{}` (tests/tests/route_files.rs:{line})", written.split('"').nth(1).unwrap())
    });
    for place in places {
        assert!(error.contains(&place), "{error} does not name {place}");
    }
}

#[ws_server(listen = "127.0.0.1:0", routes = [])]
mod nothing {}

#[tokio::test(start_paused = true)]
async fn a_server_whose_list_is_empty_serves_no_path() -> Result {
    let server = nothing::server().test().await?;
    assert_eq!(server.connect("/").await.unwrap_err().status(), 404);
    Ok(())
}
