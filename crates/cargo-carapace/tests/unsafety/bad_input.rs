//! What is hostile, damaged or no Rust at all. It never ends the program, takes no more than its
//! memory and time, and costs nothing of what is beside it.

use std::fs;

use serde_json::Value;

use super::fixture::{named, sites};
use super::tokens::accounted;
use crate::support::run::{Output, World, gaps};

/// What the program and all that it starts may take, in KiB, where it can be bounded.
const MEMORY: u32 = 1024 * 1024;

/// A package with something good in it.
fn package() -> World {
    let world = World::new();
    world.write("project/Cargo.toml", named("app", ""));
    world.write("project/src/lib.rs", "");
    world.write(
        "project/src/main.rs",
        "mod good;\nfn main() { unsafe {} }\n",
    );
    world.write("project/src/good.rs", "unsafe fn good() {}\n");
    world
}

/// The census of the package alone. What is good in it is there.
fn judged(world: &World) -> Value {
    let run = world.plain(&["unsafe", "--format", "json", "--no-deps", "."]);
    let output = run.bounded(MEMORY).exits(0);
    let document = output.json();
    has(&document, "src/main.rs:2:13 block active main");
    has(&document, "src/good.rs:1:1 fn active good::good");
    document
}

fn has(document: &Value, site: &str) {
    let sites: Vec<String> = sites(document, "/".as_ref())
        .into_iter()
        .map(|site| site[site.find("src/").unwrap_or(0)..].to_owned())
        .collect();
    assert!(
        sites.iter().any(|found| found == site),
        "no {site} in {:?}, gaps {}",
        &sites[..sites.len().min(20)],
        document["gaps"]
    );
}

/// The census with this as the library's root; each `unsafe` in it is a site.
fn with(source: &str) -> Value {
    let world = package();
    world.write("project/src/lib.rs", source);
    let document = judged(&world);
    accounted(&document);
    document
}

/// That something about the library is not known, with these words.
fn has_gap(document: &Value, path: &str, words: &str) {
    let all = document["gaps"].as_array().unwrap();
    let found = all.iter().any(|gap| {
        let is_there = gap["path"].as_str().unwrap_or_default().contains(path);
        is_there && gap["reason"].as_str().unwrap().contains(words)
    });
    assert!(found, "no {words:?} of {path} in {all:?}");
}

fn count(document: &Value) -> usize {
    document["packages"][0]["unsafety"]["sites"]
        .as_array()
        .unwrap()
        .len()
}

#[test]
fn nesting() {
    let many = 1_000_000;
    for open in [
        "(", "[", "{", "<", "([{", "f(", "a::<", "&", "*", "-", "!", "|", "if ", "unsafe{", "||",
    ] {
        let source = format!(
            "unsafe fn f() {{}} fn g() {{ {} unsafe {{ h() }}",
            open.repeat(many / open.len())
        );
        assert!(count(&with(&source)) > 3, "{open}");
    }
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("mod a{", "}"),
        ("fn f(){", "}"),
        ("impl A{", "}"),
        ("m!{", "}"),
        ("#[cfg(a)]mod a{", "}"),
        ("vec![", "]"),
        ("match a{b=>{", "}}"),
    ] {
        let many = 20_000;
        let text = format!("{} unsafe {{}} {}", open.repeat(many), close.repeat(many));
        assert_eq!(count(&with(&text)), 3, "{open}");
    }
}

#[test]
fn chains() {
    let many = 20_000;
    for (begin, link, end) in [
        (
            "fn f() { if a { unsafe {} }",
            " else if a { unsafe {} }",
            "}",
        ),
        ("fn f() { let a = unsafe { 1 }", " + unsafe { 1 }", ";}"),
        ("fn f() { a", ".b(unsafe { 1 })?", ";}"),
        ("fn f() { a", "; unsafe {}", "}"),
        ("fn f(a: A", "<B>, b: unsafe fn()", ") {}"),
        ("type A = ", "unsafe fn() -> ", "B;"),
        ("use a", "::a", "; unsafe fn f() {}"),
        ("fn f() { a", "::a", "!(unsafe {}) }"),
        ("impl ", "impl ", "A { unsafe fn f() {} }"),
        ("", "pub ", "unsafe fn f() {}"),
        ("", "$;", "unsafe fn f() {}"),
        ("", "$a ", "unsafe fn f() {}"),
        ("", "unsafe ", ""),
        ("", "unsafe async ", "fn f() {}"),
        ("", "extern ", "\"C\" { unsafe fn f(); }"),
        ("", "static mut A: unsafe fn() = b;", ""),
        ("", "'a: ", "unsafe {}"),
        (
            "cfg_if! { if #[cfg(a)] {}",
            " else if #[cfg(a)] { unsafe {} }",
            "}",
        ),
        ("cfg_select! {", " a => { unsafe {} }", "}"),
        ("macro_rules! m {", " (a) => { unsafe {} };", "}"),
        ("m! { a", ", unsafe fn f() {}", "}"),
        ("m! { a", ", impl a", "; unsafe {} }"),
        ("m! { a", ", impl <", "; unsafe {} }"),
        ("m! { a", ", impl < - >", "; unsafe {} }"),
        ("m! { a", ", impl <{}>", "; unsafe {} }"),
        ("m! { a", ", pub $( #[a]", "; unsafe {} }"),
        ("m! { a", ", const A: <", "; unsafe {} }"),
    ] {
        let document = with(&format!("{begin}{}{end}", link.repeat(many)));
        assert!(count(&document) >= 3, "{link}");
    }
}

