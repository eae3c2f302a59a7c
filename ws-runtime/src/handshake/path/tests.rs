use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Side {
    Black,
    White,
}

#[derive(Debug, Deserialize, PartialEq)]
struct TableId(u64);

#[derive(Debug, Deserialize, PartialEq)]
struct Seat<'a> {
    table: TableId,
    side: Side,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Pair(u8, String);

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Named {
    Well(Side),
    Otherwise(String),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    others: HashMap<String, String>,
}

fn read<'a, T: FromPath<'a>>(parameters: &[(&'a str, &'a str)]) -> Result<T, String> {
    T::from_path(parameters.to_vec())
}

fn one<'a, T: FromPath<'a>>(value: &'a str) -> Result<T, String> {
    read(&[("id", value)])
}

#[test]
fn parameters_are_read_into_one_type_a_tuple_or_a_struct() {
    assert_eq!(one::<u64>("7"), Ok(7));
    assert_eq!(one::<&str>("a b"), Ok("a b"));
    assert_eq!(one::<String>("07"), Ok("07".to_owned()));
    assert_eq!(one::<char>("é"), Ok('é'));
    assert_eq!(one::<Side>("white"), Ok(Side::White));
    assert_eq!(one::<TableId>("7"), Ok(TableId(7)));
    assert_eq!(one::<(TableId,)>("7"), Ok((TableId(7),)));
    let all = [("table", "7"), ("side", "black"), ("name", "ann")];
    assert_eq!(read::<(u64, Side, &str)>(&all), Ok((7, Side::Black, "ann")));
    assert_eq!(read(&all), Ok(Seat { table: TableId(7), side: Side::Black, name: Cow::Borrowed("ann") }));
    assert_eq!(read::<Pair>(&[("a", "1"), ("b", "2")]), Ok(Pair(1, "2".to_owned())));
    assert_eq!(one::<Named>("black"), Ok(Named::Well(Side::Black)));
    assert_eq!(one::<Named>("red"), Ok(Named::Otherwise("red".to_owned())));
    let others = HashMap::from([("b".to_owned(), "2".to_owned())]);
    assert_eq!(read(&[("id", "1"), ("b", "2")]), Ok(Flat { id: 1, others }));
    let map = HashMap::from([("a", "1"), ("b", "2")]);
    assert_eq!(read::<HashMap<&str, &str>>(&[("a", "1"), ("b", "2")]), Ok(map));
}

#[test]
fn a_number_and_a_bool_have_one_spelling() {
    for value in ["07", "+7", "7.0", "1e3", " 7", "-7", "", "18446744073709551616", "٧"] {
        assert!(one::<u64>(value).is_err(), "{value:?}");
    }
    for value in ["-0", "-07", "+1"] {
        assert!(one::<i64>(value).is_err(), "{value:?}");
    }
    for (value, is_right) in [
        ("0.5", true),
        ("7", true),
        ("-0", true),
        (".5", false),
        ("0.50", false),
        ("1e3", false),
        ("NaN", false),
        ("inf", false),
    ] {
        assert_eq!(one::<f64>(value).is_ok(), is_right, "{value:?}");
    }
    for (value, is_right) in [("true", true), ("false", true), ("1", false), ("on", false), ("", false)] {
        assert_eq!(one::<bool>(value).is_ok(), is_right, "{value:?}");
    }
}

#[test]
fn what_does_not_fit_says_which_parameter_and_why() {
    let error = read::<Seat<'_>>(&[("table", "x"), ("side", "black"), ("name", "")]).unwrap_err();
    assert_eq!(error, "`table`: invalid value: string \"x\", expected u64");
    let error = read::<(u8, u8)>(&[("a", "1"), ("b", "256")]).unwrap_err();
    assert_eq!(error, "`b`: invalid value: string \"256\", expected u8");
    assert_eq!(read::<u8>(&[]).unwrap_err(), "the path has 0 parameters, not one");
    assert_eq!(read::<(u8, u8)>(&[("a", "1")]).unwrap_err(), "the path has 1 parameters, not 2");
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its names are read")]
struct Wrong {
    tabel: u64,
    side: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its names are read")]
struct Wrapped(Pair);

#[test]
fn names_and_numbers_are_checked_without_a_value() {
    let names = ["table", "side"];
    assert_eq!(PathProbe::<Path<Seat<'_>>>::problem(&["name", "table", "side"]), None);
    assert_eq!(PathProbe::<Path<(u64, Side)>>::problem(&names), None);
    assert_eq!(PathProbe::<Path<HashMap<String, String>>>::problem(&names), None);
    assert_eq!(PathProbe::<Path<TableId>>::problem(&["id"]), None);
    assert_eq!(PathProbe::<Wrong>::problem(&names), None);
    for (problem, wanted) in [
        (
            PathProbe::<Path<Wrong>>::problem(&names),
            "the field `tabel` of `Wrong` is no parameter of the path, which has `table` and `side`",
        ),
        (
            PathProbe::<Path<TableId>>::problem(&names),
            "it takes 1 parameter, and the path has `table` and `side`",
        ),
        (PathProbe::<Path<Side>>::problem(&[]), "`Side` takes 1 parameter, and the path has none"),
        (PathProbe::<Path<Wrapped>>::problem(&["id"]), "`Pair` takes 2 parameters, and the path has `id`"),
    ] {
        assert_eq!(problem.as_deref(), Some(wanted));
    }
}

#[test]
fn all_but_structs_are_counted() {
    use super::Uncounted as _;
    assert_eq!(PathProbe::<Path<u8>>::COUNT, Some(1));
    assert_eq!(PathProbe::<Path<&str>>::COUNT, Some(1));
    assert_eq!(PathProbe::<Path<(u8, Side)>>::COUNT, Some(2));
    assert_eq!(PathProbe::<Path<TableId>>::COUNT, None);
    assert_eq!(PathProbe::<u8>::COUNT, None);
    check_path(Some(2), 2, "");
    check_path(None, 2, "");
}

#[test]
#[should_panic = "the path `/{id}` has 1 parameter, `id`: this `Path` takes 12"]
fn a_wrong_number_of_parameters_is_told() {
    check_path(Some(12), 1, "the path `/{id}` has 1 parameter, `id`: this `Path` takes ");
}
