// "A timer belongs to a user."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[identity]
    struct User {
        idle: Timer,
    }

    #[on(handshake)]
    fn admit() -> User {
        User { idle: Timer::default() }
    }

    #[timer(idle)]
    fn idle(user: &User, conn: &Conn) {
        if !user.idle.is_running() {
            let _ = conn.disconnect(4000, "idle");
        }
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
