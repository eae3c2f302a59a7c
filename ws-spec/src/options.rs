//! The description of each option, and the table for the book.

use crate::environment::{self, TLS_CERT, TLS_CLIENT_CA, TLS_KEY, TLS_OPTIONAL_CLIENT_CA};

macro_rules! describe {
    (apart { $($apart:tt)* } kept { $($kept:tt)* }) => { describe! { $($apart)* $($kept)* } };

    ($(
        #[doc = $sentence:literal]
        $(#[doc = $more:literal])*
        $name:ident: $kind:ident $(($($bounds:tt)*))? {
            default: $default:literal,
            of: $owner:ident $(($reason:literal))?,
            $(allowed: $allowed:literal,)?
            $(hint: $hint:literal,)?
            $(also: [$($also:literal),*],)?
        }
    )*) => {
        $(
            #[doc = $sentence]
            #[expect(non_upper_case_globals, reason = "named as the option is")]
            pub const $name: OptionInfo = OptionInfo {
                name: stringify!($name),
                sentence: $sentence.trim_ascii(),
                default: $default,
                owner: owner!($owner $(($reason))?),
                kind: kind!($kind $(($($bounds)*))?),
                words: concat!($($allowed)?),
                hint: concat!($($hint)?),
                also: &[$($($also),*)?],
            };
        )*

        /// Every option, in the order of the book's table.
        pub const TABLE: &[OptionInfo] = &[$($name),*];
    };
}

macro_rules! kind {
    (seconds($least:literal ..= $most:literal)) => {
        Kind::Seconds(bounds!($least, $most))
    };
    (count($least:literal ..= $most:literal)) => {
        Kind::Count(bounds!(whole $least, $most), "")
    };
    (count($least:literal ..= $most:literal, $unit:literal)) => {
        Kind::Count(bounds!(whole $least, $most), $unit)
    };
    (listen) => {
        Kind::Listen
    };
    (side_listen) => {
        Kind::SideListen
    };
    (tls) => {
        Kind::Tls
    };
    (switch) => {
        Kind::Switch
    };
    (rate) => {
        Kind::Rate
    };
    (slow) => {
        Kind::Slow
    };
    (origins) => {
        Kind::Origins
    };
    (hosts) => {
        Kind::Hosts
    };
    (networks) => {
        Kind::Networks
    };
    (forwarded) => {
        Kind::Forwarded
    };
    (subprotocols) => {
        Kind::Subprotocols
    };
    (compression) => {
        Kind::Compression
    };
    (spread) => {
        Kind::Spread
    };
    (prefix) => {
        Kind::Prefix
    };
    (path) => {
        Kind::Path
    };
    (trace) => {
        Kind::Trace
    };
}

macro_rules! owner {
    (connection) => {
        Owner::Connection
    };
    (server($reason:literal)) => {
        Owner::Server($reason)
    };
}

macro_rules! bounds {
    ($least:literal, $most:literal) => {
        Bounds { least: $least as f64, most: $most as f64 }
    };
    // They may be larger than an `i32`, the type of a literal by itself.
    (whole $least:literal, $most:literal) => {
        Bounds { least: $least as u64 as f64, most: $most as u64 as f64 }
    };
}

crate::for_each_option!(describe);

/// One row of [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptionInfo {
    /// The key of the attribute and the method of the builder.
    pub name: &'static str,
    /// What the option is, in one sentence.
    pub sentence: &'static str,
    /// The default, in the form of the environment: empty for an empty list, `none` for no value.
    pub default: &'static str,
    /// Whether a route may have a value of its own.
    pub owner: Owner,
    /// What its values are.
    pub kind: Kind,
    /// What is allowed in words, unless it is a range of numbers.
    words: &'static str,
    /// What a special value means; may be empty.
    pub hint: &'static str,
    /// The names of this option in other tools.
    also: &'static [&'static str],
}

/// Whose option it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Each connection's: a route may set it for its own.
    Connection,
    /// The server's alone, and why: the reason follows "`listen` belongs to the server: ".
    Server(&'static str),
}

/// What the values of an option are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Where to listen.
    Listen,
    /// Where to listen beside that, if anywhere.
    SideListen,
    /// A certificate and its key.
    Tls,
    /// On or off.
    Switch,
    /// A number of seconds, or a `Duration`.
    Seconds(Bounds),
    /// A whole number of this unit, which may be empty.
    Count(Bounds, &'static str),
    /// A number a second, or in so many seconds.
    Rate,
    /// What happens to a peer that reads too slowly.
    Slow,
    /// A number of seconds, or `auto`.
    Spread,
    /// From which pages browsers may connect.
    Origins,
    /// Which hosts are answered for.
    Hosts,
    /// Networks of peers.
    Networks,
    /// The header by which proxies tell who the client is.
    Forwarded,
    /// Names of subprotocols.
    Subprotocols,
    /// Whether messages are compressed.
    Compression,
    /// The prefix of environment variables.
    Prefix,
    /// The path of requests that the server answers by itself.
    Path,
    /// What is traced.
    Trace,
}

/// The numbers that are allowed, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// The option whose networks are believed: it cannot be `any`.
pub const TRUSTED: &str = "trusted_proxies";

/// The bounds of a tick's period, in seconds.
pub const PERIOD: Bounds = Bounds { least: RESOLUTION, most: 31_536_000.0 };

/// The resolution of the runtime's clock, in seconds.
pub const RESOLUTION: f64 = 0.001;

