//! The value of the option `subprotocols`.

use std::ops::Deref;

use ws_spec::is_token;
use ws_spec::options::OptionInfo;

use super::value::{Refused, Value};

/// The names of subprotocols, the preferred one first.
///
/// It converts from an array, a slice or a `Vec` of names, and from one text with commas between them. It derefs to a
/// slice.
///
/// ```
/// use ws_runtime::options::Subprotocols;
///
/// let list = Subprotocols::from(["chat.v2", "chat.v1"]);
/// assert_eq!(list, Subprotocols::from("chat.v2, chat.v1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subprotocols(Vec<String>);

impl Deref for Subprotocols {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<const N: usize> From<[&str; N]> for Subprotocols {
    fn from(names: [&str; N]) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

impl From<&[&str]> for Subprotocols {
    fn from(names: &[&str]) -> Self {
        Self(names.iter().copied().map(str::to_owned).collect())
    }
}

impl<N: Into<String>> From<Vec<N>> for Subprotocols {
    fn from(names: Vec<N>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl From<&str> for Subprotocols {
    fn from(list: &str) -> Self {
        if list.trim().is_empty() {
            return Self::default();
        }
        Self(list.split(',').map(|name| name.trim().to_owned()).collect())
    }
}

impl From<String> for Subprotocols {
    fn from(list: String) -> Self {
        Self::from(list.as_str())
    }
}

impl Value for Subprotocols {
    type Checked = Self;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Self, Refused> {
        for (position, name) in self.0.iter().enumerate() {
            if !is_token(name) {
                return Err(Refused::text(name));
            }
            if self.0.iter().take(position).any(|earlier| earlier == name) {
                return Err(Refused::Because(format!("names {name:?} twice; leave one out")));
            }
        }
        Ok(self)
    }

    fn show(&self) -> String {
        self.0.join(", ")
    }
}
