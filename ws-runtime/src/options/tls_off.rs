//! Stands in for `tls.rs` in a build without the feature `tls`.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::value::Refused;
use crate::listen::Tls;

/// The authorities whose clients may connect: nobody asks for them.
#[doc(hidden)]
pub struct ClientCa;

impl ClientCa {
    pub fn required(_authorities: impl Into<PathBuf>) -> Self {
        Self
    }

    pub fn optional(_authorities: impl Into<PathBuf>) -> Self {
        Self
    }

    pub(super) fn add_to(self, tls: Tls) -> Tls {
        tls
    }
}

pub(super) fn of_variables(
    _prefix: &str,
    _cert: Option<&OsStr>,
    _key: Option<&OsStr>,
) -> Result<Tls, Refused> {
    Err(Refused::feature_off("tls"))
}

pub(super) fn client_ca_of_variables(
    _prefix: &str,
    required: Option<&OsStr>,
    optional: Option<&OsStr>,
) -> Option<Result<ClientCa, Refused>> {
    required.or(optional).map(|_| Err(Refused::feature_off("tls")))
}
