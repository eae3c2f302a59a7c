//! The values of the options `origins` and `hosts`.

use std::fmt::Display;
use std::str::FromStr;

use ws_spec::options::OptionInfo;

use super::value::{Refused, Value};
use crate::handshake::{Hosts, InvalidHost, InvalidOrigin, Origins};

/// [`Origins`] or [`Hosts`] before they are checked.
///
/// It converts from these, from an array, a slice or a `Vec` of names, and from one text: a word such as `any`, or names
/// with commas between them.
#[derive(Debug, Clone)]
pub struct Unchecked<L>(Result<L, String>);

/// What is given by a list of names, or by a word in place of it.
pub trait Listed: FromStr<Err: Display> + Display {
    /// These names alone.
    #[doc(hidden)]
    fn of_names(names: Vec<String>) -> Result<Self, Self::Err>;
}

impl Listed for Origins {
    fn of_names(names: Vec<String>) -> Result<Self, InvalidOrigin> {
        Self::only(names)
    }
}

impl Listed for Hosts {
    fn of_names(names: Vec<String>) -> Result<Self, InvalidHost> {
        Self::only(names)
    }
}

impl<L: Listed> Unchecked<L> {
    fn of_names(names: impl IntoIterator<Item: Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self(L::of_names(names).map_err(|error| error.to_string()))
    }
}

impl<L: Listed> From<L> for Unchecked<L> {
    fn from(listed: L) -> Self {
        Self(Ok(listed))
    }
}

impl<L: Listed> From<&str> for Unchecked<L> {
    fn from(list: &str) -> Self {
        Self(list.parse().map_err(|error: L::Err| error.to_string()))
    }
}

impl<L: Listed> From<String> for Unchecked<L> {
    fn from(list: String) -> Self {
        Self::from(list.as_str())
    }
}

impl<L: Listed, const N: usize> From<[&str; N]> for Unchecked<L> {
    fn from(names: [&str; N]) -> Self {
        Self::of_names(names)
    }
}

impl<L: Listed> From<&[&str]> for Unchecked<L> {
    fn from(names: &[&str]) -> Self {
        Self::of_names(names.iter().copied())
    }
}

impl<L: Listed, N: Into<String>> From<Vec<N>> for Unchecked<L> {
    fn from(names: Vec<N>) -> Self {
        Self::of_names(names)
    }
}

impl<L: Listed> Value for Unchecked<L> {
    type Checked = L;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<L, Refused> {
        self.0.map_err(|error| Refused::Because(format!("cannot be used: {error}")))
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(Clone::clone, ToString::to_string)
    }
}
