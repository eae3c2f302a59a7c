//! A route in a file of its own, and the server that lists it.

use super::Routes;
use crate::event::Service;

/// Whether a server is the one that a route names. Only the same type is.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this route belongs to another server",
    label = "its `server = …` names another module",
    note = "a route in a file of its own belongs to one server: the module that its `server = …` names lists it in `routes = […]`"
)]
pub trait IsServer<S: Service>: Service {
    /// The same routes, as those of the server that the route names.
    fn same(routes: &mut Routes<Self>) -> &mut Routes<S>;
}

#[diagnostic::do_not_recommend]
impl<S: Service> IsServer<S> for S {
    fn same(routes: &mut Routes<S>) -> &mut Routes<S> {
        routes
    }
}
