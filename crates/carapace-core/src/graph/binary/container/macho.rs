//! Mach-O, for one architecture or several.

use object::Endianness;
use object::macho::{self, FatArch32, FatArch64, MachHeader32, MachHeader64};
use object::read::macho::{FatArch, LoadCommandData, MachHeader, MachOFatFile, Section, Segment};

use super::{AUDIT_DATA, Container, Damaged};

/// The systems of Apple's.
const SYSTEMS: [&str; 5] = ["ios", "macos", "tvos", "visionos", "watchos"];

pub(super) fn read<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    match bytes {
        [0xce, ..] | [_, _, _, 0xce, ..] => of_class::<MachHeader32<Endianness>>(bytes, container),
        _ => of_class::<MachHeader64<Endianness>>(bytes, container),
    }
}

pub(super) fn universal<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    match bytes.get(3) {
        Some(0xbe) => slices(MachOFatFile::<FatArch32>::parse(bytes)?, bytes, container),
        _ => slices(MachOFatFile::<FatArch64>::parse(bytes)?, bytes, container),
    }
}

/// What one of them cannot say does not hide the others.
fn slices<'a, Fat: FatArch>(
    file: MachOFatFile<'a, Fat>,
    bytes: &'a [u8],
    container: &mut Container<'a>,
) -> Result<(), Damaged> {
    let read = file.arches().iter().map(|arch| {
        let slice = arch.data(bytes)?;
        match slice.starts_with(b"!<arch>\n") {
            true => super::archive::read(slice, container),
            false => read(slice, container),
        }
    });
    read.fold(Ok(()), Result::and)
}

fn of_class<'a, Mach: MachHeader<Endian = Endianness>>(
    bytes: &'a [u8],
    container: &mut Container<'a>,
) -> Result<(), Damaged> {
    let header = Mach::parse(bytes, 0)?;
    let endian = header.endian()?;
    let architecture = architecture(header.cputype(endian));
    container.runs_on.architectures.extend(architecture);
    let mut commands = header.load_commands(endian, bytes, 0)?;
    let mut systems = Vec::new();
    let mut read = Ok(());
    loop {
        let command = match commands.next() {
            Ok(Some(command)) => command,
            Ok(None) => break,
            Err(_) => {
                read = Err(Damaged);
                break;
            }
        };
        systems.extend(system(command, endian));
        let Ok(Some((segment, sections))) = Mach::Segment::from_command(command) else {
            continue;
        };
        let sections = segment.sections(endian, sections).unwrap_or_default();
        for section in sections {
            if section.segment_name() == b"__DATA" && section.name() == AUDIT_DATA {
                match section.data(endian, bytes, section.offset(endian).into()) {
                    Ok(data) => container.audit_data.push(data),
                    Err(_) => read = Err(Damaged),
                }
            }
        }
    }
    if systems.is_empty() {
        systems.extend(SYSTEMS);
    }
    container.runs_on.systems.extend(systems);
    read
}

fn architecture(cpu: macho::CpuType) -> Option<&'static str> {
    match cpu {
        macho::CPU_TYPE_ARM => Some("arm"),
        macho::CPU_TYPE_ARM64 | macho::CPU_TYPE_ARM64_32 => Some("aarch64"),
        macho::CPU_TYPE_POWERPC => Some("powerpc"),
        macho::CPU_TYPE_POWERPC64 => Some("powerpc64"),
        macho::CPU_TYPE_X86 => Some("x86"),
        macho::CPU_TYPE_X86_64 => Some("x86_64"),
        _ => None,
    }
}

/// The system that a load command says its file is for.
fn system(command: LoadCommandData<'_, Endianness>, endian: Endianness) -> Option<&'static str> {
    match command.cmd() {
        macho::LC_VERSION_MIN_MACOSX => return Some("macos"),
        macho::LC_VERSION_MIN_IPHONEOS => return Some("ios"),
        macho::LC_VERSION_MIN_TVOS => return Some("tvos"),
        macho::LC_VERSION_MIN_WATCHOS => return Some("watchos"),
        _ => {}
    }
    let (version, _) = command.build_version(endian).ok()??;
    match version.platform.get(endian) {
        macho::PLATFORM_MACOS => Some("macos"),
        macho::PLATFORM_IOS | macho::PLATFORM_IOSSIMULATOR | macho::PLATFORM_MACCATALYST => {
            Some("ios")
        }
        macho::PLATFORM_TVOS | macho::PLATFORM_TVOSSIMULATOR => Some("tvos"),
        macho::PLATFORM_WATCHOS | macho::PLATFORM_WATCHOSSIMULATOR => Some("watchos"),
        macho::PLATFORM_VISIONOS | macho::PLATFORM_VISIONOSSIMULATOR => Some("visionos"),
        _ => None,
    }
}
