//! Reads `#[timer(field)]`, and finds the struct with that field.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, ItemEnum, ItemStruct, Lit, Member, Path, Token, Type};
use ws_spec::nearest;

use super::items::{Kind, RawAttribute, RawItem};
use super::marker::Marker;
use super::phases;
use crate::diagnostics::{Diagnostics, list};
use crate::model::{Owner, Role, TimerPlace};
use crate::syntax::{bare, mentions, peel, single_name};

/// The types of a module whose fields can be timers.
#[derive(Debug)]
pub(crate) struct Owners {
    found: Vec<Candidate>,
    /// All types in the module.
    types: Vec<Declared>,
}

#[derive(Debug)]
struct Declared {
    name: Ident,
    fields: Fields,
}

/// The session, a state, a room, the payload of a phase, or an identity, which can have no timer.
#[derive(Debug)]
struct Candidate {
    kind: What,
    name: Ident,
    fields: Fields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    State,
    Session,
    Identity,
    Room,
    Phase,
}

#[derive(Debug)]
enum Fields {
    Of(Vec<Field>),
    /// It is an enum, so it has none.
    None,
    /// It cannot be read, which the compiler reports.
    Unknown,
    /// It is declared elsewhere.
    Elsewhere,
}

#[derive(Debug)]
struct Field {
    member: Member,
    ty: Type,
}

impl Owners {
    pub(crate) fn of(items: &[RawItem], runtime: Option<&Path>) -> Self {
        let mut found: Vec<Candidate> = Vec::new();
        for item in items {
            let mut kinds = item.attributes.iter().filter_map(|attribute| What::of(attribute, runtime));
            let (Some(kind), Some(name)) = (kinds.next(), item.name.clone()) else { continue };
            found.push(Candidate { kind, name, fields: Fields::of(item) });
            if kind != What::Session {
                continue;
            }
            // What is wrong with a phase is reported where the session is read.
            let phases = phases::read(item, &mut Diagnostics::default());
            for name in phases.iter().filter_map(|phase| phase.payload.as_ref()?.name()) {
                if !found.iter().any(|known| known.kind == What::Phase && known.name == *name) {
                    let declared = items.iter().find(|item| item.name.as_ref() == Some(name));
                    let fields = declared.map_or(Fields::Elsewhere, Fields::of);
                    found.push(Candidate { kind: What::Phase, name: name.clone(), fields });
                }
            }
        }
        let is_type = |item: &&RawItem| matches!(item.kind, Kind::Struct | Kind::Enum | Kind::Union);
        let declared = |item: &RawItem| Some(Declared { name: item.name.clone()?, fields: Fields::of(item) });
        Self { found, types: items.iter().filter(is_type).filter_map(declared).collect() }
    }

    /// The type of a field in a room that holds this one, by name.
    pub(super) fn in_room(&self, room: &Ident, wanted: &str) -> Option<&Type> {
        let rooms = self.found.iter().filter(|found| found.kind == What::Room && found.name == *room);
        let fields = rooms.flat_map(|room| room.fields.listed());
        fields.map(|field| &field.ty).find(|ty| mentions(ty, wanted))
    }

    /// What to write where the timer with this name is in a type that is not marked.
    fn unmarked(&self, wanted: &Member) -> Option<String> {
        let is_marked = |name: &Ident| self.found.iter().any(|found| found.name == *name);
        let of_name =
            |field: &&Field| name_of(&field.member) == name_of(wanted) && mentions(&field.ty, "Timer");
        let has_timer = |declared: &&Declared| declared.fields.listed().iter().any(|field| of_name(&field));
        let declared = self.types.iter().filter(|declared| !is_marked(&declared.name)).find(has_timer)?;
        let (name, wanted) = (&declared.name, name_of(wanted));
        let mut around = self.holders().flat_map(|holder| holder.fields.listed());
        match around.find(|field| mentions(&field.ty, &name.to_string())) {
            Some(field) if single_name(&field.ty) == Some(name) => Some(format!(
                "`{wanted}` is a field of `{name}`: write `#[timer({}.{wanted})]`",
                name_of(&field.member)
            )),
            // It is in a list of them, or the like.
            Some(_) => None,
            None => Some(format!(
                "`{name}` has a field `{wanted}`, and is not marked: write `#[room]`, `#[session]` or `#[state]` above `{name}`"
            )),
        }
    }

