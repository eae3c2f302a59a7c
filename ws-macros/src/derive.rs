//! `#[derive(Reject)]`: what the peer is told of an error type.
//!
//! `attribute` reads `#[reject(…)]`, `text` the message with its fields, and `expand` writes the conversion. After a
//! mistake the conversion is written all the same, so that one mistake is one error.

pub(crate) mod attribute;
mod expand;
mod text;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Fields, Generics, Item, LitStr, Path, Type};
use ws_spec::nearest;

use self::attribute::{Place, Written};
use self::text::Text;
use crate::diagnostics::Diagnostics;

/// An error type, and what the peer is told of it.
pub(crate) struct Rejection {
    name: Ident,
    generics: Generics,
    /// The path of the runtime, if it is not `::ws_runtime`.
    runtime: Option<Path>,
    cases: Vec<Case>,
}

/// A variant of an enum, or a struct as a whole.
struct Case {
    /// The variant; `None` for a struct.
    variant: Option<Ident>,
    fields: Fields,
    told: Told,
}

/// What the peer is told.
enum Told {
    /// A status, a code, and a message.
    Of { status: Option<syn::Expr>, code: Code, text: Option<Text> },
    /// What the only field converts into.
    Field { ty: Box<Type> },
    /// Nothing that makes sense, because of a mistake.
    Unclear,
}

/// The code of a refusal.
enum Code {
    /// As it is written.
    Written(LitStr),
    /// That of a name.
    OfName,
}

/// Expands the derive. The compiler emits the type itself.
pub(crate) fn reject(item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let rejection = match syn::parse2(item) {
        Ok(item) => read(item, &mut diagnostics),
        Err(error) => {
            diagnostics.extend(error);
            None
        }
    };
    let mut tokens = rejection.map(|rejection| expand::expand(&rejection)).unwrap_or_default();
    tokens.extend(diagnostics.into_tokens());
    tokens
}

fn read(item: Item, diagnostics: &mut Diagnostics) -> Option<Rejection> {
    match item {
        Item::Enum(item) => {
            let whole = attribute::read(&item.attrs, Place::Enum, diagnostics);
            let cases = item.variants.into_iter().map(|variant| {
                let written = attribute::read(&variant.attrs, Place::Variant, diagnostics);
                case(written, &variant.ident, Some(variant.ident.clone()), variant.fields, diagnostics)
            });
            let cases = cases.collect();
            Some(Rejection { name: item.ident, generics: item.generics, runtime: whole.runtime, cases })
        }
        Item::Struct(item) => {
            let mut written = attribute::read(&item.attrs, Place::Struct, diagnostics);
            let runtime = written.runtime.take();
            let cases = vec![case(written, &item.ident, None, item.fields, diagnostics)];
            Some(Rejection { name: item.ident, generics: item.generics, runtime, cases })
        }
        Item::Union(item) => {
            diagnostics.error(
                item.union_token,
                "`#[derive(Reject)]` stands on an enum or a struct: a union does not know which of its fields it has",
            );
            None
        }
        other => {
            diagnostics.error(other, "`#[derive(Reject)]` stands on an enum or a struct");
            None
        }
    }
}

/// Joins what is written about a variant or a struct with its fields.
fn case(
    written: Written,
    name: &Ident,
    variant: Option<Ident>,
    fields: Fields,
    diagnostics: &mut Diagnostics,
) -> Case {
    for field in &fields {
        misplaced(&field.attrs, diagnostics);
    }
    let told = match written {
        Written { is_wrong: true, .. } => Told::Unclear,
        Written { transparent: Some(word), .. } => forwarded(&word, name, &fields, diagnostics),
        Written { status, code, text, .. } => {
            let read = text.map(|text| Text::read(text, &fields, diagnostics));
            match read {
                Some(None) => Told::Unclear,
                Some(Some(text)) => Told::Of { status, code: code.into(), text: Some(text) },
                None => Told::Of { status, code: code.into(), text: None },
            }
        }
    };
    Case { variant, fields, told }
}

impl From<Option<LitStr>> for Code {
    fn from(written: Option<LitStr>) -> Self {
        written.map_or(Self::OfName, Self::Written)
    }
}

/// `transparent`: the only field says it.
fn forwarded(word: &Ident, name: &Ident, fields: &Fields, diagnostics: &mut Diagnostics) -> Told {
    let mut members = fields.iter();
    if let (Some(field), None) = (members.next(), members.next()) {
        return Told::Field { ty: Box::new(field.ty.clone()) };
    }
    diagnostics.error(
        word,
        format!(
            "`transparent` tells the peer what the only field says, but `{name}` has {} fields: write a status, such as \
             `#[reject(400)]`",
            fields.len()
        ),
    );
    Told::Unclear
}

/// Reports `#[reject]` on a field.
fn misplaced(attributes: &[Attribute], diagnostics: &mut Diagnostics) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("reject")) {
        diagnostics.error(
            attribute.path(),
            "`#[reject(…)]` stands on a variant or a struct, not on a field: the text names fields, as in `\"taken by {by}\"`",
        );
    }
}

/// The words as a suggestion that follows an error, where one of them is meant.
fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(word, candidates).map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default()
}

/// The tokens, or the fallback where there are none: an error needs a place.
fn place(tokens: &TokenStream, fallback: impl ToTokens) -> TokenStream {
    if tokens.is_empty() { fallback.to_token_stream() } else { tokens.clone() }
}
