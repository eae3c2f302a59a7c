//! References in a route in a file of its own, which may be states of a server that the macro does not see. The
//! runtime finds out by their types, and locks what is behind a lock.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Type;

use super::arguments::{from_event, name, without_lifetimes};
use super::server::supers;
use super::spans::{at, heart, here};
use crate::model::Argument;
use crate::plan::Plan;
use crate::resolve::{Asks, Call};
use crate::syntax::peel;

/// A reference to what may be a state that the macro does not see.
pub(super) struct Sought {
    /// The type behind the reference, as seen from the module.
    ty: TokenStream,
    is_mutable: bool,
}

pub(super) fn sought(argument: &Argument, asks: Asks, call: &Call<'_>, plan: &Plan<'_>) -> Option<Sought> {
    match peel(&argument.ty) {
        Type::Reference(reference) if asks == Asks::UnknownReference && plan.server.stands_alone() => {
            Some(Sought {
                ty: seen(&reference.elem, call.handler.above)?,
                is_mutable: reference.mutability.is_some(),
            })
        }
        _ => None,
    }
}

/// A type as seen from so many modules deeper than where it is written; `None` if that is unknown.
fn seen(ty: &Type, above: usize) -> Option<TokenStream> {
    if above == 0 {
        return Some(without_lifetimes(ty));
    }
    let Type::Path(path) = peel(ty) else { return None };
    let (path, supers) = (&path.path, supers(above));
    let is_bare = path.leading_colon.is_none() && path.get_ident().is_some();
    let first = &path.segments.first()?.ident;
    let is_plain = path.segments.iter().all(|segment| segment.arguments.is_none());
    match first.to_string().as_str() {
        _ if !is_plain => None,
        "crate" => Some(quote_spanned!(here()=> #path)),
        "super" => Some(quote_spanned!(here()=> #supers #path)),
        _ if is_bare => Some(quote_spanned!(here()=> #supers #path)),
        _ => None,
    }
}

/// What makes an argument in two steps: before the locks are taken, and under them.
pub(super) struct Held {
    pub(super) before: TokenStream,
    /// Where it waits, with its condition.
    hold: TokenStream,
    under: TokenStream,
}

pub(super) fn held(
    number: usize,
    argument: &Argument,
    Sought { ty, is_mutable }: &Sought,
    call: &Call<'_>,
) -> Held {
    let place = at(heart(&argument.ty));
    let cfgs = argument.cfgs.attributes();
    let (hold, made) = (numbered("hold", number, argument), numbered("made", number, argument));
    let name = name(number, argument);
    let access = Ident::new(if *is_mutable { "ByMut" } else { "ByRef" }, here());
    let make = from_event(argument, call.handler.row());
    let seek = quote_spanned! {place=>
        {
            #[allow(unused_imports)]
            use __ws_runtime::{IsLocked as _, IsNoLock as _, IsWithoutLock as _};
            (&&&__ws_runtime::Sought::<__ws_runtime::#access, #ty, _>::of(context.store())).hold()
        }
    };
    if call.handler.holds_no_lock() {
        // It takes nothing behind a lock, so nothing is held across an `.await`, or while it blocks.
        let before = quote_spanned! {place=>
            #cfgs
            let #name = {
                let #hold = #seek;
                let #made = #hold.make(|| #make)?;
                #hold.lend_to_async(#made)
            };
        };
        return Held { before, hold: TokenStream::new(), under: TokenStream::new() };
    }
    let before = quote_spanned! {place=>
        #cfgs
        let mut #hold = #seek;
        #cfgs
        let #made = #hold.make(|| #make)?;
    };
    Held {
        before,
        hold: quote_spanned!(place=> #cfgs &mut #hold,),
        under: quote_spanned!(place=> #cfgs let #name = #hold.lend(#made);),
    }
}

/// The statements that take the locks, and lend what they are on.
pub(super) fn lend(held: &[Held]) -> TokenStream {
    let holds: TokenStream = held.iter().map(|held| held.hold.clone()).collect();
    let lock =
        (!holds.is_empty()).then(|| quote_spanned!(here()=> __ws_runtime::lock_in_order(&mut [#holds]);));
    let under = held.iter().map(|held| &held.under);
    quote_spanned!(here()=> #lock #(#under)*)
}

/// Asks the compiler whether a handler takes a state as it may.
pub(super) fn checks(plan: &Plan<'_>) -> TokenStream {
    plan.calls.iter().map(|call| check(call, plan)).collect()
}

fn check(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let sought: Vec<(&Argument, Sought)> = call
        .arguments
        .iter()
        .filter_map(|(argument, asks)| Some((*argument, sought(argument, *asks, call, plan)?)))
        .collect();
    let each = sought.iter().filter_map(|(argument, sought)| {
        let assertion = match (call.handler.holds_no_lock(), sought.is_mutable) {
            (true, true) if call.handler.blocks() => "assert_not_changed_blocking",
            (true, false) if call.handler.blocks() => "assert_not_held_blocking",
            (true, true) => "assert_not_changed",
            (true, false) => "assert_not_held",
            (false, true) => "assert_locked",
            (false, false) => return None,
        };
        let place = heart(&argument.ty);
        let (assertion, found) = (Ident::new(assertion, place), found(sought));
        Some(checked(call, argument, &quote_spanned!(place=> __ws_runtime::#assertion(#found))))
    });
    let twice = match sought.as_slice() {
        [_, .., (last, _)] => {
            let all = sought.iter().map(|(argument, sought)| {
                let (cfgs, found) = (argument.cfgs.attributes(), found(sought));
                quote_spanned!(here()=> #cfgs #found)
            });
            let assertion =
                quote_spanned!(heart(&last.ty)=> __ws_runtime::assert_states_differ(&[#(#all),*]));
            checked(call, last, &assertion)
        }
        _ => TokenStream::new(),
    };
    quote_spanned!(here()=> #(#each)* #twice)
}

/// What the type is in the store of the server.
fn found(Sought { ty, .. }: &Sought) -> TokenStream {
    quote_spanned! {here()=>
        __ws_runtime::StateOf::<<__Server as __ws_runtime::Service>::Store, #ty>::FOUND
    }
}

fn checked(call: &Call<'_>, argument: &Argument, assertion: &TokenStream) -> TokenStream {
    let (of_call, of_argument) = (call.cfgs.attributes(), argument.cfgs.attributes());
    quote_spanned! {here()=>
        #of_call
        #of_argument
        const _: () = {
            #[allow(unused_imports)]
            use __ws_runtime::NoState as _;
            type __Server = <__Route as __ws_runtime::Route>::Server;
            #assertion;
        };
    }
}

fn numbered(prefix: &str, number: usize, argument: &Argument) -> Ident {
    Ident::new(&format!("{prefix}_{number}"), at(heart(&argument.ty)))
}
