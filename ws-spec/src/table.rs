//! The options of a server: the one place where each is described.

/// Hands the description of all options to a macro of the caller: first those that the server consumes when it starts
/// (`apart`), then those that every connection looks up (`kept`).
///
/// One option is
///
/// ```text
/// /// One sentence, on one line: it is also the row of the table.
/// ///
/// /// What else there is to know.
/// name: kind(least ..= most, "unit") {
///     default: "as it would stand in the environment", hint: "0 is off", also: ["what others call it"],
/// }
/// ```
///
/// Where the kind is no number, `allowed: "in words"` stands instead of the bounds. Seconds have their unit already.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_option {
    ($callback:ident) => {
        $callback! {
            apart {
                /// Where the server listens: a port, an address, a Unix socket or a prepared listener.
                ///
                /// A port alone means all interfaces, IPv6 and IPv4. `"host:port"` takes names and `"[::1]:8080"`,
                /// `"unix:/path"` a Unix domain socket, `"systemd"` what systemd hands over; listeners of std and
                /// tokio are taken as they are. Port 0 lets the system choose: the log and `.bind()` say which port
                /// it was. A variable of the environment may name several, with commas between them.
                listen: listen {
                    default: "80",
                    allowed: "a port from 0 to 65535, `host:port`, `unix:/path`, `systemd` or a listener",
                    also: ["port", "addr", "address", "bind", "host", "socket"],
                }

                /// The certificate chain and private key, as PEM files: with them the server speaks TLS alone.
                ///
                /// In the attribute `tls(cert = "chain.pem", key = "key.pem")`; in the environment two variables,
                /// `WS_SERVER_TLS_CERT` and `WS_SERVER_TLS_KEY`, both or neither; on the builder also a
                /// `rustls::ServerConfig`. TLS 1.2 and 1.3. The TLS handshake runs in the connection's own task,
                /// within `handshake_timeout`. It needs the feature `tls`, which is on by default.
                tls: tls {
                    default: "none",
                    allowed: "a certificate file and a key file, or a `rustls::ServerConfig`",
                    also: ["ssl", "https", "wss"],
                }
            }

            kept {
                /// How long a peer may be silent before it is asked for a sign of life.
                ///
                /// A peer that was silent for half of it is pinged, and once more after the whole of it. One that is
                /// still silent at one and a half times this is cut off without a close frame, and `disconnect` is told
                /// 1006 by `ClosedBy::Silence`. Any byte from the peer is a sign of life, and so is each byte that it
                /// takes where others wait: a ping that stands behind those is not waited for. While the inbox is full
                /// the server does not read, and pings only to find out whether the peer is still there. Without this
                /// option a peer whose machine lost power stays connected for as long as TCP retries: many minutes.
                silence_max: seconds(0 ..= 31_536_000) {
                    default: "20",
                    hint: "0 turns the check off",
                    also: ["timeout", "idle_timeout", "ping", "ping_interval", "ping_timeout", "keepalive", "heartbeat"],
                }

                /// Whether small messages are sent at once (`TCP_NODELAY`), not collected for a larger packet.
                ///
                /// It has no effect on Unix sockets. Without it a small message can wait for the acknowledgement of the one before, up
                /// to 40 ms.
                nodelay: switch {
                    default: "true", allowed: "true or false",
                }

                /// The largest message that the server sends, in bytes of payload.
                ///
                /// A larger one is not sent: the call that would send it returns an error, and the connection goes
                /// on. `Conn` can set another limit for one connection.
                max_send_size: count(1 ..= 1_073_741_824, "bytes") {
                    default: "65536",
                }

                /// The largest message that the server receives, in bytes of payload, all its fragments together.
                ///
                /// Checked at the frame's header, before any of the payload is read or room for it reserved. A peer
                /// that sends more is closed with 1009 (message too big, RFC 6455 section 7.4.1). `Conn` can set
                /// another limit for one connection.
                max_recv_size: count(1 ..= 1_073_741_824, "bytes") {
                    default: "65536",
                    also: ["max_size", "max_message_size", "max_frame_size", "max_payload"],
                }

                /// The largest number of fragments that one message may come in.
                ///
                /// Empty fragments count: they cost work too, and no limit of size stops them. A peer that sends
                /// more is closed with 1008 (policy violation).
                max_fragments: count(1 ..= 1_048_576, "fragments") {
                    default: "1024",
                }

                /// How long the fragments of one message may take, from the first to the last.
                ///
                /// A peer that takes longer is closed with 1008 (policy violation): half a message holds memory.
                assembly_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "30",
                }

                /// The largest head of an HTTP request, in bytes: the request line and all headers.
                ///
                /// A request with more is answered with 431 (request header fields too large) and closed, or with
                /// 414 (URI too long) where the target alone is too large. Clients that pass a token as a
                /// subprotocol or in the target may need more than the default.
                max_header_size: count(1_024 ..= 1_048_576, "bytes") {
                    default: "16384",
                }

                /// The largest number of headers in an HTTP request.
                ///
                /// A request with more is answered with 431 (request header fields too large) and closed. Browsers
                /// send about 15.
                max_headers: count(8 ..= 1_024, "headers") {
                    default: "64",
                }

                /// How long a connection may take to become a WebSocket: TLS, the request, the `handshake` handler.
                ///
                /// It is one deadline from `accept` to 101, so that a peer gains nothing by sending a byte now and
                /// then. A request that is late is answered with 408 (request timeout) where an answer is possible,
                /// and closed. A peer that has not sent a byte is closed without an answer: browsers connect ahead
                /// of need.
                handshake_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "10",
                }

                /// How many connections may be on their way to becoming a WebSocket at once.
                ///
                /// When one more comes, the oldest handshake is evicted whose peer has kept the server waiting for a
                /// quarter of a second or more; those of an address that holds more than a quarter of all go first.
                /// So peers that connect and stall do not keep others out. A handshake that waits for the server, as
                /// for its `handshake` handler, is never evicted: if there is no other, the new peer waits to be
                /// accepted.
                max_handshakes: count(1 ..= 1_048_576, "connections") {
                    default: "1024",
                }

                /// How many bytes may wait for one peer to read them.
                ///
                /// Sending never blocks: what the peer has not read yet waits here. What happens when it is full is
                /// `slow`. Where only `max_send_size` is raised, this grows with it, so that the largest message
                /// fits.
                max_outbox: count(1 ..= 1_073_741_824, "bytes") {
                    default: "262144",
                }

                /// What happens to a peer that reads too slowly, when its outbox is full: `close` or `drop`.
                ///
                /// `"close"` cuts the connection without a close frame, which would stand behind all that the peer does
                /// not read: the peer sees 1006, and the `disconnect` handler is told 1008 (policy violation). The peer
                /// knows that it missed something, and can connect again.
                /// `"drop"` keeps the connection and drops the message that did not fit: right where the next message
                /// replaces the last, as with positions and prices.
                slow: slow {
                    default: "close", allowed: "`close` or `drop`", also: ["backpressure"],
                }

                /// How many messages of one peer may wait for its handlers.
                ///
                /// When it is full the server reads no further from that peer, and TCP makes it wait; pings are
                /// answered until then. It is also bounded in bytes, by `max_recv_size` or 256 KiB, whichever is
                /// larger.
                max_inbox: count(1 ..= 65_536, "messages") {
                    default: "16",
                }

                /// How long a peer may take none of the bytes that wait for it.
                ///
                /// A peer that makes no progress for so long is cut off, without a close frame, which it would not
                /// read either. The server sees progress as its kernel does: a peer's kernel takes a whole receive buffer
                /// at once and then nothing until about as much is read. Answers to HTTP requests, and what is sent
                /// before a close frame, have the same time, and are also cut where the peer takes fewer than 256 bytes a
                /// second.
                write_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "10",
                }

                /// How long the server waits for the peer's close frame after its own (RFC 6455 section 7.1.1).
                ///
                /// It counts from the moment that ours is written, with all that was queued before it: until then
                /// `write_timeout` holds. After it the connection is closed without the peer's. It is also how long each
                /// handler has to deal with what a peer sent before its own close frame; then that is answered, and the
                /// socket given back, although the handler may go on.
                close_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "5",
                }

                /// How long a shutdown may take as a whole: handlers, unsent messages and close frames.
                ///
                /// After it what is left is cut off. The `disconnect` handlers of these connections have 0.7 s more, and `start`
                /// returns within a second.
                shutdown_timeout: seconds(0 ..= 31_536_000) {
                    default: "30", hint: "0 cuts everything off at once",
                }

                /// How many connections the server holds at once, counted from `accept`.
                ///
                /// One more is answered with 503 (service unavailable) and closed, over TLS without an answer. Each
                /// takes a file descriptor: if the process may not open so many (`ulimit -n`), the server accepts fewer
                /// connections, and logs that when it starts.
                max_connections: count(1 ..= 16_777_216, "connections") {
                    default: "65536", also: ["connections", "max_clients"],
                }

                /// On how many threads `start()` runs the server: 0 is one for each core.
                ///
                /// With 1 all handlers run on a single thread, one after the other, as in the original. It has no effect
                /// on `serve()` and `bind()`, which use your own runtime.
                threads: count(0 ..= 1_024, "threads") {
                    default: "0", also: ["workers", "worker_threads"],
                }

                /// From which web pages a browser may connect: `same`, `any`, or a list of origins.
                ///
                /// `same` lets in the pages that this server's own host and port served. Any other origin is
                /// refused with 403: without it every page that a user visits could talk to the server in the
                /// user's name (CWE-1385). A request without `Origin` does not come from a browser and is let in.
                /// Origins are compared as a whole, `https://example.org` or `http://localhost:3000`; in the
                /// environment they stand with commas between them.
                origins: origins {
                    default: "same",
                    allowed: "`same`, `any`, or origins such as `https://example.org`",
                    also: ["origin", "cors", "allowed_origins", "check_origin"],
                }

                /// The subprotocols that the server speaks, the one it likes best first (RFC 6455 section 1.9).
                ///
                /// The first of them that the peer offers is chosen and named in the answer; if it offers none of
                /// them, the connection goes on without. In the environment they stand with commas between them. A
                /// `handshake` handler can choose instead.
                subprotocols: subprotocols {
                    default: "",
                    allowed: "tokens such as `chat.v1`, without spaces or separators, each once",
                    also: ["protocol", "protocols", "subprotocol"],
                }

                /// Whether messages are compressed (permessage-deflate, RFC 7692): `off`, `on` or `context_takeover`.
                ///
                /// Only with clients that offer it, as browsers do. `"on"` compresses each message by itself: it
                /// costs time, but no memory for each connection. `"context_takeover"` lets messages refer back to
                /// those before them: much smaller where they resemble each other, for some 200 KiB of memory a
                /// connection. What a client sends is never inflated beyond `max_recv_size`. Do not compress secrets
                /// together with what an attacker chooses: their size would tell (CRIME, BREACH). All but `"off"` need the
                /// feature `compression`, which is on by default.
                compression: compression {
                    default: "off",
                    allowed: "`off`, `on` or `context_takeover`",
                    also: ["compress", "deflate", "permessage_deflate"],
                }

                /// How much work compression takes: from 1, fast, to 9, small.
                ///
                /// 2 gets most of what 9 does, in a quarter of its time.
                compression_level: count(1 ..= 9) {
                    default: "2",
                }

                /// The smallest message that is compressed, in bytes.
                ///
                /// Smaller ones are sent as they are: compression would cost more than it saves.
                compression_min_size: count(0 ..= 1_073_741_824, "bytes") {
                    default: "1024",
                }

                /// How far back messages refer with `context_takeover`, in bits: 12 are 4 KiB.
                ///
                /// Each bit more doubles the window that a connection keeps in each direction. A client may ask for
                /// less. Without context takeover the window belongs to the thread, and is always of 15 bits.
                compression_window_bits: count(9 ..= 15, "bits") {
                    default: "12",
                }

                /// What the names of this server's environment variables begin with.
                ///
                /// Each option is then read from this, an underscore and its name in capitals:
                /// `WS_SERVER_SILENCE_MAX`. Several servers in one process take a prefix each. It cannot itself
                /// come from the environment.
                env: prefix {
                    default: "WS_SERVER",
                    allowed: "capital letters, digits and underscores, not a digit first",
                }
            }
        }
    };
}
