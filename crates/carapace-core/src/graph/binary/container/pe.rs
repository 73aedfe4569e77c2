//! PE, and the COFF of its object files.

use object::LittleEndian as LE;
use object::pe::{self, ImageDosHeader, ImageFileHeader, ImageNtHeaders32, ImageNtHeaders64};
use object::read::coff::{CoffHeader, SectionTable};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, optional_header_magic};

use super::{AUDIT_DATA, Container, Damaged};

pub(super) fn read<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    match optional_header_magic(bytes)? {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => of_class::<ImageNtHeaders32>(bytes, container),
        _ => of_class::<ImageNtHeaders64>(bytes, container),
    }
}

fn of_class<'a, Pe: ImageNtHeaders>(
    bytes: &'a [u8],
    container: &mut Container<'a>,
) -> Result<(), Damaged> {
    let mut offset = ImageDosHeader::parse(bytes)?.nt_headers_offset().into();
    let (headers, _) = Pe::parse(bytes, &mut offset)?;
    let is_efi = matches!(
        headers.optional_header().subsystem(),
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION
            | pe::IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER
            | pe::IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER
            | pe::IMAGE_SUBSYSTEM_EFI_ROM
    );
    let systems: &[&str] = if is_efi {
        &["uefi"]
    } else {
        &["cygwin", "windows"]
    };
    container.runs_on.systems.extend(systems);
    let file = headers.file_header();
    container.runs_on.architectures.extend(architectures(file));
    for section in headers.sections(bytes, offset)?.iter() {
        if section.raw_name() == AUDIT_DATA {
            container.audit_data.push(section.pe_data(bytes)?);
        }
    }
    Ok(())
}

/// An object file in a static library.
pub(super) fn object<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    let mut offset = 0;
    let header = ImageFileHeader::parse(bytes, &mut offset)?;
    let architectures = architectures(header);
    if architectures.is_empty() {
        return Ok(());
    }
    container.runs_on.architectures.extend(architectures);
    container
        .runs_on
        .systems
        .extend(["cygwin", "uefi", "windows"]);
    for section in SectionTable::parse(header, bytes, offset)?.iter() {
        if section.raw_name() == AUDIT_DATA {
            container
                .audit_data
                .push(section.coff_data(bytes).map_err(|()| Damaged)?);
        }
    }
    Ok(())
}

fn architectures(header: &ImageFileHeader) -> &'static [&'static str] {
    match header.machine.get(LE) {
        pe::IMAGE_FILE_MACHINE_I386 => &["x86"],
        // An image for the ABI that mixes both calls itself one of AMD64.
        pe::IMAGE_FILE_MACHINE_AMD64 => &["arm64ec", "x86_64"],
        pe::IMAGE_FILE_MACHINE_ARM64 => &["aarch64"],
        pe::IMAGE_FILE_MACHINE_ARM64EC => &["arm64ec"],
        pe::IMAGE_FILE_MACHINE_ARM64X => &["aarch64", "arm64ec"],
        pe::IMAGE_FILE_MACHINE_ARM
        | pe::IMAGE_FILE_MACHINE_ARMNT
        | pe::IMAGE_FILE_MACHINE_THUMB => &["arm"],
        _ => &[],
    }
}
