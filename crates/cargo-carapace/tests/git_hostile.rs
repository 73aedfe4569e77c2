//! Git in repositories that try to have a program run, or to hold it up.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use cargo_carapace::host::git::{GitError, GitLimits, files_at_revision, head_of_checkout};
use support::repository::{Fixture, limits};

/// A repository that tries everything we know of to have a program run.
fn hostile() -> (Fixture, String) {
    let fixture = Fixture::with_files();
    let canary = fixture.canary();
    let program = fixture.folder.path().join("program");
    let text = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", canary.display());
    support::process::script(&program, &text);
    let program = program.to_str().unwrap().to_owned();

    fixture.write(".gitattributes", b"* filter=evil diff=evil text eol=crlf\n");
    fixture.write("crates/.gitattributes", b"* filter=evil export-subst\n");
    fixture.write(".lfsconfig", b"[lfs]\n\turl = ext::sh\n");
    fixture.write(
        ".gitmodules",
        format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::{program}\n\tupdate = !{program}\n")
            .as_bytes(),
    );
    fixture.commit();

    let hooks = fixture.repository().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
        "post-update",
        "pre-receive",
        "update",
        "post-receive",
        "fsmonitor-watchman",
        "post-merge",
        "pre-commit",
        "proc-receive",
    ] {
        fs::copy(&program, hooks.join(hook)).unwrap();
    }
    let hooks = hooks.to_str().unwrap().to_owned();
    for (key, value) in [
        ("core.fsmonitor", &program),
        ("core.hooksPath", &hooks),
        ("core.sshCommand", &program),
        ("core.pager", &program),
        ("pager.cat-file", &program),
        ("pager.ls-tree", &program),
        ("core.editor", &program),
        ("core.askPass", &program),
        ("core.gitProxy", &program),
        ("core.alternateRefsCommand", &program),
        ("credential.helper", &program),
        ("diff.external", &program),
        ("diff.evil.textconv", &program),
        ("diff.evil.command", &program),
        ("filter.evil.smudge", &program),
        ("filter.evil.clean", &program),
        ("filter.evil.process", &program),
        ("gpg.program", &program),
        ("uploadpack.packObjectsHook", &program),
        ("sequence.editor", &program),
        ("interactive.diffFilter", &program),
        ("trace2.eventTarget", &program),
        ("remote.origin.uploadpack", &program),
        ("remote.origin.receivepack", &program),
    ] {
        fixture.git(["config", key, value]);
    }
    for (key, value) in [
        ("alias.fetch", format!("!{program}")),
        ("alias.cat-file", format!("!{program}")),
        ("alias.upload-pack", format!("!{program}")),
        ("log.showSignature", "true".to_owned()),
        ("credential.https://127.0.0.1.helper", format!("!{program}")),
        ("protocol.ext.allow", "always".to_owned()),
        ("protocol.allow", "always".to_owned()),
        ("remote.origin.url", format!("ext::{program}")),
        ("uploadpack.allowFilter", "true".to_owned()),
        ("uploadpack.allowAnySHA1InWant", "true".to_owned()),
    ] {
        fixture.git(["config", key, &value]);
    }
    (fixture, program)
}

#[test]
fn nothing_of_a_hostile_repository_is_run() {
    let (fixture, program) = hostile();
    // The canary can sing: this is what a user's git does there.
    let status = Command::new("git")
        .current_dir(fixture.repository())
        .arg("status")
        .output();
    status.unwrap();
    assert!(fixture.canary().exists(), "the fixture is not hostile");
    fs::remove_file(fixture.canary()).unwrap();

    let taken = fixture.snapshot(&["crates", "rust"], &limits()).unwrap();
    fixture.canary_is_alive("snapshot");
    // No attribute has changed a byte.
    assert!(
        taken
            .files
            .contains(&("rust/std/CVE.md".to_owned(), b"three\n\0\n".to_vec()))
    );
    assert!(head_of_checkout(&fixture.repository()).is_some());
    fixture.canary_is_alive("head_of_checkout");

    // Nor in the repository itself.
    let all = |_: &str| true;
    for revision in ["HEAD", "main", "HEAD~1"] {
        let then = files_at_revision(&fixture.repository(), revision, &["rust"], all, &limits());
        assert_eq!(
            then.unwrap().files,
            [("rust/std/CVE.md".to_owned(), b"three\n\0\n".to_vec())]
        );
        fixture.canary_is_alive("files_at_revision");
    }
    for revision in [
        "--output=canary",
        "-h",
        "--textconv",
        "HEAD --filters",
        "HEAD\nHEAD",
        "",
        ":/$(program)",
        "HEAD:README.md",
    ] {
        let error = files_at_revision(&fixture.repository(), revision, &[], all, &limits());
        let error = error.unwrap_err();
        assert!(
            matches!(error, GitError::NoRevision { .. }),
            "{revision}: {error}"
        );
        fixture.canary_is_alive("files_at_revision");
    }
    drop(program);
}

/// A partial clone that lacks an object asks its remote for it, by the command
/// that its configuration names.
#[test]
fn a_partial_clone_asks_nobody_for_what_it_lacks() {
    let (fixture, program) = hostile();
    let elsewhere = fixture.folder.path().join("elsewhere");
    for url in [
        format!("ext::{program}"),
        "ssh://host/x".to_owned(),
        elsewhere.to_str().unwrap().to_owned(),
    ] {
        for (key, value) in [
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("remote.origin.partialCloneFilter", "blob:none"),
            ("remote.origin.url", &url),
        ] {
            fixture.git(["config", key, value]);
        }
        let _ = fs::remove_file(fixture.canary());
        let objects = fixture.repository().join(".git/objects");
        let blob = fixture.git([
            "-c",
            "core.fsmonitor=false",
            "hash-object",
            "--no-filters",
            "README.md",
        ]);
        let lacking = objects.join(&blob[..2]).join(&blob[2..]);
        let _ = fs::remove_file(&lacking);
        let _ = fs::remove_file(fixture.canary());

        assert!(fixture.snapshot(&[], &limits()).is_err());
        fixture.canary_is_alive("snapshot");
        assert!(
            files_at_revision(&fixture.repository(), "HEAD", &[], |_| true, &limits()).is_err()
        );
        fixture.canary_is_alive("files_at_revision");

        // And where even the commit is not there.
        let head = fs::read_to_string(fixture.repository().join(".git/refs/heads/main")).unwrap();
        let commit = objects.join(&head[..2]).join(head[2..].trim());
        let content = fs::read(&commit).unwrap();
        fs::remove_file(&commit).unwrap();
        assert_eq!(head_of_checkout(&fixture.repository()), None);
        fixture.canary_is_alive("head_of_checkout");
        fs::write(&commit, content).unwrap();
    }
}

#[test]
fn a_pipe_in_a_repository_does_not_hold_us_up() {
    let fixture = Fixture::with_files();
    let head = fixture.repository().join(".git/HEAD");
    fs::remove_file(&head).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&head)
            .status()
            .unwrap()
            .success()
    );
    let started = Instant::now();
    assert_eq!(head_of_checkout(&fixture.repository()), None);
    assert!(files_at_revision(&fixture.repository(), "main", &[], |_| true, &limits()).is_err());
    let limits = GitLimits {
        total: Duration::from_secs(1),
        ..limits()
    };
    let error = fixture.snapshot(&[], &limits).unwrap_err();
    assert!(
        matches!(error, GitError::TimedOut { .. } | GitError::Failed { .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
}
