//! The value of the options that list networks: `trusted_proxies` and `proxy_protocol`.

use std::net::IpAddr;

use ws_spec::Network;
use ws_spec::options::{OptionInfo, TRUSTED};

use super::value::{Refused, Value};
use crate::proxy::Networks;

/// Networks, before they are checked.
///
/// It converts from one text with commas between networks, from an [`IpAddr`], and from an array, a slice or a `Vec`
/// of either.
///
/// ```
/// use std::net::Ipv4Addr;
/// use ws_runtime::options::NetworkList;
///
/// let list = NetworkList::from(["127.0.0.1", "10.0.0.0/8"]);
/// assert_eq!(list, NetworkList::from("127.0.0.1, 10.0.0.0/8"));
/// assert_eq!(NetworkList::from([Ipv4Addr::LOCALHOST]), NetworkList::from("127.0.0.1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkList(Vec<String>);

impl From<&str> for NetworkList {
    fn from(list: &str) -> Self {
        // As the table of options shows that there are none.
        if matches!(list.trim(), "" | "none") {
            return Self::default();
        }
        Self(list.split(',').map(|network| network.trim().to_owned()).collect())
    }
}

impl From<String> for NetworkList {
    fn from(list: String) -> Self {
        Self::from(list.as_str())
    }
}

impl From<IpAddr> for NetworkList {
    fn from(ip: IpAddr) -> Self {
        Self(vec![ip.to_canonical().to_string()])
    }
}

impl<N: ToString, const COUNT: usize> From<[N; COUNT]> for NetworkList {
    fn from(networks: [N; COUNT]) -> Self {
        Self(networks.iter().map(ToString::to_string).collect())
    }
}

impl<N: ToString> From<&[N]> for NetworkList {
    fn from(networks: &[N]) -> Self {
        Self(networks.iter().map(ToString::to_string).collect())
    }
}

impl<N: ToString> From<Vec<N>> for NetworkList {
    fn from(networks: Vec<N>) -> Self {
        Self::from(networks.as_slice())
    }
}

impl Value for NetworkList {
    type Checked = Networks;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, info: &OptionInfo) -> Result<Networks, Refused> {
        if self.0 == ["any"] && info.name != TRUSTED {
            return Ok(Networks::Any);
        }
        let parsed = self.0.iter().map(|text| {
            Network::parse(text).map_err(|reason| {
                Refused::Because(format!("cannot be used: {text:?} is not a network: {reason}"))
            })
        });
        Ok(Networks::Listed(parsed.collect::<Result<_, _>>()?))
    }

    fn show(&self) -> String {
        if self.0.is_empty() { "none".to_owned() } else { self.0.join(", ") }
    }
}
