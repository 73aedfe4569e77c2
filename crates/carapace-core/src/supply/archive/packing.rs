//! Archives for tests, made byte by byte: cargo and tar would not make most of them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// An archive that is being made.
#[derive(Default)]
pub(crate) struct Packing {
    pub(crate) stream: Vec<u8>,
}

impl Packing {
    /// An entry: its kind as tar has it, its path as it is, and where a link leads.
    pub(crate) fn entry(
        &mut self,
        kind: u8,
        path: &str,
        target: &str,
        content: &[u8],
    ) -> &mut Self {
        self.sized(kind, path, target, content, content.len())
    }

    /// The same, of which the header says another size.
    pub(crate) fn sized(
        &mut self,
        kind: u8,
        path: &str,
        target: &str,
        content: &[u8],
        size: usize,
    ) -> &mut Self {
        let mut header = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, path.as_bytes());
        put(100, b"0000644\0");
        put(124, format!("{size:011o}\0").as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(157, target.as_bytes());
        put(257, b"ustar  \0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.stream.extend(header);
        self.stream.extend(content);
        let filled = self.stream.len().next_multiple_of(512);
        self.stream.resize(filled, 0);
        self
    }

    /// A regular file.
    pub(crate) fn file(&mut self, path: &str, content: impl AsRef<[u8]>) -> &mut Self {
        self.entry(b'0', path, "", content.as_ref())
    }

    /// The packed archive, with the mark of its end.
    pub(crate) fn packed(&self) -> Vec<u8> {
        let mut stream = self.stream.clone();
        stream.resize(stream.len() + 1024, 0);
        packed(&stream)
    }
}

/// A stream, packed.
pub(crate) fn packed(stream: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(stream).unwrap();
    out.finish().unwrap()
}
