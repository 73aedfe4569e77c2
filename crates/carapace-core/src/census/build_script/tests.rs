//! Small scripts, one for each way in which scripts decide.

use std::sync::Arc;

use super::*;
use crate::facts::build_script::HelperFacts;

const VERBOSE: &str = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\n\
    commit-hash: 59807616e1fa2540724bfbac14d7976d7e4a3860\ncommit-date: 2026-04-14\n\
    host: x86_64-unknown-linux-gnu\nrelease: 1.95.0\nLLVM version: 22.1.2\n";
const LINUX: &str = "debug_assertions\npanic=\"unwind\"\ntarget_abi=\"\"\ntarget_arch=\"x86_64\"\n\
    target_endian=\"little\"\ntarget_env=\"gnu\"\ntarget_family=\"unix\"\n\
    target_feature=\"fxsr\"\ntarget_feature=\"sse\"\ntarget_feature=\"sse2\"\n\
    target_has_atomic=\"64\"\ntarget_has_atomic=\"8\"\ntarget_has_atomic=\"ptr\"\n\
    target_os=\"linux\"\ntarget_pointer_width=\"64\"\ntarget_vendor=\"unknown\"\nunix\n";
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// What a script sets, by name; with `?` behind what it may set.
fn cfgs_with(
    files: &[(&str, &str)],
    features: &[&str],
    helpers: &[(&str, &HelperFacts)],
) -> String {
    let mut paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    paths.sort_unstable();
    let facts = BuildScriptFacts::read("build.rs", &paths, &mut |path| {
        let found = files.iter().find(|(known, _)| *known == path);
        found.map(|(_, text)| text.as_bytes().to_vec())
    });
    let mut features: Vec<Arc<str>> = features.iter().map(|name| Arc::from(*name)).collect();
    features.sort();
    let cfg = CfgSet::parse(LINUX);
    let found = evaluate(
        &facts,
        &ScriptEnvironment {
            toolchain: Toolchain {
                verbose: VERBOSE,
                host: TRIPLE,
                c_compiler: Some(true),
            },
            name: "a-b",
            version: "1.2.3",
            features: &features,
            target: TRIPLE,
            cfg: &cfg,
            host: &cfg,
            helpers,
        },
    );
    let shown = |(cfg, sure): (&Predicate, bool)| format!("{cfg}{}", if sure { "" } else { "?" });
    let mut all: Vec<String> = found.iter().map(shown).collect();
    all.extend(found.prefixes.iter().map(|prefix| format!("{prefix}…")));
    if found.any {
        all.push("any".to_owned());
    }
    all.join(" ")
}