    /// Those that can have timers.
    fn holders(&self) -> impl Iterator<Item = &Candidate> {
        self.found.iter().filter(|candidate| candidate.kind != What::Identity)
    }
}

impl What {
    fn of(attribute: &RawAttribute, runtime: Option<&Path>) -> Option<Self> {
        match Marker::of(attribute, runtime)? {
            Marker::State => Some(Self::State),
            Marker::Session => Some(Self::Session),
            Marker::Identity => Some(Self::Identity),
            Marker::Room => Some(Self::Room),
            Marker::On
            | Marker::Tick
            | Marker::Watch
            | Marker::Timer
            | Marker::Push
            | Marker::Route
            | Marker::Get => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Session => "session",
            Self::Identity => "identity",
            Self::Room => "room",
            Self::Phase => "phase",
        }
    }
}

impl Candidate {
    fn field(&self, wanted: &Member) -> Option<&Field> {
        self.fields.listed().iter().find(|field| name_of(&field.member) == name_of(wanted))
    }

    fn may_have(&self, field: &Member) -> bool {
        matches!(self.fields, Fields::Unknown) || self.field(field).is_some()
    }

    /// The same, where the type is named.
    fn is_elsewhere_or_has(&self, field: &Member) -> bool {
        matches!(self.fields, Fields::Elsewhere) || self.may_have(field)
    }

    /// The place of a timer in it.
    fn place(&self, members: Vec<Member>) -> Result<TimerPlace, (TokenStream, String)> {
        if self.kind == What::Identity {
            let message = format!(
                "`{}` is the identity, which never changes: put the timer into a struct that is marked `#[session]`, `#[room]` or `#[state]`",
                self.name
            );
            return Err((members.last().to_token_stream(), message));
        }
        if let [field] = members.as_slice()
            && let Some(ty) = self.field(field).map(|field| &field.ty).filter(|ty| is_never_timer(ty))
        {
            let message = format!(
                "the field `{}` of {} is of type `{}`, not `Timer`",
                name_of(field),
                self.title(),
                ty.to_token_stream()
            );
            return Err((field.to_token_stream(), message));
        }
        let first = members.first().and_then(|first| self.field(first));
        let has_keys = members.len() > 1 || !first.is_some_and(|field| is_timer(&field.ty));
        let owner = match self.kind {
            What::Session | What::Identity => Owner::Session,
            What::Phase => Owner::Phase(self.name.clone()),
            What::State => Owner::State(self.name.clone()),
            What::Room => Owner::Room(self.name.clone()),
        };
        Ok(TimerPlace { owner, members, has_keys })
    }

    /// As it is called in messages.
    fn title(&self) -> String {
        format!("the {} `{}`", self.kind.name(), self.name)
    }
}

impl Fields {
    /// Those that can be seen.
    fn listed(&self) -> &[Field] {
        match self {
            Self::Of(fields) => fields,
            Self::None | Self::Unknown | Self::Elsewhere => &[],
        }
    }

    fn of(item: &RawItem) -> Self {
        let attributes = item.attributes.iter().map(RawAttribute::tokens);
        let tokens: TokenStream = attributes.chain(item.tokens.iter().cloned().map(Into::into)).collect();
        if let Ok(item) = syn::parse2::<ItemStruct>(tokens.clone()) {
            let fields = item
                .fields
                .members()
                .zip(&item.fields)
                .map(|(member, field)| Field { member, ty: field.ty.clone() });
            return Self::Of(fields.collect());
        }
        if syn::parse2::<ItemEnum>(tokens).is_ok() { Self::None } else { Self::Unknown }
    }
}

/// The role of a function below `#[timer(field)]`; `None` if the attribute is wrong.
pub(crate) fn read(attribute: &RawAttribute, owners: &Owners, diagnostics: &mut Diagnostics) -> Option<Role> {
    let tokens = attribute.arguments().map(proc_macro2::Group::stream).unwrap_or_default();
    if tokens.is_empty() {
        diagnostics.error(
            &attribute.group,
            format!("`#[timer]` needs the field that holds the timer: {}", advice(owners)),
        );
        return None;
    }
    let written = match syn::parse2::<Expr>(tokens.clone()) {
        Ok(written) => path(&written),
        Err(_) => Err(duration(&tokens, owners).unwrap_or_else(|| no_field(&tokens, owners))),
    };
    let path = match written {
        Ok(path) => path,
        Err(message) => {
            diagnostics.error(tokens, message);
            return None;
        }
    };
    match find(path, owners) {
        Ok(place) => Some(Role::Timer(place)),
        Err((wrong, message)) => {
            diagnostics.error(wrong, message);
            None
        }
    }
}

