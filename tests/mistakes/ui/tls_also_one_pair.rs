// "One more certificate, so one pair."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, tls(cert = "cert.pem", key = "key.pem", also = ("b.pem", "b.key")))]
mod chat {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> ws_runtime::Result<()> {
    chat::server().start()
}
