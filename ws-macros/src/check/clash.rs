//! Finds two paths that a table of paths cannot have both.

use matchit::Router;

/// The first of the earlier paths beside which the new one cannot stand. The router itself names one that has nothing to do with
/// it, where there are several.
pub(super) fn with<'p>(new: &str, mut earlier: impl Iterator<Item = &'p str>) -> Option<&'p str> {
    earlier.find(|old| {
        let mut both = Router::new();
        both.insert(*old, ()).is_ok() && both.insert(new, ()).is_err()
    })
}
