//! Splits the body of a module into items without parsing them, so that a function that is being typed does not hide
//! the other items.

use std::collections::VecDeque;

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// An item and the attributes before it.
#[derive(Debug)]
pub(crate) struct RawItem {
    pub(crate) attributes: Vec<RawAttribute>,
    pub(crate) tokens: Vec<TokenTree>,
    pub(crate) kind: Kind,
    /// The tokens of the visibility; empty if private.
    pub(crate) visibility: TokenStream,
    pub(crate) name: Option<Ident>,
}

/// `#[path…]`
#[derive(Debug)]
pub(crate) struct RawAttribute {
    pound: TokenTree,
    pub(crate) group: Group,
    /// The path before any argument: `["cfg"]`, `["ws_runtime", "on"]`.
    pub(crate) path: Vec<Ident>,
    /// The tokens after the path.
    pub(crate) rest: Vec<TokenTree>,
}

/// The kind of an item, by its keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Struct,
    Enum,
    Union,
    TypeAlias,
    Constant,
    Static,
    Use,
    Module,
    Impl,
    Trait,
    Other,
}

/// Splits the body of a module into its inner attributes and its items.
pub(crate) fn cut(body: TokenStream) -> (TokenStream, Vec<RawItem>) {
    let mut left = Left(body.into_iter().collect());
    // Inner attributes: `#`, `!` and a bracket.
    let mut inner = TokenStream::new();
    while left.begins_with('#') && left.0.get(1).is_some_and(|token| is_punct(token, '!')) {
        inner.extend(left.0.drain(..left.0.len().min(3)));
    }
    let mut items = Vec::new();
    while !left.0.is_empty() {
        let attributes = left.take_attributes();
        let tokens = left.take_item();
        items.push(RawItem::new(attributes, tokens));
    }
    (inner, items)
}

/// The tokens without leading invisible groups, in which fragments of `macro_rules!` macros are passed.
pub(crate) fn bare(tokens: TokenStream) -> Vec<TokenTree> {
    let mut left = Left(tokens.into_iter().collect());
    left.open();
    left.0.into()
}

impl RawItem {
    fn new(attributes: Vec<RawAttribute>, tokens: Vec<TokenTree>) -> Self {
        let (visibility, at) = visibility_of(&tokens);
        let (kind, keyword) = kind_of(&tokens, at);
        let name = match tokens.get(keyword + 1) {
            Some(TokenTree::Ident(name))
                if kind != Kind::Impl && kind != Kind::Use && kind != Kind::Other =>
            {
                Some(name.clone())
            }
            _ => None,
        };
        Self { attributes, tokens, kind, visibility, name }
    }

    /// Splits a function or a module into what precedes its body, and the body.
    pub(crate) fn split_body(&self) -> Option<(TokenStream, &Group)> {
        let (TokenTree::Group(body), head) = self.tokens.split_last()? else { return None };
        (body.delimiter() == Delimiter::Brace).then(|| (head.iter().cloned().collect(), body))
    }

    /// The number of tokens of the visibility.
    pub(crate) fn visibility_len(&self) -> usize {
        visibility_of(&self.tokens).1
    }

    /// The span for an error about the item as a whole.
    pub(crate) fn span(&self) -> Span {
        let token = self.name.as_ref().map(Ident::span).or_else(|| self.tokens.first().map(TokenTree::span));
        token
            .or_else(|| self.attributes.first().map(|attribute| attribute.group.span()))
            .unwrap_or_else(Span::call_site)
    }

    /// The kind of the item in words, for error messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Function => "a function",
            Kind::Struct => "a struct",
            Kind::Enum => "an enum",
            Kind::Union => "a union",
            Kind::TypeAlias => "a type alias",
            Kind::Constant => "a constant",
            Kind::Static => "a static",
            Kind::Use => "a `use`",
            Kind::Module => "a module",
            Kind::Impl => "an `impl`",
            Kind::Trait => "a trait",
            Kind::Other => "something else",
        }
    }
}

