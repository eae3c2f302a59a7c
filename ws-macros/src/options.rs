//! The keys of `#[ws_server(…)]`, and what a literal may be as their value.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Lit, UnOp};

use crate::address;
use crate::errors::Mistakes;
use crate::model::Value;

/// A key of the attribute. Closed, so that a new one cannot be forgotten in a `match`.
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
    Origins,
    Subprotocols,
    Env,
    Crate,
}

/// What the value of a key is.
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
    Prefix,
    Path,
}

impl Key {
    pub(crate) const ALL: [Self; 23] = [
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
        Self::Origins,
        Self::Subprotocols,
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
            Self::Origins => "origins",
            Self::Subprotocols => "subprotocols",
            Self::Env => "env",
            Self::Crate => "crate",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The key that was meant by what other tools call it.
    pub(crate) fn of_foreign_name(name: &str) -> Option<Self> {
        Some(match name {
            "port" | "addr" | "address" | "bind" | "host" | "socket" => Self::Listen,
            "ssl" | "cert" | "key" => Self::Tls,
            "timeout" | "idle_timeout" | "ping" | "ping_interval" | "keepalive" | "heartbeat" => {
                Self::SilenceMax
            }
            "max_size" | "max_message_size" | "max_frame_size" | "max_payload" => Self::MaxRecvSize,
            "origin" | "cors" | "allowed_origins" | "check_origin" => Self::Origins,
            "protocol" | "protocols" | "subprotocol" => Self::Subprotocols,
            "backpressure" => Self::Slow,
            "workers" | "connections" | "max_clients" => Self::MaxConnections,
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
            Self::Slow => Kind::Slow,
            Self::Origins => Kind::Origins,
            Self::Subprotocols => Kind::Subprotocols,
            Self::Env => Kind::Prefix,
            Self::Crate => Kind::Path,
        }
    }

    /// How the key is written, for messages.
    pub(crate) fn example(self) -> &'static str {
        match self.kind() {
            Kind::Listen => "listen = 8080",
            Kind::Tls => "tls(cert = \"chain.pem\", key = \"key.pem\")",
            Kind::Switch => "nodelay = true",
            Kind::Seconds { .. } => "a number of seconds, or an expression of type `Duration`",
            Kind::Count { .. } => "a whole number, or an expression of type `usize`",
            Kind::Slow => "slow = \"close\"",
            Kind::Origins => "origins = [\"https://example.org\"]",
            Kind::Subprotocols => "subprotocols = [\"chat.v1\"]",
            Kind::Prefix => "env = \"CHAT\"",
            Kind::Path => "crate = my_ws_runtime",
        }
    }
}

/// Judges the value of a key as far as it is a literal, and gives what the option's method takes.
pub(crate) fn judge(key: Key, value: &Expr, mistakes: &mut Mistakes) -> Option<Value> {
    let before = mistakes.count();
    let judged = match key.kind() {
        Kind::Listen => Value::Expression(judge_listen(value, mistakes)),
        Kind::Origins => judge_origins(value, mistakes),
        // `drop` would be taken for the function of that name.
        Kind::Slow if lone_word(value).is_some_and(|word| word == "close" || word == "drop") => {
            mistakes.on(value, format!("write the word in quotes: `slow = \"{}\"`", value.to_token_stream()));
            return None;
        }
        kind => {
            if let Some(complaint) = complain(key.name(), kind, &Written::of(value)) {
                mistakes.on(value, complaint);
            }
            if let (Kind::Subprotocols, Expr::Array(array)) = (kind, bare(value)) {
                for name in &array.elems {
                    judge_subprotocol(name, mistakes);
                }
            }
            Value::Expression(value.to_token_stream())
        }
    };
    (mistakes.count() == before).then_some(judged)
}

/// Judges the period of a tick.
pub(crate) fn judge_period(period: &Expr, mistakes: &mut Mistakes) {
    let written = Written::of(period);
    let complaint = match &written {
        Written::Number { value, .. } if *value <= 0.0 => {
            Some("a tick needs a `period` above 0 seconds, such as `period = 1` or `period = 0.5`".to_owned())
        }
        written => complain("period", Kind::Seconds { least: MILLISECOND, most: YEAR }, written),
    };
    if let Some(complaint) = complaint {
        mistakes.on(period, complaint);
    }
}

/// What the user wrote as a value, as far as the macro can judge it.
#[derive(Debug, PartialEq)]
enum Written {
    Number {
        value: f64,
        whole: bool,
    },
    Text(String),
    Bool,
    /// A literal that no option takes: a byte, a character.
    OtherLiteral,
    /// Anything that is known only when the server starts.
    Expression,
}

impl Written {
    fn of(value: &Expr) -> Self {
        match bare(value) {
            Expr::Lit(literal) => Self::of_literal(&literal.lit),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match Self::of(&unary.expr) {
                Self::Number { value, whole } => Self::Number { value: -value, whole },
                _ => Self::Expression,
            },
            _ => Self::Expression,
        }
    }

