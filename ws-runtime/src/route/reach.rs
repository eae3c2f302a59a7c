//! Which connections a push is for.

/// The connections that a push is for, or the pushes that a connection takes: those of every route, or of one. It fits
/// beside the flags of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach(u16);

impl Reach {
    /// No connection takes it, or the connection takes none.
    pub(crate) const NOWHERE: Self = Self(0);

    /// Every connection that speaks the envelope.
    pub(crate) const EVERY: Self = Self(u16::MAX);

    /// That of the route with this number. Routes beyond the first 65,000 share one reach.
    pub(crate) fn of_route(number: usize) -> Self {
        Self(u16::try_from(number + 1).map_or(u16::MAX - 1, |number| number.min(u16::MAX - 1)))
    }

    /// Whether a connection with this reach takes a push with the other.
    pub(crate) fn takes(self, push: Self) -> bool {
        self != Self::NOWHERE && (push == Self::EVERY || self == push)
    }

    pub(crate) fn to_bits(self) -> u16 {
        self.0
    }

    pub(crate) fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_takes_the_pushes_of_its_route_and_of_the_server() {
        let (first, second) = (Reach::of_route(0), Reach::of_route(1));
        assert!(first.takes(first) && first.takes(Reach::EVERY));
        assert!(!first.takes(second) && !first.takes(Reach::NOWHERE));
        assert!(!Reach::NOWHERE.takes(Reach::EVERY) && !Reach::NOWHERE.takes(Reach::NOWHERE));
    }
}
