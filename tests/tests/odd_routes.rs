//! Requests, pushes and handlers of routes in odd combinations.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};
use ws_tests::raw::{Cut, HANDSHAKE, ask, knock_from};

type Lines = Arc<Mutex<Vec<String>>>;

#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 10, origins = same, envelope(type = "t", id = "n", data = "d"))]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Log {
        pub lines: Lines,
    }

    impl Log {
        pub fn note(&self, line: impl Into<String>) {
            self.lines.lock().unwrap().push(line.into());
        }
    }

    #[identity]
    pub struct User {
        pub name: String,
    }

    #[push]
    #[derive(Serialize)]
    pub struct ToAll {
        pub text: String,
    }

    #[on(connect)]
    fn connect(conn: &Conn, log: &Log) {
        let lines = Arc::clone(&log.lines);
        conn.on_handshake(move |_, request| {
            lines.lock().unwrap().push("on_handshake".into());
            if request.query() == Some("name=refused_last") { Err(Reject::new(status(418))) } else { Ok(()) }
        });
    }

    fn status(code: u16) -> ws_runtime::http::StatusCode {
        ws_runtime::http::StatusCode::from_u16(code).unwrap()
    }

    #[on(handshake)]
    fn who(request: &Handshake, log: &Log) -> std::result::Result<Option<User>, Reject> {
        log.note("server");
        match request.query().and_then(|query| query.strip_prefix("name=")) {
            Some("nobody") => Err(Reject::unauthorized()),
            Some(name) => Ok(Some(User { name: name.to_owned() })),
            None => Ok(None),
        }
    }

    #[get("/page")]
    fn page() -> &'static str {
        "page"
    }

    #[get("/both/{id}")]
    fn both(Path(id): Path<u8>) -> String {
        format!("both {id}")
    }

    async fn outer_guard(
        Path(id): Path<u8>,
        request: &Handshake,
        user: Option<&User>,
        log: &Log,
    ) -> std::result::Result<(), Reject> {
        sleep(Duration::from_secs(2)).await;
        log.note(format!("outer {id} {} {}", request.path(), user.is_some()));
        if id == 13 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    fn inner_guard(
        Path((id, side)): Path<(u8, String)>,
        log: &Log,
    ) -> std::result::Result<(), (ws_runtime::http::StatusCode, String)> {
        log.note(format!("inner {id} {side}"));
        if side == "no" { Err((status(402), "pay".into())) } else { Ok(()) }
    }

    #[route("/both/{id}", guard = outer_guard, origins = any)]
    mod both {
        use super::*;

        #[on(ready)]
        fn hello(user: Option<&User>, room: &Room) -> String {
            format!("{:?} {}", user.map(|user| &user.name), room.path())
        }

        #[route("/side/{side}", guard = inner_guard)]
        mod side {
            use super::*;

            #[room(keep = 1, max_rooms = 2)]
            struct Side {
                made_by: Option<String>,
            }

            #[session]
            struct Seat(String);

            #[on(create)]
            fn create(
                Path((id, side)): Path<(u8, String)>,
                user: Option<&User>,
                log: &Log,
            ) -> std::result::Result<Side, Reject> {
                log.note(format!("create {id} {side}"));
                if side == "none" {
                    return Err(Reject::not_found());
                }
                Ok(Side { made_by: user.map(|user| user.name.clone()) })
            }

            #[on(handshake)]
            fn sit(
                Path((id, side)): Path<(u8, String)>,
                made: &Side,
                log: &Log,
            ) -> std::result::Result<Seat, Reject> {
                log.note(format!("route {id} {side}"));
                if side == "full" {
                    return Err(Reject::new(status(409)));
                }
                Ok(Seat(format!("{id} {side} {:?}", made.made_by)))
            }

            #[on(ready)]
            fn hello(seat: &Seat) -> &str {
                &seat.0
            }

            #[on(empty)]
            fn close(log: &Log) {
                log.note("empty");
            }
        }
    }

    #[route("/left")]
    mod left {
        use super::*;

        #[push]
        #[derive(Serialize)]
        pub struct OfLeft {
            pub n: u8,
        }

        #[push("asked", answer = u8)]
        #[derive(Serialize)]
        pub struct Asked;

        #[on("send")]
        fn send(server: &Server, conn: &Conn, room: &Room) -> Vec<String> {
            let mut errors = Vec::new();
            for other in &server.connections() {
                if let Err(error) = other.send(OfLeft { n: 1 }) {
                    errors.push(error.to_string());
                }
            }
            errors.push(format!(
                "{} {} {} {}",
                room.connections().broadcast(OfLeft { n: 2 }),
                room.broadcast(OfLeft { n: 3 }),
                room.broadcast_except(conn, OfLeft { n: 4 }),
                room.broadcast(ToAll { text: "all".into() }),
            ));
            errors
        }

        #[on("ask")]
        async fn ask(server: Server, conn: &Conn) -> Vec<String> {
            let mut answers = Vec::new();
            for other in &server.connections() {
                let own = other == conn;
                if own {
                    continue;
                }
                match other.ask(Asked).within(1).await {
                    Ok(answer) => answers.push(answer.to_string()),
                    Err(error) => answers.push(error.to_string()),
                }
            }
            answers
        }

        #[on("items")]
        fn items() -> impl Stream<Item = u8> {
            futures_util::stream::iter([1, 2])
        }

        #[on("replace")]
        fn replace(conn: &Conn) {
            conn.on_utf8(|conn, text| {
                let _ = conn.send_utf8(format!("replaced: {text}"));
            });
        }

        #[on(binary, rate = 1)]
        fn data(data: &[u8]) -> Vec<u8> {
            data.to_vec()
        }
    }

    #[route("/right")]
    mod right {
        use super::*;

        #[on("x")]
        fn x() {}
    }

    #[route("/files/{*rest}")]
    mod files {
        use super::*;

        #[on(ready)]
        fn hello(room: &Room) -> String {
            room.path().to_owned()
        }
    }
}

