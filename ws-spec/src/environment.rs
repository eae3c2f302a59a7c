//! Names of environment variables.

/// The default prefix of the names of a server's variables.
pub const PREFIX: &str = "WS_SERVER";

/// The option `tls` has several variables. This is the name of the one for the certificate chain, without the prefix.
pub const TLS_CERT: &str = "TLS_CERT";

/// The name of the variable for the key, without the prefix.
pub const TLS_KEY: &str = "TLS_KEY";

/// The name of the variable for the authorities of clients, without the prefix.
pub const TLS_CLIENT_CA: &str = "TLS_CLIENT_CA";

/// The same where a client needs no certificate.
pub const TLS_OPTIONAL_CLIENT_CA: &str = "TLS_OPTIONAL_CLIENT_CA";

/// Whether this is a valid prefix: capital letters, digits and underscores, not beginning with a digit.
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
