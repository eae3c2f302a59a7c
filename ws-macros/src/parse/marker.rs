//! Reads the attributes that mark a module's items: `#[on(…)]`, `#[tick(…)]`, `#[watch(…)]`, `#[state]`, `#[session]`.

use proc_macro2::{Ident, Literal, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Expr, Lit, LitStr, Path};

use super::items::{self, RawAttribute};
use super::pairs::{self, Pair, PairValue};
use crate::diagnostics::{Diagnostics, list, nearest};
use crate::events::Event;
use crate::hints;
use crate::literals;
use crate::model::{Interest, Role};

/// The attributes that have a meaning inside a server's module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    On,
    Tick,
    Watch,
    State,
    Session,
}

impl Marker {
    pub(crate) const ALL: [Self; 5] = [Self::On, Self::Tick, Self::Watch, Self::State, Self::Session];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Tick => "tick",
            Self::Watch => "watch",
            Self::State => "state",
            Self::Session => "session",
        }
    }

    /// The marker that an attribute is, written alone or by the path of the runtime: `#[on(…)]`, `#[ws_runtime::on(…)]`.
    pub(crate) fn of(attribute: &RawAttribute, runtime: Option<&Path>) -> Option<Self> {
        let (name, scope) = attribute.path.split_last()?;
        let other_name = runtime.and_then(|path| path.segments.last()).map(|last| &last.ident);
        let is_runtime = |word: &Ident| word == "ws_runtime" || Some(word) == other_name;
        (scope.is_empty() || scope.iter().any(is_runtime)).then(|| Self::of_name(&name.to_string())).flatten()
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|marker| marker.name() == name)
    }

    /// Whether it marks a function, not a type.
    pub(crate) fn marks_functions(self) -> bool {
        match self {
            Self::On | Self::Tick | Self::Watch => true,
            Self::State | Self::Session => false,
        }
    }
}

