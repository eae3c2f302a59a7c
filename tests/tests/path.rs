//! `Path`: what of a path handlers get, and which paths fit no handler.

use std::borrow::Cow;

use serde::Deserialize;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_runtime::{Error, Path as Parameters};

#[derive(Debug, Deserialize)]
struct TableId(u64);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Black,
    White,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read by `Debug` alone")]
struct Seat<'a> {
    side: Side,
    table: TableId,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// Another name of it, as the macro sees only what is in its module.
type OneId = Parameters<u64>;

#[ws_server(listen = "127.0.0.1:0")]
mod arcade {
    use super::*;

    fn odd(Path(id): Path<u64>) -> std::result::Result<(), Reject> {
        if id % 2 == 1 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[route("/table/{table}/{side}/{name}")]
    mod seat {
        use super::*;

        #[session]
        struct Sat(String);

        #[on(handshake)]
        fn sit(Path(seat): Path<Seat<'_>>) -> Sat {
            Sat(format!("{seat:?}"))
        }

        #[on(ready)]
        fn hello(sat: &Sat) -> String {
            sat.0.clone()
        }
    }

    /// Its room is made of the path, and asked by it before anybody is admitted.
    #[route("/room/{number}")]
    mod room {
        use super::*;

        #[room]
        struct Numbered(u8);

        #[on(create)]
        fn create(Path(number): Path<u8>) -> std::result::Result<Numbered, Reject> {
            if number < 9 { Ok(Numbered(number)) } else { Err(Reject::forbidden()) }
        }

        #[on(ready)]
        fn hello(room: &Numbered) -> String {
            room.0.to_string()
        }
    }

    #[route("/odd/{id}", guard = odd)]
    mod odd_ones {
        use super::*;

        #[session]
        struct Said(String);

        #[on(handshake)]
        fn come(id: OneId) -> Said {
            Said(id.0.to_string())
        }

        #[on(ready)]
        fn hello(said: &Said) -> String {
            said.0.clone()
        }

        fn even_side(Path((_, side)): Path<(u64, u64)>) -> std::result::Result<(), Reject> {
            if side % 2 == 0 { Ok(()) } else { Err(Reject::forbidden()) }
        }

        #[route("/side/{side}", guard = even_side)]
        mod side {
            use super::*;

            #[session]
            struct Both(String);

            #[on(handshake)]
            fn come(Path((id, side)): Path<(TableId, u8)>) -> Both {
                Both(format!("{} {side}", id.0))
            }

            #[on(ready)]
            fn hello(both: &Both) -> String {
                both.0.clone()
            }
        }
    }
}

async fn said(server: &TestServer, path: &str) -> std::result::Result<String, u16> {
    match server.connect(path).await {
        Ok(mut client) => Ok(client.utf8().await.unwrap()),
        Err(refused) => Err(refused.status()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_reads_its_path() -> Result {
    let server = arcade::server().test().await?;
    let seat = said(&server, "/table/7/white/ann%20b").await;
    assert_eq!(seat.unwrap(), "Seat { side: White, table: TableId(7), name: \"ann b\" }");
    assert_eq!(said(&server, "/odd/7").await, Ok("7".to_owned()));
    for (path, status) in [
        ("/table/07/white/ann", 404),
        ("/table/+7/white/ann", 404),
        ("/table/7/White/ann", 404),
        ("/table/7/white/%FF", 404),
        ("/table/7/white/", 404),
        ("/table/18446744073709551616/white/ann", 404),
        ("/odd/1e3", 404),
        ("/odd/%37", 101),
        ("/odd/8", 403),
        ("/room/8", 101),
        ("/room/9", 403),
        ("/room/08", 404),
        ("/room/300", 404),
    ] {
        let found = said(&server, path).await.map_or_else(|status| status, |_| 101);
        assert_eq!(found, status, "{path}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_guard_sees_the_path_that_it_stands_on() -> Result {
    let server = arcade::server().test().await?;
    assert_eq!(said(&server, "/odd/7/side/2").await, Ok("7 2".to_owned()));
    assert_eq!(said(&server, "/odd/8/side/2").await, Err(403));
    assert_eq!(said(&server, "/odd/7/side/3").await, Err(403));
    assert_eq!(said(&server, "/odd/7/side/x").await, Err(404));
    Ok(())
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the server never starts")]
struct Misspelt {
    tabel: u64,
    side: u8,
}

#[ws_server(listen = "127.0.0.1:0")]
mod misspelt {
    use super::*;

    #[get("/table/{table}/{side}")]
    fn page(_seat: Path<Misspelt>) -> &'static str {
        ""
    }

    fn member(_seat: Path<Misspelt>) -> std::result::Result<(), Reject> {
        Ok(())
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[on(handshake)]
        fn sit(Path(_id): Path<(TableId,)>, _seat: Path<Misspelt>) {}
    }

    // Within the route the names of the guard's types mean nothing.
    #[route("/seat/{seat}", guard = member)]
    mod seat {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

#[tokio::test]
async fn a_field_that_is_no_parameter_is_an_error_of_bind() {
    let error = misspelt::server().bind().await.unwrap_err();
    let Error::Several(errors) = error else { panic!("{error:?}") };
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    let field = "the field `tabel` of `Misspelt` is no parameter of the path, which has";
    for (handler, path, has) in [
        ("sit", "/table/{id}", "`id`"),
        ("member", "/seat/{seat}", "`seat`"),
        ("page", "/table/{table}/{side}", "`table` and `side`"),
    ] {
        let begin = format!("`{handler}` takes a `Path` that never fits `{path}` (tests/tests/path.rs:");
        let end = format!("): {field} {has}");
        let is_told = |message: &String| message.starts_with(&begin) && message.ends_with(&end);
        assert!(messages.iter().any(is_told), "{messages:?}");
    }
}
