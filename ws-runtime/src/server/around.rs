//! What serves the requests that are not the server's own.

#[cfg(feature = "tower")]
use std::sync::Arc;

#[cfg(feature = "tower")]
use crate::mount::HttpService;

/// What serves the requests that are not the server's own, if anything does.
#[derive(Clone, Default)]
pub(crate) struct Around {
    #[cfg(feature = "tower")]
    pub(crate) http: Option<Arc<dyn HttpService>>,
}
