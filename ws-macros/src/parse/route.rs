//! Reads `#[route("/path", …)]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{Expr, Lit, LitStr, Path};
use ws_spec::path::Pattern;

use super::items::{self, RawAttribute};
use super::pairs::{self, Pair, PairValue};
use super::settings;
use crate::diagnostics::Diagnostics;
use crate::model::Options;

/// What the attribute says.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: LitStr,
    pub(super) guard: Option<Path>,
    pub(super) options: Options,
}

impl Route {
    /// What stands for a route whose attribute is wrong.
    pub(super) fn none(span: Span) -> Self {
        Self { path: LitStr::new("/", span), guard: None, options: Options::default() }
    }
}

const EXAMPLE: &str = "write `#[route(\"/table/{id}\")]`";

/// `None` if there is no right path.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Route> {
    let Some(group) = attribute.arguments() else {
        diagnostics.error(&attribute.group, format!("a route needs a path: {EXAMPLE}"));
        return None;
    };
    let tokens = items::bare(group.stream());
    let (first, rest) = match tokens.as_slice() {
        [] => {
            diagnostics.error(&attribute.group, format!("a route needs a path: {EXAMPLE}"));
            return None;
        }
        [first] => (first, TokenStream::new()),
        [first, TokenTree::Punct(comma), rest @ ..] if comma.as_char() == ',' => {
            (first, rest.iter().cloned().collect())
        }
        _ => {
            diagnostics.error(group.stream(), format!("the path comes first, as a text: {EXAMPLE}"));
            return None;
        }
    };
    let (guard, options) = arguments(rest, diagnostics);
    Some(Route { path: path(first, diagnostics)?, guard, options })
}

/// The path of a route.
fn path(token: &TokenTree, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let literal = match token {
        TokenTree::Literal(literal) => Lit::new(literal.clone()),
        _ => {
            diagnostics.error(token, format!("the path comes first, as a text: {EXAMPLE}"));
            return None;
        }
    };
    let Lit::Str(path) = literal else {
        diagnostics.error(token, format!("a path is a text: {EXAMPLE}"));
        return None;
    };
    match Pattern::parse(&path.value()) {
        Ok(_) => Some(path),
        Err(problem) => {
            diagnostics.error(token, format!("{:?} is no path: {problem}", path.value()));
            None
        }
    }
}

/// What follows the path: the guard, and options of connections.
fn arguments(tokens: TokenStream, diagnostics: &mut Diagnostics) -> (Option<Path>, Options) {
    let pairs = pairs::read(tokens, "guard = admin", diagnostics);
    let (guards, options): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| pair.key == "guard");
    let mut guard = None;
    for Pair { key: word, value } in guards {
        if guard.is_some() {
            diagnostics.error(&word, "`guard` is given twice: remove one");
            continue;
        }
        match value {
            PairValue::Expression(value) => match *value {
                Expr::Path(path) if path.qself.is_none() => guard = Some(path.path),
                other => diagnostics.error(other, format!("a guard is a function: {GUARD}")),
            },
            PairValue::Missing | PairValue::List(_) => {
                diagnostics.error(&word, format!("`guard` needs a function: {GUARD}"));
            }
            PairValue::Broken => {}
        }
    }
    (guard, settings::read_on_route(options, diagnostics))
}

const GUARD: &str = "write `guard = admin`, the name of a function that returns a `Result<(), Reject>`";
