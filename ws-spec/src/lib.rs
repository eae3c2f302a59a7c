//! What `ws-macros` and `ws-runtime` both have to know, so that a rule stands in one place: the macros apply it to
//! literals when a server is compiled, the runtime to every other value when it starts.
//!
//! Not an interface of its own: it changes whenever the two need it. Depend on `ws-runtime`.

pub mod address;
pub mod close;
pub mod environment;
pub mod options;
mod origin;
mod suggest;
mod table;
mod token;

pub use origin::Origin;
pub use suggest::{is_misspelt, nearest};
pub use token::{is_token, is_token_byte};
