//! TCP listeners.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::error::ListenError;
use super::listener::Listener;

/// Listens on a port of all interfaces: with one socket for IPv6 and IPv4, or with IPv4 only if the machine has no
/// IPv6.
pub(super) fn bind_port(port: u16, backlog: u32) -> Result<Listener, ListenError> {
    match bind((Ipv6Addr::UNSPECIFIED, port).into(), backlog) {
        Err(ListenError::Io { .. } | ListenError::NotAvailable { .. }) => {
            bind((Ipv4Addr::UNSPECIFIED, port).into(), backlog)
        }
        result => result,
    }
}

/// Listens on one address; `[::]` takes IPv4 as well.
pub(super) fn bind(address: SocketAddr, backlog: u32) -> Result<Listener, ListenError> {
    open(address, backlog).and_then(Listener::tcp).map_err(|source| ListenError::of_tcp(address, source))
}

/// Listens on every address that a name resolves to.
///
/// Addresses that this machine does not have are skipped, unless all are: `localhost` often resolves to `::1` although
/// IPv6 is off. With port 0, all of them get the same port if it is free.
pub(super) async fn bind_name(host: &str, port: u16, backlog: u32) -> Result<Vec<Listener>, ListenError> {
    let unresolved = |source| ListenError::Unresolved { host: host.to_owned(), port, source };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host((host, port)).await.map_err(|error| unresolved(Some(error)))? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }

    let mut listeners: Vec<Listener> = Vec::with_capacity(addresses.len());
    let mut missing = None;
    for mut address in addresses {
        if let Some(given) = listeners.first().and_then(|first| first.address().port()) {
            address.set_port(given);
        }
        let mut result = bind(address, backlog);
        if port == 0 && address.port() != 0 && matches!(result, Err(ListenError::InUse { .. })) {
            address.set_port(0);
            result = bind(address, backlog);
        }
        match result {
            Ok(listener) => listeners.push(listener),
            Err(error @ (ListenError::NotAvailable { .. } | ListenError::Io { .. })) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    if listeners.is_empty() {
        return Err(missing.unwrap_or_else(|| unresolved(None)));
    }
    Ok(listeners)
}

fn open(address: SocketAddr, backlog: u32) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Without it, a restart fails for a minute because of connections in TIME_WAIT. On Windows it would let other
    // programs take over the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // The default differs between systems.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}
