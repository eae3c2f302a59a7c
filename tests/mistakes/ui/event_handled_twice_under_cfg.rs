// "These are different conditions."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod chat {
    use super::*;

    #[cfg(unix)]
    #[on(utf8)]
    fn said(text: &str) -> &str {
        text
    }

    #[cfg(any(target_os = "linux", unix))]
    #[on(utf8)]
    fn heard(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
