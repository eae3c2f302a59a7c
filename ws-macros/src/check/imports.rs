//! Checks that a module imports what its handlers name: a module sees nothing of the one around it by itself.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use crate::diagnostics::Diagnostics;
use crate::model::Handler;
use crate::resolve::Resolved;
use crate::syntax::output_type;

/// Reports a module without any import whose handlers name types of the runtime, or what the module around it declares.
pub(super) fn are_missing(module: &Resolved<'_>, diagnostics: &mut Diagnostics) -> bool {
    let Resolved { server, scope, .. } = module;
    if scope.imports {
        return false;
    }
    let is_declared = |name: &str| {
        scope.types.iter().any(|own| own == name) || scope.aliases.iter().any(|(alias, _)| alias == name)
    };
    let around = server.states.iter().chain(&server.identities).filter(|_| scope.route.is_some());
    let around: Vec<String> = around.map(|part| part.name.to_string()).collect();
    let is_missing =
        |name: &String| (PRELUDE.contains(&name.as_str()) || around.contains(name)) && !is_declared(name);
    let own = scope.handlers.iter().filter(|handler| handler.above == 0);
    let Some(missing) = own.flat_map(bare_names).find(is_missing) else { return false };
    let name = &scope.name;
    diagnostics.error(
        name,
        format!(
            "`{name}` does not see `{missing}`, nor anything else from outside of it: begin it with `use super::*;`, which imports what the \
             module around it has"
        ),
    );
    true
}

/// The names in a signature that stand alone, not in a path.
fn bare_names(handler: &Handler) -> Vec<String> {
    let arguments = handler.arguments.iter().map(|argument| &argument.ty);
    let types: Vec<&Type> = arguments.chain(output_type(&handler.output)).collect();
    let mut names = Vec::new();
    types.into_iter().for_each(|ty| collect(ty.to_token_stream(), &mut names));
    names
}

fn collect(tokens: TokenStream, names: &mut Vec<String>) {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    let mut follows_colon = false;
    let mut left = tokens.into_iter().peekable();
    while let Some(token) = left.next() {
        let is_followed = left.peek().is_some_and(is_colon);
        match &token {
            TokenTree::Ident(name) if !follows_colon && !is_followed => names.push(name.to_string()),
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        follows_colon = is_colon(&token);
    }
}

/// The types of the prelude that signatures name.
const PRELUDE: [&str; 15] = [
    "Bearer",
    "Bytes",
    "Close",
    "Conn",
    "Envelope",
    "Handshake",
    "Html",
    "Json",
    "Path",
    "Query",
    "Reject",
    "Request",
    "Room",
    "Rooms",
    "Server",
];
