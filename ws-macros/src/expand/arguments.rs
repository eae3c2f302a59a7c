//! What a handler is called with: one conversion for each argument, standing where its type stands.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::spans::{at, heart, here};
use crate::model::{Access, Argument, Asks, Event, Handler, Role, Server};

/// The trait of an event and what it reads the argument from.
pub(crate) struct Source {
    /// `FromUtf8`
    pub(crate) of_trait: &'static str,
    /// `from_utf8`
    pub(crate) by_method: &'static str,
    /// `message`
    pub(crate) own: Option<&'static str>,
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
            Role::Watch { .. } => ("FromWatch", "from_watch", Some("handle")),
        };
        Self { of_trait, by_method, own }
    }

    /// `message,` standing where the argument does: the compiler may point at it.
    fn own(&self, place: Span) -> Option<TokenStream> {
        let own = self.own?;
        let own_name = Ident::new(own, at(place));
        Some(match own {
            "handle" => quote_spanned!(at(place)=> &mut #own_name,),
            _ => quote_spanned!(at(place)=> #own_name,),
        })
    }
}

/// The arguments of a handler's call, with commas between them.
pub(crate) fn arguments(handler: &Handler) -> TokenStream {
    let source = Source::of(&handler.role);
    let arguments = handler.arguments.iter().map(|argument| convert(argument, &source));
    quote!(#(#arguments),*)
}

fn convert(argument: &Argument, source: &Source) -> TokenStream {
    let place = heart(&argument.ty);
    let (of_trait, by_method) = (Ident::new(source.of_trait, place), Ident::new(source.by_method, place));
    let (own, cfgs) = (source.own(place), argument.cfgs.attributes());
    let path = quote_spanned!(place=> __ws_runtime::#of_trait::#by_method);
    let mut lent = Group::new(Delimiter::Parenthesis, quote_spanned!(at(place)=> #own &mut context));
    lent.set_span(at(place));
    quote!(#cfgs #path #lent)
}

/// Asks the compiler whether a type whose name the macro does not know is the session or the state once more.
pub(crate) fn once(server: &Server) -> TokenStream {
    let checks: Vec<TokenStream> = server.handlers.iter().filter_map(check_once).collect();
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
    let place = heart(&suspects.last()?.ty);
    let probes = suspects.iter().map(|argument| {
        let ty = without_lifetimes(&argument.ty);
        let cfgs = argument.cfgs.attributes();
        quote_spanned!(here()=> #cfgs __ws_runtime::Probe::<#ty>::PART)
    });
    let cfgs = handler.cfgs.attributes();
    let call = quote_spanned!(place=> __ws_runtime::assert_once(&[#(#probes),*]));
    Some(quote_spanned! {here()=>
        #cfgs
        const _: () = {
            #[allow(unused_imports)]
            use __ws_runtime::Unclaimed as _;
            #call;
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
