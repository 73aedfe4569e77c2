//! What the archive of a published version says: how it is packed, what its manifest declares, from
//! which commit it was made, and what its code can do.
//!
//! *Invariants.* Facts depend on the archive's bytes and on [`VERSION`] alone, so those of a
//! published version never change and are kept by its checksum. Nothing here fails: an archive that
//! cannot be read is one whose [anomalies](Anomaly) say so. An archive is never unpacked to a disk.

mod anomaly;
pub mod capability;
mod code;
mod declared;
mod inflate;
mod manifest;
#[cfg(test)]
pub(crate) mod packing;
mod paths;
mod tar;
#[cfg(test)]
mod tests;
mod vcs;

use semver::Version;
use serde::{Deserialize, Serialize};

use anomaly::Anomalies;
pub use anomaly::{Anomaly, AnomalyKind};
use capability::Capability;
pub use declared::differences;
pub use inflate::Limits;
pub use manifest::Manifest;
pub use vcs::VcsInfo;

/// The version of the extractor. Facts of another version are made anew.
pub const VERSION: u32 = 1;

/// The SHA-256 of bytes: the edge's, as the core has no such function.
pub type Sha256 = fn(&[u8]) -> [u8; 32];

/// What an archive says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveFacts {
    /// What is not as `cargo package` makes it, sorted.
    pub anomalies: Vec<Anomaly>,
    /// What its manifest declares; none where that cannot be read, which is an anomaly.
    pub manifest: Option<Manifest>,
    /// The commit that it says it was made from.
    pub vcs: Option<VcsInfo>,
    /// Its build script.
    pub build_script: Option<BuildScript>,
    /// What its code can do, sorted: one place for each kind of code and of capability.
    pub capabilities: Vec<Capability>,
}

/// A package's build script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildScript {
    /// Its path from the package's folder.
    pub path: String,
    /// The SHA-256 of all sources that it is made of, with their paths.
    pub hash: [u8; 32],
}

impl ArchiveFacts {
    /// Reads the archive of a package's version; `packed` is the `.crate` file.
    #[must_use]
    pub fn read(
        packed: &[u8],
        name: &str,
        version: &Version,
        limits: Limits,
        sha256: Sha256,
    ) -> Self {
        let mut anomalies = Anomalies::default();
        let stream = inflate::inflate(packed, limits, &mut anomalies);
        let entries = tar::entries(&stream, &mut anomalies);
        let folder = format!("{name}-{version}");
        let files = paths::files(&entries, &folder, &mut anomalies);
        let manifest = manifest::read(&files, name, version, &mut anomalies);
        let mut facts = Self {
            vcs: files.get(vcs::FILE).and_then(|bytes| VcsInfo::parse(bytes)),
            ..Self::default()
        };
        if let Some(manifest) = &manifest {
            let code = code::read(&files, manifest);
            facts.build_script = code.build_script(&files, sha256);
            facts.capabilities = code.capabilities;
        }
        facts.manifest = manifest;
        facts.anomalies = anomalies.finish();
        facts
    }

    /// Whether it has code that runs while it is built, or its users are: a build script, or a
    /// procedural macro.
    #[must_use]
    pub fn runs_at_build(&self) -> bool {
        self.build_script.is_some() || self.is_proc_macro()
    }

    /// Whether its library is a procedural macro.
    #[must_use]
    pub fn is_proc_macro(&self) -> bool {
        let manifest = self.manifest.as_ref();
        manifest.is_some_and(|manifest| manifest.is_proc_macro)
    }
}
