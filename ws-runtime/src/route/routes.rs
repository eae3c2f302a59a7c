//! The routes of a server.

use std::fmt;
use std::sync::Arc;

use ws_spec::path::Pattern;

use super::endpoint::{Endpoint, OfRoute};
use super::{Parameters, Paths, Place, RouteError};
use crate::event::{Route, Service};
use crate::options::RouteAttribute;
use crate::room::RoomRules;
use crate::server::Hosted;
use crate::tick::{Tick, TickError, Ticks};

/// The routes of a server: either one for every path, or a table of paths.
#[doc(hidden)]
pub struct Routes<S: Service> {
    every: Option<Arc<dyn Endpoint<S>>>,
    paths: Paths<Arc<dyn Endpoint<S>>>,
    errors: Vec<RouteError>,
    tick_errors: Vec<TickError>,
    modules: Vec<&'static str>,
    /// The path of each route; `None` if it serves every path.
    route_paths: Vec<Option<String>>,
    /// What each route sets, in the order of their declaration.
    attributes: Vec<RouteAttribute>,
}

impl<S: Service> Routes<S> {
    /// Those that the server declares.
    pub(crate) fn declared() -> Self {
        let mut routes = Self {
            every: None,
            paths: Paths::default(),
            errors: Vec::new(),
            tick_errors: Vec::new(),
            modules: Vec::new(),
            route_paths: Vec::new(),
            attributes: Vec::new(),
        };
        S::routes(&mut routes);
        routes
    }

    /// Adds the only route of a server, which serves every path.
    pub fn every_path<R: Route<Server = S>>(&mut self, _: R) {
        self.modules.push(R::MODULE);
        self.route_paths.push(None);
        let (rules, ticks) = (self.room_rules::<R>(None), self.room_ticks::<R>());
        self.every = Some(Arc::new(OfRoute::<R>::new(0, None, rules, ticks)));
    }

    /// Adds a route that serves its own path.
    pub fn add<R: Route<Server = S>>(&mut self, _: R) {
        self.modules.push(R::MODULE);
        R::check_paths(&mut PathChecks { errors: &mut self.errors });
        let (place, number) = (R::place(), self.attributes.len());
        self.route_paths.push(Some(place.path().to_owned()));
        self.attributes.push(RouteAttribute { path: place.path().to_owned(), attribute: R::attribute });
        let (rules, ticks) = (self.room_rules::<R>(Some(&place)), self.room_ticks::<R>());
        let endpoint = OfRoute::<R>::new(number, Pattern::parse(place.path()).ok(), rules, ticks);
        if let Err(conflict) = self.paths.insert(place, Arc::new(endpoint)) {
            self.errors.push(conflict);
        }
    }

    /// Adds what is wrong with the `Path` of a guard that stands in a module around its route, if there is anything.
    pub fn check(&mut self, place: Place, handler: &'static str, problem: Option<String>) {
        PathChecks { errors: &mut self.errors }.check(place, handler, problem);
    }

    /// What `#[room(…)]` says, checked. Its values are expressions of the user's: they are evaluated once.
    fn room_rules<R: Route<Server = S>>(&mut self, place: Option<&Place>) -> Option<RoomRules> {
        let rules = R::room_rules();
        let problems = rules.map(|rules| rules.problems()).unwrap_or_default();
        let wrong = |problem| RouteError::of_rooms(place.cloned(), problem);
        self.errors.extend(problems.into_iter().map(wrong));
        rules
    }

    /// The ticks of each room of a route.
    fn room_ticks<R: Route<Server = S>>(&mut self) -> Vec<Tick> {
        let mut ticks = Ticks::default();
        R::room_ticks(&mut ticks);
        self.tick_errors.extend(ticks.errors);
        ticks.declared
    }

    /// Begins to serve all routes.
    pub(crate) fn begin(hosted: &Arc<Hosted<S>>) {
        let of_paths = hosted.routes.paths.iter().map(|(_, endpoint)| endpoint);
        hosted.routes.every.iter().chain(of_paths).for_each(|endpoint| endpoint.begin(hosted));
    }

    /// What is wrong with ticks of rooms.
    pub(crate) fn take_tick_errors(&mut self) -> Vec<TickError> {
        std::mem::take(&mut self.tick_errors)
    }

    /// What each route sets.
    pub(crate) fn take_attributes(&mut self) -> Vec<RouteAttribute> {
        std::mem::take(&mut self.attributes)
    }

    /// The modules of the routes, by their numbers.
    pub(crate) fn modules(&self) -> Vec<&'static str> {
        self.modules.clone()
    }

    /// The paths of the routes, by their numbers; `None` for one that serves every path.
    pub(crate) fn route_paths(&self) -> Vec<Option<String>> {
        self.route_paths.clone()
    }

    /// What keeps the server from starting, each once.
    pub(crate) fn take_errors(&mut self) -> Vec<RouteError> {
        std::mem::take(&mut self.errors)
    }

    /// Where this path is declared, if it is.
    pub(crate) fn place_of(&self, path: &str) -> Option<&Place> {
        self.paths.place_of(path)
    }

    /// What serves the path of a request, as it was sent.
    pub(crate) fn find(&self, path: &str) -> Option<(Arc<dyn Endpoint<S>>, Parameters)> {
        match &self.every {
            Some(every) => Some((Arc::clone(every), Parameters::default())),
            None => self.paths.find(path).map(|(endpoint, parameters)| (Arc::clone(endpoint), parameters)),
        }
    }
}

/// Takes what is wrong with the `Path`s of a route's handlers.
#[doc(hidden)]
#[derive(Debug)]
pub struct PathChecks<'r> {
    errors: &'r mut Vec<RouteError>,
}

impl PathChecks<'_> {
    /// Adds what is wrong with the `Path` of a handler, if there is anything.
    pub fn check(&mut self, place: Place, handler: &'static str, problem: Option<String>) {
        self.errors.extend(problem.map(|problem| RouteError::of_argument(place, handler, problem)));
    }
}

impl<S: Service> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.paths.iter().map(|(place, _)| place)).finish()
    }
}