#[test]
fn attributes() {
    let many = 20_000;
    let long = "a,".repeat(50_000);
    let mut nested = "unsafe(no_mangle)".to_owned();
    for _ in 0..5_000 {
        nested = format!("cfg_attr(a, {nested})");
    }
    for source in [
        format!("{} unsafe fn f() {{}}", "#[cfg(a)]".repeat(many)),
        format!("{} unsafe fn f() {{}}", "#![cfg(a)]".repeat(many)),
        format!("{} unsafe fn f() {{}}", "#[unsafe(no_mangle)]".repeat(many)),
        format!("{} unsafe fn f() {{}}", "#".repeat(many)),
        format!("{} unsafe fn f() {{}}", "#[".repeat(many)),
        format!("{} unsafe fn f() {{}}", "#[cfg_attr(a,".repeat(many)),
        format!("#[{nested}] unsafe fn f() {{}}"),
        format!("#[cfg(all({long}))] unsafe fn f() {{}}"),
        format!(
            "#[cfg_attr(all({long}), {})] fn f() {{}}",
            "no_mangle,".repeat(50_000)
        ),
        format!(
            "#[cfg_attr(all({long}), {})] mod f; unsafe fn f() {{}}",
            "path = \"x\",".repeat(50_000)
        ),
        format!(
            "#[cfg_attr(all({long}), {})] unsafe fn f() {{}}",
            "cfg(x),".repeat(50_000)
        ),
        format!(
            "#[cfg({}a{})] unsafe fn f() {{}}",
            "not(".repeat(many),
            ")".repeat(many)
        ),
        "#[cfg(unsafe)] #[doc = unsafe {}] #[path = unsafe] #[a[unsafe]] #[a{unsafe}] #[unsafe] \
         #[unsafe x] #[cfg_attr(unsafe, unsafe)] #[test(unsafe)] #[allow(unsafe)] #![unsafe(x)] \
         fn f<#[cfg(unsafe)] unsafe>(#[x(unsafe)] unsafe: u8) {}"
            .to_owned(),
        "use unsafe; pub(in unsafe) fn a() {} $(unsafe)? fn b() {} mod unsafe; fn unsafe() {} \
         macro_rules! unsafe { unsafe } macro unsafe(unsafe) {} include!(unsafe); \
         cfg_if! { if #[cfg(unsafe)] unsafe {} } cfg_select! { unsafe => unsafe, } \
         extern unsafe {} extern crate unsafe; struct unsafe; a.unsafe; unsafe::b!(); unsafe!();"
            .to_owned(),
    ] {
        assert!(count(&with(&source)) >= 3, "{}", &source[..80]);
    }
}

