//! Why a server did not start.

use std::error::Error as _;
use std::{fmt, io};

use thiserror::Error;

use crate::listen::{ListenError, TlsError};
use crate::options::OptionErrors;
use crate::route::RouteError;
use crate::server::StartError;
use crate::tick::TickError;
#[cfg(unix)]
use crate::watch::WatchError;

/// Why a server did not start.
///
/// Its `Debug` form is its message with all causes, one on each line, because that is what a terminal shows if `main`
/// returns it.
#[derive(Error)]
#[non_exhaustive]
pub enum Error {
    /// One or more options are wrong.
    #[error(transparent)]
    Options(#[from] OptionErrors),
    /// The server cannot listen on an address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The server cannot listen where `metrics_listen` says.
    #[error("`metrics_listen` cannot be used")]
    MetricsListen(#[source] ListenError),
    /// A certificate or a key cannot be used. Without the feature `tls` this error does not occur.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A path cannot be served.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The period of a tick is wrong.
    #[error(transparent)]
    Tick(#[from] TickError),
    /// A handle cannot be watched.
    #[cfg(unix)]
    #[error("the watch `{handler}` cannot begin")]
    Watch {
        /// The name of the handler that declares it.
        handler: &'static str,
        /// Why it cannot.
        source: WatchError,
    },
    /// The handler of `#[on(start)]` has failed: the server is not started.
    #[error("the `start` handler `{handler}` failed")]
    Start {
        /// The name of the handler.
        handler: &'static str,
        /// Why it failed.
        source: StartError,
    },
    /// Several of the errors above, except `Options` and `Start`.
    #[error("{} things keep the server from starting", .0.len())]
    Several(Vec<Error>),
    /// `start()` was called where a tokio runtime already runs.
    #[error(
        "`start()` makes its own tokio runtime and cannot run inside another: call `.serve().await` here"
    )]
    InsideRuntime,
    /// `serve()` or `bind()` was polled where no tokio runtime runs.
    #[error(
        "`serve()` and `bind()` need a tokio runtime around them: call them in `#[tokio::main]` or `Runtime::block_on`, \
         or call `start()`, which makes one"
    )]
    OutsideRuntime,
    /// `mount()` was polled where no tokio runtime runs.
    #[cfg(feature = "tower")]
    #[error(
        "`mount()` needs the tokio runtime of the server around this one: call it in `#[tokio::main]` or \
         `Runtime::block_on`"
    )]
    MountedOutsideRuntime,
    /// Both `#[on(request)]` and a service given by `.http(…)` take plain requests.
    #[cfg(feature = "tower")]
    #[error(
        "plain requests have two takers, `.http(…)` and the handler `{handler}` of `#[on(request)]`: remove one of them"
    )]
    TwoForRequests {
        /// The name of the handler.
        handler: &'static str,
    },
    /// A mounted server was given a service by `.http(…)`.
    #[cfg(feature = "tower")]
    #[error(
        "`.http(…)` is for a server that listens: what is mounted gets plain requests from the router around it"
    )]
    MountedWithHttp,
    /// The system refused what a tokio runtime needs.
    #[error("cannot make a tokio runtime")]
    Runtime(#[source] io::Error),
    /// The system refused to register signal handlers.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

impl Error {
    /// Fails with all of them, if there are any.
    pub(crate) fn all(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.pop() {
            None => Ok(()),
            Some(only) if errors.is_empty() => Err(only),
            Some(last) => {
                errors.push(last);
                Err(Self::Several(errors))
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Self::Several(errors) = self {
            f.write_str(":")?;
            return errors.iter().try_for_each(|error| {
                let shown = format!("{error:?}").replace('\n', "\n  ");
                write!(f, "\n  {shown}")
            });
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
