//! Tests of when files are read again, with a source that loads any text but `bad`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

struct Word(PathBuf);

impl Source for Word {
    type Pem = String;
    type Loaded = String;

    fn files(&self) -> Vec<&Path> {
        vec![&self.0]
    }

    fn read(&self) -> Result<String, TlsError> {
        fs::read_to_string(&self.0).map_err(|source| TlsError::Unreadable {
            what: "key",
            path: self.0.clone(),
            source,
        })
    }

    fn load(&self, pem: &String) -> Result<String, TlsError> {
        match pem.as_str() {
            "bad" => Err(TlsError::Fixed { what: "bad" }),
            good => Ok(good.to_owned()),
        }
    }
}

/// A part, its file, and a clock.
struct Setup {
    part: Part<Word>,
    directory: TempDir,
    now: Instant,
}

impl Setup {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "first").unwrap();
        Self { part: Part::load(Word(file)).unwrap(), directory, now: Instant::now() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Puts another file in its place.
    fn replace(&self, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path("file")).unwrap();
    }

    /// Looks after so many seconds, and returns what is in use then.
    fn after(&mut self, seconds: u64, when: When) -> (String, String) {
        self.now += Duration::from_secs(seconds);
        let change = match self.part.look(self.now, when) {
            Change::Refused(error) => format!("refused: {error}"),
            other => format!("{other:?}"),
        };
        (change, self.part.loaded().clone())
    }

    fn expect(&mut self, seconds: u64, change: &str, in_use: &str) {
        let (found, loaded) = self.after(seconds, When::Settled);
        assert!(found.starts_with(change) && loaded == in_use, "{found}, {loaded} is in use");
    }
}

#[test]
fn a_change_is_used_once_nothing_has_changed_for_a_while() {
    let mut setup = Setup::new();
    setup.expect(5, "None", "first");
    fs::write(setup.path("file"), "half").unwrap();
    setup.expect(5, "Soon", "first");
    fs::write(setup.path("file"), "second").unwrap();
    setup.expect(1, "Soon", "first");
    setup.expect(1, "Made", "second");
    setup.expect(5, "None", "second");
}

#[test]
fn what_cannot_be_used_is_reported_once_after_ten_seconds() {
    let mut setup = Setup::new();
    setup.replace("bad");
    setup.expect(5, "Soon", "first");
    for _ in 0..10 {
        setup.expect(1, "Soon", "first");
    }
    setup.expect(1, "refused: `bad`", "first");
    for _ in 0..3 {
        setup.expect(5, "None", "first");
    }
    // It was touched, and is the same.
    setup.replace("bad");
    setup.expect(5, "Soon", "first");
    setup.expect(1, "None", "first");
    setup.replace("second");
    setup.expect(5, "Soon", "first");
    setup.expect(1, "Made", "second");
}

#[test]
fn what_is_completed_in_time_is_never_reported() {
    let mut setup = Setup::new();
    fs::remove_file(setup.path("file")).unwrap();
    setup.expect(5, "Soon", "first");
    for _ in 0..5 {
        setup.expect(1, "Soon", "first");
    }
    setup.replace("second");
    setup.expect(1, "Soon", "first");
    setup.expect(1, "Made", "second");
}

#[test]
fn a_missing_file_is_reported_and_may_come_back_as_it_was() {
    let mut setup = Setup::new();
    fs::remove_file(setup.path("file")).unwrap();
    setup.expect(5, "Soon", "first");
    setup.expect(1, "Soon", "first");
    setup.expect(10, "refused: cannot read the key", "first");
    setup.expect(5, "None", "first");
    setup.replace("first");
    setup.expect(5, "Soon", "first");
    setup.expect(1, "None", "first");
    setup.expect(5, "None", "first");
}

#[test]
fn who_asks_does_not_wait() {
    let mut setup = Setup::new();
    assert_eq!(setup.after(0, When::Now), ("None".to_owned(), "first".to_owned()));
    setup.replace("second");
    assert_eq!(setup.after(0, When::Now), ("Made".to_owned(), "second".to_owned()));
    setup.replace("bad");
    for _ in 0..2 {
        let (change, in_use) = setup.after(0, When::Now);
        assert!(change.starts_with("refused") && in_use == "second", "{change}");
    }
    setup.expect(5, "None", "second");
}

#[test]
fn content_that_changes_with_no_other_difference_is_found_while_the_file_is_new() {
    let mut setup = Setup::new();
    setup.part.may_differ = true;
    setup.part.digest ^= 1;
    setup.expect(5, "Made", "first");
}

/// A volume of Kubernetes has a link for each file, by way of a link to the directory, which is replaced by a rename.
#[cfg(unix)]
#[test]
fn a_link_on_the_way_to_a_file_may_be_swapped() {
    use std::os::unix::fs::symlink;

    let setup = Setup::new();
    for (directory, content) in [("..1", "one"), ("..2", "two")] {
        fs::create_dir(setup.path(directory)).unwrap();
        fs::write(setup.path(directory).join("tls.crt"), content).unwrap();
    }
    symlink("..1", setup.path("..data")).unwrap();
    symlink("..data/tls.crt", setup.path("tls.crt")).unwrap();
    let mut setup = Setup { part: Part::load(Word(setup.path("tls.crt"))).unwrap(), ..setup };
    setup.expect(5, "None", "one");
    symlink("..2", setup.path("..data_tmp")).unwrap();
    fs::rename(setup.path("..data_tmp"), setup.path("..data")).unwrap();
    setup.expect(5, "Soon", "one");
    setup.expect(1, "Made", "two");
}

#[cfg(unix)]
#[test]
fn what_can_be_read_only_once_is_not_read_again() {
    let mut part = Part::load(Word("/dev/null".into())).unwrap();
    part.digest ^= 1;
    assert!(matches!(part.look(Instant::now(), When::Now), Change::None));
}
