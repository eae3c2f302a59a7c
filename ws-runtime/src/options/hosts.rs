//! The value of the option `hosts`.

use ws_spec::options::OptionInfo;

use super::value::{Refused, Value};
use crate::handshake::Hosts;

/// The hosts that are answered for, before they are checked.
///
/// [`Hosts`], an array or a `Vec` of names, or one text: `auto`, `any`, or names with commas between them.
#[derive(Debug, Clone)]
pub struct AnsweredHosts(Result<Hosts, String>);

impl AnsweredHosts {
    fn only(hosts: Vec<String>) -> Self {
        Self(Hosts::only(hosts).map_err(|error| error.to_string()))
    }
}

impl From<Hosts> for AnsweredHosts {
    fn from(hosts: Hosts) -> Self {
        Self(Ok(hosts))
    }
}

impl From<&str> for AnsweredHosts {
    fn from(list: &str) -> Self {
        Self(list.parse().map_err(|error: crate::InvalidHost| error.to_string()))
    }
}

impl From<String> for AnsweredHosts {
    fn from(list: String) -> Self {
        Self::from(list.as_str())
    }
}

impl<const N: usize> From<[&str; N]> for AnsweredHosts {
    fn from(hosts: [&str; N]) -> Self {
        Self::only(hosts.into_iter().map(str::to_owned).collect())
    }
}

impl From<&[&str]> for AnsweredHosts {
    fn from(hosts: &[&str]) -> Self {
        Self::only(hosts.iter().copied().map(str::to_owned).collect())
    }
}

impl<H: Into<String>> From<Vec<H>> for AnsweredHosts {
    fn from(hosts: Vec<H>) -> Self {
        Self::only(hosts.into_iter().map(Into::into).collect())
    }
}

impl Value for AnsweredHosts {
    type Checked = Hosts;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Hosts, Refused> {
        self.0.map_err(|error| Refused::Because(format!("cannot be used: {error}")))
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(Clone::clone, ToString::to_string)
    }
}
