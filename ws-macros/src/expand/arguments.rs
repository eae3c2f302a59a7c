//! What a handler is called with: one conversion for each argument, standing where its type stands.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::places::{at, heart, here};
use crate::model::{Access, Argument, Asks, Event, Handler, Role, Server};

/// What a handler is called with.
pub(crate) struct Arguments {
    /// The statements that make them. What locks nothing and may be refused goes before what is lent once.
    pub(crate) made: TokenStream,
    /// Their names in the order of the signature, with commas between them.
    pub(crate) names: TokenStream,
}

pub(crate) fn arguments(handler: &Handler) -> Arguments {
    let of_trait = of_trait(&handler.role);
    let name = |number: usize, argument: &Argument| {
        Ident::new(&format!("argument_{number}"), at(heart(&argument.ty)))
    };
    let mut in_order: Vec<(usize, &Argument)> = handler.arguments.iter().enumerate().collect();
    in_order.sort_by_key(|(_, argument)| turn(argument));
    let made =
        in_order.into_iter().map(|(number, argument)| make(&name(number, argument), argument, of_trait));
    let names = handler.arguments.iter().enumerate().map(|(number, argument)| {
        let (cfgs, name) = (argument.cfgs.attributes(), name(number, argument));
        quote!(#cfgs #name)
    });
    Arguments { made: quote!(#(#made)*), names: quote!(#(#names),*) }
}

/// When an argument is made: the session after what may look at it, the state last.
fn turn(argument: &Argument) -> u8 {
    match argument.asks {
        Asks::Plain | Asks::UnknownValue => 0,
        Asks::Session(_) | Asks::UnknownReference => 1,
        Asks::State(_) => 2,
    }
}

/// Makes one argument, standing where its type does; where it is refused, the call is over.
fn make(name: &Ident, argument: &Argument, of_trait: &str) -> TokenStream {
    let place = heart(&argument.ty);
    let (of_trait, cfgs) = (Ident::new(of_trait, place), argument.cfgs.attributes());
    let path = quote_spanned!(place=> __ws_runtime::#of_trait::from_event);
    let mut lent = Group::new(Delimiter::Parenthesis, quote_spanned!(at(place)=> &mut context));
    lent.set_span(at(place));
    quote_spanned!(at(place)=> #cfgs let #name = #path #lent?;)
}

/// The trait of an event's arguments.
fn of_trait(role: &Role) -> &'static str {
    match role {
        Role::On(Event::Connect) => "FromConnect",
        Role::On(Event::Handshake) => "FromHandshake",
        Role::On(Event::Ready) => "FromReady",
        Role::On(Event::Utf8) => "FromUtf8",
        Role::On(Event::Binary) => "FromBinary",
        Role::On(Event::Pong) => "FromPong",
        Role::On(Event::Disconnect) => "FromDisconnect",
        Role::On(Event::Request) => "FromRequest",
        Role::On(Event::Shutdown) => "FromShutdown",
        Role::Tick { .. } => "FromTick",
        Role::Watch { .. } => "FromWatch",
    }
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
