//! Reads `#[route("/path", …)]`.

use proc_macro2::{Span, TokenStream};
use syn::{LitStr, Path};

use super::items::{Kind, RawAttribute, RawItem};
use super::marker::Marker;
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

/// Why `#[route]` cannot stand on an item that is no module.
pub(super) fn on_no_module(item: &RawItem) -> String {
    let noun = item.noun();
    let instead = match item.kind {
        Kind::Function => {
            "write `mod … { … }` around the handlers of its connections; a plain HTTP request is answered by `#[get(\"/path\")]` on a \
             function"
        }
        Kind::Struct
        | Kind::Enum
        | Kind::Union
        | Kind::TypeAlias
        | Kind::Constant
        | Kind::Static
        | Kind::Use
        | Kind::Module
        | Kind::Impl
        | Kind::Trait
        | Kind::Other => "write `mod … { … }` around the handlers and what they share",
    };
    format!("`#[route]` belongs on a module, and this is {noun}: {instead}")
}

/// Reports the attributes beside `#[route]` that cannot stand there.
pub(super) fn stands_alone(
    item: &RawItem,
    first: &RawAttribute,
    runtime: Option<&Path>,
    diagnostics: &mut Diagnostics,
) {
    let others = item.attributes.iter().filter(|other| !std::ptr::eq(*other, first));
    for other in others.filter(|other| is_read(other, runtime)) {
        let message = match Marker::of(other, runtime) {
            Some(Marker::Route) => "this module has a path already, and a route has one: write a second module, whose handlers may \
                 call the same functions"
                .to_owned(),
            Some(marker) => {
                let (name, what) = (marker.name(), if marker.marks_functions() { "function" } else { "type" });
                format!("`#[{name}]` belongs on a {what}, and this is a module: leave it out")
            }
            None if is_guard(other) => "the guard of a route is named in its attribute: write `#[route(…, guard = admin)]`, the name of a \
                 function that returns a `Result<(), Reject>`"
                .to_owned(),
            None => "a route is no server of its own: leave `#[ws_server]` out".to_owned(),
        };
        diagnostics.error(&other.group, message);
    }
}

/// Whether the macro takes an attribute off a route.
pub(super) fn is_read(attribute: &RawAttribute, runtime: Option<&Path>) -> bool {
    let is_server = || attribute.path.last().is_some_and(|name| name == "ws_server");
    Marker::of(attribute, runtime).is_some() || is_server() || is_guard(attribute)
}

/// Whether an attribute names a guard, as in other frameworks.
fn is_guard(attribute: &RawAttribute) -> bool {
    ["guard", "guards", "use_guards", "UseGuards", "middleware"].into_iter().any(|name| attribute.is(name))
}
