//! Checks arguments that no event provides: types of Rust, of the module, and of other frameworks.
//!
//! Only types for which no code can have implemented `FromContext` are refused here. The traits of the runtime report
//! the rest.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};
use ws_spec::is_misspelt;

use super::elsewhere::{self, What};
use super::language::{self, has_request, last_segment, refusal};
use crate::events::{Event, Room, Row, Session, Wanted};
use crate::hints;
use crate::model::{Argument, Role, Scope, Server};
use crate::resolve::{Access, Asks, Call};
use crate::syntax::{peel, single_name};

/// What is wrong with an argument.
pub(super) struct Problem {
    /// `None` if it has been reported elsewhere.
    pub(super) message: Option<String>,
    /// Whether the type may not resolve, so that the function must not be emitted.
    pub(super) is_foreign: bool,
    /// The type that is not marked, if that is the problem: reported once, however many handlers take it.
    pub(super) unmarked: Option<Ident>,
}

/// What is wrong with an argument that is neither the state nor the session; `None` if the macro cannot tell.
pub(super) fn problem(
    argument: &Argument,
    asks: Asks,
    call: &Call<'_>,
    scope: &Scope,
    server: &Server,
) -> Option<Problem> {
    let (access, target) = behind_reference(optional(&argument.ty));
    let row = call.handler.row();
    let name = last_segment(target).map(|segment| &segment.ident);
    let is_no_handle = |name: &Ident| NEVER_HANDLES.iter().any(|never| name == never);
    if access != Access::Value && call.is_watch() && !name.is_some_and(is_no_handle) {
        return None;
    }
    if call.may_take_key() {
        return None;
    }
    let is_own = name.is_some_and(|name| scope.types.contains(name));
    let certain =
        |message: String, is_foreign| Some(Problem { message: Some(message), is_foreign, unmarked: None });
    // A value may be of a type that is imported and provides itself.
    let is_alone = single_name(target).is_some();
    if let Some(message) = optional_part(argument, name, scope, server).filter(|_| access != Access::Value) {
        return certain(message, false);
    }
    if let Some(found) =
        elsewhere::find(target, scope, server).filter(|_| access != Access::Value || !is_alone)
    {
        return Some(Problem { message: found.problem(row), is_foreign: false, unmarked: None });
    }
    if !is_own
        && access == Access::Value
        && name.is_some_and(|name| name == "Path")
        && let Some(message) = path(argument, call, scope, server)
    {
        return certain(message, false);
    }
    if let Some(message) = room_of_another_type(target, row, scope, server) {
        return certain(message, true);
    }
    if let Some(message) = phase_without_type(target, scope) {
        return certain(message, true);
    }
    if let Some(hint) = of_other_framework(target, row) {
        return certain(hint.to_owned(), true);
    }
    if let Some(name) = name.filter(|_| !is_own && !scope.has_own_arguments)
        && let Some(hint) = foreign(name, argument, target)
    {
        return certain(hint.to_owned(), true);
    }
    let is_alias = name.is_some_and(|name| is_alias(name, scope));
    let message =
        if is_own || is_alias { None } else { language::problem(target, access, row, scope, server) };
    if let Some(message) = message {
        return certain(message, false);
    }
    let name = name.filter(|_| asks != Asks::Plain && !is_alias)?;
    let message = unmarked(name, is_own, access, row, scope, server)?;
    let hint = hints::context(&name.to_string()).filter(|_| !is_own);
    Some(Problem {
        message: Some(hint.map_or(message, ToOwned::to_owned)),
        is_foreign: hint.is_some(),
        unmarked: Some(name.clone()),
    })
}

/// An `Option` of what is never absent: the state, the session or the room.
fn optional_part(
    argument: &Argument,
    name: Option<&Ident>,
    scope: &Scope,
    server: &Server,
) -> Option<String> {
    let name =
        name.filter(|_| last_segment(peel(&argument.ty)).is_some_and(|segment| segment.ident == "Option"))?;
    let is_own = scope.types.contains(name);
    let what = if scope.rooms.iter().any(|room| room.part.name == *name) {
        "room"
    } else if scope.sessions.iter().any(|session| session.name == *name) {
        "session"
    } else if server.states.iter().any(|state| state.name == *name) && (scope.route.is_none() || !is_own) {
        "state"
    } else {
        return None;
    };
    Some(format!(
        "the {what} is never absent, so there is no `Option` of it: take `{name}` itself, by `&` or `&mut`"
    ))
}

