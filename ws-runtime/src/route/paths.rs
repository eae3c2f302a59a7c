//! The paths of a server, and what each leads to.

use ws_spec::paths::{self, Refused};

use super::{Parameters, Place};

/// A table from paths to values, each with the place where it was declared.
#[derive(Debug)]
pub(crate) struct Paths<T>(paths::Paths<(Place, T)>);

impl<T> Default for Paths<T> {
    fn default() -> Self {
        Self(paths::Paths::default())
    }
}

impl<T> Paths<T> {
    pub(crate) fn insert(&mut self, place: Place, value: T) -> Result<(), RouteError> {
        let new = place.clone();
        self.0.insert(new.path(), (place, value)).map_err(|refused| match refused {
            Refused::Clash { value: (old, _), why, .. } => {
                Problem::Clash { new: new.clone(), old: old.clone(), why }.into()
            }
            Refused::NoPath => Problem::NoPath { place: new.clone() }.into(),
        })
    }

    /// What the path of a request leads to, and its parameters. `raw` is the path as it was sent. `None` also if a
    /// parameter is not UTF-8.
    pub(crate) fn find(&self, raw: &str) -> Option<(&T, Parameters)> {
        let ((_, value), params) = self.0.find(raw)?;
        Some((value, Parameters::decode(params.iter())?))
    }

    /// Where this path is declared, letter by letter, if it is.
    pub(crate) fn place_of(&self, path: &str) -> Option<&Place> {
        self.iter().map(|(place, _)| place).find(|place| place.path() == path)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All values, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Place, &T)> {
        self.0.values().map(|(place, value)| (place, value))
    }
}

/// A path that cannot be served: another one is the same, it is none, the `Path` of a handler does not fit it, or
/// what `#[room(…)]` says of its rooms is out of bounds; or the option `health` or `readiness` has taken it.
///
/// The message says where it was declared, and the other one.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RouteError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{new} and {old} {why}")]
    Clash { new: Place, old: Place, why: &'static str },
    #[error("{place} is no path")]
    NoPath { place: Place },
    #[error("`{handler}` takes a `Path` that never fits {place}: {problem}")]
    Argument { place: Place, handler: &'static str, problem: String },
    #[error("`{option}` is the path of {place}, which would never be asked: give one of them another path")]
    Probe { option: &'static str, place: Place },
    #[error("`health` and `readiness` are both {path:?}: give one of them another path")]
    SameProbe { path: String },
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

    /// An option gives the server a path that has a handler.
    pub(crate) fn of_probe(option: &'static str, place: Place) -> Self {
        Problem::Probe { option, place }.into()
    }

    /// Both probes have this path.
    pub(crate) fn of_same_probe(path: &str) -> Self {
        Problem::SameProbe { path: path.to_owned() }.into()
    }

    /// A rule of the rooms of a path is wrong; of every path, if there are no routes.
    pub(super) fn of_rooms(place: Option<Place>, problem: String) -> Self {
        match place {
            Some(place) => Problem::Rooms { place, problem }.into(),
            None => Problem::RoomsOfServer { problem }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clash_names_both_places() {
        let mut paths = Paths::default();
        let place = |path, line| Place::new(path, "main.rs", line);
        paths.insert(place("/a", 1), ()).unwrap();
        paths.insert(place("/table/{id}", 2), ()).unwrap();
        let error = paths.insert(place("/table/{name}", 3), ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/table/{name}` (main.rs:3) and `/table/{id}` (main.rs:2) are paths of the same requests: give one of them \
             another path"
        );
    }
}
