//! The routes of a server.

use std::fmt;
use std::sync::Arc;

use super::endpoint::{Endpoint, OfRoute};
use super::{Parameters, Paths, RouteError};
use crate::event::{Route, Service};
use crate::options::RouteAttribute;

/// The routes of a server: either one for every path, or a table of paths.
#[doc(hidden)]
pub struct Routes<S: Service> {
    every: Option<Arc<dyn Endpoint<S>>>,
    paths: Paths<Arc<dyn Endpoint<S>>>,
    conflicts: Vec<RouteError>,
    /// What each route sets, in the order of their declaration.
    attributes: Vec<RouteAttribute>,
}

impl<S: Service> Routes<S> {
    /// Those that the server declares.
    pub(crate) fn declared() -> Self {
        let mut routes =
            Self { every: None, paths: Paths::default(), conflicts: Vec::new(), attributes: Vec::new() };
        S::routes(&mut routes);
        routes
    }

    /// Adds the only route of a server, which serves every path.
    pub fn every_path<R: Route<Server = S>>(&mut self, _: R) {
        self.every = Some(Arc::new(OfRoute::<R>::new(0)));
    }

    /// Adds a route that serves its own path.
    pub fn add<R: Route<Server = S>>(&mut self, _: R) {
        let (place, number) = (R::place(), self.attributes.len());
        self.attributes.push(RouteAttribute { path: place.path().to_owned(), attribute: R::attribute });
        if let Err(conflict) = self.paths.insert(place, Arc::new(OfRoute::<R>::new(number))) {
            self.conflicts.push(conflict);
        }
    }

    /// What each route sets.
    pub(crate) fn attributes() -> Vec<RouteAttribute> {
        Self::declared().attributes
    }

    /// The paths that cannot be served, each once.
    pub(crate) fn take_conflicts(&mut self) -> Vec<RouteError> {
        std::mem::take(&mut self.conflicts)
    }

    /// What serves the path of a request, as it was sent.
    pub(crate) fn find(&self, path: &str) -> Option<(Arc<dyn Endpoint<S>>, Parameters)> {
        match &self.every {
            Some(every) => Some((Arc::clone(every), Parameters::default())),
            None => self.paths.find(path).map(|(_, endpoint, parameters)| (Arc::clone(endpoint), parameters)),
        }
    }
}

impl<S: Service> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths.iter().map(|(place, _)| place)).finish()
    }
}
