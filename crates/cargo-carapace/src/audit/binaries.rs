//! Compiled programs and libraries among what is judged: found, and read on all cores.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use carapace_core::engine::{Subject, Toolchain};
use carapace_core::graph::binary::{self, BINARY, Format, Limits};
use carapace_core::report::{Gap, InputKind};

use super::inputs::{Inputs, shown, unread};
use crate::cli::args::AuditArgs;
use crate::host::files::{FileError, read_wanted};
use crate::host::parallel::parallel;
use crate::host::search::{Found, find_files};

/// The largest binary that is read if nothing else is said, in bytes.
const MAX_BINARY: u64 = 512 << 20;

/// Of larger ones, one is in memory at a time.
const LARGE: u64 = 64 << 20;

/// What is read of binaries.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    file: u64,
    limits: Limits,
}

impl Bounds {
    fn new(arguments: &AuditArgs) -> Self {
        let limits = Limits {
            audit_data: match arguments.audit_data_size_limit {
                None => Limits::AUDIT_DATA,
                Some(0) => usize::MAX,
                Some(limit) => limit,
            },
        };
        let file = match arguments.max_binary_size {
            None => MAX_BINARY,
            Some(0) => u64::MAX,
            Some(limit) => limit,
        };
        Self { file, limits }
    }
}

/// What may be binaries, of one path that was named.
#[derive(Debug)]
pub(super) struct Candidates {
    path: PathBuf,
    files: Vec<PathBuf>,
    /// Where the path is a folder: what its search could not look at, and left out.
    found: Option<(Vec<Gap>, usize)>,
}

impl Candidates {
    /// The file itself; of a folder, all files in and below it.
    pub(super) fn of(path: &Path) -> Self {
        let path = path.to_owned();
        if !path.is_dir() {
            return Self {
                files: vec![path.clone()],
                path,
                found: None,
            };
        }
        let Found {
            files,
            left_out,
            gaps,
        } = find_files(&path);
        let gaps = gaps
            .into_iter()
            .map(|(path, reason)| unread(shown(&path), reason));
        Self {
            path,
            files,
            found: Some((gaps.collect(), left_out)),
        }
    }
}

/// What has become of a candidate.
#[derive(Debug)]
enum Outcome {
    /// It is judged, with these gaps.
    Judged(Box<Subject>, Vec<Gap>),
    /// It is a binary without a sign of Rust.
    Foreign(Box<Subject>, Vec<Gap>),
    /// It is no binary.
    Other,
    /// It could not be read: why.
    Unread(String),
}

/// All candidates of a run, read.
pub(super) struct Binaries(std::vec::IntoIter<Outcome>);

impl Binaries {
    /// Reads them on all cores.
    pub(super) fn read<'a>(
        candidates: impl Iterator<Item = &'a Candidates>,
        arguments: &AuditArgs,
    ) -> Self {
        let bounds = Bounds::new(arguments);
        let large = Mutex::new(());
        let files: Vec<&PathBuf> = candidates.flat_map(|named| &named.files).collect();
        let outcomes = parallel(&files, |path| {
            let size = fs::metadata(path).map_or(0, |meta| meta.len());
            // What it guards is memory: a thread that panicked has left nothing half done.
            let one = || large.lock().unwrap_or_else(PoisonError::into_inner);
            let _one = (size > LARGE).then(one);
            bounds.read(path)
        });
        Self(outcomes.into_iter())
    }

    /// Takes those of one path; they are taken in the order in which they were read. Returns what was
    /// asked for and is not judged, with its path and why.
    pub(super) fn take(
        &mut self,
        candidates: &Candidates,
        inputs: &mut Inputs,
    ) -> Vec<(String, String)> {
        let mut failures = Vec::new();
        let (mut judged, mut foreign) = (0, 0);
        for (path, outcome) in candidates.files.iter().zip(&mut self.0) {
            match (outcome, &candidates.found) {
                (Outcome::Judged(subject, gaps), _) | (Outcome::Foreign(subject, gaps), None) => {
                    judged += 1;
                    inputs.subjects.push(*subject);
                    inputs.gaps.extend(gaps);
                }
                (Outcome::Foreign(..), Some(_)) => foreign += 1,
                (Outcome::Other, Some(_)) => {}
                (Outcome::Other, None) => failures.push((shown(path), NO_BINARY.to_owned())),
                (Outcome::Unread(reason), _) => failures.push((shown(path), reason)),
            }
        }
        let Some((gaps, links)) = &candidates.found else {
            return failures;
        };
        inputs.gaps.extend(gaps.iter().cloned());
        let folder = shown(&candidates.path);
        if judged == 0 {
            failures.push((
                folder.clone(),
                "no binary of Rust is in it or below".to_owned(),
            ));
        }
        let beside = [
            (foreign, "binaries without a sign of Rust: not judged"),
            (*links, "links, FIFOs or devices: not opened"),
        ];
        let beside = beside.iter().filter(|(count, _)| *count > 0);
        inputs.gaps.extend(beside.map(|(count, what)| Gap {
            path: Some(folder.clone()),
            ..Gap::new(BINARY, format!("{count} {what}"))
        }));
        failures
    }
}

const NO_BINARY: &str = "it is no ELF, PE, Mach-O, WebAssembly or static library";

impl Bounds {
    fn read(self, path: &Path) -> Outcome {
        let is_wanted = |head: &[u8]| Format::of(head).is_some();
        let bytes = match read_wanted(path, Format::HEAD, self.file, is_wanted) {
            Ok(bytes) => bytes,
            Err(error @ FileError::TooLarge { .. }) => {
                return Outcome::Unread(format!("{error}, or --max-binary-size 0 reads any"));
            }
            Err(error) => return Outcome::Unread(error.to_string()),
        };
        let Some(binary) = bytes.and_then(|bytes| binary::read(&bytes, self.limits)) else {
            return Outcome::Other;
        };
        let path = shown(path);
        let gaps = binary.gaps.into_iter();
        let gaps = gaps.map(|gap| Gap {
            input: Some(path.clone()),
            ..gap
        });
        let gaps = gaps.collect();
        let subject = Box::new(Subject {
            path,
            repository_path: None,
            kind: InputKind::Binary,
            graph: Arc::new(binary.graph),
            roles: binary.roles,
            toolchain: binary.rustc.map(|version| Toolchain {
                version,
                pinned: None,
            }),
            binary: Some(Arc::new(binary.provenance)),
        });
        match binary.is_rust {
            true => Outcome::Judged(subject, gaps),
            false => Outcome::Foreign(subject, gaps),
        }
    }
}

/// Whether a file begins as a binary does; what cannot be read does not.
pub(super) fn is_binary(path: &Path) -> bool {
    let mut begins = false;
    let look = |head: &[u8]| {
        begins = Format::of(head).is_some();
        false
    };
    let _ = read_wanted(path, Format::HEAD, 0, look);
    begins
}

/// Whether a folder itself holds a binary.
pub(super) fn holds_binary(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.any(|file| is_binary(&file.path()))
}
