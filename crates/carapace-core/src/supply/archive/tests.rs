use proptest::prelude::*;
use sha2::Digest as _;

use super::packing::{Packing, packed};
use super::*;

fn read(archive: &[u8]) -> ArchiveFacts {
    let sha256 = |bytes: &[u8]| sha2::Sha256::digest(bytes).into();
    let version = Version::new(1, 0, 0);
    ArchiveFacts::read(archive, "parser", &version, Limits::CARGO, sha256)
}

const MANIFEST: &str = "[package]\nname = \"parser\"\nversion = \"1.0.0\"\n";

/// A package as cargo makes it.
fn package() -> Packing {
    let mut packing = Packing::default();
    packing.file("parser-1.0.0/Cargo.toml", MANIFEST);
    packing.file("parser-1.0.0/src/lib.rs", "pub fn parse() {}");
    packing
}

/// The kinds of what is wrong with an archive.
fn kinds(archive: &[u8]) -> Vec<AnomalyKind> {
    let mut kinds: Vec<AnomalyKind> = read(archive).anomalies.iter().map(|a| a.kind).collect();
    kinds.dedup();
    kinds
}

/// Records of the PAX form.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut content = String::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let len = (1..).find(|len: &usize| len.to_string().len() + rest.len() == *len);
        content += &format!("{}{rest}", len.unwrap());
    }
    content.into_bytes()
}

#[test]
fn what_cargo_makes_has_no_anomalies() {
    let long = format!("parser-1.0.0/src/{}.rs", "long/".repeat(30));
    let mut packing = package();
    packing.entry(b'L', "././@LongLink", "", format!("{long}\0").as_bytes());
    packing.file("parser-1.0.0/cut", "");
    assert_eq!(read(&packing.packed()).anomalies, []);
}

#[test]
fn entries_that_cargo_does_not_make_are_told() {
    let folder = "parser-1.0.0";
    for (kind, path, expected) in [
        (b'2', "parser-1.0.0/src/x.rs", AnomalyKind::SymbolicLink),
        (b'1', "parser-1.0.0/src/x.rs", AnomalyKind::HardLink),
        (b'3', "parser-1.0.0/src/x.rs", AnomalyKind::Device),
        (b'4', "parser-1.0.0/src/x.rs", AnomalyKind::Device),
        (b'6', "parser-1.0.0/src/x.rs", AnomalyKind::Device),
        (b'S', "parser-1.0.0/src/x.rs", AnomalyKind::OtherKind),
        (b'0', "parser-1.0.0/src/lib.rs", AnomalyKind::Duplicate),
        (b'0', "parser-1.0.0/src/LIB.rs", AnomalyKind::SameButCase),
        (b'0', "parser-1.0.0/SRC/x.rs", AnomalyKind::SameButCase),
        (b'0', "parser-1.0.0/src", AnomalyKind::FileAndFolder),
        (
            b'0',
            "parser-1.0.0/src/lib.rs/x",
            AnomalyKind::FileAndFolder,
        ),
        (b'0', "parser-1.0.0/src/e\u{301}.rs", AnomalyKind::OddPath),
        (b'0', "parser-1.0.0/src/\u{202e}.rs", AnomalyKind::OddPath),
        (b'0', "parser-1.0.0/src\\x.rs", AnomalyKind::OddPath),
        (b'0', "other-1.0.0/src/x.rs", AnomalyKind::Outside),
        (b'0', "parser-1.0.01/src/x.rs", AnomalyKind::Outside),
    ] {
        let mut packing = package();
        packing.entry(kind, path, folder, b"");
        assert_eq!(kinds(&packing.packed()), [expected], "{path}");
    }
    for (path, expected) in [
        ("/etc/x", AnomalyKind::Absolute),
        ("parser-1.0.0/../x", AnomalyKind::Parent),
        ("parser-1.0.0/a\\..\\x", AnomalyKind::Parent),
    ] {
        let mut packing = package();
        packing.file(path, "");
        assert!(kinds(&packing.packed()).contains(&expected), "{path}");
    }
}

