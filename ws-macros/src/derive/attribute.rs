//! Reads `#[reject(409, "taken by {by}", code = "taken")]`. After a mistake it continues at the next comma.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token};

use super::{did_you_mean, place};
use crate::diagnostics::Diagnostics;
use crate::syntax::bare;

/// What an attribute stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Enum,
    Variant,
    Struct,
}

/// What the attributes of an enum, a variant or a struct say.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) status: Option<Expr>,
    pub(crate) text: Option<LitStr>,
    pub(crate) code: Option<LitStr>,
    /// The word `transparent`.
    pub(crate) transparent: Option<Ident>,
    pub(crate) runtime: Option<Path>,
    /// Whether a mistake was reported.
    pub(crate) is_wrong: bool,
}

/// Reads all `#[reject(…)]` among some attributes.
pub(crate) fn read(attributes: &[Attribute], stands_on: Place, diagnostics: &mut Diagnostics) -> Written {
    let before = diagnostics.count();
    let mut written = Written::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("reject")) {
        let Meta::List(list) = &attribute.meta else {
            diagnostics.error(&attribute.meta, stands_on.example("`#[reject]` says nothing"));
            continue;
        };
        if list.tokens.is_empty() {
            diagnostics.error(&attribute.meta, stands_on.example("`#[reject()]` says nothing"));
            continue;
        }
        let mut reader = Reader { stands_on, written: &mut written, diagnostics, position: 0 };
        let parser = |input: ParseStream<'_>| reader.entries(input);
        if let Err(error) = parser.parse2(list.tokens.clone()) {
            diagnostics.extend(error);
        }
    }
    if let (Some(word), Some(_)) = (&written.transparent, &written.status) {
        diagnostics
            .error(word, "`transparent` stands alone: the field says the status, the code and the text");
    }
    written.is_wrong = diagnostics.count() != before;
    written
}

impl Place {
    /// An error that shows what to write.
    fn example(self, problem: &str) -> String {
        match self {
            Self::Enum => {
                format!(
                    "{problem}: on an enum write only `#[reject(crate = …)]`, and the status on its variants"
                )
            }
            Self::Variant | Self::Struct => {
                format!(
                    "{problem}: write the status, and perhaps a text: `#[reject(409, \"it is not your turn\")]`"
                )
            }
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Enum => &["crate"],
            Self::Variant => &["code"],
            Self::Struct => &["code", "crate"],
        }
    }
}

/// Reads the entries of one attribute.
struct Reader<'r> {
    stands_on: Place,
    written: &'r mut Written,
    diagnostics: &'r mut Diagnostics,
    /// How many entries without a key came before.
    position: usize,
}

