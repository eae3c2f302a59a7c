//! The options of a server: which value holds, and the types that values are given in.
//!
//! Each option is a key of `#[ws_server(…)]`, a method of [`Builder`](crate::Builder) with the same name, and a
//! variable of the environment: `silence_max`, `.silence_max(…)`, `WS_SERVER_SILENCE_MAX`. Where several give a value,
//! the first of these holds:
//!
//! 1. the builder, as the program computes its values for this very start;
//! 2. the environment, by which an operator adapts the server to one machine;
//! 3. the attribute, which was written before anyone knew where the server would run. Its value is evaluated only if
//!    neither of the others gives one;
//! 4. the default.
//!
//! All values are checked when the server starts, and all that are wrong are reported at once ([`OptionErrors`]). Which
//! options are not at their default, and where each value came from, is logged.
//!
//! Numbers in the environment are plain (`65536`, `0.5`), flags are `true` or `false`, lists have commas. `tls` is two
//! variables, `WS_SERVER_TLS_CERT` and `WS_SERVER_TLS_KEY`. A variable with the prefix that is no option is a warning.

// `ws-spec` describes each option once; `describe.rs` makes of it the draft that the builder fills, the builder's methods,
// the attribute's keys, the reader of the environment and the checked `Options`.

mod attribute;
mod describe;
mod draft;
mod environment;
mod error;
mod origins;
mod seconds;
mod settled;
mod subprotocols;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
mod value;
mod written;

pub use attribute::Attribute;
pub(crate) use describe::{Draft, Options};
pub use environment::Prefix;
pub(crate) use environment::Warning;
pub use error::{OptionError, OptionErrors};
pub use origins::AllowedOrigins;
pub use seconds::Seconds;
pub(crate) use settled::Settled;
pub use subprotocols::Subprotocols;
pub(crate) use value::feature_off;
pub use value::{Choice, Compression, Named, Slow};
pub use written::{
    CompressedValue, CompressionValue, EnvValue, ListenValue, OriginsValue, SecondsValue, SlowValue,
    SubprotocolsValue, TlsValue,
};

#[cfg(test)]
mod tests;
