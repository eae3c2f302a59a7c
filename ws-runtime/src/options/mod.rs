//! The options of a server: which value applies, and the types of the values.
//!
//! Each option is a key of `#[ws_server(…)]`, a method of [`Builder`](crate::Builder) with the same name, and an
//! environment variable: `silence_max`, `.silence_max(…)`, `WS_SERVER_SILENCE_MAX`. If several of them give a value,
//! the first of these applies:
//!
//! 1. the builder, because the program computes its values for this start;
//! 2. the environment, because an operator adapts the server to one machine with it;
//! 3. the attribute, whose value is fixed when the server is written. It is evaluated only if neither of the others
//!    gives one;
//! 4. the default.
//!
//! These are the options of the server. A route may have its own: `#[route("/upload", max_recv_size = 1_000_000)]`.
//! On that route this goes before all of the above, as it is nearer, so the variable of an operator sets what applies
//! on all other routes. A route cannot set what takes effect before the request says which route it is for, such as
//! `handshake_timeout`. An inner route has what the routes around it set, unless it sets that itself.
//!
//! All values are checked when the server starts, and all wrong ones are reported at once ([`OptionErrors`]). The
//! server logs each option that is not at its default, and where its value came from.
//!
//! In the environment, write numbers without units (`65536`, `0.5`), flags as `true` or `false`, and lists with commas.
//! `tls` has two variables, `WS_SERVER_TLS_CERT` and `WS_SERVER_TLS_KEY`, and for certificates of clients
//! `WS_SERVER_TLS_CLIENT_CA` or `WS_SERVER_TLS_OPTIONAL_CLIENT_CA`. A variable with the prefix that is not an option
//! causes a warning.

// `ws-spec` describes each option once. From that, `describe.rs` generates the draft that the builder fills, the
// builder's methods, the attribute's keys, the reader of the environment and the checked `Options`.

mod attribute;
mod describe;
mod draft;
mod environment;
mod error;
mod networks;
mod plain_path;
mod rate;
mod routes;
mod seconds;
mod settled;
mod side_listen;
mod spread;
mod subprotocols;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
mod unchecked;
mod value;
mod written;

pub use attribute::Attribute;
pub(crate) use describe::{Draft, Options};
#[cfg(feature = "test")]
pub(crate) use draft::Source;
pub use environment::Prefix;
pub(crate) use environment::Warning;
pub use error::{OptionError, OptionErrors};
pub use networks::NetworkList;
pub use plain_path::PlainPath;
pub use rate::{Rate, RateCount};
pub(crate) use routes::{OptionsOf, RouteAttribute, RouteOptions};
pub use seconds::Seconds;
pub(crate) use settled::Settled;
pub use side_listen::SideListen;
pub use spread::Spread;
pub use subprotocols::Subprotocols;
pub use tls::ClientCa;
pub use unchecked::{Listed, Unchecked};
pub(crate) use value::feature_off;
pub use value::{Choice, Compression, ForwardedHeader, Named, Slow, Trace};
pub use written::{
    CompressedValue, CompressionValue, EnvValue, ForwardedValue, HostsValue, ListenValue, NetworksValue,
    OriginsValue, PathValue, RateValue, SecondsValue, SideListenValue, SlowValue, SpreadValue,
    SubprotocolsValue, TlsValue, TraceValue,
};

#[cfg(test)]
mod tests;
