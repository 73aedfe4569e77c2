//! The facts of packages, kept so that a published version is read once.
//!
//! A package's key is made of what it is (name, version, checksum), of the extractor's version, and
//! of a stamp of every file that lies there now: an edited file has another one. What lies in the
//! analysed tree has no key: it is read in every run.

use std::path::Path;

use carapace_core::facts::{PackageFacts, VERSION};

use super::extract::Folder;
use super::sources::Listing;
use crate::host::kept::Kept;
use crate::host::toolchain::Fingerprint;

/// Where facts are kept.
#[derive(Debug, Clone)]
pub struct FactsStore(Kept);

impl FactsStore {
    /// In our cache folder.
    #[must_use]
    pub fn new(cache: &Path) -> Self {
        Self(Kept::facts(cache))
    }

    pub(super) fn key(folder: &Folder, listing: &Listing) -> String {
        let mut key = Fingerprint::new("facts");
        key.part(&VERSION.to_le_bytes());
        key.part(folder.identity.as_deref().unwrap_or_default().as_bytes());
        for root in folder.roots.iter().chain(&folder.build_script) {
            key.part(root.as_bytes());
        }
        for (path, (len, time)) in &listing.stamps {
            key.part(path.as_bytes());
            key.part(&len.to_le_bytes());
            key.part(&time.to_le_bytes());
        }
        key.finish()
    }

    pub(super) fn get(&self, key: &str) -> Option<PackageFacts> {
        postcard::from_bytes(&self.0.get(key, None)?).ok()
    }

    pub(super) fn put(&self, key: &str, facts: &PackageFacts) {
        if let Ok(bytes) = postcard::to_stdvec(facts) {
            self.0.put(key, &bytes);
        }
    }

    pub(super) fn sweep(&self) {
        self.0.sweep();
    }
}
