//! A package of the user's, and fixes for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use carapace_core::fix::{Applicability, Edit, Fix};
use cargo_carapace::census::dance::Stamp;
use cargo_carapace::dance::verify::{Options, Subject, Verdict, Verified, verify};
use cargo_carapace::host::cargo::Environment;
use tempfile::TempDir;

use crate::support::project::{listing, package};

/// A home with a package in it, whose files have to be as they were in the end.
pub(crate) struct Package {
    folder: TempDir,
    pub(crate) variables: BTreeMap<&'static str, OsString>,
    pub(crate) test_timeout: Duration,
    pub(crate) memory: u64,
    pub(crate) output: usize,
    pub(crate) use_namespaces: bool,
    pub(crate) stamps: BTreeMap<String, Stamp>,
}

impl Package {
    /// A library of that text.
    pub(crate) fn new(lib: &str) -> Self {
        let package = Self {
            folder: tempfile::tempdir().unwrap(),
            variables: BTreeMap::new(),
            test_timeout: Duration::from_secs(120),
            memory: 4 << 30,
            output: 16 << 20,
            use_namespaces: true,
            stamps: BTreeMap::new(),
        };
        for folder in ["home/.cargo", "work"] {
            fs::create_dir_all(package.path(folder)).unwrap();
        }
        package.write("Cargo.toml", &self::package("sample", ""));
        package.write("src/lib.rs", lib);
        package
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(path)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("home/sample")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path("home/sample").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(crate) fn environment(&self) -> Environment {
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        variables.insert("HOME".into(), self.path("home").into());
        variables.insert("CARGO_HOME".into(), self.path("home/.cargo").into());
        // The toolchain that the tests are built with, wherever rustup keeps it.
        let cargo = PathBuf::from(std::env::var_os("CARGO").unwrap());
        let path = std::env::var_os("PATH").unwrap();
        let mut folders = vec![cargo.parent().unwrap().to_owned()];
        folders.extend(std::env::split_paths(&path));
        variables.insert("PATH".into(), std::env::join_paths(folders).unwrap());
        for (name, value) in &self.variables {
            variables.insert((*name).into(), value.clone());
        }
        variables.into_iter().collect()
    }

    /// What replaces a text that stands once in the library.
    pub(crate) fn fix(&self, from: &str, to: &str) -> Fix {
        self.fix_in("src/lib.rs", from, to)
    }

    pub(crate) fn fix_in(&self, file: &str, from: &str, to: &str) -> Fix {
        let text = fs::read_to_string(self.root().join(file)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let start = text.find(from).unwrap();
        Fix {
            applicability: Applicability::Safe,
            edits: vec![Edit {
                file: file.to_owned(),
                start,
                end: start + from.len(),
                text: to.to_owned(),
            }],
        }
    }

    pub(crate) fn own(&self) -> Subject {
        Subject::Workspace {
            root: self.root(),
            tree: self.root(),
            packages: Vec::new(),
        }
    }

    pub(crate) fn verify(&self, fixes: &[Fix]) -> Verified {
        self.verify_as(&self.own(), fixes)
    }

    pub(crate) fn verify_as(&self, subject: &Subject, fixes: &[Fix]) -> Verified {
        let told = |_: &str| {};
        let mut options = Options::new(
            PathBuf::from(env!("CARGO_BIN_EXE_cargo-carapace")),
            self.path("work"),
            self.environment(),
            &told,
        );
        options.offline = true;
        options.test_timeout = self.test_timeout;
        options.limits.memory = self.memory;
        options.limits.output = self.output;
        options.use_namespaces = self.use_namespaces;
        options.stamps.clone_from(&self.stamps);
        let before = listing(&self.path("home"));
        let verified = verify(subject, fixes, &options).unwrap();
        let after = listing(&self.path("home"));
        // Cargo notes in its home what it has used.
        let is_own = |path: &&PathBuf| !path.starts_with(self.path("home/.cargo"));
        let names = |all: &BTreeMap<PathBuf, _>| -> Vec<PathBuf> {
            all.keys().filter(is_own).cloned().collect()
        };
        assert_eq!(names(&before), names(&after), "the home is untouched");
        for path in names(&before)
            .iter()
            .filter(|path| **path != self.path("home"))
        {
            assert_eq!(before[path], after[path], "{}", path.display());
        }
        let left = fs::read_dir(self.path("work")).unwrap().count();
        assert_eq!(left, 0, "nothing is left behind");
        verified
    }
}

/// The numbers of those that are kept.
pub(crate) fn kept(verified: &Verified) -> Vec<usize> {
    verified.kept().collect()
}

/// Why one is refused, with what was said.
pub(crate) fn refusal(verified: &Verified, at: usize) -> String {
    match &verified.verdicts[at] {
        Verdict::Refused { reason, said } => format!("{reason}: {}", said.join("\n")),
        other => panic!("{other:?} in {verified:?}"),
    }
}

/// Why one was not tried.
pub(crate) fn not_tried(verified: &Verified, at: usize) -> &str {
    match &verified.verdicts[at] {
        Verdict::NotTried { reason } => reason,
        other => panic!("{other:?} in {verified:?}"),
    }
}