/// `clock`, `Table.clock` or `board.clock` as its parts.
fn path(written: &Expr) -> Result<Vec<Member>, String> {
    match bare(written) {
        Expr::Path(path) if path.path.get_ident().is_some() => {
            Ok(path.path.get_ident().cloned().map(Member::from).into_iter().collect())
        }
        Expr::Field(field) => {
            let mut members = path(&field.base)?;
            members.push(field.member.clone());
            Ok(members)
        }
        Expr::Path(path) => {
            let dotted = path.path.segments.iter().map(|segment| segment.ident.to_string());
            let dotted = dotted.collect::<Vec<_>>().join(".");
            Err(format!("the parts are separated by dots: write `#[timer({dotted})]`"))
        }
        Expr::Assign(_) | Expr::Lit(syn::ExprLit { lit: Lit::Int(_) | Lit::Float(_), .. }) => Err(
            "a timer runs when the `Timer` in a field is due, which was started by `clock.start(5)`: write `#[timer(clock)]`\n\
             for a handler that runs every so many seconds, write `#[tick(period = 5)]`"
                .to_owned(),
        ),
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => {
            Err(format!("the name of a field has no quotes: write `#[timer({})]`", text.value()))
        }
        _ => Err("this is not a field: write `#[timer(clock)]`, or `#[timer(Table.clock)]` where two structs have it".to_owned()),
    }
}

/// Finds the owner of the field. An error stands at the part of the path that is wrong.
fn find(path: Vec<Member>, owners: &Owners) -> Result<TimerPlace, (TokenStream, String)> {
    let mut members = path.into_iter();
    let Some(first) = members.next() else { return Err((TokenStream::new(), advice(owners))) };
    let rest: Vec<Member> = members.collect();
    // Under `#[cfg]` there may be two of one name, and two sessions.
    let named = |candidate: &&Candidate| first == Member::from(candidate.name.clone());
    let named: Vec<&Candidate> = owners.found.iter().filter(named).collect();
    if let Some(candidate) = named.first() {
        return match rest.first() {
            Some(field) => match named.iter().find(|candidate| candidate.is_elsewhere_or_has(field)) {
                Some(candidate) => candidate.place(rest),
                None => Err((field.to_token_stream(), unknown(field, &[candidate]))),
            },
            None => Err((
                first.to_token_stream(),
                format!(
                    "`{}` is the {}: add the field that holds the timer",
                    name_of(&first),
                    candidate.kind.name()
                ),
            )),
        };
    }
    let (identities, all): (Vec<&Candidate>, Vec<&Candidate>) =
        owners.found.iter().partition(|candidate| candidate.kind == What::Identity);
    let mut with = all.clone();
    with.retain(|candidate| candidate.may_have(&first));
    if with.is_empty() {
        with = identities;
        with.retain(|candidate| candidate.may_have(&first));
    }
    let is_session = with.iter().all(|candidate| candidate.kind == What::Session);
    match with.as_slice() {
        [one, others @ ..] if others.is_empty() || is_session => {
            one.place([first].into_iter().chain(rest).collect())
        }
        [] | [_] => {
            let is_type = owners.types.iter().any(|declared| first == Member::from(declared.name.clone()));
            let unmarked = owners.unmarked(&first);
            let message = if let Some(message) = unmarked {
                message
            } else if is_type {
                format!(
                    "`{}` is neither the session, nor the room, nor a state: a timer is a field of a struct that is marked `#[session]`, `#[room]` or `#[state]`",
                    name_of(&first)
                )
            } else if all.is_empty() {
                advice(owners)
            } else {
                unknown(&first, &all)
            };
            Err((first.to_token_stream(), message))
        }
        [one, other, ..] => {
            let field = name_of(&first);
            Err((
                first.to_token_stream(),
                format!(
                    "{} and {} both have a field `{field}`: write `#[timer({}.{field})]` or `#[timer({}.{field})]`",
                    one.title(),
                    other.title(),
                    one.name,
                    other.name
                ),
            ))
        }
    }
}

