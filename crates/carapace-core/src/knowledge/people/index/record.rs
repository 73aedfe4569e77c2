//! What the index says of one package, and of one account.

use semver::{BuildMetadata, Prerelease, Version};

use super::bytes::{Bytes, put_bytes, put_number, unzigzag, zigzag};
use crate::knowledge::date::Date;
use crate::knowledge::people::{Account, AccountId, Owner};

/// A package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrateRecord {
    /// Whether the registry has removed it.
    pub is_removed: bool,
    /// The day of its first version.
    pub created: Option<Date>,
    /// Whether it takes versions from workflows only.
    pub trusted_only: Option<bool>,
    /// Who may publish it, sorted.
    pub owners: Vec<Owner>,
    /// Its versions, sorted.
    pub versions: Vec<VersionRecord>,
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRecord {
    /// Its number.
    pub version: Version,
    /// The user who published it, where the dump names one.
    pub publisher: Option<u32>,
    /// The day on which it was published.
    pub published: Option<Date>,
    /// Whether it is yanked.
    pub is_yanked: Option<bool>,
}

impl CrateRecord {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_removed) | maybe(self.trusted_only) << 1);
        put_number(out, day_number(self.created));
        put_number(out, self.owners.len() as u64);
        for owner in &self.owners {
            let is_team = owner.account.is_team();
            let account = u64::from(owner.account.number()) << 1 | u64::from(is_team);
            put_number(out, account);
            put_number(out, day_number(owner.since));
        }
        put_number(out, self.versions.len() as u64);
        let mut previous = Previous::default();
        for version in &self.versions {
            version.put(&mut previous, out);
        }
    }

    pub(super) fn take(value: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(value);
        let flags = bytes.byte()?;
        let mut record = Self {
            is_removed: flags & 1 != 0,
            trusted_only: known(flags >> 1)?,
            created: take_day(&mut bytes)?,
            ..Self::default()
        };
        // A count is not believed: room is made as records come.
        for _ in 0..bytes.number()? {
            let account = bytes.number()?;
            let number = u32::try_from(account >> 1).ok()?;
            let account = match account & 1 {
                0 => AccountId::User(number),
                _ => AccountId::Team(number),
            };
            let since = take_day(&mut bytes)?;
            record.owners.push(Owner { account, since });
        }
        let mut previous = Previous::default();
        for _ in 0..bytes.number()? {
            let version = VersionRecord::take(&mut previous, &mut bytes)?;
            record.versions.push(version);
        }
        bytes.is_empty().then_some(record)
    }
}

/// What versions are written in relation to: neighbours mostly have one publisher, and days near
/// each other.
#[derive(Debug, Default)]
pub(in crate::knowledge::people) struct Previous {
    publisher: Option<u32>,
    day: u64,
}

const HAS_SUFFIX: u8 = 1 << 2;
const SAME_PUBLISHER: u8 = 1 << 3;

impl VersionRecord {
    pub(in crate::knowledge::people) fn put(&self, previous: &mut Previous, out: &mut Vec<u8>) {
        let Version {
            major,
            minor,
            patch,
            pre,
            build,
        } = &self.version;
        let has_suffix = !pre.is_empty() || !build.is_empty();
        let is_same = self.publisher == previous.publisher;
        out.push(
            maybe(self.is_yanked)
                | if has_suffix { HAS_SUFFIX } else { 0 }
                | if is_same { SAME_PUBLISHER } else { 0 },
        );
        for number in [major, minor, patch] {
            put_number(out, *number);
        }
        if has_suffix {
            put_bytes(out, pre.as_bytes());
            put_bytes(out, build.as_bytes());
        }
        if !is_same {
            put_number(out, self.publisher.map_or(0, |id| u64::from(id) + 1));
        }
        let day = day_number(self.published);
        put_number(out, zigzag(day.wrapping_sub(previous.day).cast_signed()));
        *previous = Previous {
            publisher: self.publisher,
            day,
        };
    }

    /// Reads one from the front of the bytes, as it was written after `previous`.
    pub(in crate::knowledge::people) fn first(value: &[u8]) -> Option<Self> {
        Self::take(&mut Previous::default(), &mut Bytes(value))
    }

    fn take(previous: &mut Previous, bytes: &mut Bytes<'_>) -> Option<Self> {
        let flags = bytes.byte()?;
        let mut version = Version::new(bytes.number()?, bytes.number()?, bytes.number()?);
        if flags & HAS_SUFFIX != 0 {
            version.pre = Prerelease::new(bytes.text()?).ok()?;
            version.build = BuildMetadata::new(bytes.text()?).ok()?;
        }
        let publisher = match flags & SAME_PUBLISHER {
            0 => match bytes.number()? {
                0 => None,
                id => Some(u32::try_from(id - 1).ok()?),
            },
            _ => previous.publisher,
        };
        let day = previous.day.wrapping_add_signed(unzigzag(bytes.number()?));
        *previous = Previous { publisher, day };
        Some(Self {
            version,
            publisher,
            published: date_of(day)?,
            is_yanked: known(flags & 3)?,
        })
    }
}

/// Writes what an account calls itself.
pub(in crate::knowledge::people) fn put_account(account: &Account, out: &mut Vec<u8>) {
    put_bytes(out, account.login.as_bytes());
    for text in [&account.name, &account.github_login] {
        put_bytes(out, text.as_deref().unwrap_or_default().as_bytes());
    }
    put_number(out, day_number(account.created));
}

pub(super) fn take_account(value: &[u8]) -> Option<Account> {
    let mut bytes = Bytes(value);
    let login = bytes.text()?.to_owned();
    let mut optional = || Some(Some(bytes.text()?.to_owned()).filter(|text| !text.is_empty()));
    let account = Account {
        login,
        name: optional()?,
        github_login: optional()?,
        created: take_day(&mut bytes)?,
    };
    bytes.is_empty().then_some(account)
}

/// The key of an account: its kind, and its number so that keys are sorted as accounts are.
pub(super) fn account_key(id: AccountId) -> [u8; 5] {
    let [a, b, c, d] = id.number().to_be_bytes();
    [u8::from(id.is_team()), a, b, c, d]
}

/// 0 is none; else days since 1969-12-31.
fn day_number(day: Option<Date>) -> u64 {
    let number = day.and_then(|day| u64::try_from(day.days()).ok());
    number.map_or(0, |days| days + 1)
}

fn take_day(bytes: &mut Bytes<'_>) -> Option<Option<Date>> {
    date_of(bytes.number()?)
}

/// The outer none is for a number that is no day.
fn date_of(number: u64) -> Option<Option<Date>> {
    let Some(days) = number.checked_sub(1) else {
        return Some(None);
    };
    let seconds = i64::try_from(days).ok()?.checked_mul(86_400)?;
    Date::from_unix(seconds).map(Some)
}

/// Two bits.
fn maybe(value: Option<bool>) -> u8 {
    match value {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

/// The outer none is for bits that are none of these.
fn known(bits: u8) -> Option<Option<bool>> {
    match bits {
        0 => Some(None),
        1 => Some(Some(false)),
        2 => Some(Some(true)),
        _ => None,
    }
}
