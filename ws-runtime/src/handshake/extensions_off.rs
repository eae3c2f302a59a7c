//! Stands in for `extensions.rs` in a build without the feature `compression`: permessage-deflate is never agreed on.

use http::HeaderMap;
use http::header::HeaderValue;

use crate::wire::Agreement;

/// What the server could agree to.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "nothing is negotiated")]
pub(crate) struct Terms {
    pub(crate) context_takeover: bool,
    pub(crate) window_bits: u8,
}

pub(crate) fn negotiate(_headers: &HeaderMap, _terms: Terms) -> Option<(Agreement, HeaderValue)> {
    None
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use crate::{Compression, SetError, ws_server};

    #[ws_server(listen = "127.0.0.1:0", compression = "off", env = "WITHOUT_COMPRESSION", crate = crate)]
    mod echo {
        use super::*;
        use crate::Conn;

        #[on(connect)]
        fn ask_for_compression(conn: &Conn) -> Result<(), SetError> {
            assert_eq!(
                conn.set_compression(Compression::On),
                Err(SetError::FeatureOff { option: "compression" })
            );
            conn.set_compression(Compression::Off)
        }

        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }

    #[tokio::test]
    async fn a_client_that_offers_compression_is_let_in_without_it() {
        let running = echo::server().bind().await.unwrap();
        let address = running.addresses()[0].to_string();
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                       Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(client.read_buf(&mut answer).await.unwrap() > 0, "closed before the 101");
        }
        let answer = String::from_utf8(answer).unwrap().to_lowercase();
        assert!(answer.starts_with("http/1.1 101 ") && !answer.contains("extensions"), "{answer}");
    }
}
