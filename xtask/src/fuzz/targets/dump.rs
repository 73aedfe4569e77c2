//! The registry's dump: any files in any pieces, and the index that is made of them.

use carapace_core::knowledge::advisory::index::piece;
use carapace_core::knowledge::people::dump::{Dump, DumpError};
use carapace_core::knowledge::people::index::{DumpInfo, Index};

use crate::fuzz::signature::Signature;

/// Begins the line that names a file.
const FILE: &str = "== ";

pub(crate) const DICTIONARY: &[&str] = &[
    "\n== d/data/crates.csv\n",
    "\n== d/data/versions.csv\n",
    "\n== d/data/deleted_crates.csv\n",
    "\n== d/metadata.json\n{\"timestamp\": \"2026-03-04T05:06:07Z\"}",
    "id,name\n",
    "crate_id,num,published_by\n",
    "created_at",
    "yanked",
    "username",
    "2026-03-04 05:06:07.8+00",
    "1.0.0-a.1+b",
    "\"",
    "\"\"",
    "\",\"",
    ",",
    "\n",
    "\r\n",
    "4294967295",
    "18446744073709551615",
    "0",
    "t",
];

const WHOLE: &str = "== 2026-03-04-050607/data/crates.csv
created_at,id,name,readme,trustpub_only
2020-01-02 00:00:00+00,7,brook,\"a,
\"\"b\"\"\",t
2021-01-02 00:00:00+00,8,acorn,,f
== 2026-03-04-050607/data/crate_owners.csv
crate_id,created_at,created_by,owner_id,owner_kind
7,2020-01-02 00:00:00+00,,5,1
8,2021-01-02 00:00:00+00,,5,0
== 2026-03-04-050607/data/teams.csv
id,login,name
5,github:grove:core,Core
== 2026-03-04-050607/data/users.csv
created_at,gh_login,id,name,username
,ada-at-hub,5,\"Ada \"\"A\"\" Finch\",ada
== 2026-03-04-050607/data/versions.csv
crate_id,created_at,num,published_by,yanked
7,2020-01-03 00:00:00+00,1.0.0,5,f
7,2020-01-02 23:59:59.9+00,0.9.0-rc.1+b,,t
== 2026-03-04-050607/data/crate_downloads.csv
crate_id,downloads
7,10
8,900
== 2026-03-04-050607/data/deleted_crates.csv
created_at,name
2019-01-01 00:00:00+00,gone
";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let minimal = "== 2026-03-04-050607/data/crates.csv\nid,name\n\
        == d/data/crate_owners.csv\ncrate_id,owner_id,owner_kind\n\
        == d/data/teams.csv\nid,login\n== d/data/users.csv\nid,gh_login\n\
        == d/data/versions.csv\ncrate_id,num,published_by\n";
    vec![WHOLE.into(), minimal.into()]
}

/// The index of [`WHOLE`].
pub(super) fn whole_index() -> Vec<u8> {
    made(WHOLE.as_bytes(), 64).map_or_else(|_| Vec::new(), |(_, index)| index)
}

/// The index of the files in a text, which come in pieces of so many bytes.
fn made(text: &[u8], step: usize) -> Result<(DumpInfo, Vec<u8>), DumpError> {
    let mut dump = Dump::default();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(path) = line.strip_prefix(FILE.as_bytes()) {
            dump.close()?;
            dump.open(String::from_utf8_lossy(path).trim_end())?;
            continue;
        }
        for chunk in line.chunks(step) {
            dump.feed(chunk)?;
        }
    }
    dump.close()?;
    let (info, parts) = dump.index(DumpInfo::default())?;
    Ok((info, parts.concat()))
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let by_line = made(bytes, usize::MAX);
    let by_byte = made(bytes, 1 + bytes.len() % 3);
    assert_eq!(by_line, by_byte, "other pieces, another index");
    match by_line {
        Ok((info, index)) => {
            signature.accepted();
            let pieces = &mut |place| piece(&index, place);
            let read = Index::read(&index);
            let known = read.as_ref().map(|read| (&read.info, read.length()));
            assert_eq!(
                known,
                Ok((&info, index.len() as u64)),
                "not as it was written"
            );
            for count in [info.crates, info.versions, info.accounts] {
                signature.count(usize::try_from(count).unwrap_or(usize::MAX));
            }
            if let Ok(read) = &read {
                assert_eq!(read.verify(pieces), Ok(()));
                let people = read.people(&["acorn", "brook", "gone"], pieces);
                signature.count(people.map_or(0, |people| people.accounts.len()));
            }
        }
        Err(error) => signature.message(&error.to_string()),
    }
    signature
}
