//! Checks literals in attributes. Other expressions are checked when the server starts.

mod limits;
mod lists;
mod written;

use proc_macro2::Ident;
use syn::{Expr, ExprLit, Lit, LitStr};
use ws_spec::address::{self, Target};
use ws_spec::environment;
use ws_spec::options::{Bounds, Kind, OptionInfo, PERIOD, RESOLUTION, TRUSTED};
use ws_spec::path::Pattern;

pub(crate) use self::limits::{
    check_concurrent, check_keep, check_max_rooms, check_period, check_rate, check_timeout,
};
use self::lists::{HOSTS, NETWORKS, ORIGINS, TRUSTED_NETWORKS, check_subprotocol, problem_with_subprotocol};
use self::written::{Written, lone_word};
use crate::diagnostics::Diagnostics;
use crate::model::{Options, Value};
use crate::syntax::bare;

/// Checks the value of an option, if it is a literal.
pub(crate) fn check(option: &OptionInfo, value: Expr, diagnostics: &mut Diagnostics) -> Option<Value> {
    let before = diagnostics.count();
    // A bare word would be looked up as a name.
    if let Some(word) = lone_word(&value).filter(|word| option.kind.words().iter().any(|known| word == known))
    {
        diagnostics.error(&value, format!("write the word in quotes: `{} = \"{word}\"`", option.name));
    }
    match option.kind {
        Kind::SideListen if is_word(option.kind, &Written::of(&value)) => {}
        Kind::Listen | Kind::SideListen => check_listen(&value, option.name, diagnostics),
        Kind::Rate => return check_rate(value, diagnostics).map(Value::Expression),
        Kind::Origins => match ORIGINS.word(&value) {
            Some(word) => return Some(Value::Origins(word.clone())),
            None => ORIGINS.check(option.name, &value, diagnostics),
        },
        Kind::Hosts => match HOSTS.word(&value) {
            Some(word) => return Some(Value::Hosts(word.clone())),
            None => HOSTS.check(option.name, &value, diagnostics),
        },
        Kind::Networks => {
            let list = if option.name == TRUSTED { &TRUSTED_NETWORKS } else { &NETWORKS };
            if let Some(word) = list.word(&value) {
                return Some(Value::Expression(text(word)));
            }
            list.check(option.name, &value, diagnostics);
        }
        kind => {
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

/// A word as a text at the same place.
fn text(word: &Ident) -> Expr {
    let lit = Lit::Str(LitStr::new(&word.to_string(), word.span()));
    Expr::Lit(ExprLit { attrs: Vec::new(), lit })
}

/// Whether it is one of the words that options of this kind take.
fn is_word(kind: Kind, written: &Written) -> bool {
    matches!(written, Written::Text(word) if kind.words().contains(&word.as_str()))
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

/// What is wrong with a literal; `None` if nothing is.
fn problem(name: &str, kind: Kind, written: &Written) -> Option<String> {
    if *written == Written::Expression {
        return None;
    }
    match kind {
        Kind::Seconds(bounds) => problem_with_seconds(name, bounds, written),
        Kind::Count(bounds, unit) => problem_with_count(name, bounds, unit, written),
        Kind::Switch => (*written != Written::Bool).then(|| format!("`{name}` is on or off: write `true` or `false`")),
        Kind::Slow | Kind::Compression | Kind::Forwarded | Kind::Trace if is_word(kind, written) => None,
        Kind::Slow if *written == Written::Text("drop".to_owned()) => Some(
            "did you mean `\"drop_newest\"`, which loses the message that does not fit, or `\"drop_oldest\"`, which loses \
             the oldest that wait?"
                .to_owned(),
        ),
        Kind::Slow => Some(
            "`slow` says what happens to a peer that reads too slowly: `\"close\"` ends its connection, \
             `\"drop_newest\"` loses the message that does not fit, `\"drop_oldest\"` the oldest that wait"
                .to_owned(),
        ),
        Kind::Forwarded => Some(
            "`forwarded` is the header by which trusted proxies tell who the client is: `\"x-forwarded-for\"`, or \
             `\"forwarded\"` (RFC 7239)"
                .to_owned(),
        ),
        Kind::Compression => Some(
            "`compression` is `\"off\"`, `\"on\"` (each message by itself) or `\"context_takeover\"` (smaller, but each \
             connection keeps memory for it)"
                .to_owned(),
        ),
        Kind::Trace => Some(
            "`trace` is `\"off\"`, `\"connections\"` (a span for each handshake) or `\"messages\"` (also one for each \
             message that is handled)"
                .to_owned(),
        ),
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
        Written::Text(_) if is_word(Kind::Path, written) => None,
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
        Written::Text(_) if is_word(Kind::Spread, written) => None,
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
