//! Binaries, whole, damaged and hostile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod samples;

use carapace_core::finding::Confidence;
use carapace_core::graph::binary::{Binary, Limits, Origin, read};
use carapace_core::graph::paths::{Budget, Dependents};
use carapace_core::graph::units::Role;
use carapace_core::graph::{Graph, Problem};
use object::{Architecture, BinaryFormat, Endianness};

use samples::{LISTED, PATH, Section, archive, each, elf, mach_o, packed, pe, universal, wasm};

fn binary(bytes: &[u8]) -> Binary {
    let binary = read(bytes, Limits::default()).unwrap();
    assert_sound(&binary);
    binary
}

/// What must hold of every binary.
fn assert_sound(binary: &Binary) {
    let graph = &binary.graph;
    let count = graph.packages().len();
    assert_eq!(binary.roles.len(), count);
    assert_eq!(binary.provenance.origins.len(), count);
    let dependents = Dependents::new(graph);
    for (index, _) in graph.iter() {
        assert!(graph.depends_on(index).all(|on| graph.get(on).is_some()));
        let _ = dependents.paths(index, &mut Budget::default());
    }
    assert!(
        graph
            .members()
            .iter()
            .all(|member| graph.get(*member).is_some())
    );
    assert!(
        count > 0 || is_blocked(binary),
        "nothing known, nothing said"
    );
}

fn is_blocked(binary: &Binary) -> bool {
    binary.gaps.iter().any(|gap| gap.blocking)
}

fn reasons(binary: &Binary) -> String {
    let reasons: Vec<&str> = binary.gaps.iter().map(|gap| gap.reason.as_str()).collect();
    reasons.join("\n")
}

