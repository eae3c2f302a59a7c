//! Stands in for `tls/` in a build without the feature `tls`. None of these types has a value.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::server::Server;
use crate::transport::TlsAcceptor;

/// The certificate and key that make a server speak TLS: there are none without the feature `tls`.
#[derive(Debug, Clone, Copy)]
pub struct Tls(Infallible);

/// Why a certificate and key cannot be used: nothing is, without the feature `tls`.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(transparent)]
pub struct TlsError(Infallible);

/// The TLS of a running server: no server has it.
#[derive(Debug)]
pub(crate) struct ServerTls(Infallible);

// What the generated code calls, so that it has no errors beside the one that names the feature.
#[doc(hidden)]
impl Tls {
    pub fn and_files(self, _certificate: impl Into<PathBuf>, _key: impl Into<PathBuf>) -> Self {
        match self.0 {}
    }

    pub(crate) fn load(&self) -> Result<ServerTls, Vec<TlsError>> {
        match self.0 {}
    }
}

impl ServerTls {
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        match self.0 {}
    }

    pub(crate) async fn keep(self: Arc<Self>, _server: Server) {
        match self.0 {}
    }

    pub(crate) fn expires(&self) -> Option<SystemTime> {
        match self.0 {}
    }
}
