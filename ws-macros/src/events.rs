//! The table of events: all that the macro knows about an event is in its row.
//!
//! A new event needs a row here, a method of the runtime's `Service` or `Route`, and a trait for its arguments. Every
//! event can be handled by a `fn` or an `async fn`.

/// A row of the table: an event, a tick or a watch.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name in `#[on(…)]` and in error messages; also the runtime's method.
    pub(crate) name: &'static str,
    /// Its handler, for error messages.
    pub(crate) title: &'static str,
    /// What other frameworks call it, in lower case.
    pub(crate) foreign_names: &'static [&'static str],
    /// The runtime's trait that its arguments implement.
    pub(crate) argument_trait: &'static str,
    pub(crate) payload: Payload,
    /// The types of the arguments that are made from the payload, without lifetimes and spaces.
    pub(crate) payload_types: &'static [&'static str],
    /// The same in words, for error messages.
    pub(crate) payload_words: &'static str,
    /// Whether its payload can be read as `Json<T>`.
    pub(crate) has_json: bool,
    pub(crate) surroundings: Surroundings,
    pub(crate) session: Session,
    pub(crate) room: Room,
    pub(crate) output: Output,
    /// Where to find what users ask this event for in vain.
    pub(crate) hints: &'static [(Wanted, &'static str)],
}

/// The payload of an event: the runtime's type of it, from which arguments are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    Nothing,
    /// The connection keeps it until the handler has ended.
    Kept(&'static str),
    /// A message. A plain handler borrows it from the read buffer; for an `async` handler it is copied. So the event
    /// has two methods.
    Message(&'static str),
    /// The handle of a watch.
    Handle,
    /// The key of a timer.
    Key,
}

/// The surroundings of an event: which trait of the runtime has its method, and which context its arguments are made
/// from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    /// A connection that has not come to a route, or never will.
    Opening,
    /// A connection that a route is to admit, and that has its identity.
    Arrival,
    /// A connection that is to be admitted by the handler that makes its session, or its identity.
    Admission,
    /// A connection that a route serves, with its session.
    Connection,
    /// The server, without a connection.
    Server,
    /// A room, without a connection.
    Room,
}

/// How a handler can take the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// By `&` or `&mut`.
    Lent,
    /// Also by value, because no event follows.
    Given,
    /// Not at all, for this reason.
    Absent(&'static str),
}

/// How a handler can take the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// By `&` or `&mut`, and its handle.
    Lent,
    /// By `&`, and its handle: the peer is no member yet that could change it.
    Shared,
    /// Its handle: a lock would be held across an `.await`.
    Handle,
    /// Also by value, because no event follows.
    Given,
    /// Not at all, for this reason.
    Absent(&'static str),
}

/// What a handler may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// `()`, or a `Result` whose error is logged.
    Outcome,
    /// A reply that is sent to the peer.
    Reply,
    /// The session, or the refusal of the peer.
    Admission,
    /// The data of the reply to a named message.
    Data,
    /// The room, or the refusal of the peer that asks for it.
    Room,
    /// An HTTP response.
    Response,
    /// Whether a message may pass.
    Verdict,
}

/// What an argument of a wrong type shows that the user looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Text,
    Bytes,
    Number,
    /// A value that is read from the message.
    Json,
    /// The HTTP request.
    Request,
}

const TEXT_ELSEWHERE: &str = "the text of a message goes to `#[on(utf8)]`";
const REQUEST_METHODS: &str = "path, query, headers and cookies are methods of the request";
const REQUEST_ELSEWHERE: &str =
    "`#[on(handshake)]` takes it, and returns a `#[session]` that keeps what later events need of it";

const NAMED_HINTS: &[(Wanted, &str)] = &[
    (Wanted::Text, "its data is taken as `Json<String>`; a text without an envelope goes to `#[on(utf8)]`"),
    (Wanted::Bytes, "the data of a binary message goes to `#[on(binary)]`"),
    (Wanted::Number, "its data is taken as `Json<…>`"),
    (Wanted::Json, "take `Json<…>` around it, which reads the message's data"),
    (Wanted::Request, REQUEST_ELSEWHERE),
];

/// Declares the events that `#[on(…)]` takes, each with its row.
macro_rules! events {
    ($($event:ident: $row:expr,)*) => {
        /// An event that `#[on(…)]` takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Event { $($event),* }

        impl Event {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$event),*];

            pub(crate) const fn row(self) -> &'static Row {
                match self { $(Self::$event => &$row),* }
            }
        }
    };
}

