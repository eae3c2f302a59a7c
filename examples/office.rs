//! An office: several routes in one server, which share an identity and plain HTTP.
//!
//! ```text
//! cargo run --example office
//! ```
//!
//! Connect to a chat with a token,
//! `wscat -c ws://localhost:8080/chat/kitchen -H "Authorization: Bearer token-of-ann"`, and send
//! `{"type":"say","id":1,"data":"hello"}`. The token `token-of-root` also opens `/admin` and `/admin/user/ann`.

// ANCHOR: office
use serde::Serialize;
use ws_runtime::CloseError;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod office {
    use super::*;

    #[identity(key = name)]
    struct User {
        name: String,
    }

    /// A push of the server, for connections of any route.
    #[push]
    #[derive(Serialize)]
    struct Notice<'a> {
        text: &'a str,
    }

    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Result<Option<User>, Reject> {
        let Some(Bearer(token)) = token else { return Ok(None) };
        let name = token.strip_prefix("token-of-").ok_or_else(Reject::forbidden)?;
        Ok(Some(User { name: name.to_owned() }))
    }

    fn signed_in(user: Option<&User>) -> Result<(), Reject> {
        user.map(|_| ()).ok_or_else(Reject::unauthorized)
    }

    fn admin(user: &User) -> Result<(), Reject> {
        if user.name == "root" { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[get("/health")]
    fn health() -> &'static str {
        "ok"
    }

    #[route("/echo")]
    mod echo {
        use super::*;

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[route("/chat/{name}", guard = signed_in, max_recv_size = 4096)]
    mod chat {
        use super::*;

        #[push]
        #[derive(Serialize)]
        struct Said<'a> {
            by: &'a str,
            text: &'a str,
        }

        #[on("say", rate = 5)]
        fn say(Json(text): Json<String>, user: &User, room: &Room) -> usize {
            room.broadcast(Said { by: &user.name, text: &text })
        }
    }

    #[route("/admin", guard = admin)]
    mod admin_desk {
        use super::*;

        #[on("count")]
        fn count(server: &Server) -> usize {
            server.connections().len()
        }

        /// Its path is `/admin/user/{name}`, and the guard of `/admin` holds here too.
        #[route("/user/{name}")]
        mod user {
            use super::*;

            #[session]
            struct Subject {
                name: String,
            }

            #[on(handshake)]
            fn open(Path(name): Path<String>) -> Subject {
                Subject { name }
            }

            #[on("tell")]
            fn tell(Json(text): Json<String>, subject: &Subject, server: &Server) -> usize {
                server.connections_of_key(&subject.name).broadcast(Notice { text: &text })
            }

            #[on("kick")]
            fn kick(subject: &Subject, server: &Server) -> Result<usize, CloseError> {
                let connections = server.connections_of_key(&subject.name);
                connections.disconnect(4403, "kicked")?;
                Ok(connections.len())
            }
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    office::server().start()
}
// ANCHOR_END: office

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("routes.md", "office", &office::server().test().await?).await
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_enter_what() -> ws_runtime::test::Result {
        let server = office::server().test().await?;
        for (path, token, status) in [
            ("/", "token-of-ann", 404),
            ("/chat", "token-of-ann", 404),
            ("/chat/kitchen/", "token-of-ann", 404),
            ("/nowhere", "stolen", 404),
            ("/echo", "stolen", 403),
            ("/admin", "token-of-ann", 403),
            ("/admin/user/ann", "token-of-ann", 403),
        ] {
            let refused = server.connect(path).bearer(token).await.unwrap_err();
            assert_eq!(refused.status(), status, "{path}");
        }
        assert_eq!(server.connect("/chat/kitchen").await.unwrap_err().status(), 401);
        assert_eq!(server.get("/health").await?.status(), 200);
        assert_eq!(server.get("/echo").await?.status(), 426);
        assert_eq!(server.get("/nowhere").await?.status(), 404);
        Ok(())
    }
}
