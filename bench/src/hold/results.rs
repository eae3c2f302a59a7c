//! The results of the last run of each row, in a file from which the book's page is made.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::Row;
use super::sheet::{Finding, Form, Sheet};
use crate::error::{Doing, Error, Result};
use crate::machine;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/hold.txt");

/// What is at the head of the file.
const HEAD: &str =
    "# Written by `cargo run --release -p bench -- hold … --save`: a row, its figures, goals and notes.\n";

/// What one row found.
pub(super) struct Taken {
    pub(super) row: Row,
    pub(super) took: Duration,
    pub(super) sheet: Sheet,
}

/// What is kept of it: how long it took and on what, and what it found.
pub(super) struct Kept {
    pub(super) row: Row,
    pub(super) took: String,
    pub(super) machine: String,
    pub(super) sheet: Sheet,
}

/// Puts a result in the place of the last one of its row.
pub(super) fn save(taken: &Taken) -> Result<()> {
    let mut kept = read()?;
    kept.retain(|kept| kept.row != taken.row);
    kept.push(Kept {
        row: taken.row,
        took: format!("{} s", taken.took.as_secs()),
        machine: machine::describe(),
        sheet: Sheet {
            form: taken.sheet.form,
            findings: taken.sheet.findings.clone(),
            notes: taken.sheet.notes.clone(),
        },
    });
    kept.sort_by_key(|kept| Row::value_variants().iter().position(|row| *row == kept.row));
    let path = Path::new(PATH);
    fs::write(path, HEAD.to_owned() + &text(&kept)).doing(format!("write {}", path.display()))
}

/// The results of all rows that were saved.
pub(super) fn read() -> Result<Vec<Kept>> {
    match fs::read_to_string(PATH) {
        Ok(text) => parse(&text).ok_or_else(|| Error::Proc {
            path: PathBuf::from(PATH),
            what: "a line that `hold` did not write",
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).doing(format!("read {PATH}")),
    }
}

fn text(all: &[Kept]) -> String {
    let mut text = String::new();
    for Kept { row, took, machine, sheet } in all {
        let form = sheet.form.pick("full", "short");
        let _ = writeln!(text, "row\t{}\t{form}\t{took}\t{machine}", row.name());
        for Finding { what, goal, measured, holds, is_excused, .. } in &sheet.findings {
            let verdict = if *holds {
                "holds"
            } else if *is_excused {
                "busy"
            } else {
                "missed"
            };
            let _ = writeln!(text, "{verdict}\t{}\t{}\t{}", line(what), line(goal), line(measured));
        }
        for note in &sheet.notes {
            let _ = writeln!(text, "note\t{}", line(note));
        }
    }
    text
}

/// In one line, without tabs.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn parse(text: &str) -> Option<Vec<Kept>> {
    let mut all: Vec<Kept> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split('\t').collect();
        match fields[..] {
            ["row", name, form, took, machine] => {
                let row = Row::from_str(name, false).ok()?;
                let form = if form == "full" { Form::Full } else { Form::Short };
                let (took, machine) = (took.to_owned(), machine.to_owned());
                all.push(Kept { row, took, machine, sheet: Sheet::new(form) });
            }
            [verdict @ ("holds" | "busy" | "missed"), what, goal, measured] => {
                let sheet = &mut all.last_mut()?.sheet;
                sheet.add(what, goal, measured, verdict == "holds");
                sheet.findings.last_mut()?.is_excused = verdict == "busy";
            }
            ["note", note] => all.last_mut()?.sheet.note(note),
            _ => return None,
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_as_they_were_written() {
        let mut sheet = Sheet::new(Form::Full);
        sheet.exactly("lost", 0, 0);
        sheet.add("p99", "≤ 2 ×", "3.1 ×", false);
        sheet.note("a line\nand another");
        let kept = Kept { row: Row::Soak, took: "60 s".into(), machine: "2 cores".into(), sheet };
        let written = text(&[kept]);
        let read = parse(&written).unwrap();
        assert_eq!(text(&read), written);
        assert_eq!(read[0].sheet.notes, ["a line and another"]);
        assert!(!read[0].sheet.holds());
        assert!(parse("what is this").is_none());
    }
}
