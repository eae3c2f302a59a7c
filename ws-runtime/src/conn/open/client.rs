//! Finds out who the client is: by the PROXY protocol before all else, and by the headers of the request.

use std::net::IpAddr;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use ws_spec::options;

use super::answer::Answer;
use super::reason::{NotAdmitted, Reason};
use crate::conn::Conn;
use crate::handshake::{Head, Refusal};
use crate::listen::Address;
use crate::options::Options;
#[cfg(feature = "tower")]
use crate::proxy::Client;
use crate::proxy::{self, MAX_PREAMBLE, Preamble, Source, Told};
use crate::server::{Slot, TooMany};
use crate::transport::Stream;

/// Whether the peer has to begin with a header of the PROXY protocol.
#[inline]
pub(super) fn sends_preamble(options: &Options, peer: &Address) -> bool {
    let from = &options.proxy_protocol;
    !from.is_empty() && from.contain(peer)
}

/// Reads the header of the PROXY protocol, and nothing that follows it.
pub(super) async fn read_preamble(conn: &Conn, slot: &Slot, stream: Stream) -> Result<Stream, Reason> {
    let (source, stream) = read_source(slot, stream).await.inspect_err(|reason| {
        if matches!(reason, Reason::Preamble(_)) && conn.server().allows_log(options::proxy_protocol.name) {
            tracing::warn!(conn = conn.id(), peer = %conn.peer(), "refused: {reason}");
        }
    })?;
    match source {
        Source::Client(client) => conn.set_client(client),
        Source::Proxy => {}
    }
    Ok(stream)
}

/// Reads the header of the PROXY protocol. Returns the stream that follows it.
pub(super) async fn read_source(slot: &Slot, mut stream: Stream) -> Result<(Source, Stream), Reason> {
    let mut bytes = BytesMut::with_capacity(MAX_PREAMBLE);
    let (source, end) = loop {
        match Preamble::parse(&bytes)? {
            Preamble::Complete(source, end) => break (source, end),
            Preamble::Incomplete => {}
        }
        let room = MAX_PREAMBLE.saturating_sub(bytes.len());
        if slot.wait_for_peer(stream.read_buf(&mut (&mut bytes).limit(room))).await?? == 0 {
            return Err(Reason::Closed);
        }
    };
    match bytes.get(end..) {
        // Copied, so that it takes no more memory than it needs.
        Some(rest) if !rest.is_empty() => Ok((source, stream.with_unread(Bytes::copy_from_slice(rest)))),
        Some(_) | None => Ok((source, stream)),
    }
}

/// Reads what a trusted proxy tells in the headers of a request, and counts the client, which is known now.
pub(super) fn identify(conn: &Conn, head: &Head) -> Result<Told, NotAdmitted> {
    let told = read_forwarding(conn, head)?;
    count_client(conn, &told).map_err(Answer::from)?;
    Ok(told)
}

/// Reads what a trusted proxy tells. The headers of others are not read.
pub(super) fn read_forwarding(conn: &Conn, head: &Head) -> Result<Told, NotAdmitted> {
    if !is_trusted(conn) {
        return Ok(Told::default());
    }
    let options = conn.server().options();
    let told = proxy::told(head.headers(), options.forwarded, &options.trusted_proxies);
    let told = told.map_err(|error| {
        if conn.server().allows_log(options::trusted_proxies.name) {
            tracing::warn!(conn = conn.id(), peer = %conn.peer(), "refused with 400: {error}");
        }
        Answer::from(Refusal::Forwarding)
    })?;
    if let Some(client) = told.client {
        conn.set_client(client);
    }
    Ok(told)
}

/// Counts the client that a PROXY header names, unless that is a proxy too, whose client is not known yet.
pub(super) fn count_proxied(conn: &Conn) -> Result<(), TooMany> {
    match conn.client() {
        Some(client) if !is_trusted(conn) => count(conn, client.ip),
        // The proxy itself, to check the server's health for example.
        Some(_) | None => Ok(()),
    }
}

/// Counts the client, unless it is counted already. A proxy that tells of no client is not counted:
/// its own address would stand for those of all its clients.
fn count_client(conn: &Conn, told: &Told) -> Result<(), TooMany> {
    let server = conn.server();
    let is_proxy = told.client.is_none()
        && (is_trusted(conn) || conn.client().is_none() && sends_preamble(server.options(), conn.peer()));
    if server.clients().are_unlimited() || is_proxy || server.clients().is_counted(conn.id()) {
        return Ok(());
    }
    count(conn, conn.ip())
}

/// The address that the service beside the server is told, before any request is read: that of the client where a PROXY
/// header has told of one, which that service cannot read; otherwise the other end's.
#[cfg(feature = "tower")]
pub(super) fn address_for_others(conn: &Conn) -> Address {
    match conn.client() {
        Some(Client { ip: Some(ip), port }) => Address::Tcp((ip, port.unwrap_or_default()).into()),
        Some(Client { ip: None, .. }) => Address::Unknown,
        None => conn.peer().clone(),
    }
}

fn count(conn: &Conn, ip: Option<IpAddr>) -> Result<(), TooMany> {
    let (server, Some(ip)) = (conn.server(), ip) else { return Ok(()) };
    if server.clients().are_unlimited() {
        return Ok(());
    }
    match server.clients().admit(ip) {
        Ok(seat) => {
            seat.assign(conn.id());
            Ok(())
        }
        Err(too_many) => {
            server.log_too_many(too_many, conn.peer(), Some(ip));
            Err(too_many)
        }
    }
}

/// Whether the proxy that is nearest to us, or behind one that speaks the PROXY protocol, is believed.
pub(crate) fn is_trusted(conn: &Conn) -> bool {
    let trusted = &conn.server().options().trusted_proxies;
    !trusted.is_empty()
        && match conn.client() {
            Some(client) => client.ip.is_some_and(|ip| trusted.contain_ip(ip)),
            None => trusted.contain(conn.peer()),
        }
}
