//! What the option `tls` is given as: files.

use std::ffi::OsStr;
use std::path::PathBuf;

use ws_spec::environment::{TLS_CERT, TLS_CLIENT_CA, TLS_KEY, TLS_OPTIONAL_CLIENT_CA, variable};

use super::value::Refused;
use crate::listen::Tls;

/// The paths of the certificate chain and of the key, as [`Tls::files`] takes them.
impl<C: Into<PathBuf>, K: Into<PathBuf>> From<(C, K)> for Tls {
    fn from((certificate, key): (C, K)) -> Self {
        Self::files(certificate, key)
    }
}

/// The file with the authorities whose clients may connect.
#[doc(hidden)]
pub struct ClientCa {
    authorities: PathBuf,
    is_required: bool,
}

impl ClientCa {
    /// Each client needs a certificate.
    pub fn required(authorities: impl Into<PathBuf>) -> Self {
        Self { authorities: authorities.into(), is_required: true }
    }

    /// A client may have a certificate.
    pub fn optional(authorities: impl Into<PathBuf>) -> Self {
        Self { authorities: authorities.into(), is_required: false }
    }

    pub(super) fn add_to(self, tls: Tls) -> Tls {
        match self.is_required {
            true => tls.client_ca(self.authorities),
            false => tls.optional_client_ca(self.authorities),
        }
    }
}

/// Puts the variables of the environment for certificates and keys together. Paths need not be Unicode.
pub(super) fn of_variables(prefix: &str, cert: Option<&OsStr>, key: Option<&OsStr>) -> Result<Tls, Refused> {
    let missing = |name| {
        let name = variable(prefix, name);
        Err(Refused::Because(format!("also needs {name}: both files or neither")))
    };
    let (certs, keys) = match (cert, key) {
        (Some(cert), Some(key)) => (paths(cert), paths(key)),
        (None, _) => return missing(TLS_CERT),
        (Some(_), None) => return missing(TLS_KEY),
    };
    if certs.len() != keys.len() {
        let name = variable(prefix, TLS_KEY);
        let counts = format!("{} and {}", certs.len(), keys.len());
        return Err(Refused::Because(format!(
            "needs as many files in {name}, in the same order: there are {counts}"
        )));
    }
    let mut pairs = certs.into_iter().zip(keys);
    let Some((cert, key)) = pairs.next() else { return missing(TLS_CERT) };
    Ok(pairs.fold(Tls::files(cert, key), |tls, (cert, key)| tls.and_files(cert, key)))
}

/// A list of paths with commas. One that is not Unicode stands alone.
fn paths(list: &OsStr) -> Vec<PathBuf> {
    match list.to_str() {
        Some(list) if list.contains(',') => list.split(',').map(|path| path.trim().into()).collect(),
        _ => vec![list.into()],
    }
}

/// The authorities for clients, if there are any.
pub(super) fn client_ca_of_variables(
    prefix: &str,
    required: Option<&OsStr>,
    optional: Option<&OsStr>,
) -> Option<Result<ClientCa, Refused>> {
    match (required, optional) {
        (None, None) => None,
        (Some(required), None) => Some(Ok(ClientCa::required(required))),
        (None, Some(optional)) => Some(Ok(ClientCa::optional(optional))),
        (Some(_), Some(_)) => {
            let [one, other] = [TLS_CLIENT_CA, TLS_OPTIONAL_CLIENT_CA].map(|name| variable(prefix, name));
            Some(Err(Refused::Because(format!(
                "is given both {one}, which requires a certificate of each client, and {other}, which does not: remove one"
            ))))
        }
    }
}
