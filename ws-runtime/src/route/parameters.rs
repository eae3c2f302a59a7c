//! The parameters of a path.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is encoded in a canonical path: all but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same within a parameter that takes the rest of a path.
const RESERVED_IN_REST: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical path of one whose parameters are written in another way, as far as each takes one segment. `None` if it is
/// not UTF-8.
pub(crate) fn canonical_segments(path: &str) -> Option<String> {
    let segments = path.split('/').map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8().ok()?;
        Some(utf8_percent_encode(&decoded, RESERVED).to_string())
    });
    Some(segments.collect::<Option<Vec<_>>>()?.join("/"))
}

/// The parameters of a path, in the order in which they stand in it, percent-decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// `None` if a value is not UTF-8.
    pub(super) fn decode<'m>(raw: impl Iterator<Item = (&'m str, &'m str)>) -> Option<Self> {
        let decoded = raw.map(|(name, value)| {
            let value = percent_decode_str(value).decode_utf8().ok()?;
            Some((name.to_owned(), value.into_owned()))
        });
        decoded.collect::<Option<_>>().map(Self)
    }

    /// The names and the values of the first `count`, in order.
    pub(crate) fn first(&self, count: usize) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().take(count).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The path that all spellings of it have in common: in the pattern, each parameter is encoded in one way.
    pub(crate) fn canonical_path(&self, pattern: &str) -> String {
        let mut path = String::with_capacity(pattern.len() + 16);
        let mut left = pattern;
        let mut values = self.0.iter().map(|(_, value)| value);
        while let Some(at) = left.find(['{', '}']) {
            let (before, behind) = left.split_at(at);
            path.push_str(before);
            if behind.starts_with("{{") || behind.starts_with("}}") {
                // An escaped brace.
                path.push_str(behind.get(..1).unwrap_or_default());
                left = behind.get(2..).unwrap_or_default();
                continue;
            }
            let reserved = if behind.starts_with("{*") { RESERVED_IN_REST } else { RESERVED };
            if let Some(value) = values.next() {
                let _ = write!(path, "{}", utf8_percent_encode(value, reserved));
            }
            left = behind.split_once('}').map_or("", |(_, behind)| behind);
        }
        path.push_str(left);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[(&str, &str)]) -> Parameters {
        Parameters::decode(raw.iter().copied()).unwrap()
    }

    #[test]
    fn all_spellings_of_a_path_have_one_canonical_path() {
        for raw in ["a%2Fb", "%61%2fb"] {
            let parameters = decoded(&[("id", raw), ("side", "x~y")]);
            assert_eq!(parameters.first(1).collect::<Vec<_>>(), [("id", "a/b")]);
            assert_eq!(parameters.canonical_path("/t/{id}/side/{side}"), "/t/a%2Fb/side/x~y");
        }
        assert_eq!(decoded(&[("file", "a/%62")]).canonical_path("/{*file}"), "/a/b");
        assert_eq!(decoded(&[("id", "7")]).canonical_path("/{{x}}/{id}.json"), "/{x}/7.json");
        assert_eq!(Parameters::default().canonical_path("/lobby"), "/lobby");
    }

    #[test]
    fn segments_are_encoded_as_parameters_are() {
        for (raw, canonical, id) in [
            ("/table/7", "/table/7", "7"),
            ("/table/a:b", "/table/a%3Ab", "a:b"),
            ("/table/jürgen", "/table/j%C3%BCrgen", "jürgen"),
            ("/table/a%2fb", "/table/a%2Fb", "a%2Fb"),
            ("/table/%61~", "/table/a~", "a~"),
        ] {
            assert_eq!(canonical_segments(raw).as_deref(), Some(canonical));
            assert_eq!(decoded(&[("id", id)]).canonical_path("/table/{id}"), canonical);
        }
        assert_eq!(canonical_segments("/table/%FF"), None);
    }

    #[test]
    fn a_value_that_is_not_utf8_is_none() {
        assert_eq!(Parameters::decode([("id", "%FF")].into_iter()), None);
    }
}
