//! Checks lists: of origins, hosts, networks and subprotocols.

use proc_macro2::Ident;
use syn::Expr;
use ws_spec::{HostName, Network, Origin, is_token};

use super::written::{Written, lone_word};
use crate::diagnostics::Diagnostics;
use crate::syntax::bare;

pub(super) fn check_origins(value: &Expr, diagnostics: &mut Diagnostics) {
    check_each(value, "origins", is_kind_of_origins, check_origin, diagnostics);
}

/// Checks each value of a list, or a single one. Words that stand for a whole policy cannot be in a list.
pub(super) fn check_each(
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
pub(super) fn is_kind_of_origins(word: &Ident) -> bool {
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
pub(super) fn is_kind_of_hosts(word: &Ident) -> bool {
    word == "any" || word == "auto"
}

pub(super) fn check_host(value: &Expr, diagnostics: &mut Diagnostics) {
    const FORMS: &str = "write names, such as `\"example.org\"` or `\"*.example.org\"`, or addresses; `hosts` can also \
                         be `any` or `auto`";
    check_parts(value, &["any", "auto"], HostName::parse, "a host", FORMS, diagnostics);
}

pub(super) fn check_network(value: &Expr, diagnostics: &mut Diagnostics) {
    check_parts(value, &["any"], Network::parse, "a network", NETWORKS, diagnostics);
}

pub(super) fn check_trusted(value: &Expr, diagnostics: &mut Diagnostics) {
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

pub(super) fn check_subprotocol(value: &Expr, diagnostics: &mut Diagnostics) {
    let problem = match Written::of(value) {
        Written::Expression => None,
        Written::Text(name) => problem_with_subprotocol(&name),
        Written::Number { .. } | Written::Bool | Written::OtherLiteral => problem_with_subprotocol(""),
    };
    if let Some(problem) = problem {
        diagnostics.error(value, problem);
    }
}

pub(super) fn problem_with_subprotocol(name: &str) -> Option<String> {
    (!is_token(name)).then(|| {
        format!("{name:?} is not the name of a subprotocol: letters, digits and `-._` without spaces, such as `\"chat.v1\"`")
    })
}

/// How networks are written.
const NETWORKS: &str =
    "write an address such as `\"127.0.0.1\"`, a network such as `\"10.0.0.0/8\"`, or `\"unix\"`";
