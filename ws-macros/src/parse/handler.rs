//! Reads a handler's signature; its body is nobody's business.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{FnArg, GenericParam, Safety, Signature, Type, TypeParamBound, TypeReference, Visibility};

use super::items::{RawAttribute, RawItem};
use crate::cfgs::Cfgs;
use crate::diagnostics::Diagnostics;
use crate::model::{Argument, Flow, Form, Handler, Role};
use crate::syntax::{output_type, peel};

/// The handler that an item is; none if its signature cannot be called, which has then been reported by this macro or
/// will be by the compiler.
pub(crate) fn read(
    role: Role,
    item: &RawItem,
    number: usize,
    diagnostics: &mut Diagnostics,
) -> Option<Handler> {
    let signature = signature(item)?.ok()?;
    if signature.variadic.is_some() {
        return None; // not stable Rust
    }
    let before = diagnostics.count();
    judge(&signature, diagnostics);
    let mut arguments = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => diagnostics.error(
                receiver,
                "a handler is a function, not a method: take the state by `&` or the session by `&mut` instead of `self`",
            ),
            FnArg::Typed(argument) => {
                judge_type(&argument.ty, &signature, diagnostics);
                arguments.push(Argument {
                    ty: (*argument.ty).clone(),
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
        name: signature.ident,
        flow: if signature.asyncness.is_some() { Flow::Async } else { Flow::Plain },
        arguments,
        output: signature.output,
        cfgs: conditions(&item.attributes),
        item: number,
    })
}

/// How a function is written back that cannot be called as a handler.
pub(crate) fn uncalled(item: &RawItem) -> Form {
    match signature(item) {
        Some(Ok(signature)) if signature.receiver().is_some() => Form::Method,
        // Should the compiler be able to read it after all, it warns that nobody calls the function.
        Some(Err(_)) => Form::AsWritten,
        Some(Ok(_)) | None => Form::Uncalled,
    }
}

/// The signature; none where there is no body. Of that, and of one that cannot be read, the compiler says enough.
fn signature(item: &RawItem) -> Option<syn::Result<Signature>> {
    let (head, _) = item.split_body()?;
    let parser = |input: ParseStream<'_>| {
        input.parse::<Visibility>()?;
        input.parse::<Signature>()
    };
    Some(parser.parse2(head))
}

/// The conditions of an item's `#[cfg(…)]` attributes.
pub(crate) fn conditions(attributes: &[RawAttribute]) -> Cfgs {
    let conditions = attributes.iter().filter(|attribute| attribute.is("cfg"));
    Cfgs(conditions.filter_map(|attribute| attribute.arguments().map(proc_macro2::Group::stream)).collect())
}

fn condition(attribute: &syn::Attribute) -> Option<TokenStream> {
    match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        _ => None,
    }
}

fn judge(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Safety::Unsafe(token) = &signature.safety {
        diagnostics.error(token, "a handler cannot be `unsafe`: the server calls it from safe code");
    }
    if let Some(abi) = &signature.abi {
        diagnostics.error(abi, "a handler is a Rust function: leave `extern` out");
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
        diagnostics.error(tokens, "a handler cannot be generic over types or constants: its arguments are found by their types, so write them out");
    }
    if signature.asyncness.is_none()
        && let Some(future) = output_type(&signature.output).filter(|ty| is_future(ty))
    {
        diagnostics.error(
            future,
            format!(
                "only an `async fn` is awaited: write `async fn {}`, and what the future gives in place of this",
                signature.ident
            ),
        );
    }
}

/// Whether it is an `impl Future<…>`.
fn is_future(ty: &Type) -> bool {
    let Type::ImplTrait(promised) = peel(ty) else { return false };
    promised.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}

fn judge_type(ty: &Type, signature: &Signature, diagnostics: &mut Diagnostics) {
    match peel(ty) {
        Type::ImplTrait(_) => {
            diagnostics.error(ty, "an argument is found by its type: write the type instead of `impl …`");
        }
        Type::Reference(TypeReference { lifetime: Some(lifetime), .. }) if lifetime.ident == "static" => {
            diagnostics.error(
                lifetime,
                format!(
                    "an argument is lent to `{}` for one call, not for `'static`: leave the lifetime out, or clone what \
                     has to live longer",
                    signature.ident
                ),
            );
        }
        _ => {}
    }
}

/// A type that no argument can have, as rustc will say.
fn is_refused_by_rustc(ty: &Type) -> bool {
    match peel(ty) {
        Type::Infer(_) | Type::Never(_) | Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        Type::Reference(reference) => matches!(peel(&reference.elem), Type::Infer(_)),
        _ => false,
    }
}
