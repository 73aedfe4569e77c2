//! A fault on purpose, several changes away from the seeds: what finds it would find others.

use carapace_core::graph::lockfile;

use crate::fuzz::signature::Signature;

/// One lockfile of version 3 with neither `[metadata]` nor a package that is there twice.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let text = "version = 3\n\n[[package]]\nname = \"x\"\nversion = \"0.1.0\"\ndependencies = [\n \"y\",\n]\n\n\
                [[package]]\nname = \"y\"\nversion = \"1.0.0\"\nsource = \"registry+u\"\nchecksum = \"ff\"\n";
    vec![text.into()]
}

pub(crate) const DICTIONARY: &[&str] = &[
    "version = 1",
    "version = 4",
    "[[package]]",
    "[metadata]",
    "\"checksum y 1.0.0 (registry+u)\" = \"cc\"",
    "\"checksum z 2.0.0 (registry+u)\" = \"<none>\"",
    "name = \"z\"",
    "replace = \"y 1.0.0\"",
    "checksum = \"aa\"",
    "[root]",
];

/// Reads a lockfile; fails if in one of version 1 a checksum of `[metadata]` names a package that
/// is there twice.
pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let lockfile = match lockfile::read(bytes) {
        Ok(lockfile) => lockfile,
        Err(error) => {
            signature.message(&error.to_string());
            return signature;
        }
    };
    signature.accepted();
    // A step on the way that the reader's answer does not show.
    let has_metadata = bytes.windows(12).any(|w| w == b"\n[metadata]\n");
    signature.add(u64::from(has_metadata));
    let times = |name: &str, version: &str| {
        let packages = lockfile.packages();
        packages
            .filter(|p| p.name() == name && p.version() == version)
            .count()
    };
    let mut named = 0;
    for (key, _) in lockfile.checksums() {
        let mut parts = key.split(' ').skip(1);
        if let (Some(name), Some(version)) = (parts.next(), parts.next()) {
            let times = times(name, version);
            assert!(lockfile.version != 1 || times < 2, "the planted fault");
            named = named.max(times);
        }
    }
    let twice = lockfile
        .packages()
        .filter(|p| times(p.name(), p.version()) > 1);
    signature.add(u64::from(lockfile.version));
    signature.add(named.min(2) as u64);
    signature.add(u64::from(twice.count() > 0));
    signature.add(u64::from(lockfile.checksums().len() > 0));
    signature
}
