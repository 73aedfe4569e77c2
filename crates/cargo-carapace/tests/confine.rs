//! Commands that are not trusted, and what is kept from them. The program under test starts itself.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cargo_carapace::host::confine::{Confinement, Done, Ended, Limits, Task, Walls};
use support::process::{are_gone, script};
use tempfile::TempDir;

/// A folder that is a command's own, one that is hidden with something in it that is not, one beside
/// them, and a place for notes.
struct Place {
    folder: TempDir,
    limits: Limits,
    is_plain: bool,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            limits: Limits {
                memory: 1 << 30,
                processes: 64,
                file_size: 1 << 20,
                disk: 1 << 30,
                output: 100_000,
            },
            is_plain: false,
        };
        for folder in ["own", "hidden/readable", "beside", "notes"] {
            fs::create_dir_all(place.path(folder)).unwrap();
        }
        fs::write(place.path("hidden/secret"), "canary").unwrap();
        fs::write(place.path("hidden/readable/tool"), "fit to be read").unwrap();
        fs::write(place.path("beside/file"), "as it was").unwrap();
        place
    }

    /// On a system that has no namespaces for us.
    fn plain() -> Self {
        Self {
            is_plain: true,
            ..Self::new()
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(path)
    }

    fn confinement(&self) -> Confinement {
        let walls = Walls {
            own: self.path("own"),
            hidden: vec![self.path("hidden")],
            readable: vec![self.path("hidden/readable")],
        };
        let program = Path::new(env!("CARGO_BIN_EXE_cargo-carapace"));
        let make = match self.is_plain {
            true => Confinement::without_namespaces,
            false => Confinement::new,
        };
        make(program, &self.path("notes"), walls, self.limits.clone()).unwrap()
    }

    fn task(&self, script: &str) -> Task {
        Task {
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".into(), script.into()],
            variables: vec![
                ("PATH".into(), "/usr/bin:/bin".into()),
                ("D".into(), self.path("").into()),
            ],
            folder: PathBuf::from("/"),
            is_merged: true,
            timeout: Duration::from_secs(60),
        }
    }

    fn run(&self, script: &str) -> (String, Done) {
        let done = self.confinement().run(&self.task(script)).unwrap();
        (String::from_utf8_lossy(&done.output).into_owned(), done)
    }
}

#[test]
fn a_command_has_what_it_is_given() {
    let place = Place::new();
    let (said, done) =
        place.run("env | cut -d= -f1 | sort | tr '\\n' ' '; echo to error >&2; exit 3");
    assert_eq!(said, "D PATH PWD to error\n");
    assert!(matches!(&done.ended, Ended::Exited(status) if status.code() == Some(3)));
    let (said, done) =
        place.run("echo it > $D/own/file && cat $D/own/file $D/hidden/readable/tool");
    assert_eq!(said, "it\nfit to be read");
    assert!(done.is_success());
}

#[test]
fn nothing_else_is_written_to() {
    for place in [Place::new(), Place::plain()] {
        let (said, _) = place.run(
            "for f in beside/new beside/file hidden/new hidden/readable/tool notes/new; do \
             (echo x > $D/$f) 2>/dev/null && echo wrote $f; done; \
             rm -f $D/beside/file 2>/dev/null && echo removed; \
             ln -s $D/beside/file $D/own/link; (echo x > $D/own/link) 2>/dev/null && echo through; true",
        );
        assert_eq!(said, "", "{:?}", place.is_plain);
        assert_eq!(
            fs::read_to_string(place.path("beside/file")).unwrap(),
            "as it was"
        );
        assert_eq!(fs::read_dir(place.path("beside")).unwrap().count(), 1);
        assert_eq!(fs::read_dir(place.path("hidden")).unwrap().count(), 2);
    }
}

#[test]
fn modes_of_files_elsewhere_stay() {
    let place = Place::new();
    let before = fs::metadata(place.path("beside/file")).unwrap();
    let (said, _) = place.run("chmod 777 $D/beside/file 2>/dev/null && echo changed; true");
    let is_told = place
        .confinement()
        .lacking()
        .iter()
        .any(|said| said.contains("modes"));
    let mode = fs::metadata(place.path("beside/file"))
        .unwrap()
        .permissions()
        .mode();
    assert!(is_told || (said.is_empty() && mode == before.permissions().mode()));
}