#[test]
fn two_readings_of_one_entry_are_told() {
    let path = "parser-1.0.0/src/x.rs";
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [AnomalyKind]);
    let cases: [Case<'_>; 6] = [
        // What the header calls content of this file is a file for who believes the record.
        (&[("size", "0")], &[AnomalyKind::TwoSizes]),
        (&[("size", "512")], &[]),
        (&[("size", "x")], &[AnomalyKind::Records]),
        (&[("GNU.sparse.major", "1")], &[AnomalyKind::Records]),
        (
            &[("path", path), ("path", "parser-1.0.0/src/y.rs")],
            &[AnomalyKind::TwoPaths],
        ),
        (&[("mtime", "1")], &[]),
    ];
    for (records, expected) in cases {
        let mut packing = package();
        packing.entry(b'x', "x", "", &pax(records));
        let mut inner = Packing::default();
        inner.file("parser-1.0.0/build.rs", "");
        packing.file(path, &inner.stream[..512]);
        let found = kinds(&packing.packed());
        assert_eq!(found, expected, "{records:?}");
    }
    let mut packing = package();
    packing.entry(b'g', "x", "", &pax(&[("size", "0")]));
    assert_eq!(kinds(&packing.packed()), [AnomalyKind::Records]);
    let mut packing = package();
    packing.entry(b'x', "x", "", b"999999999999999999999999 path=x\n");
    assert_eq!(kinds(&packing.packed()), [AnomalyKind::Records]);
    let mut packing = package();
    packing.entry(b'L', "././@LongLink", "", b"parser-1.0.0/src/y.rs\0");
    packing.entry(b'x', "x", "", &pax(&[("path", path)]));
    packing.file(path, "");
    assert_eq!(kinds(&packing.packed()), [AnomalyKind::TwoPaths]);
}

#[test]
fn what_is_cut_damaged_or_too_long_is_told() {
    let whole = package().packed();
    assert_eq!(kinds(&whole), []);
    for end in 0..whole.len() {
        assert!(!kinds(&whole[..end]).is_empty(), "{end}");
    }
    assert_eq!(kinds(b"garbage")[0], AnomalyKind::NotGzip);
    let mut twice = whole.clone();
    twice.extend(packed(b"more"));
    assert_eq!(kinds(&twice), [AnomalyKind::BehindGzip]);
    let mut stream = package().stream;
    assert_eq!(kinds(&packed(&stream)), [AnomalyKind::Cut]);
    stream.resize(stream.len() + 1024, 0);
    let mut behind = stream.clone();
    behind.extend(&package().stream);
    assert_eq!(kinds(&packed(&behind)), [AnomalyKind::Behind]);
    let mut header = stream.clone();
    header[0] ^= 1;
    assert!(kinds(&packed(&header)).contains(&AnomalyKind::Header));
    let mut packing = package();
    packing.sized(b'0', "parser-1.0.0/x", "", b"", 1 << 30);
    assert_eq!(kinds(&packing.packed()), [AnomalyKind::Cut]);
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = packed(&vec![0; 8 << 20]);
    let limits = Limits { unpacked: 1 << 20 };
    let version = Version::new(1, 0, 0);
    let facts = ArchiveFacts::read(&bomb, "parser", &version, limits, |_| [0; 32]);
    let kinds: Vec<AnomalyKind> = facts.anomalies.iter().map(|a| a.kind).collect();
    assert!(kinds.contains(&AnomalyKind::TooLarge), "{kinds:?}");
}

#[test]
fn machine_code_is_told_by_what_it_begins_with() {
    let mut pe = vec![0; 0x44];
    pe[..2].copy_from_slice(b"MZ");
    pe[0x3c] = 0x40;
    pe[0x40..].copy_from_slice(b"PE\0\0");
    let java = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52];
    let fat = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2];
    for (content, is_executable) in [
        (b"\x7fELF".as_slice(), true),
        (&[0xcf, 0xfa, 0xed, 0xfe], true),
        (&fat, true),
        (&pe, true),
        (&java, false),
        (b"MZ", false),
        (b"\0asm", false),
        (b"#!/bin/sh", false),
    ] {
        let mut packing = package();
        packing.file("parser-1.0.0/data", content);
        let found = kinds(&packing.packed());
        assert_eq!(
            found == [AnomalyKind::Executable],
            is_executable,
            "{content:?}"
        );
    }
}

