//! Reads `#[get("/path", guard = …)]`.

use ws_spec::nearest;

use super::items::RawAttribute;
use super::pairs::{self, Pair};
use super::path;
use crate::diagnostics::Diagnostics;
use crate::model::{Limits, Role};

const EXAMPLE: &str = "write `#[get(\"/health\")]`, or `#[get(\"/user/{id}\")]` and take a `Path`";

/// `None` if the attribute is wrong.
pub(super) fn read(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> Option<(Role, Limits)> {
    let before = diagnostics.count();
    let (path, rest) = path::read(attribute, "`#[get]`", EXAMPLE, diagnostics)?;
    let mut limits = Limits::default();
    for Pair { key: word, value } in pairs::read(rest, "guard = admin", diagnostics) {
        if word != "guard" {
            let name = word.to_string();
            let meant = nearest(&name, ["guard"]).map(|_| ", did you mean `guard`?").unwrap_or_default();
            diagnostics.error(
                &word,
                format!("a `#[get]` has no `{name}`{meant}\nafter the path it takes only `guard = …`"),
            );
        } else if limits.guard.is_some() {
            diagnostics.error(&word, "`guard` is given twice: remove one");
        } else {
            limits.guard = path::guard(&word, value, diagnostics);
        }
    }
    let path = path?;
    (diagnostics.count() == before).then_some((Role::Get(path), limits))
}
