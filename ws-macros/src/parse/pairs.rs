//! Reads `key = value, key(…), …`. After a mistake it continues at the next comma.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token, token};

use crate::diagnostics::Diagnostics;

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
    /// `key` alone, or `key =` without a value.
    Missing,
    /// A value that was reported.
    Broken,
}

/// Reads all pairs; `example` is shown where a name is missing.
pub(crate) fn read(tokens: TokenStream, example: &str, diagnostics: &mut Diagnostics) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut named = true;
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let begins_with_name = input.peek(Ident::peek_any)
                && !input.peek2(Token![::])
                && !input.peek2(Token![.])
                && !input.peek2(Token![!]);
            if begins_with_name {
                pairs.extend(read_one(input, diagnostics)?);
            } else {
                let token: TokenTree = input.parse()?;
                // Reported once: if one name is missing, usually all are.
                if std::mem::take(&mut named) {
                    let message = nameless(&token, example);
                    diagnostics.error(token, message);
                }
                skip_to_comma(input)?;
            }
            read_separator(input, diagnostics)?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        diagnostics.extend(error);
    }
    pairs
}

/// What to do about a value without a name.
fn nameless(token: &TokenTree, example: &str) -> String {
    let text = token.to_string();
    if matches!(token, TokenTree::Literal(_)) && text.starts_with("\"/") {
        return format!(
            "a path belongs to the module of its handlers: `#[route({text})] mod …`, within that of the server"
        );
    }
    format!("this value has no name: write it as in `{example}`")
}

/// The comma after a pair.
fn read_separator(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<()> {
    if input.peek(Token![;]) {
        diagnostics.error(input.parse::<Token![;]>()?, "expected a comma, not a semicolon");
        return Ok(());
    }
    if !input.is_empty() && !input.peek(Token![,]) {
        diagnostics.error(input.parse::<TokenTree>()?, "expected a comma before this");
        skip_to_comma(input)?;
    }
    input.parse::<Option<Token![,]>>().map(drop)
}

fn read_one(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Option<Pair>> {
    let key = input.call(Ident::parse_any)?.unraw();
    let value = if input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>]) {
        input.parse::<Token![=]>()?;
        read_value(input, diagnostics)?
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        PairValue::List(content.parse()?)
    } else if input.is_empty() || input.peek(Token![,]) {
        PairValue::Missing
    } else if input.peek(Token![-]) && input.peek2(Ident::peek_any) {
        input.parse::<Token![-]>()?;
        let rest = input.call(Ident::parse_any)?;
        diagnostics.error(&rest, format!("names are written with underscores: write `{key}_{rest}`"));
        skip_to_comma(input)?;
        return Ok(None);
    } else {
        let found = if input.peek(Token![=>]) {
            input.parse::<Token![=>]>()?.to_token_stream()
        } else {
            input.parse::<TokenTree>()?.to_token_stream()
        };
        diagnostics.error(found, format!("expected `=` after `{key}`: write `{key} = …`"));
        skip_to_comma(input)?;
        PairValue::Broken
    };
    Ok(Some(Pair { key, value }))
}

fn read_value(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<PairValue> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(PairValue::Missing);
    }
    let value = input.fork();
    match input.parse() {
        Ok(_) if input.peek(Token![:]) => {
            let colon = input.parse::<Token![:]>()?;
            diagnostics.error(colon, "unexpected `:`: put the value in quotes, such as `\"localhost:8080\"`");
            skip_to_comma(input)?;
            Ok(PairValue::Broken)
        }
        Ok(expression) => Ok(PairValue::Expression(Box::new(expression))),
        Err(error) => {
            let last = skip_to_comma(&value)?;
            match error.to_string().strip_prefix("unexpected end of input, ") {
                // The end of the input has no span.
                Some(expected) => {
                    diagnostics.error(last, format!("the value is incomplete: {expected}"));
                }
                None => diagnostics.extend(error),
            }
            skip_to_comma(input)?;
            Ok(PairValue::Broken)
        }
    }
}

/// Skips to the next comma, and returns the last token that was skipped.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<Option<TokenTree>> {
    let mut last = None;
    while !input.is_empty() && !input.peek(Token![,]) {
        last = Some(input.parse()?);
    }
    Ok(last)
}
