//! Which fixes are kept.

use carapace_core::fix::Fix;
use cargo_carapace::census::dance::Stamp;
use cargo_carapace::dance::verify::Verdict;

use crate::package::{Package, kept, not_tried, refusal};

const LIB: &str = r#"//! Five ways.

/// ```
/// assert_eq!(sample::first(b"ab"), b'a');
/// ```
pub fn first(bytes: &[u8]) -> u8 {
    unsafe { *bytes.get_unchecked(0) }
}

pub fn second(bytes: &[u8]) -> u8 {
    unsafe { *bytes.get_unchecked(1) }
}

pub fn text(bytes: &[u8]) -> &str {
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

pub fn bits(x: f32) -> u32 {
    unsafe { std::mem::transmute::<f32, u32>(x) }
}

pub fn none(x: u8) -> u8 {
    unsafe { std::mem::transmute::<u8, u8>(x) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn works() {
        assert_eq!(super::first(b"ab"), b'a');
        assert_eq!(super::second(b"ab"), b'b');
        assert_eq!(super::bits(1.0), 0x3f80_0000);
    }

    #[test]
    fn fails_before() {
        assert_eq!(super::text(b"a"), "b");
    }
}
"#;

/// Two that are fine, one that does not build, one that a test fails with, one that makes a warning.
fn five(package: &Package) -> Vec<Fix> {
    vec![
        package.fix("unsafe { *bytes.get_unchecked(0) }", "bytes[0]"),
        package.fix(
            "unsafe { std::str::from_utf8_unchecked(bytes) }",
            "std::str::from_utf8(bytes)",
        ),
        package.fix("unsafe { *bytes.get_unchecked(1) }", "bytes[0]"),
        package.fix(
            "unsafe { std::mem::transmute::<u8, u8>(x) }",
            "let y = 1;\n    x",
        ),
        package.fix(
            "unsafe { std::mem::transmute::<f32, u32>(x) }",
            "x.to_bits()",
        ),
    ]
}

#[test]
fn exactly_the_fine_ones_are_kept() {
    let package = Package::new(LIB);
    let fixes = five(&package);
    let verified = package.verify(&fixes);
    assert_eq!(kept(&verified), [0, 4], "{verified:#?}");
    let build = refusal(&verified, 1);
    assert!(
        build.contains("does not build") && build.contains("E0308"),
        "{build}"
    );
    let test = refusal(&verified, 2);
    assert!(
        test.contains("tests::works fails") && test.contains("panicked"),
        "{test}"
    );
    let warning = refusal(&verified, 3);
    assert!(
        warning.contains("a warning is new") && warning.contains("unused"),
        "{warning}"
    );
    let [before] = &verified.baseline.builds[..] else {
        panic!("{:?}", verified.baseline);
    };
    assert_eq!(before.passed, 2);
    assert_eq!(before.failed, ["unittests src/lib.rs: tests::fails_before"]);
    let changed = &verified.files["src/lib.rs"];
    assert_eq!(changed.before, LIB);
    assert!(changed.after.contains("    bytes[0]\n") && changed.after.contains("x.to_bits()"));
    assert_eq!(changed.after.matches("unsafe").count(), 3);
    assert!(
        verified
            .patch
            .starts_with("diff --git a/src/lib.rs b/src/lib.rs\n")
    );
    assert!(verified.forbids.is_empty());
}

#[test]
fn what_is_left_free_of_it_forbids_it() {
    let package = Package::new(
        "//! One.\n\npub fn bits(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n",
    );
    package.write(
        "src/bin/tool.rs",
        "fn main() {\n    println!(\"{}\", sample::bits(1.0));\n}\n",
    );
    package.write(
        "tests/uses.rs",
        "#[test]\nfn works() {\n    assert_eq!(sample::bits(0.0), 0);\n}\n",
    );
    let fix = package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()");
    let verified = package.verify(&[fix]);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert_eq!(verified.forbids["src/lib.rs"], Verdict::Kept);
    assert_eq!(verified.forbids["src/bin/tool.rs"], Verdict::Kept);
    let lib = &verified.files["src/lib.rs"].after;
    assert_eq!(
        lib,
        "//! One.\n\n#![forbid(unsafe_code)]\n\npub fn bits(x: f32) -> u32 {\n    x.to_bits()\n}\n"
    );
}

#[test]
fn it_is_not_forbidden_where_some_is_left() {
    let package = Package::new(
        "#[path = \"../shared/shared.rs\"]\npub mod shared;\n\npub fn bits(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n",
    );
    package.write(
        "shared/shared.rs",
        "pub fn f() -> u8 {\n    unsafe { *b\"x\".get_unchecked(0) }\n}\n",
    );
    // What is compiled elsewhere counts, too.
    package.write(
        "src/bin/tool/main.rs",
        "#[cfg(windows)]\nmod other;\n\nfn main() {}\n",
    );
    package.write("src/bin/tool/other.rs", "unsafe fn f() {}\n");
    package.write("src/bin/free/main.rs", "//! Free.\n\nfn main() {}\n");
    let fix = package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()");
    let verified = package.verify(&[fix]);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let names: Vec<&str> = verified.forbids.keys().map(String::as_str).collect();
    assert_eq!(names, ["src/bin/free/main.rs"]);
    let with_path = Package::new(
        &package
            .read("src/lib.rs")
            .replace("unsafe { std::mem::transmute(x) }", "x.to_bits()"),
    );
    with_path.write("shared/shared.rs", &package.read("shared/shared.rs"));
    let verified = with_path.verify(&[]);
    let forbid = &verified.forbids["src/lib.rs"];
    assert!(
        matches!(forbid, Verdict::Refused { said, .. } if said[0].contains("unsafe")),
        "{forbid:?}"
    );
    assert_eq!(verified.patch, "");
}

#[test]
fn of_two_that_overlap_one_is_kept() {
    let package = Package::new(LIB);
    let whole = package.fix("unsafe { *bytes.get_unchecked(0) }", "bytes[0]");
    let part = package.fix("bytes.get_unchecked(0)", "&bytes[0]");
    let verified = package.verify(&[whole.clone(), part, whole]);
    assert_eq!(kept(&verified), [0, 2], "{verified:#?}");
    assert!(refusal(&verified, 1).contains("another fix"));
}

#[test]
fn what_cannot_be_tried_is_told() {
    let package = Package::new(LIB);
    package.write(
        "src/windows.rs",
        "pub fn f() -> u8 {\n    unsafe { g() }\n}\n",
    );
    let mut nowhere = package.fix("std::mem::transmute::<u8, u8>(x)", "x");
    nowhere.edits[0].end = 1_000_000;
    let mut outside = nowhere.clone();
    outside.edits[0].file = "../outside.rs".to_owned();
    let other = package.fix_in("src/windows.rs", "unsafe { g() }", "0");
    let verified = package.verify(&[nowhere, outside, other]);
    assert!(
        not_tried(&verified, 0).contains("not there"),
        "{verified:#?}"
    );
    assert!(not_tried(&verified, 1).contains("no file of the package"));
    assert!(not_tried(&verified, 2).contains("compiled by none"));
    assert_eq!((verified.trials, verified.patch.as_str()), (0, ""));
}

#[test]
fn features_are_all_tried() {
    let package = Package::new(
        "#[cfg(feature = \"more\")]\npub fn bits(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n\n\
         #[cfg(feature = \"more\")]\npub fn wrong(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x) }\n}\n"
            .replacen("pub fn wrong(x: f32) -> u32 {\n    unsafe { std::mem::transmute(x)", "pub fn wrong(x: f32) -> u32 {\n    unsafe { std::mem::transmute::<f32, u32>(x)", 1)
            .as_str(),
    );
    package.write(
        "Cargo.toml",
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[features]\nmore = []\n",
    );
    let fixes = [
        package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()"),
        package.fix(
            "unsafe { std::mem::transmute::<f32, u32>(x) }",
            "x.to_no_bits()",
        ),
    ];
    let verified = package.verify(&fixes);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert!(refusal(&verified, 1).contains("with all features"));
    assert_eq!(verified.baseline.builds.len(), 2);
}

#[test]
fn where_nothing_builds_nothing_is_said() {
    let package = Package::new("pub fn f() -> u8 {\n    unsafe { g() }\n}\n");
    let verified = package.verify(&[package.fix("unsafe { g() }", "0")]);
    let why = not_tried(&verified, 0);
    assert!(
        why.starts_with("not verified: the package does not build here before: error[E0425]"),
        "{why}"
    );
    assert!(verified.baseline.builds.is_empty());
}

#[test]
fn tests_that_do_not_build_are_left_out() {
    let package = Package::new(LIB);
    package.write(
        "tests/broken.rs",
        "#[test]\nfn t() {\n    sample::gone();\n}\n",
    );
    package.write(
        "tests/whole.rs",
        "#[test]\nfn t() {\n    sample::first(b\"x\");\n}\n",
    );
    let verified = package.verify(&five(&package)[..3]);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    let before = &verified.baseline.builds[0];
    assert_eq!(
        (&before.unbuilt[..], before.passed),
        (&["test broken".to_owned()][..], 3)
    );
    assert!(before.unbuilt_said[0].contains("E0425"), "{before:?}");
}

#[test]
fn denied_warnings_of_a_newer_compiler_are_warnings() {
    let package = Package::new(
        "#![deny(warnings)]\n\npub fn bits(x: f32) -> u32 {\n    let unused = 1;\n    unsafe { std::mem::transmute(x) }\n}\n\
         pub fn wrong(x: f32) -> f32 {\n    unsafe { std::mem::transmute::<f32, f32>(x) }\n}\n",
    );
    let fixes = [
        package.fix("unsafe { std::mem::transmute(x) }", "x.to_bits()"),
        package.fix(
            "unsafe { std::mem::transmute::<f32, f32>(x) }",
            "let y = 2;\n    x",
        ),
    ];
    let verified = package.verify(&fixes);
    assert_eq!(kept(&verified), [0], "{verified:#?}");
    assert!(
        verified
            .baseline
            .notes
            .iter()
            .any(|note| note.contains("taken for warnings"))
    );
}

#[test]
fn an_example_in_documentation_is_a_test() {
    let package = Package::new(&LIB.replace("assert_eq!(super::first(b\"ab\"), b'a');", ""));
    let wrong = package.fix("unsafe { *bytes.get_unchecked(0) }", "bytes[1]");
    let verified = package.verify(&[wrong]);
    let why = refusal(&verified, 0);
    assert!(
        why.contains("doc sample: src/lib.rs - first fails"),
        "{why}"
    );
}

#[test]
fn what_was_changed_meanwhile_is_left() {
    let mut package = Package::new("mod a;\npub use a::*;\n");
    let texts = ["a", "lib"].map(|name| format!("src/{name}.rs"));
    package.write("src/a.rs", LIB);
    let fix = package.fix_in("src/a.rs", "unsafe { *bytes.get_unchecked(0) }", "bytes[0]");
    for file in texts {
        let stamp = Stamp::of(package.read(&file).as_bytes());
        package.stamps.insert(file, stamp);
    }
    package.write("src/a.rs", &LIB.replacen("//! Five", "//! 5", 1));
    let verified = package.verify(&[fix]);
    let reason = not_tried(&verified, 0);
    assert!(reason.contains("changed in the meantime"), "{reason}");
    assert_eq!(verified.patch, "");
}
