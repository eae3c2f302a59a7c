//! Checks arguments of Rust's own types, and of the runtime's, that an event does not provide.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type, TypeParamBound};

use crate::events::{Payload, Room, Row, Surroundings, Wanted};
use crate::model::{Scope, Server};
use crate::resolve::Access;
use crate::syntax::{is_callable, mentions};

/// A type of Rust's, or one of the runtime's that this event does not provide.
pub(super) fn problem(
    target: &Type,
    access: Access,
    row: &Row,
    scope: &Scope,
    server: &Server,
) -> Option<String> {
    let form = form(target, access);
    if row.payload_types.contains(&form.as_str()) {
        return None;
    }
    let refuse = |what: &str, hint: Option<&str>| Some(refusal(row, what, hint));
    let as_written = format!("`{}`", form.replace("&mut", "&mut "));
    let segment = match target {
        Type::Slice(_) | Type::Array(_) if form.contains("[u8") => {
            return refuse("bytes", row.hint(Wanted::Bytes));
        }
        other => last_segment(other)?,
    };
    let name = segment.ident.to_string();
    match name.as_str() {
        "Cow" => refuse("`Cow`", row.hint(Wanted::Text)),
        "str" | "String" | "Utf8Bytes" => refuse(&as_written, row.hint(Wanted::Text)),
        "Vec" if form.ends_with("Vec<u8>") => refuse(&format!("`{form}`"), row.hint(Wanted::Bytes)),
        "Bytes" => refuse("`Bytes`", row.hint(Wanted::Bytes)),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i16" | "i32" | "i64" | "i128" | "isize"
        | "f32" | "f64" | "bool" | "char" => {
            let parameter = format!("a parameter of the path is taken as `Path<{name}>`");
            let hint = row.hint(Wanted::Number).or(Some(parameter.as_str()).filter(|_| has_request(row)));
            refuse(&format!("`{name}`"), hint)
        }
        "Arc" | "Rc" | "Mutex" | "RwLock" | "RefCell" | "Cell" => {
            let hint = match part_in(target, scope, server) {
                Some(part) => format!("take `{part}` itself, by `&`, or by `&mut` to change it: it is shared already, and locked for the call"),
                None => "all handlers share the `#[state]` without one, and it is locked where a handler takes it by `&mut`".to_owned(),
            };
            refuse(&format!("`{name}`"), Some(&hint))
        }
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
        "Room" | "Rooms" => of_rooms(&name, access, row, scope.route.is_none() && server.has_routes()),
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
        "HeaderMap" => refuse(&as_written, headers(row)),
        // A type of the user's that has the same name: the runtime's have a parameter.
        "Path" | "Query" | "Extension" if segment.arguments.is_empty() => None,
        "Path" | "Query" | "Extension" | "Bearer" if access != Access::Value && has_request(row) => {
            refuse(&as_written, Some("take it by value"))
        }
        "Path" | "Query" | "Extension" | "Bearer" if !has_request(row) && !scope.has_own_arguments => {
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

/// The state, the room or the session that a type is around, as in `Arc<Mutex<Table>>`.
fn part_in<'s>(target: &Type, scope: &'s Scope, server: &'s Server) -> Option<&'s Ident> {
    let rooms = scope.rooms.iter().map(|room| &room.part.name);
    let parts = server.states.iter().chain(&scope.sessions).map(|part| &part.name);
    rooms.chain(parts).find(|name| mentions(target, &name.to_string()))
}

/// How an event, or one before it, gets the headers of the request.
fn headers(row: &Row) -> Option<&'static str> {
    match (row.payload, row.surroundings) {
        (Payload::Kept("Handshake"), _) => Some("the headers are `handshake.headers()`, with `&Handshake`"),
        (Payload::Kept("Request"), _) => Some("the headers are `request.headers()`, with `&Request`"),
        (_, Surroundings::Connection) => Some(
            "`#[on(handshake)]` has the headers, as `handshake.headers()` with `&Handshake`, and returns a `#[session]` that keeps \
             what later events need of them",
        ),
        (_, Surroundings::Opening | Surroundings::Arrival | Surroundings::Admission) => {
            row.hint(Wanted::Request)
        }
        (_, Surroundings::Server | Surroundings::Room) => None,
    }
}

/// Whether the event comes with an HTTP request.
pub(super) fn has_request(row: &Row) -> bool {
    matches!(row.payload, Payload::Kept("Handshake" | "Request"))
}

/// `hint` says where to find what the user looks for.
pub(super) fn refusal(row: &Row, what: &str, hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
    format!("{} cannot take {what}{hint}\n{}", row.title, row.offer())
}

/// The handle of a room that is taken as it cannot be. `is_for_all` says whether the handler is that of all routes.
fn of_rooms(name: &str, access: Access, row: &Row, is_for_all: bool) -> Option<String> {
    match (name, row.room, access) {
        ("Rooms", _, Access::Shared | Access::Mutable) => {
            Some(refusal(row, "`Rooms` by reference", Some("it is a handle, so take it by value")))
        }
        ("Room", Room::Absent(reason), _) => Some(format!("{} has no room: {reason}", row.title)),
        // The `handshake`.
        ("Room", Room::Shared, _) if is_for_all => Some(
            "this `handshake` is for all routes, and runs before the peer has a room: take the `&Room` in a `handshake` within the \
             route"
                .to_owned(),
        ),
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

/// The name of a type that is written alone, or by the path of a crate that it is expected from: `crate::Json` is a
/// type of the user's.
pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    let Type::Path(path) = ty else { return None };
    let segments = &path.path.segments;
    let is_expected = match segments.first() {
        Some(first) if segments.len() > 1 => KNOWN_CRATES.iter().any(|name| first.ident == name),
        _ => true,
    };
    segments.last().filter(|_| path.qself.is_none() && is_expected)
}

const KNOWN_CRATES: [&str; 6] = ["std", "core", "alloc", "ws_runtime", "axum", "bytes"];
