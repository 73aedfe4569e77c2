//! What tests came to: cargo's headings and libtest's lines, in the order in which they were
//! written. Both are for people, and there is no other form of them that stable Rust has.

use std::collections::BTreeMap;

/// How many tests of one run are kept; of more, what their programs counted in the end is known.
const MAX_TESTS: usize = 1_000_000;

/// How often something ended in which way; more than one where names are the same, as those of
/// documentation's examples are without their lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// It did what it should.
    pub passed: usize,
    /// It did not.
    pub failed: usize,
    /// It was not run, as it says itself.
    pub ignored: usize,
}

impl Count {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Ignored => self.ignored += 1,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            ignored: self.ignored.saturating_add(other.ignored),
        }
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// What one program of tests said, or all examples of one library's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Its tests by their names.
    pub tests: BTreeMap<String, Count>,
    /// What its last lines counted; none if it did not come to them, or is no program of libtest.
    pub summary: Option<Count>,
}

impl Section {
    /// What is known of its tests: its own count, else what they said one by one.
    #[must_use]
    pub fn count(&self) -> Count {
        let tests = self.tests.values();
        let counted = tests.fold(Count::default(), |sum, count| sum.plus(*count));
        self.summary.unwrap_or(counted)
    }
}

/// What a run of tests said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRun {
    /// By their headings, as `unittests src/lib.rs` or `doc foo`.
    pub sections: BTreeMap<String, Section>,
    /// The targets that cargo says have failed, as `--test foo`.
    pub failed_targets: Vec<String>,
    /// The heading of the last one that has begun.
    pub last: Option<String>,
}

impl TestRun {
    /// Reads what cargo and the tests wrote.
    #[must_use]
    pub fn read(output: &[u8]) -> Self {
        let mut reader = Reader::default();
        for line in String::from_utf8_lossy(output).lines() {
            reader.line(line);
        }
        reader.run
    }

    /// How many tests passed, failed and were ignored.
    #[must_use]
    pub fn count(&self) -> Count {
        let sections = self.sections.values();
        sections.fold(Count::default(), |sum, section| sum.plus(section.count()))
    }

    /// The tests that failed, with their headings.
    pub fn failed(&self) -> impl Iterator<Item = String> + '_ {
        self.sections.iter().flat_map(|(heading, section)| {
            let failed = section.tests.iter().filter(|(_, count)| count.failed > 0);
            failed.map(move |(name, _)| format!("{heading}: {name}"))
        })
    }

    /// Adds what another run said, of other targets.
    pub fn extend(&mut self, other: Self) {
        for (heading, section) in other.sections {
            self.sections.insert(heading, section);
        }
        self.failed_targets.extend(other.failed_targets);
        self.last = other.last.or(self.last.take());
    }
}

#[derive(Default)]
struct Reader {
    run: TestRun,
    tests: usize,
    /// A test whose name stands in a line that its own words have broken.
    open: Option<String>,
    /// Whether the lines are those in which cargo lists what has failed.
    is_list: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let text = line.trim();
        if let Some(heading) = heading(line) {
            self.run.sections.entry(heading.clone()).or_default();
            self.run.last = Some(heading);
            self.open = None;
            self.is_list = false;
        } else if let Some(target) = rerun(text) {
            self.failed_target(target);
        } else if is_list(text) {
            self.is_list = true;
        } else if self.is_list && text.starts_with('`') {
            self.failed_target(text.trim_matches('`'));
        } else if let Some(summary) = summary(text) {
            self.open = None;
            if let Some(section) = self.section() {
                section.summary = Some(summary);
            }
        } else if let Some(rest) = line.strip_prefix("test ") {
            self.test(rest);
        } else if let Some(outcome) = outcome(text)
            && let Some(name) = self.open.take()
        {
            self.ended(name, outcome);
        }
    }

    fn failed_target(&mut self, target: &str) {
        let target = target.to_owned();
        if !self.run.failed_targets.contains(&target) && self.run.failed_targets.len() < MAX_TESTS {
            self.run.failed_targets.push(target);
        }
    }

    fn section(&mut self) -> Option<&mut Section> {
        self.run.sections.get_mut(self.run.last.as_ref()?)
    }

    fn test(&mut self, rest: &str) {
        if rest.contains(" has been running for over ") {
            return;
        }
        let Some((name, said)) = rest.split_once(" ... ") else {
            self.open = rest.strip_suffix(" ...").map(named);
            return;
        };
        match outcome_behind(said.trim()) {
            Some(outcome) => self.ended(named(name), outcome),
            None => self.open = Some(named(name)),
        }
    }

    fn ended(&mut self, name: String, outcome: Outcome) {
        self.open = None;
        if self.tests >= MAX_TESTS {
            return;
        }
        self.tests += 1;
        if let Some(section) = self.section() {
            section.tests.entry(name).or_default().add(outcome);
        }
    }
}

/// `     Running unittests src/lib.rs (target/debug/deps/a-0123)`, `   Doc-tests a`.
fn heading(line: &str) -> Option<String> {
    let text = line.strip_prefix("   ")?.trim_start();
    if let Some(name) = text.strip_prefix("Doc-tests ") {
        return Some(format!("doc {}", name.trim()));
    }
    let name = text.strip_prefix("Running ")?;
    let (name, program) = name.rsplit_once(" (")?;
    program.ends_with(')').then(|| name.to_owned())
}

