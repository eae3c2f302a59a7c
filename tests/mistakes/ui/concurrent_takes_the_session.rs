// "The session is there as everywhere."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u32,
    }

    #[on("say", concurrent = 4)]
    async fn say(Json(text): Json<String>, guest: &mut Guest) -> String {
        guest.said += 1;
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
