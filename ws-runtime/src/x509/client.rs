//! The certificate of a client.

use std::fmt;
use std::time::SystemTime;

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::name::write_hex;
use super::{AlternativeName, Certificate};

/// The certificate that a client has shown, issued by one of the authorities in `client_ca`.
///
/// It is verified before the request is read: its signatures, its validity, and that it is meant for clients. What it
/// says is what the authority has certified. Decide by one name that your authority controls, such as the DNS name or
/// the URI of a service.
///
/// ```
/// use ws_runtime::{Handshake, Reject};
///
/// fn admit(handshake: &Handshake) -> Result<(), Reject> {
///     let certificate = handshake.client_certificate().ok_or_else(Reject::unauthorized)?;
///     match certificate.uris().any(|uri| uri == "spiffe://example.org/billing") {
///         true => Ok(()),
///         false => Err(Reject::forbidden()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct ClientCertificate {
    /// The client's own first.
    chain: Vec<CertificateDer<'static>>,
}

impl ClientCertificate {
    /// For a server that is mounted in another, which has ended TLS: the certificates that the client has shown, its own
    /// first. The host must have verified them. It adds this to the extensions of the request, and
    /// [`Handshake::client_certificate`](crate::Handshake::client_certificate) returns it. `None` if there are none.
    #[must_use]
    pub fn from_chain(chain: &[CertificateDer<'static>]) -> Option<Self> {
        (!chain.is_empty()).then(|| Self { chain: chain.to_vec() })
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.chain.first().map_or(&[], |certificate| certificate)
    }

    /// The certificate and those of its issuers, as the client has sent them, each in DER: the client's own first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(|certificate| &**certificate)
    }

    /// The subject, as RFC 4514 writes it: `CN=alice,O=Example,C=DE`. Special characters are escaped. Compare single
    /// names, such as [`common_name`](Self::common_name), rather than this.
    #[must_use]
    pub fn subject(&self) -> String {
        self.fields().map(|fields| fields.subject.to_string()).unwrap_or_default()
    }

    /// The common name (CN) of the subject. `None` if there is none, or several, or if it is neither UTF-8 nor ASCII.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.fields()?.subject.common_name()
    }

    /// The DNS names in `subjectAltName`. One with characters other than visible ASCII is left out.
    pub fn dns_names(&self) -> impl Iterator<Item = &str> {
        self.fields().into_iter().flat_map(Certificate::dns_names)
    }

    /// The URIs in `subjectAltName`, such as SPIFFE IDs. One with characters other than visible ASCII is left out.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.alternative_names().filter_map(|name| match name {
            AlternativeName::Uri(uri) => Some(uri),
            AlternativeName::Email(_) | AlternativeName::Dns(_) => None,
        })
    }

    /// The mail addresses in `subjectAltName`. One with characters other than visible ASCII is left out.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.alternative_names().filter_map(|name| match name {
            AlternativeName::Email(address) => Some(address),
            AlternativeName::Dns(_) | AlternativeName::Uri(_) => None,
        })
    }

    /// The serial number in hexadecimal digits, two for each byte, as lists of revoked certificates name it:
    /// `04d2`. It is unique among the certificates of one issuer.
    #[must_use]
    pub fn serial(&self) -> String {
        let mut serial = String::new();
        if let Some(fields) = self.fields() {
            // Writing to a String does not fail.
            let _ = write_hex(fields.serial, &mut serial);
        }
        serial
    }

    /// The last moment at which it is valid. The connection may stay open longer, unless the `handshake` handler
    /// passes this to [`Handshake::expires`](crate::Handshake::expires).
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.fields().map(|fields| fields.validity.ends)
    }

    fn fields(&self) -> Option<Certificate<'_>> {
        Certificate::read(self.der())
    }

    fn alternative_names(&self) -> impl Iterator<Item = AlternativeName<'_>> {
        self.fields().into_iter().flat_map(Certificate::alternative_names)
    }
}

/// Shows the subject, and the number of the certificate.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("subject", &self.subject())
            .field("serial", &self.serial())
            .finish_non_exhaustive()
    }
}
