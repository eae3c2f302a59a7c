//! The address of the peer of a request that another server has read.

use std::sync::atomic::{AtomicBool, Ordering};

use http::Extensions;
use ws_spec::options;

use crate::{Address, Server};

/// Finds the address of the peer of each request.
#[derive(Default)]
pub(super) struct Peers {
    said: Option<Said>,
    /// Whether a request was seen whose peer has no known address.
    was_unknown: AtomicBool,
}

type Read = dyn Fn(&Extensions) -> Option<Address> + Send + Sync;

/// Where the host says the address.
struct Said {
    read: Box<Read>,
    /// The type of the extension that has it.
    extension: &'static str,
}

impl Peers {
    /// Those whose address is in this extension.
    pub(super) fn of_extension<T, A>(address: impl Fn(&T) -> A + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        A: Into<Address>,
    {
        let read =
            Box::new(move |extensions: &Extensions| extensions.get().map(|found| address(found).into()));
        Self {
            said: Some(Said { read, extension: std::any::type_name::<T>() }),
            was_unknown: AtomicBool::new(false),
        }
    }

    /// The address of a request's peer. The first that is not known is logged, if anything needs it.
    pub(super) fn of(&self, extensions: &Extensions, server: &Server) -> Address {
        let said = self.said.as_ref().and_then(|said| (said.read)(extensions));
        match said.or_else(|| extensions.get().cloned()) {
            Some(Address::Tcp(peer)) => Address::of_tcp_peer(peer),
            Some(known @ (Address::Unix(_) | Address::Memory | Address::Unknown)) => known,
            None => {
                self.warn(server);
                Address::Unknown
            }
        }
    }

    fn warn(&self, server: &Server) {
        if self.was_unknown.swap(true, Ordering::Relaxed) {
            return;
        }
        let useless = need_address(server);
        if self.said.is_none() && useless.is_empty() {
            return;
        }
        let effect = match useless.as_slice() {
            [] => String::new(),
            [one] => format!("{one} has no effect: "),
            [most @ .., last] => format!("{} and {last} have no effect: ", most.join(", ")),
        };
        let server = server.name();
        match &self.said {
            None => tracing::warn!(
                server,
                "{effect}the address of the peer is not known; say by `Mounted::peer_from` where it is"
            ),
            Some(Said { extension, .. }) => tracing::warn!(
                server,
                "{effect}the address of the peer is not known: the request has no extension of the type `{extension}`, \
                 in which `Mounted::peer_from` looks; axum adds `ConnectInfo` by `into_make_service_with_connect_info`"
            ),
        }
    }
}

/// The options that are set and need the address of a peer.
fn need_address(server: &Server) -> Vec<String> {
    let set = server.options();
    [
        (options::max_connections_per_ip.name, set.max_connections_per_ip > 0),
        (options::handshake_rate_per_ip.name, set.handshake_rate_per_ip.is_some()),
        (options::trusted_proxies.name, !set.trusted_proxies.is_empty()),
    ]
    .into_iter()
    .filter(|(_, is_set)| *is_set)
    .map(|(name, _)| format!("`{name}`"))
    .collect()
}
