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
