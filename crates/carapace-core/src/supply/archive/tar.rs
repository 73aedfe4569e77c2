//! The entries of a tar stream, read so that what other readers would take otherwise is told.
//!
//! Cargo writes entries of the GNU form, or of the older POSIX one, and long paths as GNU does. What
//! else the forms have (records of the PAX form, links, holes) no package of crates.io has, and each
//! is a place where readers have differed.

use super::anomaly::{Anomalies, AnomalyKind};

/// What a header takes up, and what content is filled up to.
const BLOCK: usize = 512;
/// How many entries an archive may have; the largest package has a twentieth of it.
const MAX_ENTRIES: usize = 100_000;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// Anything else, which is an anomaly already.
    Other,
}

/// An entry.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) content: &'a [u8],
}

/// What stands before an entry and is about it.
#[derive(Debug, Default)]
struct Ahead {
    /// Its path, by each that says one.
    paths: Vec<Vec<u8>>,
    /// Its size.
    size: Option<u64>,
}

/// The entries, as far as they can be read.
pub(super) fn entries<'a>(stream: &'a [u8], anomalies: &mut Anomalies) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut ahead = Ahead::default();
    let mut at = 0;
    // What follows the mark of the end, once it is there.
    let end = loop {
        let Some(header) = stream.get(at..at + BLOCK) else {
            if !stream.is_empty() {
                anomalies.add(AnomalyKind::Cut, "", "it has no end");
            }
            return entries;
        };
        at += BLOCK;
        if header.iter().all(|byte| *byte == 0) {
            break at;
        }
        if entries.len() >= MAX_ENTRIES {
            anomalies.add(AnomalyKind::TooMany, "", format!("more than {MAX_ENTRIES}"));
            return entries;
        }
        let Some(header) = Header::read(header) else {
            anomalies.add(AnomalyKind::Header, "", format!("at byte {}", at - BLOCK));
            return entries;
        };
        let own = header.path();
        let shown = String::from_utf8_lossy(ahead.paths.first().unwrap_or(&own)).into_owned();
        let size = ahead.size.filter(|_| !header.is_about_another());
        if size.is_some_and(|size| size != header.size) {
            let detail = format!("{} and {}", header.size, size.unwrap_or_default());
            anomalies.add(AnomalyKind::TwoSizes, &shown, detail);
        }
        let size = usize::try_from(size.unwrap_or(header.size)).unwrap_or(usize::MAX);
        let content = at.checked_add(size).and_then(|end| stream.get(at..end));
        let Some(content) = content else {
            anomalies.add(AnomalyKind::Cut, &shown, "");
            return entries;
        };
        at += size.next_multiple_of(BLOCK);
        match header.kind {
            b'L' => ahead.paths.push(until_zero(content).to_vec()),
            b'x' => ahead.records(content, anomalies),
            b'g' => {
                let detail = "for all entries";
                anomalies.add(AnomalyKind::Records, "", detail);
            }
            kind => {
                let path = ahead.path(own, anomalies);
                if header.takes_rights {
                    let shown = String::from_utf8_lossy(&path);
                    anomalies.add(AnomalyKind::SetId, &shown, "");
                }
                let kind = header.entry(kind, &path, anomalies);
                entries.push(Entry {
                    path,
                    kind,
                    content,
                });
                ahead = Ahead::default();
            }
        }
    };
    if stream
        .get(end..)
        .is_some_and(|rest| rest.iter().any(|byte| *byte != 0))
    {
        anomalies.add(AnomalyKind::Behind, "", "");
    }
    entries
}

impl Ahead {
    /// Takes records of the PAX form in: `LENGTH KEY=VALUE`, each in a line.
    fn records(&mut self, mut content: &[u8], anomalies: &mut Anomalies) {
        while !content.is_empty() {
            let Some((key, value, rest)) = record(content) else {
                anomalies.add(AnomalyKind::Records, "", "they cannot be read");
                return;
            };
            content = rest;
            match key {
                b"path" => self.paths.push(value.to_vec()),
                b"size" => {
                    let number = std::str::from_utf8(value).ok();
                    let number = number.and_then(|text| text.parse().ok());
                    if number.is_none() || self.size.is_some() {
                        anomalies.add(AnomalyKind::Records, "", "of its size");
                    }
                    self.size = number;
                }
                key if key.starts_with(b"GNU.sparse") => {
                    anomalies.add(AnomalyKind::Records, "", "of holes in the file");
                }
                _ => {}
            }
        }
    }

