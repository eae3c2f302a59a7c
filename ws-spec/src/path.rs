//! The patterns of paths that `#[route]` and `#[get]` take: `/table/{id}`, `/files/{*rest}`. The syntax is matchit's.

use std::fmt;

/// A parsed pattern.
///
/// A pattern is compared with the path as the request sends it, before anything is decoded. So its text is written as
/// browsers send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The text and the parameters, in order. No two texts follow each other.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// What stands in the path as it is written.
    Text(String),
    /// What the path of a request gives.
    Parameter(Parameter),
}

/// A parameter of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// An identifier.
    pub name: String,
    /// How much of a path it takes.
    pub extent: Extent,
}

/// How much of a path a [`Parameter`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// `{id}`: a segment, or the part of it that the text beside it leaves. Never empty.
    Segment,
    /// `{*rest}`: all that is left of the path, slashes too. Never empty.
    Rest,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// Why it is none, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty; the path of the root is `/`".to_owned());
        }
        if text.contains("://") {
            return Err("it is a URL; leave out the scheme and the host".to_owned());
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err(format!("a path begins with a slash: `/{text}`"));
        };
        let mut pattern = Self { pieces: Vec::new() };
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            pattern.add_text("/");
            if segment.is_empty() && !last {
                return Err("there is nothing between two slashes".to_owned());
            }
            pattern.add_segment(segment, last)?;
        }
        Ok(pattern)
    }

    /// Reads a path that has no parameters, such as `/healthz`.
    ///
    /// # Errors
    ///
    /// Why it is none, and what to write instead.
    pub fn parse_plain(text: &str) -> Result<Self, String> {
        let pattern = Self::parse(text)?;
        if let Some(Parameter { name, .. }) = pattern.parameters().next() {
            return Err(format!("it has the parameter `{name}`, but stands for one path, written out"));
        }
        Ok(pattern)
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Parameter(parameter) => Some(parameter),
            Piece::Text(_) => None,
        })
    }

    /// Whether both match the same paths, whatever the names of their parameters.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.pieces.len() == other.pieces.len()
            && self.pieces.iter().zip(&other.pieces).all(|pair| match pair {
                (Piece::Text(one), Piece::Text(other)) => one == other,
                (Piece::Parameter(one), Piece::Parameter(other)) => one.extent == other.extent,
                (Piece::Text(_), Piece::Parameter(_)) | (Piece::Parameter(_), Piece::Text(_)) => false,
            })
    }

    fn add_segment(&mut self, segment: &str, last: bool) -> Result<(), String> {
        foreign_syntax(segment)?;
        let mut has_parameter = false;
        let mut rest = segment;
        while let Some(brace) = rest.find(['{', '}']) {
            let (text, from_brace) = rest.split_at(brace);
            self.add_checked_text(text)?;
            let Some(inside) = from_brace.strip_prefix('{') else {
                return Err("a `}` has no `{` before it".to_owned());
            };
            if inside.starts_with('{') {
                return Err("a brace that is no parameter's is written as browsers send it: `%7B` and `%7D`"
                    .to_owned());
            }
            let Some((name, after)) = inside.split_once('}') else {
                return Err(format!("the `}}` after `{{{inside}` is missing"));
            };
            if has_parameter {
                return Err(format!("`{segment}` has two parameters; between two slashes there can be one"));
            }
            let parameter = Parameter::parse(name)?;
            if parameter.extent == Extent::Rest && !(last && text.is_empty() && after.is_empty()) {
                let name = &parameter.name;
                return Err(format!(
                    "`{{*{name}}}` takes the rest of the path, so it stands alone after the last slash"
                ));
            }
            if self.parameters().any(|earlier| earlier.name == parameter.name) {
                return Err(format!("two parameters have the name `{}`", parameter.name));
            }
            self.pieces.push(Piece::Parameter(parameter));
            has_parameter = true;
            rest = after;
        }
        self.add_checked_text(rest)
    }

    fn add_checked_text(&mut self, text: &str) -> Result<(), String> {
        check_text(text)?;
        self.add_text(text);
        Ok(())
    }

    fn add_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            Some(Piece::Parameter(_)) | None if text.is_empty() => {}
            Some(Piece::Parameter(_)) | None => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

