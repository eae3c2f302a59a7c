// The runtime may go by another name.
#![deny(warnings)]

mod deeper {
    pub use ws_runtime as sockets;
}

#[ws_runtime::ws_server(listen = 8080, origins = same, crate = crate::deeper::sockets)]
mod chat {
    use crate::deeper::sockets::{Conn, on, push, session};

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u64,
    }

    #[push]
    #[derive(serde::Serialize)]
    enum Moved {
        Up,
    }

    #[on("up")]
    fn up(conn: &Conn) {
        let _ = conn.send(Moved::Up);
    }

    #[on(utf8)]
    fn said(conn: &Conn, guest: &mut Guest) -> String {
        guest.said += 1;
        format!("{} {}", conn.peer(), guest.said)
    }

    #[ws_runtime::on(shutdown)]
    fn stop() {}

    #[crate::deeper::sockets::tick(period = 1)]
    fn clock() {}
}

fn main() {
    let _ = chat::server();
}
