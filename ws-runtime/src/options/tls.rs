//! What the option `tls` is given as: two files.

use std::ffi::OsStr;
use std::path::PathBuf;

use ws_spec::environment::{TLS_CERT, TLS_KEY, variable};

use super::value::Refused;
use crate::listen::Tls;

/// The paths of the certificate chain and of the key, as [`Tls::files`] takes them.
impl<C: Into<PathBuf>, K: Into<PathBuf>> From<(C, K)> for Tls {
    fn from((certificate, key): (C, K)) -> Self {
        Self::files(certificate, key)
    }
}

/// Puts the two variables of the environment together. Paths need not be Unicode.
pub(super) fn of_variables(prefix: &str, cert: Option<&OsStr>, key: Option<&OsStr>) -> Result<Tls, Refused> {
    let missing = |name| {
        let name = variable(prefix, name);
        Err(Refused::Because(format!("also needs {name}: both files or neither")))
    };
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Tls::files(cert, key)),
        (None, _) => missing(TLS_CERT),
        (Some(_), None) => missing(TLS_KEY),
    }
}