fn names(graph: &Graph) -> Vec<String> {
    let packages = graph.packages().iter();
    packages
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

fn edges(graph: &Graph) -> Vec<(usize, usize)> {
    let edges = graph.iter().flat_map(|(from, _)| {
        let on = graph.dependencies(from).iter();
        on.map(move |on| (from.get(), on.get()))
    });
    edges.collect()
}

/// An ELF whose audit data lists these packages.
fn listing(packages: &str) -> Vec<u8> {
    elf(&[(
        ".dep-v0",
        &packed(&format!("{{\"packages\":[{packages}]}}")),
    )])
}

#[test]
fn audit_data_is_found_in_every_format() {
    for (what, bytes) in each(&packed(LISTED)) {
        let binary = binary(&bytes);
        assert!(
            binary.is_rust && binary.gaps.is_empty(),
            "{what}: {:?}",
            binary.gaps
        );
        let expected = [
            "app 0.1.0",
            "parser 1.2.0",
            "scripts 1.2.0-rc.1+b",
            "fork 1.2.0",
            "own 1.2.0",
        ];
        assert_eq!(names(&binary.graph), expected, "{what}");
        let role = |at: usize| binary.roles[at].iter().collect::<Vec<_>>();
        assert_eq!(
            (role(1), role(2)),
            (vec![Role::Runtime], vec![Role::Build]),
            "{what}"
        );
        let packages = binary.graph.packages();
        assert!(packages[1].is_crates_io() && !packages[3].is_crates_io());
        assert!(packages[0].source.is_none() && packages[4].source.is_some());
        let origins = &binary.provenance.origins;
        assert_eq!(origins[1], Origin::AuditData { build_only: false });
        assert_eq!(origins[2], Origin::AuditData { build_only: true });
        let members: Vec<usize> = binary.graph.members().iter().map(|m| m.get()).collect();
        assert_eq!(members, [0], "{what}");
        assert_eq!(edges(&binary.graph), [(0, 1), (0, 2), (2, 1)], "{what}");
    }
}

#[test]
fn lists_of_several_slices_become_one() {
    let list = |packages: &str| packed(&format!("{{\"packages\":[{packages}]}}"));
    let app = r#"{"name":"app","version":"1.0.0","source":"local","root":true,"dependencies":[1]}"#;
    let build = r#"{"name":"a","version":"1.0.0","source":"crates.io","kind":"build"}"#;
    let runtime = r#"{"name":"a","version":"1.0.0","source":"crates.io"}"#;
    let other = r#"{"name":"b","version":"1.0.0","source":"crates.io"}"#;
    let first = list(&format!("{app},{build}"));
    let second = list(&format!("{app},{other},{runtime}"));
    let slices = [
        mach_o(&[(".dep-v0", &first)]),
        mach_o(&[(".dep-v0", &second)]),
    ];
    let linked = [first.clone(), vec![0; 7], second.clone(), vec![0; 3]].concat();
    for bytes in [universal(&slices), elf(&[(".dep-v0", &linked)])] {
        let binary = binary(&bytes);
        assert_eq!(names(&binary.graph), ["app 1.0.0", "a 1.0.0", "b 1.0.0"]);
        assert_eq!(edges(&binary.graph), [(0, 1), (0, 2)]);
        assert_eq!(binary.graph.members().len(), 1);
        // What one of them has in it is in the file.
        assert_eq!(
            binary.provenance.origins[1],
            Origin::AuditData { build_only: false }
        );
    }
}

#[test]
fn lists_that_make_no_sense_are_read_as_far_as_they_do() {
    let package = |name: &str, rest: &str| {
        format!(r#"{{"name":"{name}","version":"1.0.0","source":"crates.io"{rest}}}"#)
    };
    // In a circle, without a root.
    let circle = [
        package("a", r#","dependencies":[1]"#),
        package("b", r#","dependencies":[0,1]"#),
    ];
    let read = binary(&listing(&circle.join(",")));
    assert_eq!(edges(&read.graph), [(0, 1), (1, 0), (1, 1)]);
    // A place that is none.
    let read = binary(&listing(&package(
        "a",
        r#","dependencies":[1,18446744073709551615]"#,
    )));
    let problems = read.graph.problems.iter();
    let texts = problems.map(|problem| match problem {
        Problem::Dependency { text, .. } => text.as_str(),
        Problem::Duplicate { .. } => panic!(),
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["1"]);
    // The same twice.
    let twice = [package("a", ""), package("a", r#","kind":"build""#)];
    let read = binary(&listing(&twice.join(",")));
    assert_eq!(names(&read.graph), ["a 1.0.0"]);
    // What is added later, and words that are not known.
    let read = binary(&listing(&package("a", r#","kind":"test","new":[{}]"#)));
    assert!(read.gaps.is_empty() && read.roles[0].contains(Role::Runtime));
    let version = r#"{"name":"a","version":"one","source":"crates.io"}"#;
    let read = binary(&listing(&format!(
        "{version},{}",
        package("b", r#","dependencies":[0]"#)
    )));
    assert_eq!(names(&read.graph), ["b 1.0.0"]);
    assert!(is_blocked(&read) && reasons(&read).contains("`one`"));
    assert!(is_blocked(&binary(&listing(""))));
}

#[test]
fn what_paths_name_and_the_list_does_not_is_a_gap() {
    let of = |path: &str| {
        let data = packed(LISTED);
        binary(&elf(&[(".dep-v0", &data), (".rodata", path.as_bytes())]))
    };
    assert_eq!(reasons(&of(PATH)), "");
    let read = of(&PATH.replace("1.2.0", "1.2.1"));
    assert!(reasons(&read).contains("does not list") && reasons(&read).contains("parser 1.2.1"));
    assert!(!is_blocked(&read));
    // They are judged.
    assert_eq!(names(&read.graph).last().unwrap(), "parser 1.2.1");
    let origin = read.provenance.origins.last().unwrap();
    assert_eq!(origin.confidence(), Confidence::Medium);
}

#[test]
fn damaged_audit_data_blocks() {
    let whole = packed(LISTED);
    let flipped: Vec<u8> = whole.iter().map(|byte| byte ^ 0x55).collect();
    for data in [
        &whole[..whole.len() / 2],
        &flipped,
        b"",
        &[0; 40],
        &packed("[]"),
        &packed("{"),
        b"{}",
    ] {
        let read = binary(&elf(&[(".dep-v0", data)]));
        assert!(
            read.is_rust && is_blocked(&read),
            "{data:?}: {}",
            reasons(&read)
        );
        assert!(
            reasons(&read).contains("its audit data is"),
            "{}",
            reasons(&read)
        );
    }
    // What paths tell is told all the same.
    let read = binary(&elf(&[(".dep-v0", b"x"), (".rodata", PATH.as_bytes())]));
    assert_eq!(names(&read.graph), ["parser 1.2.0"]);
    assert!(is_blocked(&read));
}

#[test]
fn no_more_is_unpacked_than_is_allowed() {
    let spaces = format!("{}{}", " ".repeat(64 << 20), r#"{"packages":[]}"#);
    let bomb = packed(&spaces);
    assert!(bomb.len() < 100_000);
    let of_bomb = elf(&[(".dep-v0", &bomb)]);
    let read = binary(&of_bomb);
    assert!(is_blocked(&read) && reasons(&read).contains("--audit-data-size-limit"));
    let all = Limits {
        audit_data: usize::MAX,
    };
    let unlimited = carapace_core::graph::binary::read(&of_bomb, all).unwrap();
    assert!(reasons(&unlimited).contains("lists no package"));
    // Nor over many sections, each within the limit.
    let half = packed(&format!("{}{LISTED}", " ".repeat(5 << 20)));
    let many: Vec<Section<'_>> = vec![(".dep-v0", &half); 30];
    let read = binary(&elf(&many));
    assert!(is_blocked(&read) && reasons(&read).contains("--audit-data-size-limit"));
    assert_eq!(read.graph.packages().len(), 5);
    let list = packed(LISTED);
    let many: Vec<Section<'_>> = vec![(".dep-v0", &list); 100];
    let read = binary(&elf(&many));
    assert!(is_blocked(&read) && reasons(&read).contains("more than 64"));
}

#[test]
fn cut_and_lying_files_are_told_and_never_too_much() {
    for (what, whole) in each(&packed(LISTED)) {
        for length in 0..whole.len() {
            if let Some(read) = read(&whole[..length], Limits::default()) {
                assert_sound(&read);
                let is_known = read.graph.packages().len() == 5 || is_blocked(&read);
                assert!(is_known, "{what}, {length}: {}", reasons(&read));
            }
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut lying = whole.clone();
                lying[at] = byte;
                if let Some(read) = read(&lying, Limits::default()) {
                    assert_sound(&read);
                }
            }
        }
    }
    for bytes in [
        &b""[..],
        b"MZ",
        b"\x7fELF",
        b"{}",
        b"\xca\xfe\xba\xbe\0\0\0\x34class",
    ] {
        if let Some(read) = read(bytes, Limits::default()) {
            assert!(is_blocked(&read), "{bytes:?}");
        }
    }
    assert_eq!(
        read(b"\xca\xfe\xba\xbe\0\0\0\x34class", Limits::default()).map(|_| ()),
        None
    );
}

/// The packages that a path gives, each with how sure that is.
fn recovered(text: &str) -> Vec<(String, Confidence)> {
    let read = binary(&elf(&[(".rodata", text.as_bytes())]));
    let origins = read.provenance.origins.iter().map(Origin::confidence);
    names(&read.graph).into_iter().zip(origins).collect()
}

#[test]
fn paths_name_packages() {
    use Confidence::{Low, Medium};
    let hash = "index.crates.io-1949cf8c6b5b557f";
    for (path, name, confidence) in [
        (PATH.to_owned(), "parser 1.2.0", Medium),
        (format!("x{PATH}y"), "parser 1.2.0", Medium),
        (
            "/x/registry/src/github.com-1ecc6299db9ec823/a-1.0.0/lib.rs".into(),
            "a 1.0.0",
            Medium,
        ),
        (
            format!("registry/src/{hash}/foo-1-0.2.0/src/lib.rs"),
            "foo-1 0.2.0",
            Medium,
        ),
        (
            format!("registry/src/{hash}/foo-2x-0.2.0-rc.1/src/lib.rs"),
            "foo-2x 0.2.0-rc.1",
            Medium,
        ),
        (
            format!("registry/src/{hash}/zstd-sys-2.0.9+zstd.1.5.5/src/lib.rs"),
            "zstd-sys 2.0.9+zstd.1.5.5",
            Medium,
        ),
        (
            format!("registry/src/{hash}/a-1.0.0-alpha-2.3/src/lib.rs"),
            "a 1.0.0-alpha-2.3",
            Medium,
        ),
        (
            format!("C:\\Users\\u\\.cargo\\registry\\src\\{hash}\\winapi-0.3.9\\src\\lib.rs"),
            "winapi 0.3.9",
            Medium,
        ),
        (
            format!("C:\\u\\registry\\src\\{hash}\\winapi-0.3.9\\src/macros.rs"),
            "winapi 0.3.9",
            Medium,
        ),
        // What `--remap-path-prefix` leaves.
        (format!("/deps/{hash}/a-1.0.0/src/x.rs"), "a 1.0.0", Medium),
        (
            "registry/src/my.registry-0123456789abcdef/a-1.0.0/src/x.rs".into(),
            "a 1.0.0",
            Low,
        ),
        ("/build/vendor/a-1.0.0/src/x.rs".into(), "a 1.0.0", Low),
        (
            "/usr/share/cargo/registry/a-1.0.0/src/x.rs".into(),
            "a 1.0.0",
            Low,
        ),
        (
            "/rust/deps/hashbrown-0.15.2/src/raw/mod.rs".into(),
            "hashbrown 0.15.2",
            Low,
        ),
    ] {
        assert_eq!(recovered(&path), [(name.to_owned(), confidence)], "{path}");
    }
    for nothing in [
        "registry/src/x/a-1.0/src/lib.rs",
        "registry/src/x/-1.0.0/src/lib.rs",
        "registry/src/x/a b-1.0.0/src/lib.rs",
        "registry/src/x/a-1.0.0",
        "registry/src",
        "/vendor/parser/src/lib.rs",
        "/home/u/app-1.0.0/src/notes.txt",
        "src",
    ] {
        assert_eq!(recovered(nothing), [], "{nothing}");
    }
    // One package, of many paths the surest.
    let both = format!("/build/vendor/parser-1.2.0/src/x.rs\0{PATH}");
    assert_eq!(recovered(&both), [("parser 1.2.0".to_owned(), Medium)]);
}

#[test]
fn what_paths_do_not_tell_is_a_gap() {
    let text = format!("{PATH}\0/c/git/checkouts/fork-0123456789abcdef/ab12cd3/src/lib.rs");
    let read = binary(&elf(&[(".rodata", text.as_bytes())]));
    assert!(!is_blocked(&read));
    let said = reasons(&read);
    assert!(
        said.contains("probably more") && said.contains("fork-0123456789abcdef/ab12cd3"),
        "{said}"
    );
    let std = "/rustc/59807616e0cdb7cb5e09d4ff5d0c2e3e3f3f3f3f/library/core/src/panicking.rs";
    let read = binary(&elf(&[(".rodata", std.as_bytes())]));
    assert!(read.is_rust && is_blocked(&read));
    assert!(reasons(&read).contains("59807616e0cdb7cb5e09d4ff5d0c2e3e3f3f3f3f"));
    let read = binary(&elf(&[(".rodata", b"Hello, world!")]));
    assert!(!read.is_rust && is_blocked(&read));
    assert!(reasons(&read).contains("no sign of Rust"));
    // Many that make no sense are no work.
    let many = "/src".repeat(1 << 20);
    binary(&elf(&[(".rodata", many.as_bytes())]));
}

#[test]
fn architecture_and_system_are_read() {
    let runs_on = |bytes: &[u8]| binary(bytes).provenance.runs_on;
    let linux = {
        let mut bytes = elf(&[]);
        bytes[7] = 3;
        runs_on(&bytes)
    };
    assert_eq!(
        (linux.architectures, linux.systems),
        (vec!["x86_64"], vec!["linux"])
    );
    let netbsd = {
        let mut bytes = elf(&[]);
        bytes[7] = 2;
        runs_on(&bytes)
    };
    assert_eq!(netbsd.systems, ["netbsd"]);
    // Where it does not say, it is any of those that have this format.
    let some = runs_on(&elf(&[])).systems;
    assert!(some.contains(&"linux") && some.contains(&"netbsd") && !some.contains(&"windows"));
    let windows = runs_on(&pe(&[]));
    assert!(windows.architectures.contains(&"x86_64") && windows.systems.contains(&"windows"));
    assert!(!windows.systems.contains(&"linux"));
    let mac = runs_on(&mach_o(&[]));
    assert_eq!(mac.architectures, ["aarch64"]);
    assert!(mac.systems.contains(&"macos") && !mac.systems.contains(&"linux"));
    assert_eq!(
        runs_on(&wasm("wasi_snapshot_preview1", &[])).systems,
        ["wasi"]
    );
    assert!(runs_on(&wasm("env", &[])).systems.contains(&"unknown"));
    for (architecture, endian, name) in [
        (Architecture::Aarch64, Endianness::Little, "aarch64"),
        (Architecture::Arm, Endianness::Little, "arm"),
        (Architecture::I386, Endianness::Little, "x86"),
        (Architecture::PowerPc64, Endianness::Big, "powerpc64"),
        (Architecture::Riscv64, Endianness::Little, "riscv64"),
        (Architecture::S390x, Endianness::Big, "s390x"),
    ] {
        let bytes = samples::object_file(BinaryFormat::Elf, architecture, endian, &[]);
        assert_eq!(runs_on(&bytes).architectures, [name]);
    }
    let unknown = {
        let mut bytes = elf(&[]);
        bytes[18..20].copy_from_slice(&[0xee, 0xee]);
        runs_on(&bytes)
    };
    assert_eq!(unknown.architectures, [""; 0]);
    let two = archive(&[elf(&[]), samples::coff(&[])]);
    assert!(runs_on(&two).systems.contains(&"linux"));
}

#[test]
fn the_compiler_is_the_one_that_is_named() {
    let rustc = |comment: &[u8]| {
        let read = binary(&elf(&[(".comment", comment), (".rodata", PATH.as_bytes())]));
        (
            read.rustc.map(|version| version.to_string()),
            read.gaps.len(),
        )
    };
    let gcc = b"GCC: (Debian 14.2.0) 14.2.0\0rustc version 1.95.0 (59807616e 2026-04-14)\0";
    assert_eq!(rustc(gcc), (Some("1.95.0".to_owned()), 1));
    let nightly = b"rustc version 1.96.0-nightly (0123 2026-03-01)";
    assert_eq!(rustc(nightly).0.unwrap(), "1.96.0-nightly");
    let twice = b"rustc version 1.95.0 (x)\0rustc version 1.95.0 (x)";
    assert_eq!(rustc(twice).0.unwrap(), "1.95.0");
    // Of several it is not known which one wrote what.
    let several = b"rustc version 1.95.0 (x)\0rustc version 1.94.0 (x)";
    assert_eq!(rustc(several), (None, 2));
    assert_eq!(rustc(b"rustc version one"), (None, 1));
    let producers = [
        &b"\x01\x0cprocessed-by\x01\x05rustc\x1d"[..],
        b"1.95.0 (59807616e 2026-04-14)",
    ]
    .concat();
    let read = binary(&wasm("env", &[("producers", &producers)]));
    assert_eq!(read.rustc.unwrap().to_string(), "1.95.0");
}
