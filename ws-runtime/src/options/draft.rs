//! The values that were given for options, where they came from, and their checks.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use ws_spec::environment::PREFIX;
use ws_spec::options::{self as info, OptionInfo};

use super::attribute::Attribute;
use super::describe::{Draft, Options};
use super::environment::Warning;
use super::error::{OptionError, OptionErrors};
use super::routes::{RouteAttribute, RouteOptions};
use super::settled::{Given, Settled};
use super::value::{Compression, Refused, Slow, Value};

impl Draft {
    /// Reads the environment, and takes from the attribute what is needed before there is a runtime: the number of
    /// threads.
    ///
    /// The caller logs the warnings, even if values are wrong.
    pub(crate) fn prepare<K, V>(
        &mut self,
        environment: impl IntoIterator<Item = (K, V)>,
        attribute: impl Fn(&mut Attribute<'_>),
    ) -> Vec<Warning>
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        // The order matters: the prefix is needed to read the environment, which decides what is evaluated.
        attribute(&mut Attribute::of_prefix(self));
        let warnings = self.read_environment(environment);
        attribute(&mut Attribute::of_threads(self));
        warnings
    }

    /// How many threads the server runs on; 0 is one for each core. Also 0 if the number is wrong:
    /// [`settle`](Self::settle) reports that.
    pub(crate) fn threads(&self) -> usize {
        self.threads.value().and_then(|threads| threads.checked(&info::threads).ok()).unwrap_or(0)
    }

    /// Takes what is missing from the attribute, and checks everything, also what the routes set.
    pub(crate) fn settle(
        mut self,
        attribute: impl Fn(&mut Attribute<'_>),
        routes: impl IntoIterator<Item = RouteAttribute>,
    ) -> Result<Settled, OptionErrors> {
        attribute(&mut Attribute::of_rest(&mut self));
        self.add_client_ca();
        self.finish(routes)
    }

    /// Adds the authorities for clients to certificates that come from elsewhere: an operator who names other
    /// certificates in the environment must not let everybody in. What the builder sets is whole.
    fn add_client_ca(&mut self) {
        let Some((source, client_ca)) = self.client_ca.0.take() else { return };
        let prefix = self.env.value().map_or(PREFIX, |prefix| prefix.0.as_str());
        self.tls.0 = match (self.tls.0.take(), client_ca) {
            (Some((Source::Builder, tls)), _) => Some((Source::Builder, tls)),
            (Some((of_tls, tls)), Ok(client_ca)) => Some((of_tls, tls.map(|tls| client_ca.add_to(tls)))),
            (_, Err(refused)) => Some((source, Err(refused))),
            (None, Ok(_)) => {
                let needed = info::tls.variables(prefix).join(" and ");
                Some((source, Err(Refused::Because(format!("also needs {needed}")))))
            }
        };
    }

    /// Checks everything that was given, and fills in the defaults.
    pub(crate) fn finish(
        self,
        routes: impl IntoIterator<Item = RouteAttribute>,
    ) -> Result<Settled, OptionErrors> {
        let mut report = Report::default();
        let mut settled = self.check(&mut report).map(|(checked, given)| Options::split(checked, given));
        if let Some(Settled { options, .. }) = &mut settled
            && options.outbox_follows()
        {
            options.fit_outbox();
        }
        if let Some(Settled { options, .. }) = &settled {
            options.check_shutdown(&mut report);
            report.refuse_gaps(options, None);
        }
        let server = settled.as_ref().map(|settled| &settled.options);
        let routes = RouteOptions::check(routes, server, &mut report);
        match settled {
            Some(settled) if report.errors.is_empty() => Ok(Settled { routes, ..settled }),
            Some(_) | None => Err(OptionErrors::new(report.errors)),
        }
    }
}

impl Options {
    /// Whether `max_outbox` grows with `max_send_size`, because it was not given.
    pub(super) fn outbox_follows(&self) -> bool {
        !self.given().any(|given| given.name == info::max_outbox.name)
    }

    /// Makes room for the largest message.
    pub(super) fn fit_outbox(&mut self) {
        self.max_outbox = self.max_outbox.max(self.max_send_size + FRAME_HEADER_MAX);
    }
}

/// Where a value came from. In the order of precedence: a later one replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// No value was given.
    Default,
    /// The key of `#[ws_server(…)]`.
    Attribute,
    /// The variable of this name.
    Environment(String),
    /// The method of the builder.
    Builder,
    /// The key of `#[route(…)]`, for the route with this path. It goes before all others, which are the server's.
    Route(Arc<str>),
}

