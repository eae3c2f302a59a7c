//! What a handler is called with: one conversion for each argument, standing where its type stands.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::places::{ends, here};
use crate::model::{Access, Argument, Asks, Event, Handler, Role, Server};

/// The trait of an event and what it reads the argument from.
pub(crate) struct Source {
    /// `FromUtf8`
    pub(crate) of_trait: &'static str,
    /// `from_utf8`
    pub(crate) by_method: &'static str,
    /// `message,`
    pub(crate) own: TokenStream,
}

impl Source {
    pub(crate) fn of(role: &Role) -> Self {
        let (of_trait, by_method, own) = match role {
            Role::On(Event::Connect) => ("FromConnect", "from_connect", None),
            Role::On(Event::Handshake) => ("FromHandshake", "from_handshake", Some("handshake")),
            Role::On(Event::Ready) => ("FromReady", "from_ready", None),
            Role::On(Event::Utf8) => ("FromUtf8", "from_utf8", Some("message")),
            Role::On(Event::Binary) => ("FromBinary", "from_binary", Some("message")),
            Role::On(Event::Pong) => ("FromPong", "from_pong", Some("message")),
            Role::On(Event::Disconnect) => ("FromDisconnect", "from_disconnect", Some("close")),
            Role::On(Event::Request) => ("FromRequest", "from_request", Some("request")),
            Role::On(Event::Shutdown) => ("FromShutdown", "from_shutdown", None),
            Role::Tick { .. } => ("FromTick", "from_tick", None),
            Role::Watch { .. } => {
                return Self {
                    of_trait: "FromWatch",
                    by_method: "from_watch",
                    own: quote_spanned!(here()=> &mut handle,),
                };
            }
        };
        let own = own.map(|own| Ident::new(own, here())).map(|own| quote_spanned!(here()=> #own,));
        Self { of_trait, by_method, own: own.unwrap_or_default() }
    }
}

/// The arguments of a handler's call, with commas between them.
pub(crate) fn arguments(handler: &Handler) -> TokenStream {
    let source = Source::of(&handler.role);
    let arguments = handler.arguments.iter().map(|argument| convert(argument, &source));
    quote!(#(#arguments),*)
}

fn convert(argument: &Argument, source: &Source) -> TokenStream {
    let (start, end) = ends(&argument.ty);
    let of_trait = Ident::new(source.of_trait, start);
    let by_method = Ident::new(source.by_method, end);
    let (own, cfgs) = (&source.own, argument.cfgs.attributes());
    let path = quote_spanned!(start=> __ws_runtime::#of_trait::);
    let lent = quote_spanned!(end=> (#own &mut context));
    quote!(#cfgs #path #by_method #lent)
}

/// Asks the compiler whether a type whose name the macro does not know is the session or the state once more.
pub(crate) fn once(server: &Server) -> TokenStream {
    let checks: Vec<TokenStream> = server.handlers.iter().filter_map(|handler| check_once(handler)).collect();
    if checks.is_empty() {
        return TokenStream::new();
    }
    let exclusive = exclusive(server);
    quote_spanned!(here()=> #exclusive #(#checks)*)
}

/// Whether the argument may be the state or the session, for all that its name tells.
fn may_be_exclusive(argument: &Argument, role: &Role) -> bool {
    match argument.asks {
        Asks::State(_) | Asks::Session(_) | Asks::UnknownReference => true,
        Asks::UnknownValue => matches!(role, Role::On(Event::Disconnect)),
        Asks::Plain => false,
    }
}

fn check_once(handler: &Handler) -> Option<TokenStream> {
    let role = &handler.role;
    let suspects: Vec<&Argument> =
        handler.arguments.iter().filter(|argument| may_be_exclusive(argument, role)).collect();
    let is_known = |argument: &&Argument| matches!(argument.asks, Asks::State(_) | Asks::Session(_));
    if suspects.len() < 2 || suspects.iter().all(is_known) {
        return None;
    }
    let (_, end) = ends(&suspects.last()?.ty);
    let (start, _) = ends(&suspects.last()?.ty);
    let probes = suspects.iter().map(|argument| {
        let ty = without_lifetimes(&argument.ty);
        let cfgs = argument.cfgs.attributes();
        quote_spanned!(here()=> #cfgs __ws_runtime::Probe::<#ty>::PART)
    });
    let cfgs = handler.cfgs.attributes();
    let function = quote_spanned!(start=> __ws_runtime::assert_once);
    let list = quote_spanned!(end=> (&[#(#probes),*]));
    Some(quote_spanned! {here()=>
        #cfgs
        const _: () = {
            #[allow(unused_imports)]
            use __ws_runtime::Unclaimed as _;
            #function #list
        };
    })
}

fn exclusive(server: &Server) -> TokenStream {
    let sessions = server.sessions.iter().map(|session| (session, 1_u8));
    let states = server.states.iter().map(|state| (state, 2_u8));
    let implementations = sessions.chain(states).map(|(part, number)| {
        let (name, cfgs) = (&part.name, part.cfgs.attributes());
        let forms = [Access::Shared, Access::Mutable, Access::Value].map(|access| match access {
            Access::Shared => quote_spanned!(here()=> &#name),
            Access::Mutable => quote_spanned!(here()=> &mut #name),
            Access::Value => quote_spanned!(here()=> #name),
        });
        quote_spanned! {here()=> #(
            #cfgs
            #[automatically_derived]
            impl __ws_runtime::Exclusive for #forms {
                const PART: ::core::primitive::u8 = #number;
            }
        )* }
    });
    implementations.collect()
}

/// The tokens of a type in a constant, which has no lifetimes in scope: each becomes `'_`.
fn without_lifetimes(ty: &Type) -> TokenStream {
    elide(ty.to_token_stream())
}

fn elide(tokens: TokenStream) -> TokenStream {
    let mut behind_quote = false;
    let mut elided = TokenStream::new();
    for token in tokens {
        let begins_lifetime = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        elided.extend([match token {
            TokenTree::Ident(name) if behind_quote => TokenTree::Ident(Ident::new("_", name.span())),
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), elide(group.stream()));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            other => other,
        }]);
        behind_quote = begins_lifetime;
    }
    elided
}
