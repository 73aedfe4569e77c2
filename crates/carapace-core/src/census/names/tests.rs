use super::*;
use crate::facts::names::names;

/// A crate by its files, and the names of its dependencies with their places.
type Given<'a> = (&'a [(&'a str, &'a str)], &'a [(&'a str, usize)]);

/// What paths mean, each written in a module of a crate.
fn resolved(
    crates: &[Given<'_>],
    is_2015: bool,
    asked: &[(usize, &str, &str)],
) -> Vec<Vec<String>> {
    let files: Vec<Vec<FileNames>> = crates
        .iter()
        .map(|(files, _)| {
            let files = files.iter();
            files
                .map(|(path, text)| names(path, text.as_bytes()))
                .collect()
        })
        .collect();
    let crates: Vec<Crate<'_>> = crates
        .iter()
        .zip(&files)
        .map(|((_, dependencies), files)| Crate {
            root: "src/lib.rs",
            is_2015,
            files,
            dependencies,
        })
        .collect();
    let all = Names::new(&crates);
    let shown = |found: Resolved| match found.package {
        Some(package) => format!("{package}:{}", found.path),
        None => found.path,
    };
    let asked = asked.iter();
    asked
        .map(|(package, module, path)| {
            let found = all.resolve(*package, module, path).into_iter();
            found.map(shown).collect()
        })
        .collect()
}

fn one(crates: &[Given<'_>], asked: (usize, &str, &str)) -> Vec<String> {
    resolved(crates, false, &[asked]).remove(0)
}

#[test]
fn modules_and_files() {
    let files: &[(&str, &str)] = &[
        (
            "src/lib.rs",
            "mod a; pub mod b { pub fn f() {} pub mod c { fn g() {} } }",
        ),
        ("src/a.rs", "mod d; use super::b as e; fn h() {}"),
        (
            "src/a/d.rs",
            "use super::super::b::c::g; use crate::a::h as i;",
        ),
    ];
    let crates: &[Given<'_>] = &[(files, &[])];
    assert_eq!(one(crates, (0, "", "b::f")), ["0:b::f"]);
    assert_eq!(one(crates, (0, "a", "e::c::g")), ["0:b::c::g"]);
    assert_eq!(one(crates, (0, "a::d", "g")), ["0:b::c::g"]);
    assert_eq!(one(crates, (0, "a::d", "i")), ["0:a::h"]);
    assert_eq!(one(crates, (0, "a::d", "super::super::b::f")), ["0:b::f"]);
    assert_eq!(one(crates, (0, "a::d", "crate::b")), ["0:b"]);
    assert_eq!(one(crates, (0, "a::d", "nothing::f")), Vec::<String>::new());
}

#[test]
fn a_renamed_dependency() {
    let user: Given<'_> = (&[("src/lib.rs", "use other::f as g;")], &[("other", 1)]);
    let used: Given<'_> = (&[("src/lib.rs", "pub fn f() {} fn hidden() {}")], &[]);
    let crates = [user, used];
    assert_eq!(one(&crates, (0, "", "g")), ["1:f"]);
    assert_eq!(one(&crates, (0, "", "other::f")), ["1:f"]);
    assert_eq!(one(&crates, (0, "", "::other::f")), ["1:f"]);
    assert_eq!(one(&crates, (0, "", "other::hidden")), Vec::<String>::new());
    assert_eq!(one(&crates, (1, "", "hidden")), ["1:hidden"]);
}

#[test]
fn exports_through_three_packages() {
    let a: Given<'_> = (&[("src/lib.rs", "use b::deep::f;")], &[("b", 1)]);
    let b: Given<'_> = (
        &[(
            "src/lib.rs",
            "pub extern crate c; pub use c::shown as deep;",
        )],
        &[("c", 2)],
    );
    let c: Given<'_> = (
        &[("src/lib.rs", "pub mod shown { pub use d::*; }")],
        &[("d", 3)],
    );
    let d: Given<'_> = (
        &[("src/lib.rs", "mod m { pub fn f() {} } pub use m::f;")],
        &[],
    );
    let crates = [a, b, c, d];
    assert_eq!(one(&crates, (0, "", "f")), ["3:m::f"]);
    assert_eq!(one(&crates, (0, "", "b::c::shown::f")), ["3:m::f"]);
}