#[test]
fn macros_that_grow() {
    let nested = |name: &str, many: usize| {
        format!(
            "{} unsafe {{}} {}",
            format!("{name}!{{").repeat(many),
            "}".repeat(many)
        )
    };
    let same = "macro_rules! m { ($($t:tt)*) => { $($t)* } }\n";
    let muncher = "macro_rules! m { () => {}; ($h:tt $($t:tt)*) => { $h m! { $($t)* } } }\n";
    let doubles = "macro_rules! m { ($($t:tt)*) => { m! { $($t)* $($t)* } } }\n";
    let wide = "macro_rules! m { ($($t:tt)*) => { $($t)* m! { $($t)* } m! { $($t)* } } }\n";
    let long = "a,".repeat(50_000);
    for source in [
        same.to_owned() + &nested("m", 20_000),
        same.to_owned() + &"m! { unsafe fn f() {} }\n".repeat(50_000),
        muncher.to_owned() + &format!("m! {{ {} }}", "unsafe {} ".repeat(2_000)),
        doubles.to_owned() + "m! { unsafe {} }",
        wide.to_owned() + "m! { unsafe {} mod x; }",
        // Many definitions of one name, and many calls of it.
        "macro_rules! m { (a) => {} }\n".repeat(5_000) + &"m! { unsafe }\n".repeat(5_000),
        format!(
            "macro_rules! m {{ ($($t:item)*) => {{ $(#[cfg(all({long}))] $t)* }} }}\nm! {{ {} }}",
            "unsafe fn f() {} ".repeat(5_000)
        ),
        format!(
            "macro_rules! m {{ {} => {{}} }} m! {{ unsafe {{}} }}",
            "$(".repeat(100_000)
        ),
        format!(
            "macro_rules! m {{ ({}x{}) => {{}} }} m! {{ unsafe {{}} }}",
            "$(".repeat(10_000),
            ")*".repeat(10_000)
        ),
        "macro_rules! m { ($($($t:tt)*)*) => { $($($t)*)* } } m! { unsafe {} }".to_owned(),
        "macro_rules! m { ($(  )*) => {} } m! { unsafe {} }".to_owned(),
        format!(
            "macro_rules! m {{ ($($t:ident),*) => {{ $(mod $t;)* }} }} m! {{ {} }}  unsafe fn f() {{}}",
            "x,".repeat(100_000)
        ),
        format!(
            "{}{} unsafe fn f() {{}}",
            "mod a {".repeat(60),
            "mod b;".repeat(100_000)
        ),
        format!(
            "{}{}",
            "mod aaaaaaaaaaaaaaaaaaaaaaaaaaaaa {".repeat(10_000),
            "mod b; unsafe fn f() {} m! { unsafe } mod c {}".repeat(10_000)
        ),
    ] {
        assert!(count(&with(&source)) >= 3, "{}", &source[..80]);
    }
}

#[test]
fn no_rust() {
    let hashes = |count: usize| "#".repeat(count);
    for (source, lost) in [
        ("unsafe fn f() {} \"unsafe", "has no end"),
        ("unsafe fn f() {} /* unsafe /* */", "has no end"),
        ("unsafe fn f() {} r#\"unsafe\"", "has no end"),
        ("unsafe fn f() {} b\"unsafe", "has no end"),
        ("unsafe fn f() {} c\"unsafe\\\"", "has no end"),
        (
            &format!("unsafe fn f() {{}} r{}\"unsafe", hashes(255)),
            "has no end",
        ),
        (
            &format!("unsafe fn f() {{}} r{0}\"unsafe\"{0}", hashes(255)),
            "",
        ),
        (
            &format!("unsafe fn f() {{}} r{0}\"unsafe\"{0}", hashes(60_000)),
            "",
        ),
        ("unsafe fn f() {} '", ""),
        ("unsafe fn f() {} 'unsafe fn g() {}", ""),
        ("unsafe fn f() {} '\\", ""),
        ("unsafe fn f() {} ''' unsafe", ""),
        ("unsafe fn f() {} ' unsafe {} '", ""),
        ("unsafe fn f() {}\0\0unsafe\0", ""),
        ("unsafe fn f() {}\u{85}unsafe\u{2028}fn\u{200e}g() {}", ""),
        ("unsafe fn f() {} \u{1b}[31m\u{202e} unsafe \u{feff}", ""),
        ("{% if x %} unsafe fn {{ name }}() {} {% endif %}", ""),
        ("<!DOCTYPE html><p class=\"a\">it's unsafe</p>", ""),
        ("unsafe fn f() {} }}}} unsafe {", "brackets"),
        ("#!/bin/sh unsafe\nunsafe fn f() {}", ""),
        ("#![cfg(any())]\nunsafe fn f() {}", ""),
        ("---\nunsafe = 1\n---\nunsafe fn f() {}", ""),
        ("unsafe", ""),
        (
            "0x_unsafe 1.unsafe() 1e+unsafe r#unsafe r##unsafe b'unsafe br#unsafe k#unsafe",
            "",
        ),
        ("unsafe\\unsafe @unsafe ~unsafe `unsafe` ?unsafe", ""),
    ] {
        let document = with(source);
        assert!(count(&document) >= 2, "{source}");
        if !lost.is_empty() {
            has_gap(&document, "src/lib.rs", lost);
        }
    }
}

