//! Accounts: sign in by a code that is mailed to you, post, and be banned by the moderator.
//!
//! ```text
//! cargo run --example accounts
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080`), and send
//! `{"type":"sign_in","id":1,"data":"ann@example.org"}`. The server prints the code that it would mail: send
//! `{"type":"code","id":2,"data":"…"}`, and then `{"type":"post","id":3,"data":"hello"}`.

#[cfg(test)]
mod tests;

// ANCHOR: accounts
use std::collections::{HashMap, HashSet};

use serde::Serialize;
use ws_runtime::CloseError;
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod accounts {
    use super::*;

    /// Who has signed in, on which connections, and who must not.
    #[state]
    #[derive(Default)]
    struct Accounts {
        moderator: Option<String>,
        members: Group,
        devices: HashMap<String, Group>,
        banned: HashSet<String>,
    }

    /// Delivers a code to an address. A test gives another one.
    #[state]
    pub struct Mail(pub Deliver);

    type Deliver = Box<dyn Fn(&str, &str) + Send + Sync>;

    /// What a connection may do. It begins as a guest.
    #[session]
    #[derive(Default)]
    enum Peer {
        #[default]
        #[reject(401, "sign in first")]
        Guest,
        #[reject(401, "send the code that was mailed to you")]
        Mailed(Mailed),
        Member(Member),
    }

    struct Mailed {
        address: String,
        code: String,
    }

    struct Member {
        address: String,
        moderates: bool,
    }

    #[derive(Reject)]
    enum SignInError {
        #[reject(400, "{0:?} is no mail address")]
        NoAddress(String),
        #[reject(409)]
        AlreadySignedIn,
        #[reject(409, "no code was mailed to you")]
        NotMailed,
        #[reject(401, "this is not the code that was mailed to you")]
        WrongCode,
        #[reject(403, "this account is banned")]
        Banned,
    }

    #[push]
    #[derive(Serialize)]
    struct Joined<'a> {
        who: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Posted<'a> {
        by: &'a str,
        text: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Left<'a> {
        who: &'a str,
    }

    #[on("sign_in", rate = (3, 60))]
    fn sign_in(Json(address): Json<String>, peer: &mut Peer, mail: &Mail) -> Result<(), SignInError> {
        if let Peer::Member(_) = peer {
            return Err(SignInError::AlreadySignedIn);
        }
        if !address.contains('@') {
            return Err(SignInError::NoAddress(address));
        }
        let code = format!("{:06}", rand::random_range(0..1_000_000));
        mail.0(&address, &code);
        *peer = Peer::Mailed(Mailed { address, code });
        Ok(())
    }

    /// Five guesses a minute.
    #[on("code", rate = (5, 60))]
    fn code(
        Json(code): Json<String>,
        peer: &mut Peer,
        accounts: &mut Accounts,
        conn: &Conn,
    ) -> Result<(), SignInError> {
        let Peer::Mailed(mailed) = peer else { return Err(SignInError::NotMailed) };
        if mailed.code != code {
            return Err(SignInError::WrongCode);
        }
        let address = mailed.address.clone();
        if accounts.banned.contains(&address) {
            return Err(SignInError::Banned);
        }
        accounts.members.broadcast(Joined { who: &address });
        accounts.members.insert(conn);
        accounts.devices.entry(address.clone()).or_default().insert(conn);
        // The first who comes.
        let moderates = *accounts.moderator.get_or_insert_with(|| address.clone()) == address;
        *peer = Peer::Member(Member { address, moderates });
        Ok(())
    }

    #[on("post", rate = 5)]
    fn post(Json(text): Json<String>, member: &Member, accounts: &Accounts) -> usize {
        accounts.members.broadcast(Posted { by: &member.address, text: &text })
    }

    fn moderator(member: &Member) -> Result<(), Reject> {
        if member.moderates { Ok(()) } else { Err(Reject::forbidden().text("only the moderator may")) }
    }

    /// Ends all connections of an account, and says how many there were.
    #[on("ban", guard = moderator)]
    fn ban(Json(address): Json<String>, accounts: &mut Accounts) -> Result<usize, CloseError> {
        let devices = accounts.devices.remove(&address).unwrap_or_default().connections();
        accounts.banned.insert(address);
        devices.disconnect(4403, "banned")?;
        Ok(devices.len())
    }

    /// Runs for members alone: nobody has met the others.
    #[on(disconnect)]
    fn leave(member: &Member, accounts: &Accounts) {
        accounts.members.broadcast(Left { who: &member.address });
    }

    impl Default for Mail {
        fn default() -> Self {
            Self(Box::new(|address, code| println!("to {address}: your code is {code}")))
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    accounts::server().start()
}
// ANCHOR_END: accounts
