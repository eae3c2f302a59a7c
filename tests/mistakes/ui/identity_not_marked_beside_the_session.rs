// "The handshake returns both." `#[identity]` is missing.

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    struct Seat {
        path: String,
    }

    struct User {
        name: String,
    }

    #[on(handshake)]
    fn admit(request: &Handshake) -> Result<(Seat, User), Reject> {
        let user = User { name: "anna".to_owned() };
        Ok((Seat { path: request.path().to_owned() }, user))
    }

    #[on(utf8)]
    fn said(text: &str, seat: &Seat, user: &User) -> String {
        format!("{} {}: {text}", seat.path, user.name)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
