//! What is no lockfile, and machines that are not as they should be.

use std::fs;
use std::io::Read;
use std::thread;

use crate::support::run::{World, entry, found, gap, in_time, lock};

/// What is said of the project's lockfile with this content, on its own.
fn refused(content: &[u8], texts: &[&str]) {
    let world = World::with_lock(&[]);
    world.write("project/Cargo.lock", content);
    world.write("project/good.lock", lock(&[("parser", "1.2.0")]));
    for arguments in [&[][..], &["-f", "Cargo.lock"]] {
        let output = world.audit(arguments).exits(2);
        output.says(texts).says(&["error: Cargo.lock: "]);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.len() < 2_000, "{}", output.stderr.len());
    }
    // Beside another one, that one is judged.
    let document = world
        .audit(&["-f", "Cargo.lock", "-f", "good.lock"])
        .json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    assert!(gap(&document, "input", &["Cargo.lock"]));
    let output = world.audit(&["-"]).stdin(content).exits(2);
    output.says(texts);
}

#[test]
fn an_empty_file() {
    refused(b"", &["not a lockfile, or an empty one"]);
    refused(b"\n# nothing\n", &["not a lockfile, or an empty one"]);
}

#[test]
fn not_toml() {
    refused(b"version = 4\n<html>", &["line 2", "not a lockfile"]);
    refused(
        b"[dependencies]\na = \"1\"\n",
        &["not a lockfile, or an empty one"],
    );
    refused(b"package = 1\n", &["line 1", "not a lockfile"]);
}

#[test]
fn a_version_that_is_not_known() {
    refused(b"version = 99\n", &["line 1", "version 99"]);
    refused(b"version = -1\n", &["line 1", "version -1"]);
}

#[test]
fn fifty_megabytes_of_nonsense() {
    let mut state = 1_u64;
    let mut nonsense = Vec::with_capacity(50 << 20);
    while nonsense.len() < 50 << 20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        nonsense.extend((state >> 32).to_le_bytes());
    }
    let world = World::with_lock(&[]);
    world.write("project/Cargo.lock", &nonsense);
    let output = world.audit(&["Cargo.lock"]).exits(2);
    output.says(&["Cargo.lock", "is larger than"]);
    let output = world.audit(&["-"]).stdin(&nonsense).exits(2);
    output.says(&["-: larger than"]);
}

#[test]
fn nesting_without_end() {
    let open = "[".repeat(1 << 20);
    refused(format!("version = {open}").as_bytes(), &["not a lockfile"]);
    let tables = "a={".repeat(1 << 20);
    refused(
        format!("version = 4\n{tables}").as_bytes(),
        &["not a lockfile"],
    );
}

#[test]
fn invalid_utf8() {
    refused(b"version = 4\n\xff\xfe", &["not UTF-8"]);
}

#[test]
fn versions_and_sources_that_are_none() {
    let text = lock(&[("parser", "1.2")]);
    refused(text.as_bytes(), &["line 11", "`parser`", "`1.2`"]);
    let text = lock(&[]) + &entry("parser", "1.2.0", Some("ftp+x"));
    refused(text.as_bytes(), &["`parser`", "`ftp+x`"]);
}

#[test]
fn a_duplicate_package_is_judged_twice_and_told() {
    let world = World::with_lock(&[]);
    let text = lock(&[("parser", "1.2.0"), ("parser", "1.2.0")]);
    let document = world.audit(&["-"]).stdin(text).json(1);
    assert_eq!(
        document["findings"][0]["advisory"]["id"],
        "RUSTSEC-2026-0001"
    );
    assert!(!gap(
        &document,
        "graph",
        &["parser@1.2.0", "more than once"]
    ));
}

#[test]
fn a_dependency_that_is_not_there_is_told() {
    let world = World::with_lock(&[]);
    let text = lock(&[("parser", "1.2.0")]).replace(" \"parser\",", " \"absent\",");
    let document = world.audit(&["-"]).stdin(text).json(1);
    assert_eq!(found(&document), ["RUSTSEC-2026-0001 parser@1.2.0"]);
    assert!(!gap(&document, "graph", &["app@0.1.0", "`absent`"]));
}

