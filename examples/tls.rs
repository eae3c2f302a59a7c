//! An echo over TLS, with a certificate that is made at start.
//!
//! ```text
//! cargo run --example tls
//! ```
//!
//! It prints where the certificate is. With Python's `websockets`:
//! `connect("wss://localhost:8443", ssl=ssl.create_default_context(cafile="…/certificate.pem"))`.

// ANCHOR: tls
use std::error::Error;

use ws_runtime::Tls;
use ws_runtime::prelude::*;

#[ws_server(listen = 8443)]
mod echo {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // A real server names its files in the attribute: `tls(cert = "certificate.pem", key = "key.pem")`.
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.pem();
    let path = std::env::temp_dir().join("certificate.pem");
    std::fs::write(&path, &certificate)?;
    println!("the certificate to trust: {}", path.display());

    echo::server().tls(Tls::pem(certificate, made.signing_key.serialize_pem())).start()?;
    Ok(())
}
// ANCHOR_END: tls
