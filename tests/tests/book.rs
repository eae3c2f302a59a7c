//! The book: each page is listed, each program that it includes exists, and its table of options is the real one.

use std::fs;
use std::path::{Path, PathBuf};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../book/src")
}

fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = fs::read_dir(book())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| (name.clone(), fs::read_to_string(book().join(name)).unwrap()))
        .collect();
    pages.sort();
    pages
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let summary = fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    for (name, text) in pages() {
        let included = name == "options-table.md" || name == "SUMMARY.md";
        assert!(included || summary.contains(&format!("({name})")), "{name} is not in the summary");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(link.starts_with("http") || book().join(link).exists(), "{name}: {link}");
        }
    }
}

#[test]
fn what_is_not_compiled_here_is_included_from_an_example() {
    for (name, text) in pages() {
        for block in text.split("```rust,ignore\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let include = block.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
            let (path, anchor) = include.and_then(|include| include.rsplit_once(':')).unwrap_or_else(|| {
                panic!("{name}: a block that is not compiled must be one include, not {block}")
            });
            let example = fs::read_to_string(book().join(path)).unwrap_or_else(|_| panic!("{name}: {path}"));
            assert!(
                example.contains(&format!("ANCHOR: {anchor}\n")),
                "{name}: {path} has no anchor {anchor}"
            );
        }
    }
}

#[test]
fn the_table_of_options_is_the_real_one() {
    let path = book().join("options-table.md");
    let real = ws_runtime::options::markdown_table();
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(&path, &real).unwrap();
    }
    let table = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(table, real, "run `UPDATE_BOOK=1 cargo test -p ws-tests --test book` and commit what changed");
}
