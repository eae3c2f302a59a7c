//! Checks the paths of `#[get]`.

use matchit::{InsertError, Router};

use super::clash;
use crate::diagnostics::Diagnostics;
use crate::model::{Handler, PathText, Role, Scope};

/// Checks that no two paths take the same requests.
pub(super) fn paths_differ(scope: &Scope, diagnostics: &mut Diagnostics) {
    let mut router = Router::new();
    let mut earlier: Vec<(&Handler, &PathText)> = Vec::new();
    for handler in &scope.handlers {
        let Role::Get(path) = &handler.role else { continue };
        if !handler.cfgs.0.is_empty() {
            // They may exclude each other; the server finds out when it starts.
            continue;
        }
        let written = path.text.value();
        let found = |with: &str| earlier.iter().find(|(_, path)| path.text.value() == with);
        match router.insert(written.clone(), ()) {
            Ok(()) => {}
            Err(InsertError::Conflict { with }) => {
                let texts: Vec<String> = earlier.iter().map(|(_, path)| path.text.value()).collect();
                let with = clash::with(&written, texts.iter().map(String::as_str)).unwrap_or(&with);
                let name = found(with).map(|(first, _)| format!(" by `{}`", first.name)).unwrap_or_default();
                let message = if with == written {
                    format!("`{with}` is answered already{name}: a path has one handler")
                } else {
                    format!(
                        "`{written}` and `{with}`, which is answered{name}, {}",
                        ws_spec::path::clash(&written, with)
                    )
                };
                diagnostics.error(&path.text, message);
            }
            Err(problem) => diagnostics.error(&path.text, format!("this is no path: {problem}")),
        }
        earlier.push((handler, path));
    }
}
