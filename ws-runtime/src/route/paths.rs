//! The paths of a server, and what each leads to.

use matchit::{InsertError, Router};
use ws_spec::path::clash;

use super::{Parameters, Place};

/// A table from paths to values. `/lobby/` is not `/lobby`, and what is written out goes before a parameter.
#[derive(Debug)]
pub(crate) struct Paths<T> {
    router: Router<usize>,
    entries: Vec<(Place, T)>,
}

/// A path that cannot be served: another one is the same, it is none, the `Path` of a handler does not fit it, or what `#[room(…)]`
/// says of its rooms is out of bounds.
///
/// The message says where it was declared, and the other one.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RouteError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{new} and {old} {}", clash(new.path(), old.path()))]
    Taken { new: Place, old: Place },
    #[error("{place} is no path: {problem}")]
    Wrong { place: Place, problem: String },
    #[error("`{handler}` takes a `Path` that never fits {place}: {problem}")]
    Argument { place: Place, handler: &'static str, problem: String },
    #[error("wrong `#[room(…)]` of {place}: {problem}")]
    Rooms { place: Place, problem: String },
    #[error("wrong `#[room(…)]`: {problem}")]
    RoomsOfServer { problem: String },
}

impl RouteError {
    /// The `Path` of a handler does not fit its path.
    pub(crate) fn of_argument(place: Place, handler: &'static str, problem: String) -> Self {
        Problem::Argument { place, handler, problem }.into()
    }

    /// A rule of the rooms of a path is wrong; of every path, if there are no routes.
    pub(super) fn of_rooms(place: Option<Place>, problem: String) -> Self {
        match place {
            Some(place) => Problem::Rooms { place, problem }.into(),
            None => Problem::RoomsOfServer { problem }.into(),
        }
    }
}

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Self { router: Router::new(), entries: Vec::new() }
    }
}

impl<T> Paths<T> {
    pub(crate) fn insert(&mut self, place: Place, value: T) -> Result<(), RouteError> {
        let number = self.entries.len();
        match self.router.insert(place.path(), number) {
            Ok(()) => {
                self.entries.push((place, value));
                Ok(())
            }
            Err(InsertError::Conflict { with }) => {
                // Which one it is, the router does not always know.
                let old = self.entries.iter().map(|(old, _)| old).find(|old| clashes(old, &place));
                Err(match old {
                    Some(old) => Problem::Taken { new: place, old: old.clone() }.into(),
                    None => Problem::Wrong { place, problem: format!("it conflicts with `{with}`") }.into(),
                })
            }
            Err(problem) => Err(Problem::Wrong { place, problem: problem.to_string() }.into()),
        }
    }

    /// What the path of a request leads to, and its parameters. `raw` is the path as it was sent. `None` also if a
    /// parameter is not UTF-8.
    pub(crate) fn find(&self, raw: &str) -> Option<(&Place, &T, Parameters)> {
        let found = self.router.at(raw).ok()?;
        let (place, value) = self.entries.get(*found.value)?;
        Some((place, value, Parameters::decode(found.params.iter())?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All values, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Place, &T)> {
        self.entries.iter().map(|(place, value)| (place, value))
    }
}

/// Whether a table cannot have both of them.
fn clashes(old: &Place, new: &Place) -> bool {
    let mut both = Router::new();
    both.insert(old.path(), ()).is_ok() && both.insert(new.path(), ()).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(all: &[&str]) -> Result<Paths<usize>, RouteError> {
        let mut paths = Paths::default();
        for (number, path) in all.iter().enumerate() {
            paths.insert(Place::new(path, "main.rs", u32::try_from(number).unwrap() + 1), number)?;
        }
        Ok(paths)
    }

    #[test]
    fn what_is_written_out_goes_before_a_parameter() {
        let paths = paths(&["/lobby", "/{name}", "/table/{id}", "/file/{*rest}"]).unwrap();
        let found = |raw: &str| paths.find(raw).map(|(_, number, parameters)| (*number, parameters.len()));
        assert_eq!(found("/lobby"), Some((0, 0)));
        assert_eq!(found("/other"), Some((1, 1)));
        assert_eq!(found("/table/7"), Some((2, 1)));
        assert_eq!(found("/file/a/b"), Some((3, 1)));
        assert_eq!(found("/lobby/"), None);
        assert_eq!(found("/table/%FF"), None);
        assert_eq!(found("/"), None);
    }

    #[test]
    fn a_conflict_names_both_places() {
        let error = paths(&["/a", "/table/{id}", "/table/{name}"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/table/{name}` (main.rs:3) and `/table/{id}` (main.rs:2) are paths of the same requests: give one of them \
             another path"
        );
    }

    #[test]
    fn a_conflict_is_with_the_path_that_it_names() {
        let error = paths(&["/t/{id}", "/v{n}", "/{n}.json"]).unwrap_err().to_string();
        assert!(
            error.starts_with("`/{n}.json` (main.rs:3) and `/v{n}` (main.rs:2) overlap, and neither goes "),
            "{error}"
        );
        let error = paths(&["/t/{id}/x", "/a/{x}/c", "/a/{*rest}"]).unwrap_err().to_string();
        assert!(error.starts_with("`/a/{*rest}` (main.rs:3) and `/a/{x}/c` (main.rs:2) overlap"), "{error}");
    }

    /// Both the macro and `bind` rely on it.
    #[test]
    fn what_ws_spec_takes_as_a_pattern_is_a_path() {
        use proptest::prelude::*;
        let pieces = ["/", "a", "{id}", "{*rest}", "{b}", "%41", "-", ".", ":", "{", "}", "*"];
        let text = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..7);
        proptest!(|(pieces in text)| {
            let text: String = pieces.concat();
            if let Ok(pattern) = ws_spec::path::Pattern::parse(&text) {
                prop_assert_eq!(pattern.to_string(), text.as_str());
                prop_assert!(Router::new().insert(text.as_str(), ()).is_ok(), "{}", text);
            }
        });
    }
}
