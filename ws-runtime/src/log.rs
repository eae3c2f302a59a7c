//! What is said at start, and to whom; and how a text of somebody else's is put into a line of the log.

use std::fmt::{self, Display, Write};
use std::net::SocketAddr;

use crate::{Address, Server};

/// Sets up a plain subscriber where the process has none.
#[cfg(feature = "log")]
pub(crate) fn set_up() {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::filter::LevelFilter;

    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // It fails where the program has set up its own: then that one is right.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // It would tell of a closed terminal on that terminal, and panic.
        .log_internal_errors(false)
        .try_init();
}

/// Says what listens where, how to reach it from this machine, and which options are not at their defaults.
pub(crate) fn announce(server: &Server, tls: bool, answers_requests: bool) {
    let schemes = match (tls, answers_requests) {
        (false, false) => ["ws"].as_slice(),
        // What a browser opens goes first.
        (false, true) => &["http", "ws"],
        (true, false) => &["wss"],
        (true, true) => &["https", "wss"],
    };
    for address in server.addresses() {
        let urls: Vec<String> = schemes.iter().filter_map(|scheme| url(scheme, address)).collect();
        if urls.is_empty() {
            tracing::info!(server = server.name(), "listening on {address}");
        } else {
            tracing::info!(server = server.name(), "listening on {address}: {}", urls.join(" and "));
        }
    }
    tracing::debug!(
        server = server.name(),
        "the environment may override any option: `{}_…`",
        server.options().env
    );
    for given in server.options().given() {
        tracing::info!(server = server.name(), "{given}");
    }
    if cfg!(panic = "abort") {
        tracing::warn!(
            server = server.name(),
            "built with `panic = \"abort\"`: a handler's panic ends the whole process, not one connection"
        );
    }
}

/// How this machine reaches an address; nothing has a URL but TCP.
fn url(scheme: &str, address: &Address) -> Option<String> {
    let (ip, port) = (address.ip()?, address.port()?);
    Some(if ip.is_unspecified() {
        format!("{scheme}://localhost:{port}/")
    } else {
        format!("{scheme}://{}/", SocketAddr::new(ip, port))
    })
}

/// A text that a peer may have had a hand in, such as the error of a handler that quotes what it was sent: on one
/// line, without what a terminal obeys, and of bounded length.
pub(crate) struct Escaped<T>(pub(crate) T);

/// How many bytes of it are shown.
const MAX_SHOWN: usize = 1024;

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping { into: f, left: MAX_SHOWN };
        match write!(escaping, "{}", self.0) {
            Err(_) if escaping.left == 0 => f.write_str("…"),
            written => written,
        }
    }
}

struct Escaping<'a, 'f> {
    into: &'a mut fmt::Formatter<'f>,
    left: usize,
}

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.saturating_sub(character.len_utf8());
            if self.left == 0 {
                return Err(fmt::Error);
            }
            if character.is_control() || is_direction(character) {
                write!(self.into, "{}", character.escape_default())?;
            } else {
                self.into.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character turns the direction of writing, which makes a line read as it does not stand there; or ends it.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_peer_stays_on_its_line_and_moves_no_cursor() {
        for (text, shown) in [
            ("ünïcödé 'quoted' \\", "ünïcödé 'quoted' \\"),
            ("a\r\nINFO forged", "a\\r\\nINFO forged"),
            ("\u{1b}[31m\u{9b}\0", "\\u{1b}[31m\\u{9b}\\u{0}"),
            ("\u{202e}gpj.exe\u{2028}", "\\u{202e}gpj.exe\\u{2028}"),
        ] {
            assert_eq!(Escaped(text).to_string(), shown);
        }
        assert_eq!(Escaped("x".repeat(MAX_SHOWN - 1)).to_string().len(), MAX_SHOWN - 1);
        let cut = Escaped("ü".repeat(100_000)).to_string();
        assert!(cut.len() <= MAX_SHOWN + 3 && cut.ends_with("ü…"), "{}", cut.len());
    }

    #[test]
    fn a_url_is_one_that_reaches_the_address() {
        for (address, reached) in [
            ("[::]:8080", "ws://localhost:8080/"),
            ("0.0.0.0:80", "ws://localhost:80/"),
            // `localhost` may be the other one of these two only.
            ("127.0.0.1:80", "ws://127.0.0.1:80/"),
            ("[::1]:80", "ws://[::1]:80/"),
            ("192.0.2.7:80", "ws://192.0.2.7:80/"),
        ] {
            let address = Address::Tcp(address.parse().unwrap());
            assert_eq!(url("ws", &address).unwrap(), reached);
        }
        assert_eq!(url("ws", &Address::Unix(None)), None);
    }
}
