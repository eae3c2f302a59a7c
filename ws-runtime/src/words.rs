//! The words of attributes, for editors. The generated code names each word of the user's here once more, so that
//! hovering it shows when a handler runs, what it can take and what it may return, and a half-typed word is
//! completed.

/// The events of `#[on(…)]`.
pub mod event {
    /// The server is bound. Once, before the first connection is accepted.
    ///
    /// * Arguments, in any order: `&Server`, the states.
    /// * Returns `()`, `Result<(), E>`: an error ends `start()`, `serve()` and `bind()`.
    pub mod start {}

    /// A connection was accepted. Before TLS and the handshake.
    ///
    /// * Arguments, in any order: `&Conn`, `&Server`, the states.
    /// * Returns `()`, `Result<(), E>`: an error refuses the connection.
    pub mod connect {}

    /// A valid request of an allowed origin has come. Before the 101.
    ///
    /// * Arguments, in any order: `&Handshake`, `Path<T>`, `Query<T>`, `Bearer`, `Extension<T>`, `&Conn`, `&Server`,
    ///   `&Room`, the room by `&`, the states.
    /// * Returns `()`, the session, the identity or an `Option` of it, a pair of both, a `Result` of these with an
    ///   error that converts into `Reject`.
    pub mod handshake {}

    /// The first peer of a path is to be admitted. Before its `handshake`.
    ///
    /// * Arguments, in any order: `&Handshake`, `Path<T>`, `Query<T>`, `Bearer`, `Extension<T>`, `&Conn`, `&Server`,
    ///   the states.
    /// * Returns the type marked `#[room]`, a `Result` of it with an error that converts into `Reject`.
    pub mod create {}

    /// The 101 is sent, and the connection is listed.
    ///
    /// * Arguments, in any order: `&Conn`, `&Server`, `&Room`, the session, the room, the states, the identity by `&`.
    /// * Returns a reply.
    pub mod ready {}

    /// A text message has come; where named messages are spoken, one that is no envelope.
    ///
    /// * Arguments, in any order: the text as `&str`, `String` or `Json<T>`; `&Conn`, `&Server`, `&Room`, the
    ///   session, the room, the states, the identity by `&`.
    /// * Returns a reply.
    pub mod utf8 {}

    /// A named message has come whose type no handler takes.
    ///
    /// * Arguments, in any order: the message as `&Envelope`, its data as `Json<T>`; `&Conn`, `&Server`, `&Room`, the
    ///   session, the room, the states, the identity by `&`.
    /// * Returns the data of the reply: any `T: Serialize`, `()`, a `Stream`, a `Result` of these.
    pub mod message {}

    /// A binary message has come.
    ///
    /// * Arguments, in any order: the data as `&[u8]`, `Vec<u8>` or `Bytes`; `&Conn`, `&Server`, `&Room`, the
    ///   session, the room, the states, the identity by `&`.
    /// * Returns a reply.
    pub mod binary {}

    /// A pong has come (RFC 6455, section 5.5.3).
    ///
    /// * Arguments, in any order: the payload as `&[u8]`, `Vec<u8>` or `Bytes`; `&Conn`, `&Server`, `&Room`, the
    ///   session, the room, the states, the identity by `&`.
    /// * Returns a reply.
    pub mod pong {}

    /// A peer that has missed messages, as its outbox was full, has read all that waited. Once each time.
    ///
    /// * Arguments, in any order: `&Conn`, `&Server`, `&Room`, the session, the room, the states, the identity by `&`.
    /// * Returns a reply.
    pub mod drain {}

    /// The connection has ended. Once for each `ready`.
    ///
    /// * Arguments, in any order: `&Close`, `&Conn`, `&Server`, `&Room`, the session also by value, the room, the
    ///   states, the identity by `&`.
    /// * Returns `()`, `Result<(), E>`.
    pub mod disconnect {}

    /// The last peer of a path has left, and `keep` has passed.
    ///
    /// * Arguments, in any order: the room also by value, its handle `&Room`, `&Server`, the states.
    /// * Returns `()`, `Result<(), E>`.
    pub mod empty {}

    /// A plain HTTP request has come that no `#[get]` takes.
    ///
    /// * Arguments, in any order: `&Request`, `Query<T>`, `Bearer`, `Extension<T>`, `&Conn`, `&Server`, the states.
    /// * Returns an HTTP response: text, `Html`, `Json`, bytes, a status, a `Result` of these.
    pub mod request {}

    /// The server stops. Once, the connections still there.
    ///
    /// * Arguments, in any order: `&Server`, the states.
    /// * Returns `()`, `Result<(), E>`.
    pub mod shutdown {}
}

/// The limits of `#[on("name", …)]`.
pub mod limit {
    /// How often a message may come from one connection: `rate = 5` is 5 a second with that burst, `rate = (30, 60)`
    /// is 30 in 60 seconds. One more is answered `too_many_requests`; on `utf8` and `binary` it closes with 1008. Not
    /// limited by default.
    pub mod rate {}

    /// A function that is asked first: `guard = admin`. It takes arguments as handlers do and returns
    /// `Result<(), E>`, where `E` converts into `Reject`; its error is the reply.
    pub mod guard {}

    /// How long an `async fn` may take, in seconds: `timeout = 2`. It is dropped at its next await then, and the
    /// reply is the error `timeout`. Not limited by default.
    pub mod timeout {}

    /// How many calls of an `async fn` run at once for one connection, beside its other handlers: `concurrent = 4`.
    /// They answer out of order, and cannot take the session. One more message waits.
    pub mod concurrent {}

    /// A plain `fn` runs on a thread where it may block, before the connection's next message, while the connection
    /// goes on to answer pings. Also for `utf8`, `binary` and `pong`. It cannot take a state or a room that is behind a
    /// lock. At most `max_blocking` run at once: one more message is answered `unavailable`, or closes with 1013.
    pub mod blocking {}
}

/// The rules of `#[room(…)]`.
pub mod room {
    /// How long an empty room is kept, in seconds: `keep = 10`. Who comes meanwhile finds it as it was. From 0, the
    /// default, to 31,536,000.
    pub mod keep {}

    /// How many rooms of this type exist at once: `max_rooms = 500`. A kept one makes way first; then the next peer
    /// is answered
    /// 503. 10,000 by default.
    pub mod max_rooms {}

    /// Whoever asks for a path has its room made by `Default`: there is no `create` handler.
    pub mod open {}
}
