//! Reads `#[route("/path", …)]`.

use proc_macro2::{Span, TokenStream};
use syn::{LitStr, Path};

use super::items::RawAttribute;
use super::pairs::{self, Pair};
use super::{path, settings};
use crate::diagnostics::Diagnostics;
use crate::model::Options;

/// What the attribute says.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: LitStr,
    pub(super) guard: Option<Path>,
    pub(super) options: Options,
}

impl Route {
    /// What stands for a route whose attribute is wrong.
    pub(super) fn none(span: Span) -> Self {
        Self { path: LitStr::new("/", span), guard: None, options: Options::default() }
    }
}

const EXAMPLE: &str = "write `#[route(\"/table/{id}\")]`";

/// `None` if there is no right path.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Route> {
    let (path, rest) = path::read(attribute, "a route", EXAMPLE, diagnostics)?;
    let (guard, options) = arguments(rest, diagnostics);
    Some(Route { path: path?.text, guard, options })
}

/// What follows the path: the guard, and options of connections.
fn arguments(tokens: TokenStream, diagnostics: &mut Diagnostics) -> (Option<Path>, Options) {
    let pairs = pairs::read(tokens, "guard = admin", diagnostics);
    let (guards, options): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| pair.key == "guard");
    let mut guard = None;
    for Pair { key: word, value } in guards {
        if guard.is_some() {
            diagnostics.error(&word, "`guard` is given twice: remove one");
            continue;
        }
        guard = path::guard(&word, value, diagnostics);
    }
    (guard, settings::read_on_route(options, diagnostics))
}
