//! Checks lists: of origins, hosts, networks and subprotocols.

use proc_macro2::Ident;
use syn::Expr;
use ws_spec::{HostName, Network, Origin, is_token};

use super::written::{Written, lone_word};
use crate::diagnostics::Diagnostics;
use crate::syntax::bare;

/// How the list of an option is written.
pub(super) struct List<T> {
    /// The words that stand in place of a list.
    words: &'static [&'static str],
    parse: fn(&str) -> Result<T, &'static str>,
    /// What an element is.
    what: &'static str,
    /// What to write.
    forms: &'static str,
}

pub(super) const ORIGINS: List<Origin> = List {
    words: &["any", "same"],
    parse: Origin::parse,
    what: "the origin of a web page",
    forms: "write a scheme and a host, such as `\"https://example.org\"` or `\"http://localhost:3000\"`; `origins` can \
            also be `any` or `same`",
};

pub(super) const HOSTS: List<HostName> = List {
    words: &["any", "auto"],
    parse: HostName::parse,
    what: "a host",
    forms: "write names, such as `\"example.org\"` or `\"*.example.org\"`, or addresses; `hosts` can also be `any` or \
            `auto`",
};

/// Those of `proxy_protocol`.
pub(super) const NETWORKS: List<Network> = List {
    words: &["any", "none"],
    parse: Network::parse,
    what: "a network",
    forms: "write an address such as `\"127.0.0.1\"`, a network such as `\"10.0.0.0/8\"`, or `\"unix\"`; \
            `proxy_protocol` can also be `any`",
};

/// Those of `trusted_proxies`, which cannot be `any`.
pub(super) const TRUSTED_NETWORKS: List<Network> = List {
    words: &["none"],
    parse: Network::parse,
    what: "a network",
    forms: "write an address such as `\"127.0.0.1\"`, a network such as `\"10.0.0.0/8\"`, or `\"unix\"`",
};

impl<T> List<T> {
    /// The word that stands in place of a list, if it is written without quotes.
    pub(super) fn word<'e>(&self, value: &'e Expr) -> Option<&'e Ident> {
        lone_word(value).filter(|word| self.words.iter().any(|known| word == known))
    }

    /// Checks each value of a list, or a single one.
    pub(super) fn check(&self, option: &str, value: &Expr, diagnostics: &mut Diagnostics) {
        let Expr::Array(array) = bare(value) else { return self.check_text(value, diagnostics) };
        for element in &array.elems {
            match self.word(element) {
                Some(word) => diagnostics
                    .error(element, format!("`{word}` cannot be one of a list: write `{option} = {word}`")),
                None => self.check_text(element, diagnostics),
            }
        }
    }

    /// Checks the parts of a text that are separated by commas.
    fn check_text(&self, value: &Expr, diagnostics: &mut Diagnostics) {
        let Self { words, parse, what, forms } = self;
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
