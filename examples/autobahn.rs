//! The server that the Autobahn suite is run against: sends back texts and binaries, of the sizes that the suite sends.
//!
//! ```text
//! cargo run --example autobahn
//! cargo run --example autobahn tls
//! ```
//!
//! With `tls` it speaks TLS, with a certificate that is made at start. `tests/autobahn/run` does the rest.

use std::error::Error;

use ws_runtime::Tls;
use ws_runtime::prelude::*;

// Messages and frames of 16 MiB: section 9. The outbox grows with `max_send_size`.
// 65,536 fragments of one message: case 9.3.1.
// Compression in each way that a client may ask for, of small messages too: sections 12 and 13.
#[ws_server(
    listen = 9001,
    max_recv_size = 16 << 20,
    max_send_size = 16 << 20,
    max_fragments = 70_000,
    compression = "context_takeover",
    compression_min_size = 0
)]
mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn data(data: Bytes) -> Bytes {
        data
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = echo::server();
    match std::env::args().nth(1).as_deref() {
        None => server.start()?,
        Some("tls") => {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
            server.tls(Tls::pem(made.cert.pem(), made.signing_key.serialize_pem())).start()?;
        }
        Some(other) => return Err(format!("{other:?}: `tls` or nothing").into()),
    }
    Ok(())
}
