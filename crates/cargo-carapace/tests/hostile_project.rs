//! Projects that try to have a program run, to hold the reader up, or to have
//! it read something else. Where it can be shown offline, each is first shown
//! to succeed with plain cargo or git.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cargo_carapace::host::files::{FileError, read_found, read_regular, within};
use cargo_carapace::host::resolve::ResolveError;
use cargo_carapace::host::search::{SearchOptions, find_lockfiles};
use cargo_carapace::host::workspace::{ManifestError, ProjectError, discover};
use support::project::{CARGO_CONFIG, asks_the_compiler, hostile, in_time, names_a_toolchain};
use support::registry::{Supplied, statuses};
use support::run::fifo;

/// The address of a registry that wants a token of everyone.
fn registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            for _ in lines.take_while(|line| !line.is_empty()) {}
            let body = format!("{{\"dl\":\"http://{address}/dl\",\"auth-required\":true}}");
            // The provider is asked once the registry has said that it is one.
            let status = if request.contains("config.json") {
                "200 OK"
            } else {
                "401 Unauthorized"
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nwww-authenticate: Cargo login_url=\"http://{address}/\"\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    format!("sparse+http://{address}/")
}

#[test]
fn the_compiler_and_its_wrappers() {
    for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper"] {
        let (fixture, program) = hostile();
        fixture.write(CARGO_CONFIG, &format!("[build]\n{key} = {program:?}\n"));
        asks_the_compiler(&fixture);
        fixture.plain_cargo(&["check", "--offline"]);
        fixture.fires(key);
        let _ = fs::remove_file(fixture.project().join("Cargo.lock"));
        assert!(fixture.survey().unwrap().contains("name = \"x\""), "{key}");
        // The name that cargo knew before.
        fs::rename(
            fixture.project().join(CARGO_CONFIG),
            fixture.project().join(".cargo/config"),
        )
        .unwrap();
        fixture.survey().unwrap();
    }
}

#[test]
fn credential_providers() {
    let index = registry();
    for setting in [
        "credential-provider = [PROGRAM]\n",
        "[registry]\nglobal-credential-providers = [PROGRAM]\n",
    ] {
        let (mut fixture, program) = hostile();
        let setting = setting.replace("PROGRAM", &format!("{program:?}"));
        let evil = format!("[registries.evil]\nindex = {index:?}\n");
        fixture.write(CARGO_CONFIG, &format!("{evil}{setting}"));
        for registry in [
            "registry = \"evil\"".to_owned(),
            format!("registry-index = {index:?}"),
        ] {
            fixture.library(
                ".",
                "x",
                &format!("[dependencies]\ny = {{ version = \"1\", {registry} }}\n"),
            );
            let said = fixture.plain_cargo(&["generate-lockfile"]);
            fixture.fires(&said);

            fixture.offline = false;
            fixture
                .variables
                .insert("CARGO_NET_RETRY", Some("0".into()));
            for (name, value) in [
                ("CARGO_REGISTRIES_EVIL_INDEX", index.clone().into()),
                ("CARGO_REGISTRIES_EVIL_TOKEN", OsString::from("secret")),
                (
                    "CARGO_REGISTRIES_EVIL_CREDENTIAL_PROVIDER",
                    program.clone().into(),
                ),
            ] {
                fixture.variables.insert(name, Some(value));
            }
            let text = fixture.survey().unwrap_err().to_string();
            assert!(text.contains("config.toml` was not used"), "{text}");
        }
    }
}

