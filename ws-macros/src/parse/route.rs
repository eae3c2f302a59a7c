//! Reads `#[route("/path", …)]`.

use proc_macro2::{Ident, Span};
use syn::{LitStr, Path};

use super::items::{Kind, RawAttribute, RawItem};
use super::marker::Marker;
use super::pairs::{self, Pair, PairValue};
use super::{outside, path, settings};
use crate::diagnostics::Diagnostics;
use crate::model::Options;

/// What the attribute says.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: LitStr,
    pub(super) guard: Option<Path>,
    pub(super) options: Options,
}

/// What the attribute of a route in a file of its own says besides. It is there even if the path is wrong.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The server's module, as seen from within the route.
    pub(super) server: Option<Path>,
    /// Whether `server` is there, right or wrong.
    pub(super) names_server: bool,
    /// The path of the runtime, if it is not `::ws_runtime`.
    pub(super) runtime: Option<Path>,
}

impl Route {
    /// What stands for a route whose attribute is wrong.
    pub(super) fn none(span: Span) -> Self {
        Self { path: LitStr::new("/", span), guard: None, options: Options::default() }
    }
}

const EXAMPLE: &str = "write `#[route(\"/table/{id}\")]`";

/// Reads the attribute of a route within its server. `None` if there is no right path.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<Route> {
    let (path, rest) = path::read(attribute, "a route", EXAMPLE, diagnostics)?;
    let mut pairs = pairs::read(rest, "guard = admin", diagnostics);
    let guard = guard(&mut pairs, diagnostics);
    for Pair { key: word, .. } in take(&mut pairs, "server") {
        diagnostics.error(
            word,
            "this route stands within its server: leave `server` out, which is for a route in a file of its own",
        );
    }
    let options = settings::read_on_route(pairs, diagnostics);
    Some(Route { path: path?.text, guard, options })
}

/// Reads the attribute of a route in a file of its own.
pub(super) fn read_alone(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> (Option<Route>, Links) {
    let Some((path, rest)) = path::read(attribute, "a route", ALONE, diagnostics) else {
        return (None, Links { names_server: true, ..Links::default() });
    };
    let mut pairs = pairs::read(rest, "server = crate::arcade", diagnostics);
    let guard = guard(&mut pairs, diagnostics);
    let servers = take(&mut pairs, "server");
    let names_server = !servers.is_empty();
    let server =
        one("server", servers, diagnostics).and_then(|(word, value)| server(&word, value, diagnostics));
    let runtimes = take(&mut pairs, "crate");
    let runtime = one("crate", runtimes, diagnostics).and_then(|(word, value)| match value {
        PairValue::Expression(path) => settings::read_path(&path, diagnostics),
        PairValue::Missing | PairValue::List(_) => {
            diagnostics.error(&word, "`crate` has no value: write `crate = my_ws_runtime`");
            None
        }
        PairValue::Broken => None,
    });
    let options = settings::read_on_route(pairs, diagnostics);
    let route = path.map(|path| Route { path: path.text, guard, options });
    (route, Links { server: server.map(outside::from_within), names_server, runtime })
}

/// The module that `server = …` names.
fn server(word: &Ident, value: PairValue, diagnostics: &mut Diagnostics) -> Option<Path> {
    match value {
        PairValue::Expression(value) => {
            let module = outside::module(&value).cloned();
            if module.is_none() {
                diagnostics.error(
                    value,
                    "`server` is the path of the module that is marked `#[ws_server(…)]`, without quotes: `server = crate::arcade`",
                );
            }
            module
        }
        PairValue::Missing | PairValue::List(_) => {
            diagnostics.error(word, "`server` needs the server's module: write `server = crate::arcade`");
            None
        }
        PairValue::Broken => None,
    }
}

fn guard(pairs: &mut Vec<Pair>, diagnostics: &mut Diagnostics) -> Option<Path> {
    let guards = take(pairs, "guard");
    one("guard", guards, diagnostics).and_then(|(word, value)| path::guard(&word, value, diagnostics))
}

/// Takes out the pairs with this key.
fn take(pairs: &mut Vec<Pair>, key: &str) -> Vec<Pair> {
    let (taken, left) = pairs.drain(..).partition(|pair| pair.key == key);
    *pairs = left;
    taken
}

/// The first of the pairs with one key. Others are reported.
fn one(key: &str, pairs: Vec<Pair>, diagnostics: &mut Diagnostics) -> Option<(Ident, PairValue)> {
    let mut pairs = pairs.into_iter();
    let first = pairs.next();
    for Pair { key: word, .. } in pairs {
        diagnostics.error(word, format!("`{key}` is given twice: remove one"));
    }
    first.map(|Pair { key, value }| (key, value))
}

const ALONE: &str = "write `#[route(\"/table/{id}\", server = crate::arcade)]`";

/// Both ways in which a route belongs to a server. `module` is the name of its module.
pub(super) fn no_server(module: &Ident) -> String {
    format!(
        "this route belongs to no server: move the module into the one that is marked `#[ws_server(…)]`, or name that one here, \
         `server = crate::arcade`, and this one there, `#[ws_server(routes = [crate::{module}])]`, both by their paths"
    )
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
