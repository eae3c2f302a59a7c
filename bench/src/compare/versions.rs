//! Which version of each server is measured, from the files that pin them.

use crate::peers::Peer;

const CARGO: &str = include_str!("../../../Cargo.lock");
const NODE: &str = include_str!("../../peers/package.json");
const PYTHON: &str = include_str!("../../peers/requirements.txt");

/// The version of a server; nothing for the floor, which has none.
pub(super) fn of(peer: Peer) -> Option<&'static str> {
    match peer {
        Peer::Floor | Peer::Floor64k => None,
        Peer::Rustls => locked("tokio-rustls"),
        Peer::NodeWs => NODE.split_once("\"ws\": \"")?.1.split_once('"').map(|(version, _)| version),
        Peer::PythonWebsockets => PYTHON.trim().split_once("==").map(|(_, version)| version),
        Peer::Ours
        | Peer::OursRoutes
        | Peer::OursRoom
        | Peer::OursRooms
        | Peer::OursMounted
        | Peer::OursMountedOpaque => locked(Peer::Ours.name()),
        _ => locked(peer.name()),
    }
}

fn locked(name: &str) -> Option<&'static str> {
    // The newest, where others depend on an older one: versions stand in their order.
    let (_, package) = CARGO.rsplit_once(&format!("name = \"{name}\"\nversion = \""))?;
    package.split_once('"').map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_server_but_the_floor_has_a_version() {
        let floors = [Peer::Floor, Peer::Floor64k];
        for peer in Peer::value_variants().iter().filter(|peer| !floors.contains(peer)) {
            let version = of(*peer).unwrap_or_default();
            assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{}: {version}", peer.name());
        }
    }
}
