//! Archives of examples, as a listing: `+ PATH` begins a file and its lines follow, `- PATH` leaves a
//! file out, `@ PATH -> TARGET` is a symbolic link, `sha256 …` is the checksum of what is in the cache.
//! A manifest and the commit are there by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;
use sha2::{Digest as _, Sha256};

use crate::graph::Package;
use crate::graph::checksum::Checksum;
use crate::knowledge::registry::entry;
use crate::supply::PackageSupply;
use crate::supply::archive::packing::Packing;
use crate::supply::archive::{ArchiveFacts, Limits};

const VCS: &str = ".cargo_vcs_info.json";

/// Adds what an example says of a package's archives and of its line in the index.
pub(super) fn add(package: &Package, files: &BTreeMap<String, String>, known: &mut PackageSupply) {
    let (name, version) = (&package.name, &package.version);
    let prefix = format!("archive/{name}-");
    let listings = files.iter().filter_map(|(path, text)| {
        let version: Version = path.strip_prefix(&prefix)?.parse().ok()?;
        Some((version, text.as_str()))
    });
    let mut listings: BTreeMap<Version, &str> = listings.collect();
    if let Some(listing) = listings.remove(version) {
        match listing.strip_prefix("sha256 ") {
            Some(sum) => {
                let sum = Checksum::parse(sum.trim());
                known.other_archive = (package.checksum.as_ref() != Some(&sum)).then_some(sum);
            }
            None => known.archive = Some(facts(name, version, listing)),
        }
    }
    let before = listings.range(..version.clone()).next_back();
    known.before = before.map(|(from, listing)| (from.clone(), facts(name, from, listing)));
    let index = files.get(&format!("index/{name}"));
    known.indexed = index
        .and_then(|text| entry(text.as_bytes(), name, version).unwrap())
        .map(Arc::new);
}

fn facts(name: &str, version: &Version, listing: &str) -> Arc<ArchiveFacts> {
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let commit = format!("{{\"git\":{{\"sha1\":\"{}\"}}}}", "0".repeat(40));
    let mut files = BTreeMap::from([("Cargo.toml", manifest), (VCS, commit)]);
    let mut packing = Packing::default();
    let mut open = None;
    for line in listing.lines() {
        if let Some(path) = line.strip_prefix("+ ") {
            files.insert(path, String::new());
            open = Some(path);
        } else if let Some(path) = line.strip_prefix("- ") {
            files.remove(path).unwrap();
        } else if let Some(link) = line.strip_prefix("@ ") {
            let (path, target) = link.split_once(" -> ").unwrap();
            packing.entry(b'2', &format!("{name}-{version}/{path}"), target, b"");
        } else {
            let content = files.get_mut(open.unwrap()).unwrap();
            *content += line;
            content.push('\n');
        }
    }
    for (path, content) in files {
        packing.file(&format!("{name}-{version}/{path}"), content);
    }
    let sha256 = |bytes: &[u8]| Sha256::digest(bytes).into();
    let packed = packing.packed();
    Arc::new(ArchiveFacts::read(
        &packed,
        name,
        version,
        Limits::CARGO,
        sha256,
    ))
}
