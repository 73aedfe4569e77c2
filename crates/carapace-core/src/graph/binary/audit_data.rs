//! The list of packages that `cargo auditable` puts into a binary: JSON, packed with zlib
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>).

use flate2::{Decompress, FlushDecompress, Status};
use serde::Deserialize;

/// The list of one section.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) packages: Vec<ListedPackage>,
}

/// A package, as it is written. A revision of the format may add fields.
#[derive(Debug, Deserialize)]
pub(super) struct ListedPackage {
    pub(super) name: String,
    pub(super) version: String,
    /// `crates.io`, `git`, `local`, `registry`; others may come.
    pub(super) source: Option<String>,
    /// `build` or `runtime`; nothing is `runtime`.
    pub(super) kind: Option<String>,
    /// Places in the list.
    #[serde(default)]
    pub(super) dependencies: Vec<usize>,
    #[serde(default)]
    pub(super) root: bool,
}

/// No file has more lists, but one that was made to be slow to read.
const MAX_LISTS: usize = 64;

/// The lists in sections, and what of them could not be read. There is none where there is no section,
/// or none that can be read.
pub(super) fn read(sections: &[&[u8]], limit: usize) -> (Option<Vec<Listed>>, Vec<String>) {
    let (mut lists, mut faults) = (Vec::new(), Vec::new());
    let mut left = Left {
        packed: limit,
        unpacked: limit,
    };
    for section in sections.iter().take(MAX_LISTS) {
        let mut rest = without_zeros(section);
        if rest.is_empty() {
            faults.push("its audit data is empty".to_owned());
        }
        // A linker puts the sections of several libraries one behind the other.
        while !rest.is_empty() {
            match left.list(&mut rest) {
                Ok(list) => lists.push(list),
                Err(fault) => {
                    faults.push(fault);
                    break;
                }
            }
            rest = without_zeros(rest);
            if lists.len() == MAX_LISTS && !rest.is_empty() {
                faults.push(TOO_MANY.to_owned());
                break;
            }
        }
    }
    if sections.len() > MAX_LISTS {
        faults.push(TOO_MANY.to_owned());
    }
    faults.sort();
    faults.dedup();
    ((!lists.is_empty()).then_some(lists), faults)
}

const TOO_MANY: &str = "it has more than 64 lists of audit data: the others were not read";

/// What a section is filled up with is left out.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0);
    start
        .and_then(|start| bytes.get(start..))
        .unwrap_or_default()
}

/// What may still be read.
struct Left {
    packed: usize,
    unpacked: usize,
}

impl Left {
    /// Reads one list, and leaves what is behind it.
    fn list(&mut self, rest: &mut &[u8]) -> Result<Listed, String> {
        let json = self.unpack(rest)?;
        let list = serde_json::from_slice(&json);
        list.map_err(|error| format!("its audit data is not what cargo-auditable writes: {error}"))
    }

    /// Unpacks one stream, and leaves what is behind it.
    fn unpack(&mut self, rest: &mut &[u8]) -> Result<Vec<u8>, String> {
        /// How much room is made at once, in bytes.
        const STEP: usize = 64 << 10;
        let too_much = || {
            "its audit data is larger than --audit-data-size-limit allows; no binary's of cargo is"
                .to_owned()
        };
        let damaged = || "its audit data is damaged".to_owned();
        let mut zlib = Decompress::new(true);
        let mut json = Vec::new();
        loop {
            let read = usize::try_from(zlib.total_in()).unwrap_or(usize::MAX);
            let input = rest.get(read..).unwrap_or_default();
            if read > self.packed || json.len() > self.unpacked {
                return Err(too_much());
            }
            // One more than is allowed, to know that there is more.
            json.reserve(STEP.min(self.unpacked.saturating_sub(json.len()).saturating_add(1)));
            let input = input.get(..STEP).unwrap_or(input);
            let before = (zlib.total_in(), zlib.total_out());
            let status = zlib.decompress_vec(input, &mut json, FlushDecompress::None);
            match status.map_err(|_| damaged())? {
                Status::StreamEnd => break,
                _ if before == (zlib.total_in(), zlib.total_out()) => return Err(damaged()),
                _ => {}
            }
        }
        let read = usize::try_from(zlib.total_in()).unwrap_or(usize::MAX);
        if json.len() > self.unpacked || read > self.packed {
            return Err(too_much());
        }
        self.unpacked -= json.len();
        self.packed -= read;
        *rest = rest.get(read..).unwrap_or_default();
        Ok(json)
    }
}
