//! What has become of each site in a build.

use super::fixture::{Fixture, filled, named};

const FEATURES: &str = r#"
    #[cfg(feature = "a")] fn a() { unsafe {} }
//                                 ^ block ON a
    #[cfg(not(feature = "a"))] fn not_a() { unsafe {} }
//                                          ^ block OFF not_a
    #[cfg(all(feature = "a", feature = "b"))] unsafe fn both() {}
//                                            ^ fn BOTH both
    #[cfg(feature = "unknown")] unsafe fn unknown() {}
//                              ^ fn inactive unknown
    #[cfg(test)] mod tests { unsafe fn f() {} }
//                           ^ fn test tests::f
    #[cfg(all(test, feature = "b"))] unsafe fn g() {}
//                                   ^ fn TEST g
    #[cfg(not(test))] unsafe fn h() {}
//                    ^ fn active h
    #[test] fn i() { unsafe {} }
//                   ^ block test i
    #[tokio::test(flavor = "x")] async fn j() { unsafe {} }
//                                              ^ block test j
    #[cfg_attr(feature = "b", test)] fn k() { unsafe {} }
//                                            ^ block NOT_TEST k
    #[cfg_attr(feature = "b", cfg(any()))] unsafe fn l() {}
//                                         ^ fn NOT l
    fn m() {
        #[cfg(feature = "b")] unsafe {}
//                            ^ block BOTH m
        let x = if cfg!(test) { unsafe { 1 } } else { 0 };
//                              ^ block active m
        let s = S { #[cfg(any())] a: unsafe { 1 }, b: unsafe { 2 } };
//                                   ^ block inactive m
//                                                    ^ block active m
        match x { #[cfg(any())] 0 => unsafe {}, #[cfg(all())] _ => unsafe {} }
//                                   ^ block inactive m
//                                                                 ^ block active m
    }
    struct S { #[cfg(any())] a: unsafe fn(), b: u8 }
//                              ^ fn-pointer inactive S
"#;

#[test]
fn features_and_tests() {
    let fixture = |[on, off, both]: [&str; 3]| {
        let is_both = both == "active";
        let states = [
            ("NOT_TEST", if is_both { "test" } else { "active" }),
            ("TEST", if is_both { "test" } else { "inactive" }),
            ("NOT", if is_both { "inactive" } else { "active" }),
            ("ON", on),
            ("OFF", off),
            ("BOTH", both),
        ];
        Fixture::package(
            "[features]\ndefault = [\"a\"]\na = []\nb = []\nboth = [\"a\", \"b\"]",
            &filled(FEATURES, &states),
        )
    };
    fixture(["active", "inactive", "inactive"]).holds(&[]);
    fixture(["inactive", "active", "inactive"]).holds(&["--no-default-features"]);
    fixture(["active", "inactive", "active"]).holds(&["--features", "both"]);
    fixture(["active", "inactive", "active"]).holds(&["--all-features"]);
}

/// A package that is a dependency, and one that the build script needs.
fn host_and_target(resolver: &str, state: &str, on_host: &str) -> Fixture {
    Fixture::new(&format!(
        r#"
//- Cargo.toml
{}
[dependencies]
dep = {{ path = "dep", features = ["shipped"] }}
[build-dependencies]
dep = {{ path = "dep", features = ["built"] }}
tool = {{ path = "tool" }}
//- build.rs
    fn main() {{ unsafe {{}} }}
//              ^ block active build::main
//- src/lib.rs
//- dep/Cargo.toml
{}
[features]
shipped = []
built = []
//- dep/src/lib.rs
    #[cfg(feature = "shipped")] unsafe fn shipped() {{}}
//                              ^ fn active shipped
    #[cfg(feature = "built")] unsafe fn built() {{}}
//                            ^ fn active built
    #[cfg(all(feature = "built", feature = "shipped"))] unsafe fn unified() {{}}
//                                                      ^ fn {state} unified
    #[cfg(not(feature = "built"))] unsafe fn only_shipped() {{}}
//                                 ^ fn {on_host} only_shipped
//- tool/Cargo.toml
{}
//- tool/src/lib.rs
    unsafe fn tool() {{}}
//  ^ fn active tool
"#,
        named("app", &format!("resolver = \"{resolver}\"")),
        named("dep", ""),
        named("tool", ""),
    ))
}

#[test]
fn host_and_target_have_features_of_their_own() {
    host_and_target("1", "active", "inactive").holds(&[]);
    let document = host_and_target("2", "inactive", "active").holds(&[]);
    let packages = document["packages"].as_array().unwrap();
    let package = |name: &str| {
        let found = packages.iter().find(|package| package["name"] == name);
        &found.unwrap()["unsafety"]
    };
    assert_eq!(package("dep")["runtime"]["fn"], 2);
    assert_eq!(package("dep")["build"]["fn"], 1);
    assert_eq!(package("tool")["runtime"]["fn"], serde_json::Value::Null);
    assert_eq!(package("tool")["build"]["fn"], 1);
    assert_eq!(package("app")["build"]["block"], 1);
}

#[test]
fn targets_of_a_package() {
    let text = |state: &str| {
        format!(
            r#"
//- Cargo.toml
{}
[features]
cli = []
[[bin]]
name = "needs"
required-features = ["cli"]
[[test]]
name = "elsewhere"
path = "checks/one.rs"
//- src/lib.rs
    unsafe fn f() {{}}
//  ^ fn active f
//- src/main.rs
    mod only_main;
    unsafe fn f() {{}}
//  ^ fn active f
//- src/only_main.rs
    unsafe fn f() {{}}
//  ^ fn active only_main::f
//- src/bin/needs.rs
    unsafe fn f() {{}}
//  ^ fn {state} bin::needs::f
//- src/bin/dir/main.rs
    mod part;
//- src/bin/dir/part.rs
    unsafe fn f() {{}}
//  ^ fn active bin::dir::part::f
//- tests/a.rs
    mod common;
    unsafe fn f() {{}}
//  ^ fn test tests::a::f
//- tests/common/mod.rs
    unsafe fn f() {{}}
//  ^ fn test tests::common::f
//- checks/one.rs
    unsafe fn f() {{}}
//  ^ fn test checks::one::f
//- benches/b.rs
    unsafe fn f() {{}}
//  ^ fn test benches::b::f
//- examples/e/main.rs
    mod part;
//- examples/e/part.rs
    unsafe fn f() {{}}
//  ^ fn test examples::e::part::f
//- src/unused.rs
    unsafe fn f() {{}}
//  ^ fn inactive unused::f
//- tools/script.rs
    unsafe fn f() {{}}
//  ^ fn inactive tools::script::f
"#,
            named("app", "")
        )
    };
    Fixture::new(&text("inactive")).holds(&[]);
    Fixture::new(&text("active")).holds(&["--features", "cli"]);
}

const PLATFORMS: &str = r#"
    #[cfg(unix)] unsafe fn unix() {}
//               ^ fn UNIX unix
    #[cfg(windows)] unsafe fn windows() {}
//                  ^ fn WINDOWS windows
    #[cfg(target_os = "linux")] unsafe fn linux() {}
//                              ^ fn UNIX linux
    #[cfg(all(target_env = "msvc", target_pointer_width = "64"))] unsafe fn msvc() {}
//                                                                ^ fn WINDOWS msvc
    #[cfg(target_arch = "wasm32")] unsafe fn wasm() {}
//                                 ^ fn inactive wasm
    #[cfg_attr(unix, path = "on_unix.rs")]
    #[cfg_attr(windows, path = "on_windows.rs")]
    mod imp;
    #[cfg(windows)] mod file;
//- src/on_unix.rs
    unsafe fn f() {}
//  ^ fn UNIX on_unix::f
//- src/on_windows.rs
    unsafe fn f() {}
//  ^ fn WINDOWS on_windows::f
//- src/imp.rs
    unsafe fn f() {}
//  ^ fn inactive imp::f
//- src/file.rs
    #![cfg(all())]
    unsafe fn f() {}
//  ^ fn WINDOWS file::f
//- build.rs
    #[cfg(unix)] unsafe fn host() {}
//               ^ fn HOST build::host
    fn main() {}
"#;

#[test]
fn platforms() {
    let host = if cfg!(unix) { "active" } else { "inactive" };
    let package = |unix: &str, windows: &str| {
        let states = [("UNIX", unix), ("WINDOWS", windows), ("HOST", host)];
        Fixture::package("", &filled(PLATFORMS, &states))
    };
    let linux = ["--target", "x86_64-unknown-linux-gnu"];
    let windows = ["--target", "x86_64-pc-windows-msvc"];
    package("active", "inactive").holds(&linux);
    package("inactive", "active").holds(&windows);
    package("active", "active").holds(&[linux, windows].concat());
    let fixture = Fixture::package("", "");
    let other = fixture.run(&["--target", "no-such-platform"]).exits(2);
    other.says(&["no-such-platform"]);
}

#[test]
fn ways_to_files() {
    Fixture::package(
        "",
        r#"
    #[path = "odd/name.rs"] mod a;
    mod b { mod c; #[path = "d_elsewhere.rs"] mod d; }
    #[path = "moved"] mod e { mod f; }
    include!("included.in");
    mod g { include!("fragments/g.rs"); }
    mod h;
    mod r#for;
    mod
    split;
    mod	tab;
    mod/**/comment;
    #[cfg(any())] mod never;
//- src/odd/name.rs
    mod beside;
    unsafe fn f() {}
//  ^ fn active odd::name::f
//- src/odd/beside.rs
    unsafe fn f() {}
//  ^ fn active odd::beside::f
//- src/b/c.rs
    unsafe fn f() {}
//  ^ fn active b::c::f
//- src/b/d_elsewhere.rs
    unsafe fn f() {}
//  ^ fn active b::d_elsewhere::f
//- src/moved/f.rs
    unsafe fn f() {}
//  ^ fn active moved::f::f
//- src/included.in
    unsafe fn f() {}
//  ^ fn active included.in::f
//- src/fragments/g.rs
    unsafe fn f() {}
//  ^ fn active fragments::g::f
//- src/h.rs
    #[path = "x.rs"] mod x;
    mod y { #[path = "z.rs"] mod z; }
//- src/x.rs
    unsafe fn f() {}
//  ^ fn active x::f
//- src/h/y/z.rs
    unsafe fn f() {}
//  ^ fn active h::y::z::f
//- src/for.rs
    unsafe fn f() {}
//  ^ fn active for::f
//- src/split.rs
    mod	deeper;
//- src/split/deeper.rs
    unsafe fn f() {}
//  ^ fn active split::deeper::f
//- src/tab.rs
    unsafe fn f() {}
//  ^ fn active tab::f
//- src/comment/mod.rs
    unsafe fn f() {}
//  ^ fn active comment::f
//- src/never.rs
    unsafe fn f() {}
//  ^ fn inactive never::f
"#,
    )
    .holds(&[]);
}

#[test]
fn conditions_by_macros() {
    Fixture::package(
        "[features]\na = []",
        r#"
    cfg_if::cfg_if! {
        if #[cfg(windows)] { unsafe fn a() {} }
//                           ^ fn inactive a
        else if #[cfg(feature = "a")] { unsafe fn b() {} }
//                                      ^ fn inactive b
        else { mod c; unsafe fn d() {} }
//                    ^ fn active d
    }
    cfg_select! {
        windows => { unsafe fn e() {} }
//                   ^ fn inactive e
        feature = "a" => { unsafe fn f() {} }
//                         ^ fn inactive f
        _ => { unsafe fn g() {} }
//             ^ fn active g
    }
    macro_rules! when_a { ($($item:item)*) => { $(#[cfg(feature = "a")] $item)* } }
    when_a! { unsafe fn h() {} mod i; }
//            ^ fn inactive h
    macro_rules! drop_it { ($($t:tt)*) => {} }
    drop_it! { unsafe fn j() {} }
//             ^ fn inactive j
    macro_rules! twice { ($($item:item)*) => { $($item)* mod again { $($item)* } } }
    twice! { unsafe fn k() {} }
//           ^ fn active k
    macro_rules! outer { ($($t:tt)*) => { when_a! { $($t)* } } }
    outer! { unsafe fn l() {} }
//           ^ fn inactive l
    macro_rules! on_unix_or_not { ($u:item, $w:item) => { #[cfg(windows)] $w #[cfg(not(windows))] $u } }
    on_unix_or_not!(unsafe fn m() {}, unsafe fn n() {});
//                  ^ fn active m
//                                    ^ fn inactive
    macro_rules! modules { ($($name:ident),*) => { $(mod $name;)* } }
    modules!(o, p);
    macro_rules! defines { () => { unsafe { q() } }; (unsafe) => {} }
//                                 ^ block macro
//                                                    ^ token macro
    #[macro_export] macro_rules! exported { ($e:expr) => { unsafe { $e } } }
//                                                         ^ block macro
    fn template() { quote::quote! { unsafe { #r } }; let s = stringify!(unsafe); }
//                                  ^ block macro template
//                                                                      ^ token macro template
    fn handed() { exported!(unsafe { 1 }); foreign::thing!(unsafe { 2 }); vec![unsafe { 3 }]; }
//                          ^ block active handed
//                                                         ^ block active handed
//                                                                             ^ block active handed
//- src/c.rs
    unsafe fn f() {}
//  ^ fn active c::f
//- src/i.rs
    unsafe fn f() {}
//  ^ fn inactive i::f
//- src/o.rs
    unsafe fn f() {}
//  ^ fn active o::f
//- src/p.rs
    unsafe fn f() {}
//  ^ fn active p::f
"#,
    )
    .holds(&[]);
}

#[test]
fn packages_that_are_not_built() {
    Fixture::new(&format!(
        r#"
//- Cargo.toml
{}
[dependencies]
optional = {{ path = "optional", optional = true }}
[target.'cfg(windows)'.dependencies]
on_windows = {{ path = "on_windows" }}
[target.'cfg(any(unix, windows))'.dependencies]
renamed = {{ path = "real", package = "real" }}
[dev-dependencies]
dev = {{ path = "dev" }}
//- src/lib.rs
//- optional/Cargo.toml
{}
//- optional/src/lib.rs
    unsafe fn f() {{}}
//  ^ fn inactive f
//- on_windows/Cargo.toml
{}
//- on_windows/src/lib.rs
    unsafe fn f() {{}}
//  ^ fn inactive f
//- real/Cargo.toml
{}
//- real/src/lib.rs
    unsafe fn f() {{}}
//  ^ fn active f
//- dev/Cargo.toml
{}
//- dev/src/lib.rs
    unsafe fn f() {{}}
//  ^ fn inactive f
"#,
        named("app", ""),
        named("optional", ""),
        named("on_windows", ""),
        named("real", ""),
        named("dev", ""),
    ))
    .holds(&["--target", "x86_64-unknown-linux-gnu"]);
}

#[test]
fn old_editions() {
    Fixture::package(
        "edition = \"2015\"",
        r#"
    extern crate core as r#core_;
    pub trait T { fn f(&self, unsafe fn()); }
//                            ^ fn-pointer active T::f
    fn async() { let dyn = 1; let await = unsafe { dyn }; try!(unsafe { Ok(1) }); }
//                                        ^ block active async
//                                                             ^ block active async
    mod async;
    impl async::A { unsafe fn g(self: Box<Self>) -> Box<T + 'static> { ::a::b() } }
//                  ^ method active A::g
//- src/async.rs
    unsafe fn f() {}
//  ^ fn active async::f
"#,
    )
    .holds(&[]);
    Fixture::package(
        "edition = \"2024\"",
        r#"
    unsafe extern "C" { safe fn a(); pub unsafe fn b(); }
//  ^ extern-block active
//                                       ^ extern-fn active b
    pub fn f() -> impl Sized + use<> { async gen move { unsafe {} } }
//                                                      ^ block active f
    fn g() { let x = &raw const *unsafe { p() }; if let Some(a) = b() && unsafe { c(a) } {} }
//                               ^ block active g
//                                                                       ^ block active g
"#,
    )
    .holds(&[]);
}

#[test]
fn what_build_scripts_decide() {
    Fixture::package(
        "",
        r#"
    #[cfg(has_simd)] unsafe fn a() {}
//                   ^ fn unknown a
    #[cfg(not(has_simd))] unsafe fn b() {}
//                        ^ fn unknown b
    #[cfg(other)] unsafe fn c() {}
//                ^ fn inactive c
    #[cfg(all(test, has_simd))] unsafe fn d() {}
//                              ^ fn test d
//- build.rs
    fn main() { if probe() { println!("cargo:rustc-cfg=has_simd"); } }
    fn probe() -> bool { std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains("avx")) }
"#,
    )
    .holds(&[]);
    Fixture::package(
        "",
        "
    #[cfg(has_simd)] unsafe fn a() {}
//                   ^ fn inactive a
",
    )
    .holds(&[]);
}
