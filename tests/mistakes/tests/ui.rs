//! Mistakes and the errors they get (`ui/*.rs`). See `README.md`. What is right (`examples/*.rs`) needs no test here:
//! `cargo test` compiles it, and it denies its warnings.

#[test]
fn each_mistake_is_answered_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}

/// The traits and wrappers between the macro and the runtime mean nothing to users.
#[test]
fn no_error_shows_what_users_cannot_know() {
    let internals =
        ["gives!", "replies!", "__", "Via", "Store", "Guarded", "Plain<", "Shared<", "Locked<", "NotYet"];
    // The compiler says why a type cannot be shared by way of everything that contains it.
    let known = ["state_not_sync.stderr", "state_locked_by_another_name.stderr"];
    for (name, answer) in answers().filter(|(name, _)| !known.contains(&name.as_str())) {
        // It writes traits in full where it says which one is missing, and what needs it.
        let in_full = |line: &&str| {
            ["the trait `", "= note: required for ", "= note: this error originates in "]
                .iter()
                .any(|part| line.contains(part))
        };
        let answer: Vec<&str> = answer.lines().filter(|line| !in_full(line)).collect();
        let answer = answer.join("\n");
        for internal in internals {
            assert!(!answer.contains(internal), "{name} shows {internal}:\n{answer}");
        }
    }
}

/// The compiler points at the whole attribute if generated tokens with different spans meet in one expression.
#[test]
fn no_error_points_at_the_whole_attribute() {
    for (name, answer) in answers() {
        let whole = answer
            .lines()
            .zip(answer.lines().skip(1))
            .any(|(code, marks)| code.contains("| #[ws_server(") && marks.contains("| ^"));
        assert!(!whole, "{name}:\n{answer}");
    }
}

/// What the compiler is expected to say of each mistake, and the name of the file.
fn answers() -> impl Iterator<Item = (String, String)> {
    let paths = std::fs::read_dir("ui").unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    paths.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    })
}
