// Paths in every form: of pages, guards, routes and rooms, by other names and under conditions.
#![deny(warnings, clippy::pedantic)]
#![allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, clippy::unused_async, dead_code)]

use std::borrow::Cow;
use std::path::Path as FilePath;

use serde::Deserialize;
use ws_runtime::http::{Response, StatusCode};
use ws_runtime::prelude::*;

#[derive(Deserialize)]
pub struct Seat<'a> {
    table: u64,
    #[serde(borrow)]
    side: Cow<'a, str>,
}

type ById = Path<u64>;

#[ws_server(listen = 8080)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Count(u64);

    type Both<'a> = Path<(u64, &'a str)>;

    #[on(start)]
    async fn prepare(server: &Server) -> Result<(), std::io::Error> {
        let _ = server.name();
        Ok(())
    }

    fn admin(Bearer(token): Bearer, count: &mut Count) -> Result<(), Reject> {
        count.0 += 1;
        if token == "admin" { Ok(()) } else { Err(Reject::forbidden()) }
    }

    async fn even(Path(id): Path<u64>) -> Result<(), (StatusCode, &'static str)> {
        if id % 2 == 0 { Ok(()) } else { Err((StatusCode::NOT_FOUND, "odd")) }
    }

    #[get("/")]
    fn index() -> Html<&'static str> {
        Html("<!doctype html>")
    }

    #[get("/opaque/{id}")]
    fn opaque(Path(id): Path<&str>) -> Result<impl ws_runtime::IntoResponse, Reject> {
        Ok(("text/csv", format!("{id},")))
    }

    #[get("/count", guard = admin)]
    fn count(count: &mut Count) -> String {
        count.0.to_string()
    }

    #[get("/even/{id}", guard = self::even)]
    pub async fn r#even_one(id: ById, conn: &Conn) -> Option<(StatusCode, String)> {
        let _ = conn;
        Some((StatusCode::OK, id.0.to_string()))
    }

    #[ws_runtime::get("/seat/{table}/{side}")]
    fn seat(Path(seat): Path<Seat<'_>>, request: &Request) -> Result<Response<String>, Reject> {
        Ok(Response::new(format!("{} {} {}", seat.table, seat.side, request.path())))
    }

    #[cfg(unix)]
    #[get("/both/{id}/{name}")]
    fn both(both: Both<'_>, #[cfg(windows)] unknown: Unknown) -> Result<&'static str, String> {
        let Path((id, name)) = both;
        Err(format!("{id} {name}"))
    }

    #[cfg(windows)]
    #[get("/both/{name}/{id}")]
    fn both(Path(_both): Path<(String, u64)>) -> &'static str {
        ""
    }

    #[get("/files/{*path}")]
    fn file(Path(path): Path<&str>) -> (String, Cow<'static, [u8]>) {
        let _ = FilePath::new(path);
        ("text/plain".to_owned(), Cow::Borrowed(b"a file"))
    }

    #[route("/table/{id}", guard = even)]
    mod table {
        use super::*;

        #[room]
        struct Table {
            id: u64,
        }

        #[on(create)]
        fn create(Path(id): Path<u64>) -> Result<Table, Reject> {
            Ok(Table { id })
        }

        #[on(handshake)]
        fn sit(Path((id,)): Path<(u64,)>, count: &Count) {
            let _ = (id, count);
        }

        #[on(ready)]
        fn hello(table: &Table) -> String {
            table.id.to_string()
        }
    }
}

fn main() {
    let _ = arcade::server();
}
