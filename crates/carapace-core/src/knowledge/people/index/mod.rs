//! The compact index: who publishes all of crates.io, in one file of which a run reads what it needs.
//!
//! ```text
//! carapace-people-index/1
//! CHECKSUM {"info":…,"crates":…,"accounts":…,…}
//! directory of the packages | directory of the accounts
//! blocks of the packages | blocks of the accounts | names of the most downloaded
//! ```
//!
//! Keys and their values stand in blocks of some 4 KiB, sorted: packages by name, accounts by kind
//! and number. A directory has the first key, length and checksum of each block, so that a look-up
//! reads one block a package. A value is numbers in LEB128 and texts led by their length
//! (`record`). *Invariant.* Nothing is believed that is not under a checksum (CRC-32: of the header,
//! of the directories, of each block and of the names). They tell damage, not malice: the file lies
//! in the user's own cache.
//!
//! Nothing here reads a file: what lies behind the directories is asked for by its place.

mod blocks;
mod bytes;
pub mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{AccountId, CratePeople, Fact, FactSource, People, Publisher, VersionPeople};
use crate::knowledge::advisory::index::{IndexError, Pieces};
use crate::knowledge::date::Date;
use crate::knowledge::index_head;
use blocks::{BlockWriter, Directory};
use bytes::{Bytes, put_bytes};
use record::{CrateRecord, VersionRecord, account_key, take_account};

const MAGIC: &str = "carapace-people-index/1\n";

/// An index's header is at most this many bytes.
pub const MAX_HEADER_BYTES: usize = 64 << 10;

/// How many of the most downloaded packages an index names.
pub const MAX_RANKED: usize = 20_000;

/// What a dump is, apart from its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpInfo {
    /// The moment of which it is, in seconds since 1970-01-01T00:00:00Z.
    pub time: i64,
    /// The address or file that it was taken from.
    pub source: String,
    /// `ETag` of the answer that it came in.
    pub etag: Option<String>,
    /// `Last-Modified` of the answer that it came in.
    pub last_modified: Option<String>,
    /// How many packages it has, those not counted that were removed.
    pub crates: u64,
    /// How many versions of them.
    pub versions: u64,
    /// How many users and teams.
    pub accounts: u64,
    /// A sentence for each table of which some rows could not be read and were left out.
    pub set_aside: Vec<String>,
}

impl DumpInfo {
    /// The day of which it is; none for a time that is none of a calendar of four digits.
    #[must_use]
    pub fn as_of(&self) -> Option<Date> {
        Date::from_unix(self.time)
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    info: DumpInfo,
    /// Bytes of the directory of packages.
    crates: usize,
    /// Bytes of the directory of accounts.
    accounts: usize,
    /// CRC-32 of both.
    checksum: u32,
    /// Bytes of the names of the most downloaded packages.
    ranked: u64,
    /// CRC-32 of these names.
    ranked_checksum: u32,
}

/// Writes an index. Same packages and accounts, same bytes.
#[derive(Debug, Default)]
pub(super) struct Writer {
    crates: BlockWriter,
    accounts: BlockWriter,
    ranked: Vec<u8>,
    value: Vec<u8>,
}

impl Writer {
    /// Writes a package; they have to come sorted by name.
    pub(super) fn package(&mut self, name: &str, record: &CrateRecord) {
        self.value.clear();
        record.put(&mut self.value);
        self.crates.add(name.as_bytes(), &self.value);
    }

    /// Writes an account as [`record::put_account`] does; they have to come sorted.
    pub(super) fn account(&mut self, id: AccountId, value: &[u8]) {
        self.accounts.add(&account_key(id), value);
    }

    /// Writes the name of the next in the order of downloads.
    pub(super) fn ranked(&mut self, name: &str) {
        put_bytes(&mut self.ranked, name.as_bytes());
    }

    /// The index in parts, which are to be written one after the other.
    pub(super) fn finish(self, info: DumpInfo) -> Vec<Vec<u8>> {
        let (crates, crate_blocks) = self.crates.finish();
        let (accounts, account_blocks) = self.accounts.finish();
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&crates);
        hasher.update(&accounts);
        let header = Header {
            info,
            crates: crates.len(),
            accounts: accounts.len(),
            checksum: hasher.finalize(),
            ranked: self.ranked.len() as u64,
            ranked_checksum: crc32fast::hash(&self.ranked),
        };
        let head = index_head::write(MAGIC, &header).into_bytes();
        vec![
            head,
            crates,
            accounts,
            crate_blocks,
            account_blocks,
            self.ranked,
        ]
    }
}

/// An index whose header and directories are at hand.
#[derive(Debug, Clone)]
pub struct Index {
    /// What dump it is of.
    pub info: DumpInfo,
    as_of: Date,
    crates: Directory,
    accounts: Directory,
    ranked: Range<u64>,
    ranked_checksum: u32,
}

/// How many bytes, from its start, an index must be read for its header and directories.
///
/// # Errors
/// [`IndexError`] if `start`, the first [`MAX_HEADER_BYTES`] of the file, holds no header.
pub fn bytes_needed(start: &[u8]) -> Result<usize, IndexError> {
    let (header, from) = header(start)?;
    let directories = header.crates.checked_add(header.accounts);
    let needed = directories.and_then(|directories| directories.checked_add(from));
    needed.ok_or(IndexError::Damaged)
}

fn header(start: &[u8]) -> Result<(Header, usize), IndexError> {
    index_head::read(start, MAGIC, MAX_HEADER_BYTES)
}

