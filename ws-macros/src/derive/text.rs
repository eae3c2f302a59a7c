//! Reads the message of a refusal: a format string whose arguments are fields.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Fields, LitStr, Member};

use super::did_you_mean;
use crate::diagnostics::{Diagnostics, list};

/// A message, checked against the fields.
pub(super) struct Text {
    /// The format string. Fields of a tuple have the names of their bindings in it.
    pub(super) format: LitStr,
    /// The fields that it uses, each once.
    pub(super) used: Vec<Used>,
}

/// A field that a message uses.
pub(super) struct Used {
    pub(super) member: Member,
    /// Its name in the format string.
    pub(super) name: Ident,
    /// Whether it is a width or a precision, which formatting takes by value.
    pub(super) is_count: bool,
}

impl Text {
    /// Reads a message. Returns `None` if it has a mistake.
    pub(super) fn read(literal: LitStr, fields: &Fields, diagnostics: &mut Diagnostics) -> Option<Self> {
        let written = literal.value();
        let mut reader = Reader { fields, span: literal.span(), format: String::new(), used: Vec::new() };
        match reader.read(&written) {
            Ok(()) if reader.format == written => Some(Self { format: literal, used: reader.used }),
            Ok(()) => Some(Self { format: LitStr::new(&reader.format, literal.span()), used: reader.used }),
            Err(problem) => {
                diagnostics.error(literal, problem);
                None
            }
        }
    }
}

struct Reader<'r> {
    fields: &'r Fields,
    span: Span,
    /// The format string as it is emitted.
    format: String,
    used: Vec<Used>,
}

impl Reader<'_> {
    fn read(&mut self, mut rest: &str) -> Result<(), String> {
        while let Some(at) = rest.find(['{', '}']) {
            let (plain, brace) = rest.split_at(at);
            self.format.push_str(plain);
            if let Some(after) = ["{{", "}}"].into_iter().find_map(|twice| brace.strip_prefix(twice)) {
                self.format.push_str(brace.get(..2).unwrap_or_default());
                rest = after;
                continue;
            }
            let Some(inside) = brace.strip_prefix('{') else {
                return Err("a `}` without a `{`: for the character itself write `}}`".to_owned());
            };
            let Some((placeholder, after)) = inside.split_once('}') else {
                return Err("a `{` without a `}`: for the character itself write `{{`".to_owned());
            };
            self.placeholder(placeholder)?;
            rest = after;
        }
        self.format.push_str(rest);
        Ok(())
    }

    /// `{field}` or `{field:spec}`
    fn placeholder(&mut self, placeholder: &str) -> Result<(), String> {
        let (name, spec) = match placeholder.split_once(':') {
            Some((name, spec)) => (name.trim(), Some(spec)),
            None => (placeholder.trim(), None),
        };
        let name = self.field(name, false)?;
        self.format.push('{');
        self.format.push_str(&name);
        if let Some(spec) = spec {
            self.format.push(':');
            self.spec(spec)?;
        }
        self.format.push('}');
        Ok(())
    }

    /// What follows the colon. A width or a precision may be a field: `{by:width$}`.
    fn spec(&mut self, mut spec: &str) -> Result<(), String> {
        while let Some((before, after)) = spec.split_once('$') {
            let start = before
                .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            let (plain, name) = before.split_at(start);
            let name = self.field(name, true)?;
            self.format.push_str(plain);
            self.format.push_str(&name);
            self.format.push('$');
            spec = after;
        }
        self.format.push_str(spec);
        Ok(())
    }

    /// Notes that a field is used. Returns its name in the format string.
    fn field(&mut self, name: &str, is_count: bool) -> Result<String, String> {
        let member = self.find(name)?;
        let bound = match &member {
            Member::Named(name) => name.unraw(),
            Member::Unnamed(index) => format_ident!("_{}", index.index),
        };
        let bound = Ident::new(&bound.to_string(), self.span);
        match self.used.iter_mut().find(|used| used.member == member) {
            Some(used) => used.is_count |= is_count,
            None => self.used.push(Used { member, name: bound.clone(), is_count }),
        }
        Ok(bound.unraw().to_string())
    }

    /// The field of this name or number.
    fn find(&self, name: &str) -> Result<Member, String> {
        let plain = name.strip_prefix("r#").unwrap_or(name);
        let named = |member: &Member| match member {
            Member::Named(name) => name.unraw() == plain,
            Member::Unnamed(index) => index.index.to_string() == plain,
        };
        if let Some(member) = self.fields.members().find(named) {
            return Ok(member);
        }
        let names: Vec<String> = self.fields.members().map(shown).collect();
        let offer = || match names.as_slice() {
            [only] => format!("the only field is `{only}`"),
            several => format!("the fields are {}", list(several.iter().map(String::as_str))),
        };
        Err(match (name, self.fields) {
            (_, Fields::Unit) => {
                format!(
                    "there is no field `{name}`: there are no fields here; for the characters themselves write `{{{{{name}}}}}`"
                )
            }
            _ if names.is_empty() => format!("there is no field `{name}`: there are no fields here"),
            ("", _) => format!("a `{{}}` names no field: {}", offer()),
            _ if !is_word(plain) => format!(
                "`{{{name}}}` is not a field: only a field can stand between braces, not an expression; {}",
                offer()
            ),
            _ => format!(
                "there is no field `{name}`{}\n{}",
                did_you_mean(plain, names.iter().map(String::as_str)),
                offer()
            ),
        })
    }
}

fn shown(member: Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

fn is_word(name: &str) -> bool {
    name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
