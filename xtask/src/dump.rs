//! `cargo xtask dump`: a dump of a registry that is made up, of any size.
//!
//! Tables, columns and the way they are written are those of crates.io's dump of August 2026; names,
//! people and texts are nobody's. The same arguments make the same dump.

mod rows;
mod table;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fuzz::rng::Rng;
use crate::process::{self, TempFolder};
use rows::Registry;

const USAGE: &str = "\
usage: cargo xtask dump [--crates N] [--versions N] [--users N] [--seed N] [--shuffled] -o FILE
  --crates N    how many packages (default 260000)
  --versions N  how many versions of them (default 2400000)
  --users N     how many users (default 60000)
  --seed N      another number makes another registry (default 1)
  --shuffled    tables and columns in another order, and columns that nobody knows
";

/// How much is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    crates: u64,
    versions: u64,
    users: u64,
    seed: u64,
    is_shuffled: bool,
}

pub(crate) fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let usage = |error: String| format!("{error}\n{USAGE}");
    let mut number = |flag: &str, default: u64| -> Result<u64, String> {
        let number = process::number(&mut arguments, flag).map_err(usage)?;
        Ok(number.unwrap_or(default))
    };
    let mut scale = Scale {
        crates: number("--crates", 260_000)?.max(1),
        versions: number("--versions", 2_400_000)?,
        users: number("--users", 60_000)?.max(1),
        seed: number("--seed", 1)?,
        is_shuffled: false,
    };
    let file = process::required(&mut arguments, "-o").map_err(usage)?;
    if let Some(at) = arguments.iter().position(|word| word == "--shuffled") {
        arguments.remove(at);
        scale.is_shuffled = true;
    }
    if !arguments.is_empty() {
        return Err(USAGE.to_owned());
    }
    write(&scale, Path::new(&file)).map_err(|error| format!("{file}: {error}"))
}

/// Where the dump's files lie in it, and of when it is.
const FOLDER: &str = "2026-08-20-020034";
const METADATA: &str = "{\n  \"timestamp\": \"2026-08-20T02:00:34.604823514Z\",\n  \
    \"crates_io_commit\": \"0000000000000000000000000000000000000000\"\n}";

fn write(scale: &Scale, file: &Path) -> std::io::Result<()> {
    let work = TempFolder::new().map_err(std::io::Error::other)?;
    let mut tables = Registry::new(*scale).tables();
    if scale.is_shuffled {
        table::shuffle(&mut tables, &mut Rng::new(scale.seed));
    }
    let encoder = GzEncoder::new(BufWriter::new(File::create(file)?), Compression::default());
    let mut archive = tar::Builder::new(encoder);
    let mut add = |path: String, bytes: &mut dyn std::io::Read, length: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, format!("{FOLDER}/{path}"), bytes)
    };
    add(
        "metadata.json".to_owned(),
        &mut METADATA.as_bytes(),
        METADATA.len() as u64,
    )?;
    for mut table in tables {
        let path: PathBuf = work.path().join(table.name);
        let mut out = BufWriter::new(File::create(&path)?);
        let salt = table.name.bytes().map(u64::from).sum::<u64>();
        let mut rng = Rng::new(scale.seed ^ salt << 32);
        let order = table.order(scale.is_shuffled, &mut rng);
        table.write(&order, &mut out)?;
        out.flush()?;
        let mut written = File::open(&path)?;
        let length = written.metadata()?.len();
        eprintln!("{}: {length} bytes", table.name);
        add(format!("data/{}.csv", table.name), &mut written, length)?;
        std::fs::remove_file(&path)?;
    }
    archive.into_inner()?.finish()?.flush()
}
