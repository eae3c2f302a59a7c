//! The value of the options `health` and `readiness`: a path of the server's own.

use std::sync::Arc;

use ws_spec::options::OptionInfo;
use ws_spec::path::Pattern;

use super::value::{Refused, Value};

/// A path without parameters that the server answers by itself, before it is checked: a text such as `/healthz`, or
/// `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainPath(String);

impl From<&str> for PlainPath {
    fn from(path: &str) -> Self {
        Self(path.to_owned())
    }
}

impl From<String> for PlainPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl Value for PlainPath {
    type Checked = Option<Arc<str>>;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, info: &OptionInfo) -> Result<Self::Checked, Refused> {
        if self.0 == info.default {
            return Ok(None);
        }
        let refused = |problem| Refused::Because(format!("cannot be {:?}: {problem}", self.0));
        Pattern::parse_plain(&self.0).map_err(refused)?;
        Ok(Some(self.0.into()))
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}
