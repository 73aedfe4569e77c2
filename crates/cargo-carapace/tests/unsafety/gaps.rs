//! What is built and was not read is said; what is not built, or was read and says nothing, is not.

use serde_json::Value;

use super::fixture::{Fixture, named};

/// Each gap about sources: the file that it is about, and the first name in its reason.
fn missed(document: &Value) -> Vec<String> {
    let gaps = document["gaps"].as_array().unwrap().iter();
    let text = |gap: &Value, key: &str| gap[key].as_str().unwrap_or_default().to_owned();
    let gaps = gaps.filter(|gap| gap["what"] == "sources");
    gaps.map(|gap| {
        let reason = text(gap, "reason");
        let name = reason.split('`').nth(1).unwrap_or(&reason);
        format!("{}: {name}", text(gap, "path"))
    })
    .collect()
}

fn gaps_of(files: &str) -> Vec<String> {
    missed(
        &Fixture::package("[features]\non = []", files)
            .run(&[])
            .json(0),
    )
}

#[test]
fn modules_without_a_file() {
    let files = r#"
    mod missing;
    mod inner { mod deep; #[path = "odd.rs"] mod odd; }
    #[path = "elsewhere/x.rs"] mod elsewhere;
    #[cfg_attr(all(), path = "a.rs")] #[cfg_attr(test, path = "b.rs")] mod named;
    #[cfg_attr(test, path = "b.rs")] mod not_in_tests;
    #[cfg(not(feature = "on"))] mod switched;
    macro_rules! declare { ($($name:ident)*) => { $(#[cfg(not(test))] mod $name;)* } }
    declare! { by_macro }
    mod flat;
    mod folder;
    mod root;
//- src/flat.rs
    mod below;
//- src/folder/mod.rs
    mod beside;
//- src/root.rs
    include!("other/included.rs");
    include!("gone.rs");
//- src/other/included.rs
    mod by_an_included;
"#;
    assert_eq!(
        gaps_of(files),
        [
            "src/flat.rs: src/flat/below.rs",
            "src/folder/mod.rs: src/folder/beside.rs",
            "src/lib.rs: src/a.rs",
            "src/lib.rs: src/by_macro.rs",
            "src/lib.rs: src/elsewhere/x.rs",
            "src/lib.rs: src/inner/deep.rs",
            "src/lib.rs: src/inner/odd.rs",
            "src/lib.rs: src/missing.rs",
            "src/lib.rs: src/not_in_tests.rs",
            "src/lib.rs: src/switched.rs",
            "src/other/included.rs: src/other/by_an_included.rs",
            "src/root.rs: src/gone.rs",
        ]
    );
}

#[test]
fn modules_that_are_there_or_are_not_built() {
    // Each file that is there says nothing of interest.
    let files = r#"
    mod flat;
    mod folder;
    mod r#type;
    mod inner { mod deep; #[path = "odd"] mod with_path { mod under; } }
    #[path = "elsewhere/x.txt"] mod elsewhere;
    #[cfg_attr(test, path = "gone.rs")] mod not_in_tests;
    #[cfg_attr(all(), path = "plain.rs")] mod gone;
    #[cfg(feature = "on")] mod gone;
    #[cfg(test)] mod gone;
    #[cfg(windows)] #[cfg(unix)] mod gone;
    #[cfg(any())] mod off { mod gone; include!("gone.rs"); }
    macro_rules! never { ($($t:tt)*) => {} }
    never! { mod gone; include!("gone.rs"); }
    macro_rules! switched { ($($t:item)*) => { $(#[cfg(feature = "on")] $t)* } }
    switched! { mod gone; }
    macro_rules! unused { ($name:ident) => { mod $name; mod gone; include!("gone.rs"); } }
    other::macros! { mod gone; include!("gone.rs"); }
    other::macros! { mod perhaps; }
    mod one { macro_rules! twice { ($name:ident) => { mod $name; } } }
    mod two { macro_rules! twice { ($name:ident) => { fn $name() {} } twice! { gone } }
    fn f() -> proc_macro2::TokenStream { quote! { mod gone; include!("gone.rs"); } }
    const A: &str = include_str!("gone.rs");
    include!("plain.rs");
    include!("data.in");
//- src/flat.rs
    fn nothing() {}
//- src/folder/mod.rs
    mod beside;
//- src/folder/beside.rs
//- src/type.rs
//- src/inner/deep.rs
//- src/inner/odd/under.rs
//- src/elsewhere/x.txt
//- src/not_in_tests.rs
//- src/plain.rs
//- src/perhaps.rs
    mod gone;
//- src/data.in
//- src/unused.rs
    mod gone;
    include!("gone.rs");
    include!(concat!(env!("OUT_DIR"), "/x.rs"));
//- tests/test.rs
    mod gone;
"#;
    assert_eq!(gaps_of(files), [""; 0]);
}

#[test]
fn what_a_build_script_decides_may_not_be_there() {
    let files = r#"
    #[cfg(asked)] mod gone;
    #[cfg(set)] mod missing;
    #[cfg_attr(asked, path = "other.rs")] mod plain;
    #[cfg_attr(asked, path = "plain.rs")] mod gone_too;
//- src/plain.rs
//- build.rs
    mod gone_script;
    fn main() {
        println!("cargo::rustc-cfg=set");
        if std::process::Command::new("x").status().is_ok() {
            println!("cargo::rustc-cfg=asked");
        }
    }
"#;
    assert_eq!(
        gaps_of(files),
        ["build.rs: gone_script.rs", "src/lib.rs: src/missing.rs",]
    );
}

#[test]
fn what_only_tests_need() {
    let fixture = Fixture::new(&format!(
        "//- Cargo.toml\n{}//- src/lib.rs\n#[cfg(test)] mod gone;\n\
         //- tests/test.rs\nmod missing;\n//- examples/shown.rs\ninclude!(\"missing.rs\");\n\
         //- dev/Cargo.toml\n{}//- dev/src/lib.rs\nmod missing;\n#[cfg(test)] mod gone;\n",
        named("app", "[dev-dependencies]\ndev = { path = \"dev\" }"),
        named("dev", ""),
    ));
    assert_eq!(missed(&fixture.run(&[]).json(0)), [""; 0]);
    assert_eq!(
        missed(&fixture.run(&["--include-tests"]).json(0)),
        [
            "examples/shown.rs: examples/missing.rs",
            "tests/test.rs: tests/missing.rs",
            "src/lib.rs: src/missing.rs",
        ]
    );
}

#[test]
fn headers_are_no_rust() {
    let files = r#"
    #[cxx::bridge]
    mod ffi {
        unsafe extern "C++" {
            include!("app/include/header.h");
            include!(<vector>);
            #[cfg(any())] include!("other.hpp");
            type Thing;
            fn make() -> UniquePtr<Thing>;
        }
        extern "C++" { include!("plain.h"); include!("missing_too.rs"); }
    }
    extern "C" { include!("foreign.in"); }
    include!("missing.rs");
    include!("missing.h");
"#;
    assert_eq!(
        gaps_of(files),
        [
            "src/lib.rs: src/foreign.in",
            "src/lib.rs: src/missing.h",
            "src/lib.rs: src/missing.rs",
            "src/lib.rs: src/missing_too.rs",
        ]
    );
}

#[test]
fn one_gap_for_what_can_not_be_read() {
    let files = r#"
    mod large;
    mod no_text;
//- src/large.rs
//- src/no_text.rs
"#;
    let fixture = Fixture::package("", files);
    let large = " ".repeat(25 * 1024 * 1024) + "unsafe fn f() {}";
    fixture.world.write("project/src/large.rs", large);
    fixture.world.write("project/src/no_text.rs", b"\xff\xfe");
    let missed = missed(&fixture.run(&[]).json(0));
    assert_eq!(missed.len(), 2, "{missed:?}");
}

#[test]
fn a_thousand_missing_files_are_not_a_thousand_gaps() {
    let modules: String = (0..1_000).map(|n| format!("mod m{n};\n")).collect();
    let missed = gaps_of(&modules);
    assert_eq!(missed.len(), 101);
    assert!(missed[0].contains("or more"), "{}", missed[0]);
}