#[test]
fn names_of_its_own_shadow_a_glob() {
    let text = "mod a { pub fn f() {} pub fn g() {} } use a::*; fn f() {} \
                enum E { V, W } use E::*; fn W() {}";
    let crates: &[Given<'_>] = &[(&[("src/lib.rs", text)], &[])];
    assert_eq!(one(crates, (0, "", "f")), ["0:f"]);
    assert_eq!(one(crates, (0, "", "g")), ["0:a::g"]);
    assert_eq!(one(crates, (0, "", "V")), ["0:E::V"]);
    assert_eq!(one(crates, (0, "", "W")), ["0:W"]);
}

#[test]
fn what_belongs_to_types() {
    let text = "pub mod m { pub struct T; impl T { pub fn f() {} } pub enum E { V } } \
                use m::{T as U, E}; use self::m as n;";
    let crates: &[Given<'_>] = &[(&[("src/lib.rs", text)], &[])];
    assert_eq!(one(crates, (0, "", "U::f")), ["0:m::T::f"]);
    assert_eq!(one(crates, (0, "", "E::V")), ["0:m::E::V"]);
    assert_eq!(one(crates, (0, "", "n::T::f")), ["0:m::T::f"]);
}

#[test]
fn all_candidates_of_conditions() {
    let text = "#[cfg(a)] mod x { pub fn f() {} } #[cfg(not(a))] mod y { pub fn f() {} } \
                #[cfg(a)] use x as imp; #[cfg(not(a))] use y as imp;";
    let crates: &[Given<'_>] = &[(&[("src/lib.rs", text)], &[])];
    assert_eq!(one(crates, (0, "", "imp::f")), ["0:x::f", "0:y::f"]);
}

#[test]
fn macros_modules_are_left_out() {
    let text = "m! { mod a { pub fn f() {} } } macro_rules! n { () => { mod b { fn g() {} } } }";
    let crates: &[Given<'_>] = &[(&[("src/lib.rs", text)], &[])];
    assert_eq!(one(crates, (0, "", "a::f")), Vec::<String>::new());
    assert_eq!(one(crates, (0, "", "b::g")), Vec::<String>::new());
}

#[test]
fn the_2015_edition_begins_at_the_root() {
    let files: &[(&str, &str)] = &[
        (
            "src/lib.rs",
            "extern crate other as o; mod a; mod b { pub fn f() {} }",
        ),
        ("src/a.rs", "use b::f; use o::g; fn h() { ::b::f() }"),
    ];
    let user: Given<'_> = (files, &[("other", 1)]);
    let used: Given<'_> = (&[("src/lib.rs", "pub fn g() {}")], &[]);
    let asked = [(0, "a", "f"), (0, "a", "g"), (0, "a", "::b::f")];
    let expected = [vec!["0:b::f"], vec!["1:g"], vec!["0:b::f"]];
    assert_eq!(resolved(&[user, used], true, &asked), expected);
}

#[test]
fn the_standard_library_has_one_path() {
    let text = "use std::ptr; use std::ptr::read as r; use core::mem::transmute;";
    let crates: &[Given<'_>] = &[(&[("src/lib.rs", text)], &[])];
    assert_eq!(one(crates, (0, "", "ptr::read")), ["core::ptr::read"]);
    assert_eq!(one(crates, (0, "", "r")), ["core::ptr::read"]);
    assert_eq!(one(crates, (0, "", "transmute")), ["core::mem::transmute"]);
    assert_eq!(
        one(crates, (0, "", "Vec::from_raw_parts")),
        ["alloc::vec::Vec::from_raw_parts"]
    );
    assert_eq!(
        standard("std::sync::Arc::from_raw"),
        "alloc::sync::Arc::from_raw"
    );
    assert_eq!(standard("std::sync::Mutex"), "std::sync::Mutex");
    assert_eq!(standard("std::alloc::dealloc"), "alloc::alloc::dealloc");
}

#[test]
fn circles_end() {
    let a: Given<'_> = (
        &[(
            "src/lib.rs",
            "pub use b::*; pub use b::x as y; mod m { pub use super::m::*; }",
        )],
        &[("b", 1)],
    );
    let b: Given<'_> = (
        &[("src/lib.rs", "pub use a::*; pub use a::y as x;")],
        &[("a", 0)],
    );
    let crates = [a, b];
    for path in ["x", "y", "z", "m::f", "b::a::b"] {
        assert_eq!(one(&crates, (0, "", path)), Vec::<String>::new(), "{path}");
    }
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_fail(
        text in "(use |pub |mod a|mod b|\\{|\\}|::|\\*|self|super|crate|as c|;|fn f\\(\\)|enum E|,|V| ){0,50}",
        path in "(a|b|c|E|V|f|self|super|crate|::){0,8}",
    ) {
        let crates: &[Given<'_>] = &[(&[("src/lib.rs", &text)], &[("b", 0)])];
        one(crates, (0, "a", &path));
    }
}
