//! What a server logs when it starts.

use std::net::SocketAddr;

use super::Server;
use crate::Address;

/// Logs where the server listens or that it is mounted, how to reach it from this machine, and which options are not at
/// their defaults.
pub(super) fn announce(server: &Server, tls: bool, has_pages: bool) {
    let schemes = match (tls, has_pages) {
        (false, false) => ["ws"].as_slice(),
        // The URL for browsers comes first.
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
    if server.addresses().is_empty() {
        tracing::info!(server = server.name(), "mounted: requests come from the server around this one");
    }
    for address in server.metrics_addresses() {
        let url = url("http", address).map(|url| format!(": {url}")).unwrap_or_default();
        tracing::info!(server = server.name(), "metrics_listen: answering on {address}{url}");
    }
    tracing::debug!(
        server = server.name(),
        "the environment may override any option: `{}_…`",
        server.options().env
    );
    for given in server.options().given().chain(server.route_options().given()) {
        tracing::info!(server = server.name(), "{given}");
    }
    if cfg!(panic = "abort") {
        tracing::warn!(
            server = server.name(),
            "built with `panic = \"abort\"`: a handler's panic ends the whole process, not one connection"
        );
    }
}

/// The URL by which this machine reaches an address. Only TCP addresses have one.
fn url(scheme: &str, address: &Address) -> Option<String> {
    let (ip, port) = (address.ip()?, address.port()?);
    Some(if ip.is_unspecified() {
        format!("{scheme}://localhost:{port}/")
    } else {
        format!("{scheme}://{}/", SocketAddr::new(ip, port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_that_reaches_the_address() {
        for (address, reached) in [
            ("[::]:8080", "ws://localhost:8080/"),
            ("0.0.0.0:80", "ws://localhost:80/"),
            // `localhost` may resolve to the other loopback address only.
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