#[test]
fn a_manifest_of_another_package_is_told() {
    for (manifest, expected) in [
        (
            MANIFEST.replace("parser", "other"),
            AnomalyKind::OtherPackage,
        ),
        (
            MANIFEST.replace("1.0.0", "1.0.1"),
            AnomalyKind::OtherPackage,
        ),
        ("[".to_owned(), AnomalyKind::NoManifest),
    ] {
        let mut packing = Packing::default();
        packing.file("parser-1.0.0/Cargo.toml", manifest);
        assert_eq!(kinds(&packing.packed()), [expected]);
    }
}

/// What the code of a package with these files can do, in words.
fn abilities(manifest: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut packing = Packing::default();
    packing.file("parser-1.0.0/Cargo.toml", format!("{MANIFEST}{manifest}"));
    for (path, text) in files {
        packing.file(&format!("parser-1.0.0/{path}"), text);
    }
    let facts = read(&packing.packed());
    assert_eq!(facts.anomalies, []);
    let all = facts.capabilities.iter();
    all.map(|found| format!("{} {} {found}", found.part.name(), found.ability.name()))
        .collect()
}

/// The same, of a library of one file.
fn of_library(text: &str) -> Vec<String> {
    let all = abilities("", &[("src/lib.rs", text)]).into_iter();
    all.map(|text| text.replace("library ", "")).collect()
}

#[test]
fn paths_are_followed_through_use() {
    for (text, expected) in [
        (
            "fn f() { std::net::TcpStream::connect(x); }",
            "network std::net::TcpStream::connect",
        ),
        (
            "fn f() -> ::std::net::TcpStream { x }",
            "network std::net::TcpStream",
        ),
        (
            "use std::net; fn f(x: net::UdpSocket) {}",
            "network std::net::UdpSocket",
        ),
        (
            "use std::{net as n}; fn f(x: n::UdpSocket) {}",
            "network std::net::UdpSocket",
        ),
        (
            "use std as s; fn f() { s::net::TcpListener::bind(x); }",
            "network std::net::TcpListener::bind",
        ),
        (
            "use std::net::*; fn f(x: TcpStream) {}",
            "network std::net::TcpStream",
        ),
        (
            "use std::net as n; use n::*; fn f(x: TcpStream) {}",
            "network std::net::TcpStream",
        ),
        (
            "use std::net::TcpStream as T; fn f(x: T) {}",
            "network std::net::TcpStream",
        ),
        (
            "use std::net as n; use n::TcpStream as T;",
            "network std::net::TcpStream",
        ),
        (
            "fn f() { use std::env; env::var(\"A\"); }",
            "environment std::env::var",
        ),
        (
            "fn f() -> impl A + use<'a> { std::env::vars() }",
            "environment std::env::vars",
        ),
        (
            "extern crate std as s; fn f() { s::env::var_os(x); }",
            "environment std::env::var_os",
        ),
        (
            "mod m { fn f() { std::fs::read(x); } }",
            "files std::fs::read",
        ),
        (
            "macro_rules! m { () => { std::fs::write(a, b) } }",
            "files std::fs::write",
        ),
        ("m! { std::fs::write(a, b) }", "files std::fs::write"),
        ("pub use std::fs as f; /* read */", "files std::fs"),
        (
            "pub(crate) use std::process; /* Command */",
            "processes std::process",
        ),
        (
            "fn f() { std::process::Command::new(x); }",
            "processes std::process::Command::new",
        ),
        (
            "use std::process::Command as C; fn f() { C::new(\"rustc\"); C::new(\"curl\"); }",
            "processes std::process::Command::new(\"curl\")",
        ),
        ("extern \"C\" { fn f(); }", "foreign extern"),
        (
            "const X: &[u8] = include_bytes!(\"x\");",
            "embedded include_bytes!",
        ),
        (
            "#[cfg(unix)] fn f() { std::fs::read(x); }",
            "files std::fs::read",
        ),
    ] {
        let found = of_library(text);
        let at = format!("{expected} at src/lib.rs:1");
        assert_eq!(found, [at], "{text}");
    }
}

