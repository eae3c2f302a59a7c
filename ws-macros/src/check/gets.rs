//! Checks the paths of `#[get]`.

use ws_spec::paths::{Paths, Refused};

use crate::diagnostics::Diagnostics;
use crate::model::{Role, Scope};

/// Checks that no two paths take the same requests.
pub(super) fn paths_differ(scope: &Scope, diagnostics: &mut Diagnostics) {
    let mut paths = Paths::default();
    for handler in &scope.handlers {
        let Role::Get(path) = &handler.role else { continue };
        if !handler.cfgs.0.is_empty() {
            // They may exclude each other; the server finds out when it starts.
            continue;
        }
        let written = path.text.value();
        match paths.insert(&written, &handler.name) {
            Ok(()) => {}
            Err(Refused::Clash { with, value: first, .. }) if with == written => diagnostics.error(
                &path.text,
                format!("`{with}` is answered already by `{first}`: a path has one handler"),
            ),
            Err(Refused::Clash { with, value: first, why }) => diagnostics.error(
                &path.text,
                format!("`{written}` and `{with}`, which is answered by `{first}`, {why}"),
            ),
            Err(Refused::NoPath) => diagnostics.error(&path.text, format!("`{written}` is no path")),
        }
    }
}