impl Parameter {
    /// Reads what stands in braces.
    fn parse(inside: &str) -> Result<Self, String> {
        if let Some(name) = inside.strip_prefix('*') {
            let name = name.strip_prefix('*').unwrap_or(name);
            if inside.starts_with("**") || !is_identifier(name) {
                return Err(rest_of_path(name));
            }
            return Ok(Self { name: name.to_owned(), extent: Extent::Rest });
        }
        if let Some(name) = inside.strip_suffix("..").or_else(|| inside.strip_suffix(":path")) {
            return Err(rest_of_path(name.trim_end_matches('.')));
        }
        if let Some((name, _)) = inside.split_once(':') {
            let name = named(name, "id");
            return Err(format!(
                "a parameter has no type or pattern in the path: write `{{{name}}}`, and the type in `Path<…>`"
            ));
        }
        if let Some(name) = inside.strip_suffix('?') {
            return Err(format!(
                "the parameter `{}` cannot be absent: add the shorter path as one more",
                named(name, "id")
            ));
        }
        if inside.is_empty() {
            return Err("a parameter needs a name: `{id}`".to_owned());
        }
        if !is_identifier(inside) {
            return Err(format!(
                "`{inside}` is no name: a parameter's is of letters, digits and `_`, without a digit first"
            ));
        }
        Ok(Self { name: inside.to_owned(), extent: Extent::Segment })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Parameter(Parameter { name, extent: Extent::Segment }) => write!(f, "{{{name}}}"),
            Piece::Parameter(Parameter { name, extent: Extent::Rest }) => write!(f, "{{*{name}}}"),
        })
    }
}

/// What stands for a parameter in other frameworks.
fn foreign_syntax(segment: &str) -> Result<(), String> {
    let between = |open, close| segment.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    if let Some(inside) = between('<', '>').or_else(|| between('[', ']')) {
        if inside.contains("..") {
            return Err(rest_of_path(inside.trim_matches('.')));
        }
        // `<int:id>`
        let name = inside.rsplit_once(':').map_or(inside, |(_, name)| name);
        return Err(format!("a parameter is written `{{{}}}`, not `{segment}`", named(name, "id")));
    }
    if let Some(name) = segment.strip_prefix(':') {
        if let Some(name) = name.strip_suffix(['*', '+']) {
            return Err(rest_of_path(name));
        }
        return Err(format!("a parameter is written `{{{}}}`, not `{segment}`", named(name, "id")));
    }
    if let Some(name) = segment.strip_prefix('*') {
        return Err(rest_of_path(name.trim_start_matches('*')));
    }
    Ok(())
}

fn rest_of_path(name: &str) -> String {
    format!("the rest of a path is written `{{*{}}}`", named(name, "rest"))
}

