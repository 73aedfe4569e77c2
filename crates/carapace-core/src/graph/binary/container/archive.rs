//! Static libraries: archives of object files, `.a`, `.lib` and Rust's own `.rlib`.

use object::read::archive::ArchiveFile;

use super::{Container, Damaged, Format, elf, macho, pe, wasm};

pub(super) fn read<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    let mut read = Ok(());
    for member in ArchiveFile::parse(bytes)?.members() {
        // Behind a member whose size is wrong, none is found.
        let member = member?.data(bytes)?;
        // Members are of other kinds, too: a fault in one that looks like an object is none of the
        // library's.
        let of_member = match Format::of(member) {
            Some(Format::Elf) => elf::read(member, container),
            Some(Format::MachO) => macho::read(member, container),
            Some(Format::Wasm) => wasm::read(member, container),
            Some(_) => Ok(()),
            None => {
                let _ = pe::object(member, container);
                Ok(())
            }
        };
        read = read.and(of_member);
    }
    read
}