events! {
    Start: Row {
        name: "start",
        title: "a `start` handler",
        foreign_names: &["init", "startup", "setup", "listening", "boot"],
        argument_trait: "FromStart",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Server,
        session: Session::Absent("it happens once for the server, before there is a connection"),
        room: Room::Absent("it happens once for the server, before there is a room"),
        output: Output::Outcome,
        hints: &[],
    },
    Connect: Row {
        name: "connect",
        title: "a `connect` handler",
        foreign_names: &["accept", "tcp"],
        argument_trait: "FromConnect",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Opening,
        session: Session::Absent("there is no session before the handshake"),
        room: Room::Absent("no path is known before the handshake"),
        output: Output::Outcome,
        hints: &[(Wanted::Request, "nothing has been read yet, and `#[on(handshake)]` takes the request as `&Handshake`")],
    },
    Handshake: Row {
        name: "handshake",
        title: "a `handshake` handler",
        foreign_names: &["upgrade", "auth", "authenticate", "admit"],
        argument_trait: "FromHandshake",
        payload: Payload::Kept("Handshake"),
        payload_types: &["&Handshake"],
        payload_words: "`&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`)",
        has_json: false,
        surroundings: Surroundings::Admission,
        session: Session::Absent("it makes the session, so return one"),
        room: Room::Shared,
        output: Output::Admission,
        hints: &[
            (Wanted::Text, REQUEST_METHODS),
            (Wanted::Request, "the request of a handshake is a `&Handshake`"),
        ],
    },
    Create: Row {
        name: "create",
        title: "a `create` handler",
        foreign_names: &["mount"],
        argument_trait: "FromCreate",
        payload: Payload::Kept("Handshake"),
        payload_types: &["&Handshake"],
        payload_words: "`&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`)",
        has_json: false,
        surroundings: Surroundings::Admission,
        session: Session::Absent("it makes the room before the peer that asks for it is admitted"),
        room: Room::Absent("it makes the room, so return one"),
        output: Output::Room,
        hints: &[
            (Wanted::Text, REQUEST_METHODS),
            (Wanted::Request, "the request of the first peer is a `&Handshake`"),
        ],
    },
    Ready: Row {
        name: "ready",
        title: "a `ready` handler",
        foreign_names: &["open", "opened", "connected", "connection", "join"],
        argument_trait: "FromReady",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Reply,
        hints: &[
            (Wanted::Text, TEXT_ELSEWHERE),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Utf8: Row {
        name: "utf8",
        title: "a `utf8` handler",
        foreign_names: &["text", "string", "msg", "receive"],
        argument_trait: "FromUtf8",
        payload: Payload::Message("Utf8"),
        payload_types: &["&str", "String", "Utf8Bytes"],
        payload_words: "the text as `&str`, `String` or `Json<T>`",
        has_json: true,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Reply,
        hints: &[
            (Wanted::Text, "the text is taken as `&str` or `String`"),
            (Wanted::Bytes, "the data of a binary message goes to `#[on(binary)]`"),
            (Wanted::Number, "take the text, and parse it"),
            (Wanted::Json, "take `Json<…>` around it, which reads the text as JSON"),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Message: Row {
        name: "message",
        title: "a `message` handler",
        foreign_names: &[],
        argument_trait: "FromMessage",
        payload: Payload::Message("Envelope"),
        payload_types: &["&Envelope", "&Envelope<'_>"],
        payload_words: "the message as `&Envelope`, its data as `Json<T>`",
        has_json: true,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Data,
        hints: NAMED_HINTS,
    },
    Binary: Row {
        name: "binary",
        title: "a `binary` handler",
        foreign_names: &["bytes", "data", "blob", "bin"],
        argument_trait: "FromBinary",
        payload: Payload::Message("Binary"),
        payload_types: &["&[u8]", "Vec<u8>", "Bytes"],
        payload_words: "the data as `&[u8]`, `Vec<u8>` or `Bytes`",
        has_json: false,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Reply,
        hints: &[
            (Wanted::Text, TEXT_ELSEWHERE),
            (Wanted::Bytes, "the data is taken as `&[u8]`, `Vec<u8>` or `Bytes`"),
            (Wanted::Json, "take the data as `&[u8]`, and call `serde_json::from_slice`"),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Pong: Row {
        name: "pong",
        title: "a `pong` handler",
        foreign_names: &[],
        argument_trait: "FromPong",
        payload: Payload::Message("Binary"),
        payload_types: &["&[u8]", "Vec<u8>", "Bytes"],
        payload_words: "the payload as `&[u8]`, `Vec<u8>` or `Bytes`",
        has_json: false,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Reply,
        hints: &[
            (Wanted::Text, TEXT_ELSEWHERE),
            (Wanted::Bytes, "the payload is taken as `&[u8]`, `Vec<u8>` or `Bytes`"),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Drain: Row {
        name: "drain",
        title: "a `drain` handler",
        foreign_names: &["drained", "flushed"],
        argument_trait: "FromDrain",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Connection,
        session: Session::Lent,
        room: Room::Lent,
        output: Output::Reply,
        hints: &[
            (Wanted::Text, "the messages that the peer has missed are not kept: send the current state"),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Disconnect: Row {
        name: "disconnect",
        title: "a `disconnect` handler",
        foreign_names: &["close", "closed", "leave", "disconnected", "end", "terminate"],
        argument_trait: "FromDisconnect",
        payload: Payload::Kept("Close"),
        payload_types: &["&Close", "Close"],
        payload_words: "`&Close`",
        has_json: false,
        surroundings: Surroundings::Connection,
        session: Session::Given,
        room: Room::Lent,
        output: Output::Outcome,
        hints: &[
            (Wanted::Text, "the reason is `close.reason()`, with `&Close`"),
            (Wanted::Number, "the close code is `close.code()`, with `&Close`"),
            (Wanted::Request, REQUEST_ELSEWHERE),
        ],
    },
    Empty: Row {
        name: "empty",
        title: "an `empty` handler",
        foreign_names: &["dispose", "destroy", "drop", "vacant"],
        argument_trait: "FromEmpty",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Room,
        session: Session::Absent("the last peer has left already"),
        room: Room::Given,
        output: Output::Outcome,
        hints: &[(Wanted::Request, REQUEST_ELSEWHERE)],
    },
    Request: Row {
        name: "request",
        title: "a `request` handler",
        foreign_names: &["http", "page"],
        argument_trait: "FromRequest",
        payload: Payload::Kept("Request"),
        payload_types: &["&Request"],
        payload_words: "`&Request`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`)",
        has_json: false,
        surroundings: Surroundings::Opening,
        session: Session::Absent("a plain HTTP request never becomes a connection with a session"),
        room: Room::Absent("a plain HTTP request never becomes a connection, and only connections are in a room"),
        output: Output::Response,
        hints: &[
            (Wanted::Text, REQUEST_METHODS),
            (Wanted::Request, "a plain HTTP request is a `&Request`"),
        ],
    },
    Shutdown: Row {
        name: "shutdown",
        title: "a `shutdown` handler",
        foreign_names: &["stop", "exit"],
        argument_trait: "FromShutdown",
        payload: Payload::Nothing,
        payload_types: &[],
        payload_words: "",
        has_json: false,
        surroundings: Surroundings::Server,
        session: Session::Absent("it happens once for the server, not for one connection"),
        room: Room::Absent("it happens once for the server, not for each room"),
        output: Output::Outcome,
        hints: &[],
    },
}

/// `#[on("name")]`
pub(crate) const NAMED: Row = Row {
    name: "named message",
    title: "a handler of a named message",
    foreign_names: &[],
    argument_trait: "FromNamed",
    payload: Payload::Message("Envelope"),
    payload_types: &["&Envelope", "&Envelope<'_>"],
    payload_words: "its data as `Json<T>`, the message as `&Envelope`",
    has_json: true,
    surroundings: Surroundings::Connection,
    session: Session::Lent,
    room: Room::Lent,
    output: Output::Data,
    hints: NAMED_HINTS,
};

/// `#[on("name", concurrent = …)]`, and a handler of a named message that returns a stream.
pub(crate) const CONCURRENT: Row = Row {
    name: "concurrent",
    title: "a handler that runs beside others",
    argument_trait: "FromConcurrent",
    session: Session::Absent(
        "other handlers of the connection run beside it, so the session cannot be lent to it",
    ),
    room: Room::Handle,
    ..NAMED
};

/// The function that `guard = …` names.
pub(crate) const GUARD: Row = Row {
    name: "guard",
    title: "a guard",
    foreign_names: &[],
    argument_trait: "FromGuard",
    payload: Payload::Nothing,
    payload_types: &[],
    payload_words: "",
    has_json: false,
    surroundings: Surroundings::Connection,
    session: Session::Lent,
    room: Room::Lent,
    output: Output::Verdict,
    hints: &[
        (Wanted::Text, "it says who may send a message, before its data is read"),
        (
            Wanted::Json,
            "it says who may send a message, before its data is read: check the data in the handler",
        ),
        (Wanted::Request, REQUEST_ELSEWHERE),
    ],
};

/// `#[get("/path")]`
pub(crate) const GET: Row = Row {
    name: "get",
    title: "a `#[get]` handler",
    foreign_names: &[],
    argument_trait: "FromGet",
    payload: Payload::Kept("Request"),
    payload_types: &["&Request"],
    payload_words: "`&Request`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`)",
    has_json: false,
    surroundings: Surroundings::Opening,
    session: Session::Absent("a plain HTTP request never becomes a connection with a session"),
    room: Room::Absent("a plain HTTP request never becomes a connection, and only connections are in a room"),
    output: Output::Response,
    hints: &[
        (Wanted::Text, REQUEST_METHODS),
        (Wanted::Request, "a plain HTTP request is a `&Request`"),
        (Wanted::Number, "a parameter of the path is taken as `Path<…>`, the query as `Query<…>`"),
        (Wanted::Json, "a plain HTTP request has no body; its query is taken as `Query<…>`"),
    ],
};

/// The function that `guard = …` of a `#[get]` names.
pub(crate) const GET_GUARD: Row = Row {
    name: "get guard",
    title: "the guard of a `#[get]`",
    argument_trait: "FromGetGuard",
    output: Output::Verdict,
    ..GET
};

/// The function that `guard = …` of a route names.
pub(crate) const ROUTE_GUARD: Row = Row {
    title: "a guard of a route",
    argument_trait: "FromRouteGuard",
    payload: Payload::Kept("Handshake"),
    payload_types: &["&Handshake"],
    payload_words: "`&Handshake`, `Path`, `Query`, `Bearer`, `ws_runtime::Extension<T>` (feature `tower`)",
    surroundings: Surroundings::Arrival,
    session: Session::Absent("it says who may come, before there is a session"),
    room: Room::Absent("it says who may come, before there is a room"),
    hints: &[
        (Wanted::Text, "it says who may come: path, query, headers and cookies are methods of the request"),
        (Wanted::Request, "the request of a handshake is a `&Handshake`"),
    ],
    ..GUARD
};

/// `#[tick(…)]`
pub(crate) const TICK: Row = Row {
    name: "tick",
    title: "a `tick` handler",
    foreign_names: &[],
    argument_trait: "FromTick",
    payload: Payload::Nothing,
    payload_types: &[],
    payload_words: "",
    has_json: false,
    surroundings: Surroundings::Server,
    session: Session::Absent("it happens for the server, not for one connection"),
    room: Room::Absent("it happens for the server, not for one room"),
    output: Output::Outcome,
    hints: &[],
};

/// `#[tick(…)]`, where the handler takes the room or its handle.
pub(crate) const ROOM_TICK: Row = Row {
    title: "a `tick` handler of a room",
    argument_trait: "FromRoomTick",
    surroundings: Surroundings::Room,
    session: Session::Absent("it happens for the room, not for one connection"),
    room: Room::Lent,
    ..TICK
};

/// `#[watch(…)]`
pub(crate) const WATCH: Row = Row {
    name: "watch",
    title: "a `watch` handler",
    foreign_names: &[],
    argument_trait: "FromWatch",
    payload: Payload::Handle,
    payload_types: &[],
    payload_words: "the watched handle by `&` or `&mut`",
    has_json: false,
    surroundings: Surroundings::Server,
    session: Session::Absent("it happens for the server, not for one connection"),
    room: Room::Absent("it happens for the server, not for one room"),
    output: Output::Outcome,
    hints: &[],
};

/// `#[timer(field)]`, where the field is of the session.
pub(crate) const SESSION_TIMER: Row = Row {
    name: "timer",
    title: "a `timer` handler of the session",
    foreign_names: &[],
    argument_trait: "FromTimer",
    payload: Payload::Key,
    payload_types: &[],
    payload_words: "the index as `usize` or the key by `&`, where the field holds several timers",
    has_json: false,
    surroundings: Surroundings::Connection,
    session: Session::Lent,
    room: Room::Lent,
    output: Output::Outcome,
    hints: &[
        (Wanted::Text, TEXT_ELSEWHERE),
        (Wanted::Number, ONE_TIMER),
        (Wanted::Request, REQUEST_ELSEWHERE),
    ],
};

/// `#[timer(field)]`, where the field is of a state.
pub(crate) const STATE_TIMER: Row = Row {
    title: "a `timer` handler of a state",
    argument_trait: "FromStateTimer",
    surroundings: Surroundings::Server,
    session: Session::Absent("the timer belongs to the server, not to one connection"),
    room: Room::Absent("the timer belongs to the server, not to one room"),
    hints: &[(Wanted::Number, ONE_TIMER)],
    ..SESSION_TIMER
};

/// `#[timer(field)]`, where the field is of the room.
pub(crate) const ROOM_TIMER: Row = Row {
    title: "a `timer` handler of a room",
    argument_trait: "FromRoomTimer",
    surroundings: Surroundings::Room,
    session: Session::Absent("the timer belongs to the room, not to one connection"),
    room: Room::Lent,
    hints: &[(Wanted::Number, ONE_TIMER)],
    ..SESSION_TIMER
};

const ONE_TIMER: &str = "the field holds one timer, and only those of several have an index or a key";

impl Row {
    /// Whether it is a route's event, and not the server's.
    pub(crate) fn is_of_route(&self) -> bool {
        match self.surroundings {
            Surroundings::Arrival
            | Surroundings::Admission
            | Surroundings::Connection
            | Surroundings::Room => true,
            Surroundings::Opening | Surroundings::Server => false,
        }
    }

    /// What a handler can take, as a sentence. The traits of the runtime use the same words.
    pub(crate) fn offer(&self) -> String {
        let conn = match self.surroundings {
            Surroundings::Opening
            | Surroundings::Arrival
            | Surroundings::Admission
            | Surroundings::Connection => "`&Conn`",
            Surroundings::Server | Surroundings::Room => "",
        };
        let (handle, room) = match self.room {
            Room::Lent => ("`&Room`", "the `#[room]` by `&` or `&mut`"),
            Room::Shared => ("`&Room`", "the `#[room]` by `&`"),
            Room::Handle => ("`&Room`", ""),
            Room::Given => ("`&Room`", "the `#[room]` by `&`, `&mut` or value"),
            Room::Absent(_) => ("", ""),
        };
        let session = match self.session {
            Session::Lent => "the `#[session]` by `&` or `&mut`",
            Session::Given => "the `#[session]` by `&`, `&mut` or value",
            Session::Absent(_) => "",
        };
        let identity = match self.surroundings {
            Surroundings::Arrival | Surroundings::Connection => "the `#[identity]` by `&`",
            Surroundings::Opening | Surroundings::Admission | Surroundings::Server | Surroundings::Room => "",
        };
        let state = "the `#[state]` by `&` or `&mut`";
        let all = [self.payload_words, conn, "`&Server`", handle, session, room, state, identity];
        let all: Vec<&str> = all.into_iter().filter(|one| !one.is_empty()).collect();
        format!("{} can take, in any order: {}", self.title, all.join(", "))
    }

    pub(crate) fn hint(&self, wanted: Wanted) -> Option<&'static str> {
        self.hints.iter().find(|(one, _)| *one == wanted).map(|(_, hint)| *hint)
    }
}

impl Event {
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }

    /// The event that other frameworks call `name`.
    pub(crate) fn of_foreign_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.row().foreign_names.contains(&name))
    }

    /// The names of all events, in the order of a connection's life.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|event| event.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_events_share_a_name() {
        let rows =
            || Event::ALL.iter().map(|event| event.row()).chain([&TICK, &WATCH, &GUARD, &SESSION_TIMER]);
        let mut names: Vec<&str> = rows().map(|row| row.name).collect();
        names.extend(rows().flat_map(|row| row.foreign_names));
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    #[test]
    fn only_what_surrounds_a_session_lends_it() {
        for row in Event::ALL.iter().map(|event| event.row()).chain([
            &TICK,
            &WATCH,
            &GUARD,
            &SESSION_TIMER,
            &STATE_TIMER,
            &ROOM_TICK,
            &ROOM_TIMER,
        ]) {
            let lends = !matches!(row.session, Session::Absent(_));
            assert_eq!(row.surroundings == Surroundings::Connection, lends, "{}", row.name);
        }
    }
}
