//! The values that stand in attributes: each is converted where it stands, so that a wrong one is pointed at.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprLit, Lit};
use ws_spec::options::Kind;

use super::server::root;
use super::spans::{at, here, repeat, start};
use crate::model::{Clients, Files, Need, Options, Setting, Value};
use crate::plan::Plan;
use crate::syntax::bare;

/// `attribute`, which gives the values of `#[ws_server(…)]` or of `#[route(…)]`.
///
/// A route also has the values of the route `around` it. They follow its own, which apply first.
pub(crate) fn attribute(options: &Options, around: Option<&TokenStream>, plan: &Plan<'_>) -> TokenStream {
    if options.values.is_empty() && around.is_none() {
        return TokenStream::new();
    }
    let around = around.map(|route| quote_spanned!(here()=> attribute.around::<#route>();));
    let values = options.values.iter().map(|setting| {
        let (key, value) = (repeat(&setting.word), value(setting, plan));
        let client_ca = client_ca(setting);
        quote_spanned!(here()=> attribute.#key(|| #value); #client_ca)
    });
    quote_spanned! {here()=>
        fn attribute(attribute: &mut __ws_runtime::Attribute<'_>) {
            #(#values)*
            #around
        }
    }
}

/// The seconds of a tick's period.
pub(crate) fn seconds(period: &Expr) -> TokenStream {
    convert("SecondsValue", period)
}

/// The `rate` of a handler.
pub(crate) fn rate(rate: &Expr) -> TokenStream {
    let place = at(start(rate));
    quote_spanned!(place=> __ws_runtime::RateValue::value(#rate))
}

fn value(setting: &Setting, plan: &Plan<'_>) -> TokenStream {
    let kind = setting.kind;
    match &setting.value {
        Value::Expression(expression) if kind == Kind::Listen => places(expression),
        Value::Expression(expression) if kind == Kind::SideListen => {
            convert("SideListenValue", places(expression))
        }
        Value::Expression(expression) if switches_compression_on(kind, expression) => {
            convert("CompressedValue", expression)
        }
        Value::Expression(expression) => match by_trait(kind) {
            Some(of_trait) => convert(of_trait, expression),
            None => expression.to_token_stream(),
        },
        Value::Files(files) => {
            let Files { cert, key, also, clients: _ } = &**files;
            // At the word, where the runtime says that it was built without TLS.
            let tls = convert("TlsValue", quote_spanned!(at(setting.word.span())=> (#cert, #key)));
            let also = also.iter().map(|(cert, key)| quote_spanned!(here()=> .and_files(#cert, #key)));
            quote_spanned!(here()=> #tls #(#also)*)
        }
        Value::Origins(word) => {
            let (root, word) = (root(plan), repeat(word));
            convert("OriginsValue", quote_spanned!(word.span()=> #root::Origins::#word()))
        }
        Value::Hosts(word) => {
            let (root, word) = (root(plan), repeat(word));
            convert("HostsValue", quote_spanned!(word.span()=> #root::Hosts::#word()))
        }
    }
}

/// The authorities for clients stand apart from the certificates, which the environment may replace.
fn client_ca(setting: &Setting) -> Option<TokenStream> {
    let Value::Files(files) = &setting.value else { return None };
    let Clients { authorities, need } = files.clients.as_ref()?;
    let need = match need {
        Need::Required => quote_spanned!(here()=> required),
        Need::Optional => quote_spanned!(here()=> optional),
    };
    Some(quote_spanned!(here()=> attribute.tls_client_ca(|| __ws_runtime::ClientCa::#need(#authorities));))
}

/// Where to listen. Each place of a list is converted by itself, so that they may be of different types.
fn places(value: &Expr) -> TokenStream {
    let Expr::Array(list) = bare(value) else { return convert("ListenValue", value) };
    let listed = list.elems.iter().map(places);
    convert("ListenValue", quote_spanned!(at(start(list))=> [#(#listed),*]))
}

/// Whether a literal asks for compression. The runtime may be built without it, and then says so when it is compiled;
/// of other expressions, when the server starts.
fn switches_compression_on(kind: Kind, value: &Expr) -> bool {
    match bare(value) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => kind == Kind::Compression && text.value() != "off",
        _ => false,
    }
}

/// The trait by which a value becomes what the option takes; none where it already is.
fn by_trait(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Listen => Some("ListenValue"),
        Kind::SideListen => Some("SideListenValue"),
        Kind::Tls => Some("TlsValue"),
        Kind::Seconds(_) => Some("SecondsValue"),
        Kind::Rate => Some("RateValue"),
        Kind::Slow => Some("SlowValue"),
        Kind::Spread => Some("SpreadValue"),
        Kind::Origins => Some("OriginsValue"),
        Kind::Hosts => Some("HostsValue"),
        Kind::Networks => Some("NetworksValue"),
        Kind::Forwarded => Some("ForwardedValue"),
        Kind::Subprotocols => Some("SubprotocolsValue"),
        Kind::Compression => Some("CompressionValue"),
        Kind::Prefix => Some("EnvValue"),
        Kind::Path => Some("PathValue"),
        Kind::Trace => Some("TraceValue"),
        Kind::Switch | Kind::Count(..) => None,
    }
}

fn convert(of_trait: &str, value: impl ToTokens) -> TokenStream {
    let place = at(start(&value));
    let of_trait = Ident::new(of_trait, place);
    quote_spanned!(place=> __ws_runtime::#of_trait::value(#value))
}
