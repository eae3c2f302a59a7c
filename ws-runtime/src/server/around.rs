//! What the program around a server does for it: it serves the requests that are not the server's own, and knows the
//! trace of a request.

use std::any::Any;
use std::sync::Arc;

use http::HeaderMap;

#[cfg(feature = "tower")]
use crate::mount::HttpService;

/// What the program around a server does for it.
#[derive(Clone, Default)]
pub(crate) struct Around {
    /// What serves the requests that are not the server's own, if anything does.
    #[cfg(feature = "tower")]
    pub(crate) http: Option<Arc<dyn HttpService>>,
    /// What enters the trace of a request, if anything does.
    pub(crate) trace_context: Option<Arc<EnterTrace>>,
}

/// Enters the trace that the headers of a request name, until the value is dropped.
pub(crate) type EnterTrace = dyn Fn(&HeaderMap) -> Box<dyn Any> + Send + Sync;