/// What a `main` with a body sets; `set(NAME)` prints a cfg.
fn main_of(body: &str) -> String {
    let script = format!(
        "use std::env; use std::process::Command;
        fn set(name: &str) {{ println!(\"cargo:rustc-cfg={{}}\", name); }}
        fn main() {{ {body} }}"
    );
    cfgs_with(&[("build.rs", &script)], &["fast", "a-b"], &[])
}

#[test]
fn what_is_printed() {
    assert_eq!(main_of(r#"println!("cargo:rustc-cfg=a");"#), "a");
    assert_eq!(
        main_of(r#"println!("cargo::rustc-cfg=k=\"v\"");"#),
        "k = \"v\""
    );
    assert_eq!(
        main_of(r##"println!(r#"cargo:rustc-cfg=k="v""#);"##),
        "k = \"v\""
    );
    assert_eq!(
        main_of(r#"let n = "a"; println!("cargo:rustc-cfg={n}");"#),
        "a"
    );
    assert_eq!(
        main_of(r#"println!("cargo:rustc-cfg={}_{0}", "a");"#),
        "a_a"
    );
    assert_eq!(main_of(r#"println!("cargo:rustc-check-cfg=cfg(a)");"#), "");
    assert_eq!(main_of(r#"set(&format!("x{}", 1 + 2));"#), "x3");
    assert_eq!(main_of(r#"set(&"a-b".replace('-', "_"));"#), "a_b");
    assert_eq!(
        main_of(r#"println!("cargo:rustc-cfg=v_{}", unknown());"#),
        "v_…"
    );
    assert_eq!(
        main_of(r#"println!("cargo:rerun-if-changed={}", unknown()); set("a")"#),
        "a"
    );
    assert_eq!(main_of(r#"println!("{}", unknown()); set("a")"#), "a any");
}

#[test]
fn the_environment() {
    for (condition, expected) in [
        (r#"env::var("CARGO_FEATURE_FAST").is_ok()"#, "a"),
        (r#"env::var_os("CARGO_FEATURE_SLOW").is_some()"#, ""),
        (
            r#"env::var("CARGO_FEATURE_A_B") == Ok("1".to_string())"#,
            "a",
        ),
        (
            r#"env::var("CARGO_CFG_TARGET_OS").unwrap() == "linux""#,
            "a",
        ),
        (
            r#"env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("arm")"#,
            "",
        ),
        (
            r#"env::var("CARGO_CFG_TARGET_FEATURE").map_or(false, |f| f.split(',').any(|f| f == "sse2"))"#,
            "a",
        ),
        (
            r#"env::var("CARGO_CFG_UNIX").is_ok() && env::var("CARGO_CFG_WINDOWS").is_err()"#,
            "a",
        ),
        (
            r#"env::var("TARGET").unwrap() != env::var("HOST").unwrap()"#,
            "",
        ),
        (
            r#"env::var("CARGO_PKG_VERSION_MINOR").unwrap().parse::<u32>().unwrap() > 1"#,
            "a",
        ),
        (r#"env!("CARGO_PKG_NAME") == "a-b""#, "a"),
        (r#"env::var("SOMETHING_ELSE").is_ok()"#, ""),
        (r#"env::var("DEP_Z_INCLUDE").is_ok()"#, "a?"),
        (r#"cfg!(feature = "fast") && cfg!(unix)"#, "a"),
        (
            r#"matches!(env::var("PROFILE").unwrap().as_str(), "debug" | "x")"#,
            "a",
        ),
    ] {
        let found = main_of(&format!("if {condition} {{ set(\"a\"); }}"));
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn ways() {
    assert_eq!(
        main_of(r#"if unknown() { set("a"); set("c") } else { set("b"); set("c") }"#),
        "a? b? c"
    );
    assert_eq!(
        main_of(
            r#"let mut o = Some(vec![1]); o.as_mut().unwrap().push(2); if o.unwrap().len() == 1 { set("b") }"#
        ),
        "b?"
    );
    assert_eq!(
        main_of(r#"if unknown() { panic!() } else { set("b") }"#),
        "b"
    );
    assert_eq!(
        main_of(r#"if unknown() { std::process::exit(1); } set("b")"#),
        "b"
    );
    assert_eq!(
        main_of(r#"if unknown() { std::process::exit(0); } set("b")"#),
        "b?"
    );
    assert_eq!(main_of(r#"if unknown() { return; } set("b")"#), "b?");
    assert_eq!(main_of(r#"for x in unknown() { set("b") }"#), "b?");
    assert_eq!(
        main_of(r#"for x in ["a", "b"] { if x == "c" { continue } set(x) }"#),
        "a b"
    );
    assert_eq!(
        main_of(r#"for x in &["a", "b", "c"] { if *x == "b" { break } set(x) }"#),
        "a"
    );
    assert_eq!(
        main_of(r#"for i in 1..=3 { println!("cargo:rustc-cfg=v{}", i) }"#),
        "v1 v2 v3"
    );
    assert_eq!(
        main_of(r#"let mut i = 0; while i < 2 { i += 1; set(&format!("v{i}")); }"#),
        "v1 v2"
    );
    assert_eq!(main_of(r#"let x = loop { break "a" }; set(x)"#), "a");
    assert_eq!(
        main_of(r#"let Some(x) = Some("a") else { return }; set(x)"#),
        "a"
    );
    assert_eq!(
        main_of(r#"let x; if cfg!(unix) { x = "u" } else { x = "w" } set(x)"#),
        "u"
    );
    assert_eq!(
        main_of(r#"let mut v = Vec::new(); v.push("a"); if unknown() { v.push("b") } set(v[0])"#),
        "…"
    );
    assert_eq!(
        main_of(r#"#[cfg(windows)] set("w"); #[cfg(unix)] { set("u") }"#),
        "u"
    );
    assert_eq!(main_of(r#"panic!("no way ends well")"#), "any");
    assert_eq!(
        main_of(r#"set("a"); what is % this ? "cargo:rustc-cfg=b" ;"#),
        "a b?"
    );
    assert_eq!(
        main_of(r#"if true || unknown() { set("a") } if false && unknown() { set("b") }"#),
        "a"
    );
    assert_eq!(main_of(r#"if unknown() || true { set("a") }"#), "a");
}

#[test]
fn values() {
    for body in [
        r#"match ("x", 3) { ("x", n @ 1..=3) if n > 2 => set("a"), _ => set("b") }"#,
        r#"match "b" { "a" | "b" => set("a"), _ => {} }"#,
        r#"let v: Vec<_> = "x-y-z".split('-').map(|s| s.to_string()).collect(); if v[1] == "y" && v.len() == 3 { set("a") }"#,
        r#"let f = |x: u32| x + 1; if f(1) == 2 { set("a") }"#,
        r#"let mut it = "1.95.0".split('.'); it.next(); if it.next().and_then(|m| m.parse::<u32>().ok()) >= Some(60) { set("a") }"#,
        r#"if let Some((k, v)) = "k=v".split_once('=') { if k < v { set("a") } }"#,
        r#"const L: &[&str] = &["x", "y"]; if L.contains(&&*String::from("y")) { set("a") }"#,
        r#"let (mut x, y) = (1, 2); x += y; if x == 3 && x as u8 << 1 == 6 { set("a") }"#,
        r#"fn g(v: &mut Vec<&'static str>) { v.push("a") } let mut v = vec![]; g(&mut v); for x in v { set(x) }"#,
        r#"struct S { n: u32 } impl S { fn new() -> Self { Self { n: 4 } } fn big(&self) -> bool { self.n > 3 } } if S::new().big() { set("a") }"#,
        r#"#[derive(PartialEq)] enum E { A, B } let e = E::A; if e != E::B { set("a") }"#,
        r#"enum E { A } impl std::fmt::Display for E { fn fmt(&self, f: &mut F) -> R { f.write_str(match self { E::A => "a" }) } } println!("cargo:rustc-cfg={}", E::A);"#,
        r#"macro_rules! m { ($($x:literal),*) => { $(set($x);)* } } m!("a");"#,
        r#"fn r() -> Option<u32> { let x: u32 = Some("5")?.parse().ok()?; Some(x) } if r() == Some(5) { set("a") }"#,
        r#"fn d(n: u32) -> u32 { if n == 0 { 7 } else { d(n - 1) } } if d(4) == 7 { set("a") }"#,
        r#"static mut ON: bool = false; fn f() { unsafe { ON = true; } } f(); if unsafe { ON } { set("a") }"#,
        r#"enum C { None, A } fn f() -> Option<u8> { None } if f().is_none() { set("a") }"#,
        r#"enum C { X, Y } use C::*; match X { Y => set("b"), X => set("a") }"#,
        r#"let name = concat!("a"); set(name)"#,
        r#"let s = "release: 1.2"; if &s["release: ".len()..] == "1.2" { set("a") }"#,
    ] {
        assert_eq!(main_of(body), "a", "{body}");
    }
}

#[test]
fn the_compiler() {
    for (body, expected) in [
        (
            r#"let o = Command::new(env::var_os("RUSTC").unwrap()).arg("--version").output().unwrap();
            let v = std::str::from_utf8(&o.stdout).unwrap(); if v.starts_with("rustc 1.95") { set("a") }"#,
            "a",
        ),
        (
            r#"let mut c = Command::new("rustc"); c.arg("-vV"); let o = String::from_utf8(c.output().unwrap().stdout).unwrap();
            if o.lines().find(|l| l.starts_with("LLVM version: ")).is_some() { set("a") }"#,
            "a",
        ),
        (
            r#"if version_check::is_min_version("1.36").unwrap_or(false) { set("a") }"#,
            "a",
        ),
        (
            r#"match version_check::is_min_version("1.36") { Some((true, _)) => set("a"), _ => {} }"#,
            "a",
        ),
        (
            r#"if version_check::Channel::read().unwrap().supports_features() { set("a") }"#,
            "",
        ),
        (
            r#"if rustc_version::version().unwrap() >= rustc_version::Version::parse("1.96.0").unwrap() { set("a") }"#,
            "",
        ),
        (
            r#"if rustc_version::version_meta().unwrap().channel == rustc_version::Channel::Stable { set("a") }"#,
            "a",
        ),
        (
            r#"if rustversion::cfg!(all(since(1.78), not(nightly))) { set("a") }"#,
            "a",
        ),
        (
            r#"let ac = autocfg::new(); ac.emit_rustc_version(1, 60); ac.emit_rustc_version(1, 99);"#,
            "rustc_1_60",
        ),
        (
            r#"let ac = autocfg::AutoCfg::new().unwrap(); if !ac.probe_rustc_version(1, 31) { set("a") }"#,
            "",
        ),
        (
            r#"let ac = autocfg::new(); ac.emit_has_type("i128"); ac.emit_has_path("std::no::Such");"#,
            "has_i128 has_std__no__Such?",
        ),
        (
            r#"autocfg::new().emit_sysroot_crate("std"); autocfg::emit("b");"#,
            "b has_std",
        ),
        (
            r#"cfg_aliases::cfg_aliases! { linux: { target_os = "linux" }, both: { all(linux, unix) }, mac: { target_os = "macos" } }"#,
            "both linux",
        ),
        (
            r#"if cc::Build::new().is_flag_supported("-mavx2").is_ok() { set("a") }"#,
            "a",
        ),
        (
            r#"if cc::Build::new().flag("-x").get_compiler().is_like_msvc() { set("a") }"#,
            "a?",
        ),
    ] {
        assert_eq!(main_of(body), expected, "{body}");
    }
}

const PROBE: &str = r#"
    use std::{env, fs, path::Path, process::Command};
    fn main() { if probe() { println!("cargo:rustc-cfg=a"); } }
"#;

#[test]
fn probes() {
    let written = |source: &str| {
        let probe = format!(
            "fn probe() -> bool {{ let out = env::var_os(\"OUT_DIR\").unwrap();
            let file = Path::new(&out).join(\"probe.rs\"); fs::write(&file, {source:?}).unwrap();
            match Command::new(env::var_os(\"RUSTC\").unwrap()).arg(\"--out-dir\").arg(&out).arg(file)
            .status() {{ Ok(status) => status.success(), Err(_) => false }} }}"
        );
        cfgs_with(&[("build.rs", &format!("{PROBE}{probe}"))], &[], &[])
    };
    assert_eq!(written("#![feature(x)]"), "");
    assert_eq!(written("fn main() {}"), "a");
    assert_eq!(written("fn main() { std::something(); }"), "a?");
    assert_eq!(written("fn f() { core::arch::asm!(\"clrex\"); }"), "");

    let piped = |source: &str| {
        let probe = format!(
            "fn probe() -> bool {{ let mut c = Command::new(\"rustc\").arg(\"-\").spawn().unwrap();
            writeln!(c.stdin.take().unwrap(), \"{{}}\", {source:?}).unwrap(); c.wait().unwrap().success() }}"
        );
        cfgs_with(&[("build.rs", &format!("{PROBE}{probe}"))], &[], &[])
    };
    assert_eq!(piped("#![allow(x)]\n#![feature(y)]"), "");
    assert_eq!(piped("fn x() {}"), "a?");

    let file = |source: &str| {
        let probe = r#"fn probe() -> bool { Command::new("rustc").arg("--cfg=probing")
            .arg(Path::new("src").join("nightly.rs")).status().unwrap().success() }"#;
        let script = format!("{PROBE}{probe}");
        cfgs_with(
            &[("build.rs", &script), ("src/nightly.rs", source)],
            &[],
            &[],
        )
    };
    assert_eq!(file("#![cfg_attr(probing, feature(x))]"), "");
    assert_eq!(file("#![cfg_attr(not(probing), feature(x))]"), "a?");
}

#[test]
fn files() {
    let script = r#"mod cfg; include!("list.rs"); #[path = "deep/x.rs"] mod y;
        fn main() { cfg::emit(); for n in LIST { println!("cargo:rustc-cfg={n}"); } y::z();
        if std::fs::metadata("src/a.rs").is_ok() { println!("cargo:rustc-cfg=there"); }
        if std::path::Path::new("src/b.rs").exists() { println!("cargo:rustc-cfg=not_there"); } }"#;
    let files = [
        ("build.rs", script),
        (
            "cfg.rs",
            r#"pub fn emit() { println!("cargo:rustc-cfg=a"); }"#,
        ),
        ("list.rs", r#"const LIST: [&str; 2] = ["l1", "l2"];"#),
        (
            "deep/x.rs",
            r#"pub fn z() { println!("cargo:rustc-cfg=z"); }"#,
        ),
        ("src/a.rs", ""),
    ];
    assert_eq!(cfgs_with(&files, &[], &[]), "a l1 l2 there z");
    assert_eq!(
        cfgs_with(&files[..3], &[], &[]),
        "a l1 l2 not_there? there? any"
    );
}

#[test]
fn helpers() {
    let helper = HelperFacts::new(
        br#"fn f(i: u8) { println!("cargo:rustc-cfg=Py_3_{}", i); println!("cargo:rustc-cfg=PyPy") }"#,
    );
    let helper = helper.unwrap();
    let script = "fn main() { pyo3_build_config::use_pyo3_cfgs(); }";
    let found = cfgs_with(
        &[("build.rs", script)],
        &[],
        &[("pyo3-build-config", &helper)],
    );
    assert_eq!(found, "PyPy? PyPy=… Py_3_…");
    let found = cfgs_with(
        &[("build.rs", script)],
        &["abi3", "abi3-py38"],
        &[("pyo3-build-config", &helper)],
    );
    assert_eq!(found, "Py_3_7 Py_3_8 Py_LIMITED_API");
}

#[test]
fn hostile_scripts_end() {
    for body in [
        "loop {}".to_owned(),
        "let mut x = 1; while true { x = (x, x); }".to_owned(),
        "let mut s = String::from(\"aa\"); loop { s = format!(\"{s}{s}\"); }".to_owned(),
        "fn f() { f(); f(); } f()".to_owned(),
        "fn f(x: u8) { if unknown() { f(x) } else { f(x) } } f(1)".to_owned(),
        "let f = |g| g(g); f(f)".to_owned(),
        format!("{} x {}", "(".repeat(5000), ")".repeat(5000)),
        format!("{} set(\"a\") {}", "{".repeat(5000), "}".repeat(5000)),
        format!("{}x", "!".repeat(20_000)),
        format!("x{}", ".y()".repeat(20_000)),
        format!("x{}", " + 1".repeat(20_000)),
        format!("x{}", " || y".repeat(20_000)),
        format!("if a {{}} {}", "else if b {} ".repeat(5000)),
        format!("match x {{ {} }}", "a => b, ".repeat(5000)),
        format!("let {}x = 1;", "&".repeat(5000)),
        "let x = 1; if unknown() { set(\"a\") }".repeat(2000),
        "macro_rules! m { ($x:tt) => { m!($x); m!($x); } } m!(a);".to_owned(),
    ] {
        main_of(&body);
    }
}

proptest::proptest! {
    #[test]
    fn no_script_makes_it_panic(words in proptest::collection::vec(proptest::sample::select(vec![
        "fn", "main", "(", ")", "{", "}", "[", "]", "if", "else", "match", "let", "=", "==", ";", ",",
        "for", "in", "x", "y", "1", "\"a\"", "'a'", ".", "..", "..=", "&", "mut", "|", "||", "&&", "=>",
        "println!", "\"cargo:rustc-cfg={}\"", "\"cargo:rustc-cfg=a\"", "loop", "while", "break", "return",
        "continue", "?", "::", "Some", "None", "Ok", "impl", "struct", "enum", "S", "self", "use", "mod",
        "env::var", "\"TARGET\"", "#[cfg(unix)]", "macro_rules!", "$", "x!", "vec!", "-", "+", "*", "!",
        "as", "u32", "move", "_", "@", "ref", "const", "split", "map", "unwrap", "next", "<", ">", "'l:",
    ]), 0..80)) {
        let text = words.join(" ");
        cfgs_with(&[("build.rs", &text)], &["fast"], &[]);
        main_of(&text);
    }
}