#[test]
fn a_folder_and_what_is_not_there() {
    let world = World::with_lock(&[]);
    fs::create_dir(world.path("project/x.lock")).unwrap();
    let output = world.audit(&["-f", "x.lock"]).exits(2);
    output.says(&["x.lock", "is a folder"]);
    let output = world.audit(&["-f", "y.lock"]).exits(2);
    output.says(&["y.lock", "does not exist"]);
    let output = world.audit(&["y.lock"]).exits(2);
    output.says(&["y.lock", "does not exist"]);
    fs::remove_file(world.path("project/Cargo.lock")).unwrap();
    fs::create_dir(world.path("project/Cargo.lock")).unwrap();
    for arguments in [&[][..], &["-r"]] {
        let output = world.audit(arguments).exits(2);
        output.says(&["Cargo.lock", "is a folder"]);
    }
}

#[cfg(unix)]
#[test]
fn fifos_and_devices_are_not_opened() {
    let world = World::with_lock(&[]);
    let fifo = world.path("project/x.lock");
    crate::support::run::fifo(&fifo);
    for arguments in [&["-f", "x.lock"][..], &["x.lock"]] {
        world
            .audit(arguments)
            .exits(2)
            .says(&["x.lock", "is a FIFO"]);
    }
    let output = world.audit(&["/dev/zero"]).exits(2);
    output.says(&["/dev/zero", "is a device"]);
    // Also as a project's own lockfile, and as its manifest.
    fs::remove_file(world.path("project/Cargo.lock")).unwrap();
    fs::rename(&fifo, world.path("project/Cargo.lock")).unwrap();
    world.audit(&[]).exits(2).says(&["Cargo.lock", "is a FIFO"]);
    world
        .audit(&["-r"])
        .exits(2)
        .says(&["Cargo.lock", "is a FIFO"]);
    fs::remove_file(world.path("project/Cargo.toml")).unwrap();
    fs::rename(
        world.path("project/Cargo.lock"),
        world.path("project/Cargo.toml"),
    )
    .unwrap();
    world.audit(&[]).exits(2).says(&["Cargo.toml", "is a FIFO"]);
}

#[test]
fn one_bad_lockfile_among_several() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.write("project/a/Cargo.lock", "nonsense");
    world.write("project/b/Cargo.lock", lock(&[("other", "1.0.0")]));
    let document = world.audit(&["-r"]).json(3);
    assert_eq!(document["verdict"], "incomplete");
    assert!(gap(&document, "input", &["a/Cargo.lock", "not a lockfile"]));
    let inputs = document["inputs"].as_array().unwrap();
    let verdicts: Vec<_> = inputs.iter().map(|i| (&i["path"], &i["verdict"])).collect();
    assert_eq!(verdicts.len(), 2);
    // What could be looked at whole is not in doubt.
    assert!(
        verdicts.iter().all(|(_, verdict)| *verdict == "pass"),
        "{verdicts:?}"
    );
    let output = world.audit(&["-r"]).exits(3);
    output.shows(&["error: incomplete: input: ", "a/Cargo.lock"]);
}

