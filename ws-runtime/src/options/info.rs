//! What there is to know of an option without its value, and the table of the book.

use super::table::TABLE;

/// One row of [`TABLE`]: what there is to know of an option without its value.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OptionInfo {
    /// The key of the attribute and the method of the builder.
    pub name: &'static str,
    /// What the option is, in one sentence.
    pub sentence: &'static str,
    /// The default as it would stand in the environment; empty for an empty list, `none` for nothing.
    pub default: &'static str,
    /// The unit of a number; empty for what is not a number.
    pub unit: &'static str,
    /// What is allowed.
    pub bounds: Bounds,
    /// What a special value means; may be empty.
    pub hint: &'static str,
}

impl OptionInfo {
    /// The variables that it is read from with this prefix; none for the prefix itself.
    #[must_use]
    pub fn variables(&self, prefix: &str) -> Vec<String> {
        match self.name {
            "env" => Vec::new(),
            "tls" => vec![format!("{prefix}_TLS_CERT"), format!("{prefix}_TLS_KEY")],
            name => vec![format!("{prefix}_{}", name.to_ascii_uppercase())],
        }
    }

    /// What is allowed, with the unit.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self.bounds {
            Bounds::Range { least, most } => format!("{least} to {most} {}", self.unit),
            Bounds::Words(words) => words.to_owned(),
        }
    }

    /// What a text that is not a number should have been.
    pub(super) fn number(&self, kind: &str) -> String {
        match self.bounds {
            Bounds::Range { least, .. } => format!("{kind} of {}, {least} or more", self.unit),
            Bounds::Words(words) => words.to_owned(),
        }
    }

    /// What a value that is too small should have been.
    pub(super) fn at_least(&self) -> String {
        match self.bounds {
            Bounds::Range { least, .. } => format!("{least} or more {}", self.unit),
            Bounds::Words(words) => words.to_owned(),
        }
    }

    /// What a value that is too large should have been.
    pub(super) fn at_most(&self) -> String {
        match self.bounds {
            Bounds::Range { most, .. } => format!("at most {most} {}", self.unit),
            Bounds::Words(words) => words.to_owned(),
        }
    }
}

/// What values of an option are allowed.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// Numbers, both ends included.
    Range {
        /// The smallest that is allowed.
        least: f64,
        /// The largest that is allowed.
        most: f64,
    },
    /// Anything that these words describe.
    Words(&'static str),
}

impl Bounds {
    /// Tells whether a number is allowed. NaN never is.
    #[must_use]
    pub fn contain(&self, number: f64) -> bool {
        match self {
            Self::Range { least, most } => (*least..=*most).contains(&number),
            Self::Words(_) => true,
        }
    }
}

/// The table of all options for the book, in Markdown.
#[doc(hidden)]
#[must_use]
pub fn markdown_table() -> String {
    let mut text =
        String::from("| option | default | allowed | variable | what it is |\n|---|---|---|---|---|\n");
    for info in TABLE {
        let default = if info.default.is_empty() { "none" } else { info.default };
        let variables: Vec<_> = info.variables("WS_SERVER").iter().map(|name| format!("`{name}`")).collect();
        let hint = if info.hint.is_empty() { String::new() } else { format!("; {}", info.hint) };
        let row = [
            format!("`{}`", info.name),
            format!("`{default}`"),
            info.allowed() + &hint,
            variables.join(", "),
            info.sentence.to_owned(),
        ];
        let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}
