//! The states: how they are given, the store that keeps them, and how handlers reach them by another name.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote_spanned};

use crate::expand::alone::visibility;
use crate::expand::spans::{at, here, otherwise, repeat};
use crate::model::Reach;
use crate::plan::{Cell, Plan, State};

/// The field of the store for the state with this number.
pub(crate) fn field(number: usize) -> Ident {
    Ident::new(&format!("state_{number}"), here())
}

/// The types of the states that can be given: pairs of a type and the rest.
pub(crate) fn given(plan: &Plan<'_>) -> TokenStream {
    list(plan, "__Given", |state| quote_spanned!(here()=> #state))
}

/// The same list before any is given.
pub(crate) fn unset(plan: &Plan<'_>) -> TokenStream {
    list(plan, "__Unset", |state| quote_spanned!(here()=> __ws_runtime::Unset<#state>))
}

/// The states that can be given. A private one cannot be named where `server()` is called: it is its `Default`.
fn to_give<'p>(plan: &'p Plan<'_>) -> impl DoubleEndedIterator<Item = &'p State> {
    plan.states.iter().filter(|state| matches!(state.part.reach, Reach::Public(_)))
}

fn is_conditional(plan: &Plan<'_>) -> bool {
    to_give(plan).any(|state| !state.part.cfgs.0.is_empty())
}

fn list(plan: &Plan<'_>, alias: &str, element: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    if is_conditional(plan) {
        let alias = format_ident!("{alias}0", span = here());
        return quote_spanned!(here()=> #alias);
    }
    to_give(plan).rev().fold(quote_spanned!(here()=> ()), |rest, state| {
        let element = element(&repeat(&state.part.name));
        quote_spanned!(here()=> (#element, #rest))
    })
}

/// Under `#[cfg]` the lists are aliases: each is a pair of a state and the next alias, or the next alias alone.
pub(super) fn lists(plan: &Plan<'_>) -> TokenStream {
    if !is_conditional(plan) {
        return TokenStream::new();
    }
    let given = aliases(plan, "__Given", |state| quote_spanned!(here()=> #state));
    let unset = aliases(plan, "__Unset", |state| quote_spanned!(here()=> __ws_runtime::Unset<#state>));
    quote_spanned!(here()=> #given #unset)
}

fn aliases(plan: &Plan<'_>, alias: &str, element: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    let named = |number: usize| format_ident!("{alias}{number}", span = here());
    let mut aliases = TokenStream::new();
    let mut count = 0;
    for (number, state) in to_give(plan).enumerate() {
        let (this, next) = (named(number), named(number + 1));
        let (element, cfgs) = (element(&state.part.name), state.part.cfgs.attributes());
        aliases.extend(quote_spanned!(here()=> #cfgs type #this = (#element, #next);));
        if let Some(cfg) = otherwise([&state.part.cfgs]) {
            aliases.extend(quote_spanned!(here()=> #cfg type #this = #next;));
        }
        count = number + 1;
    }
    let last = named(count);
    quote_spanned!(here()=> #aliases type #last = ();)
}

/// The store: a cell for each state.
pub(super) fn kept(plan: &Plan<'_>) -> TokenStream {
    let Some(first) = plan.states.first() else { return TokenStream::new() };
    let fields = plan.states.iter().map(|state| {
        let (cfgs, field, cell) = (state.part.cfgs.attributes(), field(state.number), cell(state));
        quote_spanned!(here()=> #cfgs #field: #cell,)
    });
    let keeps = plan.states.iter().map(|state| {
        let State { part, number, .. } = state;
        let (cfgs, name, field, cell) = (part.cfgs.attributes(), &part.name, field(*number), cell(state));
        quote_spanned! {here()=>
            #cfgs
            #[automatically_derived]
            impl __ws_runtime::Keeps<#name> for __Store {
                type Cell = #cell;
                const NUMBER: ::core::primitive::usize = #number;

                fn cell(&self) -> &Self::Cell {
                    &self.#field
                }
            }
        }
    });
    let place = at(first.part.name.span());
    let visibility = visibility(plan, place);
    let head = quote_spanned!(place=> #visibility struct __Store);
    quote_spanned! {here()=>
        #[allow(dead_code)]
        #head {
            #(#fields)*
        }

        #(#keeps)*
    }
}

fn cell(state: &State) -> TokenStream {
    let cell = match state.cell {
        Cell::Plain => "Plain",
        Cell::Guarded => "Guarded",
        Cell::Timed => "Timed",
    };
    let (cell, name) = (Ident::new(cell, here()), repeat(&state.part.name));
    quote_spanned!(at(name.span())=> __ws_runtime::#cell<#name>)
}

/// In the implementation of `Service`: the types of the states, and how the store is made of them.
pub(crate) fn store(plan: &Plan<'_>) -> TokenStream {
    let given = given(plan);
    if plan.states.is_empty() {
        return quote_spanned! {here()=>
            type Given = ();
            type Store = ();

            fn store((): Self::Given) -> Self::Store {}
        };
    }
    let taken = to_give(plan).map(|state| {
        let (cfgs, field) = (state.part.cfgs.attributes(), field(state.number));
        quote_spanned!(here()=> #cfgs let (#field, given) = given;)
    });
    let fields = plan.states.iter().map(|State { part, number, .. }| {
        let (cfgs, field) = (part.cfgs.attributes(), field(*number));
        let place = at(part.name.span());
        let state = match part.reach {
            Reach::Public(_) => quote_spanned!(here()=> #field),
            Reach::Private => {
                let name = repeat(&part.name);
                quote_spanned!(place=> <#name as __ws_runtime::PrivateState>::make())
            }
        };
        quote_spanned!(here()=> #cfgs #field: __ws_runtime::StateCell::new(#state),)
    });
    let place = plan.states.first().map_or_else(here, |state| at(state.part.name.span()));
    let store = quote_spanned!(place=> __Store);
    quote_spanned! {here()=>
        type Given = #given;
        type Store = #store;

        fn store(given: Self::Given) -> Self::Store {
            #(#taken)*
            let () = given;
            __Store { #(#fields)* }
        }
    }
}

/// Arguments that are a state by a name that the macro does not know. Only one without a lock can be taken so.
pub(super) fn lent(plan: &Plan<'_>) -> TokenStream {
    plan.states.iter().map(lend).collect()
}

fn lend(State { part, cell, .. }: &State) -> TokenStream {
    let (name, cfgs) = (&part.name, part.cfgs.attributes());
    let place = at(name.span());
    match cell {
        Cell::Plain => quote_spanned! {place=>
            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __C: __ws_runtime::SharesState<'a, #name>> __ws_runtime::FromContext<'a, __C> for &'a #name {
                fn from_context(context: &mut __C) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(context.state())
                }
            }
        },
        Cell::Guarded | Cell::Timed => {
            let forms = [quote_spanned!(place=> &'a #name), quote_spanned!(place=> &'a mut #name)];
            quote_spanned! {place=> #(
                #cfgs
                #[automatically_derived]
                impl<'a, __C: __ws_runtime::LocksByAnyName<#name>> __ws_runtime::FromContext<'a, __C> for #forms {
                    fn from_context(context: &mut __C) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                        ::core::result::Result::Ok(context.lend())
                    }
                }
            )* }
        }
    }
}
