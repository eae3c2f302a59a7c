//! Stands in for `tls.rs` in a build without the feature `tls`.

use std::ffi::OsStr;

use super::value::Refused;
use crate::listen::Tls;

pub(super) fn of_variables(
    _prefix: &str,
    _cert: Option<&OsStr>,
    _key: Option<&OsStr>,
) -> Result<Tls, Refused> {
    Err(Refused::feature_off("tls"))
}
