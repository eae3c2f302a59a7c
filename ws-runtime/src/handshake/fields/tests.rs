use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(Option<u32>);

#[derive(Debug, PartialEq, Deserialize)]
enum Side {
    Black,
    White,
}

#[test]
fn a_struct_may_have_fields_of_any_flat_type() {
    let query = "text=a%26b&cow=c+d&plain=p&letter=%C3%BC&small=-128&large=340282366920938463463374607431768211455&\
                 fraction=1e3&flag=0&wrapped=7&side=White&list=1&pair=1&list=2&pair=x&unit&other=1";
    let all: Flat<'_> = read(query).unwrap();
    assert_eq!(all.text, "a&b");
    assert_eq!((&*all.cow, all.plain, all.letter), ("c d", "p", 'ü'));
    assert!(matches!(read::<Flat<'_>>(&query.replace("c+d", "cd")).unwrap().cow, Cow::Borrowed("cd")));
    assert_eq!((all.small, all.large, all.fraction, all.flag), (-128, u128::MAX, 1000.0, false));
    assert_eq!((all.maybe, all.wrapped, all.side), (None, Wrapped(Some(7)), Side::White));
    assert_eq!((all.list, all.pair), (vec![1, 2], (1, "x".to_owned())));
}

/// One field of each type.
#[derive(Debug, PartialEq, Deserialize)]
struct Flat<'q> {
    text: String,
    #[serde(borrow)]
    cow: Cow<'q, str>,
    plain: &'q str,
    letter: char,
    small: i8,
    large: u128,
    fraction: f64,
    flag: bool,
    maybe: Option<i64>,
    wrapped: Wrapped,
    side: Side,
    list: Vec<u16>,
    pair: (u8, String),
    unit: (),
}

#[test]
fn texts_can_be_flattened_and_a_query_can_be_a_map_or_a_list() {
    #[derive(Deserialize)]
    struct Flattened {
        first: u8,
        #[serde(flatten)]
        rest: HashMap<String, String>,
    }
    let flattened: Flattened = read("first=1&second=2").unwrap();
    assert_eq!((flattened.first, flattened.rest["second"].as_str()), (1, "2"));
    let map: BTreeMap<String, Vec<u8>> = read("b=1&a=2&b=3").unwrap();
    assert_eq!(map, BTreeMap::from([("a".to_owned(), vec![2]), ("b".to_owned(), vec![1, 3])]));
    let list: Vec<(&str, u8)> = read("b=1&a=2&b=3").unwrap();
    assert_eq!(list, [("b", 1), ("a", 2), ("b", 3)]);
    read::<()>("a=1").unwrap();
}

#[test]
fn an_error_names_the_field() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "never made")]
    struct Strict {
        cell: u8,
        plain: Option<&'static str>,
        nested: Option<BTreeMap<String, u8>>,
        side: Option<Side>,
    }
    for (query, expected) in [
        ("", "missing field `cell`"),
        ("cell=-1", "`cell`: invalid value: string \"-1\", expected u8"),
        ("cell=1&cell=2&cell=3", "`cell`: given 3 times, but once is enough"),
        ("cell=1&plain=a+b", "`plain`: invalid type: string \"a b\", expected a borrowed string"),
        ("cell=1&nested=x", "`nested`: invalid type: string \"x\", expected a map"),
        ("cell=1&side=Red", "`side`: unknown variant `Red`, expected `Black` or `White`"),
        ("cell=1&other", "unknown field `other`, expected one of `cell`, `plain`, `nested`, `side`"),
    ] {
        // Every query lives as long as the program.
        assert_eq!(read::<Strict>(query).unwrap_err().to_string(), expected, "{query}");
    }
    assert_eq!(read::<u8>("a=1").unwrap_err().to_string(), "invalid type: map, expected u8");
}

#[test]
fn thousands_of_names_are_grouped_without_comparing_each_with_each() {
    let query: String = (0..60_000).rev().map(|number| format!("{number}=x&")).collect();
    let map: HashMap<String, String> = read(&query).unwrap();
    assert_eq!(map.len(), 60_000);
}

proptest! {
    #[test]
    fn what_a_browser_encodes_is_read_back(
        text in ".*", texts in proptest::collection::vec(".*", 0..4), number: i64, flag: bool, maybe: Option<u8>,
    ) {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Form {
            text: String,
            #[serde(default)]
            texts: Vec<String>,
            number: i64,
            flag: bool,
            maybe: Option<u8>,
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("text", &text).append_pair("number", &number.to_string());
        texts.iter().for_each(|text| { query.append_pair("texts", text); });
        query.append_pair("flag", &flag.to_string());
        maybe.iter().for_each(|maybe| { query.append_pair("maybe", &maybe.to_string()); });
        let query = query.finish();
        prop_assert_eq!(read::<Form>(&query).unwrap(), Form { text, texts, number, flag, maybe });
    }

    #[test]
    fn no_query_makes_it_panic(query in ".*") {
        let _ = read::<Flat<'_>>(&query);
        let _ = read::<BTreeMap<char, Vec<bool>>>(&query);
        let _ = read::<Vec<(i8, f32)>>(&query);
    }
}
