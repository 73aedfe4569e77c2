//! The rows that matter, packed until the last table has been read.

use std::cmp::Reverse;

use semver::Version;

use super::csv::Row;
use super::{Count, Table, of};
use crate::knowledge::date::Date;
use crate::knowledge::people::index::record::{CrateRecord, Previous, VersionRecord, put_account};
use crate::knowledge::people::index::{DumpInfo, MAX_RANKED, Writer};
use crate::knowledge::people::{Account, AccountId, Owner};

/// Names, versions and logins are at most so long, in bytes; crates.io has 64 for the first.
const MAX_NAME: usize = 255;
/// All names, all versions and all that accounts call themselves are at most so long each, in
/// bytes: seven times those of crates.io in 2026.
const MAX_TEXT: usize = 192 << 20;

/// What is wrong with a row that lacks something.
const EMPTY: &str = "a field is empty that may not be";

/// The columns of a table that are read: those that have to be there, and others. Rows have their
/// fields in this order.
pub(super) fn columns(table: Table) -> (&'static [&'static str], &'static [&'static str]) {
    match table {
        Table::Crates => (&["id", "name"], &["created_at", "trustpub_only"]),
        // What is deleted is left out of the public dump, the column with it.
        Table::CrateOwners => (
            &["crate_id", "owner_id", "owner_kind"],
            &["created_at", "deleted"],
        ),
        Table::Teams => (&["id", "login"], &["name"]),
        // Either name of a user will do.
        Table::Users => (&["id"], &["gh_login", "username", "name", "created_at"]),
        Table::Versions => (
            &["crate_id", "num", "published_by"],
            &["created_at", "yanked"],
        ),
        Table::CrateDownloads => (&["crate_id", "downloads"], &[]),
        Table::DeletedCrates => (&["name"], &["created_at"]),
    }
}

#[derive(Debug)]
struct CrateRow {
    id: u32,
    /// Where its name is.
    name: (u32, u8),
    created: Option<Date>,
    trusted_only: Option<bool>,
    is_removed: bool,
}

/// What was read of all tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    crates: Vec<CrateRow>,
    names: Vec<u8>,
    /// By their crate's number.
    owners: Vec<(u32, Owner)>,
    /// A crate's number, and where the version is written.
    versions: Vec<(u32, u32)>,
    version_bytes: Vec<u8>,
    /// Where each account is written, and its length.
    accounts: Vec<(AccountId, u32, u32)>,
    account_bytes: Vec<u8>,
    /// A crate's number and its downloads.
    downloads: Vec<(u32, u64)>,
}

impl Tables {
    /// Whether there is more text than is read.
    pub(super) fn are_full(&self) -> bool {
        let texts = [&self.names, &self.version_bytes, &self.account_bytes];
        texts.into_iter().any(|text| text.len() > MAX_TEXT)
    }

