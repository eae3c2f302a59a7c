//! A user who denies all that can be denied.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms,
    single_use_lifetimes
)]
#![deny(unused_lifetimes, unused_results, let_underscore_drop, trivial_casts, elided_lifetimes_in_paths)]

use serde::Serialize;
use ws_runtime::prelude::*;

/// A chat.
#[ws_server(
    listen = "127.0.0.1:0",
    max_send_size = 1024,
    tls(cert = "cert.pem", key = "key.pem"),
    env = "CHAT"
)]
pub mod chat {
    #![allow(clippy::module_name_repetitions)]

    use super::*;

    /// What all share.
    #[state]
    #[derive(Debug, Default)]
    pub struct Lobby {
        greeted: u64,
    }

    #[session]
    #[derive(Debug, Default)]
    struct Guest {
        name: String,
    }

    /// What is told to all.
    #[push]
    #[derive(Debug, Serialize)]
    pub struct Said<'a> {
        /// What was said.
        pub text: &'a str,
    }

    #[push("got", answer = Vec<u8>)]
    #[derive(Debug, Serialize)]
    struct Got<'a, T: Clone>
    where
        T: Copy,
    {
        values: &'a [T],
    }

    #[on("say")]
    async fn say(conn: &Conn, server: &Server) -> usize {
        let _sent = server.broadcast(Said { text: "hello" });
        conn.ask(Got { values: &[1] }).within(5).await.map_or(0, |answer| answer.len())
    }

    #[on(connect)]
    fn knock(conn: &Conn) {
        println!("{}", conn.peer());
    }

    /// Greets.
    #[on(ready)]
    #[must_use]
    pub fn hello(lobby: &mut Lobby) -> String {
        lobby.greeted += 1;
        lobby.greeted.to_string()
    }

    #[on(utf8)]
    async fn said(text: &str, guest: &mut Guest) {
        std::future::ready(()).await;
        text.clone_into(&mut guest.name);
    }

    #[on(disconnect)]
    fn bye(close: &Close, guest: &Guest) {
        println!("{} {}", close.code(), guest.name);
    }

    #[tick(period = std::time::Duration::from_millis(500))]
    fn clock(server: &Server) {
        let _sent = server.broadcast_utf8("now");
    }

    #[watch(readable = std::io::stdin())]
    fn typed(stdin: &mut std::io::Stdin) {
        println!("{stdin:?}");
    }
}

/// Only the macro's attributes come from the outside.
#[ws_server]
pub mod echo {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() {
    drop(chat::server());
    drop(echo::server());
}
