//! Routes in files of their own: what joins one with its server, on both sides.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use super::spans::{at, here, repeat};
use crate::model::{Listed, Reach};
use crate::plan::Plan;

/// The name under which a server with a list of routes is found. The compiler shows it where there is none.
const SERVER: &str = "ws_server_with_routes";

/// The function that adds a listed route. The compiler shows its name where there is none.
const ROUTE: &str = "marked_route";

/// The function that a route without a list calls. The compiler warns that it is never used.
const UNLISTED: &str = "missing_in_routes_of_ws_server";

/// The visibility of a server's hidden types. A type of a trait must not be less visible than what implements the
/// trait, so a state that is less visible than the crate makes them so too.
pub(super) fn visibility(plan: &Plan<'_>, place: Span) -> TokenStream {
    if plan.server.settings.routes.is_none() {
        return TokenStream::new();
    }
    let restricted = plan.states.iter().find_map(|state| match &state.part.reach {
        Reach::Public(visibility) if !visibility.to_string().replace(' ', "").ends_with("pub") => {
            Some(visibility.clone())
        }
        Reach::Public(_) | Reach::Private => None,
    });
    restricted.unwrap_or_else(|| quote_spanned!(place=> pub(crate)))
}

/// In the server's module: the name by which its routes find it.
pub(super) fn server(plan: &Plan<'_>) -> TokenStream {
    if plan.scope.route.is_some() || plan.server.settings.routes.is_none() {
        return TokenStream::new();
    }
    let (name, visibility) = (Ident::new(SERVER, here()), visibility(plan, here()));
    quote_spanned! {here()=>
        #[doc(hidden)]
        #[allow(unused_imports, clippy::redundant_pub_crate)]
        #visibility use __Service as #name;
    }
}

/// In the route's module: the server, by the name that its own routes have for it. All of it stands where the user's
/// path does, so that the compiler points there.
pub(super) fn server_of_route(plan: &Plan<'_>) -> TokenStream {
    let server = plan.scope.route.as_ref().and_then(|route| route.server.as_ref());
    let Some(server) = server else { return TokenStream::new() };
    let place = at(last(server));
    let name = Ident::new(SERVER, place);
    let colon = server.leading_colon.map(|_| quote_spanned!(place=> ::));
    let segments = server.segments.iter().map(|segment| repeat(&segment.ident));
    quote_spanned!(place=> use #colon #(#segments::)* #name as __Service;)
}

fn last(path: &Path) -> Span {
    path.segments.last().map_or_else(here, |last| last.ident.span())
}

/// The statements that add the listed routes.
pub(super) fn listed(plan: &Plan<'_>) -> TokenStream {
    let listed = plan.server.settings.routes.iter().flatten();
    listed
        .map(|Listed { path, cfgs }| {
            let (cfgs, last) = (cfgs.attributes(), last(path));
            let add = Ident::new(ROUTE, at(last));
            let routes = quote_spanned!(at(last)=> (routes));
            quote_spanned!(here()=> #cfgs #path::#add #routes;)
        })
        .collect()
}

/// In the route's module: the function that the server's list calls.
pub(super) fn adds(plan: &Plan<'_>, body: &TokenStream) -> TokenStream {
    let place = plan.scope.route.as_ref().and_then(|route| route.server.as_ref()).map_or_else(here, last);
    // The user's own tokens, as it were: the compiler warns of nothing that a macro generates.
    let unlisted = Ident::new(UNLISTED, place);
    let never_used = quote_spanned!(place=> fn #unlisted() {});
    let name = Ident::new(ROUTE, at(place));
    let head = quote_spanned! {at(place)=>
        pub(crate) fn #name<__S: __ws_runtime::IsServer<__Service>>(routes: &mut __ws_runtime::Routes<__S>)
    };
    quote_spanned! {here()=>
        #never_used

        #[doc(hidden)]
        #[allow(private_interfaces, clippy::redundant_pub_crate)]
        #head {
            #unlisted();
            let routes = __ws_runtime::IsServer::same(routes);
            #body
        }
    }
}
