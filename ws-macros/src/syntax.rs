//! Helpers for Rust syntax.

use proc_macro2::Ident;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

/// The expression without parentheses around it.
pub(crate) fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        other => other,
    }
}

/// The type without parentheses around it.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => peel(&inner.elem),
        Type::Group(inner) => peel(&inner.elem),
        other => other,
    }
}

/// The type that a function returns, if it is written.
pub(crate) fn output_type(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty),
    }
}

/// Whether a function returns a stream, by the name of its type: `impl Stream<…>`, also in a box or a `Result`.
pub(crate) fn is_stream(output: &ReturnType) -> bool {
    output_type(output).is_some_and(|ty| mentions(ty, "Stream") || mentions(ty, "BoxStream"))
}

/// Whether a word occurs in a type.
pub(crate) fn mentions(ty: &Type, word: &str) -> bool {
    fn inside(tokens: TokenStream, word: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => name == word,
            TokenTree::Group(group) => inside(group.stream(), word),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    inside(ty.to_token_stream(), word)
}

/// The `T` of a `Result<T, E>`, or the type itself.
pub(crate) fn success(ty: &Type) -> &Type {
    let Type::Path(path) = peel(ty) else { return ty };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else { return ty };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return ty };
    match arguments.args.first() {
        Some(GenericArgument::Type(success)) => success,
        _ => ty,
    }
}

/// The `T` of an `Option<T>`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peel(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// Whether it is `Fn(…)`, `FnMut(…)` or `FnOnce(…)`.
pub(crate) fn is_callable(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else { return false };
    bound
        .path
        .segments
        .last()
        .is_some_and(|last| ["Fn", "FnMut", "FnOnce"].iter().any(|name| last.ident == name))
}

/// The name of a type that is a single word.
pub(crate) fn single_name(ty: &Type) -> Option<&Ident> {
    match peel(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// The name of a type that is a single word, behind a reference.
pub(crate) fn referenced_name(ty: &Type) -> Option<&Ident> {
    match peel(ty) {
        Type::Reference(reference) => single_name(&reference.elem),
        _ => None,
    }
}
