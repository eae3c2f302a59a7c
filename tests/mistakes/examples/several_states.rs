// Any number of states: public and private, locked and shared, under conditions, two of one name.
#![deny(warnings)]
#![deny(clippy::pedantic)]
#![allow(clippy::elidable_lifetime_names, clippy::needless_pass_by_value, clippy::unused_async)]

use ws_runtime::event::{FromContext, WithState};
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[state]
    pub struct Pool {
        name: String,
    }

    impl Pool {
        pub fn new() -> Self {
            Self { name: "pool".to_owned() }
        }
    }

    #[state]
    #[derive(Default)]
    struct Lobby {
        greeted: u64,
    }

    #[cfg(unix)]
    #[state]
    #[derive(Default)]
    pub struct Bans {
        count: u64,
    }

    #[cfg(not(unix))]
    #[state]
    #[derive(Default)]
    pub struct Bans {
        count: u32,
    }

    #[cfg(windows)]
    #[state]
    pub struct Registry(NoSuchType);

    type Room = Lobby;

    pub struct Counted(pub u64);

    impl<'a, C: WithState<Lobby> + WithState<Pool>> FromContext<'a, C> for Counted {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let length = context.with_state(|pool: &Pool| pool.name.len() as u64);
            Ok(Counted(length + context.with_state(|lobby: &Lobby| lobby.greeted)))
        }
    }

    pub struct Named<'a>(pub &'a str);

    impl<'a, C> FromContext<'a, C> for Named<'a>
    where
        &'a Pool: FromContext<'a, C>,
    {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let pool = <&Pool>::from_context(context)?;
            Ok(Named(&pool.name))
        }
    }

    #[on(ready)]
    fn hello(bans: &mut Bans, pool: &Pool, room: &mut Room, counted: Counted) -> String {
        room.greeted += 1;
        bans.count += 1;
        format!("{} {}", pool.name, counted.0)
    }

    #[on(utf8)]
    async fn said(text: &str, pool: &Pool, named: Named<'_>) -> String {
        format!("{text} {} {}", pool.name, named.0)
    }

    #[on(binary)]
    fn only(pool: &Pool, #[cfg(unix)] bans: &Bans) -> &'static [u8] {
        #[cfg(unix)]
        assert_eq!(bans.count, 0);
        assert_eq!(pool.name, "pool");
        b"ok"
    }

    #[tick(period = 1)]
    fn tick(#[cfg(unix)] bans: &mut Bans, lobby: &Lobby) {
        #[cfg(unix)]
        {
            bans.count += lobby.greeted;
        }
    }
}

fn main() {
    let _ = chat::server().state(chat::Bans::default()).state(chat::Pool::new());
}