#[test]
fn bytes_that_are_no_text() {
    let world = package();
    let mut bytes =
        b"unsafe fn f() {} // \xff\xfe\nfn \xc3() { unsafe {} }\n\"\xf0\x9f\" unsafe".to_vec();
    bytes.extend([0x80, 0xbf, 0xc0]);
    world.write("project/src/lib.rs", &bytes);
    assert_eq!(count(&judged(&world)), 4);
    let noise: Vec<u8> = (0..1_000_000_u64)
        .map(|n| (n.wrapping_mul(6_364_136_223_846_793_005) >> 33) as u8)
        .collect();
    world.write("project/src/lib.rs", &noise);
    judged(&world);
    world.write("project/src/lib.rs", "");
    judged(&world);
    let utf16: Vec<u8> = "\u{feff}unsafe fn f() {}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    world.write("project/src/lib.rs", &utf16);
    has_gap(&judged(&world), "src/lib.rs", "UTF-8");
}

#[test]
fn what_is_large() {
    let million = 1_000_000;
    let functions = "fn function() { call(1, \"two\"); }\n".repeat(million);
    let array = format!(
        "const A: [u32; 1] = [{}];",
        "0x12345678, ".repeat(8 * million)
    );
    let string = format!("const A: &str = \"{}\";", "unsafe ".repeat(14 * million));
    for source in [functions, array, string] {
        let world = package();
        world.write("project/src/lib.rs", "mod large; unsafe fn small() {}");
        world.write(
            "project/src/large.rs",
            source + "\nunsafe fn at_the_end() {}\n",
        );
        let document = judged(&world);
        accounted(&document);
        assert_eq!(count(&document), 4);
        has_gap(&document, "src/large.rs", "too large");
    }
    // Just below what is read as a whole.
    let source = "unsafe fn f() {}\n".repeat(50_000);
    assert_eq!(count(&with(&source)), 50_002);
    let line = "unsafe {} ".repeat(50_000);
    assert_eq!(count(&with(&format!("fn f() {{ {line} }}"))), 50_002);
    let tokens = "(".repeat(23 * million);
    assert_eq!(count(&with(&format!("unsafe fn f() {{}} {tokens}"))), 3);
}

#[test]
fn ten_thousand_files() {
    let world = package();
    let mut root = String::new();
    for n in 0..10_000 {
        world.write(&format!("project/src/m{n}.rs"), "unsafe fn f() {}\n");
        root += &format!("mod m{n};\n");
    }
    world.write("project/src/lib.rs", root);
    let document = judged(&world);
    assert_eq!(
        document["packages"][0]["unsafety"]["counts"]["fn"]["active"],
        10_001
    );
}

