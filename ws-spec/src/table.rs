//! The options of a server. Each is described here, and only here.

/// Passes the description of all options to a macro of the caller: first those that the server consumes when it starts
/// (`apart`), then those that connections read (`kept`).
///
/// One option is
///
/// ```text
/// /// One sentence, on one line: it is also the row of the table.
/// ///
/// /// More documentation.
/// name: kind(least ..= most, "unit") {
///     default: "as it would stand in the environment",
///     of: connection, hint: "0 is off", also: ["what others call it"],
/// }
/// ```
///
/// An option `of: connection` may be set on a route: it takes effect once the request is read. One that cannot, or
/// that is not about a connection, is `of: server("why routes have none of their own")`.
///
/// If the kind is not a number, write `allowed: "in words"` instead of the bounds. Seconds need no unit.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_option {
    ($callback:ident) => {
        $callback! {
            apart {
                /// Where the server listens: a port, an address, a Unix socket or a prepared listener.
                ///
                /// A port alone means all interfaces, IPv6 and IPv4. `"host:port"` takes a name or an address such as
                /// `"[::1]:8080"`; `"unix:/path"` is a Unix domain socket; `"systemd"` takes the sockets that systemd
                /// passes; listeners of std and tokio are used as they are. Port 0 lets the system choose a free port,
                /// which the log and `.bind()` show. An environment variable may hold several addresses, with commas
                /// between them.
                listen: listen {
                    default: "80",
                    of: server("routes share its ports"),
                    allowed: "a port from 0 to 65535, `host:port`, `unix:/path`, `systemd` or a listener",
                    also: ["port", "addr", "address", "bind", "host", "socket"],
                }

                /// The certificate chain and private key, as PEM files: with them the server speaks only TLS.
                ///
                /// In the attribute, write `tls(cert = "chain.pem", key = "key.pem")`. In the environment, set both
                /// `WS_SERVER_TLS_CERT` and `WS_SERVER_TLS_KEY`. The builder also takes a `rustls::ServerConfig`. TLS
                /// 1.2 and 1.3 are supported. The TLS handshake runs in the connection's own task, within
                /// `handshake_timeout`. It needs the feature `tls`, which is on by default.
                ///
                /// Changed files are read again, for new connections, within seconds, or at SIGHUP. Further
                /// certificates are used for the names that they have (SNI): `also = [("b.pem", "b.key")]`, and in the
                /// environment lists with commas. `client_ca = "clients.pem"` requires a certificate of each client,
                /// `optional_client_ca = "clients.pem"` asks for one; in the environment, `WS_SERVER_TLS_CLIENT_CA` and
                /// `WS_SERVER_TLS_OPTIONAL_CLIENT_CA`. What the attribute says of clients also holds for certificates
                /// from the environment.
                tls: tls {
                    default: "none",
                    of: server("TLS begins before the request says which route it is for"),
                    allowed: "certificate files with their key files, authorities for clients, or a `rustls::ServerConfig`",
                    also: ["ssl", "https", "wss"],
                }

                /// Where metrics and probes are answered, apart from the clients: a port, an address or a Unix socket.
                ///
                /// `"127.0.0.1:9090"` takes requests of this machine alone. It answers `/metrics` (feature `metrics`)
                /// and the paths of `health` and `readiness`, or `/healthz` and `/readyz` where these are not set: so
                /// probes need not be on the public port. It never answers anything else, and `/metrics` is never on
                /// the public port. It speaks plain HTTP, from before `#[on(start)]` runs until the server has stopped,
                /// to 16 peers at once, each for 5 seconds at most, with 8 KiB for a request. `Server::metrics_addresses`
                /// tells the port if 0 was given.
                metrics_listen: side_listen {
                    default: "none",
                    of: server("it is for the server as a whole"),
                    allowed: "a port from 0 to 65535, `host:port`, `unix:/path` or a listener, or `none`",
                    hint: "`none` is no such listener",
                    also: ["metrics_addr", "metrics_address", "metrics_port", "admin_listen", "management_port"],
                }
            }

            kept {
                /// How long a peer may be silent: pinged after half of this, cut off after one and a half times this.
                ///
                /// It is pinged again after all of this time. If it is cut off, that is without a close frame, and
                /// `disconnect` gets 1006 by `ClosedBy::Silence`. Any byte from the peer is a sign of life. So is a
                /// byte that the peer takes while others wait to be written: a ping cannot overtake those, so no pong
                /// is expected meanwhile. While the inbox is full, the server does not read; it pings, but only to
                /// find out whether the connection still works. Without this option, a peer whose machine lost power
                /// stays connected while TCP retries, which takes many minutes.
                silence_max: seconds(0 ..= 31_536_000) {
                    default: "20",
                    of: connection,
                    hint: "0 turns the check off",
                    also: ["timeout", "idle_timeout", "ping", "ping_interval", "ping_timeout", "keepalive", "heartbeat"],
                }

                /// Whether small messages are sent at once (`TCP_NODELAY`), not collected for a larger packet.
                ///
                /// It has no effect on Unix sockets. Without it, a small message can wait up to 40 ms for the
                /// acknowledgement of the previous one.
                nodelay: switch {
                    default: "true",
                    of: connection,
                    allowed: "true or false",
                }

                /// The largest message that the server sends, in bytes of payload.
                ///
                /// For a larger one the sending call returns an error, and the connection stays open. If it is what a
                /// handler returns, that is a mistake of the handler, and the connection closes with 1011. `Conn` can
                /// set another limit for one connection.
                max_send_size: count(1 ..= 1_073_741_824, "bytes") {
                    default: "65536",
                    of: connection,
                }

                /// The largest message that the server receives, in bytes of payload over all its fragments.
                ///
                /// It is checked at the frame's header, before the payload is read and before memory is reserved for
                /// it. A peer that sends more is closed with 1009 (message too big, RFC 6455 section 7.4.1). `Conn` can
                /// set another limit for one connection.
                max_recv_size: count(1 ..= 1_073_741_824, "bytes") {
                    default: "65536",
                    of: connection,
                    also: ["max_size", "max_message_size", "max_frame_size", "max_payload"],
                }

                /// The largest number of fragments of one message.
                ///
                /// Empty fragments count too: they cost work, and no limit on size stops them. A peer that sends more
                /// is closed with 1008 (policy violation).
                max_fragments: count(1 ..= 1_048_576, "fragments") {
                    default: "1024",
                    of: connection,
                }

                /// How many messages of one connection are handled: a number a second, or a number in so many seconds.
                ///
                /// `rate = 50` is 50 a second, `rate = (300, 60)` 300 in 60 seconds; `300/60` in the environment. As
                /// many may come at once. All text and binary messages count, whatever their handler. A peer that
                /// sends more gets no error: its messages wait in the inbox, and when that is full, TCP slows the
                /// peer down. Pings are answered all the same until the inbox is full. To refuse messages instead,
                /// give a handler a `rate`.
                rate: rate {
                    default: "none",
                    of: connection,
                    allowed: "a number above 0, or `30/60` for 30 in 60 seconds",
                    hint: "`none` is no limit",
                    also: ["rate_limit", "max_rate", "throttle", "limit"],
                }

                /// The largest number of streams that answer one connection at the same time.
                ///
                /// A handler of a named message that returns a stream begins one. A message that would begin another
                /// is answered with the error `too_many_requests`.
                max_streams: count(1 ..= 65_536, "streams") {
                    default: "16",
                    of: connection,
                }

                /// How long the fragments of one message may take, from the first to the last.
                ///
                /// A peer that takes longer is closed with 1008 (policy violation), because an incomplete message holds
                /// memory.
                assembly_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "30",
                    of: connection,
                }

                /// The largest head of an HTTP request, in bytes: the request line and all headers.
                ///
                /// A request with more is answered with 431 (request header fields too large) and closed, or with
                /// 414 (URI too long) where the target alone is too large. Clients that pass a token as a
                /// subprotocol or in the target may need more than the default.
                max_header_size: count(1_024 ..= 1_048_576, "bytes") {
                    default: "16384",
                    of: server("it applies before the request says which route it is for"),
                }

                /// The largest number of headers in an HTTP request.
                ///
                /// A request with more is answered with 431 (request header fields too large) and closed. Browsers
                /// send about 15.
                max_headers: count(8 ..= 1_024, "headers") {
                    default: "64",
                    of: server("it applies before the request says which route it is for"),
                }

                /// How long a connection may take to become a WebSocket: TLS, the request, the `handshake` handler.
                ///
                /// It is one deadline from `accept` to 101, so a peer gains nothing by sending a byte now and then. A
                /// late request is answered with 408 (request timeout) if an answer is possible, and closed. A peer
                /// that has not sent a byte is closed without an answer: browsers open connections in advance.
                handshake_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "10",
                    of: server("it begins before the request says which route it is for"),
                }

                /// How many connections may be on their way to becoming a WebSocket at once.
                ///
                /// For a further one, the oldest stalled handshake is evicted: one whose peer has kept the server
                /// waiting for a quarter of a second or more. Those of an address that holds more than a quarter of all
                /// are evicted first. So peers that connect and stall do not keep others out. A handshake that waits
                /// for the server, for its `handshake` handler for example, is never evicted: if there is no other, the
                /// new peer waits to be accepted. One that another server has accepted, or that asks again on a
                /// connection that is kept, is answered with 503 (service unavailable) instead.
                max_handshakes: count(1 ..= 1_048_576, "connections") {
                    default: "1024",
                    of: server("it counts connections whose request was not read yet"),
                }

                /// How many bytes may wait for one peer to read them.
                ///
                /// Sending never blocks: bytes that the peer has not read yet wait in this outbox. The option `slow`
                /// says what happens when it is full. If only `max_send_size` is raised, this grows with it, so that
                /// the largest message fits.
                max_outbox: count(1 ..= 1_073_741_824, "bytes") {
                    default: "262144",
                    of: connection,
                }

                /// How many bytes may wait for all peers together to read them.
                ///
                /// It bounds what many slow peers add up to, of which each is within its `max_outbox`. When it is
                /// exceeded, the connection for which most waits is cut as too slow, whatever the option `slow` is, then
                /// the next, until no more than nine tenths of it wait. These peers see 1006, and their `disconnect`
                /// handlers get 1008 (policy violation) by `ClosedBy::Slow`; the log says so, at most ten times a second.
                ///
                /// An outbox counts from 16 KiB on, in steps of 16 KiB, so that messages to peers that read cost
                /// nothing. Bytes that several peers wait for, those of a large broadcast, count for each. What is
                /// received and not handled yet does not count: it is bounded for each connection by `max_inbox`,
                /// `max_recv_size` and the number of connections.
                max_memory: count(65_536 ..= 1_099_511_627_776, "bytes") {
                    default: "1073741824",
                    of: server("it bounds what waits for all connections together"),
                }

                /// What happens if the outbox of a peer that reads too slowly is full: it is cut, or misses messages.
                ///
                /// `"close"` cuts the connection without a close frame, which would have to wait behind all that the
                /// peer does not read. The peer sees 1006, and the `disconnect` handler gets 1008 (policy violation).
                /// The peer knows that it missed something, and can connect again.
                ///
                /// The others keep the connection. Use them if gaps do no harm. `"drop_newest"` drops the message that
                /// does not fit. `"drop_oldest"` drops the oldest messages that wait until the new one fits, so that
                /// the peer gets the latest. It never drops replies, error replies, the items and ends of streams,
                /// questions, control frames, and a message of which a byte was written, and makes room for these too;
                /// if only these are left and a new message does not fit, that one is dropped. It cannot be had together
                /// with `compression = "context_takeover"`, as later messages refer to those that the peer did not get.
                /// `#[on(drain)]` runs when a peer that has missed messages has read all that waited.
                ///
                /// A peer that takes no byte for `write_timeout` is cut in any case.
                slow: slow {
                    default: "close",
                    of: connection,
                    allowed: "`close`, `drop_newest` or `drop_oldest`", also: ["backpressure"],
                }

                /// How many messages of one peer may wait for its handlers.
                ///
                /// While this inbox is full, the server does not read from that peer, and TCP makes the peer wait.
                /// Until then pings are answered. The inbox is also bounded in bytes: by `max_recv_size` or 256 KiB,
                /// whichever is larger.
                max_inbox: count(1 ..= 65_536, "messages") {
                    default: "16",
                    of: connection,
                }

                /// How long a peer may take none of the bytes that wait for it.
                ///
                /// A peer that makes no progress for this long is cut off, without a close frame, which it would not
                /// read either. The server only sees the progress that its kernel sees: a peer's kernel takes a whole
                /// receive buffer at once, and then nothing until about as much is read. The same time applies to
                /// answers to HTTP requests and to what is sent before a close frame. These are also cut if the peer
                /// takes fewer than 256 bytes a second.
                write_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "10",
                    of: connection,
                }

                /// How long the server waits for the peer's close frame after its own (RFC 6455 section 7.1.1).
                ///
                /// It begins when our close frame is written, with all that was queued before it; until then
                /// `write_timeout` applies. When it has passed, the connection is closed without the peer's close
                /// frame. It also limits each handler that handles what a peer sent before its own close frame. When
                /// that time has passed, the peer's close frame is answered and the socket closed, while the handler
                /// may continue.
                close_timeout: seconds(0.001 ..= 31_536_000) {
                    default: "5",
                    of: connection,
                }

                /// How long a shutdown may take as a whole: handlers, unsent messages and close frames.
                ///
                /// It counts from the signal, or from the call of `shutdown`, and includes `shutdown_delay` and
                /// `shutdown_spread`: it must be longer than these two together. When it has passed, the remaining
                /// connections are cut off. Their `disconnect` handlers have 0.7 s more, and `start` returns within a
                /// second.
                shutdown_timeout: seconds(0 ..= 31_536_000) {
                    default: "30",
                    of: server("all routes are shut down together"),
                    hint: "0 cuts everything off at once",
                }

                /// How long a shutdown goes on accepting connections before anything else happens.
                ///
                /// From the signal on, `readiness` is answered with 503 and `Server::is_shutting_down` is true. A
                /// load balancer needs some seconds to see that, and sends new connections until then: 5 to 15 seconds
                /// are usual. It is part of `shutdown_timeout`.
                shutdown_delay: seconds(0 ..= 31_536_000) {
                    default: "0",
                    of: server("all routes are shut down together"),
                    also: ["pre_stop", "drain_delay"],
                }

                /// Over how long a shutdown spreads its close frames: `auto`, or a number of seconds.
                ///
                /// Peers that are closed at once connect again at once, and what they connect to must take them all.
                /// So they are closed evenly over this time, in random order. Each is served until its turn. `auto`
                /// closes 5,000 connections a second, which takes a third of `shutdown_timeout` at most; fewer than
                /// 500 are closed at once. It is part of `shutdown_timeout`.
                shutdown_spread: spread {
                    default: "auto",
                    of: server("all routes are shut down together"),
                    allowed: "`auto`, or 0 to 31536000 seconds",
                    hint: "0 closes all at once",
                    also: ["drain", "drain_time", "lame_duck_duration"],
                }

                /// How many connections the server holds at once, counted from `accept`.
                ///
                /// A further one is answered with 503 (service unavailable) and closed; over TLS it is closed without
                /// an answer, unless `health` or `readiness` is set. Each connection takes a file descriptor. If the
                /// process may not open that many (`ulimit -n`), the server accepts fewer connections, and logs that
                /// when it starts.
                max_connections: count(1 ..= 16_777_216, "connections") {
                    default: "65536",
                    of: server("connections are counted before the request says which route it is for"),
                    also: ["connections", "max_clients"],
                }

                /// How many connections one address holds at once, counted from `accept`.
                ///
                /// An IPv6 network of 64 bits counts as one address, because a single client mostly has all of it. A
                /// client that connects through a trusted proxy counts by its own address, as soon as that is known;
                /// the proxies themselves, Unix sockets and clients that a proxy hides are not counted. A further
                /// connection is answered with 429 (too many requests) and closed; over TLS it is closed without an
                /// answer, unless the address became known by the request. Many users may share an address.
                max_connections_per_ip: count(0 ..= 16_777_216, "connections") {
                    default: "0",
                    of: server("connections are counted before the request says which route it is for"),
                    hint: "0 is no limit",
                    also: ["max_per_ip", "max_connections_per_address", "limit_conn"],
                }

                /// How often one address may connect: a number a second, or a pair of a number and seconds.
                ///
                /// `handshake_rate_per_ip = 5` is 5 a second, `(30, 60)` 30 in 60 seconds; `30/60` in the environment.
                /// As many may come at once. What counts as an address, and what an address gets that is above it, is
                /// as for `max_connections_per_ip`; the answer says when to try again (`Retry-After`). All connections
                /// count, whatever they ask for. The addresses of the last 32,768 to 65,536 that have connected are
                /// remembered.
                handshake_rate_per_ip: rate {
                    default: "none",
                    of: server("connections are counted before the request says which route it is for"),
                    allowed: "a number above 0, or `30/60` for 30 in 60 seconds",
                    hint: "`none` is no limit",
                    also: ["handshake_rate", "connection_rate", "max_connection_rate", "limit_req"],
                }

                /// How long a handler may block its thread before the log names it.
                ///
                /// A handler that computes for long, or waits in a call that does not await, keeps its thread from all
                /// else: the server has only `threads` of them. A handler that does so for this long is logged as a
                /// warning with its name, again after ten times as long, and when it is over. Each is also counted.
                /// The time is that of one poll of an `async` handler, and of the whole call of a plain one; what a
                /// `blocking` handler does is not measured.
                ///
                /// A thread of the watchdog looks four times within the limit. So the warning comes up to half of the
                /// limit late, and a handler that has ended by then is not named. While the server has had nothing to
                /// do for ten times the limit, it looks only every 0.25 s, to save processor time: then a handler that
                /// blocks for less than the limit and 0.25 s may not be named.
                watchdog: seconds(0 ..= 31_536_000) {
                    default: "0.1",
                    of: server("routes share its threads"),
                    hint: "0 turns it off",
                }

                /// How many `blocking` handlers may run at once, each on a thread of its own.
                ///
                /// They share tokio's blocking pool with all else that blocks: `spawn_blocking`, files, the resolver.
                /// That has 512 threads unless you built the runtime otherwise, so the default leaves three quarters of
                /// it to others. A message that comes when so many run is not handled: a named message is answered with
                /// the error `unavailable` (503), `utf8` and `binary` close with 1013 (try again later), and a pong is
                /// ignored.
                max_blocking: count(1 ..= 65_536, "handlers") {
                    default: "128",
                    of: server("routes share its threads"),
                }

                /// The path that answers 200 while the process lives, for a liveness probe: `/healthz`.
                ///
                /// The server answers it by itself, before `handshake`, guards and `#[get]`, whatever `Host` and
                /// `Origin` are, to `GET`, `HEAD` and `OPTIONS`, of HTTP/1.0 too: 200 with the body `ok`, and
                /// `Cache-Control: no-store`. Another method is answered with 405. Only `connect` runs before it, as
                /// the path is not known yet. It is answered also where `max_connections` is reached, and over TLS.
                /// No `#[get]` and no route may have the same path.
                health: path {
                    default: "none",
                    of: server("a probe is for the server as a whole"),
                    allowed: "a path such as `/healthz`, without parameters, or `none`",
                    hint: "`none` is no such path",
                    also: ["healthz", "healthcheck", "health_check", "liveness", "livez"],
                }

                /// The path that answers 200 while the server takes connections, and 503 once it is to stop: `/readyz`.
                ///
                /// Load balancers ask it whether to send clients here. It is answered as `health` is, but with 503 from
                /// the first signal, or the call of `Server::shutdown`, until the server has stopped. On
                /// `metrics_listen` it is also 503 while `#[on(start)]` runs.
                readiness: path {
                    default: "none",
                    of: server("a probe is for the server as a whole"),
                    allowed: "a path such as `/readyz`, without parameters, or `none`",
                    hint: "`none` is no such path",
                    also: ["readyz", "readiness_check"],
                }

                /// What is traced by spans of `tracing`: `off`, `connections` or `messages`.
                ///
                /// `"connections"` makes one short span, `handshake` or `request`, for each request, within which guards
                /// and handlers run, and the events `connected` and `disconnected`. `"messages"` also makes a span for
                /// each handler call of a message. Spans and events have the level `info` and the target
                /// `ws_runtime::trace`, and names of OpenTelemetry; the number in `conn` is the same in all that
                /// belongs to a connection. Off by default, because peers would decide how much is logged, and a span
                /// of a small message costs more than the message. `.trace_context(…)` joins the trace of the client.
                trace: trace {
                    default: "off",
                    of: server("it begins before the request says which route it is for"),
                    allowed: "`off`, `connections` or `messages`",
                    also: ["tracing", "spans"],
                }

                /// How many threads `start()` runs the server on: 0 is one for each core.
                ///
                /// With 1, all handlers run on a single thread, one after the other, as in `Net::WebSocket::Server`. It
                /// has no effect on `serve()` and `bind()`, which use your own runtime.
                threads: count(0 ..= 1_024, "threads") {
                    default: "0",
                    of: server("routes share its threads"),
                    also: ["workers", "worker_threads"],
                }

                /// Which web pages may connect: `same`, `any`, or a list of origins.
                ///
                /// `same` allows pages from this server's own host and port. Any other origin is refused with 403:
                /// otherwise every page that a user visits could talk to the server in the user's name (CWE-1385). A
                /// request without `Origin` does not come from a browser, and is allowed. Write an origin with its
                /// scheme, and with its port unless that is the default one: `https://example.org`,
                /// `http://localhost:3000`. In the environment, separate origins by commas.
                origins: origins {
                    default: "same",
                    of: connection,
                    allowed: "`same`, `any`, or origins such as `https://example.org`",
                    also: ["origin", "cors", "allowed_origins", "check_origin"],
                }

                /// Which hosts are answered for: `auto`, `any`, or a list of names.
                ///
                /// A web page whose name an attacker has pointed at this machine (DNS rebinding) is of the server's
                /// own origin, but its requests name a foreign host. `auto` answers for any host, except where the
                /// server listens on loopback addresses alone: there it answers for `localhost`, names that end with
                /// `.localhost`, and loopback addresses. In a list, `*.example.org` stands for all names below that;
                /// ports do not matter. Other requests are refused with 421 (misdirected request). A request over a
                /// Unix socket is refused only if a trusted proxy names another host in it. In the environment,
                /// separate names by commas.
                hosts: hosts {
                    default: "auto",
                    of: server("a request is judged by its host before it is by its path"),
                    allowed: "`auto`, `any`, or names such as `example.org` and `*.example.org`",
                    also: ["allowed_hosts", "server_name", "virtual_host", "trusted_hosts"],
                }

                /// The networks of the proxies in front of the server, which tell it who the client is.
                ///
                /// Their header `Forwarded` or `X-Forwarded-For`, as the option `forwarded` says, is read from the
                /// right: `conn.ip()` is the first address that is not that of a trusted proxy. The host and the scheme
                /// that they tell count for `origins` and `hosts`. From all other peers these headers are ignored. A
                /// malformed header of a trusted proxy is answered with 400. `unix` stands for the peers of Unix
                /// sockets. In the environment, separate networks by commas.
                trusted_proxies: networks {
                    default: "",
                    of: server("who a peer is does not depend on what it asks for"),
                    allowed: "addresses such as `127.0.0.1`, networks such as `10.0.0.0/8`, `unix`",
                    also: ["trust_proxy", "set_real_ip_from", "forwarded_allow_ips", "proxies"],
                }

                /// The header by which trusted proxies tell who the client is: `x-forwarded-for` or `forwarded`.
                ///
                /// With `"x-forwarded-for"`, `X-Forwarded-Host` and `X-Forwarded-Proto` are read too. `"forwarded"` is
                /// `Forwarded` (RFC 7239) alone. The other one is ignored: a client could have sent it through a proxy
                /// that does not know it. It has no effect without `trusted_proxies`.
                forwarded: forwarded {
                    default: "x-forwarded-for",
                    of: server("who a peer is does not depend on what it asks for"),
                    allowed: "`x-forwarded-for` or `forwarded`",
                    also: ["real_ip_header", "forwarded_header"],
                }

                /// The networks of the peers that begin each connection with a header of the PROXY protocol.
                ///
                /// They must send it, version 1 or 2, before TLS and within `handshake_timeout`: a connection without
                /// it is closed. From all other peers it is refused as what it is, a malformed request.
                /// `conn.ip()` is the client that it names. `any` requires it from all peers, `unix` from those of Unix
                /// sockets. In the environment, separate networks by commas.
                proxy_protocol: networks {
                    default: "",
                    of: server("it comes before the request says which route it is for"),
                    allowed: "addresses such as `127.0.0.1`, networks such as `10.0.0.0/8`, `unix`, or `any`",
                    also: ["accept_proxy", "proxy", "send_proxy"],
                }

                /// The subprotocols that the server speaks, the preferred one first (RFC 6455 section 1.9).
                ///
                /// The first of them that the peer offers is chosen, and named in the answer. If the peer offers none
                /// of them, the connection has no subprotocol. A `handshake` handler can choose another. In the
                /// environment, separate them by commas.
                subprotocols: subprotocols {
                    default: "",
                    of: connection,
                    allowed: "tokens such as `chat.v1`, without spaces or separators, each once",
                    also: ["protocol", "protocols", "subprotocol"],
                }

                /// Whether messages are compressed (permessage-deflate, RFC 7692): `off`, `on` or `context_takeover`.
                ///
                /// Compression is used only with clients that offer it, as browsers do. `"on"` compresses each message
                /// by itself: it costs time, but no memory for each connection. `"context_takeover"` lets messages
                /// refer to earlier ones: similar messages become much smaller, but each connection takes some 200 KiB
                /// of memory. A client's message is never inflated beyond `max_recv_size`. Do not compress secrets
                /// together with data that an attacker chooses: the size reveals them (CRIME, BREACH). All but
                /// `"off"` need the feature `compression`, which is on by default.
                compression: compression {
                    default: "off",
                    of: connection,
                    allowed: "`off`, `on` or `context_takeover`",
                    also: ["compress", "deflate", "permessage_deflate"],
                }

                /// How much work compression takes: from 1, fast, to 9, small.
                ///
                /// Level 2 saves almost as much as 9, in a quarter of the time.
                compression_level: count(1 ..= 9) {
                    default: "2",
                    of: connection,
                }

                /// The smallest message that is compressed, in bytes.
                ///
                /// Smaller messages are sent uncompressed, because compression would cost more than it saves.
                compression_min_size: count(0 ..= 1_073_741_824, "bytes") {
                    default: "1024",
                    of: connection,
                }

                /// How far back messages refer with `context_takeover`, as a power of two: 12 is 4 KiB.
                ///
                /// Each additional bit doubles the window that a connection keeps in each direction. A client may ask
                /// for a smaller one. Without context takeover, the window belongs to the thread and always has 15
                /// bits.
                compression_window_bits: count(9 ..= 15, "bits") {
                    default: "12",
                    of: connection,
                }

                /// Whether the server measures how long each handler takes: `server.stats()` tells it, by handler.
                ///
                /// For a handler that is `async`, the time includes what it awaits. Each call costs some 100 ns. It
                /// also covers the handlers of connections, such as `ready` and `disconnect`, and ticks.
                handler_durations: switch {
                    default: "false",
                    of: server("handlers of the server have no route"),
                    allowed: "true or false",
                    also: ["timings", "profile", "latency"],
                }

                /// The prefix of the names of this server's environment variables.
                ///
                /// The variable of an option is this prefix, an underscore and the option's name in capitals:
                /// `WS_SERVER_SILENCE_MAX`. Give each of several servers in one process its own prefix. The prefix
                /// itself cannot come from the environment.
                env: prefix {
                    default: "WS_SERVER",
                    of: server("routes have no variables of their own"),
                    allowed: "capital letters, digits and underscores, not a digit first",
                }
            }
        }
    };
}
