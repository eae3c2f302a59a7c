//! Checks literals in attributes. Other expressions are checked when the server starts.

use proc_macro2::Ident;
use syn::{Expr, Lit, UnOp};
use ws_spec::address::{self, Target};
use ws_spec::options::{Bounds, Kind, OptionInfo, PERIOD, RESOLUTION, TRUSTED};
use ws_spec::path::Pattern;
use ws_spec::{HostName, Network, Origin, environment, is_token};

use crate::diagnostics::Diagnostics;
use crate::model::{Options, Value};
use crate::syntax::bare;

/// Checks the value of an option, if it is a literal.
pub(crate) fn check(option: &OptionInfo, value: Expr, diagnostics: &mut Diagnostics) -> Option<Value> {
    let before = diagnostics.count();
    match option.kind {
        Kind::Listen | Kind::SideListen => check_listen(&value, option.name, diagnostics),
        Kind::Rate => return check_rate(value, diagnostics).map(Value::Expression),
        Kind::Origins => {
            if let Some(word) = lone_word(&value).filter(|word| is_kind_of_origins(word)) {
                return Some(Value::Origins(word.clone()));
            }
            check_origins(&value, diagnostics);
        }
        Kind::Hosts => {
            if let Some(word) = lone_word(&value).filter(|word| is_kind_of_hosts(word)) {
                return Some(Value::Hosts(word.clone()));
            }
            check_each(&value, "hosts", is_kind_of_hosts, check_host, diagnostics);
        }
        Kind::Networks => {
            let check = if option.name == TRUSTED { check_trusted } else { check_network };
            check_each(&value, option.name, |_| false, check, diagnostics);
        }
        kind => {
            // A bare word would be looked up as a name.
            if let Some(word) =
                lone_word(&value).filter(|word| kind.words().iter().any(|known| word == known))
            {
                diagnostics
                    .error(&value, format!("write the word in quotes: `{} = \"{word}\"`", option.name));
            }
            let written = match lone_word(&value) {
                // It would resolve to the function of that name.
                Some(word) if kind == Kind::Slow && word == "drop" => Written::Text(word.to_string()),
                Some(_) | None => Written::of(&value),
            };
            if let Some(problem) = problem(option.name, kind, &written) {
                diagnostics.error(&value, problem);
            }
            if let (Kind::Subprotocols, Expr::Array(array)) = (kind, bare(&value)) {
                array.elems.iter().for_each(|name| check_subprotocol(name, diagnostics));
            }
        }
    }
    (diagnostics.count() == before).then_some(Value::Expression(value))
}

/// Checks literals that exclude each other. Those of a route and its server meet when the server starts.
pub(crate) fn check_together(options: &Options, diagnostics: &mut Diagnostics) {
    let literal = |kind, text: &str| {
        options.values.iter().find_map(|setting| match &setting.value {
            Value::Expression(value) if setting.kind == kind => {
                (Written::of(value) == Written::Text(text.to_owned())).then_some(value)
            }
            Value::Expression(_) | Value::Files { .. } | Value::Origins(_) | Value::Hosts(_) => None,
        })
    };
    let takeover = literal(Kind::Compression, "context_takeover");
    if let (Some(slow), Some(_)) = (literal(Kind::Slow, "drop_oldest"), takeover) {
        diagnostics.error(
            slow,
            "`\"drop_oldest\"` cannot be had together with `compression = \"context_takeover\"`: later messages refer \
             to those that are dropped; use `compression = \"on\"`",
        );
    }
}

/// Checks the period of a tick.
pub(crate) fn check_period(period: &Expr, diagnostics: &mut Diagnostics) {
    let written = Written::of(period);
    let problem = match &written {
        Written::Number { value, .. } if *value <= 0.0 => {
            Some("a tick needs a `period` above 0 seconds, such as `period = 1` or `period = 0.5`".to_owned())
        }
        written => problem("period", Kind::Seconds(PERIOD), written),
    };
    if let Some(problem) = problem {
        diagnostics.error(period, problem);
    }
}