fn unknown(field: &Member, candidates: &[&Candidate]) -> String {
    let field = name_of(field);
    if let [Candidate { fields: Fields::None, name, .. }] = candidates {
        return format!(
            "`{name}` is an enum, which has no fields: a timer is a field of a struct, such as the payload of a phase"
        );
    }
    let fields: Vec<String> = candidates
        .iter()
        .flat_map(|candidate| candidate.fields.listed())
        .map(|field| name_of(&field.member))
        .collect();
    let titles: Vec<String> = candidates.iter().map(|candidate| candidate.title()).collect();
    let has_no = if let [only] = titles.as_slice() {
        format!("{only} has no field `{field}`")
    } else {
        format!("none of {} has a field `{field}`", titles.join(", "))
    };
    match nearest(&field, fields.iter().map(String::as_str)) {
        Some(meant) => format!("{has_no}, did you mean `{meant}`?"),
        None if fields.is_empty() => format!("{has_no}: add `{field}: Timer`"),
        None if fields.len() == 1 => format!("{has_no}, only `{}`: add `{field}: Timer`", fields.concat()),
        None => format!(
            "{has_no}: add `{field}: Timer`, or name one of {}",
            list(fields.iter().map(String::as_str))
        ),
    }
}

/// What to write instead of `clock, after = 20`; `None` if what follows the field may be a field too.
fn duration(tokens: &TokenStream, owners: &Owners) -> Option<String> {
    let listed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone()).ok()?;
    let mut listed = listed.iter();
    let field = path(listed.next()?).ok()?;
    let written = field.iter().map(name_of).collect::<Vec<_>>().join(".");
    let (problem, value) = match bare(listed.next()?) {
        Expr::Assign(assign) => {
            let key = assign.left.to_token_stream();
            (format!("a timer has no `{key}`"), bare(&assign.right))
        }
        value if path(value).is_err() => ("a timer has no period".to_owned(), value),
        _ => return None,
    };
    let seconds = match value {
        Expr::Lit(syn::ExprLit { lit: lit @ (Lit::Int(_) | Lit::Float(_)), .. }) => {
            lit.to_token_stream().to_string()
        }
        _ => "20".to_owned(),
    };
    let holder =
        owners.holders().find(|holder| field.first().is_some_and(|field| holder.field(field).is_some()));
    let owner = holder.map(|holder| format!("{}.", holder.name.unraw().to_string().to_lowercase()));
    let owner = owner.unwrap_or_default();
    Some(format!(
        "{problem}: a handler starts it, by `{owner}{written}.start({seconds})`, and it runs once, when these seconds are over; write \
         `#[timer({written})]`"
    ))
}

fn no_field(tokens: &TokenStream, owners: &Owners) -> String {
    let has_comma = tokens.clone().into_iter().any(|token| super::items::is_punct(&token, ','));
    if has_comma {
        return "a function handles the timers of one field: write one for each, and let both call a third if they do the same"
            .to_owned();
    }
    format!("this is not a field: {}", advice(owners))
}

/// What to write.
fn advice(owners: &Owners) -> String {
    let Some(holder) = owners.holders().next() else {
        return "a timer is a field of a struct in this module that is marked `#[session]`, `#[room]` or `#[state]`: write `clock: Timer` \
                there, and `#[timer(clock)]` here, as the handler stands in the module of the struct"
            .to_owned();
    };
    let mut timers = owners.holders().flat_map(|holder| holder.fields.listed());
    match timers.find(|field| mentions(&field.ty, "Timer")) {
        Some(Field { member: Member::Named(name), .. }) => format!("write `#[timer({name})]`"),
        _ => format!("write `clock: Timer` in `{}`, and `#[timer(clock)]` here", holder.name),
    }
}

/// Whether a type is `Timer`, by its name.
fn is_timer(ty: &Type) -> bool {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Timer"),
        _ => false,
    }
}

/// Whether a type is one of Rust's that holds no timer.
fn is_never_timer(ty: &Type) -> bool {
    const NEVER: [&str; 17] = [
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64",
        "bool", "Duration", "Instant",
    ];
    match peel(ty) {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| NEVER.iter().any(|never| last.ident == never))
        }
        Type::Reference(_) | Type::Tuple(_) => true,
        _ => false,
    }
}

fn name_of(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