#[test]
fn what_only_looks_alike_is_silent() {
    for text in [
        "use std::net::Ipv4Addr; fn f(x: std::net::SocketAddr) {}",
        "fn f() { std::process::exit(1); std::env::args(); std::env::current_dir(); }",
        "use clap::Command; fn f() { Command::new(\"curl\"); }",
        "mod std { pub mod net {} } // std::net::TcpStream",
        "const X: &str = \"std::net::TcpStream\";",
        "fn f(x: crate::std::net::TcpStream, y: my::std::fs::File) {}",
        "#[cfg(test)] mod tests { use std::fs; fn f() { fs::read(x); } }",
        "#[cfg(test)] use std::fs::File; #[test] fn f() { File::open(x); std::fs::read(x); }",
        "#[cfg(all(test, unix))] fn f() { std::fs::read(x); }",
        "use std::fs; fn f(x: fs::FileType) {}",
        "pub use std::net; fn f(x: net::IpAddr) {}",
        "extern \"C\" fn f() {}",
        "fn f(x: &Self) { x.std.fs.read(); }",
    ] {
        assert_eq!(of_library(text), [""; 0], "{text}");
    }
}

#[test]
fn known_packages_count_by_the_names_that_the_manifest_gives_them() {
    let library = [(
        "src/lib.rs",
        "fn f() { web::get(x); ureq::get(x); let cc = 1; cc; }",
    )];
    assert_eq!(abilities("", &library), [""; 0]);
    let manifest = "[dependencies]\nweb = { package = \"ureq\", version = \"1\" }\ncc = \"1\"\n";
    let expected = ["library network web::get at src/lib.rs:1"];
    assert_eq!(abilities(manifest, &library), expected);
    let manifest = "[target.'cfg(unix)'.dependencies]\nureq = \"1\"\n";
    let expected = ["library network ureq::get at src/lib.rs:1"];
    assert_eq!(abilities(manifest, &library), expected);
}

#[test]
fn code_is_whose_root_leads_to_it() {
    let net = "fn f(x: std::net::TcpStream) {}";
    let files = [
        ("build.rs", "mod helper; #[path = \"tools/env.rs\"] mod e;"),
        (
            "helper.rs",
            "fn f() { std::process::Command::new(\"git\"); }",
        ),
        ("tools/env.rs", "fn f() { std::env::var(\"HOME\"); }"),
        (
            "src/lib.rs",
            "mod inner; #[cfg(test)] mod tests; include!(\"part.in\");",
        ),
        ("src/inner.rs", "mod deep;"),
        ("src/inner/deep.rs", "fn f() { std::fs::read(x); }"),
        ("src/part.in", "extern \"C\" { fn f(); }"),
        ("src/tests.rs", "mod more;"),
        ("src/tests/more.rs", net),
        ("src/main.rs", "mod only;"),
        ("src/only.rs", net),
        ("src/bin/tool.rs", net),
        ("tests/t.rs", net),
        ("examples/e.rs", net),
        ("benches/b.rs", net),
    ];
    let expected = [
        "build-script processes std::process::Command::new(\"git\") at helper.rs:1",
        "build-script environment std::env::var at tools/env.rs:1",
        "library files std::fs::read at src/inner/deep.rs:1",
        "library foreign extern at src/part.in:1",
    ];
    assert_eq!(abilities("", &files), expected);
    let found = abilities("[lib]\nproc-macro = true\n", &[("src/lib.rs", net)]);
    assert_eq!(
        found,
        ["proc-macro network std::net::TcpStream at src/lib.rs:1"]
    );
    // A module may use what the one around it has brought in.
    let files = [
        ("src/lib.rs", "use std::net; mod inner;"),
        ("src/inner.rs", "use super::*; fn f(x: net::UdpSocket) {}"),
    ];
    let expected = ["library network std::net at src/lib.rs:1"];
    assert_eq!(abilities("", &files), expected);
    // A macro may declare the module.
    let files = [("src/lib.rs", "modules!(hidden);"), ("src/hidden.rs", net)];
    let expected = ["library network std::net::TcpStream at src/hidden.rs:1"];
    assert_eq!(abilities("", &files), expected);
}