impl Reader<'_> {
    fn entries(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            let has_key = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            if has_key {
                self.pair(input)?;
            } else {
                self.value(input)?;
                self.position += 1;
            }
            if !input.is_empty() && !input.peek(Token![,]) {
                let found: TokenTree = input.parse()?;
                self.diagnostics.error(found, "expected a comma before this");
                skip_to_comma(input)?;
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    }

    /// `key = value`
    fn pair(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let key = input.call(Ident::parse_any)?.unraw();
        input.parse::<Token![=]>()?;
        let value = skip_to_comma(input)?;
        match key.to_string().as_str() {
            "code" if self.stands_on == Place::Enum => self.misplaced(&key, "a variant"),
            "code" if self.written.code.is_some() => self.twice(&key),
            "code" => match syn::parse2::<LitStr>(value.clone()) {
                Ok(code) if code.value().trim().is_empty() => {
                    self.diagnostics
                        .error(code, "the code is empty: programs compare it, as in `code = \"busy\"`");
                }
                Ok(code) => self.written.code = Some(code),
                Err(_) => self
                    .diagnostics
                    .error(place(&value, &key), "the code is a text in quotes: `code = \"busy\"`"),
            },
            "crate" if self.stands_on == Place::Variant => self.misplaced(&key, "the enum itself"),
            "crate" if self.written.runtime.is_some() => self.twice(&key),
            "crate" => match syn::parse2::<Path>(value.clone()) {
                Ok(path) => self.written.runtime = Some(path),
                Err(_) => self.diagnostics.error(
                    place(&value, &key),
                    "`crate` is the path of the runtime, without quotes: `crate = my_crate::ws_runtime`",
                ),
            },
            "status" => {
                self.diagnostics.error(&key, "the status stands first and has no name: `#[reject(409)]`");
            }
            "text" | "message" | "msg" | "error" | "reason" | "display" => self.diagnostics.error(
                &key,
                "the text stands after the status and has no name: `#[reject(409, \"it is not your turn\")]`",
            ),
            other => self.unknown(&key, other),
        }
        Ok(())
    }

    /// A status, a text, or a word.
    fn value(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if let Some(word) = lone_word(input)? {
            self.word(&word);
            return Ok(());
        }
        match self.position {
            0 => self.status(input),
            1 => self.text(input),
            _ => {
                let more = skip_to_comma(input)?;
                self.too_many(more);
                Ok(())
            }
        }
    }

    fn status(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let ahead = input.fork();
        let tokens = skip_to_comma(input)?;
        let Ok(status) = ahead.parse::<Expr>() else {
            self.diagnostics.error(tokens, "this is not a status: write its number, as in `#[reject(409)]`");
            return Ok(());
        };
        if self.stands_on == Place::Enum {
            self.diagnostics.error(status, self.stands_on.example("an enum has no status of its own"));
            return Ok(());
        }
        if self.written.status.is_some() {
            self.diagnostics.error(status, "the status is given twice: remove one");
            return Ok(());
        }
        if let Some(problem) = status_problem(&status) {
            self.diagnostics.error(status, problem);
            return Ok(());
        }
        if !ahead.is_empty() && !ahead.peek(Token![,]) {
            let found: TokenTree = ahead.parse()?;
            self.diagnostics.error(found, "expected a comma after the status");
        }
        self.written.status = Some(status);
        Ok(())
    }

    fn text(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let tokens = skip_to_comma(input)?;
        if let Ok(text) = syn::parse2::<LitStr>(tokens.clone()) {
            if text.value().trim().is_empty() {
                self.diagnostics
                    .error(text, "the text is empty: leave it out, and the name is sent in words");
            } else if self.written.text.is_none() {
                self.written.text = Some(text);
            } else {
                self.diagnostics.error(text, "the text is given twice: remove one");
            }
            return Ok(());
        }
        let is_call = tokens
            .clone()
            .into_iter()
            .any(|token| matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!'));
        let problem = if is_call {
            "the text is written in quotes, without a macro: it names fields itself, as in `\"taken by {by}\"`"
        } else {
            "the text is written in quotes: `#[reject(409, \"it is not your turn\")]`"
        };
        self.diagnostics.error(tokens, problem);
        Ok(())
    }

    /// A lower-case word alone.
    fn word(&mut self, word: &Ident) {
        let name = word.to_string();
        match name.as_str() {
            "transparent" if self.stands_on == Place::Enum => self.misplaced(word, "a variant"),
            "transparent" if self.written.transparent.is_some() => self.twice(word),
            "transparent" => self.written.transparent = Some(word.clone()),
            "code" | "crate" => {
                self.diagnostics.error(word, format!("`{name}` has no value: write `{name} = …`"));
            }
            _ if self.position > 1 => self.too_many(word),
            other if self.position == 1 => self
                .diagnostics
                .error(word, format!("the text is written in quotes: `#[reject(…, \"{other}\")]`")),
            other if did_you_mean(other, ["transparent"]).is_empty() && self.stands_on != Place::Enum => {
                self.diagnostics.error(
                    word,
                    format!(
                        "the status is a number: write `#[reject(409)]`; a code is written as \
                         `#[reject(409, code = \"{other}\")]`"
                    ),
                );
            }
            other => self.unknown(word, other),
        }
    }

    fn too_many(&mut self, more: impl ToTokens) {
        self.diagnostics.error(
            more,
            "`#[reject(…)]` takes a status and a text: the text names fields itself, as in `\"taken by {by}\"`",
        );
    }

    fn unknown(&mut self, word: &Ident, name: &str) {
        let known = self.stands_on.keys().iter().copied().chain(["transparent"]);
        let meant = did_you_mean(name, known);
        let shape = match self.stands_on {
            Place::Enum => "on an enum stands `#[reject(crate = …)]` alone",
            Place::Variant | Place::Struct => {
                "write `#[reject(409, \"it is not your turn\", code = \"busy\")]`; the text and the code may be left out"
            }
        };
        self.diagnostics.error(word, format!("`#[reject(…)]` has no `{name}`{meant}\n{shape}"));
    }

    fn misplaced(&mut self, word: &Ident, where_it_stands: &str) {
        self.diagnostics.error(word, format!("`{word}` stands in the `#[reject(…)]` of {where_it_stands}"));
    }

    fn twice(&mut self, word: &Ident) {
        self.diagnostics.error(word, format!("`{word}` is given twice: remove one"));
    }
}

/// What is wrong with a status, as far as a literal shows.
fn status_problem(status: &Expr) -> Option<String> {
    let Expr::Lit(ExprLit { lit, .. }) = bare(status) else {
        return matches!(bare(status), Expr::Unary(_)).then(|| OUT_OF_RANGE.to_owned());
    };
    match lit {
        Lit::Int(number) => match number.base10_parse::<u64>() {
            Ok(100..=299) => Some(format!(
                "{number} is not a refusal: the peer would take it for a success; {OUT_OF_RANGE}"
            )),
            Ok(300..=599) => None,
            Ok(_) | Err(_) => Some(OUT_OF_RANGE.to_owned()),
        },
        Lit::Str(text) if text.value().parse::<u16>().is_ok() => {
            Some(format!("the status is a number, without quotes: write `{}`", text.value()))
        }
        Lit::Str(_) => {
            Some("the status is missing before the text: write `#[reject(400, \"…\")]`".to_owned())
        }
        _ => Some("the status is a number: write `#[reject(409)]`".to_owned()),
    }
}

const OUT_OF_RANGE: &str = "the status of a refusal is an HTTP status from 300 to 599";

/// A single lower-case word before a comma or the end. A constant or a path is an expression.
fn lone_word(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    let ahead = input.fork();
    let Ok(word) = ahead.call(Ident::parse_any) else { return Ok(None) };
    let is_lower = word.to_string().starts_with(|letter: char| letter.is_lowercase());
    if !is_lower || word == "true" || word == "false" || !(ahead.is_empty() || ahead.peek(Token![,])) {
        return Ok(None);
    }
    input.call(Ident::parse_any).map(Some)
}

/// Takes the tokens up to the next comma.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        skipped.extend([input.parse::<TokenTree>()?]);
    }
    Ok(skipped)
}
