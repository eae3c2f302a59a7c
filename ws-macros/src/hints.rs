//! Hints for users of other frameworks: what they write out of habit, and what to write here.

use proc_macro2::Ident;
use ws_spec::nearest;

use crate::events::Event;

/// The hint that follows "there is no event `name`".
pub(crate) fn event(name: &str) -> Option<String> {
    let meant = match name_of_event(name).as_str() {
        "tick" | "interval" | "cron" | "schedule" | "every" => {
            ": a tick has an attribute of its own: `#[tick(period = 1)]`".to_owned()
        }
        "timer" | "timeout" | "alarm" => {
            ": a timer has an attribute of its own, `#[timer(field)]` for a field of type `Timer`; what runs every so many \
             seconds is a `#[tick(period = 1)]`"
                .to_owned()
        }
        "get" => ": a path has an attribute of its own: `#[get(\"/path\")]`".to_owned(),
        "watch" | "readable" | "writable" => {
            ": a watch has an attribute of its own: `#[watch(readable = …)]` or `#[watch(writable = …)]`"
                .to_owned()
        }
        "msg" | "receive" | "in" => {
            ", did you mean `utf8` (text), `binary`, or a named message such as `#[on(\"say\")]`?".to_owned()
        }
        "init" | "setup" => ", did you mean `start`, which is of the server, or `create`, which makes a room?".to_owned(),
        "error" | "exception" | "failure" => {
            ": an error of a handler is logged, and `disconnect` learns how the connection ended".to_owned()
        }
        "ping" => ": the server answers pings by itself; `pong` is a peer's answer to a ping".to_owned(),
        plain => {
            let meant = Event::of_name(plain)
                .or_else(|| Event::of_foreign_name(plain))
                .map(Event::name)
                .or_else(|| nearest(name, Event::names()))?;
            format!(", did you mean `{meant}`?")
        }
    };
    Some(meant)
}

/// What to write instead of an attribute of another framework.
pub(crate) fn attribute(name: &str) -> Option<String> {
    let plain = name_of_event(name);
    let instead = match plain.as_str() {
        "post" | "put" | "patch" | "delete" | "head" => {
            return Some(format!(
                "there is no `#[{name}]`: `#[get(\"/path\")]` answers GET and HEAD, and `#[on(request)]` all other methods; no \
                 request may have a body"
            ));
        }
        "message" | "subscribe_message" | "subscribemessage" | "event" => {
            "`#[on(\"say\")]` for messages of the type `say`, `#[on(utf8)]` for any text, or `#[on(binary)]` for binary data"
                .to_owned()
        }
        "tick" | "interval" => "`#[tick(period = 1)]`".to_owned(),
        "readable" | "writable" => format!("`#[watch({plain} = …)]`"),
        // Other names are left alone: an attribute of another crate may be called so.
        _ if plain == name => format!("`#[on({})]`", Event::of_name(name)?.name()),
        _ => {
            let event = Event::of_name(&plain).or_else(|| Event::of_foreign_name(&plain))?;
            format!("`#[on({})]`", event.name())
        }
    };
    Some(format!("there is no `#[{name}]`: write {instead}"))
}

/// What to write instead of an option of the server that is an event, a type or a tick here.
pub(crate) fn option(name: &str) -> Option<String> {
    let instead = match name {
        "path" | "route" | "url" | "uri" | "prefix" | "nest" | "namespace" | "mount" => {
            "a path belongs to a module marked `#[route(\"/lobby\")]`, which stands inside of this one, or in a file of its own and \
             in the list `routes = [crate::lobby::route]`; a server without routes serves every path"
                .to_owned()
        }
        "guard" | "guards" | "auth" | "middleware" | "layer" => {
            "a `guard` belongs to a `#[route(\"/lobby\", guard = …)]`, or to one message; what all routes need is for the handler of \
             `#[on(handshake)]`"
                .to_owned()
        }
        _ => instead_of_option(name)?,
    };
    Some(format!("the server has no option `{name}`: {instead}"))
}

/// What to write instead of an option of a route that is something else here.
pub(crate) fn option_on_route(name: &str) -> Option<String> {
    let instead = match name {
        "path" | "url" | "uri" | "pattern" => {
            "its path stands first, without a name: `#[route(\"/lobby\")]`".to_owned()
        }
        "prefix" | "nest" | "namespace" | "mount" | "base" | "scope" => {
            "routes stand within each other, and their paths are joined: write `#[route(\"/v1\")] mod v1 { … }` around this one"
                .to_owned()
        }
        "guards" | "auth" | "middleware" | "layer" | "filter" | "before" | "interceptor" | "pipe_through" => {
            "what says who may come is its `guard`: write `guard = admin`, the name of a function that returns a `Result<(), Reject>`"
                .to_owned()
        }
        "keep" => of_room("keep = 10"),
        "max_rooms" => of_room("max_rooms = 10_000"),
        "open" => of_room("open"),
        "state" | "identity" => {
            format!("all routes share it: write `#[{name}]` above the type inside the server's module")
        }
        _ => instead_of_option(name)?,
    };
    Some(format!("a route has no option `{name}`: {instead}"))
}

