//! What can go wrong in a measurement. Nothing is passed over: a figure is printed only where all went well.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot {doing}")]
    Io { doing: String, source: io::Error },
    #[error("{path} does not look as expected: {what}")]
    Proc { path: PathBuf, what: &'static str },
    #[error("the server {server} did not start: {why}")]
    Start { server: &'static str, why: String },
    #[error("{0} is left out: {1}")]
    LeftOut(&'static str, String),
    #[error("the server answered the handshake with {0:?}")]
    Handshake(String),
    #[error("connection {connection}: {what}")]
    Wrong { connection: usize, what: String },
    #[error("nothing arrived for {waited:?}, and {missing} messages are missing")]
    Lost { missing: u64, waited: Duration },
    #[error("the attackers ended with {0}")]
    Attack(std::process::ExitStatus),
    #[error("more instructions than the baseline and {tolerance} %: {paths}")]
    Regression { paths: String, tolerance: f64 },
    #[error("goals are missed: {0}")]
    Missed(String),
    #[error("in the comparison of {case} with {peer}")]
    Case { case: &'static str, peer: &'static str, source: Box<Error> },
}

/// Adds to an error of the system what was being done.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<io::Error>> Doing<T> for std::result::Result<T, E> {
    fn doing(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error::Io { doing: what.into(), source: error.into() })
    }
}

/// An error and its causes, in one line.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}
