//! What the macro says of mistakes, and what it takes without a word.
//!
//! One file in `ui/` is one mistake: its name says which, its first line what the user thought. What the compiler
//! answers stands beside it; `TRYBUILD=overwrite cargo test -p ws-tests --test ui` writes it anew.

#[test]
fn each_mistake_is_answered_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

#[test]
fn what_is_right_compiles_without_a_warning() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
