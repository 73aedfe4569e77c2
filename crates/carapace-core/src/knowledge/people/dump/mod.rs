//! The database dump of crates.io, read as its bytes come and made into an index.
//!
//! The dump is an archive of `YYYY-MM-DD-HHMMSS/data/TABLE.csv` beside a `metadata.json`; which
//! columns of which tables are in it stands in crates.io's `dump-db.toml`
//! (<https://github.com/rust-lang/crates.io/tree/main/crates/crates_io_database_dump>). Columns are
//! found by the names in a table's header, and tables may come in any order: each row that matters
//! is kept in a few bytes until the last table has been read.
//!
//! *Invariants.* A row that cannot be read is counted and named; where they are more than one in
//! [`TOLERANCE`], the dump is no source of facts. Nothing grows with what a row holds beyond the
//! wanted columns, and every table has a limit.

mod csv;
mod tables;

use std::fmt;

use super::index::{DumpInfo, Writer};
use crate::knowledge::date::Date;
use csv::{Csv, CsvFault};
use tables::Tables;

/// One row in so many of a table may be wrong, and is left out.
pub const TOLERANCE: u64 = 10_000;

/// No `metadata.json` is longer, in bytes.
const MAX_METADATA: usize = 64 << 10;

/// A table that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
enum Table {
    Crates,
    CrateOwners,
    Teams,
    Users,
    Versions,
    CrateDownloads,
    DeletedCrates,
}

impl Table {
    const ALL: [Self; 7] = [
        Self::Crates,
        Self::CrateOwners,
        Self::Teams,
        Self::Users,
        Self::Versions,
        Self::CrateDownloads,
        Self::DeletedCrates,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Crates => "crates",
            Self::CrateOwners => "crate_owners",
            Self::Teams => "teams",
            Self::Users => "users",
            Self::Versions => "versions",
            Self::CrateDownloads => "crate_downloads",
            Self::DeletedCrates => "deleted_crates",
        }
    }

    /// Whether no dump is whole without it.
    fn is_required(self) -> bool {
        !matches!(self, Self::CrateDownloads | Self::DeletedCrates)
    }

    /// Several times the rows that crates.io has in 2026.
    fn max_rows(self) -> u64 {
        match self {
            Self::Versions => 16_000_000,
            Self::CrateOwners => 4_000_000,
            _ => 2_000_000,
        }
    }
}