    /// Keeps a row.
    pub(super) fn take(&mut self, table: Table, row: &Row) -> Result<(), &'static str> {
        match table {
            Table::Crates => self.crates.push(CrateRow {
                id: number(row, 0)?,
                name: put_name(&mut self.names, name(row, 1)?)?,
                created: day(row, 2)?,
                trusted_only: truth(row, 3)?,
                is_removed: false,
            }),
            Table::DeletedCrates => self.crates.push(CrateRow {
                id: 0,
                name: put_name(&mut self.names, name(row, 0)?)?,
                created: day(row, 1)?,
                trusted_only: None,
                is_removed: true,
            }),
            Table::CrateOwners => {
                let (id, owner) = (number(row, 0)?, number(row, 1)?);
                let account = match row.field(2) {
                    Some(b"0") => AccountId::User(owner),
                    Some(b"1") => AccountId::Team(owner),
                    _ => return Err("an owner is neither a user nor a team"),
                };
                let since = day(row, 3)?;
                if truth(row, 4)? != Some(true) {
                    self.owners.push((id, Owner { account, since }));
                }
            }
            Table::Teams => {
                let account = Account {
                    login: name(row, 1)?.to_owned(),
                    name: text(row, 2)?,
                    ..Account::default()
                };
                self.account(AccountId::Team(number(row, 0)?), &account)?;
            }
            Table::Users => {
                let optional = |place| row.field(place).map(|_| name(row, place)).transpose();
                let (at_github, own) = (optional(1)?, optional(2)?);
                let login = own.or(at_github).ok_or(EMPTY)?;
                let account = Account {
                    login: login.to_owned(),
                    name: text(row, 3)?,
                    github_login: at_github.filter(|other| *other != login).map(str::to_owned),
                    created: day(row, 4)?,
                };
                self.account(AccountId::User(number(row, 0)?), &account)?;
            }
            Table::Versions => {
                let crate_id = number(row, 0)?;
                let version = Version::parse(name(row, 1)?);
                let record = VersionRecord {
                    version: version.map_err(|_| "its number is none of a version")?,
                    publisher: row.field(2).map(|_| number(row, 2)).transpose()?,
                    published: day(row, 3)?,
                    is_yanked: truth(row, 4)?,
                };
                let start = place(&self.version_bytes)?;
                record.put(&mut Previous::default(), &mut self.version_bytes);
                self.versions.push((crate_id, start));
            }
            Table::CrateDownloads => {
                let downloads = field(row, 1)?.parse();
                let downloads = downloads.map_err(|_| "downloads are no number")?;
                self.downloads.push((number(row, 0)?, downloads));
            }
        }
        Ok(())
    }

    fn account(&mut self, id: AccountId, account: &Account) -> Result<(), &'static str> {
        let start = place(&self.account_bytes)?;
        put_account(account, &mut self.account_bytes);
        let length = place(&self.account_bytes)? - start;
        self.accounts.push((id, start, length));
        Ok(())
    }

    /// Writes all of it, sorted, and counts what does not fit together.
    pub(super) fn write(
        mut self,
        writer: &mut Writer,
        info: &mut DumpInfo,
        counts: &mut [Count; Table::ALL.len()],
    ) {
        let names = std::mem::take(&mut self.names);
        let name_of = |row: &CrateRow| named(&names, row);
        // What was removed and is there again exists.
        self.crates
            .sort_by_key(|row| (name_of(row), row.is_removed, Reverse(row.created), row.id));
        self.crates.dedup_by(|row, kept| {
            let is_twice = name_of(row) == name_of(kept);
            if is_twice && !row.is_removed {
                of(counts, Table::Crates).wrong(None, "two packages have one name");
            }
            is_twice
        });
        let mut ids: Vec<(u32, usize)> = self
            .crates
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.is_removed)
            .map(|(at, row)| (row.id, at))
            .collect();
        ids.sort_unstable();
        let twice = ids
            .windows(2)
            .filter(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
        for _ in twice {
            of(counts, Table::Crates).wrong(None, "two packages have one number");
        }

        self.owners.sort_unstable();
        self.owners.dedup_by(|(id, owner), (kept_id, kept)| {
            let is_twice = (*id, owner.account) == (*kept_id, kept.account);
            if is_twice {
                of(counts, Table::CrateOwners).wrong(None, "a package has one owner twice");
            }
            is_twice
        });
        self.versions.sort_unstable();
        let stray = "no package has its number";
        for _ in strays(&ids, self.owners.iter().map(|(id, _)| *id)) {
            of(counts, Table::CrateOwners).wrong(None, stray);
        }
        for _ in strays(&ids, self.versions.iter().map(|(id, _)| *id)) {
            of(counts, Table::Versions).wrong(None, stray);
        }

        for row in &self.crates {
            let record = self.record(row, of(counts, Table::Versions));
            info.crates += u64::from(!row.is_removed);
            info.versions += record.versions.len() as u64;
            writer.package(named(&names, row), &record);
        }
        self.write_accounts(writer, info, counts);

        // Where as many have been downloaded, the order is that of names.
        let found = |id| ids.binary_search_by_key(&id, |(id, _)| *id).ok();
        let package = |id| ids.get(found(id)?).map(|(_, at)| *at);
        let downloads = self.downloads.iter();
        let mut ranked: Vec<(Reverse<u64>, usize)> = downloads
            .filter_map(|(id, downloads)| Some((Reverse(*downloads), package(*id)?)))
            .collect();
        ranked.sort_unstable();
        for (_, at) in ranked.iter().take(MAX_RANKED) {
            if let Some(row) = self.crates.get(*at) {
                writer.ranked(named(&names, row));
            }
        }
    }

    fn write_accounts(
        &mut self,
        writer: &mut Writer,
        info: &mut DumpInfo,
        counts: &mut [Count; Table::ALL.len()],
    ) {
        self.accounts.sort_unstable();
        self.accounts.dedup_by(|(id, ..), (kept, ..)| {
            let is_twice = id == kept;
            if is_twice {
                let table = match id {
                    AccountId::User(_) => Table::Users,
                    AccountId::Team(_) => Table::Teams,
                };
                of(counts, table).wrong(None, "two accounts have one number");
            }
            is_twice
        });
        info.accounts = self.accounts.len() as u64;
        for (id, start, length) in &self.accounts {
            let from = self.account_bytes.get(*start as usize..);
            let value = from.and_then(|from| from.get(..*length as usize));
            writer.account(*id, value.unwrap_or_default());
        }
    }

    fn record(&self, row: &CrateRow, count: &mut Count) -> CrateRecord {
        let mut record = CrateRecord {
            is_removed: row.is_removed,
            created: row.created,
            trusted_only: row.trusted_only,
            ..CrateRecord::default()
        };
        if row.is_removed {
            return record;
        }
        record.owners = run(&self.owners, row.id).map(|(_, owner)| *owner).collect();
        record.versions = run(&self.versions, row.id)
            .filter_map(|(_, start)| {
                VersionRecord::first(self.version_bytes.get(*start as usize..)?)
            })
            .collect();
        record
            .versions
            .sort_by(|one, other| one.version.cmp(&other.version));
        record.versions.dedup_by(|one, kept| {
            let is_twice = one.version == kept.version;
            if is_twice {
                count.wrong(None, "a package has one version twice");
            }
            is_twice
        });
        record
    }
}

