//! Reads the path that comes first in `#[route("/path", …)]` and `#[get("/path", …)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, LitStr};
use ws_spec::path::Pattern;

use super::items::{self, RawAttribute};
use super::pairs::PairValue;
use crate::diagnostics::Diagnostics;
use crate::model::PathText;

/// The path, unless it is wrong, and what follows it; `None` if nothing can be read. `what` needs the path, and
/// `example` shows one.
pub(super) fn read(
    attribute: &RawAttribute,
    what: &str,
    example: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(Option<PathText>, TokenStream)> {
    let tokens = attribute.arguments().map(|group| items::bare(group.stream())).unwrap_or_default();
    let (first, rest) = match tokens.as_slice() {
        [] if attribute.arguments().is_none() && !attribute.rest.is_empty() => {
            diagnostics.error(&attribute.group, format!("the path stands in parentheses: {example}"));
            return None;
        }
        [] => {
            diagnostics.error(&attribute.group, format!("{what} needs a path: {example}"));
            return None;
        }
        [first] => (first, TokenStream::new()),
        [first @ TokenTree::Literal(_), TokenTree::Punct(comma), rest @ ..] if comma.as_char() == ',' => {
            (first, one_path(what, rest, diagnostics))
        }
        all => {
            let wrong: TokenStream =
                all.iter().take_while(|token| !items::is_punct(token, ',')).cloned().collect();
            diagnostics.error(wrong, no_text(all, attribute, example));
            return None;
        }
    };
    let TokenTree::Literal(literal) = first else {
        diagnostics.error(first, no_text(&tokens, attribute, example));
        return None;
    };
    let Lit::Str(text) = Lit::new(literal.clone()) else {
        diagnostics.error(first, format!("a path is a text: {example}"));
        return None;
    };
    Some((pattern(text, diagnostics), rest))
}

/// What follows the path, without a second one, which is reported.
fn one_path(what: &str, rest: &[TokenTree], diagnostics: &mut Diagnostics) -> TokenStream {
    let rest = match rest {
        [second @ TokenTree::Literal(_), rest @ ..] => {
            diagnostics.error(
                second,
                format!(
                    "{what} has one path: write another for {second}, and let both call the same functions"
                ),
            );
            rest.get(1..).unwrap_or_default()
        }
        all => all,
    };
    rest.iter().cloned().collect()
}

/// What is wrong where the text of the path is not what stands first.
fn no_text(tokens: &[TokenTree], attribute: &RawAttribute, example: &str) -> String {
    let name = attribute.path.last().map(ToString::to_string).unwrap_or_default();
    let written = tokens.iter().find_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string()).filter(|text| text.starts_with("\"/")),
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => None,
    });
    let example = written.map_or_else(|| example.to_owned(), |path| format!("write `#[{name}({path})]`"));
    match tokens {
        [TokenTree::Ident(key), TokenTree::Punct(equals), ..] if equals.as_char() == '=' => {
            let is_path = PATHS.iter().any(|known| key == known);
            let unnamed = if is_path { ", without a name" } else { "" };
            format!("the path stands first{unnamed}: {example}")
        }
        [TokenTree::Ident(method), ..] if METHODS.iter().any(|known| method == known) => {
            format!("`#[{name}]` takes no method, as the request is always a GET: {example}")
        }
        [TokenTree::Ident(_), ..] => {
            format!("the macro reads the path, which is a text and no constant: {example}")
        }
        _ => format!("the path comes first, as a text: {example}"),
    }
}

/// What the path is called in other frameworks.
const PATHS: [&str; 8] = ["path", "url", "uri", "prefix", "pattern", "route", "base", "namespace"];

const METHODS: [&str; 6] = ["GET", "POST", "Get", "get", "Method", "WS"];

fn pattern(text: LitStr, diagnostics: &mut Diagnostics) -> Option<PathText> {
    match Pattern::parse(&text.value()) {
        Ok(pattern) => Some(PathText { text, pattern }),
        Err(problem) => {
            diagnostics.error(&text, format!("{:?} is no path: {problem}", text.value()));
            None
        }
    }
}

/// The value of `guard = …`.
pub(super) fn guard(word: &syn::Ident, value: PairValue, diagnostics: &mut Diagnostics) -> Option<syn::Path> {
    match value {
        PairValue::Expression(value) => return guard_of(*value, diagnostics),
        PairValue::List(_) => {
            diagnostics.error(word, "`guard` takes its function after `=`: write `guard = admin`");
        }
        PairValue::Missing => diagnostics.error(word, format!("`guard` needs a function: {GUARD}")),
        PairValue::Broken => {}
    }
    None
}

/// The function that a guard is.
pub(super) fn guard_of(value: Expr, diagnostics: &mut Diagnostics) -> Option<syn::Path> {
    let problem = match &value {
        Expr::Path(path) if path.qself.is_none() => return Some(path.path.clone()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let name = path.to_token_stream().to_string().replace(' ', "");
                format!("a guard is named, and the server calls it: write `guard = {name}`")
            }
            _ => format!("a guard is a function: {GUARD}"),
        },
        Expr::Array(_) | Expr::Tuple(_) => {
            "there is one guard: write a function that calls the others, and returns the first error".to_owned()
        }
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) if syn::parse_str::<syn::Path>(&name.value()).is_ok() => {
            format!("a guard is a function, and no text: write `guard = {}`", name.value())
        }
        Expr::Closure(_) => {
            "a guard is a function, not a closure: write one in this module, and here `guard = ` with its name".to_owned()
        }
        _ => format!("a guard is a function: {GUARD}"),
    };
    diagnostics.error(value, problem);
    None
}

const GUARD: &str = "write `guard = admin`, the name of a function that returns a `Result<(), Reject>`";