    fn of_literal(literal: &Lit) -> Self {
        match literal {
            Lit::Int(number) => number
                .base10_digits()
                .parse()
                .map_or(Self::OtherLiteral, |value| Self::Number { value, whole: true }),
            Lit::Float(number) => number
                .base10_digits()
                .parse()
                .map_or(Self::OtherLiteral, |value| Self::Number { value, whole: false }),
            Lit::Str(text) => Self::Text(text.value()),
            Lit::Bool(_) => Self::Bool,
            _ => Self::OtherLiteral,
        }
    }
}

/// Says what is wrong with a literal, if anything is.
fn complain(name: &str, kind: Kind, written: &Written) -> Option<String> {
    if *written == Written::Expression {
        return None;
    }
    match kind {
        Kind::Seconds { least, most } => complain_of_seconds(name, least, most, written),
        Kind::Count { least, most, unit } => complain_of_count(name, least, most, unit, written),
        Kind::Switch => (*written != Written::Bool).then(|| format!("`{name}` is on or off: write `true` or `false`")),
        Kind::Slow => match written {
            Written::Text(word) if word == "close" || word == "drop" => None,
            _ => Some(
                "`slow` says what happens to a peer that reads too slowly: `\"close\"` ends its connection, \
                 `\"drop\"` loses the message"
                    .to_owned(),
            ),
        },
        Kind::Prefix => match written {
            Written::Text(prefix) if is_prefix(prefix) => None,
            _ => Some(
                "`env` is what the environment variables of this server begin with: capital letters, digits and \
                 underscores, such as `env = \"CHAT\"` for `CHAT_LISTEN`"
                    .to_owned(),
            ),
        },
        Kind::Tls => Some("TLS needs a certificate and a key: write `tls(cert = \"chain.pem\", key = \"key.pem\")`".to_owned()),
        Kind::Subprotocols => match written {
            Written::Text(list) => list.split(',').find_map(|name| complain_of_subprotocol(name.trim())),
            _ => Some("`subprotocols` is a list of names, such as `[\"chat.v2\", \"chat.v1\"]`".to_owned()),
        },
        Kind::Listen | Kind::Origins | Kind::Path => None,
    }
}

fn complain_of_seconds(name: &str, least: f64, most: f64, written: &Written) -> Option<String> {
    let allowed = format!("from {least} to {most}");
    match written {
        Written::Number { value, .. } if *value < 0.0 => {
            Some(format!("`{name}` is a number of seconds and cannot be negative: it may be {allowed}"))
        }
        Written::Number { value, .. } if *value < least || *value > most => {
            Some(format!("`{name}` may be {allowed} seconds, not {value}"))
        }
        Written::Number { value, .. } if *value > 0.0 && *value < MILLISECOND => {
            Some(format!("`{name}` is measured in steps of a millisecond: write 0.001 or more"))
        }
        Written::Number { .. } | Written::Expression => None,
        Written::Text(_) | Written::Bool | Written::OtherLiteral => Some(format!(
            "`{name}` is a number of seconds: write `{name} = 20` or `{name} = 0.5`, or an expression of type `Duration`"
        )),
    }
}

fn complain_of_count(name: &str, least: f64, most: f64, unit: &str, written: &Written) -> Option<String> {
    match written {
        Written::Number { value, whole: true } if *value < least || *value > most => {
            Some(format!("`{name}` may be from {least} to {most} {unit}, not {value}"))
        }
        Written::Number { value, whole: false } if *value < 0.0 => {
            Some(format!("`{name}` may be from {least} to {most} {unit}, not {value}"))
        }
        Written::Number { whole: true, .. } | Written::Expression => None,
        Written::Number { whole: false, .. } | Written::Text(_) | Written::Bool | Written::OtherLiteral => {
            Some(format!("`{name}` is a whole number of {unit}, from {least} to {most}"))
        }
    }
}

/// A port gets its type, so that an integer literal needs no suffix.
fn judge_listen(value: &Expr, mistakes: &mut Mistakes) -> TokenStream {
    if let Expr::Array(array) = bare(value) {
        let elements: Vec<_> = array.elems.iter().map(|element| judge_listen(element, mistakes)).collect();
        return quote!([#(#elements),*]);
    }
    match Written::of(value) {
        Written::Expression => {}
        Written::Number { value: port, whole: true } if (0.0..=65535.0).contains(&port) => {
            return typed_port(value).unwrap_or_else(|| value.to_token_stream());
        }
        Written::Number { value: port, whole: true } => {
            mistakes.on(value, format!("a port is from 0 to 65535, not {port}"));
        }
        Written::Text(text) => {
            if let Some(reason) = address::complain(&text) {
                mistakes.on(
                    value,
                    format!("the server cannot listen on {text:?}: {reason}\nwrite {}", address::FORMS),
                );
            }
        }
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => {
            mistakes.on(value, format!("`listen` is a port or an address: write {}", address::FORMS));
        }
    }
    value.to_token_stream()
}

fn typed_port(value: &Expr) -> Option<TokenStream> {
    let Expr::Lit(literal) = bare(value) else { return None };
    let Lit::Int(port) = &literal.lit else { return None };
    let mut typed = Literal::u16_suffixed(port.base10_digits().parse().ok()?);
    typed.set_span(port.span());
    Some(typed.to_token_stream())
}

fn judge_origins(value: &Expr, mistakes: &mut Mistakes) -> Value {
    match bare(value) {
        Expr::Path(path) => {
            if let Some(word) = path.path.get_ident()
                && (word == "any" || word == "same")
            {
                return Value::Origins(word.clone());
            }
        }
        Expr::Array(array) => {
            for origin in &array.elems {
                judge_origin(origin, mistakes);
            }
        }
        single => judge_origin(single, mistakes),
    }
    Value::Expression(value.to_token_stream())
}

fn judge_origin(value: &Expr, mistakes: &mut Mistakes) {
    let is_origin = match Written::of(value) {
        Written::Expression => true,
        Written::Text(text) => match text.trim() {
            "any" | "same" => true,
            list => list.split(',').all(|origin| is_origin(origin.trim())),
        },
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => false,
    };
    if !is_origin {
        mistakes.on(
            value,
            "an origin is a scheme and a host, such as `\"https://example.org\"` or `\"http://localhost:3000\"`, without a \
             path; `origins` can also be `any` or `same`",
        );
    }
}

/// Only what can be no origin at all; the rest is judged when the server starts.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return text == "null" };
    !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '*', ' '])
}

fn judge_subprotocol(value: &Expr, mistakes: &mut Mistakes) {
    let complaint = match Written::of(value) {
        Written::Expression => None,
        Written::Text(name) => complain_of_subprotocol(&name),
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => complain_of_subprotocol(""),
    };
    if let Some(complaint) = complaint {
        mistakes.on(value, complaint);
    }
}

fn complain_of_subprotocol(name: &str) -> Option<String> {
    let is_token = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    (!is_token).then(|| {
        format!("{name:?} is no name of a subprotocol: letters, digits and `-._` without spaces, such as `\"chat.v1\"`")
    })
}

fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    prefix.bytes().next().is_some_and(|byte| !byte.is_ascii_digit()) && prefix.bytes().all(plain)
}

/// The expression without parentheses around it.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

/// The word that stands alone as a value, such as `any`.
fn lone_word(expression: &Expr) -> Option<&Ident> {
    match bare(expression) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// The clock of the runtime has steps of this.
const MILLISECOND: f64 = 0.001;

const YEAR: f64 = 31_536_000.0;
