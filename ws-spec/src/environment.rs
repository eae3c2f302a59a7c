//! Names of environment variables.

/// What the names of a server's variables begin with, where it does not say otherwise.
pub const PREFIX: &str = "WS_SERVER";

/// The option that is two variables: behind the prefix, that of the certificate chain.
pub const TLS_CERT: &str = "TLS_CERT";

/// And that of its key.
pub const TLS_KEY: &str = "TLS_KEY";

/// Whether names of variables may begin with this: capital letters, digits and underscores, not a digit first.
#[must_use]
pub fn is_prefix(prefix: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    prefix.bytes().next().is_some_and(|byte| !byte.is_ascii_digit()) && prefix.bytes().all(plain)
}

/// The variable that an option is read from.
#[must_use]
pub fn variable(prefix: &str, option: &str) -> String {
    format!("{prefix}_{}", option.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_in_capitals() {
        for prefix in ["CHAT", "CHAT_2", "_"] {
            assert!(is_prefix(prefix), "{prefix}");
        }
        for prefix in ["", "chat", "2CHAT", "CHAT-1", "CHÄT"] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
        assert_eq!(variable("CHAT", "silence_max"), "CHAT_SILENCE_MAX");
    }
}
