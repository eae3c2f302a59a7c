//! Reads `#[on(event)]` and `#[on("name", limit = …)]`.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Lit, LitStr};
use ws_spec::nearest;

use super::items::{self, RawAttribute};
use super::marker::ONE_EACH;
use super::pairs::{self, Pair, PairValue};
use super::path;
use crate::diagnostics::{Diagnostics, list};
use crate::events::Event;
use crate::hints;
use crate::literals;
use crate::model::{Limits, Role};

/// The event or the named message, and the limits of its handler; `None` if the attribute is wrong.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<(Role, Limits)> {
    let Some(group) = attribute.arguments() else {
        diagnostics.error(&attribute.group, format!("`#[on]` needs an event: {}", examples()));
        return None;
    };
    let arguments = items::bare(group.stream());
    let (first, rest) = match arguments.as_slice() {
        [] => {
            diagnostics.error(&attribute.group, format!("`#[on()]` names no event: {}", examples()));
            return None;
        }
        [first] => (first, TokenStream::new()),
        [first, TokenTree::Punct(comma), rest @ ..] if comma.as_char() == ',' => {
            (first, rest.iter().cloned().collect())
        }
        [TokenTree::Ident(_) | TokenTree::Literal(_), TokenTree::Punct(bar), ..] if bar.as_char() == '|' => {
            let more: TokenStream = arguments.iter().skip(1).cloned().collect();
            diagnostics.error(more, ONE_EACH);
            return None;
        }
        [TokenTree::Ident(word), TokenTree::Punct(equals), ..] if equals.as_char() == '=' => {
            let name = word.to_string();
            let message = if LIMITS.contains(&name.as_str()) {
                format!("`{name}` comes after the name of the message: write `#[on(\"say\", {name} = …)]`")
            } else {
                format!("`#[on]` takes the name of an event alone, not `{name} = …`: {}", examples())
            };
            diagnostics.error(group.stream(), message);
            return None;
        }
        _ => {
            diagnostics.error(group.stream(), format!("this is not an event: {}", examples()));
            return None;
        }
    };
    let role = match first {
        TokenTree::Ident(word) => Role::On(event(word, diagnostics)?),
        TokenTree::Literal(literal) => Role::Named(name(literal, diagnostics)?),
        other => {
            diagnostics.error(other, format!("this is not an event: {}", examples()));
            return None;
        }
    };
    if names_another(&rest) {
        diagnostics.error(rest, ONE_EACH);
        return None;
    }
    let before = diagnostics.count();
    let limits = limits(&role, rest, diagnostics);
    (diagnostics.count() == before).then_some((role, limits))
}

fn examples() -> String {
    format!(
        "write `#[on(utf8)]`, or `#[on(\"say\")]` for messages of that type\nthe events are {}",
        list(Event::names())
    )
}

/// Whether a second event or name follows instead of a limit.
fn names_another(rest: &TokenStream) -> bool {
    let tokens = items::bare(rest.clone());
    match tokens.as_slice() {
        [TokenTree::Literal(_), ..] => true,
        [TokenTree::Ident(word), rest @ ..] => {
            let is_alone = rest.first().is_none_or(|next| items::is_punct(next, ','));
            is_alone && Event::of_name(&word.to_string()).is_some()
        }
        _ => false,
    }
}

fn event(word: &Ident, diagnostics: &mut Diagnostics) -> Option<Event> {
    let name = word.unraw().to_string();
    let found = Event::of_name(&name);
    if found.is_none() {
        let help = hints::event(&name).unwrap_or_else(|| {
            format!("\nfor messages of a type {name:?}, write the name in quotes: `#[on({name:?})]`")
        });
        diagnostics.error(
            word,
            format!("there is no event `{name}`{help}\nthe events are {}", list(Event::names())),
        );
    }
    found
}

/// The name of a message.
fn name(literal: &Literal, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let Lit::Str(text) = Lit::new(literal.clone()) else {
        diagnostics.error(literal, format!("this is not an event: {}", examples()));
        return None;
    };
    match name_problem(&text.value()) {
        Some(problem) => {
            diagnostics.error(literal, problem);
            None
        }
        None => Some(text),
    }
}

/// Why a name cannot be the type of a message.
pub(super) fn name_problem(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the type of a message cannot be empty".to_owned());
    }
    if name.starts_with('$') {
        return Some(format!(
            "{name:?} cannot be the type of a message: names that begin with `$` are the runtime's own"
        ));
    }
    let most = MAX_NAME;
    (name.len() > most)
        .then(|| format!("the type of a message has at most {most} bytes, and this has {}", name.len()))
}

/// The runtime echoes a longer name in no reply.
const MAX_NAME: usize = 64;

