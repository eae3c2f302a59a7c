//! Reads `envelope(type = "event", data = "payload", id = "ref")`.

use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, Lit, LitStr};
use ws_spec::nearest;

use super::pairs::{self, Pair, PairValue};
use crate::diagnostics::Diagnostics;
use crate::model::EnvelopeKeys;
use crate::syntax::bare;

pub(super) fn read(tokens: TokenStream, diagnostics: &mut Diagnostics) -> EnvelopeKeys {
    let mut keys = EnvelopeKeys::default();
    for Pair { key: word, value } in pairs::read(tokens, "type = \"event\"", diagnostics) {
        let name = word.to_string();
        let place = match name.as_str() {
            "type" => &mut keys.kind,
            "id" => &mut keys.id,
            "data" => &mut keys.data,
            other => {
                let meant = nearest(other, DEFAULTS).map(|meant| format!(", did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                diagnostics.error(
                    &word,
                    format!("the envelope has no key `{other}` that can be renamed{meant}\nthese can: `type`, `id` and `data`"),
                );
                continue;
            }
        };
        if place.is_some() {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        let PairValue::Expression(value) = value else {
            if !matches!(value, PairValue::Broken) {
                diagnostics.error(&word, format!("`{name}` needs its new name: write `{name} = \"…\"`"));
            }
            continue;
        };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = bare(&value) else {
            diagnostics
                .error(&value, format!("the new name of `{name}` stands in quotes: write `{name} = \"…\"`"));
            continue;
        };
        match problem(&text.value()) {
            Some(problem) => diagnostics.error(&value, problem),
            None => *place = Some(text.clone()),
        }
    }
    two_of_one_name(&keys, diagnostics);
    keys
}

const DEFAULTS: [&str; 3] = ["type", "id", "data"];

/// Keys of the envelope that keep their names.
const FIXED: [&str; 3] = ["error", "ask", "done"];

fn problem(name: &str) -> Option<String> {
    if name.is_empty()
        || name.len() > 32
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    {
        return Some("a key of the envelope is 1 to 32 ASCII letters, digits, `_` and `-`".to_owned());
    }
    FIXED.contains(&name).then(|| format!("the envelope has another key `{name}`: take a different name"))
}

fn two_of_one_name(keys: &EnvelopeKeys, diagnostics: &mut Diagnostics) {
    let named: Vec<(Option<&LitStr>, String)> = [&keys.kind, &keys.id, &keys.data]
        .into_iter()
        .zip(DEFAULTS)
        .map(|(key, default)| (key.as_ref(), key.as_ref().map_or_else(|| default.to_owned(), LitStr::value)))
        .collect();
    for (number, (literal, name)) in named.iter().enumerate() {
        let rival = named.iter().enumerate().find(|(other, (_, rival))| *other != number && rival == name);
        if let (Some(literal), Some((other, (rival, _)))) = (literal, rival)
            && (rival.is_none() || other < number)
        {
            diagnostics.error(
                literal,
                format!("two keys of the envelope are called `{name}`: each needs a name of its own"),
            );
        }
    }
}
