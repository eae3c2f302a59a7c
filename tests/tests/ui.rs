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

/// The compiler falls back to the whole attribute where generated tokens of two places meet in one expression.
#[test]
fn no_error_points_at_the_whole_attribute() {
    let answers = std::fs::read_dir("ui").unwrap().map(|entry| entry.unwrap().path());
    let answers = answers.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    for path in answers {
        let answer = std::fs::read_to_string(&path).unwrap();
        let whole = answer
            .lines()
            .zip(answer.lines().skip(1))
            .any(|(code, marks)| code.contains("| #[ws_server(") && marks.contains("| ^"));
        assert!(!whole, "{}:\n{answer}", path.display());
    }
}
