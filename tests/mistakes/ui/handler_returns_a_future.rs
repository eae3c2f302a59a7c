// "An `async fn` is only another way to write this."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[on(utf8)]
    fn said(text: &str) -> impl Future<Output = String> {
        std::future::ready(text.to_owned())
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
