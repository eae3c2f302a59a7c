//! Finds the functions that `guard = …` names, and reads their signatures: they take arguments as handlers do.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::Path;
use ws_spec::nearest;

use super::handler;
use super::items::{self, Kind, RawItem};
use super::marker::Marker;
use crate::diagnostics::Diagnostics;
use crate::model::{Form, Handler, Limits, Role, Scope};

/// A module and the modules around it, in which guards are looked for.
pub(super) struct Frame<'f> {
    pub(super) items: &'f [RawItem],
    pub(super) module: &'f Ident,
    /// The module around it, within the server.
    pub(super) outer: Option<&'f Frame<'f>>,
}

/// Adds the guards to the handlers of the module. A guard that is wrong is taken off its handlers, so that one
/// mistake is one error.
pub(super) fn read(
    scope: &mut Scope,
    frame: &Frame<'_>,
    runtime: Option<&Path>,
    diagnostics: &mut Diagnostics,
) {
    let (mut found, mut of_gets) = (BTreeSet::new(), BTreeSet::new());
    for handler in &mut scope.handlers {
        let Some(path) = &handler.limits.guard else { continue };
        let guards = if matches!(handler.role, Role::Get(_)) { &mut of_gets } else { &mut found };
        match find(path, frame, runtime) {
            Ok(numbers) => guards.extend(numbers),
            Err(problem) => {
                diagnostics.error(path, problem);
                handler.limits.guard = None;
            }
        }
    }
    let mut of_route = BTreeSet::new();
    if let Some(route) = &mut scope.route
        && let Some(path) = &route.guard
    {
        match find(path, frame, runtime) {
            Ok(numbers) => of_route.extend(numbers),
            Err(problem) => {
                diagnostics.error(path, problem);
                route.guard = None;
            }
        }
    }
    let of_handlers = found.into_iter().map(|place| (Role::Guard, place));
    let of_gets = of_gets.into_iter().map(|place| (Role::GetGuard, place));
    let of_route = of_route.into_iter().map(|place| (Role::RouteGuard, place));
    for (role, (above, number)) in of_handlers.chain(of_gets).chain(of_route) {
        let Some(item) = frame.at(above).and_then(|frame| frame.items.get(number)) else { continue };
        match handler::read((role, Limits::default()), item, number, diagnostics) {
            Some(guard) => scope.handlers.push(Handler { above, ..guard }),
            None if above == 0 => {
                if let Some(written) = scope.items.get_mut(number) {
                    written.form = handler::uncalled(item);
                    // A method of a trait has no visibility.
                    let skipped = if written.form == Form::Method { item.visibility_len() } else { 0 };
                    written.tokens = item.tokens.iter().skip(skipped).cloned().collect();
                }
            }
            None => {}
        }
    }
}

/// The functions that a path names: how many modules up, and their numbers there. Several under different `#[cfg]`
/// conditions.
fn find(path: &Path, frame: &Frame<'_>, runtime: Option<&Path>) -> Result<Vec<(usize, usize)>, String> {
    let (name, from) = place(path, frame)?;
    let bare = path.segments.len() == 1;
    let mut above = from;
    while let Some(found) = frame.at(above) {
        let functions = Functions { items: found.items, runtime };
        let numbers = functions.named(name)?;
        if !numbers.is_empty() {
            return Ok(numbers.into_iter().map(|number| (above, number)).collect());
        }
        if !bare {
            break;
        }
        above += 1;
    }
    Err(unknown(&name.to_string(), frame, runtime))
}

/// The name of the function, and how many modules up the search begins.
fn place<'p>(path: &'p Path, frame: &Frame<'_>) -> Result<(&'p Ident, usize), String> {
    let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
    if let [only] = segments.as_slice()
        && path.leading_colon.is_none()
    {
        return Ok((only, 0));
    }
    if let Some((last, scopes)) = segments.split_last() {
        let relative = scopes.iter().all(|scope| **scope == "self" || **scope == "super");
        let supers = scopes.iter().filter(|scope| **scope == "super").count();
        if relative && frame.at(supers).is_some() {
            return Ok((last, supers));
        }
        let named = |above: &usize| {
            frame.at(*above).is_some_and(|frame| scopes.last().is_some_and(|scope| **scope == *frame.module))
        };
        if let Some(above) = (0..frame.depth()).find(named) {
            return Ok((last, above));
        }
    }
    let name = segments.last().map(ToString::to_string).unwrap_or_default();
    let around = if frame.outer.is_some() { ", or of one around it" } else { "" };
    Err(format!(
        "a guard is a function of this module{around}, where its arguments are seen: write a function `{name}` here that \
         calls the other one"
    ))
}

