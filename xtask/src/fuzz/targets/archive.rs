//! A package's archive: as it is, as the stream that is packed in it, and as one source in it.

use std::io::Write as _;

use carapace_core::supply::archive::{ArchiveFacts, Limits};
use flate2::Compression;
use flate2::write::GzEncoder;
use semver::Version;

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "ustar  \0",
    "ustar\u{0}00",
    "././@LongLink",
    "a-1.0.0/",
    "a-1.0.0/Cargo.toml",
    "a-1.0.0/build.rs",
    "12 path=a/b\n",
    "9 size=0\n",
    "../",
    "\u{301}",
    "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
    "[lib]\nproc-macro = true\n",
    "[dependencies]\nweb = { package = \"ureq\" }\n",
    "{\"git\":{\"sha1\":\"0\",\"dirty\":true}}",
    "use std::net as n;",
    "use std::*;",
    "pub use std::fs;",
    "std::process::Command::new(\"curl\")",
    "extern \"C\" {",
    "#[cfg(test)]",
    "mod x;",
    "#[path = \"../x.rs\"]",
    "include!(\"x.rs\")",
    "\u{7f}ELF",
];

const MANIFEST: &str =
    "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dependencies]\nureq = \"1\"\n";
const SOURCE: &str = "use std::{net as n, fs::*}; pub use std::env; mod x; #[cfg(test)] mod t { }\n\
    fn f() { n::TcpStream::connect(a); std::process::Command::new(\"curl\"); ureq::get(x); }\n\
    extern \"C\" { fn g(); }\n";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut stream = Vec::new();
    entry(&mut stream, b'0', "a-1.0.0/Cargo.toml", MANIFEST.as_bytes());
    entry(&mut stream, b'0', "a-1.0.0/build.rs", SOURCE.as_bytes());
    let mut odd = stream.clone();
    entry(&mut odd, b'x', "x", b"9 size=0\n16 path=a-1.0.0\n");
    entry(&mut odd, b'L', "././@LongLink", b"a-1.0.0/src/lib.rs\0");
    entry(&mut odd, b'2', "a-1.0.0/src", b"");
    entry(&mut odd, b'0', "a-1.0.0/SRC/lib.rs", b"\x7fELF");
    for stream in [&mut stream, &mut odd] {
        stream.resize(stream.len() + 1024, 0);
    }
    vec![packed(&stream), odd, stream, SOURCE.into(), Vec::new()]
}

fn entry(stream: &mut Vec<u8>, kind: u8, path: &str, content: &[u8]) {
    let mut header = [0; 512];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, path.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(156, &[kind]);
    put(257, b"ustar  \0");
    stream.extend(header);
    stream.extend(content);
    stream.resize(stream.len().next_multiple_of(512), 0);
}

fn packed(stream: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::none());
    // Writing to memory does not fail.
    let _ = out.write_all(stream);
    out.finish().unwrap_or_default()
}

/// The stream with the checksum of every block that may be a header set right: else nothing behind a
/// changed one would be read.
fn checked(bytes: &[u8]) -> Vec<u8> {
    let mut stream = bytes.to_vec();
    for block in stream.chunks_exact_mut(512) {
        if block[257..].starts_with(b"ustar") {
            block[148..156].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    stream
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let mut package = Vec::new();
    entry(
        &mut package,
        b'0',
        "a-1.0.0/Cargo.toml",
        MANIFEST.as_bytes(),
    );
    for path in ["build.rs", "src/lib.rs", ".cargo_vcs_info.json"] {
        entry(&mut package, b'0', &format!("a-1.0.0/{path}"), bytes);
    }
    package.resize(package.len() + 1024, 0);
    let package = checked(&package);
    let limits = Limits { unpacked: 4 << 20 };
    let version = Version::new(1, 0, 0);
    for archive in [bytes, &packed(&checked(bytes)), &packed(&package)] {
        let read = || ArchiveFacts::read(archive, "a", &version, limits, |_| [0; 32]);
        let facts = read();
        assert_eq!(facts, read(), "twice read, twice another");
        let kept = postcard::to_stdvec(&facts).unwrap_or_default();
        assert_eq!(postcard::from_bytes(&kept).as_ref(), Ok(&facts));
        for anomaly in &facts.anomalies {
            signature.add(anomaly.kind as u64);
        }
        if facts.anomalies.is_empty() {
            signature.accepted();
            assert!(facts.manifest.is_some());
        }
        for found in &facts.capabilities {
            assert!(found.line > 0 && !found.file.is_empty());
            signature.add(64 + 8 * (found.part as u64) + found.ability as u64);
        }
    }
    // Of the package around a source, nothing is odd but what the source begins with.
    let facts = ArchiveFacts::read(&packed(&package), "a", &version, limits, |_| [0; 32]);
    let kinds = facts.anomalies.iter().map(|anomaly| anomaly.kind);
    let kinds: Vec<_> = kinds.collect();
    let is_right = kinds.iter().all(|kind| format!("{kind:?}") == "Executable");
    assert!(is_right || bytes.len() > 1 << 20, "{kinds:?}");
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for found in &facts.capabilities {
        assert!(found.line as usize <= lines, "{found:?}");
    }
    signature
}
