//! The rules that `ws-macros` and `ws-runtime` share, so that each is written once. The macros apply them to literals
//! when a server is compiled, the runtime to all other values when it starts.
//!
//! This crate is not a public interface: it changes whenever the two need it. Depend on `ws-runtime`.

pub mod address;
pub mod close;
pub mod environment;
mod host;
mod network;
pub mod options;
mod origin;
pub mod path;
pub mod paths;
mod suggest;
mod table;
mod token;

pub use host::HostName;
pub use network::Network;
pub use origin::Origin;
pub use suggest::{is_misspelt, nearest};
pub use token::{is_token, is_token_byte};
