//! Names of Rust items as the peer sees them.

/// A name in `snake_case`: `NotYourTurn` is `not_your_turn`, `HTTPError` is `http_error`.
pub(crate) fn snake_case(name: &str) -> String {
    join(name, '_')
}

/// A name in words: `NotYourTurn` is `not your turn`.
pub(crate) fn words(name: &str) -> String {
    join(name, ' ')
}

fn join(name: &str, separator: char) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut joined = String::with_capacity(name.len() + 4);
    for (position, letter) in letters.iter().enumerate() {
        let before = position.checked_sub(1).and_then(|position| letters.get(position));
        let after = letters.get(position + 1);
        if *letter == '_' {
            joined.push(separator);
            continue;
        }
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if begins_word {
            joined.push(separator);
        }
        joined.extend(letter.to_lowercase());
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_snake_case_and_words() {
        for (name, snake, spoken) in [
            ("NotYourTurn", "not_your_turn", "not your turn"),
            ("Busy", "busy", "busy"),
            ("HTTPError", "http_error", "http error"),
            ("NoTable7", "no_table7", "no table7"),
            ("Table7Full", "table7_full", "table7 full"),
            ("ABus", "a_bus", "a bus"),
            ("in_use", "in_use", "in use"),
            ("ÜberVoll", "über_voll", "über voll"),
        ] {
            assert_eq!((snake_case(name).as_str(), words(name).as_str()), (snake, spoken));
        }
    }
}
