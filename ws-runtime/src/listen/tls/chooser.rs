//! Chooses the certificate for a handshake: by the name that the client asks for (SNI, RFC 6066, section 3).

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio_rustls::rustls;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::source::Loaded;

/// The certificates of a server, in the order in which they were given.
pub(super) struct Chooser {
    keys: Vec<Arc<CertifiedKey>>,
    /// The positions of the certificates with a name. `*.example.org` stands for one label.
    by_name: HashMap<String, Vec<usize>>,
}

impl Chooser {
    pub(super) fn new<'l>(loaded: impl Iterator<Item = &'l Loaded>) -> Self {
        let mut chooser = Self { keys: Vec::new(), by_name: HashMap::new() };
        for (position, Loaded { key, names, .. }) in loaded.enumerate() {
            chooser.keys.push(Arc::clone(key));
            for name in names {
                chooser.by_name.entry(name.clone()).or_default().push(position);
            }
        }
        chooser
    }

    /// The certificates for a name: those that have it, else those whose wildcard covers it.
    fn of_name(&self, name: &str) -> Option<&[usize]> {
        let name = name.to_ascii_lowercase();
        let wildcard = || self.by_name.get(&format!("*.{}", name.split_once('.')?.1));
        self.by_name.get(&name).or_else(wildcard).map(Vec::as_slice)
    }

    /// The first certificate for the name that `can` be used, else the first for it. Without a name, or where no
    /// certificate has it, all of them are for it.
    fn choose(&self, name: Option<&str>, can: impl Fn(&CertifiedKey) -> bool) -> Option<&Arc<CertifiedKey>> {
        let named = name.and_then(|name| self.of_name(name)).unwrap_or_default();
        let mut named = named.iter().filter_map(|&position| self.keys.get(position)).peekable();
        match named.peek().copied() {
            Some(first) => named.find(|key| can(key)).or(Some(first)),
            None => self.keys.iter().find(|key| can(key)).or(self.keys.first()),
        }
    }
}

impl ResolvesServerCert for Chooser {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let can = |key: &CertifiedKey| key.key.choose_scheme(hello.signature_schemes()).is_some();
        self.choose(hello.server_name(), can).cloned()
    }
}

impl fmt::Debug for Chooser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chooser").field("names", &self.by_name.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rustls::client::verify_server_name;
    use rustls::pki_types::ServerName;
    use rustls::server::ParsedCertificate;

    use super::super::source::{Pair, Source, Text, Used};
    use super::*;

    fn loaded(names: &[&str]) -> Loaded {
        let names: Vec<_> = names.iter().copied().map(str::to_owned).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let text = |pem: String| Text::Pem(pem.into_bytes().into());
        let (certificate, key) = (text(made.cert.pem()), text(made.signing_key.serialize_pem()));
        let pair = Pair { certificate, key, used: Used::ByDefault };
        pair.load(&pair.read().unwrap()).unwrap()
    }

    #[test]
    fn the_certificate_is_one_that_has_the_name() {
        let all = [
            loaded(&["first.test"]),
            loaded(&["*.example.org", "example.org"]),
            loaded(&["own.example.org", "*.First.test"]),
            loaded(&["own.example.org"]),
        ];
        let chooser = Chooser::new(all.iter());
        for (name, expected) in [
            ("first.test", Some(0)),
            ("example.org", Some(1)),
            ("a.example.org", Some(1)),
            ("OWN.example.org", Some(2)),
            ("a.first.test", Some(2)),
            ("a.b.example.org", None),
            ("org", None),
            ("other.test", None),
        ] {
            let chosen = chooser.choose(Some(name), |_| true).unwrap();
            assert!(Arc::ptr_eq(chosen, &all[expected.unwrap_or(0)].key), "{name}");
            // rustls, as a client, agrees.
            let certificate = ParsedCertificate::try_from(&chosen.cert[0]).unwrap();
            let fits = verify_server_name(&certificate, &ServerName::try_from(name).unwrap()).is_ok();
            assert_eq!(fits, expected.is_some(), "{name}");
        }
        assert!(Arc::ptr_eq(chooser.choose(None, |_| true).unwrap(), &all[0].key));
    }

    #[test]
    fn of_several_for_a_name_it_is_one_that_the_client_can_verify() {
        let all = [loaded(&["a.test"]), loaded(&["b.test"]), loaded(&["b.test"])];
        let chooser = Chooser::new(all.iter());
        for (name, able, expected) in [("b.test", 2, 2), ("b.test", 0, 1), ("c.test", 2, 2), ("a.test", 2, 0)]
        {
            let chosen = chooser.choose(Some(name), |key| key.cert == all[able].key.cert).unwrap();
            assert!(Arc::ptr_eq(chosen, &all[expected].key), "{name}, {able}");
        }
    }
}
