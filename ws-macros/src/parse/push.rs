//! Reads `#[push]`, `#[push("name")]` and `#[push("name", answer = T)]`, and the type below it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Generics, Item, LitStr, Type};
use ws_spec::nearest;

use super::handler;
use super::items::{self, Kind, RawAttribute, RawItem};
use super::on::name_problem;
use crate::diagnostics::Diagnostics;
use crate::model::Push;
use crate::names::snake_case;
use crate::syntax::peel;

/// Reads a push; `number` is that of its item. One with a wrong attribute is read as far as it goes, so that sending
/// it is no second mistake.
pub(crate) fn read(
    attribute: &RawAttribute,
    item: &RawItem,
    number: usize,
    diagnostics: &mut Diagnostics,
) -> Option<Push> {
    let (Kind::Struct | Kind::Enum, Some(name)) = (item.kind, &item.name) else {
        let help = match item.kind {
            Kind::Function => {
                ": a handler of messages is marked `#[on(\"name\")]`, and what it returns is the reply"
            }
            _ => "",
        };
        let what = item.noun();
        diagnostics.error(
            &attribute.group,
            format!("`#[push]` belongs on a struct or an enum, and this is {what}{help}"),
        );
        return None;
    };
    let Arguments { wire, answer } = arguments(attribute, diagnostics);
    let wire = wire.unwrap_or_else(|| LitStr::new(&snake_case(&name.unraw().to_string()), name.span()));
    // What the compiler cannot read either needs no further error.
    let generics = generics(item)?;
    let cfgs = handler::conditions(&item.attributes);
    Some(Push { name: name.clone(), wire, answer, generics, cfgs, item: number })
}

fn generics(item: &RawItem) -> Option<Generics> {
    let tokens: TokenStream = item.tokens.iter().cloned().collect();
    match syn::parse2(tokens).ok()? {
        Item::Struct(item) => Some(item.generics),
        Item::Enum(item) => Some(item.generics),
        _ => None,
    }
}

/// What stands in the attribute's parentheses.
#[derive(Default)]
struct Arguments {
    wire: Option<LitStr>,
    answer: Option<Type>,
}

fn arguments(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Arguments {
    let mut found = Arguments::default();
    let Some(group) = attribute.arguments() else {
        let rest: TokenStream = attribute.rest.iter().cloned().collect();
        if !rest.is_empty() {
            diagnostics.error(rest, format!("the name of a push stands in parentheses: {EXAMPLE}"));
        }
        return found;
    };
    for (number, argument) in split(items::bare(group.stream())).into_iter().enumerate() {
        match argument.as_slice() {
            [] => {}
            [TokenTree::Literal(literal)] if number == 0 => match syn::parse2(literal.to_token_stream()) {
                Ok(name) => found.wire = check_name(name, diagnostics),
                Err(_) => diagnostics.error(literal, format!("the name of a push is a text: {EXAMPLE}")),
            },
            [TokenTree::Ident(key), rest @ ..] if is_key(rest) => {
                named_argument(key, rest, &mut found, diagnostics);
            }
            [TokenTree::Ident(name)] if number == 0 && name != "answer" => {
                diagnostics
                    .error(name, format!("the name of a push stands in quotes: write `#[push(\"{name}\")]`"));
            }
            [TokenTree::Ident(key)] if key == "answer" => diagnostics.error(key, ANSWER),
            other => {
                let tokens: TokenStream = other.iter().cloned().collect();
                diagnostics
                    .error(tokens, format!("a push has a name and an answer, nothing else: {EXAMPLE}"));
            }
        }
    }
    found
}

const EXAMPLE: &str = "write `#[push]`, `#[push(\"said\")]` or `#[push(answer = bool)]`";

const ANSWER: &str = "`answer` is the type of what the peer answers: write `#[push(answer = bool)]`";

fn is_key(rest: &[TokenTree]) -> bool {
    rest.first().is_some_and(|token| items::is_punct(token, '='))
}

/// `answer = T`, or a mistake.
fn named_argument(key: &Ident, rest: &[TokenTree], found: &mut Arguments, diagnostics: &mut Diagnostics) {
    let value: TokenStream = rest.iter().skip(1).cloned().collect();
    let name = key.to_string();
    if name != "answer" {
        let help = match name.as_str() {
            "name" | "type" | "event" => format!(": the name stands alone, `#[push({})]`", named(&value)),
            other => nearest(other, ["answer"])
                .map_or_else(String::new, |meant| format!(", did you mean `{meant}`?")),
        };
        diagnostics.error(key, format!("a push has no `{name}`{help}\n{EXAMPLE}"));
        return;
    }
    if found.answer.is_some() {
        diagnostics.error(key, "`answer` is given twice: remove one");
        return;
    }
    if value.is_empty() {
        diagnostics.error(key, ANSWER);
        return;
    }
    match syn::parse2::<Type>(value.clone()) {
        Ok(ty) => match peel(&ty) {
            Type::Reference(_) => diagnostics.error(
                &ty,
                "an answer cannot borrow: it is read after its message is gone, so write a type that owns, such as `String`",
            ),
            _ => found.answer = Some(ty),
        },
        Err(_) => diagnostics.error(value, ANSWER),
    }
}

/// The value of `name = …` as the name of a push.
fn named(value: &TokenStream) -> String {
    syn::parse2::<LitStr>(value.clone())
        .map_or_else(|_| "\"said\"".to_owned(), |text| format!("{:?}", text.value()))
}

fn check_name(name: LitStr, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    match name_problem(&name.value()) {
        Some(problem) => {
            diagnostics.error(name, problem);
            None
        }
        None => Some(name),
    }
}

/// Splits at the commas that stand in no angle brackets.
fn split(tokens: Vec<TokenTree>) -> Vec<Vec<TokenTree>> {
    let mut arguments = vec![Vec::new()];
    let mut depth = 0usize;
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    arguments.push(Vec::new());
                    continue;
                }
                _ => {}
            }
        }
        if let Some(last) = arguments.last_mut() {
            last.push(token);
        }
    }
    arguments
}