#[test]
fn what_is_hidden_is_not_read() {
    for place in [Place::new(), Place::plain()] {
        let (said, _) = place
            .run("cat $D/hidden/secret 2>/dev/null; ls $D/hidden/secret 2>&1 | grep -c x; true");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn nobody_outside_is_spoken_to() {
    for place in [Place::new(), Place::plain()] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!("bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}' 2>&1; true");
        let (said, done) = place.run(&script);
        assert!(done.is_success(), "{said}");
        assert!(listener.accept().is_err(), "somebody came");
    }
}

#[test]
fn a_command_may_speak_to_itself() {
    let place = Place::new();
    let is_off = !place
        .confinement()
        .lacking()
        .iter()
        .any(|said| said.contains("network"));
    let (said, _) = place.run("cat /proc/net/dev | grep -c 'lo:'; grep -c . /proc/net/route; true");
    // No interface but the own one, and no route.
    assert!(!is_off || said.starts_with("1\n"), "{said}");
}

#[test]
fn all_that_it_started_ends_with_it() {
    let place = Place::new();
    // One that has left the group, and holds on to nothing.
    let (said, done) = place.run("setsid sleep 98761 >/dev/null 2>&1 & echo started");
    assert_eq!(said, "started\n");
    assert!(done.is_success());
    let is_told = |place: &Place| {
        place
            .confinement()
            .lacking()
            .iter()
            .any(|said| said.contains("processes"))
    };
    assert!(is_told(&place) || are_gone("98761"));
    let plain = Place::plain();
    assert!(is_told(&plain));
}

#[test]
fn time_ends() {
    for (place, word) in [(Place::new(), "98762"), (Place::plain(), "98763")] {
        let mut task = place.task(&format!(
            "echo begun; sleep {word} & sleep {word}; echo after"
        ));
        task.timeout = Duration::from_secs(1);
        let done = place.confinement().run(&task).unwrap();
        assert!(matches!(done.ended, Ended::TimedOut(_)), "{done:?}");
        assert_eq!(done.output, b"begun\n");
        assert!(are_gone(word));
    }
}

#[test]
fn output_has_an_end() {
    let place = Place::new();
    let (said, done) = place.run("yes 98764");
    assert!(matches!(&done.ended, Ended::Stopped(why) if why.contains("said more than 100000")));
    assert_eq!(said.len(), 100_000);
    assert!(are_gone("98764"));
}

#[test]
fn files_and_memory_have_limits() {
    let place = Place::new();
    let (_, done) = place.run("head -c 2000000 /dev/zero > $D/own/large");
    assert!(!done.is_success());
    assert!(fs::metadata(place.path("own/large")).unwrap().len() <= 1 << 20);
    // One process.
    let (_, done) = place.run("head -c 2000000000 /dev/zero | tail -c 1900000000 | wc -c");
    assert!(
        !String::from_utf8_lossy(&done.output).contains("1900000000"),
        "{done:?}"
    );
}

#[test]
fn many_processes_have_one_limit() {
    let mut place = Place::new();
    place.limits.memory = 300 << 20;
    let eater = "head -c 150000000 /dev/zero | tail -c 140000000 | (sleep 98765; wc -c)";
    let (_, done) = place.run(&format!("for i in 1 2 3 4; do ({eater}) & done; wait"));
    assert!(
        matches!(&done.ended, Ended::Stopped(why) if why.contains("memory")),
        "{done:?}"
    );
    assert!(are_gone("98765"));
    let (_, done) = place.run("for i in $(seq 200); do sleep 98766 & done; wait");
    assert!(
        matches!(&done.ended, Ended::Stopped(why) if why.contains("processes"))
            || !done.is_success(),
        "{done:?}"
    );
    assert!(are_gone("98766"));
}

#[test]
fn it_has_no_powers() {
    for place in [Place::new(), Place::plain()] {
        let (said, _) = place.run(
            "grep -E 'Cap(Prm|Eff|Amb|Inh)|NoNewPrivs' /proc/self/status | tr -d '\\t' | sort; \
             unshare -rm mount -t tmpfs none $D/hidden 2>/dev/null && echo mounted; \
             umount $D/hidden 2>/dev/null && echo unmounted; true",
        );
        let none = "0000000000000000";
        assert_eq!(
            said,
            format!("CapAmb:{none}\nCapEff:{none}\nCapInh:{none}\nCapPrm:{none}\nNoNewPrivs:1\n")
        );
    }
}

#[test]
fn what_is_lacking_is_told() {
    let place = Place::plain();
    let confinement = place.confinement();
    let lacking = confinement.lacking().join("; ");
    for word in ["network", "processes", "sockets"] {
        assert!(lacking.contains(word), "{lacking}");
    }
}

#[test]
fn an_order_that_is_none_runs_nothing() {
    let place = Place::new();
    let file = place.path("beside/ran");
    let text = format!("#!/bin/sh\necho ran > {}\n", file.display());
    script(&place.path("own/script"), &text);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-carapace"))
        .args(["--confined-command", "{}"])
        .arg(place.path("own/script"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(126));
    assert!(!file.exists());
}

#[test]
fn where_namespaces_are_allowed_all_holds() {
    let namespaces = [
        "--user",
        "--map-current-user",
        "--keep-caps",
        "--mount",
        "--net",
        "--ipc",
    ];
    let allowed = std::process::Command::new("unshare")
        .args(namespaces)
        .args(["--pid", "--fork", "--kill-child", "true"])
        .status();
    if allowed.is_ok_and(|status| status.success()) {
        assert_eq!(Place::new().confinement().lacking(), [""; 0]);
    }
}