async fn arcade() -> (TestServer, Lines) {
    let lines = Lines::default();
    (arcade::server().state(arcade::Log { lines: Arc::clone(&lines) }).test().await.unwrap(), lines)
}

fn taken(lines: &Lines) -> Vec<String> {
    std::mem::take(&mut lines.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_refused_by_the_first_that_refuses_and_nothing_after_it_runs() -> Result {
    let (server, lines) = arcade().await;
    let evil = "https://evil.example";
    let mut expected: Vec<String> = Vec::new();
    for (path, status, seen) in [
        ("/nowhere", 404, None),
        ("/left", 403, None),
        ("/both/1?name=nobody", 401, Some("server")),
        ("/both/13?name=ann", 403, Some("outer 13 /both/13 true")),
        ("/both/300", 404, None),
        ("/both/1/side/no?name=ann", 402, Some("inner 1 no")),
        ("/both/1/side/none", 404, Some("create 1 none")),
        ("/both/1/side/full", 409, Some("route 1 full")),
        ("/both/1/side/a?name=refused_last", 418, Some("on_handshake")),
    ] {
        let refused = server.connect(path).origin(evil).await.unwrap_err();
        assert_eq!(refused.status(), status, "{path}");
        server.advance(0.5).await;
        expected.clear();
        let all = taken(&lines);
        let steps: Vec<&str> = all.iter().map(|line| line.split(' ').next().unwrap()).collect();
        let order = ["server", "outer", "inner", "create", "route", "on_handshake", "empty"];
        let mut places = steps.iter().map(|step| order.iter().position(|known| known == step).unwrap());
        let mut last = None;
        assert!(places.all(|place| last.replace(place) < Some(place)), "{path}: {all:?}");
        match seen {
            None => assert!(all.is_empty() || path == "/both/300", "{path}: {all:?}"),
            Some(seen) => {
                assert_eq!(all.iter().rfind(|line| *line != "empty").unwrap(), seen, "{path}: {all:?}")
            }
        }
    }
    // All are well.
    let mut ann = server.connect("/both/1/side/a?name=ann").await?;
    assert_eq!(ann.utf8().await?, "1 a Some(\"ann\")");
    assert_eq!(
        taken(&lines),
        ["server", "outer 1 /both/1/side/a true", "inner 1 a", "create 1 a", "route 1 a", "on_handshake"]
    );
    // Two of its rooms at most: those who ask for others get no room.
    let mut bob = server.connect("/both/1/side/b").await?;
    assert_eq!(bob.utf8().await?, "1 b None");
    let refused = server.connect("/both/1/side/c").await.unwrap_err();
    assert_eq!((refused.status(), refused.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    Ok(())
}

/// What the server refuses by itself goes before the path, and the path before the origin.
#[tokio::test]
async fn limits_go_before_hosts_and_those_before_the_path_the_origin_and_all_handlers() -> Result {
    let lines = Lines::default();
    let server = arcade::server().state(arcade::Log { lines: Arc::clone(&lines) });
    let server = server.hosts(["localhost"]).max_connections_per_ip(1).health("/healthz").bind().await?;
    // Each row puts one thing right that is wrong in the rows before.
    let rows = [
        (429, "127.0.0.2", "GET /nowhere?name=nobody", "evil.example", "Origin: https://evil.example\r\n"),
        (421, "127.0.0.3", "GET /nowhere?name=nobody", "evil.example", "Origin: https://evil.example\r\n"),
        (404, "127.0.0.4", "GET /nowhere?name=nobody", "localhost", "Origin: https://evil.example\r\n"),
        (403, "127.0.0.5", "GET /left?name=nobody", "localhost", "Origin: https://evil.example\r\n"),
        (401, "127.0.0.6", "GET /left?name=nobody", "localhost", ""),
    ];
    let handshake = |start: &str, host: &str, origin: &str| {
        let request = HANDSHAKE.replacen("GET /", start, 1);
        request.replacen("localhost\r\n", &format!("{host}\r\n{origin}"), 1)
    };
    let silent = knock_from(&server, "127.0.0.2").await;
    for (status, from, start, host, origin) in rows {
        assert_eq!(taken(&lines), [""; 0], "before {status}");
        let request = handshake(start, host, origin);
        let head = ask(&mut knock_from(&server, from).await, request.as_bytes(), Cut::Whole).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{head}");
    }
    assert_eq!(taken(&lines), ["server"]);
    // A probe is answered where all else is refused.
    let probe = b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    let head = ask(&mut knock_from(&server, "127.0.0.2").await, probe, Cut::Whole).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    drop(silent);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_and_a_handshake_are_told_apart_by_path_and_method() -> Result {
    let (server, lines) = arcade().await;
    for (method, path, status) in [
        ("GET", "/page", 200),
        ("HEAD", "/page", 200),
        ("POST", "/page", 405),
        ("OPTIONS", "/page", 405),
        ("GET", "/both/1", 200),
        ("HEAD", "/both/1", 200),
        ("GET", "/both/01", 404),
        ("GET", "/both/256", 404),
        ("GET", "/both/-1", 404),
        ("POST", "/both/1", 405),
        ("GET", "/both/1/side/x", 426),
        ("HEAD", "/left", 426),
        ("POST", "/left", 426),
        ("OPTIONS", "/left", 426),
        ("OPTIONS", "*", 404),
        ("GET", "/left/", 404),
        ("GET", "//left", 404),
        ("GET", "/./left", 404),
        ("GET", "/left/../left", 404),
        ("GET", "/left;x", 404),
        ("GET", "/Left", 404),
        ("GET", "/%6Ceft", 404),
        ("GET", "/files/", 404),
        ("GET", "/files/%FF", 404),
        ("GET", "/files/a", 426),
        ("GET", "http://localhost/page", 200),
    ] {
        let answer = server.request(method, path).await?;
        assert_eq!(answer.status(), status, "{method} {path}");
        if status == 426 {
            assert_eq!(answer.headers()["upgrade"], "websocket", "{method} {path}");
        }
    }
    assert_eq!(server.connect("/page").await.unwrap_err().status(), 404);
    assert_eq!(taken(&lines), [""; 0]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn all_spellings_of_a_rest_are_one_room() -> Result {
    let (server, _lines) = arcade().await;
    let long = "x".repeat(3000);
    for (path, room) in [
        ("/files/a/b", "/files/a/b"),
        ("/files/a%2Fb", "/files/a/b"),
        ("/files/a%2fb", "/files/a/b"),
        ("/files/%61/b", "/files/a/b"),
        ("/files/a//b", "/files/a//b"),
        ("/files/../b", "/files/../b"),
        ("/files/%00", "/files/%00"),
        ("/files/%zz", "/files/%25zz"),
        ("/files/%25zz", "/files/%25zz"),
        ("/files/%C3%A9", "/files/%C3%A9"),
        ("/files/e%CC%81", "/files/e%CC%81"),
        ("/files/a;b=c", "/files/a%3Bb%3Dc"),
        ("/files/a%3Bb=c", "/files/a%3Bb%3Dc"),
        (&format!("/files/{long}"), &format!("/files/{long}")),
    ] {
        assert_eq!(server.connect(path).await?.utf8().await?, room, "{path}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_push_of_a_route_reaches_no_other_by_any_way() -> Result {
    let (server, _lines) = arcade().await;
    let (mut left, mut bob, mut right) =
        (server.connect("/left").await?, server.connect("/left").await?, server.connect("/right").await?);
    let errors: Vec<String> = left.call("send", ()).await?;
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("another route"), "{errors:?}");
    assert_eq!(errors[1], "2 2 1 2");
    for (client, numbers) in [(&mut left, vec![1, 2, 3]), (&mut bob, vec![1, 2, 3, 4])] {
        for number in numbers {
            assert_eq!(client.expect::<Value>("of_left").await?, json!({"n": number}));
        }
        assert_eq!(client.expect::<Value>("to_all").await?, json!({"text": "all"}));
        client.expect_nothing().await?;
    }
    right.expect_nothing().await?;

    let id = left.begin("ask", ()).await?;
    let asked: (u64, Value) = {
        let question = bob.question::<Value>("asked").await?;
        (question.0, question.1)
    };
    bob.answer(asked.0, 7).await?;
    let answers: Vec<String> = left.reply(id).await?;
    assert_eq!(answers[0], "7");
    assert!(answers[1].contains("another route"), "{answers:?}");
    right.expect_nothing().await?;

    assert_eq!(left.stream::<u8>("items", ()).await?.all().await?, [1, 2]);
    left.send_binary(&b"x"[..]).await?;
    assert_eq!(left.binary().await?, "x");
    left.call::<()>("replace", ()).await?;
    left.send_utf8(r#"{"t":"send"}"#).await?;
    assert_eq!(left.utf8().await?, r#"replaced: {"t":"send"}"#);
    left.send_binary(&b"y"[..]).await?;
    assert_eq!(left.closed().await?.code, 1008, "the rate of binary messages");
    Ok(())
}

/// Rooms whose rules are known only when the server starts.
#[ws_server(listen = "127.0.0.1:0")]
mod wrong_rules {
    use super::*;

    #[route("/hall/{id}")]
    mod hall {
        use super::*;

        #[room(open, keep = f64::NAN, max_rooms = usize::MIN)]
        #[derive(Default)]
        struct Hall;
    }

    #[route("/table/{id}")]
    mod table {
        use super::*;

        #[room(open, keep = std::time::Duration::from_secs(u64::MAX), max_rooms = usize::MAX)]
        #[derive(Default)]
        struct Table;
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod wrong_rule {
    use super::*;

    #[room(open, keep = -f64::from(1))]
    #[derive(Default)]
    struct Hall;
}

#[tokio::test(start_paused = true)]
async fn rules_of_rooms_that_are_out_of_bounds_are_errors_of_bind() {
    let error = format!("{:?}", wrong_rules::server().bind().await.unwrap_err());
    let problems = [
        "3 things keep the server from starting",
        "wrong `#[room(…)]` of `/hall/{id}` (tests/tests/odd_routes.rs:",
        "`keep` must be 0, or from 0.001 to 31536000 seconds, not NaN",
        "wrong `#[room(…)]` of `/hall/{id}` (tests/tests/odd_routes.rs:",
        "`max_rooms` must be at least 1",
        "wrong `#[room(…)]` of `/table/{id}` (tests/tests/odd_routes.rs:",
        "not 18446744073709552000",
    ];
    let mut left = &*error;
    for problem in problems {
        left = left.split_once(problem).unwrap_or_else(|| panic!("{problem}: {error}")).1;
    }
    let error = wrong_rule::server().bind().await.unwrap_err().to_string();
    assert_eq!(error, "wrong `#[room(…)]`: `keep` must be 0, or from 0.001 to 31536000 seconds, not -1");
}
