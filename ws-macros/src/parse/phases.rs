//! Reads the variants of a session that is an enum: the phases of a connection.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Fields, GenericArgument, ItemEnum, PathArguments, Type};

use super::items::{self, Kind, RawItem};
use crate::cfgs::Cfgs;
use crate::derive::attribute::{self, Place, Written};
use crate::diagnostics::Diagnostics;
use crate::model::{Payload, Phase};
use crate::syntax::peel;

/// Reads the phases; none if the session is no enum, or cannot be read, which the compiler reports.
pub(super) fn read(item: &RawItem, diagnostics: &mut Diagnostics) -> Vec<Phase> {
    if item.kind != Kind::Enum {
        return Vec::new();
    }
    let tokens: TokenStream = item.tokens.iter().cloned().collect();
    let Ok(session) = syn::parse2::<ItemEnum>(tokens) else { return Vec::new() };
    let phase = |variant: syn::Variant| {
        let Written { status, text, code, transparent, .. } =
            attribute::read(&variant.attrs, Place::Variant, diagnostics);
        if let Some(word) = transparent {
            diagnostics.error(
                word,
                "a phase is no error that says more: write a status, `#[reject(401, \"sign in first\")]`",
            );
        }
        if let Some(text) = text.as_ref().filter(|text| text.value().contains(['{', '}'])) {
            diagnostics
                .error(text, "the refusal of a phase is a plain text, without fields: remove the braces");
        }
        let cfgs = variant.attrs.iter().filter_map(super::handler::condition).collect();
        Phase { name: variant.ident, payload: payload(&variant.fields), cfgs: Cfgs(cfgs), status, text, code }
    };
    session.variants.into_iter().map(phase).collect()
}

/// The tokens of the enum without the attributes that this macro reads.
pub(super) fn without_refusals(tokens: &[TokenTree]) -> TokenStream {
    let mut written = TokenStream::new();
    for token in tokens {
        written.extend([match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let mut body = Group::new(Delimiter::Brace, without(group.stream()));
                body.set_span(group.span());
                TokenTree::Group(body)
            }
            other => other.clone(),
        }]);
    }
    written
}

fn without(body: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut written = TokenStream::new();
    let mut left = tokens.iter().peekable();
    while let Some(token) = left.next() {
        let is_refusal = |next: &TokenTree| match next {
            TokenTree::Group(group) => {
                matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "reject")
            }
            _ => false,
        };
        if items::is_punct(token, '#') && left.peek().is_some_and(|next| is_refusal(next)) {
            left.next();
        } else {
            written.extend([token.clone()]);
        }
    }
    written
}

fn payload(fields: &Fields) -> Option<Payload> {
    let Fields::Unnamed(fields) = fields else { return None };
    let mut fields = fields.unnamed.iter();
    let (Some(only), None) = (fields.next(), fields.next()) else { return None };
    let ty = peel(&only.ty);
    let payload = match boxed(ty) {
        Some(inner) => Payload { ty: inner.clone(), is_boxed: true },
        None => Payload { ty: ty.clone(), is_boxed: false },
    };
    let name = payload.name()?;
    (!NOT_OWN.iter().any(|known| name == known)).then_some(payload)
}

/// The `T` of a `Box<T>`.
fn boxed(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Box")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(peel(inner)),
        _ => None,
    }
}

/// Types of the standard library and of the runtime. No argument can be made of those, or it is another one.
const NOT_OWN: [&str; 32] = [
    "Box",
    "String",
    "Vec",
    "Option",
    "Result",
    "str",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "Bytes",
    "Utf8Bytes",
    "Conn",
    "Server",
    "Close",
    "Handshake",
    "Request",
    "Json",
    "Envelope",
    "Group",
];