fn of_room(written: &str) -> String {
    format!("it belongs to the room: write `#[room({written})]` above the room's type inside the module")
}

fn instead_of_option(name: &str) -> Option<String> {
    let plain = name_of_event(name);
    let above = "above a function inside the module";
    let instead = match name {
        "state" | "session" | "identity" => format!("write `#[{name}]` above the type inside the module"),
        "period" | "tick_period" | "on_tick" => format!("write `#[tick(period = 1)]` {above}"),
        "watch_readable" | "on_readable" => format!("write `#[watch(readable = …)]` {above}"),
        "watch_writable" | "on_writable" => format!("write `#[watch(writable = …)]` {above}"),
        _ => {
            let is_event = plain != name || Event::of_name(name).is_some();
            let event = Event::of_name(&plain).or_else(|| Event::of_foreign_name(&plain));
            let event = event.filter(|_| is_event)?;
            format!("write `#[on({})]` {above}", event.name())
        }
    };
    Some(instead)
}

/// What to write instead of an extractor, such as `State(db): State<Db>`.
pub(crate) fn extractor(name: &str) -> Option<&'static str> {
    match name {
        "Data" | "TryData" | "Payload" | "MessageBody" => Some(
            "there is no such extractor: the data of a named message is taken as `Json<T>`; the state has `#[state]` above its \
             type in this module, and is taken by `&`, or by `&mut` to change it",
        ),
        "State" => Some(
            "there is no extractor for the state: write `#[state]` above its type in this module, and take it by `&`, or by \
             `&mut` to change it",
        ),
        "Params" | "UrlParams" | "PathParams" => {
            Some("the parameters of the path are taken as `Path<T>`, such as `Path(id): Path<u64>`")
        }
        "ConnectInfo" => {
            Some("there is no extractor for the peer's address: it is `conn.peer()`, with `&Conn`")
        }
        _ => None,
    }
}

/// What to write instead of an extractor behind a path, such as `web::Data<T>` or `extract::State<T>`.
pub(crate) fn extractor_of(parent: &str, name: &str) -> Option<&'static str> {
    match (parent, name) {
        ("web" | "extract" | "rocket", "Data" | "State" | "ConnectInfo") => extractor(name),
        ("axum" | "extract", "Extension") => Some(
            "what a layer of axum has added is taken as `ws_runtime::Extension<T>`, which the feature `tower` gives",
        ),
        ("ws" | "web" | "extract" | "rocket_ws", _) if foreign_type(name).is_some() => foreign_type(name),
        ("axum" | "web" | "extract", "Path" | "Query" | "Json") => Some(
            "`Path<T>`, `Query<T>` and `Json<T>` are types of the prelude: write it without what stands before its name",
        ),
        _ => None,
    }
}

/// What to write instead of an extractor for axum that the user has written.
pub(crate) fn own_extractor(name: &Ident) -> String {
    format!(
        "`{name}` is an extractor of axum, which the router calls and this server does not: let a layer of the router add it to the request, \
         and take `ws_runtime::Extension<{name}>` in `#[on(handshake)]`, or implement `ws_runtime::event::FromContext` for it"
    )
}

/// What to write instead of the context that other frameworks pass to handlers by reference.
pub(crate) fn context(name: &str) -> Option<&'static str> {
    match name {
        "Context" | "Ctx" | "WebsocketContext" | "WsContext" | "HandlerContext" | "CallContext" => Some(
            "there is no context: a handler takes what it needs, `&Conn` for its connection, `&Server` for all of them, the `#[state]`, the \
             `#[session]` or the `#[room]` by `&` or `&mut`",
        ),
        "Client" | "Peer" => foreign_type("Socket"),
        "Params" | "UrlParams" | "PathParams" | "RouteParams" => {
            Some("the parameters of the path are taken as `Path<T>`, such as `Path(id): Path<u64>`")
        }
        "State" => extractor("State"),
        _ => None,
    }
}

