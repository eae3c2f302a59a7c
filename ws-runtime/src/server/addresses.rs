//! Limits on each address: `max_connections_per_ip` and `handshake_rate_per_ip`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use ws_spec::options;

use super::Server;
use crate::listen::Address;
use crate::message::{Bucket, Refill};
use crate::options::Options;
use crate::stats::Rejected;

/// How many addresses half of the table of rates holds. All of it takes some 4 MiB at most.
const HALF: usize = 32_768;

/// How long a peer is asked to wait that has too many connections.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What the addresses of clients do.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// 0 is no limit.
    max_connections: usize,
    rate: Option<Refill>,
    start: Instant,
    counts: Mutex<Counts>,
    rates: Mutex<Rates>,
}

/// The connections that are open or on their way.
#[derive(Debug, Default)]
struct Counts {
    /// By the network that counts as one address.
    of_network: HashMap<IpAddr, usize>,
    /// The network of a connection, by its number.
    of_conn: HashMap<u64, IpAddr>,
}

/// How often each address has connected lately. An address that has not for a while is forgotten, the sooner the more
/// others there are: its bucket is full then, or it may connect more often than it should. Never more than two halves
/// are kept, so that no flood of addresses takes memory.
#[derive(Debug, Default)]
struct Rates {
    young: HashMap<IpAddr, Bucket>,
    old: HashMap<IpAddr, Bucket>,
}

/// An address has reached a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMany {
    #[error("{} ({limit}) reached", options::max_connections_per_ip.name)]
    Connections { limit: usize },
    #[error("{} exceeded", options::handshake_rate_per_ip.name)]
    Handshakes { retry_after: Duration },
}

/// A counted connection that has no number yet. It is not counted any more if this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Seat {
    addresses: Arc<Addresses>,
    network: Option<IpAddr>,
}

impl Addresses {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            max_connections: options.max_connections_per_ip,
            rate: options.handshake_rate_per_ip,
            start: Instant::now(),
            counts: Mutex::default(),
            rates: Mutex::default(),
        }
    }

    /// Whether there is no limit. It is asked for each connection, so it is short.
    #[inline]
    pub(crate) fn are_unlimited(&self) -> bool {
        self.max_connections == 0 && self.rate.is_none()
    }

    /// Counts a connection of this address.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr) -> Result<Seat, TooMany> {
        let network = network(ip);
        // First the limit that costs the address nothing.
        if self.max_connections > 0
            && self.counts().of_network.get(&network).is_some_and(|count| *count >= self.max_connections)
        {
            return Err(TooMany::Connections { limit: self.max_connections });
        }
        if let Some(refill) = self.rate {
            let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let taken = self.rates.lock().unwrap_or_else(PoisonError::into_inner).take(network, refill, now);
            taken.map_err(|retry_after| TooMany::Handshakes { retry_after })?;
        }
        let mut counts = self.counts();
        let count = counts.of_network.entry(network).or_default();
        if self.max_connections > 0 && *count >= self.max_connections {
            return Err(TooMany::Connections { limit: self.max_connections });
        }
        *count += 1;
        drop(counts);
        Ok(Seat { addresses: Arc::clone(self), network: Some(network) })
    }

    /// Whether the connection with this number is counted.
    pub(crate) fn is_counted(&self, conn: u64) -> bool {
        self.counts().of_conn.contains_key(&conn)
    }

    /// The connection with this number has ended.
    pub(crate) fn release(&self, conn: u64) {
        if self.are_unlimited() {
            return;
        }
        let mut counts = self.counts();
        if let Some(network) = counts.of_conn.remove(&conn) {
            counts.leave(network);
        }
    }

    /// Gives the seat of a connection, if it has one, to the WebSocket that it becomes. In between no other connection of
    /// its address can take it.
    #[cfg(feature = "tower")]
    pub(crate) fn hand_over(&self, from: u64, to: u64) {
        if self.are_unlimited() {
            return;
        }
        let mut counts = self.counts();
        if let Some(network) = counts.of_conn.remove(&from) {
            let replaced = counts.of_conn.insert(to, network);
            debug_assert!(replaced.is_none(), "a connection is counted once");
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn leave(&mut self, network: IpAddr) {
        if let Some(count) = self.of_network.get_mut(&network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_network.remove(&network);
            }
        }
    }
}

impl Rates {
    fn take(&mut self, network: IpAddr, refill: Refill, now: u64) -> Result<(), Duration> {
        let known = self.young.get(&network).copied();
        let mut bucket = known.or_else(|| self.old.remove(&network)).unwrap_or_default();
        let taken = bucket.take(refill, now);
        if known.is_none() && self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(network, bucket);
        taken
    }
}

impl Seat {
    /// Gives the seat to the connection with this number, until it ends.
    pub(crate) fn assign(mut self, conn: u64) {
        if let Some(network) = self.network.take() {
            let replaced = self.addresses.counts().of_conn.insert(conn, network);
            debug_assert!(replaced.is_none(), "a connection is counted once");
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            self.addresses.counts().leave(network);
        }
    }
}