impl RawAttribute {
    fn new(pound: TokenTree, group: Group) -> Self {
        let mut path = Vec::new();
        let mut rest = bare(group.stream()).into_iter().peekable();
        loop {
            while rest.peek().is_some_and(|token| is_punct(token, ':')) {
                rest.next();
            }
            match rest.peek() {
                Some(TokenTree::Ident(segment)) => path.push(segment.clone()),
                _ => break,
            }
            rest.next();
            if !rest.peek().is_some_and(|token| is_punct(token, ':')) {
                break;
            }
        }
        Self { pound, path, rest: rest.collect(), group }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self.path.as_slice(), [only] if only == name)
    }

    /// The parenthesised arguments after the path.
    pub(crate) fn arguments(&self) -> Option<&Group> {
        match self.rest.as_slice() {
            [TokenTree::Group(group)] => Some(group),
            _ => None,
        }
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        [self.pound.clone(), TokenTree::Group(self.group.clone())].into_iter().collect()
    }
}

/// The tokens that are not read yet.
struct Left(VecDeque<TokenTree>);

impl Left {
    fn begins_with(&self, wanted: char) -> bool {
        self.0.front().is_some_and(|token| is_punct(token, wanted))
    }

    fn begins_with_attribute(&self) -> bool {
        self.begins_with('#') && self.0.get(1).is_some_and(|token| is_group(token, Delimiter::Bracket))
    }

    /// Unwraps leading invisible groups: `$item`, `$visibility` and `$block` of a `macro_rules!` macro.
    fn open(&mut self) {
        while self.0.front().is_some_and(|token| is_group(token, Delimiter::None)) {
            if let Some(TokenTree::Group(group)) = self.0.pop_front() {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                inside.into_iter().rev().for_each(|token| self.0.push_front(token));
            }
        }
    }

    fn take_attributes(&mut self) -> Vec<RawAttribute> {
        let mut attributes = Vec::new();
        self.open();
        while self.begins_with_attribute() {
            if let (Some(pound), Some(TokenTree::Group(group))) = (self.0.pop_front(), self.0.pop_front()) {
                attributes.push(RawAttribute::new(pound, group));
            }
            self.open();
        }
        attributes
    }

    /// Takes one item: up to a semicolon or a brace, depending on its keyword.
    fn take_item(&mut self) -> Vec<TokenTree> {
        let mut item = Vec::new();
        let mut end = None;
        while let Some(token) = self.0.pop_front().map(visible) {
            let (is_semicolon, is_brace) = (is_punct(&token, ';'), is_group(&token, Delimiter::Brace));
            // After these, an attribute is of a generic parameter or of a value, not of the next item.
            let wants_more = ['<', ',', '='].into_iter().any(|punct| is_punct(&token, punct));
            item.push(token);
            if is_semicolon {
                break;
            }
            // A brace in generics: `Foo<{ N }>`.
            let goes_on = self.begins_with('>') || self.begins_with(',');
            if is_brace && !goes_on && *end.get_or_insert_with(|| end_of(&item)) == End::Brace {
                break;
            }
            if self.begins_with_attribute() && !wants_more {
                // A semicolon is missing. The compiler has reported it, so it is added here.
                item.push(TokenTree::Punct(Punct::new(';', Spacing::Alone)));
                break;
            }
        }
        item
    }
}

/// The block in an invisible group, if the token is one; otherwise the token itself.
fn visible(token: TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = &token
        && group.delimiter() == Delimiter::None
        && let [block] = bare(group.stream()).as_slice()
        && is_group(block, Delimiter::Brace)
    {
        return block.clone();
    }
    token
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Semicolon,
    Brace,
}

fn end_of(item: &[TokenTree]) -> End {
    let (_, at) = visibility_of(item);
    match kind_of(item, at).0 {
        Kind::Constant | Kind::Static | Kind::Use | Kind::TypeAlias => End::Semicolon,
        Kind::Function
        | Kind::Struct
        | Kind::Enum
        | Kind::Union
        | Kind::Module
        | Kind::Impl
        | Kind::Trait
        | Kind::Other => End::Brace,
    }
}

/// The visibility, and the index of the first token after it.
fn visibility_of(tokens: &[TokenTree]) -> (TokenStream, usize) {
    match tokens {
        [public, scope, ..] if is_word(public, "pub") && is_group(scope, Delimiter::Parenthesis) => {
            ([public.clone(), scope.clone()].into_iter().collect(), 2)
        }
        [public, ..] if is_word(public, "pub") => (public.clone().into(), 1),
        _ => (TokenStream::new(), 0),
    }
}

