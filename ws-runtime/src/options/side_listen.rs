//! The value of the option `metrics_listen`.

use ws_spec::options::OptionInfo;

use super::value::{Refused, Value};
use crate::listen::Listen;

/// Where a server listens beside its own addresses, if anywhere: what [`Listen`] takes, or the text `none`.
#[derive(Debug)]
pub struct SideListen(Option<Listen>);

impl<L: Into<Listen>> From<L> for SideListen {
    fn from(listen: L) -> Self {
        let listen = listen.into();
        // No address is this word.
        Self((listen.to_string() != NONE).then_some(listen))
    }
}

impl Value for SideListen {
    type Checked = Option<Listen>;

    fn read(text: &str) -> Result<Self, Refused> {
        Listen::read(text).map(Self::from)
    }

    fn checked(self, info: &OptionInfo) -> Result<Self::Checked, Refused> {
        self.0.map(|listen| listen.checked(info)).transpose()
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(|| NONE.to_owned(), Listen::show)
    }
}

const NONE: &str = "none";