impl OptionInfo {
    /// The option with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|info| info.name == name)
    }

    /// The option that has this name in other tools.
    #[must_use]
    pub fn of_foreign_name(name: &str) -> Option<&'static Self> {
        TABLE.iter().find(|info| info.also.contains(&name))
    }

    /// The variables that the option is read from, with this prefix. The option `env` has none.
    #[must_use]
    pub fn variables(&self, prefix: &str) -> Vec<String> {
        match self.kind {
            Kind::Prefix => Vec::new(),
            Kind::Tls => [TLS_CERT, TLS_KEY].map(|file| environment::variable(prefix, file)).into(),
            _ => vec![environment::variable(prefix, self.name)],
        }
    }

    /// The variables that add something to those, with this prefix.
    #[must_use]
    pub fn further_variables(&self, prefix: &str) -> Vec<String> {
        match self.kind {
            Kind::Tls => {
                [TLS_CLIENT_CA, TLS_OPTIONAL_CLIENT_CA].map(|file| environment::variable(prefix, file)).into()
            }
            _ => Vec::new(),
        }
    }

    /// The range of allowed numbers and their unit; `None` if the values are not numbers.
    #[must_use]
    pub fn range(&self) -> Option<(Bounds, &'static str)> {
        match self.kind {
            Kind::Seconds(bounds) => Some((bounds, "seconds")),
            Kind::Count(bounds, unit) => Some((bounds, unit)),
            _ => None,
        }
    }

    /// What is allowed, with the unit.
    #[must_use]
    pub fn allowed(&self) -> String {
        self.in_words(|Bounds { least, most }, unit| format!("{least} to {most} {unit}"))
    }

    /// What is allowed instead of a text that is not a number: a number of this `kind`.
    #[must_use]
    pub fn number(&self, kind: &str) -> String {
        self.in_words(|Bounds { least, .. }, unit| format!("{kind} of {unit}, {least} or more"))
    }

    /// What is allowed instead of a value that is too small.
    #[must_use]
    pub fn at_least(&self) -> String {
        self.in_words(|Bounds { least, .. }, unit| format!("{least} or more {unit}"))
    }

    /// What is allowed instead of a value that is too large.
    #[must_use]
    pub fn at_most(&self) -> String {
        self.in_words(|Bounds { most, .. }, unit| format!("at most {most} {unit}"))
    }

    fn in_words(&self, of_numbers: impl Fn(Bounds, &str) -> String) -> String {
        let words = self.range().map(|(bounds, unit)| of_numbers(bounds, unit));
        words.map_or_else(|| self.words.to_owned(), |words| words.trim_end().to_owned())
    }
}

impl Kind {
    /// The words that are values: all of them, or those beside numbers, addresses and paths.
    #[must_use]
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Slow => &["close", "drop_newest", "drop_oldest"],
            Self::Compression => &["off", "on", "context_takeover"],
            Self::Trace => &["off", "connections", "messages"],
            Self::Forwarded => &["x-forwarded-for", "forwarded"],
            Self::Spread => &["auto"],
            Self::SideListen | Self::Path => &["none"],
            _ => &[],
        }
    }
}

impl Bounds {
    /// Whether a number is allowed. NaN never is.
    #[must_use]
    pub fn contain(&self, number: f64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// The table of all options for the book, in Markdown.
#[must_use]
pub fn markdown_table() -> String {
    let mut text = String::from(
        "| option | default | allowed | variable | route | what it is |\n|---|---|---|---|---|---|\n",
    );
    for info in TABLE {
        let default = if info.default.is_empty() { "none" } else { info.default };
        let prefix = environment::PREFIX;
        let variables = info.variables(prefix).into_iter().chain(info.further_variables(prefix));
        let variables: Vec<_> = variables.map(|name| format!("`{name}`")).collect();
        let hint = if info.hint.is_empty() { String::new() } else { format!("; {}", info.hint) };
        let row = [
            format!("`{}`", info.name),
            format!("`{default}`"),
            info.allowed() + &hint,
            variables.join(", "),
            match info.owner {
                Owner::Connection => "yes".to_owned(),
                Owner::Server(_) => "no".to_owned(),
            },
            info.sentence.to_owned(),
        ];
        let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_is_described_in_full() {
        for info in TABLE {
            assert!(info.sentence.ends_with('.') && !info.sentence.contains(". "), "{}", info.sentence);
            assert!(!info.allowed().is_empty(), "{}", info.name);
            if let Some((bounds, _)) = info.range() {
                assert!(
                    bounds.least < bounds.most && bounds.contain(info.default.parse().unwrap()),
                    "{}",
                    info.name
                );
            }
            let words = info.kind.words();
            assert!(words.is_empty() || words.contains(&info.default), "{}", info.name);
            if let Owner::Server(reason) = info.owner {
                assert!(!reason.is_empty() && !reason.ends_with('.'), "{}", info.name);
            }
        }
    }

    #[test]
    fn an_option_is_found_by_its_name_and_by_what_others_call_it() {
        for info in TABLE {
            assert_eq!(OptionInfo::of_name(info.name), Some(info));
            for other in info.also {
                assert_eq!(OptionInfo::of_foreign_name(other), Some(info), "two options are called {other}");
                assert_eq!(OptionInfo::of_name(other), None, "{other} is an option");
            }
        }
        assert_eq!(OptionInfo::of_foreign_name("nothing"), None);
    }

    #[test]
    fn the_table_has_a_row_for_each_option() {
        let table = markdown_table();
        assert_eq!(table.lines().count(), TABLE.len() + 2);
        for (info, row) in TABLE.iter().zip(table.lines().skip(2)) {
            assert!(row.starts_with(&format!("| `{}` | ", info.name)), "{row}");
            assert!(info.variables("WS_SERVER").iter().all(|variable| row.contains(variable)), "{row}");
        }
        let row = "| `silence_max` | `20` | 0 to 31536000 seconds; 0 turns the check off | `WS_SERVER_SILENCE_MAX` | yes | How ";
        assert!(table.contains(row), "{table}");
    }
}
