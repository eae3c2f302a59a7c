//! The keys of `#[ws_server(…)]`: one for each option that `ws-spec` describes, the keys of the envelope, the routes
//! in other files, and the path to the runtime itself. Those that `#[route(…)]` takes too.

use ws_spec::options::{Kind, OptionInfo, Owner, TABLE};

/// A key of the attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Option(&'static OptionInfo),
    Crate,
    Envelope,
    Routes,
}

impl Key {
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        TABLE.iter().map(|option| option.name).chain([ROUTES, ENVELOPE, CRATE])
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            CRATE => Some(Self::Crate),
            ENVELOPE => Some(Self::Envelope),
            ROUTES => Some(Self::Routes),
            _ => OptionInfo::of_name(name).map(Self::Option),
        }
    }

    /// The names of the keys that set an option of a route.
    pub(crate) fn names_on_route() -> impl Iterator<Item = &'static str> + Clone {
        TABLE.iter().filter(|option| option.owner == Owner::Connection).map(|option| option.name)
    }

    /// The option that the key sets on a route, or why only the server has it.
    pub(crate) fn on_route(self) -> Result<&'static OptionInfo, &'static str> {
        match self {
            Self::Option(option) => match option.owner {
                Owner::Connection => Ok(option),
                Owner::Server(reason) => Err(reason),
            },
            Self::Crate => Err("it writes the code of its routes"),
            Self::Envelope => Err("all routes have the same keys"),
            Self::Routes => {
                Err("it has one list of them; a route within this one is a module marked `#[route(…)]` here")
            }
        }
    }

    /// How the key is written, for messages.
    pub(crate) fn written(self) -> String {
        match self {
            Self::Option(OptionInfo { name, kind, .. }) => written(name, *kind),
            Self::Crate => "`crate = my_ws_runtime`".to_owned(),
            Self::Routes => "`routes = [crate::table::route]`".to_owned(),
            Self::Envelope => "`envelope(type = \"event\", data = \"payload\", id = \"ref\")`".to_owned(),
        }
    }
}

fn written(name: &str, kind: Kind) -> String {
    let example = match kind {
        Kind::Seconds(_) => {
            return format!("`{name} = …`, a number of seconds, or an expression of type `Duration`");
        }
        Kind::Count(..) => return format!("`{name} = …`, a whole number, or an expression of type `usize`"),
        Kind::Tls => return "`tls(cert = \"chain.pem\", key = \"key.pem\")`".to_owned(),
        Kind::Listen => "8080",
        Kind::SideListen => "\"127.0.0.1:9090\"",
        Kind::Switch => "true",
        Kind::Rate => "50",
        Kind::Slow => "\"close\"",
        Kind::Compression => "\"on\"",
        Kind::Spread => "\"auto\"",
        Kind::Origins => "[\"https://example.org\"]",
        Kind::Hosts => "[\"example.org\"]",
        Kind::Networks => "[\"10.0.0.0/8\"]",
        Kind::Forwarded => "\"x-forwarded-for\"",
        Kind::Subprotocols => "[\"chat.v1\"]",
        Kind::Prefix => "\"CHAT\"",
        Kind::Trace => "\"connections\"",
        Kind::Path => "\"/healthz\"",
    };
    format!("`{name} = {example}`")
}

const CRATE: &str = "crate";
const ENVELOPE: &str = "envelope";
const ROUTES: &str = "routes";
