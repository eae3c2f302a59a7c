//! Why a certificate or a key cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls;

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is missing or may not be read.
    #[error(
        "cannot read the {what} for TLS from {}: the file must be there, and this process must be allowed to read it",
        place(path)
    )]
    Unreadable {
        /// `certificate`, `key` or `client_ca`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate where one was expected.
    #[error("no certificate in {place}: expected PEM with `-----BEGIN CERTIFICATE-----`{hint}")]
    NoCertificate {
        /// The file, or that it was given as text.
        place: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// There is no private key where one was expected.
    #[error(
        "no private key in {place}: expected PEM with an unencrypted PKCS#8, PKCS#1 or SEC1 key, such as \
         `-----BEGIN PRIVATE KEY-----`{hint}"
    )]
    NoKey {
        /// The file, or that it was given as text.
        place: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// The private key is protected by a passphrase, which the server cannot ask for.
    #[error(
        "the private key in {place} is encrypted: decrypt it with `openssl pkey -in key.pem -out plain.pem`"
    )]
    EncryptedKey {
        /// The file, or that it was given as text.
        place: String,
    },
    /// The certificate is of X.509 version 1 or 2, which has no field for the names of the server.
    #[error(
        "the certificate in {place} is of X.509 version {version}, and TLS needs version 3: issue it with extensions, such \
         as `-addext subjectAltName=DNS:example.com` with `openssl req -x509`, or `-extfile` with `openssl x509 -req`"
    )]
    OldCertificate {
        /// The file, or that it was given as text.
        place: String,
        /// The version: 1 or 2.
        version: u8,
    },
    /// The PEM is broken.
    #[error("{place} is broken PEM: {detail}; copy the whole of it again")]
    BrokenPem {
        /// The file, or that it was given as text.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key in {key} does not belong to the certificate in {certificate}: give the key that the certificate was \
         made for, and put that certificate before those of its issuers"
    )]
    Mismatch {
        /// Where the certificate came from.
        certificate: String,
        /// Where the key came from.
        key: String,
    },
    /// rustls refuses the pair: the kind of key is not supported, or the certificate is broken.
    #[error(
        "the certificate in {certificate} with the key in {key} cannot be used: it must be one of RSA, ECDSA (P-256 or \
         P-384) or Ed25519, and undamaged"
    )]
    Unusable {
        /// Where the certificate came from.
        certificate: String,
        /// Where the key came from.
        key: String,
        /// The error of rustls.
        source: rustls::Error,
    },
    /// A certificate beside the first has no DNS name, so no client can ask for it.
    #[error(
        "the certificate in {place} has no DNS name, so no client can ask for it: give a certificate with names, or \
         name this one first, as it is used where the client asks for none"
    )]
    NoNames {
        /// The file, or that it was given as text.
        place: String,
    },
    /// A certificate of an authority for clients cannot be used.
    #[error(
        "a certificate in {place} cannot be used as `client_ca`: it must be that of an authority, undamaged"
    )]
    ClientCa {
        /// The file, or that it was given as text.
        place: String,
        /// The error of rustls.
        source: rustls::Error,
    },
    /// Something was added to a `rustls::ServerConfig`, which is used as it is.
    #[error("`{what}` cannot be added to a `rustls::ServerConfig`: set it in that configuration")]
    Fixed {
        /// What was to be added.
        what: &'static str,
    },
    /// rustls could not be set up, because the system provided no random bytes.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// The absolute path of a file: a relative one depends on the working directory.
pub(super) fn place(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.as_os_str().is_empty() { "\"\"".to_owned() } else { absolute.display().to_string() }
}