/// The kind of the item, and the index of its keyword.
fn kind_of(tokens: &[TokenTree], from: usize) -> (Kind, usize) {
    let mut first = None;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        let kind = match token {
            TokenTree::Literal(_) => continue, // the ABI of `extern`
            TokenTree::Ident(word) => match word.to_string().as_str() {
                "fn" => Kind::Function,
                "struct" => Kind::Struct,
                "enum" => Kind::Enum,
                "union" => Kind::Union,
                "type" => Kind::TypeAlias,
                "static" => Kind::Static,
                "use" => Kind::Use,
                "mod" => Kind::Module,
                "impl" => Kind::Impl,
                "trait" => Kind::Trait,
                // `const` may also begin a function.
                "const" => {
                    first.get_or_insert((Kind::Constant, at));
                    continue;
                }
                "async" | "unsafe" | "extern" | "safe" | "default" | "gen" | "auto" => continue,
                _ => return first.unwrap_or((Kind::Other, at)),
            },
            TokenTree::Group(_) | TokenTree::Punct(_) => return first.unwrap_or((Kind::Other, at)),
        };
        return (kind, at);
    }
    first.unwrap_or((Kind::Other, from))
}

pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == wanted)
}

fn is_group(token: &TokenTree, wanted: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(body: &str) -> Vec<(Kind, Option<String>)> {
        let (_, items) = cut(body.parse().unwrap());
        items.into_iter().map(|item| (item.kind, item.name.map(|name| name.to_string()))).collect()
    }

    #[test]
    fn a_body_is_cut_where_its_items_end() {
        let named = |kind, name: &str| (kind, Some(name.to_owned()));
        for (body, wanted) in [
            (
                "use a::{b, c}; fn f() {} struct S;",
                vec![(Kind::Use, None), named(Kind::Function, "f"), named(Kind::Struct, "S")],
            ),
            (
                "const N: usize = { 1 }; const fn f() {}",
                vec![named(Kind::Constant, "N"), named(Kind::Function, "f")],
            ),
            (
                "pub(crate) async unsafe extern \"C\" fn f() {} pub enum E {}",
                vec![named(Kind::Function, "f"), named(Kind::Enum, "E")],
            ),
            (
                "fn f() -> A<{ 1 }> {} type T = A<{ 2 }>;",
                vec![named(Kind::Function, "f"), named(Kind::TypeAlias, "T")],
            ),
            (
                "impl<T> A for B where T: C, { fn g() {} } mod m;",
                vec![(Kind::Impl, None), named(Kind::Module, "m")],
            ),
            (
                "struct A(u8) #[a] fn f<#[b] T>() {} const B: u8 = #[c] 1;",
                vec![named(Kind::Struct, "A"), named(Kind::Function, "f"), named(Kind::Constant, "B")],
            ),
            (
                "struct A(u8); call!{} other!(x); macro_rules! m { () => {} }",
                vec![named(Kind::Struct, "A"), (Kind::Other, None), (Kind::Other, None), (Kind::Other, None)],
            ),
        ] {
            assert_eq!(kinds(body), wanted, "{body}");
        }
    }

    #[test]
    fn fragments_of_a_macro_are_cut_as_what_is_in_them() {
        let invisible = |tokens: &str| Group::new(Delimiter::None, tokens.parse().unwrap());
        let (public, block) = (invisible("pub(crate)"), invisible("{ 1 }"));
        let (item, meta) = (invisible("#[on(pong)] fn g() {}"), invisible("on(utf8)"));
        let (_, items) = cut(quote::quote!(#[#meta] #public fn f() #block #item struct S;));
        let names: Vec<_> = items.iter().map(|item| item.name.as_ref().unwrap().to_string()).collect();
        assert_eq!(names, ["f", "g", "S"]);
        assert!(items.iter().take(2).all(|item| item.split_body().is_some() && item.attributes[0].is("on")));
        assert_eq!(items[0].visibility.to_string(), "pub (crate)");
    }

    #[test]
    fn inner_attributes_and_attributes_of_items_are_told_apart() {
        let (inner, items) =
            cut("#![allow(a)] #![doc = \"b\"] #[on(utf8)] #[x::y] fn f() {}".parse().unwrap());
        assert_eq!(inner.to_string(), "#! [allow (a)] #! [doc = \"b\"]");
        let paths: Vec<_> = items[0].attributes.iter().map(|attribute| attribute.path.len()).collect();
        assert_eq!(paths, [1, 2]);
        assert!(items[0].attributes[0].is("on"));
    }
}
