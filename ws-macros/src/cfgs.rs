//! Conditions of `#[cfg(…)]`. The macro does not know which of them hold; it compares them as text.

use proc_macro2::TokenStream;
use quote::quote;

/// The conditions of the `#[cfg(…)]` attributes of an item: it exists if all hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cfgs(pub(crate) Vec<TokenStream>);

/// One of several items of which at most one may exist, such as two handlers of one event under `#[cfg(…)]`.
#[derive(Debug)]
pub(crate) struct Twin {
    /// Its own conditions, and that no earlier twin exists.
    pub(crate) cfgs: Cfgs,
    /// The earlier twins that may exist beside it.
    pub(crate) rivals: Vec<Rival>,
}

/// An earlier twin that may exist beside a later one.
#[derive(Debug)]
pub(crate) struct Rival {
    /// Its index among all items.
    pub(crate) number: usize,
    /// If this holds, both exist.
    pub(crate) condition: TokenStream,
}

impl Cfgs {
    /// All of them as one condition.
    pub(crate) fn condition(&self) -> TokenStream {
        match self.0.as_slice() {
            [only] => only.clone(),
            conditions => quote!(all(#(#conditions),*)),
        }
    }

    /// Whether both have conditions, and different ones: then they may be meant to exclude each other.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let text = |cfgs: &Self| cfgs.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        !self.0.is_empty() && !other.0.is_empty() && text(self) != text(other)
    }

    /// Whether one is the other with a `not`, so that exactly one of them holds.
    fn is_opposite(&self, other: &Self) -> bool {
        let (one, other) = (self.condition(), other.condition());
        let negates =
            |one: &TokenStream, other: &TokenStream| one.to_string() == quote!(not(#other)).to_string();
        negates(&one, &other) || negates(&other, &one)
    }
}

/// Whether all of these may be meant to exclude each other.
pub(crate) fn all_exclude_each_other(cfgs: &[&Cfgs]) -> bool {
    cfgs.iter().enumerate().all(|(number, one)| cfgs.iter().take(number).all(|earlier| one.excludes(earlier)))
}

/// Makes the conditions of twins exclude each other. Items with the same key are twins; items without a key have none.
///
/// Only the compiler knows whether the conditions of two twins hold together. If they do, the earlier one is used,
/// and the later one is a mistake.
pub(crate) fn twins<'c, K: PartialEq>(all: impl IntoIterator<Item = (Option<K>, &'c Cfgs)>) -> Vec<Twin> {
    let mut keys: Vec<Option<K>> = Vec::new();
    let mut twins: Vec<Twin> = Vec::new();
    for (key, own) in all {
        let mut twin = Twin { cfgs: own.clone(), rivals: Vec::new() };
        for (number, (earlier, earlier_key)) in twins.iter().zip(&keys).enumerate() {
            if key.is_some() && key == *earlier_key && !twin.cfgs.is_opposite(&earlier.cfgs) {
                let (own, earlier) = (twin.cfgs.condition(), earlier.cfgs.condition());
                twin.rivals.push(Rival { number, condition: quote!(all(#own, #earlier)) });
                twin.cfgs.0.push(quote!(not(#earlier)));
            }
        }
        twins.push(twin);
        keys.push(key);
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cfgs(conditions: &[&str]) -> Cfgs {
        Cfgs(conditions.iter().map(|condition| condition.parse().unwrap()).collect())
    }

    #[test]
    fn the_later_of_two_twins_exists_only_where_the_earlier_does_not() {
        let (first, second) = (cfgs(&["unix"]), cfgs(&["a", "b"]));
        let twins = twins([(Some(()), &first), (Some(()), &second)]);
        assert_eq!(twins[0].cfgs.condition().to_string(), "unix");
        assert_eq!(twins[1].cfgs.condition().to_string(), "all (a , b , not (unix))");
        assert_eq!(twins[1].rivals[0].condition.to_string(), "all (all (a , b) , unix)");
    }

    #[test]
    fn opposites_are_left_as_they_are() {
        let (first, second) = (cfgs(&["unix"]), cfgs(&["not(unix)"]));
        let twins = twins([(Some(()), &first), (Some(()), &second)]);
        assert_eq!(twins[1].cfgs.condition().to_string(), "not (unix)");
        assert!(twins[1].rivals.is_empty());
    }

    #[test]
    fn only_what_has_the_same_key_is_a_twin() {
        let (first, second, third) = (cfgs(&["a"]), cfgs(&["b"]), cfgs(&["c"]));
        let twins = twins([(None, &first), (None, &second), (Some('x'), &third)]);
        assert!(twins.iter().all(|twin| twin.rivals.is_empty()));
    }
}
