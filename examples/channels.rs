//! Channels: who a peer is, groups of peers, and messages to one person on all devices.
//!
//! ```text
//! cargo run --example channels
//! ```
//!
//! Connect with a token: `new WebSocket("ws://localhost:8080", ["bearer", btoa("token-of-ann").replace(/=/g, "")])`
//! in the console of <http://localhost:8080>, or
//! `wscat -c ws://localhost:8080 -H "Authorization: Bearer token-of-ann"`.

// ANCHOR: channels
use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod channels {
    use super::*;

    /// Who a peer is: made by the handshake, and the same until the connection ends.
    #[identity(key = name)]
    struct User {
        name: String,
    }

    /// The channels, and the connections that follow each.
    #[state]
    struct Channels(HashMap<&'static str, Group>);

    #[push]
    #[derive(Serialize)]
    struct Said<'a> {
        by: &'a str,
        text: &'a str,
    }

    /// Reads only, if there is no token. A token is good for an hour.
    #[on(handshake)]
    fn who(token: Option<Bearer>, handshake: &Handshake) -> Result<Option<User>, Reject> {
        let Some(Bearer(token)) = token else { return Ok(None) };
        let name = token.strip_prefix("token-of-").ok_or_else(Reject::forbidden)?.to_owned();
        handshake.expires(Duration::from_secs(3600));
        Ok(Some(User { name }))
    }

    #[on("follow")]
    fn follow(Json(channel): Json<String>, conn: &Conn, channels: &Channels) -> Result<usize, Reject> {
        let followers = channels.find(&channel)?;
        followers.insert(conn);
        Ok(followers.len())
    }

    #[on("say")]
    fn say(
        Json((channel, text)): Json<(String, String)>,
        user: &User,
        channels: &Channels,
    ) -> Result<usize, Reject> {
        Ok(channels.find(&channel)?.broadcast(Said { by: &user.name, text: &text }))
    }

    #[on("tell")]
    fn tell(Json((name, text)): Json<(String, String)>, user: &User, server: &Server) -> usize {
        server.connections_of_key(&name).broadcast(Said { by: &user.name, text: &text })
    }

    impl Default for Channels {
        fn default() -> Self {
            Self(["cats", "dogs"].map(|name| (name, Group::new())).into())
        }
    }

    impl Channels {
        fn find(&self, name: &str) -> Result<&Group, Reject> {
            self.0.get(name).ok_or_else(|| Reject::not_found().text(format!("there is no channel {name:?}")))
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    channels::server().start()
}
// ANCHOR_END: channels

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("who-the-peer-is.md", "channels", &channels::server().test().await?).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_good_for_an_hour() -> ws_runtime::test::Result {
        let server = channels::server().silence_max(0).test().await?;
        let mut ann = server.connect("/").bearer("token-of-ann").await?;
        server.advance(3599).await;
        ann.expect_nothing().await?;
        server.advance(1).await;
        assert_eq!(ann.closed().await?.code, 4401);
        assert_eq!(server.connect("/").bearer("found").await.unwrap_err().status(), 403);
        Ok(())
    }
}
