//! The paths of an archive: whether they are what a package's are, and mean one file each wherever
//! they are unpacked.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::anomaly::{Anomalies, AnomalyKind};
use super::tar::{Entry, Kind};
use crate::text::visible;

/// A longer path no package has, in bytes.
const MAX_PATH: usize = 1024;
/// What all paths of an archive, and of the folders in them, may weigh, in bytes.
const MAX_TOTAL: usize = 64 << 20;

/// The files of a package, by their paths from its folder.
pub(super) type Files<'a> = BTreeMap<String, &'a [u8]>;

/// The files below the package's folder, and what is wrong with paths and contents.
pub(super) fn files<'a>(
    entries: &[Entry<'a>],
    folder: &str,
    anomalies: &mut Anomalies,
) -> Files<'a> {
    let mut files = Files::new();
    let mut found = Found::default();
    for entry in entries {
        let path = String::from_utf8_lossy(&entry.path);
        let is_text = std::str::from_utf8(&entry.path).is_ok();
        if path.len() > MAX_PATH {
            anomalies.add(AnomalyKind::OddPath, &path, "too long");
            continue;
        }
        if !is_text || is_odd(&path) {
            anomalies.add(AnomalyKind::OddPath, &path, "");
        }
        if path.starts_with(['/', '\\']) {
            anomalies.add(AnomalyKind::Absolute, &path, "");
        }
        if path.split(['/', '\\']).any(|part| part == "..") {
            anomalies.add(AnomalyKind::Parent, &path, "");
        }
        let path = path.trim_end_matches('/');
        let inner = path.strip_prefix(folder);
        let inner = inner.and_then(|path| path.strip_prefix('/'));
        if inner.is_none() && path != folder {
            anomalies.add(AnomalyKind::Outside, path, "");
        }
        found.add(path, entry.kind == Kind::Folder, anomalies);
        if entry.kind != Kind::File {
            continue;
        }
        if let Some(form) = executable(entry.content) {
            anomalies.add(AnomalyKind::Executable, path, form);
        }
        if let Some(inner) = inner {
            files.insert(inner.to_owned(), entry.content);
        }
    }
    files
}

/// The paths so far.
#[derive(Default)]
struct Found {
    /// What is no folder.
    files: HashSet<String>,
    /// Folders, also those that only stand in other paths.
    folders: HashSet<String>,
    /// Each path as it is written, by what it is where case does not count.
    folded: HashMap<String, String>,
    /// What these weigh.
    total: usize,
}

impl Found {
    fn add(&mut self, path: &str, is_folder: bool, anomalies: &mut Anomalies) {
        if self.total > MAX_TOTAL {
            anomalies.add(AnomalyKind::TooMany, "", "paths");
            return;
        }
        if !is_folder && !self.files.insert(path.to_owned()) {
            anomalies.add(AnomalyKind::Duplicate, path, "");
        }
        if !is_folder && self.folders.contains(path) {
            anomalies.add(AnomalyKind::FileAndFolder, path, "");
        }
        self.fold(path, anomalies);
        let mut end = if is_folder { Some(path) } else { parent(path) };
        while let Some(folder) = end {
            if self.folders.contains(folder) {
                break;
            }
            if self.files.contains(folder) {
                anomalies.add(AnomalyKind::FileAndFolder, folder, "");
            }
            self.folders.insert(folder.to_owned());
            self.fold(folder, anomalies);
            end = parent(folder);
        }
    }

    fn fold(&mut self, path: &str, anomalies: &mut Anomalies) {
        self.total += path.len();
        let folded = path.to_lowercase();
        match self.folded.get(&folded) {
            Some(other) if other != path => {
                anomalies.add(AnomalyKind::SameButCase, path, format!("and {other}"));
            }
            Some(_) => {}
            None => {
                self.folded.insert(folded, path.to_owned());
            }
        }
    }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// Whether a path does not show what it is, or is another one for some file system: that of Windows
/// has more separators, that of macOS puts characters together.
fn is_odd(path: &str) -> bool {
    let composes = |c: char| {
        matches!(c,
            '\u{300}'..='\u{36f}' | '\u{1100}'..='\u{11ff}' | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{2126}' | '\u{212a}'
            | '\u{212b}' | '\u{3099}' | '\u{309a}' | '\u{fe20}'..='\u{fe2f}')
    };
    visible(path) != path
        || path.contains(['\\', ':'])
        || !path.is_ascii() && path.contains(composes)
}

/// The form of a program or library that a system loads. WebAssembly is none: it is portable, and
/// packages carry it as data.
fn executable(content: &[u8]) -> Option<&'static str> {
    match content {
        [0x7f, b'E', b'L', b'F', ..] => Some("ELF"),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => Some("Mach-O"),
        // A class file of Java begins alike; its version is larger than the count of parts here.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1..=30, ..] => Some("Mach-O"),
        [b'M', b'Z', ..] => {
            let place: [u8; 4] = content.get(0x3c..0x40)?.try_into().ok()?;
            let place = usize::try_from(u32::from_le_bytes(place)).ok()?;
            content.get(place..)?.starts_with(b"PE\0\0").then_some("PE")
        }
        _ => None,
    }
}
