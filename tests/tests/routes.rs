//! Routes: which module serves which path, and in which order a handshake is refused.

use serde::Serialize;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

#[ws_server(listen = "127.0.0.1:0")]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    struct Log {
        lines: Vec<String>,
    }

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(request: &Handshake, log: &mut Log) -> Option<User> {
        log.lines.push("server".to_owned());
        request.query_param("name").map(|name| User { name })
    }

    fn admin(user: &User, log: &mut Log) -> std::result::Result<(), Reject> {
        log.lines.push("guard".to_owned());
        if user.name == "ann" { Ok(()) } else { Err(Reject::forbidden().text("not you")) }
    }

    #[push]
    #[derive(Serialize)]
    struct ForAll {
        text: &'static str,
    }

    #[route("/left")]
    mod left {
        use super::*;

        #[push]
        #[derive(Serialize)]
        pub(super) struct OfLeft {
            text: &'static str,
        }

        #[on("all")]
        fn all(server: &Server) -> usize {
            server.broadcast(ForAll { text: "all" })
        }

        #[on("left")]
        fn left(server: &Server) -> usize {
            server.connections_of(|_: &User| true).broadcast(OfLeft { text: "left" })
        }

        #[on("each")]
        fn each(server: &Server) -> Vec<String> {
            let send = |conn: Conn| conn.send(OfLeft { text: "one" }).err().map(|error| error.to_string());
            server.connections().into_iter().filter_map(send).collect()
        }
    }

    #[route("/right")]
    mod right {
        #[on("unused")]
        fn unused() {}
    }

    #[route("/echo")]
    mod echo {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/admin", guard = admin)]
    mod admin_area {
        use super::*;

        #[session]
        struct Seat {
            name: String,
        }

        #[push]
        #[derive(Serialize)]
        struct Hello<'a> {
            name: &'a str,
        }

        #[on(handshake)]
        fn sit(user: &User, log: &mut super::Log) -> Seat {
            log.lines.push("route".to_owned());
            Seat { name: user.name.clone() }
        }

        #[on(ready)]
        fn hello(seat: &Seat) -> Hello<'_> {
            Hello { name: &seat.name }
        }

        #[on("log", guard = admin)]
        fn log(log: &Log) -> Vec<String> {
            log.lines.clone()
        }

        #[route("/deep")]
        mod deep {
            use super::super::{Log, User};

            #[on(ready)]
            fn hello(user: &User, log: &Log) -> String {
                format!("{} {}", user.name, log.lines.join(" "))
            }
        }
    }

    #[cfg(any())]
    #[route("/gone")]
    mod gone {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

async fn server() -> TestServer {
    arcade::server().test().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_path_has_its_own_module() -> Result {
    let server = server().await;
    let mut echo = server.connect("/echo").await?;
    echo.send_utf8("hello").await?;
    assert_eq!(echo.utf8().await?, "hello");
    let mut admin = server.connect("/admin?name=ann").await?;
    let hello: serde_json::Value = admin.expect("hello").await?;
    assert_eq!(hello, serde_json::json!({"name": "ann"}));
    for missing in ["/", "/echo/", "/gone", "/admin/other"] {
        assert_eq!(server.connect(missing).await.unwrap_err().status(), 404, "{missing}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_handshake_passes_the_server_then_the_guards_then_the_route() -> Result {
    let server = server().await;
    assert_eq!(server.connect("/admin").await.unwrap_err().status(), 401);
    assert_eq!(server.connect("/admin?name=bob").await.unwrap_err().status(), 403);
    let mut ann = server.connect("/admin?name=ann").await?;
    let _: serde_json::Value = ann.expect("hello").await?;
    let lines: Vec<String> = ann.call("log", ()).await?;
    assert_eq!(lines, ["server", "server", "guard", "server", "guard", "route", "guard"]);
    let mut deep = server.connect("/admin/deep?name=ann").await?;
    let line = deep.utf8().await?;
    assert!(line.starts_with("ann ") && line.ends_with("server guard"), "{line}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_push_reaches_the_routes_that_it_is_for() -> Result {
    let server = server().await;
    let mut left = server.connect("/left?name=ann").await?;
    let mut right = server.connect("/right?name=bob").await?;
    let mut echo = server.connect("/echo?name=eve").await?;

    assert_eq!(left.call::<usize>("all", ()).await?, 2);
    for client in [&mut left, &mut right] {
        let pushed: serde_json::Value = client.expect("for_all").await?;
        assert_eq!(pushed, serde_json::json!({"text": "all"}));
    }
    assert_eq!(left.call::<usize>("left", ()).await?, 1, "only its own route takes it");
    let _: serde_json::Value = left.expect("of_left").await?;

    let errors: Vec<String> = left.call("each", ()).await?;
    let _: serde_json::Value = left.expect("of_left").await?;
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("`of_left`: it belongs to another route"), "{errors:?}");
    assert!(errors[1].contains("takes no named messages"), "{errors:?}");
    right.expect_nothing().await?;
    echo.expect_nothing().await?;
    Ok(())
}