/// What to write instead of a type that another framework passes to handlers.
pub(crate) fn foreign_type(name: &str) -> Option<&'static str> {
    match name {
        "WebSocketUpgrade" => Some(
            "the server upgrades by itself: take the request as `&Handshake` in `#[on(handshake)]`, and return an error to refuse it",
        ),
        "SocketRef" | "Socket" | "ConnectedSocket" => Some(
            "the connection is `&Conn`: what the handler returns is the reply, `conn.send(…)` sends a push, and \
             `server.broadcast(…)` sends one to all, with `&Server`",
        ),
        "AckSender" | "Ack" => Some(
            "there is no acknowledgement to send: what the handler returns is the reply to a message that has an `id`",
        ),
        "Clients" | "HubContext" | "SocketIo" | "Broadcaster" => {
            Some("all connections are reached through `&Server`: `server.broadcast(…)` sends to each of them")
        }
        "HttpRequest" => Some(
            "the request is `&Handshake` in `#[on(handshake)]`, `#[on(create)]` and the guards of routes, and `&Request` in `#[get(\"/path\")]`",
        ),
        "Next" | "CallHandler" | "ExecutionContext" => Some(
            "nothing is called next: a guard returns `Ok(())` to let the peer or its message pass, or an `Err(Reject::forbidden())`, and takes \
             `&Handshake`",
        ),
        "WebSocket" | "WebSocketStream" => Some(
            "the server reads the socket by itself and calls `#[on(utf8)]` and `#[on(binary)]`: take the connection as `&Conn`",
        ),
        _ => None,
    }
}

/// The name without the prefix of other frameworks: `on_message`, `onmessage`, `handle_in`.
fn name_of_event(name: &str) -> String {
    let lower = name.to_lowercase();
    ["on_", "handle_", "on", "handle"]
        .into_iter()
        .find_map(|prefix| lower.strip_prefix(prefix).filter(|rest| rest.len() > 1))
        .unwrap_or(&lower)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_names_of_other_frameworks_lead_to_ours() {
        for (name, part) in [
            ("open", "`ready`"),
            ("onopen", "`ready`"),
            ("on_msg", "`utf8`"),
            ("handle_in", "`utf8`"),
            ("handleConnection", "`ready`"),
            ("close", "`disconnect`"),
            ("on_disconnect", "`disconnect`"),
            ("disconect", "`disconnect`"),
            ("interval", "`#[tick(period = 1)]`"),
            ("error", "`disconnect`"),
        ] {
            let hint = event(name).unwrap_or_default();
            assert!(hint.contains(part), "{name}: {hint}");
        }
        assert_eq!(event("zebra"), None);
    }

    #[test]
    fn attributes_of_rust_and_of_other_crates_are_left_alone() {
        for name in ["inline", "must_use", "instrument", "test", "close", "data", "end", "once"] {
            assert_eq!(attribute(name), None, "{name}");
        }
        for name in ["post", "on_connect", "utf8", "SubscribeMessage", "interval"] {
            assert!(attribute(name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_option_that_is_an_event_leads_to_its_attribute() {
        for (name, part) in [
            ("on_connect", "`#[on(connect)]`"),
            ("handshake", "`#[on(handshake)]`"),
            ("watch_readable", "`#[watch(readable = …)]`"),
        ] {
            let hint = option(name).unwrap_or_default();
            assert!(hint.contains(part), "{name}: {hint}");
        }
        assert_eq!(option("close"), None);
    }

    #[test]
    fn an_option_of_a_route_that_other_frameworks_have_leads_to_ours() {
        for (name, part) in [
            ("path", "stands first"),
            ("nest", "`#[route(\"/v1\")] mod v1"),
            ("middleware", "`guard = admin`"),
            ("max_rooms", "`#[room(max_rooms = 10_000)]`"),
        ] {
            let hint = option_on_route(name).unwrap_or_default();
            assert!(hint.contains(part), "{name}: {hint}");
        }
        assert_eq!(option_on_route("color"), None);
    }

    #[test]
    fn extractors_are_known_by_the_path_of_their_framework_only() {
        for (parent, name, part) in [
            ("web", "Data", "`#[state]`"),
            ("extract", "State", "`#[state]`"),
            ("web", "Path", "prelude"),
            ("axum", "Json", "prelude"),
            ("axum", "Extension", "`ws_runtime::Extension<T>`"),
            ("ws", "WebSocket", "`&Conn`"),
        ] {
            let hint = extractor_of(parent, name).unwrap_or_default();
            assert!(hint.contains(part), "{parent}::{name}: {hint}");
        }
        for (parent, name) in [("lobby", "State"), ("std", "Path"), ("web", "User")] {
            assert_eq!(extractor_of(parent, name), None, "{parent}::{name}");
        }
    }
}