impl Index {
    /// Reads the header and directories of an index; what lies behind them need not be there.
    ///
    /// # Errors
    /// [`IndexError`] if it is of another version or damaged.
    pub fn read(bytes: &[u8]) -> Result<Self, IndexError> {
        let (header, from) = header(bytes)?;
        let read = || {
            let directories = bytes.get(from..)?;
            let (crates, rest) = directories.split_at_checked(header.crates)?;
            let accounts = rest.get(..header.accounts)?;
            let both = directories.get(..header.crates + header.accounts)?;
            if crc32fast::hash(both) != header.checksum {
                return None;
            }
            let start = (from + both.len()) as u64;
            let crates = Directory::read(crates, start)?;
            let start = crates.end(start);
            let accounts = Directory::read(accounts, start)?;
            let ranked = accounts.end(start);
            Some(Self {
                as_of: header.info.as_of()?,
                info: header.info,
                crates,
                accounts,
                ranked: ranked..ranked.checked_add(header.ranked)?,
                ranked_checksum: header.ranked_checksum,
            })
        };
        read().ok_or(IndexError::Damaged)
    }

    /// How many bytes the whole index has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.ranked.end
    }

    /// What the dump says of packages, by name; those that it does not have are left out.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] if something that is needed cannot be read, and what `pieces` gives.
    pub fn packages(
        &self,
        names: &[&str],
        pieces: Pieces<'_, '_>,
    ) -> Result<BTreeMap<String, CrateRecord>, IndexError> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let mut packages = Vec::new();
        self.crates.find(&names, pieces, |name, value| {
            packages.push(((*name).to_owned(), CrateRecord::take(value)?));
            Some(())
        })?;
        Ok(packages.into_iter().collect())
    }

    /// Who may publish packages and who did, with all their versions.
    ///
    /// A package that the dump does not have is left out: it may be younger. One that the registry
    /// has removed is there, and does not exist.
    ///
    /// # Errors
    /// As [`Self::packages`].
    pub fn people(&self, names: &[&str], pieces: Pieces<'_, '_>) -> Result<People, IndexError> {
        let packages = self.packages(names, pieces)?;
        let mut ids = BTreeSet::new();
        for record in packages.values() {
            ids.extend(record.owners.iter().map(|owner| owner.account));
            let publishers = record.versions.iter().filter_map(|known| known.publisher);
            ids.extend(publishers.map(AccountId::User));
        }
        let keys: Vec<AccountKey> = ids.into_iter().map(AccountKey::of).collect();
        let mut accounts = Vec::new();
        self.accounts.find(&keys, pieces, |key, value| {
            accounts.push((key.id, take_account(value)?));
            Some(())
        })?;
        let packages = packages.into_iter();
        Ok(People {
            accounts: accounts.into_iter().collect(),
            crates: packages
                .map(|(name, record)| (name, self.known(record)))
                .collect(),
        })
    }

    fn known(&self, record: CrateRecord) -> CratePeople {
        let exists = !record.is_removed;
        CratePeople {
            exists: Some(self.fact(exists)),
            owners: exists.then(|| self.fact(record.owners)),
            trusted_only: record.trusted_only,
            created: record.created,
            versions: record
                .versions
                .into_iter()
                .map(|known| self.version(known))
                .collect(),
            ..CratePeople::default()
        }
    }

    fn version(&self, known: VersionRecord) -> (semver::Version, VersionPeople) {
        let publisher = known
            .publisher
            .map_or(Publisher::Unrecorded, Publisher::User);
        let people = VersionPeople {
            publisher: Some(self.fact(publisher)),
            published: known.published,
            ..VersionPeople::default()
        };
        (known.version, people)
    }

    fn fact<T>(&self, value: T) -> Fact<T> {
        Fact {
            value,
            source: FactSource::Dump,
            as_of: self.as_of,
            verified: true,
        }
    }

    /// Reads all of it, and whether it is as it was written.
    ///
    /// # Errors
    /// As [`Self::packages`].
    pub fn verify(&self, pieces: Pieces<'_, '_>) -> Result<(), IndexError> {
        self.crates
            .each(pieces, |_, value| CrateRecord::take(value).map(drop))?;
        self.accounts
            .each(pieces, |_, value| take_account(value).map(drop))?;
        self.most_downloaded(MAX_RANKED, pieces).map(drop)
    }

    /// The day of which its facts are.
    #[must_use]
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The names of the most downloaded packages, the most downloaded first: so many, if the index
    /// names as many ([`MAX_RANKED`]).
    ///
    /// # Errors
    /// As [`Self::packages`].
    pub fn most_downloaded(
        &self,
        most: usize,
        pieces: Pieces<'_, '_>,
    ) -> Result<Vec<String>, IndexError> {
        let ranked = pieces(self.ranked.clone())?;
        if crc32fast::hash(&ranked) != self.ranked_checksum {
            return Err(IndexError::Damaged);
        }
        let mut bytes = Bytes(&ranked);
        let mut names = Vec::new();
        while !bytes.is_empty() && names.len() < most {
            names.push(bytes.text().ok_or(IndexError::Damaged)?.to_owned());
        }
        Ok(names)
    }
}

struct AccountKey {
    id: AccountId,
    key: [u8; 5],
}

impl AccountKey {
    fn of(id: AccountId) -> Self {
        let key = account_key(id);
        Self { id, key }
    }
}

impl AsRef<[u8]> for AccountKey {
    fn as_ref(&self) -> &[u8] {
        &self.key
    }
}
