//! Reads a route in a file of its own: `#[route("/table/{id}", server = crate::arcade)] pub mod route { … }`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::items::{self, Kind, RawAttribute};
use super::marker::Marker;
use super::scope::{self, Shared};
use super::{handler, route};
use crate::diagnostics::Diagnostics;
use crate::model::{RouteMark, Server, Settings};

/// Reads the route; `None` if the attribute is not on a module with a body.
pub(crate) fn parse_alone(
    attribute: &TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Server> {
    let (_, mut found) = items::cut(item);
    let module = (!found.is_empty()).then(|| found.swap_remove(0))?;
    if module.kind != Kind::Module {
        diagnostics.error_at(
            Span::call_site(),
            format!(
                "`#[route]` belongs on a module, whose functions are the handlers, and this is {}: a plain HTTP request is \
                 answered by `#[get(\"/path\")]` on a function of the server's module",
                module.noun()
            ),
        );
        return None;
    }
    let name = module.name.clone()?;
    let (read, links) = route::read_alone(&as_written(attribute)?, diagnostics);
    let Some((head, body)) = module.split_body() else {
        diagnostics.error_at(
            name.span(),
            format!(
                "the macro has to see the handlers, but `mod {name};` has no body: write the attribute in the file `{name}.rs`, above \
                 `pub mod route {{ … }}` with the handlers in it"
            ),
        );
        return None;
    };
    if !links.names_server {
        diagnostics.error_at(Span::call_site(), route::no_server(&name));
    }
    let runtime = links.runtime;
    let is_again = |attribute: &&RawAttribute| {
        Marker::of(attribute, runtime.as_ref()) == Some(Marker::Route)
            || attribute.path.last().is_some_and(|name| name == "ws_server")
    };
    let (again, attributes): (Vec<_>, Vec<_>) = module.attributes.iter().partition(is_again);
    for second in again {
        diagnostics.error(&second.group, format!("`{name}` is already a route, of one path and one server"));
    }
    let attributes: TokenStream = attributes.into_iter().map(RawAttribute::tokens).collect();
    let is_wrong = read.is_none();
    let route::Route { path, guard, options } = read.unwrap_or_else(|| route::Route::none(name.span()));
    let mark = RouteMark {
        full_path: path.value(),
        path,
        is_wrong,
        guard,
        options,
        cfgs: handler::conditions(&module.attributes),
        outer: None,
        depth: 0,
        server: links.server,
    };
    let place = scope::Place { head: quote!(#attributes #head), name, route: Some(mark) };
    let (root, shared) = scope::read(place, body, runtime.as_ref(), diagnostics);
    let Shared { states, identities, routes } = shared;
    let routes = routes.into_iter().flatten().collect();
    let settings = Settings { runtime, ..Settings::default() };
    Some(Server { settings, states, identities, root, routes })
}

/// The attribute, of which the compiler only gives the arguments.
fn as_written(arguments: &TokenStream) -> Option<RawAttribute> {
    let whole = quote_spanned!(Span::call_site()=> #[route(#arguments)] struct Route;);
    items::cut(whole).1.into_iter().next()?.attributes.into_iter().next()
}