#[test]
fn a_fix_runs_and_obeys_nothing_of_the_project() {
    let project = Supplied::new("parser = \"0.3\"\n", &["parser 0.3.0"], &["parser 0.4.0"]);
    project.advisory(1, "parser", "\">= 0.4.0\"");
    let canary = project.world.path("canary");
    let program = project.world.path("project/program");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", canary.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let main = format!("fn main() {{ std::fs::write({canary:?}, \"built\").unwrap() }}");
    project.world.write("project/build.rs", main);
    project.cargo(&["check"]);
    assert!(canary.exists(), "the build script is not hostile");
    fs::remove_file(&canary).unwrap();
    project.world.write(
        "project/.cargo/config.toml",
        format!(
            "[build]\nrustc = {program:?}\n[registry]\nglobal-credential-providers = [{program:?}]\n\
             [alias]\nupdate = \"run\"\n[source.here]\nregistry = \"sparse+http://127.0.0.1:9/\"\n"
        ),
    );
    let mut plain = Command::new("cargo");
    plain.current_dir(project.world.path("project"));
    plain
        .args(["check", "--offline"])
        .env("CARGO_HOME", project.world.path("cargo"));
    let _ = plain.stdin(Stdio::null()).output().unwrap();
    assert!(canary.exists(), "the configuration is not hostile");
    fs::remove_file(&canary).unwrap();

    let document = project.fix(0);
    assert_eq!(statuses(&document), ["applied parser@0.3.0"]);
    let canary = fs::read_to_string(&canary);
    assert!(canary.is_err(), "something ran: {canary:?}");
}

/// Programs of the project, started by a new meaning of a command, which find
/// what to do in the environment that the project sets.
#[test]
fn aliases_environments_and_build_scripts() {
    let (fixture, _) = hostile();
    fs::remove_file(fixture.project().join("src/lib.rs")).unwrap();
    let canary = fixture.canary();
    fixture.write(
        CARGO_CONFIG,
        &format!("[alias]\ncarapace = \"run --offline\"\n[env]\nCANARY = {canary:?}\n"),
    );
    let main = "fn main() { std::fs::write(std::env::var(\"CANARY\").unwrap(), file!()).unwrap() }";
    fixture.write("src/main.rs", main);
    let said = fixture.plain_cargo(&["carapace"]);
    fixture.fires(&said);
    fs::remove_file(fixture.project().join("Cargo.lock")).unwrap();
    fixture.survey().unwrap();

    fixture.write("build.rs", main);
    fixture.write("src/main.rs", "fn main() {}");
    let said = fixture.plain_cargo(&["check", "--offline"]);
    fixture.fires(&said);
    fs::remove_file(fixture.project().join("Cargo.lock")).unwrap();
    fixture.survey().unwrap();

    // One that is far away, and would be written over if it were made here.
    let away = fixture.path("away.rs");
    fs::write(&away, "precious").unwrap();
    let deep = fixture.project().join("a/b");
    for build in ["\"../../../away.rs\"", "[\"../../../away.rs\"]"] {
        fixture.library(
            "a/b",
            "deep",
            &format!("build = {build}\nlinks = \"z\"\n[workspace]\n"),
        );
        let _ = discover(&deep, None).unwrap();
        fixture.library(
            ".",
            "x",
            "default-run = \"../../../away\"\n[[bin]]\nname = \"../../away\"\n\
             [dependencies]\ndeep = { path = \"a/b\" }\n",
        );
        let _ = fixture.survey();
        assert_eq!(fs::read_to_string(&away).unwrap(), "precious");
    }
}

#[test]
fn a_toolchain_of_the_project() {
    let (mut fixture, _) = hostile();
    let toolchain = names_a_toolchain(&mut fixture);
    fixture.survey().unwrap();
    // A variable that a shell has taken from the project.
    fixture
        .variables
        .insert("RUSTUP_TOOLCHAIN", Some(toolchain.into()));
    fixture.survey().unwrap();
}

#[test]
fn git_and_its_ssh() {
    let (mut fixture, program) = hostile();
    fs::remove_dir(fixture.project().join(".git")).unwrap();
    let git = |arguments: &[&str]| {
        fixture.plain(Path::new("git"), arguments);
    };
    git(&["init", "--quiet"]);
    git(&["config", "core.sshCommand", program.to_str().unwrap()]);
    git(&["ls-remote", "ssh://127.0.0.1:1/x"]);
    fixture.fires("core.sshCommand");

    fixture.write(CARGO_CONFIG, "[net]\ngit-fetch-with-cli = true\n");
    fixture.library(
        ".",
        "x",
        "[dependencies]\ny = { git = \"ssh://127.0.0.1:1/x\" }\n",
    );
    fixture.offline = false;
    for with_git in ["true", "false"] {
        for (name, value) in [
            ("CARGO_NET_RETRY", OsString::from("0")),
            ("CARGO_NET_GIT_FETCH_WITH_CLI", with_git.into()),
            ("GIT_SSH_COMMAND", program.clone().into()),
            ("GIT_DIR", fixture.project().join(".git").into()),
        ] {
            fixture.variables.insert(name, Some(value));
        }
        let error = fixture.survey().unwrap_err();
        assert!(matches!(error, ResolveError::Failed { .. }), "{error}");
    }
}

#[test]
fn fifos_do_not_hold_anything_up() {
    let (fixture, _) = hostile();
    let manifest = fixture.project().join("Cargo.toml");
    let lockfile = fixture.project().join("Cargo.lock");
    fifo(&lockfile);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut waiting = Command::new(cargo)
        .args(["metadata", "--offline"])
        .current_dir(fixture.project())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let ended = waiting.try_wait().unwrap();
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    assert!(ended.is_none(), "plain cargo waits for the FIFO");

    let found = find_lockfiles(&fixture.project(), &SearchOptions::default());
    assert_eq!(found.files, [] as [PathBuf; 0]);
    assert!(found.gaps[0].1.contains("FIFO"), "{:?}", found.gaps);
    let path = lockfile.clone();
    assert!(matches!(
        in_time(move || read_regular(&path, 10)),
        Err(FileError::NotAFile { what: "FIFO", .. })
    ));
    assert!(fixture.discover().has_lockfile);
    fixture.survey().unwrap();

    // A member, a dependency, and the root itself.
    for rest in [
        "[workspace]\nmembers = [\"m*\"]\n",
        "[dependencies]\nmember = { path = \"member\" }\n",
    ] {
        fixture.library(".", "x", rest);
        fs::create_dir_all(fixture.project().join("member")).unwrap();
        fifo(&fixture.project().join("member/Cargo.toml"));
        assert!(matches!(
            fixture.survey(),
            Err(ResolveError::Manifest(ManifestError::File(
                FileError::NotAFile { what: "FIFO", .. }
            )))
        ));
    }
    fifo(&manifest);
    for start in [manifest, fixture.project(), fixture.project().join("src")] {
        let error = in_time(move || discover(&start, None)).unwrap_err();
        assert!(error.to_string().contains("FIFO"), "{error}");
    }
}

#[test]
fn devices_are_not_read() {
    let (fixture, _) = hostile();
    let zero = Path::new("/dev/zero");
    symlink(zero, fixture.project().join("Cargo.lock")).unwrap();
    let found = find_lockfiles(&fixture.project(), &SearchOptions::default());
    assert!(found.gaps[0].1.contains("device"), "{:?}", found.gaps);
    fixture.survey().unwrap();

    for device in ["/dev/zero", "/dev/stdin", "/dev/tty"] {
        let manifest = fixture.project().join("Cargo.toml");
        fs::remove_file(&manifest).unwrap();
        symlink(device, &manifest).unwrap();
        for start in [manifest, fixture.project()] {
            assert!(in_time(move || discover(&start, None)).is_err());
        }
    }
}

#[test]
fn links_that_leave_the_tree_are_not_followed() {
    let (fixture, _) = hostile();
    let secret = fixture.path("secret");
    fs::create_dir(&secret).unwrap();
    let manifest = "[package]\nname = \"secret\"\nversion = \"1.0.0\"\n";
    fs::write(secret.join("Cargo.toml"), manifest).unwrap();
    fs::write(secret.join("Cargo.lock"), "version = 4\n").unwrap();
    let tree = fixture.project();

    // Lockfiles, themselves and by their folder.
    symlink(secret.join("Cargo.lock"), tree.join("Cargo.lock")).unwrap();
    symlink(&secret, tree.join("linked")).unwrap();
    fixture.write("other/real.lock", "");
    symlink("real.lock", tree.join("other/Cargo.lock")).unwrap();
    let found = find_lockfiles(&tree, &SearchOptions::default());
    assert_eq!(found.files, [tree.join("other/Cargo.lock")]);
    assert_eq!(found.gaps.len(), 1);
    assert!(found.gaps[0].1.contains("leads out"), "{:?}", found.gaps);
    let lockfile = tree.join("Cargo.lock");
    assert!(!within(&tree, &lockfile));
    assert!(matches!(
        read_found(&tree, &lockfile, 100),
        Err(FileError::Leaves { .. })
    ));
    // What the user names may be a link.
    assert!(read_regular(&lockfile, 100).is_ok());

    // Members and dependencies, by a link to the folder or to the manifest.
    fs::create_dir(tree.join("member")).unwrap();
    symlink(secret.join("Cargo.toml"), tree.join("member/Cargo.toml")).unwrap();
    for rest in [
        "[dependencies]\nsecret = { path = \"linked\" }\n",
        "[dependencies]\nsecret = { path = \"member\" }\n",
        "[target.'cfg(any())'.dev-dependencies]\nsecret = { path = \"linked/../linked\" }\n",
        "[workspace]\nmembers = [\"link*\"]\n",
        "[workspace]\nmembers = [\"linked\"]\n",
        "[workspace]\nmembers = [\"m*\"]\n",
        "[patch.crates-io]\nsecret = { path = \"linked\" }\n",
        "[workspace.dependencies]\nsecret = { path = \"member\" }\n",
    ] {
        fixture.library(".", "x", rest);
        assert!(
            matches!(
                fixture.survey(),
                Err(ResolveError::Manifest(ManifestError::File(
                    FileError::Leaves { .. }
                )))
            ),
            "{rest}"
        );
        let names = fixture.discover().members;
        assert!(names.iter().all(|member| member.name == "x"), "{rest}");
    }
    // The same folder, named openly, is a sibling like any other.
    fixture.library(
        ".",
        "x",
        "[dependencies]\nsecret = { path = \"../secret\" }\n",
    );
    fs::create_dir(secret.join("src")).unwrap();
    fs::write(secret.join("src/lib.rs"), "").unwrap();
    assert!(fixture.survey().unwrap().contains("secret"));

    fs::remove_file(tree.join("Cargo.toml")).unwrap();
    symlink(secret.join("Cargo.toml"), tree.join("Cargo.toml")).unwrap();
    assert!(matches!(
        discover(&tree, None),
        Err(ProjectError::Manifest(ManifestError::File(
            FileError::Leaves { .. }
        )))
    ));
    assert!(discover(&tree.join("Cargo.toml"), None).is_ok());
}

/// Loops of links and patterns without end are ended.
#[test]
fn patterns_and_loops_come_to_an_end() {
    let (fixture, _) = hostile();
    for folder in ["a/a/a/a/a/a", "a/b/a/b/a/b"] {
        fs::create_dir_all(fixture.project().join(folder)).unwrap();
        symlink("..", fixture.project().join(folder).join("up")).unwrap();
    }
    fixture.library(
        ".",
        "x",
        "[workspace]\nmembers = [\"**/**/*/**/a*/**/b*\", \"a/*a*a*a*a*a*a*a*b\"]\n[dependencies]\nx2 = { path = \"y\" }\n",
    );
    fixture.library("y", "x2", "[dependencies]\nx2 = { path = \"../y/../y\" }\n");
    let _ = fixture.survey();
    let many: String = (0..20_000).map(|n| format!("\"**/{n}*\",")).collect();
    fixture.write(
        "Cargo.toml",
        &format!("[workspace]\nmembers = [{many}]\nexclude = [{many}]\n"),
    );
    let _ = fixture.survey();
    let found = find_lockfiles(&fixture.project(), &SearchOptions::default());
    assert_eq!(found.gaps, []);
}
