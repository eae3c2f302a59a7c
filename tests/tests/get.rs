//! `#[get]`: which requests it answers, with what, and what else answers them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ws_runtime::http::{Response, StatusCode};
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_runtime::{Error, JavaScript};

#[ws_server(listen = "127.0.0.1:0")]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Visits {
        count: u64,
    }

    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }

    #[get("/visit")]
    fn visit(visits: &mut Visits) -> String {
        visits.count += 1;
        visits.count.to_string()
    }

    #[get("/user/{name}")]
    fn user(Path(name): Path<&str>, Query(shown): Query<Shown>, request: &Request) -> String {
        format!("{} {name:?} {:?}", request.method(), shown.since)
    }

    #[derive(Deserialize)]
    pub struct Shown {
        since: Option<u32>,
    }

    #[get("/user/me")]
    async fn me(Bearer(token): Bearer, conn: &Conn, server: &Server) -> Json<Me> {
        tokio::task::yield_now().await;
        Json(Me { token, is_ready: conn.is_ready(), server: server.name() })
    }

    #[derive(Serialize)]
    pub struct Me {
        token: String,
        is_ready: bool,
        server: &'static str,
    }

    #[get("/file/{*path}")]
    fn file(Path(path): Path<String>) -> Option<(&'static str, Vec<u8>)> {
        (path == "a/b.png").then(|| ("image/png", vec![1, 2, 3]))
    }

    #[get("/table")]
    fn table() -> Html<&'static str> {
        Html("<h1>Tables</h1>")
    }

    #[get("/never")]
    async fn never() -> String {
        std::future::pending().await
    }

    #[get("/panic")]
    fn panics() -> String {
        panic!("as asked")
    }

    #[route("/table")]
    mod table {
        #[on(ready)]
        fn hello() -> &'static str {
            "a table"
        }
    }

    #[route("/lobby")]
    mod lobby {
        #[on(ready)]
        fn hello() -> &'static str {
            "the lobby"
        }
    }
}

/// The status, the content type and the body of an answer.
async fn answer(server: &TestServer, method: &str, path: &str) -> (u16, String, String) {
    let answer = server.request(method, path).await.unwrap();
    let content_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    (answer.status().as_u16(), content_type.unwrap_or_default(), body)
}

const TEXT: &str = "text/plain; charset=utf-8";

