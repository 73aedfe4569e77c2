//! ELF. Of the tables only the headers, the notes and the names of sections are read: what is broken
//! in others is no matter.

use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, Note, ProgramHeader, SectionHeader};
use object::{Endianness, SectionIndex};

use super::{AUDIT_DATA, Container, Damaged};
use crate::knowledge::platform::SYSTEMS;

/// The systems whose files are of another format.
const OTHERS: [&str; 11] = [
    "aix",
    "cygwin",
    "emscripten",
    "ios",
    "macos",
    "tvos",
    "uefi",
    "visionos",
    "wasi",
    "watchos",
    "windows",
];

/// Segments of a file, notes of a segment, and bytes of the path of a dynamic linker that are looked at.
/// They may lie over one another, so that a file could ask for more than is in it.
const MAX_SEGMENTS: usize = 256;
const MAX_NOTES: usize = 64;
const MAX_PATH: usize = 4096;

pub(super) fn read<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    match bytes.get(4) {
        Some(1) => of_class::<FileHeader32<Endianness>>(bytes, container),
        _ => of_class::<FileHeader64<Endianness>>(bytes, container),
    }
}

fn of_class<'a, Elf: FileHeader<Endian = Endianness>>(
    bytes: &'a [u8],
    container: &mut Container<'a>,
) -> Result<(), Damaged> {
    let header = Elf::parse(bytes)?;
    let endian = header.endian()?;
    let architectures = architectures(header.e_machine(endian), header.is_class_64());
    container.runs_on.architectures.extend(architectures);
    let mut systems = match header.e_ident().os_abi {
        elf::ELFOSABI_LINUX => vec!["linux"],
        elf::ELFOSABI_NETBSD => vec!["netbsd"],
        elf::ELFOSABI_SOLARIS => vec!["illumos", "solaris"],
        elf::ELFOSABI_FREEBSD => vec!["freebsd"],
        elf::ELFOSABI_OPENBSD => vec!["openbsd"],
        _ => Vec::new(),
    };
    let segments = header.program_headers(endian, bytes);
    let some = segments.as_ref().map_or(&[][..], |segments| segments);
    for segment in some.iter().take(MAX_SEGMENTS) {
        systems.extend(of_segment::<Elf>(segment, endian, bytes));
    }
    container.runs_on.systems.extend(match systems.is_empty() {
        true => SYSTEMS
            .iter()
            .copied()
            .filter(|system| !OTHERS.contains(system))
            .collect(),
        false => systems,
    });
    let mut read = segments.map(|_| ()).map_err(Damaged::from);
    let sections = header.sections(endian, bytes)?;
    if sections.is_empty() {
        return read;
    }
    let names =
        SectionIndex(usize::try_from(header.shstrndx(endian, bytes)?).map_err(|_| Damaged)?);
    let names = sections.section(names)?.data(endian, bytes)?;
    for section in sections.iter() {
        let name = names.get(usize::try_from(section.sh_name(endian)).map_err(|_| Damaged)?..);
        // A name is looked at no further than it may go: a table without ends could be long.
        let is_named = |known: &[u8]| {
            let rest = name.and_then(|name| name.strip_prefix(known));
            rest.and_then(<[u8]>::first) == Some(&0)
        };
        if is_named(AUDIT_DATA) {
            match section.data(endian, bytes) {
                Ok(data) => container.audit_data.push(data),
                Err(_) => read = Err(Damaged),
            }
        } else if is_named(b".comment") {
            container.comment(section.data(endian, bytes).unwrap_or_default());
        }
    }
    read
}

/// The systems that a segment names.
fn of_segment<Elf: FileHeader<Endian = Endianness>>(
    segment: &Elf::ProgramHeader,
    endian: Endianness,
    bytes: &[u8],
) -> Vec<&'static str> {
    if segment.p_type(endian) == elf::PT_INTERP {
        let path = segment.data(endian, bytes).unwrap_or_default();
        let end = path.iter().take(MAX_PATH).position(|byte| *byte == 0);
        let path = end.and_then(|end| path.get(..end));
        return path.map_or_else(Vec::new, |path| of_interpreter(path).to_vec());
    }
    let mut systems = Vec::new();
    if let Ok(Some(mut notes)) = segment.notes(endian, bytes) {
        for _ in 0..MAX_NOTES {
            let Ok(Some(note)) = notes.next() else { break };
            systems.extend(of_note(&note, endian));
        }
    }
    systems
}

