//! Polls: a server whose route stands in a file of its own.
//!
//! ```text
//! cargo run --example poll
//! ```
//!
//! Connect with `wscat -c ws://localhost:8080/poll/lunch -H "Authorization: Bearer token-of-ann"`, and send
//! `{"type":"vote","id":1,"data":true}`. `curl http://localhost:8080/count` says how many votes there were.

mod poll;
#[cfg(test)]
mod tests;

// ANCHOR: main
use ws_runtime::prelude::*;

#[ws_server(listen = 8080, routes = [crate::poll::route])]
mod server {
    use super::*;

    /// A route in another file takes it by `&mut`, which cannot be seen from here.
    #[state(lock)]
    #[derive(Default)]
    pub struct Tally {
        pub(crate) votes: u64,
    }

    #[identity]
    pub struct User {
        pub name: String,
    }

    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Result<Option<User>, Reject> {
        let Some(Bearer(token)) = token else { return Ok(None) };
        let name = token.strip_prefix("token-of-").ok_or_else(Reject::forbidden)?;
        Ok(Some(User { name: name.to_owned() }))
    }

    #[get("/count")]
    fn count(tally: &Tally) -> String {
        format!("{} votes\n", tally.votes)
    }
}

fn main() -> ws_runtime::Result<()> {
    server::server().start()
}
// ANCHOR_END: main
