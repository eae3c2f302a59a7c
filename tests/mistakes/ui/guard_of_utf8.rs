// "Every message can be guarded."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        admin: bool,
    }

    fn admin(guest: &Guest) -> Result<(), Reject> {
        if guest.admin { Ok(()) } else { Err(Reject::forbidden()) }
    }


    #[on(utf8, guard = admin)]
    fn said(text: &str) -> String {
        text.to_owned()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
