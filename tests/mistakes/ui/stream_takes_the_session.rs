// "A stream may look at the session."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[session]
    #[derive(Default)]
    struct Guest {
        said: u32,
    }

    #[on("count")]
    fn count(guest: &Guest) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..guest.said)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
