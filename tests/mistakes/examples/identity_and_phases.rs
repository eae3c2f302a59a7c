//! An identity, a session with phases and groups, for a user who denies all that can be denied.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, rust_2018_idioms, single_use_lifetimes, unused_lifetimes)]
#![deny(trivial_casts, elided_lifetimes_in_paths, unused_qualifications)]

use ws_runtime::prelude::*;

/// A game.
#[ws_server(listen = 8080)]
pub mod game {
    use super::*;

    #[identity(key = id)]
    #[derive(Debug)]
    struct User {
        id: u64,
    }

    #[session]
    #[derive(Debug)]
    enum Peer {
        /// Nobody yet.
        #[reject(401, "sign in first")]
        Guest,
        #[reject(STATUS)]
        Player(Player),
        Moderator(Box<Player>),
        #[cfg(windows)]
        Gone(NoSuchType),
        Waiting {
            since: u64,
        },
        Pair(Player, Named<u8>),
        Named(Named<u8>),
    }

    const STATUS: u16 = 409;

    #[derive(Debug, Default)]
    struct Player {
        moves: u64,
    }

    #[derive(Debug, Default)]
    struct Named<T>(T);

    #[state]
    #[derive(Debug, Default)]
    struct Tables {
        all: Group,
    }

    #[on(handshake)]
    fn who(request: &Handshake) -> Result<(Peer, Option<User>), Reject> {
        let id =
            request.query_param("id").map(|id| id.parse()).transpose().map_err(|_| Reject::bad_request())?;
        let peer = match id {
            None => Peer::Guest,
            Some(0) => Peer::Waiting { since: 1 },
            Some(1) => Peer::Pair(Player::default(), Named(1)),
            Some(2) => Peer::Named(Named(2)),
            Some(3) => Peer::Moderator(Box::default()),
            Some(_) => Peer::Player(Player::default()),
        };
        Ok((peer, id.map(|id| User { id })))
    }

    #[on(ready)]
    fn hello(user: Option<&User>, conn: &Conn, tables: &Tables) -> Option<String> {
        let _ = tables.all.insert(conn);
        user.map(|user| user.id.to_string())
    }

    #[on("move", guard = may_move)]
    fn play(player: &mut Player, user: &User, server: &Server) -> u64 {
        player.moves += 1;
        let _ = server.connections_of_key(&user.id).broadcast_utf8("moved");
        player.moves
    }

    fn may_move(player: &Player) -> Result<(), Reject> {
        if player.moves < 10 { Ok(()) } else { Err(Reject::forbidden()) }
    }

    #[on("name")]
    async fn name(named: Option<&Named<u8>>) -> Option<u8> {
        named.map(|named| named.0)
    }

    #[on("since")]
    fn since(peer: &mut Peer) -> u64 {
        match peer {
            Peer::Waiting { since } => *since,
            Peer::Pair(player, _) => player.moves,
            _ => 0,
        }
    }

    #[on(disconnect)]
    fn bye(player: Player, user: &User, close: &Close) {
        assert!(player.moves < user.id || close.code() == 1000);
    }
}

fn main() {
    let _ = game::server();
}
