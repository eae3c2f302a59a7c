//! Checks arguments that no event provides: types of Rust, of the module, and of other frameworks.
//!
//! Only types for which no code can have implemented `FromContext` are refused here. The traits of the runtime report
//! the rest.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type, TypeParamBound};
use ws_spec::is_misspelt;

use crate::events::{Event, Payload, Room, Row, Session, Surroundings, Wanted};
use crate::hints;
use crate::model::{Argument, Role, Scope, Server};
use crate::resolve::{Access, Asks, Call};
use crate::syntax::{is_callable, peel, single_name};

/// What is wrong with an argument.
pub(super) struct Problem {
    pub(super) message: String,
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
    if !is_own
        && access == Access::Value
        && name.is_some_and(|name| name == "Path")
        && let Some(message) = path(argument, call, scope, server)
    {
        return Some(Problem { message, is_foreign: false, unmarked: None });
    }
    if let Some(message) = room_of_another_type(target, scope, server) {
        return Some(Problem { message, is_foreign: true, unmarked: None });
    }
    if let Some(message) = phase_without_type(target, scope) {
        return Some(Problem { message, is_foreign: true, unmarked: None });
    }
    if let Some(name) = name.filter(|_| !is_own && !scope.has_own_arguments)
        && let Some(hint) = foreign(name, argument)
    {
        return Some(Problem { message: hint.to_owned(), is_foreign: true, unmarked: None });
    }
    let is_alias = name.is_some_and(|name| is_alias(name, scope));
    let message = if is_own || is_alias { None } else { of_language(target, access, row, scope) };
    if let Some(message) = message {
        return Some(Problem { message, is_foreign: false, unmarked: None });
    }
    let name = name.filter(|_| asks != Asks::Plain && !is_alias)?;
    let message = unmarked(name, is_own, access, row, scope, server)?;
    Some(Problem { message, is_foreign: false, unmarked: Some(name.clone()) })
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
fn room_of_another_type(target: &Type, scope: &Scope, server: &Server) -> Option<String> {
    let handle =
        last_segment(target).filter(|segment| segment.ident == "Room" || segment.ident == "Rooms")?;
    let PathArguments::AngleBracketed(arguments) = &handle.arguments else { return None };
    let Some(GenericArgument::Type(state)) = arguments.args.first() else { return None };
    let name = single_name(state)?;
    if scope.rooms.iter().any(|room| room.part.name == *name) {
        return None;
    }
    if server.states.iter().any(|state| state.name == *name) {
        return Some(format!(
            "`{name}` is a `#[state]`, of which the server has one, and not the state of each room: take it as `&{name}` or `&mut {name}`"
        ));
    }
    scope.types.contains(name).then(|| {
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

/// A type of another framework.
fn foreign(name: &Ident, argument: &Argument) -> Option<&'static str> {
    let name = name.to_string();
    let extractor = argument.taken_apart.as_ref().filter(|pattern| **pattern == name);
    extractor.and_then(|_| hints::extractor(&name)).or_else(|| hints::foreign_type(&name))
}

/// A type of Rust's, or one of the runtime's that this event does not provide.
fn of_language(target: &Type, access: Access, row: &Row, scope: &Scope) -> Option<String> {
    let form = form(target, access);
    if row.payload_types.contains(&form.as_str()) {
        return None;
    }
    let refuse = |what: &str, hint: Option<&str>| Some(refusal(row, what, hint));
    let segment = match target {
        Type::Slice(_) | Type::Array(_) if form.contains("[u8") => {
            return refuse("bytes", row.hint(Wanted::Bytes));
        }
        other => last_segment(other)?,
    };
    let name = segment.ident.to_string();
    match name.as_str() {
        "Cow" => refuse("`Cow`", row.hint(Wanted::Text)),
        "str" | "String" | "Utf8Bytes" => {
            refuse(&format!("`{}`", form.replace("&mut", "&mut ")), row.hint(Wanted::Text))
        }
        "Vec" if form.ends_with("Vec<u8>") => refuse(&format!("`{form}`"), row.hint(Wanted::Bytes)),
        "Bytes" => refuse("`Bytes`", row.hint(Wanted::Bytes)),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize"
        | "f32" | "f64" | "bool" | "char" => refuse(&format!("`{name}`"), row.hint(Wanted::Number)),
        "Arc" | "Rc" | "Mutex" | "RwLock" | "RefCell" | "Cell" => refuse(
            &format!("`{name}`"),
            Some(
                "all handlers share the `#[state]` without one, and it is locked where a handler takes it by `&mut`",
            ),
        ),
        "HashMap" | "HashSet" | "BTreeMap" | "BTreeSet" | "VecDeque" | "Sender" | "Receiver" => refuse(
            &format!("`{name}`"),
            Some(
                "what handlers share is a field of the `#[state]`, and what belongs to a connection one of the `#[session]`",
            ),
        ),
        "Group" | "Connections" => refuse(
            &format!("`{name}`"),
            Some(if name == "Group" {
                "a group is a field of a `#[state]` or a `#[room]`, so take that"
            } else {
                "`server.connections_of(…)` and `group.connections()` return it"
            }),
        ),
        "Room" | "Rooms" => of_rooms(&name, access, row),
        "SocketAddr" | "IpAddr" if !matches!(row.surroundings, Surroundings::Server | Surroundings::Room) => {
            refuse(&format!("`{name}`"), Some("the peer's address is `conn.peer()`, with `&Conn`"))
        }
        "Box" if is_callback(segment) => {
            refuse("callbacks", Some("what the handler returns is sent to the peer as the reply"))
        }
        "Close" if access == Access::Shared => {
            refuse("`&Close`", Some("only `#[on(disconnect)]` knows how a connection ended"))
        }
        "Handshake" | "Request" if access == Access::Shared => {
            refuse(&format!("`&{name}`"), row.hint(Wanted::Request))
        }
        // A type of the user's that has the same name: the runtime's have a parameter.
        "Path" | "Query" if segment.arguments.is_empty() => None,
        "Path" | "Query" | "Bearer" if access != Access::Value && has_request(row) => {
            refuse(&format!("`{}`", form.replace("&mut", "&mut ")), Some("take it by value"))
        }
        "Path" | "Query" | "Bearer" if !has_request(row) && !scope.has_own_arguments => {
            refuse(&format!("`{name}`"), row.hint(Wanted::Request))
        }
        "Json" if row.has_json => None,
        "Json" if !scope.has_own_arguments => {
            let returned = "`Json` reads the text of `utf8` and the data of named messages, or is what a handler returns";
            let hint = row
                .hint(Wanted::Json)
                .map_or_else(|| returned.to_owned(), |hint| format!("{hint}; {returned}"));
            refuse("`Json`", Some(&hint))
        }
        "Conn" if matches!(row.surroundings, Surroundings::Server | Surroundings::Room) => refuse(
            "`Conn`",
            Some("it does not belong to a connection; `server.connections()` lists all of them"),
        ),
        "Conn" | "Server" | "Close" | "Handshake" | "Request" if access == Access::Mutable => {
            refuse(&format!("`&mut {name}`"), Some("take it by `&`, which is enough for all its methods"))
        }
        _ => None,
    }
}

/// Whether the event comes with an HTTP request.
fn has_request(row: &Row) -> bool {
    matches!(row.payload, Payload::Kept("Handshake" | "Request"))
}

/// `hint` says where to find what the user looks for.
fn refusal(row: &Row, what: &str, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
    format!("{} cannot take {what}{hint}\n{}", row.title, row.offer())
}

/// The handle of a room that is taken as it cannot be.
fn of_rooms(name: &str, access: Access, row: &Row) -> Option<String> {
    match (name, row.room, access) {
        ("Rooms", _, Access::Shared | Access::Mutable) => {
            Some(refusal(row, "`Rooms` by reference", Some("it is a handle, so take it by value")))
        }
        ("Room", Room::Absent(reason), _) => Some(format!("{} has no room: {reason}", row.title)),
        ("Room", _, Access::Mutable) => Some(refusal(
            row,
            "`&mut Room`",
            Some(
                "a handle is shared, and sends by `&Room`; what changes is the type marked `#[room]`, by `&mut`",
            ),
        )),
        _ => None,
    }
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
    // A type that is declared elsewhere may implement `FromContext` there. A name that is nearly one of the runtime's is
    // misspelt, which the compiler reports.
    let means_handle = || HANDLES.iter().any(|handle| is_misspelt(&name.to_string(), handle));
    // The states of a route in a file of its own are declared elsewhere.
    let is_elsewhere = server.stands_alone();
    let is_certain =
        is_own || access != Access::Value && is_nothing_marked && !is_elsewhere && !means_handle();
    if scope.has_own_arguments || !is_certain {
        return None;
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
        let advice = format!("declare it in this module, below {marks}");
        if is_route { format!("{advice}; {of_server}") } else { advice }
    };
    Some(format!("nothing provides `{name}`: {advice}"))
}

/// Types that are passed to handlers of watches by mistake: none of them can be the watched handle.
const NEVER_HANDLES: [&str; 4] = ["str", "String", "Vec", "Conn"];

const KNOWN_CRATES: [&str; 6] = ["std", "core", "alloc", "ws_runtime", "axum", "bytes"];

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

/// The name of a type that is written alone, or by the path of a crate that it is expected from: `crate::Json` is a type of
/// the user's.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    let Type::Path(path) = ty else { return None };
    let segments = &path.path.segments;
    let is_expected = match segments.first() {
        Some(first) if segments.len() > 1 => KNOWN_CRATES.iter().any(|name| first.ident == name),
        _ => true,
    };
    segments.last().filter(|_| path.qself.is_none() && is_expected)
}

/// The type without its path, without lifetimes and without spaces.
fn form(target: &Type, access: Access) -> String {
    let reference = match access {
        Access::Shared => "&",
        Access::Mutable => "&mut",
        Access::Value => "",
    };
    let target = last_segment(target).map_or_else(|| target.to_token_stream(), ToTokens::to_token_stream);
    format!("{reference}{}", target.to_string().replace(' ', ""))
}

/// Whether it is `Box<dyn Fn(…)>`.
fn is_callback(segment: &PathSegment) -> bool {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return false };
    arguments.args.iter().any(|argument| match argument {
        GenericArgument::Type(Type::TraitObject(object)) => {
            object.bounds.iter().any(|bound: &TypeParamBound| is_callable(bound))
        }
        _ => false,
    })
}
