//! Options from the environment.

use std::ffi::{OsStr, OsString};
use std::fmt;

use ws_spec::environment::{PREFIX, TLS_CERT, TLS_CLIENT_CA, TLS_KEY, TLS_OPTIONAL_CLIENT_CA, is_prefix};
use ws_spec::nearest;
use ws_spec::options::{OptionInfo, TABLE};

use super::describe::Draft;
use super::draft::{Reading, Source};
use super::tls;
use super::value::{Refused, Value};

impl Draft {
    /// Reads every variable whose name begins with the prefix. Wrong values are kept, and reported with all others.
    ///
    /// An unknown name only causes a warning: a service manager may define its own variables with this prefix.
    pub(crate) fn read_environment<K, V>(
        &mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Vec<Warning>
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        let prefix = self.env.value().map_or(PREFIX, |prefix| prefix.0.as_str()).to_owned();
        let mut found: Vec<_> = variables
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.into().into_string().ok()?;
                let option = name.strip_prefix(&prefix)?.strip_prefix('_')?.to_owned();
                Some(Variable { name, option, value: value.into() })
            })
            .collect();
        // The environment has no fixed order; the log should have one.
        found.sort_by(|a, b| a.name.cmp(&b.name));

        let mut warnings = Vec::new();
        let (mut cert, mut key) = (None, None);
        let (mut client_ca, mut optional_client_ca) = (None, None);
        for variable in found {
            match variable.option.as_str() {
                TLS_CERT => cert = Some(variable),
                TLS_KEY => key = Some(variable),
                TLS_CLIENT_CA => client_ca = Some(variable),
                TLS_OPTIONAL_CLIENT_CA => optional_client_ca = Some(variable),
                _ => warnings.extend(self.take(&prefix, &variable)),
            }
        }
        warnings.extend(self.take_tls(&prefix, cert, key));
        warnings.extend(self.take_client_ca(&prefix, client_ca, optional_client_ca));
        warnings
    }

    fn take(&mut self, prefix: &str, variable: &Variable) -> Option<Warning> {
        let unknown = || Some(Warning::unknown(prefix, &variable.name));
        let Some(info) = TABLE.iter().find(|info| info.variables(prefix).contains(&variable.name)) else {
            return unknown();
        };
        match self.read(info.name, &variable.name, &variable.value) {
            Ok(Reading::Taken) => None,
            Ok(Reading::Overridden) => Some(Warning::overridden(info.name, &variable.name)),
            Err(_) => unknown(),
        }
    }

    fn take_tls(&mut self, prefix: &str, cert: Option<Variable>, key: Option<Variable>) -> Option<Warning> {
        let (of_cert, of_key) = (cert.as_ref().map(Variable::value), key.as_ref().map(Variable::value));
        let tls = tls::of_variables(prefix, of_cert, of_key);
        let variable = cert.or(key)?;
        match self.tls.put(Source::Environment(variable.name.clone()), tls) {
            Reading::Taken => None,
            Reading::Overridden => Some(Warning::overridden("tls", &variable.name)),
        }
    }

    fn take_client_ca(
        &mut self,
        prefix: &str,
        required: Option<Variable>,
        optional: Option<Variable>,
    ) -> Option<Warning> {
        let (of_required, of_optional) =
            (required.as_ref().map(Variable::value), optional.as_ref().map(Variable::value));
        let client_ca = tls::client_ca_of_variables(prefix, of_required, of_optional)?;
        let variable = required.or(optional)?;
        if self.tls.is_of_builder() {
            return Some(Warning::overridden("tls", &variable.name));
        }
        self.client_ca.put(Source::Environment(variable.name), client_ca);
        None
    }
}

/// A variable of the environment that has the prefix.
struct Variable {
    name: String,
    /// The name without the prefix.
    option: String,
    value: OsString,
}

impl Variable {
    fn value(&self) -> &OsStr {
        &self.value
    }
}

/// Something in the environment that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning(String);

impl Warning {
    fn unknown(prefix: &str, variable: &str) -> Self {
        let all_of = |info: &OptionInfo| [info.variables(prefix), info.further_variables(prefix)].concat();
        let names: Vec<_> = TABLE.iter().flat_map(all_of).collect();
        // Only what follows the prefix is compared: the prefix itself is right.
        let option = |variable: &str| variable.get(prefix.len() + 1..).unwrap_or("").to_ascii_lowercase();
        let foreign = OptionInfo::of_foreign_name(&option(variable)).map(|info| info.variables(prefix));
        let options: Vec<_> = names.iter().map(|name| option(name)).collect();
        let nearest = || {
            let nearest = nearest(&option(variable), options.iter().map(String::as_str))?;
            names.iter().find(|name| option(name) == nearest).map(|name| vec![name.clone()])
        };
        let advice = match foreign.or_else(nearest) {
            Some(meant) => format!("did you mean {}?", meant.join(" and ")),
            None => format!("the variables are {}", names.join(", ")),
        };
        Self(format!("{variable} is not an option and has no effect; {advice}"))
    }

    fn overridden(option: &str, variable: &str) -> Self {
        Self(format!("{variable} has no effect: the program itself calls `.{option}(…)`, which goes before"))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The prefix of the names of a server's variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(pub(super) String);

impl From<&str> for Prefix {
    fn from(prefix: &str) -> Self {
        Self(prefix.to_owned())
    }
}

impl From<String> for Prefix {
    fn from(prefix: String) -> Self {
        Self(prefix)
    }
}

impl Value for Prefix {
    type Checked = String;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<String, Refused> {
        if is_prefix(&self.0) { Ok(self.0) } else { Err(Refused::text(&self.0)) }
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}
