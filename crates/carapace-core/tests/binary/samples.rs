//! Small binaries of each format, made here: for the tests, and as what the fuzzer begins with.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use object::write::Object;
use object::{Architecture, BinaryFormat, Endianness, SectionKind};

/// What `cargo auditable` packs: `name version kind source dependencies root`.
pub(crate) const LISTED: &str = r#"{"packages":[
 {"name":"app","version":"0.1.0","source":"local","dependencies":[1,2],"root":true},
 {"name":"parser","version":"1.2.0","source":"crates.io","kind":"runtime"},
 {"name":"scripts","version":"1.2.0-rc.1+b","source":"crates.io","kind":"build","dependencies":[1]},
 {"name":"fork","version":"1.2.0","source":"git"},
 {"name":"own","version":"1.2.0","source":"registry"}],"format":1}"#;

/// A path as the compiler leaves it in a message.
pub(crate) const PATH: &str =
    "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/parser-1.2.0/src/lib.rs";

/// A section's name and content.
pub(crate) type Section<'a> = (&'a str, &'a [u8]);

/// Packed as audit data is.
pub(crate) fn packed(json: &str) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(json.as_bytes()).unwrap();
    zlib.finish().unwrap()
}

/// An object file with these sections.
pub(crate) fn object_file(
    format: BinaryFormat,
    architecture: Architecture,
    endian: Endianness,
    sections: &[Section<'_>],
) -> Vec<u8> {
    let mut object = Object::new(format, architecture, endian);
    for (name, content) in sections {
        let segment = match format {
            BinaryFormat::MachO => b"__DATA".to_vec(),
            _ => Vec::new(),
        };
        let section = object.add_section(segment, name.as_bytes().into(), SectionKind::Data);
        object.append_section_data(section, content, 1);
    }
    object.write().unwrap()
}

/// An ELF of this machine's usual kind.
pub(crate) fn elf(sections: &[Section<'_>]) -> Vec<u8> {
    let little = Endianness::Little;
    object_file(BinaryFormat::Elf, Architecture::X86_64, little, sections)
}

/// A Mach-O for the newer Macs.
pub(crate) fn mach_o(sections: &[Section<'_>]) -> Vec<u8> {
    let little = Endianness::Little;
    object_file(BinaryFormat::MachO, Architecture::Aarch64, little, sections)
}

/// The object files of a static library of Windows.
pub(crate) fn coff(sections: &[Section<'_>]) -> Vec<u8> {
    let little = Endianness::Little;
    object_file(BinaryFormat::Coff, Architecture::X86_64, little, sections)
}

/// A program of Windows, as far as its headers go.
pub(crate) fn pe(sections: &[Section<'_>]) -> Vec<u8> {
    const DOS: u32 = 64;
    const OPTIONAL: u16 = 112;
    let count = u16::try_from(sections.len()).unwrap();
    let mut bytes = b"MZ".to_vec();
    bytes.resize(0x3c, 0);
    bytes.extend(DOS.to_le_bytes());
    bytes.extend(b"PE\0\0");
    // AMD64.
    bytes.extend(0x8664_u16.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend([0; 12]);
    bytes.extend(OPTIONAL.to_le_bytes());
    bytes.extend([0; 2]);
    let optional = bytes.len();
    // PE32+.
    bytes.extend(0x20b_u16.to_le_bytes());
    bytes.resize(optional + usize::from(OPTIONAL), 0);
    let mut at = bytes.len() + 40 * sections.len();
    for (name, content) in sections {
        let mut header = name.as_bytes().to_vec();
        header.resize(8, 0);
        let size = u32::try_from(content.len()).unwrap();
        for field in [size, 0x1000, size, u32::try_from(at).unwrap()] {
            header.extend(field.to_le_bytes());
        }
        header.resize(40, 0);
        at += content.len();
        bytes.extend(header);
    }
    for (_, content) in sections {
        bytes.extend(*content);
    }
    bytes
}

/// A number as WebAssembly has it.
fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn sized(content: &[u8]) -> Vec<u8> {
    [leb128(content.len()), content.to_vec()].concat()
}

/// A module of WebAssembly with custom sections, and imports of one module.
pub(crate) fn wasm(imports: &str, sections: &[Section<'_>]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    let import = [&[1][..], &sized(imports.as_bytes()), &sized(b"f"), &[0, 0]].concat();
    bytes.push(2);
    bytes.extend(sized(&import));
    for (name, content) in sections {
        bytes.push(0);
        bytes.extend(sized(&[&sized(name.as_bytes())[..], content].concat()));
    }
    bytes
}

/// A component of WebAssembly with modules in it.
pub(crate) fn component(modules: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for module in modules {
        bytes.push(1);
        bytes.extend(sized(module));
    }
    bytes
}

/// A universal Mach-O.
pub(crate) fn universal(slices: &[Vec<u8>]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut bytes = [&[0xca, 0xfe, 0xba, 0xbe][..], &number(slices.len())].concat();
    let mut at = 8 + 20 * slices.len();
    for slice in slices {
        bytes.extend([0; 8]);
        bytes.extend(number(at));
        bytes.extend(number(slice.len()));
        bytes.extend([0; 4]);
        at += slice.len();
    }
    bytes.extend(slices.concat());
    bytes
}

/// A static library.
pub(crate) fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for member in members {
        let size = member.len();
        let head = format!(
            "{:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
            "a.o/", 0, 0, 0, 644
        );
        bytes.extend(head.as_bytes());
        bytes.extend(member);
        if size % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// One of each format, with audit data.
pub(crate) fn each(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let section = [(".dep-v0", data)];
    let elf_of =
        |architecture, endian| object_file(BinaryFormat::Elf, architecture, endian, &section);
    vec![
        ("elf", elf(&section)),
        ("elf32", elf_of(Architecture::Arm, Endianness::Little)),
        ("elf big", elf_of(Architecture::PowerPc64, Endianness::Big)),
        ("pe", pe(&section)),
        ("mach-o", mach_o(&section)),
        ("universal", universal(&[mach_o(&[]), mach_o(&section)])),
        ("wasm", wasm("env", &section)),
        (
            "component",
            component(&[wasm("env", &[]), wasm("env", &section)]),
        ),
        ("elf library", archive(&[elf(&[]), elf(&section)])),
        ("coff library", archive(&[b"text".to_vec(), coff(&section)])),
        (
            "universal library",
            universal(&[archive(&[mach_o(&section)])]),
        ),
    ]
}