/// `e_machine`, by rustc's names.
fn architectures(machine: elf::Machine, is_64: bool) -> &'static [&'static str] {
    match (machine, is_64) {
        (elf::EM_386, _) => &["x86"],
        (elf::EM_68K, _) => &["m68k"],
        (elf::EM_AARCH64, _) => &["aarch64"],
        (elf::EM_AMDGPU, _) => &["amdgpu"],
        (elf::EM_ARM, _) => &["arm"],
        (elf::EM_AVR, _) => &["avr"],
        (elf::EM_BPF, _) => &["bpf"],
        (elf::EM_CSKY, _) => &["csky"],
        (elf::EM_HEXAGON, _) => &["hexagon"],
        (elf::EM_LOONGARCH, false) => &["loongarch32"],
        (elf::EM_LOONGARCH, true) => &["loongarch64"],
        // Which revision it is, flags tell, and not all tools set them.
        (elf::EM_MIPS, false) => &["mips", "mips32r6"],
        (elf::EM_MIPS, true) => &["mips64", "mips64r6"],
        (elf::EM_MSP430, _) => &["msp430"],
        (elf::EM_PPC, _) => &["powerpc"],
        (elf::EM_PPC64, _) => &["powerpc64"],
        (elf::EM_RISCV, false) => &["riscv32"],
        (elf::EM_RISCV, true) => &["riscv64"],
        (elf::EM_S390, _) => &["s390x"],
        (elf::EM_SPARC | elf::EM_SPARC32PLUS, _) => &["sparc"],
        (elf::EM_SPARCV9, _) => &["sparc64"],
        (elf::EM_X86_64, _) => &["x86_64"],
        (elf::EM_XTENSA, _) => &["xtensa"],
        _ => &[],
    }
}

/// The system that a dynamic linker is of, by its path.
fn of_interpreter(path: &[u8]) -> &'static [&'static str] {
    match path {
        b"/system/bin/linker" | b"/system/bin/linker64" => &["android"],
        b"/libexec/ld-elf.so.1" => &["freebsd"],
        b"/usr/libexec/ld-elf.so.2" => &["dragonfly"],
        b"/libexec/ld.elf_so" | b"/usr/libexec/ld.elf_so" => &["netbsd"],
        b"/usr/libexec/ld.so" => &["openbsd"],
        b"/lib/ld.so.1" | b"/lib/ld64.so.1" | b"/lib64/ld64.so.1" | b"/lib64/ld64.so.2" => {
            &["linux"]
        }
        _ => {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let prefixes: [&[u8]; 3] = [b"ld-linux", b"ld-musl", b"ld-uClibc"];
            match prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                true => &["linux"],
                false => &[],
            }
        }
    }
}

/// The system that a note says its file is of.
fn of_note<Elf: FileHeader<Endian = Endianness>>(
    note: &Note<'_, Elf>,
    endian: Endianness,
) -> &'static [&'static str] {
    const ABI_TAG: u32 = 1;
    if note.n_type(endian).0 != ABI_TAG {
        return &[];
    }
    match note.name() {
        b"Android" => &["android"],
        b"DragonFly" => &["dragonfly"],
        b"FreeBSD" => &["freebsd"],
        b"NetBSD" => &["netbsd"],
        b"OpenBSD" => &["openbsd"],
        // The number is the first word, in the file's order of bytes.
        b"GNU" => match note.desc() {
            [0, 0, 0, 0, ..] => &["linux"],
            [1, 0, 0, 0, ..] | [0, 0, 0, 1, ..] => &["hurd"],
            [2, 0, 0, 0, ..] | [0, 0, 0, 2, ..] => &["illumos", "solaris"],
            [3, 0, 0, 0, ..] | [0, 0, 0, 3, ..] => &["freebsd"],
            _ => &[],
        },
        _ => &[],
    }
}
