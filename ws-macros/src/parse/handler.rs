//! Reads the signature of a handler. Its body is not parsed.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{
    FnArg, GenericParam, Pat, ReceiverKind, Safety, Signature, Type, TypePath, TypeReference, Visibility,
};

use super::items::{RawAttribute, RawItem};
use crate::cfgs::Cfgs;
use crate::diagnostics::Diagnostics;
use crate::model::{Argument, Flow, Form, Handler, Limits, Role};
use crate::syntax::{is_callable, output_type, peel};

/// Reads a handler; `None` if it cannot be called, which this macro has reported or the compiler will.
pub(crate) fn read(
    (role, limits): (Role, Limits),
    item: &RawItem,
    number: usize,
    diagnostics: &mut Diagnostics,
) -> Option<Handler> {
    let signature = signature(item)?.ok()?;
    if signature.variadic.is_some() {
        return None; // not stable Rust
    }
    let before = diagnostics.count();
    check_signature(&signature, diagnostics);
    let mut arguments = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => diagnostics.error(
                receiver,
                "a handler is a function, not a method: take the state by `&` or the session by `&mut` instead of `self`",
            ),
            FnArg::Typed(argument) => {
                check_type(&argument.ty, &signature, diagnostics);
                arguments.push(Argument {
                    ty: (*argument.ty).clone(),
                    taken_apart: tuple_struct(&argument.pat),
                    cfgs: Cfgs(argument.attrs.iter().filter_map(condition).collect()),
                });
            }
        }
    }
    if diagnostics.count() != before || arguments.iter().any(|argument| is_refused_by_rustc(&argument.ty)) {
        return None;
    }
    Some(Handler {
        role,
        limits,
        name: signature.ident,
        flow: if signature.asyncness.is_some() { Flow::Async } else { Flow::Plain },
        arguments,
        output: signature.output,
        cfgs: conditions(&item.attributes),
        item: number,
        above: 0,
    })
}

/// How a function is emitted that cannot be called as a handler.
pub(crate) fn uncalled(item: &RawItem) -> Form {
    match signature(item) {
        Some(Ok(signature))
            if signature
                .receiver()
                .is_some_and(|receiver| matches!(receiver.kind, ReceiverKind::Typed(..))) =>
        {
            Form::Omitted
        }
        Some(Ok(signature)) if signature.receiver().is_some() => Form::Method,
        // If the compiler can parse it nevertheless, it warns about an unused function.
        Some(Err(_)) => Form::AsWritten,
        Some(Ok(_)) | None => Form::Uncalled,
    }
}

/// Parses the signature; `None` if there is no body. The compiler reports that, and what cannot be parsed.
fn signature(item: &RawItem) -> Option<syn::Result<Signature>> {
    let (head, _) = item.split_body()?;
    let parser = |input: ParseStream<'_>| {
        input.parse::<Visibility>()?;
        input.parse::<Signature>()
    };
    Some(parser.parse2(head))
}

/// The name of the tuple struct in a pattern.
fn tuple_struct(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::TupleStruct(pattern) => pattern.path.segments.last().map(|last| last.ident.clone()),
        _ => None,
    }
}

/// The conditions of an item's `#[cfg(…)]` attributes.
pub(crate) fn conditions(attributes: &[RawAttribute]) -> Cfgs {
    let conditions = attributes.iter().filter(|attribute| attribute.is("cfg"));
    Cfgs(conditions.filter_map(|attribute| attribute.arguments().map(proc_macro2::Group::stream)).collect())
}

pub(super) fn condition(attribute: &syn::Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}

fn check_signature(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Safety::Unsafe(token) = &signature.safety {
        diagnostics.error(token, "a handler cannot be `unsafe`: the server calls it from safe code");
    }
    if let Some(abi) = &signature.abi {
        diagnostics.error(abi, "a handler is a Rust function: remove `extern`");
    }
    let generic: Vec<_> = signature
        .generics
        .params
        .iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)))
        .collect();
    if let Some((first, more)) = generic.split_first() {
        let mut tokens = quote::quote!(#first);
        tokens.extend(quote::quote!(#(, #more)*));
        diagnostics.error(tokens, "a handler cannot be generic over types or constants: arguments are found by type, so write the types");
    }
    if signature.asyncness.is_none()
        && let Some(future) = output_type(&signature.output).filter(|ty| is_future(ty))
    {
        diagnostics.error(
            future,
            format!(
                "a returned future is not awaited: write `async fn {}`, and return what the future gives",
                signature.ident
            ),
        );
    }
}

/// Whether it is an `impl Future<…>`, or a box of one.
fn is_future(ty: &Type) -> bool {
    fn mentions_future(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => name == "Future" || name == "BoxFuture",
            TokenTree::Group(group) => mentions_future(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    let is_box = |path: &TypePath| {
        path.path
            .segments
            .last()
            .is_some_and(|last| ["Pin", "Box", "BoxFuture"].iter().any(|name| last.ident == name))
    };
    match peel(ty) {
        Type::ImplTrait(promised) => mentions_future(promised.to_token_stream()),
        Type::Path(path) => is_box(path) && mentions_future(path.to_token_stream()),
        _ => false,
    }
}

fn check_type(ty: &Type, signature: &Signature, diagnostics: &mut Diagnostics) {
    match peel(ty) {
        Type::ImplTrait(promised) if promised.bounds.iter().any(is_callable) => {
            diagnostics.error(
                ty,
                "there are no callbacks: what the handler returns is sent to the peer as the reply",
            );
        }
        Type::ImplTrait(_) => {
            diagnostics.error(ty, "arguments are found by type: write the type instead of `impl …`");
        }
        Type::Reference(TypeReference { lifetime: Some(lifetime), .. }) if lifetime.ident == "static" => {
            diagnostics.error(
                lifetime,
                format!(
                    "an argument is borrowed for one call of `{}`, not for `'static`: remove the lifetime, or clone what \
                     has to live longer",
                    signature.ident
                ),
            );
        }
        _ => {}
    }
}

/// Whether the compiler rejects the type for any argument.
fn is_refused_by_rustc(ty: &Type) -> bool {
    match peel(ty) {
        Type::Infer(_) | Type::Never(_) | Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        Type::Reference(reference) => matches!(peel(&reference.elem), Type::Infer(_)),
        _ => false,
    }
}
