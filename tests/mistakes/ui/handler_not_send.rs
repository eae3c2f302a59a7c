// "Everything stays on one thread."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    use std::rc::Rc;

    #[on(utf8)]
    async fn said(text: &str) -> String {
        let text = Rc::new(text.to_owned());
        std::future::ready(()).await;
        text.to_string()
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