/// `error: test failed, to rerun pass `--test b``.
fn rerun(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("error: ")?;
    let (_, target) = rest.split_once("to rerun pass `")?;
    target.split('`').next()
}

/// `error: 2 targets failed:`.
fn is_list(text: &str) -> bool {
    text.starts_with("error: ")
        && (text.ends_with("targets failed:") || text.ends_with("target failed:"))
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in …`.
fn summary(text: &str) -> Option<Count> {
    let (_, counts) = text.strip_prefix("test result: ")?.split_once(". ")?;
    let of = |word: &str| {
        let mut parts = counts.split("; ");
        let count = parts.find_map(|part| part.strip_suffix(word));
        count?.trim().parse::<usize>().ok()
    };
    Some(Count {
        passed: of(" passed")?,
        failed: of(" failed")?,
        ignored: of(" ignored")?,
    })
}

/// What stands for an outcome by itself.
fn outcome(said: &str) -> Option<Outcome> {
    match said {
        "ok" => Some(Outcome::Passed),
        "FAILED" => Some(Outcome::Failed),
        "ignored" => Some(Outcome::Ignored),
        _ if said.starts_with("ignored, ") => Some(Outcome::Ignored),
        // With times, where the user has asked libtest for them.
        _ if said.starts_with("ok <") || said.starts_with("bench: ") => Some(Outcome::Passed),
        _ if said.starts_with("FAILED <") => Some(Outcome::Failed),
        _ => None,
    }
}

/// The end of a test's own line, in which the test may have written something before.
fn outcome_behind(said: &str) -> Option<Outcome> {
    outcome(said).or(if said.ends_with("FAILED") {
        Some(Outcome::Failed)
    } else if said.ends_with("ok") {
        Some(Outcome::Passed)
    } else {
        None
    })
}

/// A test's name without what changes when lines move.
fn named(name: &str) -> String {
    let Some((before, rest)) = name.split_once(" (line ") else {
        return name.to_owned();
    };
    match rest.split_once(')') {
        Some((line, after)) if line.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before}{after}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
warning: something
    Finished `test` profile [unoptimized] target(s) in 0.5s
     Running unittests src/lib.rs (/t/debug/deps/a-0123)

running 4 tests
test a::works ... ok
test a::is_left_out ... ignored, no time
test a::fails - should panic ... FAILED
test broken ... its own words
more words
ok
test slow has been running for over 60 seconds

failures:

---- a::fails - should panic stdout ----
test result: a lie
failures:
    a::fails

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `--lib`
     Running tests/crash.rs (/t/debug/deps/crash-1)

running 1 test
error: test failed, to rerun pass `--test crash`

Caused by:
  process didn't exit successfully: `/t/crash-1` (signal: 6, SIGABRT: process abort signal)
   Doc-tests a

running 2 tests
test src/lib.rs - f (line 3) ... ok
test src/lib.rs - f (line 9) - compile ... ok
test src/lib.rs - f (line 12) ... ok

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.2s

error: 2 targets failed:
    `--lib`
    `--test crash`
";

    #[test]
    fn outcomes_are_read() {
        let run = TestRun::read(OUTPUT.as_bytes());
        let lib = &run.sections["unittests src/lib.rs"];
        let count = |passed, failed, ignored| Count {
            passed,
            failed,
            ignored,
        };
        assert_eq!(lib.tests["a::works"], count(1, 0, 0));
        assert_eq!(lib.tests["broken"], count(1, 0, 0));
        assert_eq!(lib.tests["a::fails - should panic"], count(0, 1, 0));
        assert_eq!(lib.tests["a::is_left_out"], count(0, 0, 1));
        assert_eq!(lib.summary, Some(count(2, 1, 1)));
        assert_eq!(run.sections["tests/crash.rs"], Section::default());
        let examples = &run.sections["doc a"].tests;
        assert_eq!(examples["src/lib.rs - f"], count(2, 0, 0));
        assert_eq!(examples["src/lib.rs - f - compile"], count(1, 0, 0));
        assert_eq!(run.failed_targets, ["--lib", "--test crash"]);
        assert_eq!(run.count(), count(5, 1, 1));
        let failed: Vec<String> = run.failed().collect();
        assert_eq!(failed, ["unittests src/lib.rs: a::fails - should panic"]);
        assert_eq!(run.last.as_deref(), Some("doc a"));
    }

    #[test]
    fn anything_is_read() {
        for text in [
            "test  ... ",
            "test x ... ok",
            "   Running (",
            "   Running x ()\ntest ",
            "test result: ok. 1 passed; ",
            "   Doc-tests \ntest a (line ) ... ok\ntest a (line x) ... FAILED",
            "error: 1 target failed:\n`",
        ] {
            let run = TestRun::read(text.as_bytes());
            assert!(run.count().passed <= 1, "{text}");
        }
        assert_eq!(TestRun::read(&[0xff, 0xfe]), TestRun::default());
    }

    #[test]
    fn what_is_broken_off_has_no_summary() {
        let run = TestRun::read(b"     Running tests/a.rs (/t/a)\ntest one ... ok\ntest two ... ");
        let section = &run.sections["tests/a.rs"];
        assert_eq!((section.summary, section.count().passed), (None, 1));
    }
}
