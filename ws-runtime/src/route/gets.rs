//! What answers plain HTTP requests, by their path.

use std::fmt;

use bytes::Bytes;
use http::Response;

use super::{Parameters, Paths, Place, RouteError};
use crate::event::{OpeningEvent, Service};
use crate::generated::BoxFuture;
use crate::{Reject, Request};

/// Makes the arguments of a handler, runs it, and makes a response of its value.
type Run<S> = for<'a> fn(OpeningEvent<'a, S, Request>) -> BoxFuture<'a, Result<Response<Bytes>, Reject>>;

/// The `#[get]` handlers of a server.
#[doc(hidden)]
pub struct Gets<S: Service> {
    paths: Paths<Get<S>>,
    errors: Vec<RouteError>,
}

/// A `#[get]` handler.
pub(crate) struct Get<S: Service> {
    pub(crate) name: &'static str,
    pub(crate) run: Run<S>,
}

impl<S: Service> Gets<S> {
    /// Those that the server declares.
    pub(crate) fn declared() -> Self {
        let mut gets = Self { paths: Paths::default(), errors: Vec::new() };
        S::gets(&mut gets);
        gets
    }

    /// Adds a handler.
    pub fn add(&mut self, place: Place, name: &'static str, run: Run<S>) {
        if let Err(conflict) = self.paths.insert(place, Get { name, run }) {
            self.errors.push(conflict);
        }
    }

    /// Adds what is wrong with the `Path` of a handler, if there is anything.
    pub fn check(&mut self, place: Place, name: &'static str, problem: Option<String>) {
        self.errors.extend(problem.map(|problem| RouteError::of_argument(place, name, problem)));
    }

    /// What keeps the server from starting, each once.
    pub(crate) fn take_errors(&mut self) -> Vec<RouteError> {
        std::mem::take(&mut self.errors)
    }

    /// Where this path is declared, if it is.
    pub(crate) fn place_of(&self, path: &str) -> Option<&Place> {
        self.paths.place_of(path)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The handler for the path of a request, as it was sent.
    pub(crate) fn find(&self, path: &str) -> Option<(&Get<S>, Parameters)> {
        self.paths.find(path)
    }
}

impl<S: Service> fmt::Debug for Gets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths.iter().map(|(place, _)| place)).finish()
    }
}

impl<S: Service> fmt::Debug for Get<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Get").field(&self.name).finish()
    }
}
