//! Finds the functions that `guard = …` names, and reads their signatures: they take arguments as handlers do.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::Path;
use ws_spec::nearest;

use super::handler;
use super::items::{Kind, RawItem};
use super::marker::Marker;
use crate::diagnostics::Diagnostics;
use crate::model::{Form, Limits, Role, Scope};

/// Adds the guards to the handlers of the module. A guard that is wrong is taken off its handlers, so that one mistake is
/// one error.
pub(super) fn read(
    scope: &mut Scope,
    items: &[RawItem],
    runtime: Option<&Path>,
    diagnostics: &mut Diagnostics,
) {
    let functions = Functions { items, runtime, module: &scope.name };
    let mut found = BTreeSet::new();
    for handler in &mut scope.handlers {
        let Some(path) = &handler.limits.guard else { continue };
        match functions.named(path) {
            Ok(numbers) => found.extend(numbers),
            Err(problem) => {
                diagnostics.error(path, problem);
                handler.limits.guard = None;
            }
        }
    }
    for number in found {
        let Some(item) = items.get(number) else { continue };
        match handler::read((Role::Guard, Limits::default()), item, number, diagnostics) {
            Some(guard) => scope.handlers.push(guard),
            None => {
                if let Some(written) = scope.items.get_mut(number) {
                    written.form = handler::uncalled(item);
                    // A method of a trait has no visibility.
                    let skipped = if written.form == Form::Method { item.visibility_len() } else { 0 };
                    written.tokens = item.tokens.iter().skip(skipped).cloned().collect();
                }
            }
        }
    }
}

/// The functions of a module.
struct Functions<'i> {
    items: &'i [RawItem],
    runtime: Option<&'i Path>,
    module: &'i Ident,
}

impl Functions<'_> {
    /// The numbers of the functions of this name: several under different `#[cfg]` conditions.
    fn named(&self, path: &Path) -> Result<Vec<usize>, String> {
        let name = self.name(path)?;
        let of_name = |item: &&(usize, &RawItem)| item.1.name.as_ref().is_some_and(|found| found == name);
        let all: Vec<(usize, &RawItem)> = self.functions().filter(|item| of_name(&item)).collect();
        if all.iter().any(|(_, item)| self.is_marked(item)) {
            return Err(format!(
                "`{name}` is a handler itself: a guard is a function without an attribute {RETURNS}"
            ));
        }
        if all.is_empty() {
            return Err(self.unknown(&name.to_string()));
        }
        Ok(all.into_iter().map(|(number, _)| number).collect())
    }

    /// The name, if the path leads to this module.
    fn name<'p>(&self, path: &'p Path) -> Result<&'p Ident, String> {
        let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        match segments.as_slice() {
            [only] if path.leading_colon.is_none() => Ok(only),
            [scope, last] if *scope == "self" || *scope == self.module => Ok(last),
            [.., scope, last] if *scope == self.module => Ok(last),
            _ => {
                let name = segments.last().map(ToString::to_string).unwrap_or_default();
                Err(format!(
                    "a guard is a function of this module, where its arguments are seen: write a function `{name}` here that \
                     calls the other one"
                ))
            }
        }
    }

    fn functions(&self) -> impl Iterator<Item = (usize, &RawItem)> {
        self.items.iter().enumerate().filter(|(_, item)| item.kind == Kind::Function)
    }

    fn is_marked(&self, item: &RawItem) -> bool {
        item.attributes.iter().any(|attribute| Marker::of(attribute, self.runtime).is_some())
    }

    fn unknown(&self, name: &str) -> String {
        let names: Vec<String> = self
            .functions()
            .filter(|(_, item)| !self.is_marked(item))
            .filter_map(|(_, item)| item.name.as_ref().map(ToString::to_string))
            .collect();
        let meant = nearest(name, names.iter().map(String::as_str));
        let meant = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
        format!(
            "there is no function `{name}` in this module{meant}\na guard is a function written in this module, not imported, {RETURNS}"
        )
    }
}

/// What a guard gives.
const RETURNS: &str = "that returns a `Result<(), E>`: `Ok(())` lets the message through, and an `Err(Reject::forbidden())` is the answer to it";