/// A `Path` where it is never absent, or where no path has parameters.
fn path(argument: &Argument, call: &Call<'_>, scope: &Scope, server: &Server) -> Option<String> {
    if !has_request(call.handler.row()) {
        return None;
    }
    if last_segment(peel(&argument.ty)).is_some_and(|segment| segment.ident == "Option") {
        return Some(
            "a path is never absent, so there is no `Option` of it: take the `Path` itself".to_owned(),
        );
    }
    match &call.handler.role {
        Role::On(Event::Request) => {
            Some("a `request` handler is for every path, so none of it is a parameter: `#[get(\"/user/{id}\")]` is for \
                  one path, or parse `request.path()`".to_owned())
        }
        Role::On(Event::Handshake) if scope.route.is_none() && server.has_routes() => Some(
            "this `handshake` is for all routes, so it has no parameters: take the `Path` in a `handshake` within the \
             route, or in a guard of it".to_owned(),
        ),
        Role::On(_) if scope.route.is_none() => Some(
            "a server without routes serves every path, so none of it is a parameter: put the handlers into a module marked \
             `#[route(\"/table/{id}\")]`, or parse `request.path()`".to_owned(),
        ),
        Role::On(_)
        | Role::Named(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::Get(_)
        | Role::GetGuard
        | Role::Tick { .. }
        | Role::Watch { .. }
        | Role::Timer(_) => None,
    }
}

/// The handle of a room, `Room<Lobby>`, of a type of the module that is no room.
fn room_of_another_type(target: &Type, row: &Row, scope: &Scope, server: &Server) -> Option<String> {
    let handle =
        last_segment(target).filter(|segment| segment.ident == "Room" || segment.ident == "Rooms")?;
    let PathArguments::AngleBracketed(arguments) = &handle.arguments else { return None };
    let Some(GenericArgument::Type(state)) = arguments.args.first() else { return None };
    if handle.ident == "Room"
        && let Some(found) = elsewhere::find(state, scope, server).filter(|found| found.what == What::Room)
    {
        return found.problem(row);
    }
    let name = single_name(state)?;
    if scope.rooms.iter().any(|room| room.part.name == *name) {
        return None;
    }
    if server.states.iter().any(|state| state.name == *name) {
        return Some(format!(
            "`{name}` is a `#[state]`, of which the server has one, and not the state of each room: take it as `&{name}` or `&mut {name}`"
        ));
    }
    let is_own = scope.types.contains(name);
    (is_own || OF_RUST.iter().any(|known| name == known)).then(|| {
        if !is_own {
            return format!("`{name}` is not the state of a room: write `#[room]` above a struct around it, to have one for each path");
        }
        format!("`{name}` is not the state of a room: write `#[room]` above it to have one for each path")
    })
}

/// A variant of the session that is taken as if it were a type.
fn phase_without_type(target: &Type, scope: &Scope) -> Option<String> {
    let Type::Path(path) = target else { return None };
    let segments: Vec<&Ident> = path.path.segments.iter().map(|segment| &segment.ident).collect();
    for session in &scope.sessions {
        let of_session = |name: &Ident| session.phases.iter().find(|phase| phase.name == *name);
        let phase = match segments.as_slice() {
            [only] if !scope.types.contains(*only) && !is_alias(only, scope) => of_session(only),
            [enumeration, variant] if **enumeration == session.name => of_session(variant),
            _ => None,
        };
        let Some(phase) = phase else { continue };
        let (name, session) = (&phase.name, &session.name);
        return Some(match phase.payload.as_ref().map(|payload| payload.ty.to_token_stream().to_string()) {
            Some(payload) if segments.len() > 1 || *name != payload => {
                format!(
                    "`{name}` is a phase and no type: take what belongs to it, `&{payload}` or `&mut {payload}`"
                )
            }
            Some(_) => continue,
            None => format!(
                "the phase `{name}` has no type of its own: write `{name}({name})` and a `struct {name}`, or take the session, \
                 `&{session}`, and `match` it"
            ),
        });
    }
    None
}

/// A type that another framework writes behind a path, `web::Data<T>`.
fn of_other_framework(target: &Type, row: &Row) -> Option<&'static str> {
    let Type::Path(path) = target else { return None };
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match segments.as_slice() {
        // A module of the user's may have such a name.
        [first, ..] if ["crate", "self", "super"].contains(&first.as_str()) => None,
        // That of the runtime cannot be taken here either.
        [.., name] if name == "Extension" && !has_request(row) => None,
        [.., parent, name] => {
            // Their extractors have a parameter, so without one it is a type of the user's.
            let is_generic = path.path.segments.last().is_some_and(|last| !last.arguments.is_none());
            hints::extractor_of(parent, name).filter(|_| is_generic || parent.ends_with("ws"))
        }
        _ => None,
    }
}