impl<'f> Frame<'f> {
    /// The module so many levels up.
    fn at(&self, above: usize) -> Option<&Frame<'f>> {
        let mut frame = self;
        for _ in 0..above {
            frame = frame.outer?;
        }
        Some(frame)
    }

    /// A module beside this one, or beside one around it, that has a function of this name.
    fn sibling_with(&self, name: &str) -> Option<&Ident> {
        let has_it = |module: &&RawItem| {
            let (_, items) =
                module.split_body().map(|(_, body)| items::cut(body.stream())).unwrap_or_default();
            items.iter().any(|item| {
                item.kind == Kind::Function && item.name.as_ref().is_some_and(|found| found == name)
            })
        };
        let modules = self.items.iter().filter(|item| item.kind == Kind::Module);
        let found = modules.clone().find(has_it).and_then(|module| module.name.as_ref());
        found.or_else(|| self.outer.and_then(|outer| outer.sibling_with(name)))
    }

    /// How many modules there are, with this one.
    fn depth(&self) -> usize {
        self.outer.map_or(1, |outer| outer.depth() + 1)
    }
}

fn unknown(name: &str, frame: &Frame<'_>, runtime: Option<&Path>) -> String {
    let mut names: Vec<String> = Vec::new();
    for found in (0..frame.depth()).filter_map(|above| frame.at(above)) {
        names.extend(Functions { items: found.items, runtime }.unmarked());
    }
    let meant = nearest(name, names.iter().map(String::as_str));
    let meant = meant.map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default();
    let (place, written) = if frame.outer.is_some() {
        ("in this module, nor in those of the server around it", "written in one of these")
    } else {
        ("in this module", "written in this module")
    };
    if let Some(sibling) = frame.sibling_with(name).filter(|_| meant.is_empty()) {
        return format!(
            "`{name}` stands in the module `{sibling}`, and a guard stands in this module or in one around it: move it out of \
             `{sibling}`, or write a function here that calls it"
        );
    }
    format!(
        "there is no function `{name}` {place}{meant}\na guard is a function {written}, not imported, {RETURNS}"
    )
}

/// The functions of a module.
struct Functions<'i> {
    items: &'i [RawItem],
    runtime: Option<&'i Path>,
}

impl Functions<'_> {
    /// The numbers of the functions of this name.
    fn named(&self, name: &Ident) -> Result<Vec<usize>, String> {
        let of_name = |item: &&(usize, &RawItem)| item.1.name.as_ref().is_some_and(|found| found == name);
        let all: Vec<(usize, &RawItem)> = self.functions().filter(|item| of_name(&item)).collect();
        if all.iter().any(|(_, item)| self.is_marked(item)) {
            return Err(format!(
                "`{name}` is a handler itself: a guard is a function without an attribute {RETURNS}"
            ));
        }
        Ok(all.into_iter().map(|(number, _)| number).collect())
    }

    fn functions(&self) -> impl Iterator<Item = (usize, &RawItem)> {
        self.items.iter().enumerate().filter(|(_, item)| item.kind == Kind::Function)
    }

    fn is_marked(&self, item: &RawItem) -> bool {
        item.attributes.iter().any(|attribute| Marker::of(attribute, self.runtime).is_some())
    }

    /// The names of those without an attribute.
    fn unmarked(&self) -> impl Iterator<Item = String> {
        self.functions()
            .filter(|(_, item)| !self.is_marked(item))
            .filter_map(|(_, item)| item.name.as_ref().map(ToString::to_string))
    }
}

/// What a guard gives.
const RETURNS: &str = "that returns a `Result<(), E>`: `Ok(())` lets it through, and an `Err(Reject::forbidden())` is the answer";
