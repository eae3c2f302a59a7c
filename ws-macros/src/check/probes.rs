//! Checks the paths that the server answers by itself: the options `health` and `readiness`.

use syn::{Expr, ExprLit, Lit, LitStr};
use ws_spec::options::Kind;

use crate::diagnostics::Diagnostics;
use crate::model::{Role, Server, Setting, Value};
use crate::syntax::bare;

/// Checks that no `#[get]`, no route and no other probe has the path of a probe. What is not written out is checked
/// when the server starts.
pub(super) fn have_paths_of_their_own(server: &Server, diagnostics: &mut Diagnostics) {
    let probes: Vec<(&Setting, &LitStr)> =
        server.settings.options.values.iter().filter_map(|setting| Some((setting, path(setting)?))).collect();
    for (number, (setting, path)) in probes.iter().enumerate() {
        let (option, written) = (&setting.word, path.value());
        let first = probes.iter().take(number).find(|(_, other)| other.value() == written);
        if let Some((other, _)) = first {
            let other = &other.word;
            diagnostics.error(
                path,
                format!("`{written}` is the path of the option `{other}`: give `{option}` another one"),
            );
            continue;
        }
        for handler in &server.root.handlers {
            let Role::Get(get) = &handler.role else { continue };
            if handler.cfgs.0.is_empty() && get.text.value() == written {
                let name = &handler.name;
                diagnostics.error(
                    &get.text,
                    format!(
                        "`{written}` is the path of the option `{option}`, which is answered before the handler `{name}`: give one of \
                         them another path"
                    ),
                );
            }
        }
        let marks =
            server.routes.iter().filter(|scope| scope.serves()).filter_map(|scope| scope.route.as_ref());
        for mark in marks.filter(|mark| mark.cfgs.0.is_empty() && mark.full_path == written) {
            diagnostics.error(
                &mark.path,
                format!(
                    "`{written}` is the path of the option `{option}`, which is answered before a route: give one of them another \
                     path"
                ),
            );
        }
    }
}

/// The path of a probe, if it is written out.
fn path(setting: &Setting) -> Option<&LitStr> {
    if setting.kind != Kind::Path {
        return None;
    }
    let Value::Expression(value) = &setting.value else { return None };
    match bare(value) {
        Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) if path.value() != NONE => Some(path),
        _ => None,
    }
}

/// The word for no such path.
const NONE: &str = "none";