#[test]
fn modules_that_lead_nowhere_or_around() {
    let world = package();
    for (path, source) in [
        (
            "src/lib.rs",
            "#[path = \"lib.rs\"] mod me; #[path = \"a.rs\"] mod a; include!(\"lib.rs\");\n\
            include!(\"../src\"); #[path = \"\"] mod b; #[path = \"..\"] mod c;\n\
            #[path = \"/dev/zero\"] mod d; include!(\"/dev/zero\"); include!(\"\"); \n\
            #[path = \"../../../../../../../../../../../../etc/passwd\"] mod e;\n\
            include!(\"../../outside.in\"); include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\")); unsafe fn f() {}",
        ),
        ("src/a.rs", "#[path = \"b.rs\"] mod b; unsafe fn f() {}"),
        ("src/b.rs", "#[path = \"a.rs\"] mod a; unsafe fn f() {}"),
    ] {
        world.write(&format!("project/{path}"), source);
    }
    world.write("outside.in", "unsafe fn secret() {}");
    let document = judged(&world);
    has(&document, "src/lib.rs:5:76 fn active f");
    has(&document, "src/a.rs:1:25 fn active a::f");
    has(&document, "src/b.rs:1:25 fn active b::f");
    assert!(!document.to_string().contains("secret"));
    for lost in ["outside.in", "etc/passwd", "dev/zero`", "OUT_DIR"] {
        has_gap(&document, "", lost);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let world = package();
    let source = world.path("project/src");
    let modules = [
        "fifo", "device", "socket", "folder", "around", "outside", "dangling", "me",
    ];
    let declared: String = modules
        .iter()
        .map(|name| format!("mod {name};\n"))
        .collect();
    world.write(
        "project/src/lib.rs",
        declared + "include!(\"included\");\nunsafe fn f() {}",
    );
    crate::support::run::fifo(&source.join("fifo.rs"));
    crate::support::run::fifo(&source.join("included"));
    symlink("/dev/zero", source.join("device.rs")).unwrap();
    let _socket = UnixListener::bind(source.join("socket.rs"));
    fs::create_dir(source.join("folder.rs")).unwrap();
    symlink("..", source.join("around")).unwrap();
    symlink(".", source.join("around.rs")).unwrap();
    world.write("outside.rs", "unsafe fn secret() {}");
    symlink("../../outside.rs", source.join("outside.rs")).unwrap();
    symlink("nothing", source.join("dangling.rs")).unwrap();
    symlink("me.rs", source.join("me.rs")).unwrap();
    let document = judged(&world);
    has(&document, "src/lib.rs:10:1 fn active f");
    assert!(!document.to_string().contains("secret"));
    for lost in [
        "fifo.rs",
        "device.rs",
        "socket.rs",
        "outside.rs",
        "dangling.rs",
        "me.rs",
        "included",
    ] {
        let gaps = document["gaps"].to_string();
        assert!(gaps.contains(lost), "no {lost} in {gaps}");
    }
}

#[cfg(unix)]
#[test]
fn names_of_files() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    let world = package();
    let source = world.path("project/src");
    let names: [&[u8]; 6] = [
        b"new\nline.rs",
        b"\x1b[31m.rs",
        b"\xff.rs",
        "\u{202e}sr.rs".as_bytes(),
        b"a b\\c\"d.rs",
        b"..rs",
    ];
    for name in names {
        fs::write(source.join(OsStr::from_bytes(name)), "unsafe fn f() {}").unwrap();
    }
    let closed = source.join("closed.rs");
    fs::write(&closed, "unsafe fn f() {}").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let document = judged(&world);
    has_gap(&document, "src", "UTF-8");
    if fs::read(&closed).is_err() {
        has_gap(&document, "closed.rs", "");
    }
    has(&document, "src/new\nline.rs:1:1 fn inactive new\nline::f");
    for format in [
        "human",
        "markdown",
        "github",
        "sarif",
        "json",
        "cargo-geiger",
    ] {
        let arguments = [
            "unsafe",
            "--no-deps",
            ".",
            "--sites",
            "--state",
            "inactive",
            "--format",
        ];
        let output: Output = world.plain(&arguments).arg(format).exits(0);
        assert!(!output.stdout.contains(['\x1b', '\u{202e}']), "{format}");
        assert!(!output.stdout.contains("new\nline"), "{format}");
    }
}

#[test]
fn absurd_manifests() {
    for manifest in [
        "[lib]\npath = \"/dev/zero\"".to_owned(),
        "[lib]\npath = \"../../../../../../etc/passwd\"".to_owned(),
        "[lib]\npath = \"\"".to_owned(),
        "[lib]\npath = \"src\"".to_owned(),
        "[[bin]]\nname = \"x\"\npath = \"src/main.rs\"\n".repeat(2_000),
        format!("[[example]]\nname = \"{}\"\npath = \"nowhere\"", "x".repeat(100_000)),
        "[features]\na = [\"a\", \"b\", \"dep:x\", \"x?/y\", \"/\", \"\"]\nb = [\"a\"]\ndefault = [\"a\"]".to_owned(),
        format!("[features]\n{}", (0..5_000).map(|n| format!("f{n} = [\"f{}\"]\n", (n + 1) % 5_000)).collect::<String>()),
        "build = 3\nautobins = \"x\"\n[lib]\nproc-macro = 1\n[features]\na = 1\n[dependencies]\nb = 1".to_owned(),
        "[target.'cfg(((']\n[target.\"\"]\ndependencies = []\n[bin]\n[[test]]\n".to_owned(),
        format!("x = {}{}", "[".repeat(50_000), "]".repeat(50_000)),
        "[package".to_owned(),
        "\0".to_owned(),
    ] {
        let world = package();
        world.write("project/src/lib.rs", "unsafe fn f() {}");
        world.write("project/Cargo.toml", named("app", &manifest));
        let document = judged(&world);
        assert_eq!(count(&document), 3, "{:?}", gaps(&document));
    }
    let world = package();
    fs::remove_file(world.path("project/Cargo.toml")).unwrap();
    fs::write(world.path("project/src/lib.rs"), "unsafe fn f() {}").unwrap();
    has_gap(&judged(&world), "Cargo.toml", "");
}