#[test]
fn a_reader_that_goes_away() {
    let packages: Vec<String> = (0..5_000).map(|n| format!("p{n}")).collect();
    let packages: Vec<(&str, &str)> = packages.iter().map(|name| (&**name, "1.0.0")).collect();
    let world = World::with_lock(&packages);
    world.advisory("RUSTSEC-2026-0002", "p7", "");
    for format in ["json", "human", "sarif", "github", "cargo-audit"] {
        let run = world.audit(&["--format", format]);
        let mut child = run.command().spawn().unwrap();
        drop(child.stdin.take());
        let mut stdout = child.stdout.take().unwrap();
        let mut first = [0; 10];
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        assert_eq!(in_time(&mut child).code(), Some(1), "{format}");
        let said = stderr.join().unwrap();
        assert!(
            !said.contains("panicked") && !said.contains("error"),
            "{said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written() {
    let world = World::with_lock(&[]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut child = world.audit(&[]).command().stdout(full).spawn().unwrap();
    drop(child.stdin.take());
    assert_eq!(in_time(&mut child).code(), Some(2));
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(said.starts_with("error: standard output: "), "{said}");
}

#[test]
fn a_home_that_is_missing_or_no_folder_or_not_set() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.write("file", "");
    let (file, missing) = (world.path("file"), world.path("missing"));
    for database in [true, false] {
        let run = || match database {
            true => world.audit(&[]),
            false => world.plain(&["audit", "-n"]),
        };
        let homeless = run().set("HOME", &missing);
        homeless.unset("CARAPACE_CACHE_DIR").exits(0);
        assert!(!missing.exists());
        for home in [&file, &world.path("no home")] {
            let run = run()
                .set("HOME", home)
                .set("CARGO_HOME", home.join("cargo"));
            run.unset("CARAPACE_CACHE_DIR").exits(0);
        }
        let run = run().unset("HOME").unset("CARGO_HOME");
        run.unset("CARAPACE_CACHE_DIR").exits(0);
    }
}

#[test]
fn a_cache_that_is_a_file() {
    let world = World::with_lock(&[("other", "1.0.0")]);
    world.write("file", "content");
    let server = crate::support::index::index(&[("other", &["1.0.0"])]);
    let file = world.path("file");
    let online = world.online(&["--registry-index", &server.url("/")]);
    online.set("CARAPACE_CACHE_DIR", &file).exits(0);
    world.audit(&[]).set("CARAPACE_CACHE_DIR", &file).exits(0);
    let embedded = world.plain(&["audit", "-n"]);
    embedded.set("CARAPACE_CACHE_DIR", &file).exits(0);
    let update = world
        .plain(&["db", "update", "--allow-older", "--source"])
        .arg(world.path("db"));
    let output = update.set("CARAPACE_CACHE_DIR", &file).exits(2);
    output.says(&[file.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(file).unwrap(), "content");
}

#[cfg(unix)]
#[test]
fn names_of_files_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::with_lock(&[]);
    let name = std::ffi::OsStr::from_bytes(b"\xff\x1b[31m.lock");
    fs::write(
        world.path("project").join(name),
        lock(&[("parser", "1.2.0")]),
    )
    .unwrap();
    let output = world.audit(&[]).arg(name).exits(1);
    assert!(!output.stdout.contains('\x1b'));
    fs::write(world.path("project").join(name), "").unwrap();
    let output = world.audit(&[]).arg(name).exits(2);
    assert!(!output.stderr.contains('\x1b'), "{output:#?}");
}

/// What is quadratic or worse in a graph shows itself here.
#[test]
fn graphs_that_want_to_grow() {
    let world = World::with_lock(&[]);
    let crates_io = Some(crate::support::run::CRATES_IO);
    let depends = |on: &str| format!("dependencies = [\n \"{on}\",\n]\n");
    let chain = |length: usize| -> String {
        let name = |n: usize| match n == length {
            true => "parser".to_owned(),
            false => format!("p{n}"),
        };
        let links =
            (0..length).map(|n| entry(&name(n), "1.0.0", crates_io) + &depends(&name(n + 1)));
        links.collect::<String>() + &entry("parser", "1.2.0", crates_io)
    };
    let member = |n: usize| entry(&format!("m{n}"), "0.1.0", None) + &depends("p0");
    let many: String = (0..500).map(member).collect();
    for text in [member(0) + &chain(20_000), many + &chain(500)] {
        let text = format!("version = 4\n{text}");
        for format in ["human", "json", "sarif", "github", "cargo-audit"] {
            let output = world
                .audit(&["-", "--format", format])
                .stdin(&text)
                .exits(1);
            assert!(output.stdout.len() < 100 << 20, "{format}");
            output.shows(&["RUSTSEC-2026-0001"]);
        }
    }
}