/// The rows of one crate, among rows that are sorted by their crates' numbers.
fn run<T>(rows: &[(u32, T)], id: u32) -> impl Iterator<Item = &(u32, T)> {
    let start = rows.partition_point(|(of, _)| *of < id);
    let rows = rows.get(start..).unwrap_or_default().iter();
    rows.take_while(move |(of, _)| *of == id)
}

/// Those of sorted numbers that no crate has.
fn strays(crates: &[(u32, usize)], ids: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut crates = crates.iter().map(|(id, _)| *id).peekable();
    ids.filter(move |id| {
        while crates.next_if(|of| of < id).is_some() {}
        crates.peek() != Some(id)
    })
}

fn named<'a>(names: &'a [u8], row: &CrateRow) -> &'a str {
    let (start, length) = (row.name.0 as usize, usize::from(row.name.1));
    let name = names.get(start..start + length).unwrap_or_default();
    // It was a text when it was written.
    std::str::from_utf8(name).unwrap_or_default()
}

/// Where the next bytes will be written.
fn place(bytes: &[u8]) -> Result<u32, &'static str> {
    u32::try_from(bytes.len()).map_err(|_| "the table is too large")
}

fn put_name(names: &mut Vec<u8>, name: &str) -> Result<(u32, u8), &'static str> {
    let start = place(names)?;
    let length = u8::try_from(name.len()).map_err(|_| "a name is too long")?;
    names.extend_from_slice(name.as_bytes());
    Ok((start, length))
}

fn field(row: &Row, place: usize) -> Result<&str, &'static str> {
    let bytes = row.field(place).ok_or(EMPTY)?;
    std::str::from_utf8(bytes).map_err(|_| "a field is not UTF-8")
}

/// A text that may not be empty, and is short.
fn name(row: &Row, place: usize) -> Result<&str, &'static str> {
    match field(row, place)? {
        "" => Err(EMPTY),
        name if name.len() > MAX_NAME => Err("a name is too long"),
        name => Ok(name),
    }
}

/// A text that may be null, which is the same as empty.
fn text(row: &Row, place: usize) -> Result<Option<String>, &'static str> {
    let text = row.field(place).map(|_| field(row, place)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

fn number(row: &Row, place: usize) -> Result<u32, &'static str> {
    let number = field(row, place)?;
    number.parse().map_err(|_| "a number is none")
}

/// The day of a time stamp, `2026-08-20 02:00:34.5+00`, as dumps are written in UTC.
fn day(row: &Row, place: usize) -> Result<Option<Date>, &'static str> {
    let Some(bytes) = row.field(place) else {
        return Ok(None);
    };
    let day = bytes
        .get(..10)
        .and_then(|day| std::str::from_utf8(day).ok());
    let day = day.and_then(|day| day.parse::<Date>().ok());
    // The index counts days from 1970 on.
    let day = day.filter(|day| day.days() >= 0);
    day.map(Some).ok_or("a time is none")
}

fn truth(row: &Row, place: usize) -> Result<Option<bool>, &'static str> {
    match row.field(place) {
        None => Ok(None),
        Some(b"t" | b"true") => Ok(Some(true)),
        Some(b"f" | b"false") => Ok(Some(false)),
        Some(_) => Err("a truth value is none"),
    }
}
