//! The container formats: where audit data is in a file, and for what the file is.

mod archive;
mod elf;
mod macho;
mod pe;
mod wasm;

use memchr::memmem;
use semver::Version;

/// Section names of audit data. Mach-O has it in the segment `__DATA`.
const AUDIT_DATA: &[u8] = b".dep-v0";

/// The architectures and systems, by the names that rustc has for them (`target_arch`, `target_os`),
/// of which one is that of the file. Empty where anything is possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsOn {
    /// Architectures, sorted.
    pub architectures: Vec<&'static str>,
    /// Systems, sorted.
    pub systems: Vec<&'static str>,
}

/// A container format, told by the first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Of Unix and of bare machines.
    Elf,
    /// Of Windows and UEFI.
    Pe,
    /// Of Apple's systems, for one architecture.
    MachO,
    /// The same for several.
    UniversalMachO,
    /// A module or a component.
    Wasm,
    /// A static library: `ar`.
    Archive,
}

impl Format {
    /// Bytes that [`Format::of`] wants to see.
    pub const HEAD: usize = 8;

    /// The format of a file that begins like this.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        /// A Java class begins as a universal Mach-O does; where that has the number of its
        /// architectures, this has a version, of 45 or more.
        const MAX_UNIVERSAL: u8 = 40;
        match head {
            [0x7f, b'E', b'L', b'F', ..] => Some(Self::Elf),
            [b'M', b'Z', ..] => Some(Self::Pe),
            [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => {
                Some(Self::MachO)
            }
            [0xca, 0xfe, 0xba, 0xbe | 0xbf, 0, 0, 0, ..=MAX_UNIVERSAL, ..] => {
                Some(Self::UniversalMachO)
            }
            [0, b'a', b's', b'm', ..] => Some(Self::Wasm),
            _ if head.starts_with(b"!<arch>\n") => Some(Self::Archive),
            _ => None,
        }
    }
}

/// What a file's tables say.
#[derive(Debug, Default)]
pub(super) struct Container<'a> {
    /// The contents of its sections of audit data.
    pub(super) audit_data: Vec<&'a [u8]>,
    /// The versions of rustc that it names as its compiler, sorted.
    pub(super) compilers: Vec<Version>,
    /// For what it is.
    pub(super) runs_on: RunsOn,
    /// Whether its tables are damaged, so that not all of them were read.
    pub(super) is_damaged: bool,
    /// How many comments were looked at.
    comments: usize,
}

impl<'a> Container<'a> {
    /// Reads a file's tables; none if it is no binary.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut container = Self::default();
        let read = match Format::of(bytes)? {
            Format::Elf => elf::read(bytes, &mut container),
            Format::Pe => pe::read(bytes, &mut container),
            Format::MachO => macho::read(bytes, &mut container),
            Format::UniversalMachO => macho::universal(bytes, &mut container),
            Format::Wasm => wasm::read(bytes, &mut container),
            Format::Archive => archive::read(bytes, &mut container),
        };
        container.is_damaged = read.is_err();
        let runs_on = &mut container.runs_on;
        for names in [&mut runs_on.architectures, &mut runs_on.systems] {
            names.sort_unstable();
            names.dedup();
        }
        container.compilers.sort();
        container.compilers.dedup();
        Some(container)
    }

    /// Takes what rustc, through LLVM, says of itself: `rustc version 1.95.0 (59807616e 2026-04-14)`.
    fn comment(&mut self, text: &[u8]) {
        /// Longer ones, and more of them, are not a compiler's.
        const LONGEST: usize = 64 << 10;
        const MOST: usize = 1_000;
        const MARK: &[u8] = b"rustc version ";
        self.comments += 1;
        if self.comments > MOST {
            return;
        }
        let text = text.get(..LONGEST).unwrap_or(text);
        let marks = memmem::find_iter(text, MARK);
        let versions = marks.filter_map(|at| version(text.get(at + MARK.len()..)?));
        self.compilers.extend(versions);
    }
}

/// The version at the beginning of a text.
fn version(text: &[u8]) -> Option<Version> {
    let end = text.iter().position(|byte| matches!(byte, b' ' | 0));
    let text = std::str::from_utf8(text.get(..end.unwrap_or(text.len()))?).ok()?;
    Version::parse(text).ok()
}

/// A table that is not where it should be, or says what cannot be.
struct Damaged;

impl From<object::Error> for Damaged {
    fn from(_: object::Error) -> Self {
        Self
    }
}
