//! Names the handlers that block their thread.
//!
//! Each thread that calls handlers has a slot ([`slot`]), in which it notes which handler it runs ([`name`]): a few
//! stores, and no look at a clock. One thread of the process ([`thread`]) looks at all slots, and finds those whose
//! handler has not changed for too long ([`sample`]). It runs while there is a server with the option `watchdog`.

mod name;
mod sample;
mod slot;
mod thread;

pub use self::name::HandlerName;
pub(crate) use self::name::number_of;
pub(crate) use self::slot::{on_server, run, run_here};
pub(crate) use self::thread::watch;
