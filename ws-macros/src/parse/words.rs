//! The words inside of markers, right or wrong, for editors: what is hovered or half typed.

use proc_macro2::{Ident, TokenTree};

use super::items::{self, RawAttribute};
use super::marker::Marker;
use crate::events::Event;
use crate::model::{Vocabulary, Word};

/// The words of a marker's arguments: the event, the name of each limit, the rules of a room.
pub(super) fn of(marker: Marker, attribute: &RawAttribute) -> Vec<Word> {
    let Some(group) = attribute.arguments() else { return Vec::new() };
    let tokens = items::bare(group.stream());
    let (first, others) = match marker {
        Marker::On => (Vocabulary::Event, Vocabulary::Limit),
        Marker::Get => (Vocabulary::Limit, Vocabulary::Limit),
        Marker::Room => (Vocabulary::Rule, Vocabulary::Rule),
        Marker::Tick | Marker::Watch | Marker::Timer => return Vec::new(),
        Marker::State | Marker::Session | Marker::Identity | Marker::Push | Marker::Route => {
            return Vec::new();
        }
    };
    let mut words = Vec::new();
    let mut begins = true;
    for (number, token) in tokens.iter().enumerate() {
        if let TokenTree::Ident(name) = token
            && begins
        {
            words.push(word(if number == 0 { first } else { others }, name));
        }
        begins = items::is_punct(token, ',');
    }
    words
}

fn word(vocabulary: Vocabulary, name: &Ident) -> Word {
    let text = name.to_string();
    let is_known = match vocabulary {
        Vocabulary::Event => Event::of_name(&text).is_some(),
        Vocabulary::Limit => super::on::LIMITS.contains(&text.as_str()),
        Vocabulary::Rule => super::room::RULES.contains(&text.as_str()),
        Vocabulary::Option => false,
    };
    Word { vocabulary, name: name.clone(), is_known }
}
