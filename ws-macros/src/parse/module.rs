//! Reads the server's module and its attribute.

use proc_macro2::TokenStream;
use quote::quote;

use super::items::{self, Kind, RawAttribute};
use super::scope::{self, Shared};
use super::settings;
use crate::diagnostics::Diagnostics;
use crate::model::Server;

/// Reads a server; `None` if the attribute is not on a module with a body.
pub(crate) fn parse(
    attribute: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Server> {
    let (_, mut found) = items::cut(item);
    let settings = settings::read(attribute, diagnostics);
    let module = (!found.is_empty()).then(|| found.swap_remove(0))?;
    if module.kind != Kind::Module {
        diagnostics.error_at(
            module.span(),
            format!("`#[ws_server]` belongs on a module, and this is {}: write `mod chat {{ … }}` around the handlers", module.noun()),
        );
        return None;
    }
    let name = module.name.clone()?;
    let Some((head, body)) = module.split_body() else {
        diagnostics.error_at(
            name.span(),
            format!(
                "the macro has to see the handlers, but `mod {name};` has no body: write `mod {name} {{ … }}` with the handlers \
                 here; what they call can stay in another file"
            ),
        );
        return None;
    };
    let (again, attributes): (Vec<_>, Vec<_>) = module
        .attributes
        .iter()
        .partition(|attribute| attribute.path.last().is_some_and(|name| name == "ws_server"));
    for second in again {
        diagnostics.error(
            &second.group,
            format!("`{name}` is already a server: put all options into one `#[ws_server(…)]`"),
        );
    }
    let attributes: TokenStream = attributes.into_iter().map(RawAttribute::tokens).collect();
    let head = quote!(#attributes #head);
    let place = scope::Place { head, name, route: None };
    let (root, shared) = scope::read(place, body, settings.runtime.as_ref(), diagnostics);
    let Shared { states, identities, routes } = shared;
    let routes = routes.into_iter().flatten().collect();
    Some(Server { settings, states, identities, root, routes })
}