/// Checks `rate = 5` or `rate = (30, 60)`.
pub(crate) fn check_rate(rate: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let wanted = "`rate = 5` for 5 a second, or `rate = (30, 60)` for 30 in 60 seconds";
    let problem = |value: &Expr| match Written::of(value) {
        Written::Number { value, .. } if value > 0.0 => None,
        Written::Number { .. } => {
            Some(format!("a `rate` is above 0: write {wanted}, or leave it out for no limit"))
        }
        Written::Expression => None,
        Written::Text(_) | Written::Bool | Written::OtherLiteral => {
            Some(format!("a `rate` is a number: write {wanted}"))
        }
    };
    let found = match bare(&rate) {
        Expr::Tuple(pair) if pair.elems.len() == 2 => pair.elems.iter().find_map(problem),
        Expr::Tuple(_) => Some(format!("a `rate` is one number or two: write {wanted}")),
        // The form of the environment would be a division here, mostly to 0.
        Expr::Binary(division) if matches!(division.op, syn::BinOp::Div(_)) => {
            let is_literal = |side: &Expr| matches!(bare(side), Expr::Lit(_));
            (is_literal(&division.left) && is_literal(&division.right))
                .then(|| format!("this is a division, and not so many in so many seconds: write {wanted}"))
        }
        single => problem(single),
    };
    match found {
        Some(problem) => {
            diagnostics.error(&rate, problem);
            None
        }
        None => Some(rate),
    }
}

/// Checks `timeout = 2`.
pub(crate) fn check_timeout(timeout: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let written = Written::of(&timeout);
    let problem = match &written {
        Written::Number { value, .. } if *value <= 0.0 => Some(
            "a `timeout` is above 0 seconds: leave it out to let the handler run as long as it needs"
                .to_owned(),
        ),
        written => problem("timeout", Kind::Seconds(PERIOD), written),
    };
    match problem {
        Some(problem) => {
            diagnostics.error(&timeout, problem);
            None
        }
        None => Some(timeout),
    }
}

/// Checks `concurrent = 4`.
pub(crate) fn check_concurrent(concurrent: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let problem = match Written::of(&concurrent) {
        Written::Number { value, whole: true } if (1.0..=MAX_CONCURRENT).contains(&value) => None,
        Written::Expression => None,
        Written::Number { .. } | Written::Text(_) | Written::Bool | Written::OtherLiteral => Some(format!(
            "`concurrent` is a whole number from 1 to {MAX_CONCURRENT}: so many of them may run at once for a connection"
        )),
    };
    match problem {
        Some(problem) => {
            diagnostics.error(&concurrent, problem);
            None
        }
        None => Some(concurrent),
    }
}

/// Checks `keep = 10`.
pub(crate) fn check_keep(keep: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let bounds = Bounds { least: 0.0, most: PERIOD.most };
    check_value("keep", Kind::Seconds(bounds), keep, diagnostics)
}

/// Checks `max_rooms = 500`.
pub(crate) fn check_max_rooms(max_rooms: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let bounds = Bounds { least: 1.0, most: MAX_ROOMS };
    check_value("max_rooms", Kind::Count(bounds, "rooms"), max_rooms, diagnostics)
}

fn check_value(name: &str, kind: Kind, value: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    match problem(name, kind, &Written::of(&value)) {
        Some(problem) => {
            diagnostics.error(&value, problem);
            None
        }
        None => Some(value),
    }
}

/// The most rooms with state that a server can have at once.
const MAX_ROOMS: f64 = 4_294_967_295.0;

/// The most calls of one handler that may run at once for a connection.
const MAX_CONCURRENT: f64 = 1024.0;