impl Source {
    fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Attribute => 1,
            Self::Environment(_) => 2,
            Self::Builder => 3,
            Self::Route(_) => 4,
        }
    }

    /// In words, for errors and for the log.
    pub(crate) fn place(&self, option: &str) -> String {
        match self {
            Self::Default => "by default".to_owned(),
            Self::Attribute => "from `#[ws_server(…)]`".to_owned(),
            Self::Environment(variable) => format!("from {variable}"),
            Self::Builder => format!("from `.{option}(…)`"),
            Self::Route(path) => format!("from `#[route({path:?})]`"),
        }
    }
}

/// What was given for one option.
pub(crate) struct Slot<T>(Option<(Source, Result<T, Refused>)>);

impl<T> Slot<T> {
    /// Whether no value was given yet.
    pub(crate) fn is_free(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the program itself has set it.
    pub(super) fn is_of_builder(&self) -> bool {
        matches!(self.0, Some((Source::Builder, _)))
    }

    /// Sets the value, unless one of higher precedence is there.
    pub(crate) fn set(&mut self, source: Source, value: T) {
        self.put(source, Ok(value));
    }

    /// The value, if a readable one was given.
    pub(super) fn value(&self) -> Option<&T> {
        self.0.as_ref().and_then(|(_, value)| value.as_ref().ok())
    }

    pub(super) fn put(&mut self, source: Source, value: Result<T, Refused>) -> Reading {
        match &self.0 {
            Some((present, _)) if present.rank() > source.rank() => Reading::Overridden,
            Some(_) | None => {
                self.0 = Some((source, value));
                Reading::Taken
            }
        }
    }
}

impl<T: Value> Slot<T> {
    /// Reads the text of a variable. [`check`](Slot::check) reports what is wrong with it.
    pub(super) fn read(&mut self, variable: &str, value: &OsStr) -> Reading {
        let value = match value.to_str() {
            Some(text) => T::read(text.trim()),
            None => Err(Refused::Because(format!("cannot be read from {value:?}, which is not Unicode"))),
        };
        self.put(Source::Environment(variable.to_owned()), value)
    }

    /// The checked value, or `otherwise` if none was given.
    pub(super) fn check_or(
        self,
        info: &OptionInfo,
        otherwise: Option<&T::Checked>,
        report: &mut Report,
    ) -> Option<T::Checked>
    where
        T::Checked: Clone,
    {
        if self.is_free() { otherwise.cloned() } else { self.check(info, report) }
    }

    /// The checked value, or none and an error in the report.
    pub(super) fn check(self, info: &OptionInfo, report: &mut Report) -> Option<T::Checked> {
        let Some((source, value)) = self.0 else {
            let default = T::default_value(info);
            return default.map_err(|refused| report.refuse(info, &Source::Default, &refused)).ok();
        };
        let checked = value.and_then(|value| {
            let shown = value.show();
            Ok((value.checked(info)?, shown))
        });
        match checked {
            Ok((checked, value)) => {
                report.given.push(Given { name: info.name, value, source });
                Some(checked)
            }
            Err(refused) => {
                report.refuse(info, &source, &refused);
                None
            }
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// Whether a variable's value was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Taken,
    /// The program sets the option itself.
    Overridden,
}

/// There is no option of that name.
#[derive(Debug)]
pub(super) struct UnknownOption;

/// What the check of all options found.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<OptionError>,
    given: Vec<Given>,
}

impl Report {
    pub(super) fn refuse(&mut self, info: &OptionInfo, source: &Source, refused: &Refused) {
        let error = OptionError::new(info, source, refused);
        // What a route sets wrong, each route within it has too.
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Refuses to drop messages that later ones refer to. `around` has what is not given in `options`.
    pub(super) fn refuse_gaps(&mut self, options: &Options, around: Option<&Options>) {
        if (options.slow, options.compression) != (Slow::DropOldest, Compression::ContextTakeover) {
            return;
        }
        let given = || options.given().chain(around.into_iter().flat_map(Options::given));
        let place = |name| given().find(|given| given.name == name).map(|given| &given.source);
        let (slow, compression) = (place(info::slow.name), place(info::compression.name));
        let compression = compression.map_or_else(String::new, |source| source.place(info::compression.name));
        let because = format!(
            "cannot be \"drop_oldest\" together with `compression = \"context_takeover\"` ({compression}), as later \
             messages refer to those that are dropped; use `compression = \"on\"`"
        );
        self.refuse(&info::slow, slow.unwrap_or(&Source::Default), &Refused::Because(because));
    }

    /// Takes the values that were found right since the last call.
    pub(super) fn take_given(&mut self) -> Vec<Given> {
        std::mem::take(&mut self.given)
    }
}

/// The header of the longest frame that a server sends (RFC 6455 section 5.2: no masking key).
const FRAME_HEADER_MAX: usize = 10;
