//! HTTP tokens. The names of subprotocols are tokens (RFC 6455, section 4.1).

/// Whether a name is a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

/// Whether a byte may stand in a token.
#[must_use]
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_no_separators_and_is_not_empty() {
        for name in ["chat", "chat.v1", "a!#$%&'*+-.^_`|~9"] {
            assert!(is_token(name), "{name}");
        }
        for name in ["", "a b", "a,b", "a/b", "a\"", "é", "a\t"] {
            assert!(!is_token(name), "{name}");
        }
    }
}
