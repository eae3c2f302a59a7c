//! Reads `tls(cert = "chain.pem", key = "key.pem", …)`.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Lit};
use ws_spec::nearest;

use super::pairs::{self, Pair, PairValue};
use crate::diagnostics::{Diagnostics, list};
use crate::model::{Clients, Files, Need};
use crate::syntax::bare;

const CERT: &str = "cert";
const KEY: &str = "key";
const ALSO: &str = "also";
const CLIENT_CA: &str = "client_ca";
const OPTIONAL_CLIENT_CA: &str = "optional_client_ca";

const NAMES: [&str; 5] = [CERT, KEY, ALSO, CLIENT_CA, OPTIONAL_CLIENT_CA];

/// Reads what stands in the parentheses after the word `tls`.
pub(super) fn read(tls: &Ident, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Files> {
    let before = diagnostics.count();
    let (mut cert, mut key, mut also, mut clients) = (None, None, Vec::new(), None);
    let mut seen: Vec<&str> = Vec::new();
    for Pair { key: word, value } in pairs::read(tokens, "cert = \"chain.pem\"", diagnostics) {
        let written = word.to_string();
        let Some(name) = NAMES.into_iter().find(|name| *name == written) else {
            diagnostics.error(&word, unknown(&written));
            continue;
        };
        if seen.contains(&name) {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        seen.push(name);
        let value = match value {
            PairValue::Expression(value) => *value,
            PairValue::Missing | PairValue::List(_) => {
                diagnostics.error(&word, what_to_write(name));
                continue;
            }
            PairValue::Broken => continue,
        };
        match name {
            ALSO => also = read_also(&value, diagnostics),
            _ => check_file(name, &value, diagnostics),
        }
        match name {
            CERT => cert = Some(value),
            KEY => key = Some(value),
            CLIENT_CA | OPTIONAL_CLIENT_CA if clients.is_some() => diagnostics.error(
                &word,
                "`client_ca` requires a certificate of each client, and `optional_client_ca` does not: remove one",
            ),
            CLIENT_CA => clients = Some(Clients { authorities: value, need: Need::Required }),
            OPTIONAL_CLIENT_CA => clients = Some(Clients { authorities: value, need: Need::Optional }),
            _ => {}
        }
    }
    if diagnostics.count() != before {
        return None;
    }
    let missing = match (cert, key) {
        (Some(cert), Some(key)) => return Some(Files { cert, key, also, clients }),
        (None, _) => "a certificate: add `cert = \"chain.pem\"`",
        (Some(_), None) => "a key: add `key = \"key.pem\"`",
    };
    diagnostics.error(tls, format!("TLS also needs {missing}"));
    None
}

fn unknown(name: &str) -> String {
    let meant = nearest(name, NAMES).map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    format!("`tls` has no `{name}`{meant}\nit takes {}", list(NAMES.into_iter()))
}

/// Reads the list of further certificates. Mistakes are reported, and left out.
fn read_also(value: &Expr, diagnostics: &mut Diagnostics) -> Vec<(Expr, Expr)> {
    let Expr::Array(pairs) = bare(value) else {
        diagnostics.error(value, what_to_write(ALSO));
        return Vec::new();
    };
    let read = pairs.elems.iter().filter_map(|pair| match bare(pair) {
        Expr::Tuple(pair) if pair.elems.len() == 2 => {
            let mut files = pair.elems.iter();
            let (cert, key) = (files.next()?, files.next()?);
            check_file(CERT, cert, diagnostics);
            check_file(KEY, key, diagnostics);
            Some((cert.clone(), key.clone()))
        }
        other => {
            diagnostics.error(other, what_to_write(ALSO));
            None
        }
    });
    read.collect()
}

fn check_file(name: &str, file: &Expr, diagnostics: &mut Diagnostics) {
    let Expr::Lit(literal) = bare(file) else { return };
    match &literal.lit {
        Lit::Str(path) if path.value().is_empty() => {
            diagnostics.error(file, format!("`{name}` names no file: it is empty"));
        }
        Lit::Str(_) => {}
        _ => diagnostics.error(file, what_to_write(name)),
    }
}

fn what_to_write(name: &str) -> String {
    let file = match name {
        ALSO => {
            return "`also` is a list of further certificates, each with its key: write \
                    `also = [(\"b.pem\", \"b.key\")]`"
                .to_owned();
        }
        CLIENT_CA | OPTIONAL_CLIENT_CA => "clients",
        name => name,
    };
    format!("`{name}` is a PEM file: write `{name} = \"{file}.pem\"`")
}
