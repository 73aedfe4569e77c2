//! WebAssembly modules, and components, which hold modules
//! (<https://webassembly.github.io/spec/core/binary/modules.html>,
//! <https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md>).
//!
//! Only the frames of sections are read, the names of imports, and one custom section.

use memchr::memmem;

use super::{AUDIT_DATA, Container, Damaged, version};

/// Components are not deeper in one another than so many.
const MAX_DEPTH: usize = 16;

const CUSTOM: u8 = 0;
/// Of a component: a module in it.
const MODULE: u8 = 1;
/// Of a component: another in it.
const COMPONENT: u8 = 4;
/// Of a module.
const IMPORTS: u8 = 2;

pub(super) fn read<'a>(bytes: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    container.runs_on.architectures.extend(["wasm32", "wasm64"]);
    // As long as no import says more. Bare modules are both `none` and `unknown` to rustc.
    container.runs_on.systems = vec!["emscripten", "none", "unknown", "wasi"];
    let mut todo = vec![(bytes, 0)];
    let mut read = Ok(());
    while let Some((bytes, depth)) = todo.pop() {
        let mut sections = Reader(bytes);
        // `\0asm`, the version, and what it is: 0 is a module, 1 a component.
        let head = sections.take(8)?;
        let is_component = head.get(6) == Some(&1);
        while let Some(id) = sections.byte() {
            let Ok(content) = sections.sized() else {
                read = Err(Damaged);
                break;
            };
            match (id, is_component) {
                (CUSTOM, _) => custom(content, container).unwrap_or_default(),
                (MODULE | COMPONENT, true) if depth < MAX_DEPTH => todo.push((content, depth + 1)),
                (MODULE | COMPONENT, true) => read = Err(Damaged),
                (IMPORTS, false) => imports(content, container),
                _ => {}
            }
        }
    }
    read
}

fn custom<'a>(content: &'a [u8], container: &mut Container<'a>) -> Result<(), Damaged> {
    let mut content = Reader(content);
    match content.sized()? {
        AUDIT_DATA => container.audit_data.push(content.0),
        // <https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md>
        b"producers" => {
            const NAME: &[u8] = b"\x05rustc";
            if let Some(at) = memmem::find(content.0, NAME) {
                let mut value = Reader(content.0.get(at + NAME.len()..).unwrap_or_default());
                container.compilers.extend(version(value.sized()?));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Looks for the names of the modules that a system is.
fn imports(content: &[u8], container: &mut Container<'_>) {
    let has = |name: &[u8]| memmem::find(content, name).is_some();
    if has(b"wasi_snapshot_preview1") || has(b"wasi_unstable") || has(b"wasi:") {
        container.runs_on.systems = vec!["wasi"];
    } else if has(b"emscripten_") {
        container.runs_on.systems = vec!["emscripten"];
    }
}

/// What is not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Bytes that stand behind their number, an unsigned LEB128 of 32 bits.
    fn sized(&mut self) -> Result<&'a [u8], Damaged> {
        let mut length = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte().ok_or(Damaged)?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return self.take(usize::try_from(length).map_err(|_| Damaged)?);
            }
        }
        Err(Damaged)
    }
}
