//! Which connections a server lists: those that are ready, and no others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0")]
mod listed {
    use super::*;

    #[state]
    pub struct Diary(pub mpsc::UnboundedSender<String>);

    impl Diary {
        fn note(&self, moment: &str, conn: &Conn) {
            let server = conn.server();
            let is_listed = server.connections().contains(conn);
            let reached = server.broadcast_utf8("");
            let _ = self.0.send(format!("{moment}: {} {is_listed} {reached}", conn.is_ready()));
        }
    }

    #[on(connect)]
    fn connect(conn: &Conn, diary: &Diary) {
        diary.note("connect", conn);
    }

    #[on(ready)]
    fn ready(conn: &Conn, diary: &Diary) {
        diary.note("ready", conn);
    }

    #[on(utf8)]
    fn end(text: &str, conn: &Conn, server: &Server, diary: &Diary) -> Result<(), String> {
        diary.note(text, conn);
        match text {
            "close" => conn.disconnect(4000, "").map_err(|error| error.to_string())?,
            _ => server.disconnect(conn),
        }
        diary.note("told", conn);
        Ok(())
    }

    #[on(disconnect)]
    fn disconnect(conn: &Conn, diary: &Diary) {
        diary.note("disconnect", conn);
    }
}

#[tokio::test]
async fn a_connection_is_listed_exactly_while_it_is_ready() {
    for end in ["close", "cut"] {
        let (diary, mut lines) = mpsc::unbounded_channel();
        let running = listed::server().state(listed::Diary(diary)).bind().await.unwrap();
        let mut client = Client::connect(&running).await;
        client.send(end).await;
        for line in [
            "connect: false false 0",
            "ready: true true 1",
            &format!("{end}: true true 1"),
            "told: false false 0",
            "disconnect: false false 0",
        ] {
            assert_eq!(lines.recv().await.unwrap(), line);
        }
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod helped {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// A handle of a server may be sent to threads that know nothing of tokio.
#[tokio::test]
async fn ticks_and_watches_are_added_from_any_thread() {
    let running = helped::server().bind().await.unwrap();
    let calls = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let (server, seen) = (running.server().clone(), Arc::clone(&calls));
    let add = std::thread::spawn(move || {
        let ticks = Arc::clone(&seen);
        let tick = move |_: &Server| {
            ticks[0].fetch_add(1, Ordering::Relaxed);
        };
        server.on_tick(0.001, tick).unwrap();
        #[cfg(unix)]
        server
            .watch_writable(std::os::unix::net::UnixDatagram::unbound().unwrap(), move |server, socket| {
                seen[1].fetch_add(1, Ordering::Relaxed);
                let _ = server.unwatch_writable(&*socket);
            })
            .unwrap();
        #[cfg(not(unix))]
        seen[1].fetch_add(1, Ordering::Relaxed);
    });
    add.join().unwrap();
    while calls.iter().any(|calls| calls.load(Ordering::Relaxed) == 0) {
        tokio::task::yield_now().await;
    }
}
