//! The value of the option `origins`.

use ws_spec::options::OptionInfo;

use super::value::{Refused, Value};
use crate::handshake::Origins;

/// The origins that may connect, before they are checked.
///
/// [`Origins`], an array or a `Vec` of origins, or one text: `same`, `any`, or origins with commas between them.
#[derive(Debug, Clone)]
pub struct AllowedOrigins(Result<Origins, String>);

impl AllowedOrigins {
    fn only(origins: Vec<String>) -> Self {
        Self(Origins::only(origins).map_err(|error| error.to_string()))
    }
}

impl From<Origins> for AllowedOrigins {
    fn from(origins: Origins) -> Self {
        Self(Ok(origins))
    }
}

impl From<&str> for AllowedOrigins {
    fn from(list: &str) -> Self {
        match list.trim() {
            "same" => Self(Ok(Origins::same())),
            "any" => Self(Ok(Origins::any())),
            list => Self::only(list.split(',').map(|origin| origin.trim().to_owned()).collect()),
        }
    }
}

impl From<String> for AllowedOrigins {
    fn from(list: String) -> Self {
        Self::from(list.as_str())
    }
}

impl<const N: usize> From<[&str; N]> for AllowedOrigins {
    fn from(origins: [&str; N]) -> Self {
        Self::only(origins.into_iter().map(str::to_owned).collect())
    }
}

impl From<&[&str]> for AllowedOrigins {
    fn from(origins: &[&str]) -> Self {
        Self::only(origins.iter().copied().map(str::to_owned).collect())
    }
}

impl<O: Into<String>> From<Vec<O>> for AllowedOrigins {
    fn from(origins: Vec<O>) -> Self {
        Self::only(origins.into_iter().map(Into::into).collect())
    }
}

impl Value for AllowedOrigins {
    type Checked = Origins;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Origins, Refused> {
        self.0.map_err(|error| Refused::Because(format!("cannot be used: {error}")))
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(Clone::clone, ToString::to_string)
    }
}