/// Why a dump is none that facts can be taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DumpError {
    /// A table is not there.
    MissingTable(&'static str),
    /// A table is there twice.
    TwiceTable(&'static str),
    /// A table is no CSV with a header.
    NoTable(&'static str),
    /// A table lacks a column.
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A row does not end, or the table ends within it.
    EndlessRow {
        /// The table.
        table: &'static str,
        /// The row's number, from 1.
        row: u64,
    },
    /// A table is larger than any that is read.
    TooLarge(&'static str),
    /// More rows are wrong than may be.
    WrongRows {
        /// The table.
        table: &'static str,
        /// How many are wrong.
        wrong: u64,
        /// How many there are.
        rows: u64,
        /// The number of the first that is wrong, from 1, where it is wrong by itself.
        first: Option<u64>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nothing says of which day it is.
    NoTime,
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingTable(table) => write!(f, "it has no table `{table}`"),
            Self::TwiceTable(table) => write!(f, "it has two tables `{table}`"),
            Self::NoTable(table) => write!(f, "its table `{table}` is no CSV with a header"),
            Self::MissingColumn { table, column } => {
                write!(f, "its table `{table}` has no column `{column}`")
            }
            Self::EndlessRow { table, row } => {
                write!(f, "row {row} of its table `{table}` does not end")
            }
            Self::TooLarge(table) => write!(f, "its table `{table}` is larger than any that is read"),
            Self::WrongRows {
                table,
                wrong,
                rows,
                first,
                why,
            } => {
                write!(f, "{wrong} of {rows} rows of its table `{table}` are wrong")?;
                if let Some(first) = first {
                    write!(f, ", first row {first}")?;
                }
                write!(f, ": {why}")
            }
            Self::NoTime => f.write_str(
                "it does not say of which day it is: neither its `metadata.json` nor its folder's name",
            ),
        }
    }
}

impl std::error::Error for DumpError {}

/// What was counted of a table.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    is_read: bool,
    rows: u64,
    wrong: u64,
    /// The first that is wrong, by its number where it is wrong by itself, and why.
    first: Option<(Option<u64>, &'static str)>,
}

impl Count {
    fn wrong(&mut self, row: Option<u64>, why: &'static str) {
        self.wrong += 1;
        self.first = self.first.or(Some((row, why)));
    }
}

/// The file that is being read.
#[derive(Debug)]
enum Open {
    Table(Table, Box<Csv>),
    Metadata(Vec<u8>),
}

/// A dump that is being read, file by file.
#[derive(Debug, Default)]
pub struct Dump {
    open: Option<Open>,
    counts: [Count; Table::ALL.len()],
    tables: Tables,
    /// Seconds since 1970, as `metadata.json` says.
    time: Option<i64>,
    /// The same by the name of the dump's folder.
    named: Option<i64>,
}

impl Dump {
    /// Begins with a file of the archive; false if it is none that is read.
    ///
    /// # Errors
    /// [`DumpError::TwiceTable`].
    pub fn open(&mut self, path: &str) -> Result<bool, DumpError> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let (folder, file) = match path.split_once('/') {
            Some((folder, rest)) if folder != "data" => (folder, rest),
            _ => ("", path),
        };
        let table = file.strip_prefix("data/").and_then(|file| {
            let name = file.strip_suffix(".csv")?;
            Table::ALL.into_iter().find(|table| table.name() == name)
        });
        self.open = match table {
            Some(table) => {
                let count = self.count(table);
                if count.is_read {
                    return Err(DumpError::TwiceTable(table.name()));
                }
                count.is_read = true;
                self.named = self.named.or_else(|| moment(folder));
                let (required, optional) = tables::columns(table);
                Some(Open::Table(table, Box::new(Csv::new(required, optional))))
            }
            None if file == "metadata.json" => Some(Open::Metadata(Vec::new())),
            None => None,
        };
        Ok(self.open.is_some())
    }

    /// Reads on in the file that was begun last.
    ///
    /// # Errors
    /// [`DumpError`] if the rest of the file cannot be read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), DumpError> {
        let (tables, counts) = (&mut self.tables, &mut self.counts);
        match &mut self.open {
            Some(Open::Table(table, csv)) => {
                let fed = csv.feed(bytes, &mut taker(*table, tables, counts));
                fed.map_err(|fault| fault_of(*table, csv, fault))?;
                if csv.rows() > table.max_rows() || tables.are_full() {
                    return Err(DumpError::TooLarge(table.name()));
                }
            }
            Some(Open::Metadata(text)) if text.len() + bytes.len() <= MAX_METADATA => {
                text.extend_from_slice(bytes);
            }
            Some(Open::Metadata(_)) | None => {}
        }
        Ok(())
    }

    /// The file that was begun last has ended.
    ///
    /// # Errors
    /// [`DumpError`] if it ends where it may not.
    pub fn close(&mut self) -> Result<(), DumpError> {
        match self.open.take() {
            Some(Open::Table(table, mut csv)) => {
                let (tables, counts) = (&mut self.tables, &mut self.counts);
                let ended = csv.end(&mut taker(table, tables, counts));
                ended.map_err(|fault| fault_of(table, &csv, fault))?;
                self.count(table).rows = csv.rows();
            }
            Some(Open::Metadata(text)) => {
                let json: Option<serde_json::Value> = serde_json::from_slice(&text).ok();
                let time = json
                    .as_ref()
                    .and_then(|json| json.get("timestamp")?.as_str());
                self.time = time.and_then(moment);
            }
            None => {}
        }
        Ok(())
    }

    /// The moment of which the dump is, in seconds since 1970-01-01T00:00:00Z, as far as has been
    /// read.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        self.time.or(self.named)
    }

    /// Makes the index of all that was read, in parts to be written one after the other. `info` says
    /// where the dump comes from; the rest of it is filled in here.
    ///
    /// # Errors
    /// [`DumpError`] if a table is missing, or too much of one is wrong.
    pub fn index(mut self, info: DumpInfo) -> Result<(DumpInfo, Vec<Vec<u8>>), DumpError> {
        for table in Table::ALL {
            if table.is_required() && !self.count(table).is_read {
                return Err(DumpError::MissingTable(table.name()));
            }
        }
        let time = self.time().ok_or(DumpError::NoTime)?;
        let mut writer = Writer::default();
        let mut info = DumpInfo { time, ..info };
        self.tables.write(&mut writer, &mut info, &mut self.counts);
        for (table, count) in Table::ALL.into_iter().zip(self.counts) {
            let Some((first, why)) = count.first else {
                continue;
            };
            let error = DumpError::WrongRows {
                table: table.name(),
                wrong: count.wrong,
                rows: count.rows,
                first,
                why,
            };
            if count.wrong.saturating_mul(TOLERANCE) > count.rows {
                return Err(error);
            }
            info.set_aside.push(error.to_string());
        }
        Ok((info.clone(), writer.finish(info)))
    }

    fn count(&mut self, table: Table) -> &mut Count {
        of(&mut self.counts, table)
    }
}

/// A table's count: there is one for each.
#[expect(clippy::indexing_slicing, reason = "as many counts as tables")]
fn of(counts: &mut [Count; Table::ALL.len()], table: Table) -> &mut Count {
    &mut counts[table as usize]
}

fn taker<'a>(
    table: Table,
    tables: &'a mut Tables,
    counts: &'a mut [Count; Table::ALL.len()],
) -> impl FnMut(u64, Result<&csv::Row, &'static str>) + 'a {
    let count = of(counts, table);
    move |number, row| {
        if let Err(why) = row.and_then(|row| tables.take(table, row)) {
            count.wrong(Some(number), why);
        }
    }
}

fn fault_of(table: Table, csv: &Csv, fault: CsvFault) -> DumpError {
    let table = table.name();
    match fault {
        CsvFault::Header => DumpError::NoTable(table),
        CsvFault::Column(column) => DumpError::MissingColumn { table, column },
        CsvFault::Endless | CsvFault::Cut => DumpError::EndlessRow {
            table,
            row: csv.rows() + 1,
        },
    }
}

/// `YYYY-MM-DD`, then the time of day in six digits, with or without colons: seconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let (day, time) = text.split_at_checked(10)?;
    let day: Date = day.parse().ok()?;
    let whole = time.split(['.', 'Z', '+']).next().unwrap_or_default();
    let digits: Vec<i64> = whole
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| i64::from(digit - b'0'))
        .collect();
    let [h, hh, m, mm, s, ss] = *digits.as_slice() else {
        return None;
    };
    let (hours, minutes, seconds) = (h * 10 + hh, m * 10 + mm, s * 10 + ss);
    let is_time = hours < 24 && minutes < 60 && seconds < 61;
    let moment = day.days() * 86_400 + hours * 3_600 + minutes * 60 + seconds;
    // An index is of a day, which is none before 1970.
    (is_time && Date::from_unix(moment).is_some()).then_some(moment)
}

#[cfg(test)]
mod tests;
