//! The keys of the attribute, the runtime's table of options, and the documentation must not drift apart.

use crate::options::{Key, Kind};

/// The runtime's table of options.
const TABLE: &str = include_str!("../../../ws-runtime/src/options/table.rs");

/// The documentation of the attribute.
const DOCS: &str = include_str!("../lib.rs");

/// The name of an option, the type of its value, and its bounds, from the runtime's table.
fn described() -> Vec<(String, String, String)> {
    let mut options = Vec::new();
    let mut lines = TABLE.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let head = line.split_once("(into ").or_else(|| line.split_once("(exact "));
        let Some((name, rest)) = head.filter(|_| !line.starts_with("//")) else { continue };
        let Some((given, _)) = rest.split_once(") -> ") else { continue };
        let bounds: String = lines.by_ref().take_while(|line| *line != "}").collect();
        options.push((name.to_owned(), given.to_owned(), bounds));
    }
    options
}

#[test]
fn every_option_is_a_key_and_every_key_an_option() {
    let options: Vec<String> = described().into_iter().map(|(name, ..)| name).collect();
    let keys: Vec<&str> = Key::ALL.into_iter().filter(|key| *key != Key::Crate).map(Key::name).collect();
    assert_eq!(keys, options);
}

#[test]
fn every_key_is_documented() {
    for key in Key::ALL {
        let row = format!("/// | `{}` |", key.name());
        assert!(DOCS.contains(&row), "{row}");
    }
}

#[test]
fn literals_have_the_bounds_of_their_options() {
    for (name, given, text) in described() {
        let key = Key::of_name(&name).unwrap();
        let (least, most) = match key.kind() {
            Kind::Seconds { least, most } => {
                assert_eq!(given, "Seconds", "{name}");
                (least, most)
            }
            Kind::Count { least, most, .. } => {
                assert_eq!(given, "usize", "{name}");
                (least, most)
            }
            _ => {
                assert!(given != "Seconds" && given != "usize", "{name}");
                continue;
            }
        };
        let (_, bounds) = text.split_once("bounds: (").unwrap();
        let (bounds, _) = bounds.split_once(')').unwrap();
        let (lower, upper) = bounds.split_once(" ..= ").unwrap();
        let number = |text: &str| text.replace('_', "").parse::<f64>().unwrap();
        assert_eq!((number(lower), number(upper)), (least, most), "{name}");
    }
}