/// A value as the user wrote it.
#[derive(Debug, PartialEq)]
enum Written {
    Number {
        value: f64,
        whole: bool,
    },
    Text(String),
    Bool,
    /// A literal that no option accepts: a byte, a character.
    OtherLiteral,
    /// Any other expression: its value is known when the server starts.
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
            Lit::Int(number) if is_unit(number.suffix()) => Self::OtherLiteral,
            Lit::Float(number) if is_unit(number.suffix()) => Self::OtherLiteral,
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

/// What is wrong with a literal; `None` if nothing is.
fn problem(name: &str, kind: Kind, written: &Written) -> Option<String> {
    if *written == Written::Expression {
        return None;
    }
    match kind {
        Kind::Seconds(bounds) => problem_with_seconds(name, bounds, written),
        Kind::Count(bounds, unit) => problem_with_count(name, bounds, unit, written),
        Kind::Switch => (*written != Written::Bool).then(|| format!("`{name}` is on or off: write `true` or `false`")),
        Kind::Slow | Kind::Compression | Kind::Forwarded => match written {
            Written::Text(word) if kind.words().contains(&word.as_str()) => None,
            Written::Text(word) if kind == Kind::Slow && word == "drop" => Some(
                "did you mean `\"drop_newest\"`, which loses the message that does not fit, or `\"drop_oldest\"`, which \
                 loses the oldest that wait?"
                    .to_owned(),
            ),
            _ if kind == Kind::Slow => Some(
                "`slow` says what happens to a peer that reads too slowly: `\"close\"` ends its connection, \
                 `\"drop_newest\"` loses the message that does not fit, `\"drop_oldest\"` the oldest that wait"
                    .to_owned(),
            ),
            _ if kind == Kind::Forwarded => Some(
                "`forwarded` is the header by which trusted proxies tell who the client is: `\"x-forwarded-for\"`, or \
                 `\"forwarded\"` (RFC 7239)"
                    .to_owned(),
            ),
            _ => Some(
                "`compression` is `\"off\"`, `\"on\"` (each message by itself) or `\"context_takeover\"` (smaller, but \
                 each connection keeps memory for it)"
                    .to_owned(),
            ),
        },
        Kind::Spread => problem_with_spread(name, written),
        Kind::Prefix => match written {
            Written::Text(prefix) if environment::is_prefix(prefix) => None,
            _ => Some(
                "`env` is what the environment variables of this server begin with: capital letters, digits and \
                 underscores, such as `env = \"CHAT\"` for `CHAT_LISTEN`"
                    .to_owned(),
            ),
        },
        Kind::Path => problem_with_path(name, written),
        Kind::Trace => match written {
            Written::Text(word) if kind.words().contains(&word.as_str()) => None,
            _ => Some(
                "`trace` is `\"off\"`, `\"connections\"` (a span for each handshake) or `\"messages\"` (also one for each \
                 message that is handled)"
                    .to_owned(),
            ),
        },
        Kind::Tls => Some("TLS needs a certificate and a key: write `tls(cert = \"chain.pem\", key = \"key.pem\")`".to_owned()),
        Kind::Subprotocols => match written {
            Written::Text(list) => list.split(',').find_map(|name| problem_with_subprotocol(name.trim())),
            _ => Some("`subprotocols` is a list of names, such as `[\"chat.v2\", \"chat.v1\"]`".to_owned()),
        },
        Kind::Listen | Kind::SideListen | Kind::Origins | Kind::Hosts | Kind::Networks | Kind::Rate => None,
    }
}

fn problem_with_path(name: &str, written: &Written) -> Option<String> {
    let example = format!("write `{name} = \"/{name}\"`");
    match written {
        Written::Text(none) if none == "none" => None,
        Written::Text(path) => {
            let problem = Pattern::parse_plain(path).err()?;
            Some(format!("{path:?} is no path for `{name}`: {problem}"))
        }
        Written::Expression => None,
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => Some(format!(
            "`{name}` is the path that is answered: {example}, or leave it out for no such path"
        )),
    }
}

fn problem_with_seconds(name: &str, bounds: Bounds, written: &Written) -> Option<String> {
    let Bounds { least, most } = bounds;
    let allowed = format!("from {least} to {most}");
    match written {
        Written::Number { value, .. } if *value < 0.0 => {
            Some(format!("`{name}` is a number of seconds and cannot be negative: it may be {allowed}"))
        }
        Written::Number { value, .. } if !bounds.contain(*value) => {
            Some(format!("`{name}` may be {allowed} seconds, not {value}"))
        }
        Written::Number { value, .. } if *value > 0.0 && *value < RESOLUTION => {
            Some(format!("`{name}` is measured in steps of a millisecond: write 0.001 or more"))
        }
        Written::Number { .. } | Written::Expression => None,
        Written::Text(_) | Written::Bool | Written::OtherLiteral => Some(format!(
            "`{name}` is a number of seconds: write `{name} = 20` or `{name} = 0.5`, or an expression of type `Duration`"
        )),
    }
}

fn problem_with_spread(name: &str, written: &Written) -> Option<String> {
    match written {
        Written::Text(word) if Kind::Spread.words().contains(&word.as_str()) => None,
        Written::Text(_) | Written::Bool | Written::OtherLiteral => Some(format!(
            "`{name}` is a number of seconds or `\"auto\"`: write `{name} = 10`, or an expression of type `Duration`"
        )),
        written => problem_with_seconds(name, Bounds { least: 0.0, most: PERIOD.most }, written),
    }
}

fn problem_with_count(name: &str, bounds: Bounds, unit: &str, written: &Written) -> Option<String> {
    let Bounds { least, most } = bounds;
    let allowed = format!("from {least} to {most} {unit}");
    let allowed = allowed.trim_end();
    match written {
        Written::Number { value, whole } if *value < 0.0 || *whole && !bounds.contain(*value) => {
            Some(format!("`{name}` may be {allowed}, not {value}"))
        }
        Written::Number { whole: true, .. } | Written::Expression => None,
        Written::Number { whole: false, .. } | Written::Text(_) | Written::Bool | Written::OtherLiteral => {
            Some(format!("`{name}` is a whole number, {allowed}"))
        }
    }
}

fn check_listen(value: &Expr, name: &str, diagnostics: &mut Diagnostics) {
    if let Expr::Array(array) = bare(value) {
        if array.elems.is_empty() {
            diagnostics.error(value, format!("the list is empty: write {}, or several of these", forms()));
        }
        array.elems.iter().for_each(|element| check_listen(element, name, diagnostics));
        return;
    }
    match Written::of(value) {
        Written::Expression => {}
        Written::Number { value: port, whole: true } => {
            if !(0.0..=65535.0).contains(&port) {
                diagnostics.error(value, format!("a port is from 0 to 65535, not {port}"));
            }
        }
        Written::Text(text) => {
            if let Err(reason) = Target::parse(&text) {
                diagnostics.error(
                    value,
                    format!("the server cannot listen on {text:?}: {reason}\nwrite {}", forms()),
                );
            }
        }
        Written::Number { whole: false, .. } | Written::Bool | Written::OtherLiteral => {
            diagnostics.error(value, format!("`{name}` is a port or an address: write {}", forms()));
        }
    }
}

/// Where a server can listen, as it is written in Rust: what is no port is a text.
fn forms() -> String {
    address::forms(|form| if form.parse::<u16>().is_ok() { form.to_owned() } else { format!("{form:?}") })
}

fn check_origins(value: &Expr, diagnostics: &mut Diagnostics) {
    check_each(value, "origins", is_kind_of_origins, check_origin, diagnostics);
}

/// Checks each value of a list, or a single one. Words that stand for a whole policy cannot be in a list.
fn check_each(
    value: &Expr,
    option: &str,
    is_policy: fn(&Ident) -> bool,
    check: fn(&Expr, &mut Diagnostics),
    diagnostics: &mut Diagnostics,
) {
    let Expr::Array(array) = bare(value) else { return check(value, diagnostics) };
    for element in &array.elems {
        match lone_word(element).filter(|word| is_policy(word)) {
            Some(word) => diagnostics
                .error(element, format!("`{word}` cannot be one of a list: write `{option} = {word}`")),
            None => check(element, diagnostics),
        }
    }
}

/// The words that stand for a whole policy.
fn is_kind_of_origins(word: &Ident) -> bool {
    word == "any" || word == "same"
}

fn check_origin(value: &Expr, diagnostics: &mut Diagnostics) {
    const FORMS: &str = "write a scheme and a host, such as `\"https://example.org\"` or `\"http://localhost:3000\"`; \
                         `origins` can also be `any` or `same`";
    match Written::of(value) {
        Written::Expression => {}
        Written::Text(text) if matches!(text.trim(), "any" | "same") => {}
        Written::Text(list) => {
            for origin in list.split(',').map(str::trim) {
                if let Err(reason) = Origin::parse(origin) {
                    diagnostics.error(
                        value,
                        format!("{origin:?} is not the origin of a web page: {reason}\n{FORMS}"),
                    );
                }
            }
        }
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => {
            diagnostics.error(value, format!("this is not the origin of a web page\n{FORMS}"));
        }
    }
}

/// The words that stand for a whole policy.
fn is_kind_of_hosts(word: &Ident) -> bool {
    word == "any" || word == "auto"
}

fn check_host(value: &Expr, diagnostics: &mut Diagnostics) {
    const FORMS: &str = "write names, such as `\"example.org\"` or `\"*.example.org\"`, or addresses; `hosts` can also \
                         be `any` or `auto`";
    check_parts(value, &["any", "auto"], HostName::parse, "a host", FORMS, diagnostics);
}

fn check_network(value: &Expr, diagnostics: &mut Diagnostics) {
    check_parts(value, &["any"], Network::parse, "a network", NETWORKS, diagnostics);
}

fn check_trusted(value: &Expr, diagnostics: &mut Diagnostics) {
    check_parts(value, &[], Network::parse, "a network", NETWORKS, diagnostics);
}

/// Checks the parts of a text that are separated by commas.
fn check_parts<T>(
    value: &Expr,
    words: &[&str],
    parse: fn(&str) -> Result<T, &'static str>,
    what: &str,
    forms: &str,
    diagnostics: &mut Diagnostics,
) {
    match Written::of(value) {
        Written::Expression => {}
        Written::Text(text) if words.contains(&text.trim()) => {}
        Written::Text(list) => {
            for part in list.split(',').map(str::trim) {
                if let Err(reason) = parse(part) {
                    diagnostics.error(value, format!("{part:?} is not {what}: {reason}\n{forms}"));
                }
            }
        }
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => {
            diagnostics.error(value, format!("this is not {what}\n{forms}"));
        }
    }
}

fn check_subprotocol(value: &Expr, diagnostics: &mut Diagnostics) {
    let problem = match Written::of(value) {
        Written::Expression => None,
        Written::Text(name) => problem_with_subprotocol(&name),
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => problem_with_subprotocol(""),
    };
    if let Some(problem) = problem {
        diagnostics.error(value, problem);
    }
}

fn problem_with_subprotocol(name: &str) -> Option<String> {
    (!is_token(name)).then(|| {
        format!("{name:?} is not the name of a subprotocol: letters, digits and `-._` without spaces, such as `\"chat.v1\"`")
    })
}

/// Whether the suffix of a number is a unit, not a type: `20s`, `64k`.
fn is_unit(suffix: &str) -> bool {
    !suffix.is_empty() && !NUMBERS.contains(&suffix)
}

/// The value, if it is a single word such as `any`.
fn lone_word(expression: &Expr) -> Option<&Ident> {
    match bare(expression) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// How networks are written.
const NETWORKS: &str =
    "write an address such as `\"127.0.0.1\"`, a network such as `\"10.0.0.0/8\"`, or `\"unix\"`";

/// The types that can be the suffix of a number.
const NUMBERS: [&str; 14] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];
