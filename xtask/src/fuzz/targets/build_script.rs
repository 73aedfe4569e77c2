//! Build scripts, as hostile as whoever publishes one.

use carapace_core::census::build_script::{ScriptEnvironment, Toolchain, evaluate};
use carapace_core::cfg::CfgSet;
use carapace_core::facts::build_script::{BuildScriptFacts, HelperFacts};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "fn main() {",
    "fn f(x: &str) -> Option<u32> {",
    "println!(\"cargo:rustc-cfg={}\", x);",
    "println!(\"cargo::rustc-cfg=k=\\\"v\\\"\");",
    "env::var(\"CARGO_CFG_TARGET_OS\")",
    "env::var_os(\"CARGO_FEATURE_STD\").is_some()",
    "Command::new(rustc).arg(\"--version\").output().ok()?",
    "macro_rules! m { ($($x:tt)*) => { $($x)* } }",
    "m!(a)",
    "if let Some(x) = y {",
    "else",
    "match x {",
    "_ => {}",
    "for x in [1, 2] {",
    "while x < 3 {",
    "loop {",
    "break",
    "continue",
    "return",
    "let mut x = Vec::new();",
    "x.push(x);",
    "&mut x",
    "|x| f(x)",
    ".split('.').map(|s| s.parse::<u32>()).collect::<Vec<_>>()",
    "struct S { a: u32 }",
    "impl S { fn g(&mut self) { self.a += 1; } }",
    "enum E { A, B(u8) }",
    "const C: &[&str] = &[\"a\"];",
    "mod m;",
    "include!(\"x.rs\");",
    "#[cfg(unix)]",
    "cfg!(feature = \"std\")",
    "cfg_aliases! { a: { unix } }",
    "autocfg::new().emit_rustc_version(1, 60);",
    "}",
    "(",
    ")",
    "[",
    "]",
    "?",
    "..=",
    "'a: ",
];

const WHOLE: &str = r#"
use std::{env, process::Command};
const LIST: &[&str] = &["a", "b"];
#[derive(PartialEq, PartialOrd)]
struct Version { minor: u32 }
impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        if parts.next() != Some("rustc 1") { return None; }
        Some(Self { minor: parts.next()?.parse().ok()? })
    }
}
fn version() -> Option<Version> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    Version::parse(std::str::from_utf8(&output.stdout).ok()?)
}
fn main() {
    let Some(version) = version() else { return };
    if version.minor >= 60 && cfg!(feature = "std") { println!("cargo:rustc-cfg=new"); }
    for name in LIST { println!("cargo:rustc-cfg={}", name.replace('a', "_")); }
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "android") => println!("cargo:rustc-cfg=kernel=\"{}\"", 1 + 2),
        _ if unknown() => panic!(),
        _ => {}
    }
}
"#;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let small = "fn main() { let mut x = vec![1]; while x.len() < 9 { x.push(2); } \
                 if y { println!(\"cargo:rustc-cfg=z\"); } }";
    [WHOLE, small, ""].map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let facts = BuildScriptFacts::read("build.rs", &["build.rs"], &mut |path| {
        (path == "build.rs").then(|| bytes.to_vec())
    });
    let helper = HelperFacts::new(bytes);
    let cfg = CfgSet::parse("unix\ntarget_os=\"linux\"\ntarget_arch=\"x86_64\"\n");
    let environment = ScriptEnvironment {
        toolchain: Toolchain {
            verbose: "rustc 1.95.0 (59807616e 2026-04-14)\nrelease: 1.95.0\n",
            host: "x86_64-unknown-linux-gnu",
            c_compiler: None,
        },
        name: "a",
        version: "1.0.0",
        features: &["std".into()],
        target: "x86_64-unknown-linux-gnu",
        cfg: &cfg,
        host: &cfg,
        helpers: &[],
    };
    let found = evaluate(&facts, &environment);
    assert_eq!(found, evaluate(&facts, &environment), "not the same twice");
    for (predicate, sure) in found.iter() {
        let holds = found.holds(predicate, &facts);
        assert_eq!(holds, sure.then_some(true), "{predicate}");
    }
    signature.count(found.iter().count());
    signature.count(found.iter().filter(|(_, sure)| *sure).count());
    signature.count(facts.cfgs.len());
    signature.add(u64::from(helper.is_some()));
    signature.message(found.given_up().unwrap_or_default());
    signature
}
