//! Where certificates come from, and what is made of them.

use std::fmt;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;

use super::TlsError;
use super::error::place;
use super::pem;
use crate::x509::{Certificate, Utc, Validity};

/// Something that is made of PEM, which may be in files.
pub(super) trait Source {
    /// The PEM of each file.
    type Pem: Hash;
    type Loaded;

    /// The files, if it is in files.
    fn files(&self) -> Vec<&Path>;

    fn read(&self) -> Result<Self::Pem, TlsError>;

    fn load(&self, pem: &Self::Pem) -> Result<Self::Loaded, TlsError>;
}

/// PEM, or the file that it is in.
#[derive(Clone)]
pub(super) enum Text {
    File(PathBuf),
    Pem(Arc<[u8]>),
}

impl Text {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Pem(_) => None,
        }
    }

    fn read(&self, what: &'static str) -> Result<Arc<[u8]>, TlsError> {
        match self {
            Self::Pem(pem) => Ok(Arc::clone(pem)),
            Self::File(path) => std::fs::read(path).map(Arc::from).map_err(|source| TlsError::Unreadable {
                what,
                path: path.clone(),
                source,
            }),
        }
    }

    fn place(&self, what: &str) -> String {
        match self {
            Self::File(path) => format!("the file {}", place(path)),
            Self::Pem(_) => format!("the {what}'s PEM text"),
        }
    }
}

/// As it was given: a path, or that it is text. Nothing of the text.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Pem(_) => f.write_str("PEM"),
        }
    }
}

/// A certificate chain and its key.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) certificate: Text,
    pub(super) key: Text,
    pub(super) used: Used,
}

/// When a certificate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Used {
    /// It is the first: also where the client asks for no name, or for one that no certificate has.
    ByDefault,
    /// Where the client asks for one of its names.
    ByName,
}

/// A certificate that the server can show.
pub(super) struct Loaded {
    pub(super) key: Arc<CertifiedKey>,
    /// In lower case.
    pub(super) names: Vec<String>,
    /// `None` if the certificate does not say it in a way that is understood.
    pub(super) validity: Option<Validity>,
    /// Where the certificate came from, for the log.
    pub(super) place: String,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "new certificate in {}", self.place)?;
        match self.validity {
            Some(validity) => write!(f, ", which expires on {}", Utc(validity.ends)),
            None => Ok(()),
        }
    }
}

impl Source for Pair {
    type Pem = [Arc<[u8]>; 2];
    type Loaded = Loaded;

    fn files(&self) -> Vec<&Path> {
        self.certificate.file().into_iter().chain(self.key.file()).collect()
    }

    fn read(&self) -> Result<Self::Pem, TlsError> {
        Ok([self.certificate.read("certificate")?, self.key.read("key")?])
    }

    fn load(&self, [certificate, key]: &Self::Pem) -> Result<Loaded, TlsError> {
        let (certificate_place, key_place) = (self.certificate.place("certificate"), self.key.place("key"));
        let chain = pem::read_chain(certificate, &certificate_place)?;
        let key = pem::read_key(key, &key_place)?;
        let fields = chain.first().and_then(|first| Certificate::read(first));
        let version = fields.map(|fields| fields.version);
        let validity = fields.map(|fields| fields.validity);
        let names: Vec<_> =
            fields.iter().flat_map(|fields| fields.dns_names()).map(str::to_ascii_lowercase).collect();
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| {
            match (version, source) {
                (Some(version @ (1 | 2)), _) => {
                    TlsError::OldCertificate { place: certificate_place.clone(), version }
                }
                (_, source) => refused(&certificate_place, &key_place, source),
            }
        })?;
        if names.is_empty() && self.used == Used::ByName {
            return Err(TlsError::NoNames { place: certificate_place });
        }
        Ok(Loaded { key: Arc::new(key), names, validity, place: certificate_place })
    }
}

fn refused(certificate: &str, key: &str, source: rustls::Error) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { certificate, key },
        source => TlsError::Unusable { certificate, key, source },
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.certificate, &self.key) {
            (Text::Pem(_), Text::Pem(_)) => f.write_str("PEM"),
            (certificate, key) => write!(f, "{certificate}, {key}"),
        }
    }
}

/// The authorities whose clients may connect.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) authorities: Text,
    pub(super) need: Need,
}

/// Whether a client needs a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    Optional,
}

impl Source for Clients {
    type Pem = Arc<[u8]>;
    type Loaded = Arc<dyn ClientCertVerifier>;

    fn files(&self) -> Vec<&Path> {
        self.authorities.file().into_iter().collect()
    }

    fn read(&self) -> Result<Self::Pem, TlsError> {
        self.authorities.read("client_ca")
    }

    fn load(&self, authorities: &Self::Pem) -> Result<Self::Loaded, TlsError> {
        let place = self.authorities.place("client_ca");
        let unusable = |source| TlsError::ClientCa { place: place.clone(), source };
        let mut roots = RootCertStore::empty();
        for certificate in pem::read_chain(authorities, &place)? {
            roots.add(certificate).map_err(unusable)?;
        }
        let provider = Arc::new(ring::default_provider());
        let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        if self.need == Need::Optional {
            verifier = verifier.allow_unauthenticated();
        }
        verifier.build().map_err(|error| unusable(rustls::Error::General(error.to_string())))
    }
}

impl fmt::Display for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.need {
            Need::Required => "client_ca",
            Need::Optional => "optional_client_ca",
        };
        write!(f, "{name} {}", self.authorities)
    }
}
