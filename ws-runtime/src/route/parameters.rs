//! The parameters of a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ws_spec::path::{Extent, Parameter, Pattern, Piece};

/// What is encoded in a canonical path: all but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same within a parameter that takes the rest of a path.
const RESERVED_IN_REST: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical path of one whose parameters are written in another way, as far as each takes one segment. `None` if
/// it is not UTF-8.
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
    pub(crate) fn canonical_path(&self, pattern: &Pattern) -> String {
        let mut path = String::new();
        let mut values = self.0.iter().map(|(_, value)| value);
        for piece in &pattern.pieces {
            match piece {
                Piece::Text(text) => path.push_str(text),
                Piece::Parameter(Parameter { extent, .. }) => {
                    let reserved = match extent {
                        Extent::Segment => RESERVED,
                        Extent::Rest => RESERVED_IN_REST,
                    };
                    path.extend(
                        values.next().into_iter().flat_map(|value| utf8_percent_encode(value, reserved)),
                    );
                }
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[(&str, &str)]) -> Parameters {
        Parameters::decode(raw.iter().copied()).unwrap()
    }

    fn canonical(parameters: &Parameters, pattern: &str) -> String {
        parameters.canonical_path(&Pattern::parse(pattern).unwrap())
    }

    #[test]
    fn all_spellings_of_a_path_have_one_canonical_path() {
        for raw in ["a%2Fb", "%61%2fb"] {
            let parameters = decoded(&[("id", raw), ("side", "x~y")]);
            assert_eq!(parameters.first(1).collect::<Vec<_>>(), [("id", "a/b")]);
            assert_eq!(canonical(&parameters, "/t/{id}/side/{side}"), "/t/a%2Fb/side/x~y");
        }
        assert_eq!(canonical(&decoded(&[("file", "a/%62")]), "/{*file}"), "/a/b");
        assert_eq!(canonical(&decoded(&[("id", "7")]), "/x/{id}.json"), "/x/7.json");
        assert_eq!(canonical(&Parameters::default(), "/lobby"), "/lobby");
    }

    #[test]
    fn segments_are_encoded_as_parameters_are() {
        for (raw, expected, id) in [
            ("/table/7", "/table/7", "7"),
            ("/table/a:b", "/table/a%3Ab", "a:b"),
            ("/table/jürgen", "/table/j%C3%BCrgen", "jürgen"),
            ("/table/a%2fb", "/table/a%2Fb", "a%2Fb"),
            ("/table/%61~", "/table/a~", "a~"),
        ] {
            assert_eq!(canonical_segments(raw).as_deref(), Some(expected));
            assert_eq!(canonical(&decoded(&[("id", id)]), "/table/{id}"), expected);
        }
        assert_eq!(canonical_segments("/table/%FF"), None);
    }

    #[test]
    fn a_value_that_is_not_utf8_is_none() {
        assert_eq!(Parameters::decode([("id", "%FF")].into_iter()), None);
    }
}
