//! The options of routes: what a route sets goes before what the server has, for the connections of that route.

use super::attribute::Attribute;
use super::describe::{Draft, Options};
use super::draft::Report;
use super::settled::Given;

/// The attribute of a route, whose values are checked with those of the server.
pub(crate) struct RouteAttribute {
    /// For errors and for the log.
    pub(crate) path: String,
    /// Sets the values.
    pub(crate) attribute: fn(&mut Attribute<'_>),
}

/// The options of all routes, found by the number of the route.
#[derive(Debug, Default)]
pub(crate) struct RouteOptions {
    /// Those of the routes that set some.
    own: Vec<Options>,
    of_routes: Vec<OptionsOf>,
}

/// The server or the route whose options a connection has. It fits beside the flags of a connection, so options of
/// routes cost connections no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OptionsOf(u16);

impl OptionsOf {
    pub(crate) const SERVER: Self = Self(0);

    pub(crate) fn to_bits(self) -> u16 {
        self.0
    }

    pub(crate) fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

impl RouteOptions {
    /// Checks what the routes set. `server` is `None` if the server's own options are wrong: then only mistakes are
    /// found.
    pub(super) fn check(
        routes: impl IntoIterator<Item = RouteAttribute>,
        server: Option<&Options>,
        report: &mut Report,
    ) -> Self {
        let mut all = Self::default();
        for RouteAttribute { path, attribute } in routes {
            let mut draft = Draft::default();
            attribute(&mut Attribute::of_route(&mut draft, path.into()));
            let of = draft.check_on_route(server, report).map_or(OptionsOf::SERVER, |own| {
                all.own.push(own);
                // There are not so many routes.
                OptionsOf(u16::try_from(all.own.len()).unwrap_or_default())
            });
            all.of_routes.push(of);
        }
        all
    }

    /// Whose options the connections of the route with this number have.
    pub(crate) fn of_route(&self, number: usize) -> OptionsOf {
        self.of_routes.get(number).copied().unwrap_or(OptionsOf::SERVER)
    }

    /// `None` if they are the server's.
    #[inline]
    pub(crate) fn get(&self, OptionsOf(number): OptionsOf) -> Option<&Options> {
        self.own.get((number as usize).wrapping_sub(1))
    }

    /// What the routes set, in their order, each once: a route also has what the routes around it set.
    pub(crate) fn given(&self) -> Vec<&Given> {
        let mut all = Vec::new();
        for given in self.own.iter().flat_map(Options::given) {
            if !all.contains(&given) {
                all.push(given);
            }
        }
        all
    }
}
