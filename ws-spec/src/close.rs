//! Close codes (RFC 6455, section 7.4).

/// Whether a code may stand in a Close frame: 1000 to 1003, 1007 to 1014, and 3000 to 4999.
///
/// 1005, 1006 and 1015 mean that no code was received (section 7.4.1), 1004 is reserved, and the others are for future
/// versions (section 7.4.2). The codes from 4000 on are for programs.
#[must_use]
pub const fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What [`is_sendable`] allows, in words.
pub const SENDABLE: &str = "1000 to 1003, 1007 to 1014, and 3000 to 4999";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_not_for_the_wire_are_known() {
        for code in [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4000, 4999] {
            assert!(is_sendable(code), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert!(!is_sendable(code), "{code}");
        }
    }
}
