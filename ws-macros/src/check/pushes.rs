//! Checks that no two things of a module send messages of one type.

use syn::LitStr;

use crate::cfgs::Cfgs;
use crate::diagnostics::Diagnostics;
use crate::model::{Push, Role, Scope, Server};

/// What has a name on the wire.
struct Named<'s> {
    wire: &'s LitStr,
    cfgs: &'s Cfgs,
    item: usize,
    push: Option<&'s Push>,
    /// In words.
    what: String,
}

/// Reports each push that has the name of another one or of a handler, at the second of them. The connections of a
/// route take the pushes of the server too.
pub(super) fn check(scope: &Scope, server: &Server, diagnostics: &mut Diagnostics) {
    let pushes = scope.pushes.iter().map(|push| of_push(push, ""));
    let handlers = scope.handlers.iter().filter_map(|handler| match &handler.role {
        Role::Named(wire) => Some(Named {
            wire,
            cfgs: &handler.cfgs,
            item: handler.item,
            push: None,
            what: format!("the replies of `{}`", handler.name),
        }),
        Role::On(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::Get(_)
        | Role::GetGuard
        | Role::Tick { .. }
        | Role::Watch { .. }
        | Role::Timer(_) => None,
    });
    let mut named: Vec<Named<'_>> = pushes.chain(handlers).collect();
    named.sort_by_key(|named| named.item);
    // Those of the server are unknown where a route stands alone.
    let knows_server = scope.route.is_some() && !server.stands_alone();
    let of_server = server.root.pushes.iter().filter(|_| knows_server);
    let of_server: Vec<Named<'_>> = of_server.map(|push| of_push(push, "of the server ")).collect();
    for (number, second) in named.iter().enumerate() {
        let is_rival = |first: &&Named<'_>| {
            first.wire.value() == second.wire.value()
                // Two handlers of one name are another mistake.
                && (first.push.is_some() || second.push.is_some())
                && !first.cfgs.excludes(second.cfgs)
        };
        if let Some(first) = of_server.iter().chain(named.iter().take(number)).find(is_rival) {
            report(first, second, diagnostics);
        }
    }
}

fn of_push<'s>(push: &'s Push, whose: &str) -> Named<'s> {
    Named {
        wire: &push.wire,
        cfgs: &push.cfgs,
        item: push.item,
        push: Some(push),
        what: format!("the push `{}` {whose}", push.name).trim_end().to_owned(),
    }
}

fn report(first: &Named<'_>, second: &Named<'_>, diagnostics: &mut Diagnostics) {
    let name = second.wire.value();
    let first = match first.push {
        Some(_) => format!("{} has", first.what),
        None => format!("{} have", first.what),
    };
    let help = match second.push {
        Some(_) => "give this push another name, `#[push(\"…\")]`",
        None => "give the push another name, `#[push(\"…\")]`, or handle messages of another type",
    };
    diagnostics.error(
        second.wire,
        format!("{first} the type {name:?}, and a peer could not tell them apart: {help}"),
    );
}
