//! The process around a server, which `start()` owns: its log, its signals, its threads.

mod io_poller;
#[cfg(feature = "log")]
mod log;
mod signals;

#[cfg(feature = "log")]
pub(crate) use self::log::set_up;
pub(crate) use self::signals::Attendant;
