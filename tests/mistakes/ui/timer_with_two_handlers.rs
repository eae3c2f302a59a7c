// "Two functions run when the timer is due."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        idle: Timer,
    }

    #[on(ready)]
    fn begin(guest: &mut Guest) {
        guest.idle.start(60);
    }

    #[timer(idle)]
    fn warn(conn: &Conn) {
        println!("{} is idle", conn.id());
    }

    #[timer(idle)]
    fn close(conn: &Conn) {
        println!("{} was idle", conn.id());
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