/// What can limit a handler.
pub(crate) const LIMITS: [&str; 5] = ["rate", "guard", "timeout", "concurrent", BLOCKING];

/// The only one without a value.
const BLOCKING: &str = "blocking";

fn limits(role: &Role, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Limits {
    let mut limits = Limits::default();
    for Pair { key: word, value } in pairs::read(tokens, "rate = 5", diagnostics) {
        let name = word.to_string();
        if !LIMITS.contains(&name.as_str()) {
            if is_blocking_misspelt(&name) {
                diagnostics.error(&word, "write `blocking`: the handler runs on a thread where it may block");
                continue;
            }
            if let Role::On(event) = role
                && LIMITS.iter().all(|limit| misplaced(role, limit).is_some())
            {
                let event = event.name();
                diagnostics
                    .error(&word, format!("`{event}` takes nothing beside its name: write `#[on({event})]`"));
                continue;
            }
            if let "broadcast" | "room" | "to" = name.as_str() {
                diagnostics.error(
                    &word,
                    "what a handler returns goes to the peer alone: `room.broadcast(…)` sends to all on its path, with the argument \
                     `room: &Room`",
                );
                continue;
            }
            let meant =
                nearest(&name, LIMITS).map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
            diagnostics.error(
                &word,
                format!("a handler has no limit `{name}`{meant}\nthe limits are {}", list(LIMITS)),
            );
            continue;
        }
        if let Some(problem) = misplaced(role, &name) {
            diagnostics.error(&word, problem);
            continue;
        }
        if name == BLOCKING {
            match value {
                PairValue::Missing if limits.blocking.is_some() => {
                    diagnostics.error(&word, "`blocking` is given twice: remove one");
                }
                PairValue::Missing => limits.blocking = Some(word),
                PairValue::Expression(_) | PairValue::List(_) => {
                    diagnostics.error(&word, "`blocking` takes no value: write `blocking` alone");
                }
                PairValue::Broken => {}
            }
            continue;
        }
        let value = match value {
            PairValue::Expression(value) => *value,
            PairValue::Missing => {
                diagnostics.error(&word, format!("`{name}` has no value: write {}", written(&name)));
                continue;
            }
            PairValue::List(_) => {
                diagnostics
                    .error(&word, format!("`{name}` takes its value after `=`: write {}", written(&name)));
                continue;
            }
            PairValue::Broken => continue,
        };
        if is_given(&limits, &name) {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        match name.as_str() {
            "rate" => limits.rate = literals::check_rate(value, diagnostics),
            "guard" => limits.guard = path::guard_of(value, diagnostics),
            "timeout" => limits.timeout = literals::check_timeout(value, diagnostics),
            _ => limits.concurrent = literals::check_concurrent(value, diagnostics),
        }
    }
    limits
}

fn is_given(limits: &Limits, name: &str) -> bool {
    match name {
        "rate" => limits.rate.is_some(),
        "guard" => limits.guard.is_some(),
        "timeout" => limits.timeout.is_some(),
        _ => limits.concurrent.is_some(),
    }
}

/// What is called otherwise elsewhere.
fn is_blocking_misspelt(name: &str) -> bool {
    ["spawn_blocking", "block", "blocks", "block_in_place", "threaded", "sync"].contains(&name)
}

/// Why an event cannot have this limit.
fn misplaced(role: &Role, limit: &str) -> Option<String> {
    let event = match role {
        Role::On(event) => event,
        Role::Named(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::Get(_)
        | Role::GetGuard
        | Role::Tick { .. }
        | Role::Watch { .. }
        | Role::Timer(_) => {
            return None;
        }
    };
    match (event, limit) {
        (Event::Utf8 | Event::Binary, "rate" | BLOCKING) | (Event::Pong, BLOCKING) | (Event::Message, _) => {
            None
        }
        (_, BLOCKING) => Some(format!(
            "`{}` cannot be `blocking`: only handlers of messages are, which are `utf8`, `binary`, `pong` and those of named messages\n\
             make it an `async fn`, and wait for what blocks: `tokio::task::spawn_blocking(…).await`",
            event.name()
        )),
        _ => Some(format!(
            "`{}` has no `{limit}`: {}",
            event.name(),
            if limit == "rate" {
                "only messages have one"
            } else {
                "only named messages have one, such as `#[on(\"say\")]`"
            }
        )),
    }
}

fn written(name: &str) -> &'static str {
    match name {
        "rate" => "`rate = 5` for 5 a second, or `rate = (30, 60)` for 30 in 60 seconds",
        "guard" => "`guard = admin`, the name of a function that returns a `Result<(), Reject>`",
        "timeout" => "`timeout = 2`, a number of seconds",
        _ => "`concurrent = 4`, a whole number",
    }
}