#[tokio::test(start_paused = true)]
async fn a_path_is_answered_by_its_handler() -> Result {
    let server = arcade::server().test().await?;
    let get = async |path: &str| answer(&server, "GET", path).await;
    assert_eq!(get("/health").await, (200, TEXT.into(), "ok".into()));
    assert_eq!(get("/health?x=1").await.2, "ok");
    assert_eq!((get("/visit").await.2, get("/visit").await.2), ("1".into(), "2".into()));
    assert_eq!(get("/user/a%20b%2Fc?since=7").await.2, "GET \"a b/c\" Some(7)");
    assert_eq!(get("/file/a/b.png").await, (200, "image/png".into(), "\u{1}\u{2}\u{3}".into()));
    assert_eq!(get("/file/other").await, (404, TEXT.into(), "404 Not Found\n".into()));
    assert_eq!(get("/user/x?since=x").await.0, 400);

    let me = server.get("/user/me").bearer("secret").await?;
    assert_eq!(me.body(), r#"{"token":"secret","is_ready":false,"server":"arcade"}"#);
    assert_eq!(get("/user/me").await.0, 401);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_no_handler_takes_is_told_apart() -> Result {
    let server = arcade::server().test().await?;
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/health/", 404),
        ("GET", "/user/", 404),
        ("GET", "/user/%FF", 404),
        ("GET", "/lobby", 426),
        ("DELETE", "/health", 405),
        ("DELETE", "/nothing", 404),
        ("DELETE", "/lobby", 426),
        ("GET", "/panic", 500),
    ] {
        assert_eq!(answer(&server, method, path).await.0, status, "{method} {path}");
    }
    let refused = server.request("OPTIONS", "/health").await?;
    assert_eq!(refused.headers()["allow"], "GET, HEAD");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_head_has_no_body() -> Result {
    let server = arcade::server().test().await?;
    let head = server.request("HEAD", "/health").await?;
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_eq!(head.headers()["content-length"], "2");
    assert_eq!(answer(&server, "HEAD", "/user/ann").await, (200, TEXT.into(), String::new()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_path_may_have_a_page_and_a_route() -> Result {
    let server = arcade::server().test().await?;
    assert_eq!(answer(&server, "GET", "/table").await.2, "<h1>Tables</h1>");
    assert_eq!(server.connect("/table").await?.utf8().await?, "a table");
    assert_eq!(server.connect("/health").await.unwrap_err().status(), 404);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_handshake_timeout_to_answer() -> Result {
    let server = arcade::server().handshake_timeout(3).test().await?;
    let begun = tokio::time::Instant::now();
    assert_eq!(answer(&server, "GET", "/never").await.0, 408);
    assert_eq!(begun.elapsed().as_secs(), 3);
    Ok(())
}

/// Without routes, and with a handler for all other requests.
#[ws_server(listen = "127.0.0.1:0")]
mod pages {
    use super::*;

    #[get("/script")]
    fn script() -> JavaScript<&'static str> {
        JavaScript("run()")
    }

    #[on(request)]
    fn other(request: &Request) -> (StatusCode, String) {
        (StatusCode::IM_A_TEAPOT, format!("{} {}", request.method(), request.path()))
    }

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

#[tokio::test(start_paused = true)]
async fn all_other_requests_go_to_the_request_handler() -> Result {
    let server = pages::server().test().await?;
    assert_eq!(answer(&server, "GET", "/script").await.2, "run()");
    for (method, path) in [("PUT", "/script"), ("GET", "/other"), ("GET", "/script/")] {
        assert_eq!(answer(&server, method, path).await, (418, TEXT.into(), format!("{method} {path}")));
    }
    let mut client = server.connect("/script").await?;
    client.send_utf8("hello").await?;
    assert_eq!(client.utf8().await?, "hello");
    Ok(())
}

#[ws_server(listen = "127.0.0.1:0")]
mod guarded {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Asked {
        count: u32,
    }

    fn admin(token: Option<Bearer>, asked: &mut Asked) -> std::result::Result<(), Reject> {
        asked.count += 1;
        match token {
            Some(Bearer(token)) if token == "admin" => Ok(()),
            Some(_) => Err(Reject::forbidden().text("not you")),
            None => Err(Reject::unauthorized()),
        }
    }

    async fn even(Path(id): Path<u32>) -> std::result::Result<(), Odd> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if id % 2 == 0 { Ok(()) } else { Err(Odd) }
    }

    #[derive(Reject)]
    #[reject(409, "it is odd")]
    pub struct Odd;

    #[get("/asked", guard = admin)]
    fn asked(asked: &mut Asked) -> String {
        asked.count += 10;
        asked.count.to_string()
    }

    #[get("/even/{id}", guard = even)]
    async fn even_one(Path(id): Path<u32>) -> String {
        id.to_string()
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_is_asked_first() -> Result {
    let server = guarded::server().test().await?;
    assert_eq!(answer(&server, "GET", "/asked").await.0, 401);
    let refused = server.get("/asked").bearer("ann").await?;
    assert_eq!((refused.status().as_u16(), &refused.body()[..]), (403, &b"not you"[..]));
    assert_eq!(server.get("/asked").bearer("admin").await?.body(), "13");
    assert_eq!(answer(&server, "GET", "/even/2").await, (200, TEXT.into(), "2".into()));
    assert_eq!(answer(&server, "GET", "/even/3").await, (409, TEXT.into(), "it is odd".into()));
    assert_eq!(answer(&server, "GET", "/even/x").await.0, 404);
    Ok(())
}

#[derive(Debug)]
struct Secret;

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret of the database")
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod answers {
    use super::*;

    #[get("/{kind}")]
    fn answer(Path(kind): Path<&str>) -> Response<Bytes> {
        use ws_runtime::IntoResponse;
        match kind {
            "cow" => Cow::Borrowed("cow").into_response(),
            "bytes" => b"bytes".into_response(),
            "slice" => kind.as_bytes().into_response(),
            "css" => ("text/css", "a {}").into_response(),
            "created" => (StatusCode::CREATED, ("text/csv", String::from("a,b"))).into_response(),
            "none" => ("image/png", None::<Vec<u8>>).into_response(),
            "no type" => ("hello", "world").into_response(),
            "status" => StatusCode::GONE.into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    #[get("/result/{kind}")]
    fn result(Path(kind): Path<&str>) -> std::result::Result<&'static str, Secret> {
        if kind == "good" { Ok("good") } else { Err(Secret) }
    }

    #[get("/status/{kind}")]
    fn status(Path(kind): Path<&str>) -> std::result::Result<&'static str, StatusCode> {
        if kind == "good" { Ok("good") } else { Err(StatusCode::GONE) }
    }

    #[get("/own")]
    fn own() -> Response<&'static str> {
        Response::builder().status(303).header("location", "/").body("").unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn all_kinds_of_answers_are_sent() -> Result {
    let server = answers::server().test().await?;
    let octets = "application/octet-stream";
    for (path, status, content_type, body) in [
        ("/cow", 200, TEXT, "cow"),
        ("/bytes", 200, octets, "bytes"),
        ("/slice", 200, octets, "slice"),
        ("/css", 200, "text/css", "a {}"),
        ("/created", 201, "text/csv", "a,b"),
        ("/none", 404, TEXT, "404 Not Found\n"),
        ("/no%20type", 500, TEXT, "500 Internal Server Error\n"),
        ("/status", 410, TEXT, "410 Gone\n"),
        ("/result/good", 200, TEXT, "good"),
        ("/result/bad", 500, TEXT, "500 Internal Server Error\n"),
        ("/status/good", 200, TEXT, "good"),
        ("/status/bad", 410, TEXT, "410 Gone\n"),
    ] {
        let wanted = (status, content_type.to_owned(), body.to_owned());
        assert_eq!(answer(&server, "GET", path).await, wanted, "{path}");
    }
    let own = server.get("/own").await?;
    assert_eq!((own.status().as_u16(), &own.headers()["location"]), (303, &"/".parse().unwrap()));
    Ok(())
}

/// Two paths of the same requests, which only the table of paths shows.
#[ws_server(listen = "127.0.0.1:0")]
mod conflicting {
    #[cfg(not(windows))]
    #[get("/a/{id}")]
    fn first() -> &'static str {
        "first"
    }

    #[get("/a/{name}")]
    fn second() -> &'static str {
        "second"
    }
}

#[tokio::test]
async fn paths_of_the_same_requests_are_an_error_of_bind_that_names_both() {
    let error = conflicting::server().bind().await.unwrap_err();
    assert!(matches!(error, Error::Route(_)), "{error:?}");
    let line = |of: &str| {
        let lines = include_str!("get.rs").lines();
        lines.zip(1..).find(|(line, _)| line.contains(of)).unwrap().1
    };
    let [first, second] = ["get(\"/a/{id}\")", "get(\"/a/{name}\")"].map(line);
    let message = error.to_string();
    assert!(message.contains(&format!("`/a/{{id}}` (tests/tests/get.rs:{first})")), "{message}");
    assert!(message.contains(&format!("`/a/{{name}}` (tests/tests/get.rs:{second})")), "{message}");
}
