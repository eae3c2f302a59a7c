//! The keys of `#[ws_server(…)]`: one for each option of the runtime, and the path to the runtime itself.

/// A key of the attribute. An enum, so that no `match` can forget a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Listen,
    Tls,
    SilenceMax,
    Nodelay,
    MaxSendSize,
    MaxRecvSize,
    MaxFragments,
    AssemblyTimeout,
    MaxHeaderSize,
    MaxHeaders,
    HandshakeTimeout,
    MaxHandshakes,
    MaxOutbox,
    Slow,
    MaxInbox,
    WriteTimeout,
    CloseTimeout,
    ShutdownTimeout,
    MaxConnections,
    Threads,
    Origins,
    Subprotocols,
    Compression,
    CompressionLevel,
    CompressionMinSize,
    CompressionWindowBits,
    Env,
    Crate,
}

/// The kind of value that a key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Listen,
    Tls,
    Switch,
    Seconds { least: f64, most: f64 },
    Count { least: f64, most: f64, unit: &'static str },
    Slow,
    Origins,
    Subprotocols,
    Compression,
    Prefix,
    Path,
}

impl Key {
    pub(crate) const ALL: [Self; 28] = [
        Self::Listen,
        Self::Tls,
        Self::SilenceMax,
        Self::Nodelay,
        Self::MaxSendSize,
        Self::MaxRecvSize,
        Self::MaxFragments,
        Self::AssemblyTimeout,
        Self::MaxHeaderSize,
        Self::MaxHeaders,
        Self::HandshakeTimeout,
        Self::MaxHandshakes,
        Self::MaxOutbox,
        Self::Slow,
        Self::MaxInbox,
        Self::WriteTimeout,
        Self::CloseTimeout,
        Self::ShutdownTimeout,
        Self::MaxConnections,
        Self::Threads,
        Self::Origins,
        Self::Subprotocols,
        Self::Compression,
        Self::CompressionLevel,
        Self::CompressionMinSize,
        Self::CompressionWindowBits,
        Self::Env,
        Self::Crate,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Tls => "tls",
            Self::SilenceMax => "silence_max",
            Self::Nodelay => "nodelay",
            Self::MaxSendSize => "max_send_size",
            Self::MaxRecvSize => "max_recv_size",
            Self::MaxFragments => "max_fragments",
            Self::AssemblyTimeout => "assembly_timeout",
            Self::MaxHeaderSize => "max_header_size",
            Self::MaxHeaders => "max_headers",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::MaxHandshakes => "max_handshakes",
            Self::MaxOutbox => "max_outbox",
            Self::Slow => "slow",
            Self::MaxInbox => "max_inbox",
            Self::WriteTimeout => "write_timeout",
            Self::CloseTimeout => "close_timeout",
            Self::ShutdownTimeout => "shutdown_timeout",
            Self::MaxConnections => "max_connections",
            Self::Threads => "threads",
            Self::Origins => "origins",
            Self::Subprotocols => "subprotocols",
            Self::Compression => "compression",
            Self::CompressionLevel => "compression_level",
            Self::CompressionMinSize => "compression_min_size",
            Self::CompressionWindowBits => "compression_window_bits",
            Self::Env => "env",
            Self::Crate => "crate",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The key that other frameworks call `name`.
    pub(crate) fn of_foreign_name(name: &str) -> Option<Self> {
        Some(match name {
            "port" | "addr" | "address" | "bind" | "host" | "socket" => Self::Listen,
            "ssl" | "https" | "wss" => Self::Tls,
            "timeout" | "idle_timeout" | "ping" | "ping_interval" | "ping_timeout" | "keepalive"
            | "heartbeat" => Self::SilenceMax,
            "max_size" | "max_message_size" | "max_frame_size" | "max_payload" => Self::MaxRecvSize,
            "origin" | "cors" | "allowed_origins" | "check_origin" => Self::Origins,
            "protocol" | "protocols" | "subprotocol" => Self::Subprotocols,
            "backpressure" => Self::Slow,
            "compress" | "deflate" | "permessage_deflate" => Self::Compression,
            "connections" | "max_clients" => Self::MaxConnections,
            "workers" | "worker_threads" => Self::Threads,
            _ => return None,
        })
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Listen => Kind::Listen,
            Self::Tls => Kind::Tls,
            Self::Nodelay => Kind::Switch,
            Self::SilenceMax | Self::ShutdownTimeout => Kind::Seconds { least: 0.0, most: YEAR },
            Self::AssemblyTimeout | Self::HandshakeTimeout | Self::WriteTimeout | Self::CloseTimeout => {
                Kind::Seconds { least: MILLISECOND, most: YEAR }
            }
            Self::MaxSendSize | Self::MaxRecvSize | Self::MaxOutbox => {
                Kind::Count { least: 1.0, most: 1_073_741_824.0, unit: "bytes" }
            }
            Self::MaxFragments => Kind::Count { least: 1.0, most: 1_048_576.0, unit: "fragments" },
            Self::MaxHeaderSize => Kind::Count { least: 1024.0, most: 1_048_576.0, unit: "bytes" },
            Self::MaxHeaders => Kind::Count { least: 8.0, most: 1024.0, unit: "headers" },
            Self::MaxInbox => Kind::Count { least: 1.0, most: 65_536.0, unit: "messages" },
            Self::MaxHandshakes => Kind::Count { least: 1.0, most: 1_048_576.0, unit: "connections" },
            Self::MaxConnections => Kind::Count { least: 1.0, most: 16_777_216.0, unit: "connections" },
            Self::Threads => Kind::Count { least: 0.0, most: 1_024.0, unit: "threads" },
            Self::Slow => Kind::Slow,
            Self::Origins => Kind::Origins,
            Self::Subprotocols => Kind::Subprotocols,
            Self::Compression => Kind::Compression,
            Self::CompressionLevel => Kind::Count { least: 1.0, most: 9.0, unit: "" },
            Self::CompressionMinSize => Kind::Count { least: 0.0, most: 1_073_741_824.0, unit: "bytes" },
            Self::CompressionWindowBits => Kind::Count { least: 9.0, most: 15.0, unit: "bits" },
            Self::Env => Kind::Prefix,
            Self::Crate => Kind::Path,
        }
    }

    /// An example of the key, for error messages.
    pub(crate) fn example(self) -> &'static str {
        match self.kind() {
            Kind::Listen => "listen = 8080",
            Kind::Tls => "tls(cert = \"chain.pem\", key = \"key.pem\")",
            Kind::Switch => "nodelay = true",
            Kind::Seconds { .. } => "a number of seconds, or an expression of type `Duration`",
            Kind::Count { .. } => "a whole number, or an expression of type `usize`",
            Kind::Slow => "slow = \"close\"",
            Kind::Compression => "compression = \"on\"",
            Kind::Origins => "origins = [\"https://example.org\"]",
            Kind::Subprotocols => "subprotocols = [\"chat.v1\"]",
            Kind::Prefix => "env = \"CHAT\"",
            Kind::Path => "crate = my_ws_runtime",
        }
    }
}

impl Kind {
    /// The words that it accepts.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Slow => &["close", "drop"],
            Self::Compression => &["off", "on", "context_takeover"],
            _ => &[],
        }
    }
}

/// The resolution of the runtime's clock, in seconds.
pub(crate) const MILLISECOND: f64 = 0.001;

pub(crate) const YEAR: f64 = 31_536_000.0;
