//! `.cargo_vcs_info.json`: the commit that cargo says it packed.

use serde::{Deserialize, Serialize};

/// Where it lies in a package.
pub(super) const FILE: &str = ".cargo_vcs_info.json";
/// No such file has a tenth of it, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// From which commit an archive was made, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VcsInfo {
    /// The commit, as it is written.
    pub commit: String,
    /// The package's folder in the repository; empty for its root, and before cargo 1.57 wrote it.
    pub path: String,
    /// Whether the folder had changes that were not committed.
    pub is_dirty: bool,
}

#[derive(Deserialize)]
struct Written {
    git: Git,
    #[serde(default)]
    path_in_vcs: String,
}

#[derive(Deserialize)]
struct Git {
    sha1: String,
    #[serde(default)]
    dirty: bool,
}

impl VcsInfo {
    /// Reads the file; none if it is not what cargo writes.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        let written: Written = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            commit: written.git.sha1,
            path: written.path_in_vcs,
            is_dirty: written.git.dirty,
        })
    }
}