/// What the function below the attribute handles; `None` if the attribute is wrong.
pub(crate) fn role(marker: Marker, attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Role> {
    match marker {
        Marker::On => event(attribute, diagnostics).map(Role::On),
        Marker::Tick => tick(attribute, diagnostics),
        Marker::Watch => watch(attribute, diagnostics),
        Marker::State | Marker::Session => None,
    }
}

/// Checks that `#[state]` or `#[session]` has no arguments.
pub(crate) fn takes_nothing(marker: Marker, attribute: &RawAttribute, diagnostics: &mut Diagnostics) {
    let name = marker.name();
    let rest: TokenStream = attribute.rest.iter().cloned().collect();
    if !rest.is_empty() {
        diagnostics.error(rest, format!("`#[{name}]` takes no arguments: write `#[{name}]` alone"));
    }
}

fn event(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Event> {
    let events = || list(Event::names());
    let Some(group) = attribute.arguments() else {
        diagnostics.error(
            &attribute.group,
            format!("`#[on]` needs an event: write `#[on(utf8)]`\nthe events are {}", events()),
        );
        return None;
    };
    let arguments = items::bare(group.stream());
    match arguments.as_slice() {
        [] => {
            diagnostics.error(
                &attribute.group,
                format!("`#[on()]` names no event: write `#[on(utf8)]`\nthe events are {}", events()),
            );
            None
        }
        [TokenTree::Ident(word)] => built_in(word, diagnostics),
        [TokenTree::Ident(word), TokenTree::Punct(comma)] if comma.as_char() == ',' => {
            built_in(word, diagnostics)
        }
        [TokenTree::Literal(literal)] => {
            named(literal, diagnostics);
            None
        }
        [TokenTree::Ident(event), TokenTree::Punct(comma), rest @ ..]
            if comma.as_char() == ','
                && matches!(rest, [_, TokenTree::Punct(equals), ..] if equals.as_char() == '=') =>
        {
            let rest: TokenStream = rest.iter().cloned().collect();
            diagnostics
                .error(rest, format!("`#[on]` takes the name of an event alone: write `#[on({event})]`"));
            None
        }
        [_, TokenTree::Punct(punct), ..] if matches!(punct.as_char(), ',' | '|') => {
            let more: TokenStream = arguments.iter().skip(1).cloned().collect();
            diagnostics.error(more, ONE_EACH);
            None
        }
        [TokenTree::Ident(word), TokenTree::Punct(equals), ..] if equals.as_char() == '=' => {
            diagnostics.error(
                group.stream(),
                format!(
                    "`#[on]` takes the name of an event alone: write `#[on(utf8)]`, not `#[on({word} = …)]`\nthe events are {}",
                    events()
                ),
            );
            None
        }
        _ => {
            diagnostics.error(group.stream(), format!("this is not an event\nthe events are {}", events()));
            None
        }
    }
}

/// The error for a function that is to handle more than one event.
pub(crate) const ONE_EACH: &str =
    "a function handles one event: write one for each, and let both call a third if they do the same";

fn built_in(word: &Ident, diagnostics: &mut Diagnostics) -> Option<Event> {
    let name = word.unraw().to_string();
    let found = Event::of_name(&name);
    if found.is_some() {
        return found;
    }
    let help = hints::event(&name).unwrap_or_default();
    diagnostics
        .error(word, format!("there is no event `{name}`{help}\nthe events are {}", list(Event::names())));
    None
}

fn named(literal: &Literal, diagnostics: &mut Diagnostics) {
    let Lit::Str(text) = Lit::new(literal.clone()) else {
        diagnostics.error(literal, format!("this is not an event\nthe events are {}", list(Event::names())));
        return;
    };
    diagnostics.error(literal, quoted(&text));
}

fn quoted(text: &LitStr) -> String {
    let name = text.value();
    if Event::of_name(&name).is_some() {
        return format!("`{name}` is a built-in event: write it without quotes, `#[on({name})]`");
    }
    let hint = match hints::event(&name) {
        Some(hint) => format!("the name of an event has no quotes{hint}"),
        None => format!("the events, without quotes, are {}", list(Event::names())),
    };
    format!(
        "handlers of named messages, such as {name:?}, are not part of this version: take the text in `#[on(utf8)]`\n{hint}"
    )
}

fn tick(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Role> {
    let before = diagnostics.count();
    let mut period = None;
    let tokens = attribute.arguments().map(proc_macro2::Group::stream).unwrap_or_default();
    for Pair { key: word, value } in pairs::read(tokens, "period = 1", diagnostics) {
        if word != "period" {
            diagnostics
                .error(&word, format!("a tick has no `{word}`, only `period`: write `#[tick(period = 1)]`"));
            continue;
        }
        if period.is_some() {
            diagnostics.error(&word, "`period` is given twice: remove one");
            continue;
        }
        match value {
            PairValue::Expression(value) => {
                literals::check_period(&value, diagnostics);
                period = Some(*value);
            }
            PairValue::Missing | PairValue::List(_) => {
                diagnostics.error(&word, "`period` is a number of seconds: write `#[tick(period = 1)]`");
            }
            PairValue::Broken => {}
        }
    }
    if diagnostics.count() != before {
        return None;
    }
    if period.is_none() {
        diagnostics.error(&attribute.group, "a tick needs a period in seconds: write `#[tick(period = 1)]`");
    }
    period.map(|period| Role::Tick { period })
}

fn watch(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Role> {
    let before = diagnostics.count();
    let mut watched: Option<(Interest, Expr)> = None;
    let tokens = attribute.arguments().map(proc_macro2::Group::stream).unwrap_or_default();
    for Pair { key: word, value } in pairs::read(tokens, "readable = std::io::stdin()", diagnostics) {
        let name = word.to_string();
        let interest = match name.as_str() {
            "readable" => Interest::Readable,
            "writable" => Interest::Writable,
            other => {
                let meant = nearest(other, ["readable", "writable"])
                    .map(|meant| format!(", did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                diagnostics.error(&word, format!("a watch has no `{other}`{meant}\nwrite `#[watch(readable = …)]` or `#[watch(writable = …)]`"));
                continue;
            }
        };
        if watched.is_some() {
            diagnostics.error(&word, "a watch waits for one thing: write a second function for the other");
            continue;
        }
        match value {
            PairValue::Expression(handle) => watched = Some((interest, *handle)),
            PairValue::Missing | PairValue::List(_) => {
                diagnostics.error(
                    &word,
                    format!(
                        "`{name}` needs the handle to watch: write `#[watch({name} = std::io::stdin())]`"
                    ),
                );
            }
            PairValue::Broken => {}
        }
    }
    if diagnostics.count() != before {
        return None;
    }
    if watched.is_none() {
        diagnostics.error(
            &attribute.group,
            "a watch needs a handle: write `#[watch(readable = std::io::stdin())]`, or `writable = …`",
        );
    }
    watched.map(|(interest, handle)| Role::Watch { interest, handle })
}
