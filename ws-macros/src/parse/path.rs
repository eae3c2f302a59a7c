//! Reads the path that comes first in `#[route("/path", …)]` and `#[get("/path", …)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, Lit};
use ws_spec::path::Pattern;

use super::items::{self, RawAttribute};
use super::pairs::PairValue;
use crate::diagnostics::Diagnostics;
use crate::model::PathText;

/// The path, unless it is wrong, and what follows it; `None` if nothing can be read. `what` needs the path, and `example` shows
/// one.
pub(super) fn read(
    attribute: &RawAttribute,
    what: &str,
    example: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Option<PathText>, TokenStream)> {
    let tokens = attribute.arguments().map(|group| items::bare(group.stream())).unwrap_or_default();
    let (first, rest) = match tokens.as_slice() {
        [] => {
            diagnostics.error(&attribute.group, format!("{what} needs a path: {example}"));
            return None;
        }
        [first] => (first, TokenStream::new()),
        [first, TokenTree::Punct(comma), rest @ ..] if comma.as_char() == ',' => {
            (first, rest.iter().cloned().collect())
        }
        all => {
            let all: TokenStream = all.iter().cloned().collect();
            diagnostics.error(all, format!("the path comes first, as a text: {example}"));
            return None;
        }
    };
    Some((text(first, example, diagnostics), rest))
}

fn text(token: &TokenTree, example: &str, diagnostics: &mut Diagnostics) -> Option<PathText> {
    let TokenTree::Literal(literal) = token else {
        diagnostics.error(token, format!("the path comes first, as a text: {example}"));
        return None;
    };
    let Lit::Str(text) = Lit::new(literal.clone()) else {
        diagnostics.error(token, format!("a path is a text: {example}"));
        return None;
    };
    match Pattern::parse(&text.value()) {
        Ok(pattern) => Some(PathText { text, pattern }),
        Err(problem) => {
            diagnostics.error(token, format!("{:?} is no path: {problem}", text.value()));
            None
        }
    }
}

/// The value of `guard = …`.
pub(super) fn guard(word: &syn::Ident, value: PairValue, diagnostics: &mut Diagnostics) -> Option<syn::Path> {
    match value {
        PairValue::Expression(value) => match *value {
            Expr::Path(path) if path.qself.is_none() => return Some(path.path),
            other => diagnostics.error(other, format!("a guard is a function: {GUARD}")),
        },
        PairValue::Missing | PairValue::List(_) => {
            diagnostics.error(word, format!("`guard` needs a function: {GUARD}"));
        }
        PairValue::Broken => {}
    }
    None
}

const GUARD: &str = "write `guard = admin`, the name of a function that returns a `Result<(), Reject>`";
