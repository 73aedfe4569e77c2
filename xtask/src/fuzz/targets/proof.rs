//! What builds and tests say: anything is read, and nothing is worse than itself.

use carapace_core::proof::judgement::{new_warnings, regressions};
use carapace_core::proof::messages::Build;
use carapace_core::proof::outcomes::TestRun;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "test ",
    " ... ",
    "ok",
    "FAILED",
    "ignored",
    " has been running for over ",
    "     Running ",
    "   Doc-tests ",
    " (line 1)",
    "test result: ok. 1 passed; 0 failed; 0 ignored; ",
    "error: test failed, to rerun pass `",
    "error: 1 target failed:",
    "{\"reason\":\"compiler-message\",\"message\":",
    "\"spans\":[",
    "\"expansion\":{\"span\":",
    "\"level\":\"warning\"",
    "\n",
    "`",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "     Running unittests src/lib.rs (/t/a-1)\n\nrunning 3 tests\ntest a ... ok\ntest b - should panic ... FAILED\n\
         test c ... words\nok\ntest result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s\n\
         error: test failed, to rerun pass `--lib`\n   Doc-tests a\ntest src/lib.rs - f (line 3) ... ignored\n\
         error: 1 target failed:\n    `--lib`\n",
        "{\"reason\":\"compiler-message\",\"target\":{\"kind\":[\"lib\"],\"name\":\"a\"},\"message\":{\"level\":\"warning\",\
         \"message\":\"m\",\"code\":{\"code\":\"c\"},\"spans\":[{\"file_name\":\"f\",\"byte_start\":1,\"byte_end\":2,\
         \"is_primary\":true,\"expansion\":{\"span\":{\"file_name\":\"g\",\"byte_start\":1,\"byte_end\":2}}}],\"rendered\":\"r\"}}\n\
         {\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bin\"],\"name\":\"a\",\"src_path\":\"/a\"},\
         \"profile\":{\"test\":true},\"filenames\":[\"/b\"]}\n{\"reason\":\"build-finished\",\"success\":true}\n",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let build = Build::read(bytes);
    assert!(new_warnings(&build, &build).is_empty());
    let none = Build::default();
    assert_eq!(new_warnings(&none, &build).len(), build.warnings().count());
    assert!(new_warnings(&build, &none).is_empty());
    signature.count(build.warnings().count());
    signature.count(build.errors().count());
    signature.count(build.artifacts.len());
    signature.count(build.unread);
    let tests = TestRun::read(bytes);
    assert!(regressions(&tests, &tests).is_empty());
    let count = tests.count();
    let gone = regressions(&tests, &TestRun::default());
    assert!(
        gone.is_empty() || count.passed > 0,
        "what did not pass is missed"
    );
    signature.count(tests.sections.len());
    signature.count(count.passed.min(1000));
    signature.count(count.failed.min(1000));
    signature.count(tests.failed_targets.len());
    if count.passed > 0 || !build.artifacts.is_empty() {
        signature.accepted();
    }
    signature
}
