//! Words in place of lists and addresses, as the table of options has them.
#![deny(warnings)]

use ws_runtime::prelude::*;

#[ws_server(
    metrics_listen = "none",
    health = "none",
    readiness = "none",
    origins = any,
    hosts = auto,
    trusted_proxies = none,
    proxy_protocol = any
)]
mod server {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() {
    let _ = server::server();
}