#[test]
fn a_build_script_is_known_by_all_its_sources() {
    let of = |helper: &str| {
        let mut packing = package();
        packing.file("parser-1.0.0/build.rs", "mod helper;");
        packing.file("parser-1.0.0/helper.rs", helper);
        read(&packing.packed()).build_script.unwrap()
    };
    assert_eq!(of("a").path, "build.rs");
    assert_eq!(of("a"), of("a"));
    assert_ne!(of("a"), of("b"));
    let none = MANIFEST.to_owned() + "build = false\n";
    let mut packing = Packing::default();
    packing.file("parser-1.0.0/Cargo.toml", none);
    packing.file("parser-1.0.0/build.rs", "");
    assert_eq!(read(&packing.packed()).build_script, None);
}

#[test]
fn the_index_and_the_manifest_are_held_against_each_other() {
    use crate::knowledge::registry::entry;
    let line = r#"{"name":"parser","vers":"1.0.0","cksum":"aa","links":"z","deps":[
        {"name":"b","package":"c","req":"^1.2","features":["y","x"],"optional":true,"default_features":false,"target":"cfg(unix)","kind":"normal"},
        {"name":"d","req":"^0.1.3","features":[],"optional":false,"default_features":true,"target":null,"kind":"build"},
        {"name":"t","req":"*","features":[],"optional":false,"default_features":true,"target":null,"kind":"dev"}],
        "features":{"old":["b"]},"features2":{"new":["dep:b"]}}"#.replace('\n', "");
    let manifest = "links = \"z\"\n[features]\nold = [\"b\"]\nnew = [\"dep:b\"]\n\
        [target.\"cfg( unix )\".dependencies.b]\npackage = \"c\"\nversion = \"1.2\"\noptional = true\n\
        default-features = false\nfeatures = [\"x\", \"y\"]\n[build-dependencies]\nd = \"0.1.3\"\n\
        [dev-dependencies]\nother = \"3\"\n";
    let index = entry(line.as_bytes(), "parser", &Version::new(1, 0, 0));
    let index = index.unwrap().unwrap().declared;
    let differs = |manifest: &str| {
        let mut packing = Packing::default();
        packing.file("parser-1.0.0/Cargo.toml", format!("{MANIFEST}{manifest}"));
        let facts = read(&packing.packed());
        differences(&index, &facts.manifest.unwrap().declared)
    };
    assert_eq!(differs(manifest), [""; 0]);
    for (from, to, expected) in [
        ("links = \"z\"\n", "", 1),
        ("\"0.1.3\"", "\"0.1.4\"", 2),
        ("optional = true", "optional = false", 2),
        ("default-features = false\n", "", 2),
        ("[\"x\", \"y\"]", "[\"x\"]", 2),
        ("package = \"c\"", "package = \"e\"", 2),
        ("old = [\"b\"]", "old = []", 2),
        (
            "[build-dependencies]",
            "[build-dependencies]\nmore = \"1\"",
            1,
        ),
    ] {
        let manifest = manifest.replace(from, to);
        assert_eq!(differs(&manifest).len(), expected, "{from}");
    }
}

#[test]
fn severe_is_what_runs_during_builds_and_reaches_out() {
    let of = |files: &[(&str, &str)]| {
        let mut packing = package();
        for (path, text) in files {
            packing.file(&format!("parser-1.0.0/{path}"), text);
        }
        let found = read(&packing.packed()).capabilities;
        found.iter().any(capability::Capability::is_severe)
    };
    assert!(of(&[("build.rs", "fn f(x: std::net::TcpStream) {}")]));
    assert!(of(&[(
        "build.rs",
        "fn f() { std::process::Command::new(\"sh\"); }"
    )]));
    assert!(!of(&[(
        "build.rs",
        "fn f() { std::process::Command::new(rustc); std::fs::read(x); }"
    )]));
    assert!(!of(&[("src/other.rs", "fn f(x: std::net::TcpStream) {}")]));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in 0_usize..4000) {
        read(&bytes);
        read(&packed(&bytes));
        // A good archive, overwritten at a place.
        let mut stream = package().stream;
        let at = at.min(stream.len());
        for (own, byte) in stream[at..].iter_mut().zip(&bytes) {
            *own ^= byte;
        }
        read(&packed(&stream));
    }

    #[test]
    fn any_text_is_code(text in "[a-z:{}*;,() ]{0,80}|(use |std|::|net|\\{|\\}|\\*|as | x|;|TcpStream){0,30}") {
        of_library(&text);
    }
}
