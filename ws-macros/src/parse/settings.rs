//! Reads the options of attributes: `#[ws_server(listen = 8080, …)]`, `#[route("/upload", max_recv_size = 1_000_000)]`.

use proc_macro2::{Ident, TokenStream};
use syn::Expr;
use ws_spec::options::{Kind, OptionInfo};
use ws_spec::{is_misspelt, nearest};

use super::pairs::{self, Pair, PairValue};
use super::{envelope, listed, tls};
use crate::diagnostics::{Diagnostics, list};
use crate::hints;
use crate::literals;
use crate::model::{Options, Setting, Settings, Value, Vocabulary, Word};
use crate::options::Key;

/// Reads the attribute of a server.
pub(crate) fn read(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Settings {
    let mut settings = Settings::default();
    let mut seen = Vec::new();
    for Pair { key: word, value } in pairs::read(tokens, "listen = 8080", diagnostics) {
        let name = word.to_string();
        let Some(key) = Key::of_name(&name) else {
            diagnostics.error(&word, unknown(&name));
            settings.options.unknown.push(unknown_word(word));
            continue;
        };
        if is_repeated(key, &word, &mut seen, diagnostics) {
            continue;
        }
        match (key, value) {
            (Key::Option(option), value) => {
                read_option(option, word, value, &mut settings.options, diagnostics);
            }
            (Key::Crate | Key::Envelope | Key::Routes, PairValue::Missing) => {
                report_missing(&word, key, diagnostics);
                settings.options.unknown.push(unknown_word(word));
            }
            (Key::Crate | Key::Envelope | Key::Routes, PairValue::Broken) => {}
            (Key::Envelope, PairValue::List(tokens)) => {
                settings.envelope = envelope::read(tokens, diagnostics);
            }
            (Key::Envelope, PairValue::Expression(value)) => {
                diagnostics.error(
                    value,
                    format!("`envelope` lists its keys in parentheses: write {}", Key::Envelope.written()),
                );
            }
            (Key::Crate | Key::Routes, PairValue::List(_)) => report_list(&word, key, diagnostics),
            (Key::Routes, PairValue::Expression(value)) => {
                settings.routes = listed::read(&value, diagnostics);
            }
            (Key::Crate, PairValue::Expression(path)) => settings.runtime = read_path(&path, diagnostics),
        }
    }
    literals::check_together(&settings.options, diagnostics);
    settings
}

/// Reads the options of a route: the pairs of its attribute, without those that are not about its connections.
pub(crate) fn read_on_route(pairs: impl IntoIterator<Item = Pair>, diagnostics: &mut Diagnostics) -> Options {
    let mut options = Options::default();
    let mut seen = Vec::new();
    for Pair { key: word, value } in pairs {
        let name = word.to_string();
        let Some(key) = Key::of_name(&name) else {
            diagnostics.error(&word, unknown_on_route(&name));
            options.unknown.push(unknown_word(word));
            continue;
        };
        match key.on_route() {
            Err(reason) => diagnostics.error(&word, of_server(&name, reason)),
            Ok(_) if is_repeated(key, &word, &mut seen, diagnostics) => {}
            Ok(option) => read_option(option, word, value, &mut options, diagnostics),
        }
    }
    literals::check_together(&options, diagnostics);
    options
}

/// Reads the value of an option.
fn read_option(
    option: &'static OptionInfo,
    word: Ident,
    value: PairValue,
    options: &mut Options,
    diagnostics: &mut Diagnostics,
) {
    let key = Key::Option(option);
    let value = match value {
        PairValue::Missing => {
            report_missing(&word, key, diagnostics);
            options.unknown.push(unknown_word(word));
            return;
        }
        PairValue::Broken => return,
        PairValue::List(tokens) if option.kind == Kind::Tls => {
            tls::read(&word, tokens, diagnostics).map(Box::new).map(Value::Files)
        }
        PairValue::List(_) => return report_list(&word, key, diagnostics),
        PairValue::Expression(value) => literals::check(option, *value, diagnostics),
    };
    options.values.extend(value.map(|value| Setting { kind: option.kind, word, value }));
}

/// Whether a key was there before; then that is reported.
fn is_repeated(key: Key, word: &Ident, seen: &mut Vec<Key>, diagnostics: &mut Diagnostics) -> bool {
    let is_repeated = seen.contains(&key);
    if is_repeated {
        diagnostics.error(word, format!("`{word}` is given twice: remove one"));
    }
    seen.push(key);
    is_repeated
}

fn report_missing(word: &Ident, key: Key, diagnostics: &mut Diagnostics) {
    diagnostics.error(word, format!("`{word}` has no value: write {}", key.written()));
}

fn report_list(word: &Ident, key: Key, diagnostics: &mut Diagnostics) {
    diagnostics.error(word, format!("`{word}` takes its value after `=`: write {}", key.written()));
}

fn unknown_word(name: Ident) -> Word {
    Word { vocabulary: Vocabulary::Option, name, is_known: false }
}

fn unknown(name: &str) -> String {
    let names = Key::names();
    if let "cert" | "key" = name {
        return format!("`{name}` belongs to `tls`: write `tls(cert = \"chain.pem\", key = \"key.pem\")`");
    }
    if let Some(hint) = hints::option(name) {
        return hint;
    }
    let suggestion = meant(name).map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    format!("there is no option `{name}`{suggestion}\nthe options are {}", list(names))
}

fn unknown_on_route(name: &str) -> String {
    if let Some(hint) = hints::option_on_route(name) {
        return hint;
    }
    let guard = is_misspelt(name, "guard").then_some("guard");
    let meant = guard.or_else(|| meant(name));
    let refused = meant.and_then(|meant| Some((meant, Key::of_name(meant)?.on_route().err()?)));
    if let Some((meant, reason)) = refused {
        return format!("a route has no option `{name}`: {}", of_server(meant, reason));
    }
    let suggestion = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    let names = ["guard"].into_iter().chain(Key::names_on_route());
    format!("a route has no option `{name}`{suggestion}\nit takes {}", list(names))
}

/// The key that was meant by a name that is none.
fn meant(name: &str) -> Option<&'static str> {
    let foreign = OptionInfo::of_foreign_name(&name.to_lowercase()).map(|option| option.name);
    foreign.or_else(|| nearest(name, Key::names()))
}

