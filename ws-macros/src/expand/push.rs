//! The implementations of `Push` and `Ask`.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{GenericParam, Generics};

use super::named::keys;
use super::spans::{at, here};
use crate::model::Push;
use crate::plan::Plan;

pub(crate) fn pushes(plan: &Plan<'_>) -> TokenStream {
    plan.scope.pushes.iter().map(|push| implement(push, plan)).collect()
}

fn implement(push: &Push, plan: &Plan<'_>) -> TokenStream {
    let Push { name, wire, answer, generics, cfgs, .. } = push;
    let (cfgs, keys) = (cfgs.attributes(), keys(plan));
    let wire = wire.value();
    let generics = bounded(name, generics);
    let (of_impl, of_type, bounds) = generics.split_for_impl();
    let serializer = Ident::new("__Serializer", here());
    let ask = answer.as_ref().map(|answer| {
        quote_spanned! {here()=>
            #cfgs
            #[automatically_derived]
            impl #of_impl __ws_runtime::Ask for #name #of_type #bounds {
                type Answer = #answer;
            }
        }
    });
    let is_question =
        answer.as_ref().map(|_| quote_spanned!(here()=> const IS_QUESTION: ::core::primitive::bool = true;));
    let route = plan.scope.route.is_some().then(|| {
        quote_spanned! {here()=>
            const ROUTE: ::core::option::Option<&'static ::core::primitive::str> =
                ::core::option::Option::Some(::core::module_path!());
        }
    });
    let of_server = plan.scope.route.is_none().then(|| {
        quote_spanned! {here()=>
            #cfgs
            #[automatically_derived]
            impl #of_impl __ws_runtime::ServerPush for #name #of_type #bounds {}
        }
    });
    // An error says at the name that the type does not serialise.
    let serialize = quote_spanned! {at(name.span())=>
        fn serialize_data<#serializer: __ws_runtime::Serializer>(
            &self,
            serializer: #serializer,
        ) -> ::core::result::Result<#serializer::Ok, #serializer::Error> {
            __ws_runtime::PushData::serialize_data(self, serializer)
        }
    };
    quote_spanned! {here()=>
        #cfgs
        #[automatically_derived]
        impl #of_impl __ws_runtime::Push for #name #of_type #bounds {
            const NAME: &'static ::core::primitive::str = #wire;
            const KEYS: &'static __ws_runtime::Keys = #keys;
            #is_question
            #route

            #serialize
        }
        #of_server
        #ask
    }
}

/// With type parameters, whether the type serialises is known only where it is used.
fn bounded(name: &Ident, generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    if generics.params.iter().any(|parameter| matches!(parameter, GenericParam::Type(_))) {
        let (_, of_type, _) = generics.split_for_impl();
        let bound = syn::parse2(quote_spanned!(at(name.span())=> #name #of_type: __ws_runtime::PushData));
        if let Ok(bound) = bound {
            generics.make_where_clause().predicates.push(bound);
        }
    }
    generics
}
