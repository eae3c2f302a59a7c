//! Mistakes and the errors they get (`ui/*.rs`), and unusual servers that must compile without a warning (`ui/pass/*.rs`).
//! See `ui/README.md`.

#[test]
fn each_mistake_is_answered_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

#[test]
fn what_is_right_compiles_without_a_warning() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// The compiler points at the whole attribute if generated tokens with different spans meet in one expression.
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