/// Says that an option cannot be set on a route.
fn of_server(name: &str, reason: &str) -> String {
    format!("`{name}` belongs to the server: {reason}; write it in `#[ws_server(…)]`")
}

pub(super) fn read_path(value: &Expr, diagnostics: &mut Diagnostics) -> Option<syn::Path> {
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

#[cfg(test)]
mod tests {
    use quote::quote;
    use ws_spec::options::{Owner, TABLE};

    use super::*;

    fn on_route(tokens: TokenStream) -> (Options, Vec<String>) {
        let mut diagnostics = Diagnostics::default();
        let pairs = pairs::read(tokens, "guard = member", &mut diagnostics);
        let options = read_on_route(pairs, &mut diagnostics);
        (options, diagnostics.messages())
    }

    #[test]
    fn a_route_takes_the_options_of_connections() {
        let (options, errors) = on_route(quote! {
            max_recv_size = 1_000_000, compression = "on", subprotocols = ["v2"], silence_max = 60, rate = 50, origins = any
        });
        assert_eq!(errors, [""; 0]);
        let words: Vec<_> = options.values.iter().map(|setting| setting.word.to_string()).collect();
        assert_eq!(words, ["max_recv_size", "compression", "subprotocols", "silence_max", "rate", "origins"]);
    }

    #[test]
    fn what_belongs_to_the_server_is_refused_with_the_reason() {
        for option in TABLE {
            let word = quote::format_ident!("{}", option.name);
            let (options, errors) = on_route(quote!(#word = VALUE));
            match option.owner {
                Owner::Connection => assert_eq!(errors, [""; 0], "{}", option.name),
                Owner::Server(reason) => {
                    let name = option.name;
                    let message =
                        format!("`{name}` belongs to the server: {reason}; write it in `#[ws_server(…)]`");
                    assert_eq!((errors, options.values.len()), (vec![message], 0));
                }
            }
        }
    }

    #[test]
    fn each_mistake_is_one_error_that_says_what_to_write() {
        for (tokens, message) in [
            (
                quote!(max_recv_size),
                "`max_recv_size` has no value: write `max_recv_size = …`, a whole number",
            ),
            (quote!(max_recv_size(5)), "`max_recv_size` takes its value after `=`"),
            (quote!(max_recv_size = "5"), "`max_recv_size` is a whole number, from 1 to 1073741824 bytes"),
            (quote!(rate = 5, rate = 6), "`rate` is given twice: remove one"),
            (
                quote!(max_recv_sise = 5),
                "a route has no option `max_recv_sise`, did you mean `max_recv_size`?\nit takes `guard`, ",
            ),
            (quote!(gaurd = member), "a route has no option `gaurd`, did you mean `guard`?"),
            (
                quote!(port = 80),
                "a route has no option `port`: `listen` belongs to the server: routes share its ports; write it in",
            ),
            (quote!(max_size = 80), "a route has no option `max_size`, did you mean `max_recv_size`?"),
            (quote!(path = "/lobby"), "its path stands first, without a name: `#[route(\"/lobby\")]`"),
            (quote!(keep = 10), "it belongs to the room: write `#[room(keep = 10)]`"),
            (
                quote!(envelope(id = "ref")),
                "`envelope` belongs to the server: all routes have the same keys; write it in",
            ),
            (
                quote!(on_ready = hello),
                "a route has no option `on_ready`: write `#[on(ready)]` above a function inside the module",
            ),
        ] {
            let (_, errors) = on_route(tokens.clone());
            assert!(matches!(&*errors, [error] if error.contains(message)), "{tokens}: {errors:?}");
        }
    }
}
