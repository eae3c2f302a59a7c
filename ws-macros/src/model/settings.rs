//! What the attribute of a server, or of a route, sets.

use proc_macro2::Ident;
use syn::{Expr, LitStr};
use ws_spec::options::Kind;

use crate::cfgs::Cfgs;

/// The arguments of `#[ws_server(…)]`.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The path of the runtime, if it is not `::ws_runtime`.
    pub(crate) runtime: Option<syn::Path>,
    /// The keys of the envelope that have another name.
    pub(crate) envelope: EnvelopeKeys,
    pub(crate) options: Options,
    /// The routes in files of their own, if there is a list of them.
    pub(crate) routes: Option<Vec<Listed>>,
}

/// A route in a file of its own.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its module, as seen from within the server's.
    pub(crate) path: syn::Path,
    pub(crate) cfgs: Cfgs,
}

/// The options that an attribute sets, of a server or of a route.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) values: Vec<Setting>,
    /// Keys that are no option, or have no right value.
    pub(crate) unknown: Vec<Word>,
}

/// A word of an attribute.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) name: Ident,
    pub(crate) is_known: bool,
}

/// What a word can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// The event of `#[on(…)]`.
    Event,
    /// A limit of its handler.
    Limit,
    /// A key of `#[ws_server(…)]` or of `#[route(…)]`.
    Option,
    /// A rule of `#[room(…)]`.
    Rule,
}

/// The names of an envelope's keys: `envelope(type = "event", …)`.
#[derive(Debug, Default)]
pub(crate) struct EnvelopeKeys {
    pub(crate) kind: Option<LitStr>,
    pub(crate) id: Option<LitStr>,
    pub(crate) data: Option<LitStr>,
}

/// One option and its value.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) kind: Kind,
    /// The key as the user wrote it.
    pub(crate) word: Ident,
    pub(crate) value: Value,
}

/// The files of `tls(…)`.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) cert: Expr,
    pub(crate) key: Expr,
    /// Further certificates, each with its key.
    pub(crate) also: Vec<(Expr, Expr)>,
    pub(crate) clients: Option<Clients>,
}

/// `client_ca = …` or `optional_client_ca = …`
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) authorities: Expr,
    pub(crate) need: Need,
}

/// Whether a client needs a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
}

#[derive(Debug)]
pub(crate) enum Value {
    Expression(Expr),
    /// `tls(cert = …, key = …)`
    Files(Box<Files>),
    /// `origins = any` or `origins = same`.
    Origins(Ident),
    /// `hosts = any` or `hosts = auto`.
    Hosts(Ident),
}
