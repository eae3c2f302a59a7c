// "Some of them must, the others may."

use ws_runtime::prelude::*;

#[ws_server(listen = 8080, tls(cert = "cert.pem", key = "key.pem", client_ca = "a.pem", optional_client_ca = "b.pem"))]
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
