// "A stream is limited by `concurrent`."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on("count", concurrent = 4)]
    fn count() -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..3)
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
