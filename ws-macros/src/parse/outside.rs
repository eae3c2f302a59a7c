//! Paths in the attribute of a module. They are seen from where the module stands, and the generated code stands
//! within it.

use proc_macro2::{Ident, Span};
use syn::{Expr, Path, PathSegment};

use crate::syntax::bare;

/// The same path as seen from within the module.
pub(super) fn from_within(mut path: Path) -> Path {
    let Some(first) = path.segments.first_mut().filter(|_| path.leading_colon.is_none()) else { return path };
    let is_absolute = first.ident == "crate" || first.ident == "$crate";
    if first.ident == "self" {
        first.ident = Ident::new("super", first.ident.span());
    } else if !is_absolute {
        let above = Ident::new("super", Span::mixed_site().located_at(first.ident.span()));
        path.segments.insert(0, PathSegment::from(above));
    }
    path
}

/// The path of a module, if the expression is one.
pub(super) fn module(value: &Expr) -> Option<&Path> {
    match bare(value) {
        Expr::Path(path)
            if path.qself.is_none()
                && path.path.segments.iter().all(|segment| segment.arguments.is_none()) =>
        {
            Some(&path.path)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    #[test]
    fn a_path_is_seen_from_one_module_deeper() {
        for (written, seen) in [
            ("crate::arcade", "crate::arcade"),
            ("::arcade::server", "::arcade::server"),
            ("self::arcade", "super::arcade"),
            ("super::arcade", "super::super::arcade"),
            ("arcade", "super::arcade"),
            ("games::arcade", "super::games::arcade"),
        ] {
            let path = from_within(syn::parse_str(written).unwrap());
            assert_eq!(path.to_token_stream().to_string().replace(' ', ""), seen);
        }
    }
}
