//! Where a path becomes a route: how a server hands its routes over to the runtime.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::handlers::{event_name, future, needs_event};
use super::paths;
use super::server::supers;
use super::service::parameter;
use super::spans::here;
use super::{alone, values};
use crate::events;
use crate::model::{Form, Role, RouteMark};
use crate::plan::Plan;
use crate::resolve::Call;

/// The server of a route.
pub(super) fn server(plan: &Plan<'_>) -> TokenStream {
    let supers = supers(plan.depth());
    quote_spanned!(here()=> #supers __Service)
}

/// The statements that add the routes within a module.
pub(super) fn within(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let numbers = plan.scope.items.iter().filter_map(|item| match item.form {
        Form::Route(number) => Some(number),
        Form::AsWritten | Form::Uncalled | Form::OwnScope | Form::Method | Form::Omitted => None,
    });
    let scopes = numbers.filter_map(|number| plans.get(number + 1)).map(|plan| plan.scope);
    let nested = scopes.map(|scope| {
        let name = &scope.name;
        let cfgs = scope.route.as_ref().map(|route| route.cfgs.attributes());
        quote_spanned!(here()=> #cfgs #name::__routes(routes);)
    });
    let listed = plan.scope.route.is_none().then(|| alone::listed(plan));
    let checks = paths::names_of_guards(plan, plans);
    quote_spanned!(here()=> #(#nested)* #listed #checks)
}

/// `__routes`, by which the module around a route adds it, and those within it.
pub(super) fn adds(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let Some(route) = &plan.scope.route else { return TokenStream::new() };
    let server = server(plan);
    let add = (plan.scope.serves() && !route.is_wrong).then(|| quote_spanned!(here()=> routes.add(__Route);));
    let within = within(plan, plans);
    if route.server.is_some() {
        return alone::adds(plan, &quote_spanned!(here()=> #add #within));
    }
    quote_spanned! {here()=>
        pub(super) fn __routes(routes: &mut __ws_runtime::Routes<#server>) {
            #add
            #within
        }
    }
}

/// In the implementation of `Route`: its path, where that stands, and its guards.
pub(super) fn place(plan: &Plan<'_>) -> TokenStream {
    let Some(route) = &plan.scope.route else { return TokenStream::new() };
    let place = place_of(route);
    let guards = guards(plan);
    quote_spanned! {here()=>
        const MODULE: &'static ::core::primitive::str = ::core::module_path!();

        fn place() -> __ws_runtime::Place {
            #place
        }

        #guards
    }
}

/// Its path, and where that stands: the place of the text, not of the macro.
pub(super) fn place_of(route: &RouteMark) -> TokenStream {
    let RouteMark { path, full_path, .. } = route;
    let (file, line) =
        (quote_spanned!(path.span()=> ::core::file!()), quote_spanned!(path.span()=> ::core::line!()));
    quote_spanned!(here()=> __ws_runtime::Place::new(#full_path, #file, #line))
}

/// The options of a route. They go before those of the routes around it.
pub(super) fn attribute(plan: &Plan<'_>) -> TokenStream {
    let Some(route) = &plan.scope.route else { return TokenStream::new() };
    let outer = plan.server.around(route).map(|_| quote_spanned!(here()=> super::__Route));
    values::attribute(&route.options, outer.as_ref(), plan)
}

/// `guard_route`, which runs the guards of the path, those of outer routes first.
fn guards(plan: &Plan<'_>) -> TokenStream {
    let outer = plan.scope.route.as_ref().and_then(|route| plan.server.around(route)).map(|_| {
        quote_spanned! {here()=>
            <super::__Route as __ws_runtime::Route>::guard_route(event.again()).await?;
        }
    });
    let own: Vec<&Call<'_>> =
        plan.calls.iter().filter(|call| matches!(call.handler.role, Role::RouteGuard)).collect();
    if outer.is_none() && own.is_empty() {
        return TokenStream::new();
    }
    let count = plan.parameters().len();
    let own = own.into_iter().map(|guard| {
        let (cfgs, future) = (guard.cfgs.attributes(), future(guard, plan));
        let event = event_name(needs_event(guard));
        quote_spanned! {here()=>
            #cfgs
            {
                let #event = event.seeing(#count);
                let passed: __ws_runtime::BoxFuture<'_, __ws_runtime::Outcome> = ::std::boxed::Box::pin({ #future });
                passed.await?;
            }
        }
    });
    let own: TokenStream = own.collect();
    let parameter = parameter(&events::ROUTE_GUARD, true, plan);
    quote_spanned! {here()=>
        fn guard_route<'a>(
            #parameter
        ) -> impl ::core::future::Future<Output = __ws_runtime::Outcome> + ::core::marker::Send {
            async move {
                #outer
                #own
                ::core::result::Result::Ok(())
            }
        }
    }
}
