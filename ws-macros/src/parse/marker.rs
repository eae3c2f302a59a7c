//! Reads the attributes that mark a module's items: `#[on(…)]`, `#[tick(…)]`, `#[watch(…)]`, `#[timer(…)]`, `#[state]`,
//! `#[session]`, `#[room]`, `#[push]`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Path};
use ws_spec::nearest;

use super::get;
use super::items::RawAttribute;
use super::on;
use super::pairs::{self, Pair, PairValue};
use super::timer::{self, Owners};
use crate::diagnostics::Diagnostics;
use crate::literals;
use crate::model::{Interest, Limits, Role, Ticking};

/// The attributes that have a meaning inside a server's module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    On,
    Tick,
    Watch,
    Timer,
    State,
    Session,
    Identity,
    Room,
    Push,
    Route,
    Get,
}

impl Marker {
    pub(crate) const ALL: [Self; 11] = [
        Self::On,
        Self::Tick,
        Self::Watch,
        Self::Timer,
        Self::State,
        Self::Session,
        Self::Identity,
        Self::Room,
        Self::Push,
        Self::Route,
        Self::Get,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Tick => "tick",
            Self::Watch => "watch",
            Self::Timer => "timer",
            Self::State => "state",
            Self::Session => "session",
            Self::Identity => "identity",
            Self::Room => "room",
            Self::Push => "push",
            Self::Route => "route",
            Self::Get => "get",
        }
    }

    /// The marker that an attribute is, written alone or by the path of the runtime: `#[on(…)]`,
    /// `#[ws_runtime::on(…)]`.
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
            Self::On | Self::Tick | Self::Watch | Self::Timer | Self::Get => true,
            Self::State | Self::Session | Self::Identity | Self::Room | Self::Push | Self::Route => false,
        }
    }
}

/// What the function below the attribute handles, and its limits; `None` if the attribute is wrong.
pub(crate) fn role(
    marker: Marker,
    attribute: &RawAttribute,
    owners: &Owners,
    diagnostics: &mut Diagnostics,
) -> Option<(Role, Limits)> {
    let role = match marker {
        Marker::On => return on::read(attribute, diagnostics),
        Marker::Get => return get::read(attribute, diagnostics),
        Marker::Tick => tick(attribute, diagnostics),
        Marker::Watch => watch(attribute, diagnostics),
        Marker::Timer => timer::read(attribute, owners, diagnostics),
        Marker::State | Marker::Session | Marker::Identity | Marker::Room | Marker::Push | Marker::Route => {
            None
        }
    };
    role.map(|role| (role, Limits::default()))
}

/// Checks that `#[state]` or `#[session]` has no arguments.
pub(crate) fn takes_nothing(marker: Marker, attribute: &RawAttribute, diagnostics: &mut Diagnostics) {
    let name = marker.name();
    let rest: TokenStream = attribute.rest.iter().cloned().collect();
    if !rest.is_empty() {
        diagnostics.error(rest, format!("`#[{name}]` takes no arguments: write `#[{name}]` alone"));
    }
}

/// The error for a function that is to handle more than one event.
pub(crate) const ONE_EACH: &str =
    "a function handles one event: write one for each, and let both call a third if they do the same";

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
    period.map(|period| Role::Tick { period, of: Ticking::Server })
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
