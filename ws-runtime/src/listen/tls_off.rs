//! Stands in for `tls/` in a build without the feature `tls`. None of these types has a value.

use std::convert::Infallible;

use crate::transport::TlsAcceptor;

/// The certificate and key that make a server speak TLS: there are none without the feature `tls`.
#[derive(Debug, Clone, Copy)]
pub struct Tls(Infallible);

/// Why a certificate and key cannot be used: nothing is, without the feature `tls`.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(transparent)]
pub struct TlsError(Infallible);

impl Tls {
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        match self.0 {}
    }
}