    /// The entry's path; `own` is that of its header, which is cut where another one stands ahead.
    fn path(&mut self, own: Vec<u8>, anomalies: &mut Anomalies) -> Vec<u8> {
        if self.paths.len() > 1 {
            let all = self.paths.iter().map(|path| String::from_utf8_lossy(path));
            let all: Vec<_> = all.collect();
            anomalies.add(AnomalyKind::TwoPaths, "", all.join(", "));
        }
        self.paths.pop().unwrap_or(own)
    }
}

/// A record, and what follows it.
fn record(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = content.iter().take(20).position(|byte| *byte == b' ')?;
    let (digits, _) = content.split_at_checked(space)?;
    let len: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (record, rest) = content.split_at_checked(len)?;
    let text = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', text)?;
    let (key, value) = text.split_at_checked(equals)?;
    Some((key, value.get(1..)?, rest))
}

/// What a header says.
struct Header<'a> {
    block: &'a [u8],
    kind: u8,
    size: u64,
    takes_rights: bool,
}

impl<'a> Header<'a> {
    /// None if its checksum is not right, or a number in it is none.
    fn read(block: &'a [u8]) -> Option<Self> {
        const CHECKSUM: std::ops::Range<usize> = 148..156;
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let own = block.get(CHECKSUM)?;
        let without: u64 = own.iter().map(|byte| u64::from(*byte)).sum();
        let spaces = u64::from(b' ') * CHECKSUM.len() as u64;
        if number(own)? != sum - without + spaces {
            return None;
        }
        const RIGHTS: u64 = 0o6000;
        Some(Self {
            block,
            kind: *block.get(156)?,
            size: number(block.get(124..136)?)?,
            takes_rights: number(block.get(100..108)?)? & RIGHTS != 0,
        })
    }

    /// The path that it has room for.
    fn path(&self) -> Vec<u8> {
        let field = |range| until_zero(self.block.get(range).unwrap_or_default());
        let name = field(0..100);
        // The older POSIX form has a path's beginning in a field of its own; GNU's has times there.
        let is_posix = self.block.get(257..263) == Some(b"ustar\0");
        match field(345..500) {
            prefix if is_posix && !prefix.is_empty() => [prefix, b"/", name].concat(),
            _ => name.to_vec(),
        }
    }

    /// Whether it says something of the entry that follows.
    fn is_about_another(&self) -> bool {
        matches!(self.kind, b'L' | b'K' | b'x' | b'g')
    }

    fn entry(&self, kind: u8, path: &[u8], anomalies: &mut Anomalies) -> Kind {
        let target = || {
            let target = until_zero(self.block.get(157..257).unwrap_or_default());
            format!("to {}", String::from_utf8_lossy(target))
        };
        let (anomaly, detail) = match kind {
            b'0' | 0 => return Kind::File,
            b'5' => return Kind::Folder,
            b'1' => (AnomalyKind::HardLink, target()),
            b'2' => (AnomalyKind::SymbolicLink, target()),
            b'3' | b'4' | b'6' => (AnomalyKind::Device, String::new()),
            kind => {
                let kind = char::from(kind).escape_default();
                (AnomalyKind::OtherKind, format!("`{kind}`"))
            }
        };
        anomalies.add(anomaly, &String::from_utf8_lossy(path), detail);
        Kind::Other
    }
}

/// A number: octal digits, or from GNU the bytes themselves behind a set first bit.
fn number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |number, byte| {
            Some(number.checked_mul(256)? + u64::from(*byte))
        });
    }
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches(|c| matches!(c, ' ' | '\0'));
    match text {
        "" => Some(0),
        text if text.starts_with('+') => None,
        text => u64::from_str_radix(text, 8).ok(),
    }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}
