//! What a handler is called with: one conversion for each argument.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::parts::{field, taken};
use super::rooms;
use super::spans::{at, heart, here};
use super::{holds, timers};
use crate::events::{Event, Row, Session};
use crate::model::Argument;
use crate::plan::{Cell, Plan};
use crate::resolve::{Access, Asks, Call};

/// What a handler is called with.
pub(crate) struct Arguments {
    /// The statements that make them, each standing where its type does. What is lent once comes last, then the room,
    /// which is locked before all of them, and the states after all, in the order of their declaration: what refuses
    /// does so before a state is locked, and may look at the session. All handlers lock in the same order, so none
    /// waits for another that waits for it.
    pub(crate) made: TokenStream,
    /// Their names in the order of the signature, with commas between them.
    pub(crate) names: TokenStream,
}

pub(crate) fn arguments(call: &Call<'_>, plan: &Plan<'_>) -> Arguments {
    let mut in_order: Vec<(usize, &(&Argument, Asks))> = call.arguments.iter().enumerate().collect();
    in_order.sort_by_key(|(_, (_, asks))| match asks {
        Asks::Plain | Asks::Identity(_) | Asks::UnknownValue => 0,
        Asks::Session(_) | Asks::Phase(_) | Asks::UnknownReference => 1,
        Asks::Room(_) => 2,
        Asks::State(state, _) => 3 + state,
    });
    let mut held = Vec::new();
    let made = in_order.into_iter().map(|(number, (argument, asks))| match asks {
        Asks::State(state, access) if timers::fires_with(call, argument, *asks) => {
            lend_timed(number, argument, *state, *access)
        }
        Asks::State(state, access) => lend_state(number, argument, *state, *access, plan.cell(*state)),
        Asks::Room(access) if call.handler.event() == Some(Event::Empty) => {
            rooms::give(&name(number, argument), argument, *access)
        }
        Asks::Room(access) => rooms::lend(&name(number, argument), argument, *access),
        Asks::Plain
        | Asks::Identity(_)
        | Asks::UnknownValue
        | Asks::Session(_)
        | Asks::Phase(_)
        | Asks::UnknownReference => match holds::sought(argument, *asks, call, plan) {
            Some(sought) => {
                let hold = holds::held(number, argument, &sought, call);
                let before = hold.before.clone();
                held.push(hold);
                before
            }
            None => make(number, argument, call.handler.row()),
        },
    });
    let made: TokenStream = made.collect();
    let lent = holds::lend(&held);
    let names = call.arguments.iter().enumerate().map(|(number, (argument, _))| {
        let (cfgs, name) = (argument.cfgs.attributes(), name(number, argument));
        quote!(#cfgs #name)
    });
    Arguments { made: quote!(#made #lent), names: quote!(#(#names),*) }
}

fn make(number: usize, argument: &Argument, row: &Row) -> TokenStream {
    let (name, made) = (name(number, argument), from_event(argument, row));
    let cfgs = argument.cfgs.attributes();
    quote_spanned!(at(heart(&argument.ty))=> #cfgs let #name = #made?;)
}

/// The call that makes an argument of the context.
pub(super) fn from_event(argument: &Argument, row: &Row) -> TokenStream {
    let place = heart(&argument.ty);
    let of_trait = Ident::new(row.argument_trait, place);
    let path = quote_spanned!(place=> __ws_runtime::#of_trait::from_event);
    let mut lent = Group::new(Delimiter::Parenthesis, quote_spanned!(at(place)=> &mut context));
    lent.set_span(at(place));
    quote_spanned!(at(place)=> #path #lent)
}

/// Takes a state out of its cell. A lock is held until the handler's value has become a reply, which may borrow from
/// the state.
fn lend_state(number: usize, argument: &Argument, state: usize, access: Access, cell: Cell) -> TokenStream {
    let place = at(heart(&argument.ty));
    let (name, cfgs) = (name(number, argument), argument.cfgs.attributes());
    let field = field(state);
    let lock = Ident::new(&format!("lock_{state}"), place);
    match (cell, access) {
        (Cell::Plain, _) => quote_spanned!(place=> #cfgs let #name = context.store().#field.share();),
        (Cell::Guarded | Cell::Timed, Access::Mutable) => quote_spanned! {place=>
            #cfgs
            let mut #lock = context.store().#field.lock();
            #cfgs
            let #name = &mut *#lock;
        },
        (Cell::Guarded | Cell::Timed, Access::Shared | Access::Value) => quote_spanned! {place=>
            #cfgs
            let #lock = context.store().#field.lock();
            #cfgs
            let #name = &*#lock;
        },
    }
}

/// Takes the state that a timer belongs to out of its cell, and stops the timer under the same lock as the handler
/// runs.
fn lend_timed(number: usize, argument: &Argument, state: usize, access: Access) -> TokenStream {
    let place = at(heart(&argument.ty));
    let (name, field) = (name(number, argument), field(state));
    let lock = Ident::new(&format!("lock_{state}"), place);
    let fire = timers::fire(&lock);
    let lent = match access {
        Access::Mutable => quote_spanned!(place=> &mut *#lock),
        Access::Shared | Access::Value => quote_spanned!(place=> &*#lock),
    };
    quote_spanned! {place=>
        let mut #lock = context.store().#field.lock();
        #fire
        let #name = #lent;
    }
}

pub(super) fn name(number: usize, argument: &Argument) -> Ident {
    Ident::new(&format!("argument_{number}"), at(heart(&argument.ty)))
}

/// Asks the compiler whether a type whose name the macro does not know is the session once more.
pub(crate) fn once(plan: &Plan<'_>) -> TokenStream {
    let checks: Vec<TokenStream> = plan.calls.iter().filter_map(check_once).collect();
    if checks.is_empty() {
        return TokenStream::new();
    }
    let exclusive = exclusive(plan);
    quote_spanned!(here()=> #exclusive #(#checks)*)
}

/// Whether the argument may be the session, judging only by the name of its type.
fn may_be_exclusive(asks: Asks, row: &Row) -> bool {
    match asks {
        Asks::Session(_) | Asks::Phase(_) | Asks::UnknownReference => true,
        Asks::UnknownValue => row.session == Session::Given,
        Asks::Plain | Asks::Identity(_) | Asks::Room(_) | Asks::State(..) => false,
    }
}

fn check_once(call: &Call<'_>) -> Option<TokenStream> {
    let row = call.handler.row();
    let suspects: Vec<(&Argument, Asks)> =
        call.arguments.iter().copied().filter(|(_, asks)| may_be_exclusive(*asks, row)).collect();
    let is_known = |(_, asks): &(&Argument, Asks)| matches!(asks, Asks::Session(_) | Asks::Phase(_));
    // A guard of an outer module is checked there, where its types are seen.
    if suspects.len() < 2 || suspects.iter().all(is_known) || call.handler.above > 0 {
        return None;
    }
    let (last, _) = suspects.last()?;
    let place = heart(&last.ty);
    let probes = suspects.iter().map(|(argument, _)| {
        let ty = without_lifetimes(&argument.ty);
        let cfgs = argument.cfgs.attributes();
        quote_spanned!(here()=> #cfgs __ws_runtime::Probe::<#ty>::PART)
    });
    let cfgs = call.cfgs.attributes();
    let assertion = quote_spanned!(place=> __ws_runtime::assert_once(&[#(#probes),*]));
    Some(quote_spanned! {here()=>
        #cfgs
        const _: () = {
            #[allow(unused_imports)]
            use __ws_runtime::Unclaimed as _;
            #assertion;
        };
    })
}

fn exclusive(plan: &Plan<'_>) -> TokenStream {
    let parts = plan.sessions.iter().flat_map(|session| {
        let name = session.name.to_token_stream();
        let phases = taken(session, plan).into_iter().map(|payload| payload.ty.to_token_stream());
        std::iter::once(name).chain(phases).map(move |ty| (ty, &session.cfgs))
    });
    let implementations = parts.map(|(name, cfgs)| {
        let cfgs = cfgs.attributes();
        let forms = [Access::Shared, Access::Mutable, Access::Value].map(|access| match access {
            Access::Shared => quote_spanned!(here()=> &#name),
            Access::Mutable => quote_spanned!(here()=> &mut #name),
            Access::Value => quote_spanned!(here()=> #name),
        });
        quote_spanned! {here()=> #(
            #cfgs
            #[automatically_derived]
            impl __ws_runtime::Exclusive for #forms {
                const PART: ::core::primitive::u8 = 1;
            }
        )* }
    });
    implementations.collect()
}

/// The tokens of a type in a constant, which has no lifetimes in scope: each becomes `'_`.
pub(super) fn without_lifetimes(ty: &Type) -> TokenStream {
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
