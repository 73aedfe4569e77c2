//! Facts as they are kept: what is damaged is refused, or is read as facts that do no harm.

use carapace_core::facts::PackageFacts;
use carapace_core::facts::package::package;
use carapace_core::facts::scan::scan;

use super::outline;
use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "\0",
    "\u{1}",
    "\u{7f}",
    "lib.rs",
    "b.rs",
    "feature = \"f\"",
    "unix",
    "\x0f\x0f\x0f\x0f\x0f",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let kept = outline::seeds().into_iter().filter_map(|source| {
        let facts = package(vec![scan("lib.rs", &source)]);
        postcard::to_stdvec(&facts).ok()
    });
    kept.collect()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    match postcard::from_bytes::<PackageFacts>(bytes) {
        Ok(facts) => {
            signature.accepted();
            signature.count(facts.files.len());
            outline::linked(&facts, &mut signature);
        }
        Err(error) => signature.message(&error.to_string()),
    }
    signature
}
