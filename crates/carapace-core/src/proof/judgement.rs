//! What is worse after a fix than before.

use std::collections::BTreeMap;

use super::messages::{Build, Diagnostic};
use super::outcomes::{Count, Section, TestRun};

/// The warnings that were not there before, by lint, text, file and target: a warning has moved, and
/// is not new, where only its line is another one. Of several that are alike, those are named that
/// are too many.
#[must_use]
pub fn new_warnings<'a>(before: &Build, after: &'a Build) -> Vec<&'a Diagnostic> {
    let key = |diagnostic: &Diagnostic| {
        (
            diagnostic.code.clone(),
            diagnostic.text.clone(),
            diagnostic.file().to_owned(),
            diagnostic.target.clone(),
        )
    };
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for warning in before.warnings() {
        *known.entry(key(warning)).or_default() += 1;
    }
    let is_new = |warning: &&Diagnostic| match known.get_mut(&key(warning)) {
        Some(left @ 1..) => {
            *left -= 1;
            false
        }
        _ => true,
    };
    after.warnings().filter(is_new).collect()
}

/// What passed before and does not any more, in words. Tests that failed before may fail; what was
/// not there before says nothing, unless it fails.
#[must_use]
pub fn regressions(before: &TestRun, after: &TestRun) -> Vec<String> {
    let mut found = Vec::new();
    for target in &after.failed_targets {
        if !before.failed_targets.contains(target) {
            found.push(format!("`{target}` fails"));
        }
    }
    for (heading, section) in &before.sections {
        match after.sections.get(heading) {
            Some(now) => of_section(heading, section, now, &mut found),
            None if section.count().passed > 0 => found.push(format!("{heading}: was not run")),
            None => {}
        }
    }
    for (heading, section) in &after.sections {
        if !before.sections.contains_key(heading) && section.count().failed > 0 {
            found.push(format!("{heading}: fails"));
        }
    }
    found
}

fn of_section(heading: &str, before: &Section, after: &Section, found: &mut Vec<String>) {
    let (was, is) = (before.count(), after.count());
    if after.summary.is_none() && before.summary.is_some() {
        found.push(format!("{heading}: broke off"));
    }
    let known = found.len();
    // Lines in which tests' own words stand are lost in some runs and not in others; what the
    // program has counted in the end is not.
    let is_counted = after.summary.is_some() && is.failed == 0 && is.passed >= was.passed;
    for (name, count) in &before.tests {
        let now = after.tests.get(name).copied().unwrap_or_default();
        if now.failed > count.failed {
            found.push(format!("{heading}: {name} fails"));
        } else if now.passed < count.passed && !is_counted {
            found.push(format!("{heading}: {name} does not pass any more"));
        }
    }
    let is_new = |name: &str| !before.tests.contains_key(name);
    for (name, count) in &after.tests {
        if is_new(name) && count.failed > 0 {
            found.push(format!("{heading}: {name} fails"));
        }
    }
    let fewer = |now: Count| now.failed > was.failed || now.passed < was.passed;
    if found.len() == known && fewer(is) {
        found.push(format!(
            "{heading}: {} passed and {} failed, before {} and {}",
            is.passed, is.failed, was.passed, was.failed
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(warnings: &[(&str, &str)]) -> Build {
        let line = |(code, text): &(&str, &str)| {
            format!(
                "{{\"reason\":\"compiler-message\",\"target\":{{\"kind\":[\"lib\"],\"name\":\"a\"}},\
                 \"message\":{{\"level\":\"warning\",\"message\":\"{text}\",\"code\":{{\"code\":\"{code}\"}},\
                 \"spans\":[],\"rendered\":\"\"}}}}\n"
            )
        };
        Build::read(warnings.iter().map(line).collect::<String>().as_bytes())
    }

    #[test]
    fn a_warning_more_of_the_same_is_new() {
        let before = build(&[("unused", "x"), ("unused", "y")]);
        let after = build(&[("unused", "x"), ("unused", "x"), ("dead_code", "y")]);
        let new: Vec<_> = new_warnings(&before, &after)
            .iter()
            .map(|warning| (warning.code.clone().unwrap(), warning.text.clone()))
            .collect();
        let of = |code: &str, text: &str| (code.to_owned(), text.to_owned());
        assert_eq!(new, [of("unused", "x"), of("dead_code", "y")]);
        assert!(new_warnings(&after, &before).len() == 1);
        assert!(new_warnings(&before, &before).is_empty());
    }

    fn run(text: &str) -> TestRun {
        TestRun::read(format!("     Running unittests src/lib.rs (/t/a)\n{text}").as_bytes())
    }

    const DONE: &str = "0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    #[test]
    fn what_passed_has_to_pass() {
        let before = run(&format!(
            "test a ... ok\ntest b ... FAILED\ntest result: FAILED. 1 passed; 1 failed; {DONE}\
             error: test failed, to rerun pass `--lib`\n"
        ));
        assert!(regressions(&before, &before).is_empty());
        let worse = run(&format!(
            "test a ... FAILED\ntest b ... ok\ntest result: FAILED. 1 passed; 1 failed; {DONE}"
        ));
        assert_eq!(
            regressions(&before, &worse),
            ["unittests src/lib.rs: a fails"]
        );
        let gone = regressions(&before, &TestRun::default());
        assert_eq!(gone, ["unittests src/lib.rs: was not run"]);
    }

    #[test]
    fn a_program_that_breaks_off_is_worse() {
        let before = run(&format!(
            "test a ... ok\ntest result: ok. 1 passed; 0 failed; {DONE}"
        ));
        let after = run("test a ... ok\nerror: test failed, to rerun pass `--lib`\n");
        let found = regressions(&before, &after);
        assert_eq!(found, ["`--lib` fails", "unittests src/lib.rs: broke off"]);
    }

    #[test]
    fn words_of_a_test_may_hide_its_line() {
        let before = run(&format!(
            "test a ... ok\ntest b ... ok\ntest result: ok. 2 passed; 0 failed; {DONE}"
        ));
        let after = run(&format!(
            "wordstest a ... ok\ntest b ... ok\ntest result: ok. 2 passed; 0 failed; {DONE}"
        ));
        assert!(regressions(&before, &after).is_empty());
    }
}
