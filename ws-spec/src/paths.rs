//! A table from paths to values, and why it does not take a path.

use matchit::{InsertError, Router};

use crate::path::Pattern;

pub use matchit::Params;

/// A table from patterns of paths to values. `/lobby/` is not `/lobby`, and what is written out goes before a
/// parameter.
#[derive(Debug, Clone)]
pub struct Paths<T> {
    router: Router<usize>,
    entries: Vec<(String, T)>,
}

/// Why a table does not take a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused<'t, T> {
    /// It cannot stand beside a path that is there, with this value.
    Clash {
        /// The path that is there.
        with: &'t str,
        /// Its value.
        value: &'t T,
        /// The end of a sentence about both paths.
        why: &'static str,
    },
    /// It is no path.
    NoPath,
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Self { router: Router::new(), entries: Vec::new() }
    }
}

impl<T> Paths<T> {
    /// Adds a path.
    ///
    /// # Errors
    ///
    /// Why it cannot be added.
    pub fn insert(&mut self, path: &str, value: T) -> Result<(), Refused<'_, T>> {
        match self.router.insert(path, self.entries.len()) {
            Ok(()) => {
                self.entries.push((path.to_owned(), value));
                Ok(())
            }
            Err(InsertError::Conflict { with }) => Err(self.clash(path, &with)),
            Err(_) => Err(Refused::NoPath),
        }
    }

    /// The first path beside which the new one cannot stand. What the router names may have nothing to do with it,
    /// unless it clashes with several only together.
    fn clash(&self, new: &str, named: &str) -> Refused<'_, T> {
        let clashes = |old: &str| {
            let mut both = Router::new();
            both.insert(old, ()).is_ok() && both.insert(new, ()).is_err()
        };
        let mut entries = self.entries.iter();
        let named = || self.entries.iter().find(|(old, _)| old == named);
        match entries.find(|(old, _)| clashes(old)).or_else(named) {
            Some((with, value)) => Refused::Clash { with, value, why: why(with, new) },
            None => Refused::NoPath,
        }
    }

    /// The value of a path as a request sends it, and the parameters as they were sent.
    #[must_use]
    pub fn find<'p>(&self, raw: &'p str) -> Option<(&T, Params<'_, 'p>)> {
        let found = self.router.at(raw).ok()?;
        let (_, value) = self.entries.get(*found.value)?;
        Some((value, found.params))
    }

    /// All values, in the order in which they were added.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Whether there is no path.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn why(one: &str, other: &str) -> &'static str {
    match (Pattern::parse(one), Pattern::parse(other)) {
        (Ok(one), Ok(other)) if !one.is_same(&other) => {
            "overlap, and neither goes before the other: where one has a parameter, let the other one have a text there, or a \
             parameter of the same form"
        }
        _ => "are paths of the same requests: give one of them another path",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(all: &[&str]) -> Paths<usize> {
        let mut paths = Paths::default();
        for (number, path) in all.iter().enumerate() {
            paths.insert(path, number).unwrap();
        }
        paths
    }

    #[test]
    fn what_is_written_out_goes_before_a_parameter() {
        let paths = paths(&["/lobby", "/{name}", "/table/{id}", "/file/{*rest}"]);
        let found = |raw| paths.find(raw).map(|(number, params)| (*number, params.len()));
        assert_eq!(found("/lobby"), Some((0, 0)));
        assert_eq!(found("/other"), Some((1, 1)));
        assert_eq!(found("/table/7"), Some((2, 1)));
        assert_eq!(found("/file/a/b"), Some((3, 1)));
        assert_eq!(found("/lobby/"), None);
        assert_eq!(found("/"), None);
    }

    #[test]
    fn a_clash_is_with_the_path_that_it_names() {
        for (there, new, with, part) in [
            (["/a", "/table/{id}"], "/table/{name}", "/table/{id}", "of the same requests"),
            (["/t/{id}", "/v{n}"], "/{n}.json", "/v{n}", "overlap"),
            (["/t/{id}/x", "/a/{x}/c"], "/a/{*rest}", "/a/{x}/c", "overlap"),
        ] {
            let mut paths = paths(&there);
            let Err(Refused::Clash { with: found, why, .. }) = paths.insert(new, 2) else {
                panic!("{new} is refused")
            };
            assert_eq!(found, with);
            assert!(why.contains(part), "{new}: {why}");
        }
    }

    #[test]
    fn every_pattern_is_a_path() {
        let pieces = ["/", "a", "{id}", "{*rest}", "{b}", "%41", "-", ".", ":", "{", "}", "*"];
        let text = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..7);
        proptest!(|(pieces in text)| {
            let text: String = pieces.concat();
            if let Ok(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(pattern.to_string(), text.as_str());
                prop_assert!(Paths::default().insert(&text, ()).is_ok(), "{}", text);
            }
        });
    }
}
