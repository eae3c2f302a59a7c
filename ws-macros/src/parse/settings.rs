//! Reads the attribute of the module: `#[ws_server(listen = 8080, …)]`.

use proc_macro2::{Ident, TokenStream};
use syn::Expr;
use ws_spec::nearest;
use ws_spec::options::{Kind, OptionInfo};

use super::envelope;
use super::pairs::{self, Pair, PairValue};
use crate::diagnostics::{Diagnostics, list};
use crate::hints;
use crate::literals;
use crate::model::{Setting, Settings, Value, Vocabulary, Word};
use crate::options::Key;

pub(crate) fn read(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    let mut seen: Vec<Key> = Vec::new();
    for Pair { key: word, value } in pairs::read(tokens, "listen = 8080", diagnostics) {
        let name = word.to_string();
        let Some(key) = Key::of_name(&name) else {
            diagnostics.error(&word, unknown(&name));
            settings.unknown.push(Word { vocabulary: Vocabulary::Option, name: word, is_known: false });
            continue;
        };
        if seen.contains(&key) {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        seen.push(key);
        match (key, value) {
            (_, PairValue::Missing) => {
                diagnostics.error(&word, format!("`{name}` has no value: write {}", key.written()));
                settings.unknown.push(Word { vocabulary: Vocabulary::Option, name: word, is_known: false });
            }
            (_, PairValue::Broken) => {}
            (Key::Option(OptionInfo { kind: kind @ Kind::Tls, .. }), PairValue::List(tokens)) => {
                let files = read_tls(&word, tokens, diagnostics);
                settings.values.extend(files.map(|value| Setting { kind: *kind, word, value }));
            }
            (Key::Envelope, PairValue::List(tokens)) => {
                settings.envelope = envelope::read(tokens, diagnostics);
            }
            (Key::Envelope, PairValue::Expression(value)) => {
                diagnostics.error(
                    value,
                    format!("`envelope` lists its keys in parentheses: write {}", Key::Envelope.written()),
                );
            }
            (_, PairValue::List(_)) => {
                diagnostics
                    .error(&word, format!("`{name}` takes its value after `=`: write {}", key.written()));
            }
            (Key::Crate, PairValue::Expression(path)) => settings.runtime = read_path(&path, diagnostics),
            (Key::Option(option), PairValue::Expression(value)) => {
                let checked = literals::check(option, *value, diagnostics);
                settings.values.extend(checked.map(|value| Setting { kind: option.kind, word, value }));
            }
        }
    }
    settings
}

fn unknown(name: &str) -> String {
    let names = Key::names();
    if let "cert" | "key" = name {
        return format!("`{name}` belongs to `tls`: write `tls(cert = \"chain.pem\", key = \"key.pem\")`");
    }
    if let Some(hint) = hints::option(name) {
        return hint;
    }
    let foreign = OptionInfo::of_foreign_name(&name.to_lowercase()).map(|option| option.name);
    let meant = foreign.or_else(|| nearest(name, names.clone()));
    let suggestion = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    format!("there is no option `{name}`{suggestion}\nthe options are {}", list(names))
}

fn read_path(value: &Expr, diagnostics: &mut Diagnostics) -> Option<syn::Path> {
    if let Expr::Path(path) = value
        && path.qself.is_none()
        && path.path.segments.iter().all(|segment| segment.arguments.is_none())
    {
        return Some(path.path.clone());
    }
    diagnostics.error(
        value,
        "`crate` is the path to `ws_runtime` under another name, without quotes: `crate = my_ws_runtime`",
    );
    None
}

/// `tls(cert = "…", key = "…")`
fn read_tls(tls: &Ident, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Value> {
    let before = diagnostics.count();
    let (mut cert, mut key) = (None, None);
    for Pair { key: word, value } in pairs::read(tokens, "cert = \"chain.pem\"", diagnostics) {
        let name = word.to_string();
        let place = match name.as_str() {
            "cert" => &mut cert,
            "key" => &mut key,
            other => {
                let meant = nearest(other, ["cert", "key"]).map(|meant| format!(", did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                diagnostics.error(
                    &word,
                    format!("`tls` has no `{other}`{meant}\nit takes `cert` and `key`, each a PEM file"),
                );
                continue;
            }
        };
        if place.is_some() {
            diagnostics.error(&word, format!("`{name}` is given twice: remove one"));
            continue;
        }
        match value {
            PairValue::Expression(file) => {
                check_file(&name, &file, diagnostics);
                *place = Some(file);
            }
            PairValue::Missing | PairValue::List(_) => {
                diagnostics.error(&word, format!("`{name}` is a PEM file: write `{name} = \"{name}.pem\"`"));
            }
            PairValue::Broken => {}
        }
    }
    let missing = match (cert, key) {
        (Some(cert), Some(key)) => return Some(Value::Files { cert: *cert, key: *key }),
        (None, _) => "a certificate: add `cert = \"chain.pem\"`",
        (Some(_), None) => "a key: add `key = \"key.pem\"`",
    };
    if diagnostics.count() == before {
        diagnostics.error(tls, format!("TLS also needs {missing}"));
    }
    None
}

fn check_file(name: &str, file: &Expr, diagnostics: &mut Diagnostics) {
    let Expr::Lit(literal) = file else { return };
    match &literal.lit {
        syn::Lit::Str(path) if path.value().is_empty() => {
            diagnostics.error(file, format!("`{name}` names no file: it is empty"));
        }
        syn::Lit::Str(_) => {}
        _ => diagnostics.error(file, format!("`{name}` is a PEM file: write `{name} = \"{name}.pem\"`")),
    }
}