impl TooMany {
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Connections { .. } => options::max_connections_per_ip.name,
            Self::Handshakes { .. } => options::handshake_rate_per_ip.name,
        }
    }

    pub(crate) fn rejected(self) -> Rejected {
        match self {
            Self::Connections { .. } => Rejected::PerAddress,
            Self::Handshakes { .. } => Rejected::HandshakeRate,
        }
    }

    /// When it is worth trying again, in whole seconds.
    pub(crate) fn retry_after(self) -> u64 {
        match self {
            Self::Connections { .. } => RETRY_AFTER.as_secs(),
            Self::Handshakes { retry_after } => retry_after.as_secs_f64().ceil().max(1.0) as u64,
        }
    }
}

impl Server {
    /// Logs that an address has reached a limit.
    pub(crate) fn log_too_many(&self, too_many: TooMany, peer: &Address, ip: Option<IpAddr>) {
        if self.allows_log(too_many.option()) {
            let ip = ip.map(tracing::field::display);
            tracing::warn!(%peer, ip, "refused: {too_many}");
        }
    }
}

/// What counts as one address: an IPv4 address, or the /64 network of an IPv6 address.
pub(super) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn addresses(max_connections: usize, rate: Option<(f64, u64)>) -> Arc<Addresses> {
        let rate = rate.map(|(count, seconds)| Refill::new(count, Duration::from_secs(seconds)));
        let options = Options {
            max_connections_per_ip: max_connections,
            handshake_rate_per_ip: rate,
            ..Options::default()
        };
        Arc::new(Addresses::new(&options))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_count_as_one_and_an_ipv4_address_by_itself() {
        let addresses = addresses(1, None);
        addresses.admit(ip("2001:db8:0:1::1")).unwrap().assign(1);
        assert_eq!(
            addresses.admit(ip("2001:db8:0:1:ffff::2")).unwrap_err(),
            TooMany::Connections { limit: 1 }
        );
        addresses.admit(ip("2001:db8:0:2::1")).unwrap().assign(2);
        addresses.admit(ip("192.0.2.1")).unwrap().assign(3);
        assert!(addresses.admit(ip("::ffff:192.0.2.1")).is_err());
        addresses.admit(ip("192.0.2.2")).unwrap().assign(4);
        addresses.release(1);
        drop(addresses.admit(ip("2001:db8:0:1::2")).unwrap());
        addresses.admit(ip("2001:db8:0:1::3")).unwrap().assign(5);
        assert!(addresses.is_counted(5) && !addresses.is_counted(1));
    }

    #[cfg(feature = "tower")]
    #[tokio::test]
    async fn a_seat_that_is_handed_over_is_never_free() {
        let addresses = addresses(1, Some((1.0, 10)));
        addresses.admit(ip("192.0.2.1")).unwrap().assign(1);
        addresses.hand_over(1, 2);
        addresses.hand_over(7, 3);
        assert!(!addresses.is_counted(1) && addresses.is_counted(2) && !addresses.is_counted(3));
        addresses.release(1);
        assert!(addresses.admit(ip("192.0.2.1")).is_err());
        addresses.release(2);
        assert!(addresses.counts().of_network.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_fills_again_and_says_when() {
        let addresses = addresses(0, Some((2.0, 10)));
        for _ in 0..2 {
            drop(addresses.admit(ip("192.0.2.1")).unwrap());
        }
        let refused = addresses.admit(ip("192.0.2.1")).unwrap_err();
        assert_eq!((refused.retry_after(), refused.rejected()), (5, Rejected::HandshakeRate));
        drop(addresses.admit(ip("192.0.2.2")).unwrap());
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(addresses.admit(ip("192.0.2.1")).unwrap_err().retry_after(), 1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(addresses.admit(ip("192.0.2.1")).unwrap());
        assert!(addresses.admit(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn a_million_addresses_do_not_grow_the_table_and_those_that_come_back_are_remembered() {
        let mut rates = Rates::default();
        let once_a_year = Refill::new(1.0, Duration::from_secs(31_536_000));
        let flooder = ip("192.0.2.1");
        rates.take(flooder, once_a_year, 0).unwrap();
        for number in 0..1_000_000_u32 {
            rates.take(Ipv4Addr::from_bits(0x0a00_0000 + number).into(), once_a_year, 0).unwrap();
            assert!(rates.young.len() + rates.old.len() <= 2 * HALF);
            if number % 10_000 == 0 {
                assert!(rates.take(flooder, once_a_year, 0).is_err(), "it came back in time");
            }
        }
    }

    proptest! {
        /// However connections come and go, each address has as many as are counted, and none is left at the end.
        #[test]
        fn what_is_counted_is_what_is_open(steps in prop::collection::vec((0_u8..4, any::<bool>()), 0..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let _inside = runtime.enter();
            let addresses = addresses(3, None);
            let mut open: Vec<(u8, u64)> = Vec::new();
            for (number, (host, ends)) in steps.into_iter().enumerate() {
                let number = number as u64;
                let of_host = open.iter().filter(|(other, _)| *other == host).count();
                if ends {
                    if let Some(at) = open.iter().position(|(other, _)| *other == host) {
                        addresses.release(open.remove(at).1);
                    }
                } else {
                    let admitted = addresses.admit(Ipv4Addr::new(192, 0, 2, host).into());
                    prop_assert_eq!(admitted.is_ok(), of_host < 3);
                    if let Ok(seat) = admitted {
                        seat.assign(number);
                        open.push((host, number));
                    }
                }
            }
            open.iter().for_each(|(_, conn)| addresses.release(*conn));
            let counts = addresses.counts();
            prop_assert!(counts.of_network.is_empty() && counts.of_conn.is_empty());
        }
    }
}
