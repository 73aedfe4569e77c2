//! Copies of the registry's index: our own and cargo's, whole and damaged.
//! Nothing here leaves loopback.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use carapace_core::knowledge::registry::{Answer, Lookup};
use cargo_carapace::host::registry::{IndexAddress, RegistrySettings};
use support::index::{
    cargo_file, cargo_home, file, files, index, lookup, reason, release, run, settings,
};
use support::server::{Resp, Server};
use tempfile::{TempDir, tempdir};

/// A cache that holds `serde` 1.0.0, and the settings to read it offline.
fn kept() -> (TempDir, RegistrySettings, Server) {
    let cache = tempdir().unwrap();
    let server = index(&[("serde", &["1.0.0"])]);
    let settings = settings(&server, cache.path());
    lookup(&settings, "serde", "1.0.0");
    let offline = RegistrySettings {
        offline: true,
        ..settings
    };
    (cache, offline, server)
}

fn set_age(file: &Path, age: Duration) {
    let file = File::options().write(true).open(file).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn offline_nobody_is_asked() {
    let (_cache, settings, server) = kept();
    assert_eq!(
        lookup(&settings, "serde", "1.0.0"),
        Lookup::Kept(release(false))
    );
    let newer = lookup(&settings, "serde", "2.0.0");
    assert_eq!(newer, Lookup::Kept(Answer::NoVersion));
    let none = lookup(&settings, "other", "1.0.0");
    assert_eq!(
        reason(&none),
        "not asked, as the run is offline, and no copy of the index is kept"
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn offline_what_cargo_keeps_tells_as_well() {
    let (cache, mut settings, _server) = kept();
    let home = cargo_home(&[
        ("serde", cargo_file("serde", &["1.0.0!", "1.1.0"])),
        ("rand", cargo_file("rand", &["0.9.0"])),
        ("cut", cargo_file("cut", &["1.0.0"])[..40].to_vec()),
    ]);
    let before = files(home.path());
    settings.cargo_home = Some(home.path().to_owned());
    let rand = lookup(&settings, "rand", "0.9.0");
    assert_eq!(rand, Lookup::Kept(release(false)));
    reason(&lookup(&settings, "cut", "1.0.0"));
    // The newer copy counts, and the older for what the newer lacks.
    let ours = files(cache.path()).remove(0);
    set_age(&ours, Duration::from_secs(9999));
    assert_eq!(
        lookup(&settings, "serde", "1.0.0"),
        Lookup::Kept(release(true))
    );
    set_age(
        &home.path().join(support::index::CARGO_SERDE),
        Duration::from_secs(99999),
    );
    assert_eq!(
        lookup(&settings, "serde", "1.0.0"),
        Lookup::Kept(release(false))
    );
    assert_eq!(
        lookup(&settings, "serde", "1.1.0"),
        Lookup::Kept(release(false))
    );
    assert_eq!(files(home.path()), before, "nothing of cargo's is written");
}

#[test]
fn other_registries_on_the_same_host_are_none_of_ours() {
    let (_cache, mut settings, _server) = kept();
    let home = cargo_home(&[]);
    let own = "github.com-0000000000000000/.cache/3/o";
    let git = "github.com-1ecc6299db9ec823/.cache/3/g";
    for (folder, name) in [(own, "own"), (git, "git")] {
        let folder = home.path().join("registry/index").join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), cargo_file(name, &["1.0.0"])).unwrap();
    }
    settings.cargo_home = Some(home.path().to_owned());
    reason(&lookup(&settings, "own", "1.0.0"));
    assert_eq!(
        lookup(&settings, "git", "1.0.0"),
        Lookup::Kept(release(false))
    );
}

#[test]
fn a_replacement_that_can_not_be_asked_is_answered_from_copies() {
    let home = cargo_home(&[("serde", cargo_file("serde", &["1.0.0"]))]);
    let settings = RegistrySettings {
        index: IndexAddress::NotSparse("crates.io is a directory".to_owned()),
        cargo_home: Some(home.path().to_owned()),
        ..RegistrySettings::default()
    };
    assert_eq!(
        lookup(&settings, "serde", "1.0.0"),
        Lookup::Kept(release(false))
    );
    let none = lookup(&settings, "rand", "1.0.0");
    assert!(reason(&none).starts_with("not asked, as crates.io is a directory"));
}

#[test]
fn copies_of_one_address_are_none_of_another() {
    let (_cache, mut settings, server) = kept();
    settings.index = IndexAddress::named(&server.url("/other/")).unwrap();
    reason(&lookup(&settings, "serde", "1.0.0"));
}

#[test]
fn a_damaged_copy_is_asked_for_again() {
    let (cache, offline, server) = kept();
    let online = RegistrySettings {
        offline: false,
        ..offline.clone()
    };
    let file = files(cache.path()).remove(0);
    let good = fs::read(&file).unwrap();
    let mut changed = good.clone();
    let at = changed.len() - 5;
    changed[at] ^= 1;
    let cut = good[..good.len() - 1].to_vec();
    for damaged in [changed, cut, b"carapace".to_vec(), Vec::new()] {
        fs::write(&file, damaged).unwrap();
        reason(&lookup(&offline, "serde", "1.0.0"));
        let again = lookup(&online, "serde", "1.0.0");
        assert_eq!(again, Lookup::Fresh(release(false)));
        let requests = server.requests();
        assert_eq!(requests.last().unwrap().header("if-none-match"), None);
        assert_eq!(fs::read(&file).unwrap(), good, "mended");
    }
}

#[test]
fn a_copy_of_another_package_is_asked_for_again() {
    let cache = tempdir().unwrap();
    let server = Server::start(|request| match request.header("if-none-match") {
        Some(_) => Resp::status(304),
        None => {
            let name = request.path.rsplit('/').next().unwrap_or_default();
            Resp::ok(file(name, &["1.0.0"])).with("etag", "\"1\"")
        }
    });
    let settings = settings(&server, cache.path());
    run(&settings, &[("abcd", "1.0.0"), ("abce", "1.0.0")]);
    let copies = files(cache.path());
    fs::copy(&copies[0], &copies[1]).unwrap();
    let again = lookup(&settings, "abce", "1.0.0");
    assert_eq!(again, Lookup::Fresh(release(false)));
    assert_eq!(server.requests().len(), 4);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_are_left_alone() {
    let (cache, offline, _server) = kept();
    let file = files(cache.path()).remove(0);
    let elsewhere = cache.path().join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    reason(&lookup(&offline, "serde", "1.0.0"));
    fs::remove_file(&file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file).status();
    assert!(made.unwrap().success());
    reason(&lookup(&offline, "serde", "1.0.0"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    reason(&lookup(&offline, "serde", "1.0.0"));
}

#[test]
fn a_folder_that_can_not_be_written_keeps_nothing() {
    // A file in the place of a folder: not even an administrator writes there.
    let folder = tempdir().unwrap();
    let cache = folder.path().join("cache");
    fs::write(&cache, "").unwrap();
    let server = index(&[("serde", &["1.0.0"])]);
    let settings = settings(&server, &cache);
    for _ in 0..2 {
        let found = lookup(&settings, "serde", "1.0.0");
        assert_eq!(found, Lookup::Fresh(release(false)));
    }
    assert_eq!(files(folder.path()), [cache]);
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let (cache, offline, _server) = kept();
    let set = |mode| {
        for folder in [cache.path(), files(cache.path())[0].parent().unwrap()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(0o555);
    let online = RegistrySettings {
        offline: false,
        ..offline.clone()
    };
    let fresh = lookup(&online, "serde", "1.0.0");
    let found = lookup(&offline, "serde", "1.0.0");
    set(0o755);
    assert_eq!(fresh, Lookup::Fresh(release(false)));
    assert_eq!(found, Lookup::Kept(release(false)));
}

#[test]
fn runs_at_once_share_a_cache() {
    let names: Vec<String> = (0..40).map(|number| format!("name{number}")).collect();
    let list: Vec<(&str, &[&str])> = names
        .iter()
        .map(|name| (name.as_str(), &["1.0.0", "1.1.0!"][..]))
        .collect();
    let server = index(&list);
    let cache = tempdir().unwrap();
    let settings = settings(&server, cache.path());
    let asked: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.1.0")).collect();
    let registries: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| run(&settings, &asked)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let first = &registries[0];
    assert!(registries.iter().all(|registry| registry == first));
    let version = "1.1.0".parse().unwrap();
    for name in &names {
        assert_eq!(
            first.get(name, &version),
            Some(&Lookup::Fresh(release(true)))
        );
    }
    assert_eq!(
        files(cache.path()).len(),
        names.len(),
        "nothing is left over"
    );
}
