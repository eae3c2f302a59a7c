//! Reads `key = value, key(…), …`, and goes on behind what it cannot read.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token, token};

use crate::errors::Mistakes;

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) key: Ident,
    pub(crate) value: PairValue,
}

#[derive(Debug)]
pub(crate) enum PairValue {
    /// `key = expression`
    Expression(Box<Expr>),
    /// `key(…)`
    List(TokenStream),
    /// `key` alone, or `key =` and nothing.
    Missing,
    /// What is there has been complained of.
    Broken,
}

/// Reads all pairs; `example` is one of them as it should be written.
pub(crate) fn read(tokens: TokenStream, example: &str, mistakes: &mut Mistakes) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Some(pair) = read_one(input, example, mistakes)? {
                pairs.push(pair);
            }
            if !input.is_empty() && !input.peek(Token![,]) {
                let token: TokenTree = input.parse()?;
                if !matches!(pairs.last(), Some(Pair { value: PairValue::Broken, .. })) {
                    mistakes.on(token, "a comma is missing before this");
                }
                skip_to_comma(input)?;
            }
            if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        mistakes.take(error);
    }
    pairs
}

fn read_one(input: ParseStream<'_>, example: &str, mistakes: &mut Mistakes) -> syn::Result<Option<Pair>> {
    let is_path = input.peek2(Token![::]) || input.peek2(Token![.]);
    if is_path || !input.peek(Ident::peek_any) {
        let token: TokenTree = input.parse()?;
        mistakes.on(token, format!("a value needs its name before it, as in `{example}`"));
        skip_to_comma(input)?;
        return Ok(None);
    }
    let key = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) && !input.peek(Token![==]) {
        input.parse::<Token![=]>()?;
        read_value(input, mistakes)?
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        PairValue::List(content.parse()?)
    } else if input.is_empty() || input.peek(Token![,]) {
        PairValue::Missing
    } else {
        let token: TokenTree = input.parse()?;
        mistakes.on(token, format!("after `{key}` a `=` is wanted: write `{key} = …`"));
        skip_to_comma(input)?;
        PairValue::Broken
    };
    Ok(Some(Pair { key, value }))
}

fn read_value(input: ParseStream<'_>, mistakes: &mut Mistakes) -> syn::Result<PairValue> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(PairValue::Missing);
    }
    match input.parse() {
        Ok(expression) => Ok(PairValue::Expression(Box::new(expression))),
        Err(error) => {
            mistakes.take(error);
            skip_to_comma(input)?;
            Ok(PairValue::Broken)
        }
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