/// A type of another framework.
fn foreign(name: &Ident, argument: &Argument, target: &Type) -> Option<&'static str> {
    let name = name.to_string();
    let is_taken_apart = argument.taken_apart.as_ref().is_some_and(|pattern| *pattern == name);
    let is_generic = last_segment(target).is_some_and(|segment| !segment.arguments.is_empty());
    let extractor = (is_taken_apart || is_generic && GENERIC.contains(&name.as_str())).then_some(());
    extractor.and_then(|_| hints::extractor(&name)).or_else(|| hints::foreign_type(&name))
}

/// A type of the user's that is neither marked nor implements `FromContext`.
fn unmarked(
    name: &Ident,
    is_own: bool,
    access: Access,
    row: &Row,
    scope: &Scope,
    server: &Server,
) -> Option<String> {
    let is_nothing_marked = server.states.is_empty() && scope.sessions.is_empty() && scope.rooms.is_empty();
    // A type that is declared elsewhere may implement `FromContext` there. A name that is nearly one of the runtime's
    // is misspelt, which the compiler reports.
    let means_handle = || HANDLES.iter().any(|handle| is_misspelt(&name.to_string(), handle));
    // The states of a route in a file of its own are declared elsewhere.
    let is_elsewhere = server.stands_alone();
    let is_certain =
        is_own || access != Access::Value && is_nothing_marked && !is_elsewhere && !means_handle();
    if scope.has_own_arguments || !is_certain {
        return None;
    }
    if is_own && access == Access::Value && scope.extractors.contains(name) {
        return Some(hints::own_extractor(name));
    }
    let may_be_session = scope.sessions.is_empty() && !matches!(row.session, Session::Absent(_));
    if access == Access::Value
        && let Some(hint) = row.hint(Wanted::Json)
    {
        return Some(refusal(
            row,
            &format!("`{name}`"),
            Some(&format!("{hint}, or convert it in another way")),
        ));
    }
    if is_own && server.states.iter().any(|state| state.name == *name) {
        return Some(format!(
            "this `{name}` is not the state of the server, but a type of this module that hides it: give it another name, or take the state \
             as `super::{name}`"
        ));
    }
    let may_be_room = scope.has_rooms && scope.rooms.is_empty() && !matches!(row.room, Room::Absent(_));
    let is_route = scope.route.is_some();
    let marks = [
        (!is_route, "`#[state]` to have one for the server"),
        (may_be_room, "`#[room]` to have one for each path"),
        (may_be_session, "`#[session]` to have one for each connection"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter_map(|(may_be, mark)| may_be.then_some(mark)).collect();
    let of_server = "what all routes share is declared in the server's module, below `#[state]`";
    let advice = if marks.is_empty() {
        of_server.to_owned()
    } else if is_own {
        let marks = marks.join(", or ").replacen("` to", "` above it to", 1);
        if is_route { format!("write {marks}; {of_server}") } else { format!("write {marks}") }
    } else {
        let marks = marks.join(", or below ");
        let advice = format!("declare it, or a struct around it, in this module, below {marks}");
        if is_route { format!("{advice}; {of_server}") } else { advice }
    };
    Some(format!("nothing provides `{name}`: {advice}"))
}

/// Types of Rust that are taken for the state of a room.
const OF_RUST: [&str; 8] = ["String", "str", "bool", "u32", "u64", "usize", "i32", "i64"];

/// Extractors of other frameworks by what they stand around: a type of that name that is generic is hardly anything
/// else.
const GENERIC: [&str; 2] = ["State", "ConnectInfo"];

/// Types that are passed to handlers of watches by mistake: none of them can be the watched handle.
const NEVER_HANDLES: [&str; 4] = ["str", "String", "Vec", "Conn"];

/// The types that the runtime provides by reference.
const HANDLES: [&str; 5] = ["Conn", "Server", "Handshake", "Request", "Close"];

fn is_alias(name: &Ident, scope: &Scope) -> bool {
    scope.aliases.iter().any(|(alias, _)| alias == name)
}

/// The `T` of an `Option<T>`, which no event provides where it does not provide `T`; or the type itself.
fn optional(ty: &Type) -> &Type {
    let Some(segment) = last_segment(peel(ty)).filter(|segment| segment.ident == "Option") else { return ty };
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return ty };
    match arguments.args.first() {
        Some(GenericArgument::Type(optional)) => optional,
        _ => ty,
    }
}

fn behind_reference(ty: &Type) -> (Access, &Type) {
    match peel(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            (Access::Mutable, peel(&reference.elem))
        }
        Type::Reference(reference) => (Access::Shared, peel(&reference.elem)),
        other => (Access::Value, other),
    }
}
