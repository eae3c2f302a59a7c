//! Reads `#[room(keep = 10, max_rooms = 500, open)]`, and finds out which ticks are those of rooms.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Type;
use ws_spec::nearest;

use super::items::RawAttribute;
use super::pairs::{self, Pair, PairValue};
use crate::diagnostics::{Diagnostics, list};
use crate::literals;
use crate::model::{Role, Rules, Scope, Ticking};
use crate::syntax::mentions;

/// What `#[room(…)]` can say.
pub(crate) const RULES: [&str; 3] = ["keep", "max_rooms", "open"];

/// Reads the rules of the rooms.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Rules {
    let mut rules = Rules::default();
    let before = diagnostics.count();
    let Some(group) = attribute.arguments() else {
        let rest: TokenStream = attribute.rest.iter().cloned().collect();
        if !rest.is_empty() {
            diagnostics.error(rest, format!("what belongs to `#[room]` is in parentheses: write {EXAMPLE}"));
        }
        return rules;
    };
    for Pair { key: word, value } in pairs::read(group.stream(), "keep = 10", diagnostics) {
        let name = word.to_string();
        if !RULES.contains(&name.as_str()) {
            diagnostics.error(&word, unknown(&name));
            continue;
        }
        let is_given = match name.as_str() {
            "keep" => rules.keep.is_some(),
            "max_rooms" => rules.max_rooms.is_some(),
            _ => rules.open.is_some(),
        };
        if is_given {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        match (name.as_str(), value) {
            (_, PairValue::Broken) => {}
            ("open", PairValue::Missing) => rules.open = Some(word),
            ("open", PairValue::Expression(_) | PairValue::List(_)) => {
                diagnostics.error(&word, "`open` has no value: write `#[room(open)]`, or leave it out");
                rules.open = Some(word);
            }
            ("keep", PairValue::Expression(value)) => {
                rules.keep = literals::check_keep(*value, diagnostics);
            }
            (_, PairValue::Expression(value)) => {
                rules.max_rooms = literals::check_max_rooms(*value, diagnostics);
            }
            (_, PairValue::Missing | PairValue::List(_)) => {
                diagnostics.error(&word, format!("`{name}` has no value: write {EXAMPLE}"));
            }
        }
    }
    rules.are_unclear = diagnostics.count() != before;
    rules
}

const EXAMPLE: &str = "`#[room(keep = 10, max_rooms = 500)]`";

fn unknown(name: &str) -> String {
    if ["max_clients", "max_players", "max_peers", "max_connections", "seats", "size"].contains(&name) {
        return format!(
            "a room has no `{name}`: an `#[on(ready)]` that returns an error refuses a peer, after a look at `room.len()` or at the \
             state of the room"
        );
    }
    if name == "guard" {
        return "a room has no `guard`: whoever may come to its path may be in it, so the guard is that of the route: \
                `#[route(…, guard = …)]`"
            .to_owned();
    }
    let meant = match name {
        "max" | "limit" | "capacity" | "max_count" => Some("max_rooms"),
        "ttl" | "linger" | "timeout" | "grace" | "keep_alive" => Some("keep"),
        "default" | "public" | "anyone" => Some("open"),
        _ => nearest(name, RULES),
    };
    let meant = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    format!("a room has no `{name}`{meant}\na room can say {}", list(RULES))
}

/// Whether the word `Room` occurs: then the connections of a path are a room.
pub(super) fn is_mentioned(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == HANDLE,
        TokenTree::Group(group) => is_mentioned(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Gives each room the ticks that take it or its handle, and all of a route whose rooms have a state.
pub(super) fn give_ticks(scope: &mut Scope) {
    let Scope { handlers, rooms, aliases, types, route, .. } = scope;
    let is_for_rooms = route.is_some() && !rooms.is_empty();
    let mut names: Vec<String> = rooms.iter().map(|room| room.part.name.to_string()).collect();
    // A type of the module's own hides the handle: it may be a state.
    if !types.iter().any(|name| name == HANDLE) {
        names.push(HANDLE.to_owned());
    }
    for handler in handlers {
        let takes_room =
            || handler.arguments.iter().any(|argument| is_room(&argument.ty, &names, aliases, 0));
        if matches!(handler.role, Role::Tick { .. })
            && (is_for_rooms || takes_room())
            && let Role::Tick { of, .. } = &mut handler.role
        {
            *of = Ticking::Room;
        }
    }
}

/// Whether a type is the room or its handle, by one of these names, also by an alias of the module.
fn is_room(ty: &Type, rooms: &[String], aliases: &[(Ident, Type)], depth: usize) -> bool {
    let mut means = |(alias, target): &(Ident, Type)| {
        depth < MOST_ALIASES && mentions(ty, &alias.to_string()) && is_room(target, rooms, aliases, depth + 1)
    };
    // `Rooms<Table>` are all rooms.
    if mentions(ty, "Rooms") {
        return false;
    }
    rooms.iter().any(|room| mentions(ty, room)) || aliases.iter().any(&mut means)
}

/// The handle of a room.
const HANDLE: &str = "Room";

const MOST_ALIASES: usize = 4;
