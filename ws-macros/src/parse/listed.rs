//! Reads `routes = [crate::table::route]`, the list of the routes in files of their own.

use quote::ToTokens;
use syn::Expr;

use super::{handler, outside};
use crate::cfgs::Cfgs;
use crate::diagnostics::Diagnostics;
use crate::model::Listed;
use crate::syntax::bare;

/// `None` if it is no list.
pub(super) fn read(value: &Expr, diagnostics: &mut Diagnostics) -> Option<Vec<Listed>> {
    let Expr::Array(list) = bare(value) else {
        let example = outside::module(value).map_or_else(
            || EXAMPLE.to_owned(),
            |path| format!("`routes = [{}]`", path.to_token_stream().to_string().replace(' ', "")),
        );
        diagnostics.error(value, format!("`routes` is a list of modules: write {example}"));
        return None;
    };
    let mut routes: Vec<(String, Cfgs)> = Vec::new();
    let mut listed = Vec::new();
    for element in &list.elems {
        let Some(path) = outside::module(element) else {
            diagnostics.error(
                element,
                format!("each of `routes` is the path of a module that is marked `#[route(…, server = …)]`: write {EXAMPLE}"),
            );
            continue;
        };
        let cfgs = conditions(element);
        let written = path.to_token_stream().to_string();
        if routes.iter().any(|(route, others)| *route == written && !cfgs.excludes(others)) {
            diagnostics.error(path, "this route is listed twice: remove one");
            continue;
        }
        routes.push((written, cfgs.clone()));
        listed.push(Listed { path: outside::from_within(path.clone()), cfgs });
    }
    Some(listed)
}

/// The `#[cfg(…)]` before an element.
fn conditions(element: &Expr) -> Cfgs {
    let Expr::Path(path) = element else { return Cfgs::default() };
    Cfgs(path.attrs.iter().filter_map(handler::condition).collect())
}

const EXAMPLE: &str = "`routes = [crate::table::route]`";