/// A name that can be suggested.
fn named<'n>(name: &'n str, otherwise: &'n str) -> &'n str {
    if is_identifier(name) { name } else { otherwise }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Checks that browsers send this text as it is written (WHATWG URL, section 4.4 and the path percent-encode set).
fn check_text(text: &str) -> Result<(), String> {
    if matches!(text, "." | "..") {
        return Err(format!("browsers never send the segment `{text}`"));
    }
    for (at, letter) in text.char_indices() {
        match letter {
            '?' => return Err("a query is no part of a path; `Query<T>` reads it".to_owned()),
            '#' => return Err("`#` begins a fragment, which browsers do not send".to_owned()),
            '*' => return Err(rest_of_path("rest") + "; `*` itself is `%2A`"),
            '%' => check_escape(text.get(at..).unwrap_or_default())?,
            '\\' => return Err("browsers send `\\` as `/`".to_owned()),
            ' ' | '"' | '<' | '>' | '^' | '`' | '\0'..='\x1f' | '\x7f'..=char::MAX => {
                let escape: String = letter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
                return Err(format!("browsers send {letter:?} as `{escape}`: write it like that"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_escape(text: &str) -> Result<(), String> {
    let digits = text.as_bytes().get(1..3).unwrap_or_default();
    let is_digit = |byte: &u8| matches!(byte, b'0' ..= b'9' | b'A' ..= b'F');
    if digits.len() == 2 && digits.iter().all(is_digit) {
        return Ok(());
    }
    Err("a `%` needs two hexadecimal digits in capitals after it; `%` itself is `%25`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, extent: Extent) -> Piece {
        Piece::Parameter(Parameter { name: name.to_owned(), extent })
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn a_pattern_is_read_into_texts_and_parameters() {
        use Extent::{Rest, Segment};
        for (pattern, pieces) in [
            ("/", vec![text("/")]),
            ("/lobby", vec![text("/lobby")]),
            ("/lobby/", vec![text("/lobby/")]),
            ("/v1/items:batch", vec![text("/v1/items:batch")]),
            ("/caf%C3%A9", vec![text("/caf%C3%A9")]),
            ("/table/{id}", vec![text("/table/"), parameter("id", Segment)]),
            ("/{a}/{b_2}", vec![text("/"), parameter("a", Segment), text("/"), parameter("b_2", Segment)]),
            ("/img-{id}.png", vec![text("/img-"), parameter("id", Segment), text(".png")]),
            ("/{id}/", vec![text("/"), parameter("id", Segment), text("/")]),
            ("/files/{*rest}", vec![text("/files/"), parameter("rest", Rest)]),
            (
                "/{dir}/{*rest}",
                vec![text("/"), parameter("dir", Segment), text("/"), parameter("rest", Rest)],
            ),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(parsed.pieces, pieces, "{pattern}");
            assert_eq!(parsed.to_string(), pattern);
        }
    }

    #[test]
    fn a_text_that_is_no_pattern_is_refused_with_what_to_write() {
        for (pattern, part_of_reason) in [
            ("", "root is `/`"),
            ("lobby", "`/lobby`"),
            ("wss://example.org/lobby", "leave out the scheme"),
            ("/a//b", "between two slashes"),
            ("/table/:id", "`{id}`, not `:id`"),
            ("/table/:", "`{id}`, not `:`"),
            ("/table/<id>", "`{id}`, not `<id>`"),
            ("/table/<int:id>", "`{id}`, not `<int:id>`"),
            ("/table/[id]", "`{id}`, not `[id]`"),
            ("/files/<path..>", "`{*path}`"),
            ("/files/[...path]", "`{*path}`"),
            ("/files/:path*", "`{*path}`"),
            ("/files/*", "`{*rest}`"),
            ("/files/**", "`{*rest}`"),
            ("/files/*path", "`{*path}`"),
            ("/files/{path..}", "`{*path}`"),
            ("/files/{path:path}", "`{*path}`"),
            ("/files/{**path}", "`{*path}`"),
            ("/files/{*}", "`{*rest}`"),
            ("/files/a*", "`%2A`"),
            ("/files/{*rest}/more", "after the last slash"),
            ("/files/{*rest}/", "after the last slash"),
            ("/files/x{*rest}", "after the last slash"),
            ("/files/{*rest}.png", "after the last slash"),
            ("/table/{id:[0-9]+}", "write `{id}`"),
            ("/table/{id?}", "cannot be absent"),
            ("/table/{}", "needs a name"),
            ("/table/{7}", "`7` is no name"),
            ("/table/{user-id}", "`user-id` is no name"),
            ("/table/{id", "is missing"),
            ("/table/id}", "no `{` before it"),
            ("/{{id}}", "%7B"),
            ("/{a}{b}", "two parameters"),
            ("/{a}-{b}", "two parameters"),
            ("/{id}/{id}", "the name `id`"),
            ("/a?b=c", "Query<T>"),
            ("/a#b", "fragment"),
            ("/a b", "`%20`"),
            ("/café", "`%C3%A9`"),
            ("/a\\b", "as `/`"),
            ("/a/../b", "segment `..`"),
            ("/a/.", "segment `.`"),
            ("/100%", "`%25`"),
            ("/caf%c3%a9", "capitals"),
        ] {
            let reason = Pattern::parse(pattern).unwrap_err();
            assert!(reason.contains(part_of_reason), "{pattern:?}: {reason}");
        }
    }
}
