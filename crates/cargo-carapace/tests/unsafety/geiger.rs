//! What cargo-geiger is known to count otherwise: packages of its own tests, and what it counts too
//! often or not at all. Where the two differ, rustc's lint `unsafe_code` decides; `static mut` and blocks
//! of foreign items are sites of ours alone.

use super::fixture::{Fixture, named};

#[test]
fn its_own_packages() {
    Fixture::new(&format!(
        r#"
//- Cargo.toml
{}[workspace]
members = ["member1"]
[dependencies]
test1 = {{ path = "test1" }}
num_cpus = "1"
[patch.crates-io]
num_cpus = {{ path = "support/num_cpus" }}
//- Cargo.lock
version = 4

[[package]]
name = "member1"
version = "0.1.0"

[[package]]
name = "num_cpus"
version = "1.10.1"

[[package]]
name = "test1"
version = "0.1.0"

[[package]]
name = "top"
version = "0.1.0"
dependencies = [
 "num_cpus",
 "test1",
]
//- src/main.rs
fn main() {{ println!("Hello, world!"); }}
//- build.rs
    pub unsafe fn f() {{ unimplemented!() }}
//      ^ fn active build::f
fn main() {{}}
//- member1/Cargo.toml
{}
//- member1/src/main.rs
fn main() {{
    let bytes = b"string";
    let ptr = bytes as *const u8;
    unsafe {{ *ptr }};
//  ^ block inactive main
}}
//- support/num_cpus/Cargo.toml
{}
//- support/num_cpus/src/lib.rs
#![allow(unused_unsafe)]
pub fn get() -> usize {{
    unsafe {{ 0 }}
//  ^ block active get
}}
//- test1/Cargo.toml
{}
//- test1/src/lib.rs
use std::io::Write;
    pub unsafe fn f() {{ unimplemented!() }}
//      ^ fn active f
pub fn g() {{
    std::io::stdout().write_all(unsafe {{
//                              ^ block active g
        std::str::from_utf8_unchecked(b"binarystring")
    }}.as_bytes()).unwrap();
}}
"#,
        named("top", ""),
        named("member1", ""),
        named("num_cpus", "").replace("0.1.0", "1.10.1"),
        named("test1", ""),
    ))
    .holds(&[]);
}

#[test]
fn what_it_counts_too_often_or_not_at_all() {
    Fixture::library(
        r#"
    #[no_mangle] pub extern "C" fn exported() { safe(); }
//  ^ attribute active exported
    pub fn behind_it() { safe(); safe(); }
    static mut COUNT: u8 = 0;
//  ^ static-mut active COUNT
    pub fn paths() -> u8 { unsafe { COUNT } }
//                         ^ block active paths
    fn safe() {}
    pub fn around() {
        unsafe {
//      ^ block active around
            safe();
            fn nested() { safe(); }
            nested();
        }
    }
    pub fn macros() { println!("{}", unsafe { COUNT }); }
//                                   ^ block active macros
    pub trait Trait { unsafe fn required(); unsafe fn provided() { safe() } }
//                    ^ method active Trait::required
//                                          ^ method active Trait::provided
    #[cfg(all(test, unix))] mod tests { unsafe fn f() {} }
//                                      ^ fn test tests::f
"#,
    )
    .holds(&[]);
}

#[test]
fn what_is_not_the_packages_own() {
    let fixture = Fixture::package(
        "",
        r#"
    unsafe fn own() {}
//  ^ fn active own
//- target/CACHEDIR.TAG
Signature: 8a477f597d28d172789f06886806bc55
//- target/debug/build/x/out/made.rs
unsafe fn made() {}
//- vendor/other/Cargo.toml
[package]
name = "other"
version = "1.0.0"
//- vendor/other/src/lib.rs
unsafe fn vendored() {}
//- src/unused.rs
    unsafe fn unused() {}
//  ^ fn inactive unused::unused
"#,
    );
    fixture.holds(&[]);
}

#[test]
fn what_can_not_be_read_forbids_nothing() {
    for source in [
        "/* #![forbid(unsafe_code)]",
        "// #![forbid(unsafe_code)]\nfn f( {",
        "\"#![forbid(unsafe_code)]",
        "r#\"\n#![forbid(unsafe_code)]\n\"#",
    ] {
        let document = Fixture::library(source).run(&[]).json(0);
        let unsafety = &document["packages"][0]["unsafety"];
        assert_eq!(unsafety["forbids"], false, "{source}");
    }
}
