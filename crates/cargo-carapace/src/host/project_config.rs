//! The project's own configuration of cargo, which cargo itself is never shown; and what of the user's
//! own says where packages come from.
//!
//! Of all that may stand there, one thing is passed on: that packages are taken from a folder of
//! the project (`cargo vendor`). It has cargo read what is in the tree anyway, run nothing and ask
//! nobody. Everything else that would make a difference is told to be without effect.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use carapace_core::report::ConfigEffect;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::cargo::Cargo;
use super::files;
use super::foreign;
use super::toolchain;

/// What a configuration may weigh, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;
/// How many packages a folder of them may have.
const MAX_VENDORED: usize = 20_000;
/// What a manifest among them may weigh, in bytes.
const MAX_MANIFEST: u64 = 4 * 1024 * 1024;
/// The tables that would change what a build consists of.
const RELEVANT: [&str; 12] = [
    "build",
    "env",
    "http",
    "include",
    "net",
    "patch",
    "paths",
    "registries",
    "registry",
    "resolver",
    "target",
    "unstable",
];
/// What tells which source is replaced.
const IDENTITY: [&str; 5] = ["registry", "git", "branch", "tag", "rev"];

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct ProjectConfig {
    /// What of it cargo gets, as TOML; none if that is nothing.
    pub(crate) passed_on: Option<String>,
    /// What it does, or would do.
    pub(crate) effects: Vec<ConfigEffect>,
    /// The folders of packages that it leads to.
    pub(crate) vendored: Vec<PathBuf>,
    /// The files, with what is in them.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
}

/// A source of one of the files.
struct SourceTable {
    file: usize,
    line: u32,
    fields: BTreeMap<String, String>,
    /// Something that is no text, which no field of a source is.
    is_odd: bool,
}

impl ProjectConfig {
    /// Reads what cargo would read if it were started in the project's folder, as far as it is in
    /// the tree. `shown` is how a file is called for the user.
    pub(crate) fn read(root: &Path, tree: &Path, shown: &dyn Fn(&Path) -> String) -> Self {
        let mut config = Self::default();
        let mut sources = BTreeMap::new();
        let folders = root.ancestors().take_while(|at| at.starts_with(tree));
        for folder in folders {
            let names = ["config", "config.toml"].map(|name| folder.join(".cargo").join(name));
            // Where both are there, cargo takes the first.
            let Some(path) = names.iter().find(|path| fs::symlink_metadata(path).is_ok()) else {
                continue;
            };
            config.file(path, tree, shown, &mut sources);
        }
        config.replace(&sources, tree, shown);
        config.effects.sort_unstable();
        config
    }

    fn effect(&mut self, file: String, line: u32, effect: String) {
        self.effects.push(ConfigEffect::new(file, line, effect));
    }

    fn file(
        &mut self,
        path: &Path,
        tree: &Path,
        shown: &dyn Fn(&Path) -> String,
        sources: &mut BTreeMap<String, SourceTable>,
    ) {
        let name = shown(path);
        let bytes = match files::read_found(tree, path, MAX_CONFIG) {
            Ok(bytes) => bytes,
            Err(error) => return self.effect(name, 1, format!("not used: {error}")),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.files.push((path.to_owned(), bytes));
        let file = self.files.len() - 1;
        let table = match DeTable::parse(&text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let why = foreign::shown(error.message());
                let effect = format!("not used, as it is not TOML: {why}");
                return self.effect(name, line_at(&text, at), effect);
            }
        };
        for (key, value) in table.get_ref() {
            let line = line_at(&text, key.span().start);
            if RELEVANT.contains(&&**key.get_ref()) {
                let effect = format!("`{}` was not used", key.get_ref());
                self.effect(name.clone(), line, effect);
            }
            let Some(tables) = table_of(value).filter(|_| &**key.get_ref() == "source") else {
                continue;
            };
            for (source, value) in tables {
                let line = line_at(&text, source.span().start);
                // What is deeper in the tree comes first, and has the say.
                let entry = sources.entry(source.get_ref().to_string());
                let table = entry.or_insert_with(|| SourceTable {
                    file,
                    line,
                    fields: BTreeMap::new(),
                    is_odd: false,
                });
                let Some(fields) = table_of(value) else {
                    table.is_odd = true;
                    continue;
                };
                for (field, value) in fields {
                    match value.get_ref() {
                        DeValue::String(text) => {
                            let name = field.get_ref().to_string();
                            table.fields.entry(name).or_insert(text.to_string());
                        }
                        _ => table.is_odd = true,
                    }
                }
            }
        }
    }

    /// Passes on the replacements that lead to folders of the tree.
    fn replace(
        &mut self,
        sources: &BTreeMap<String, SourceTable>,
        tree: &Path,
        shown: &dyn Fn(&Path) -> String,
    ) {
        let mut passed_on = String::new();
        let mut used = BTreeMap::new();
        for (name, source) in sources {
            let Some((path, _)) = self.files.get(source.file) else {
                continue;
            };
            let file = shown(path);
            let Some(by) = source.fields.get("replace-with") else {
                // The other end of a replacement is told of with it.
                let is_end = sources
                    .values()
                    .any(|other| other.fields.get("replace-with") == Some(name));
                if !is_end {
                    let effect = format!("the source `{}` was not used", foreign::shown(name));
                    self.effect(file, source.line, effect);
                }
                continue;
            };
            match folder_of(source, by, sources, &self.files, tree) {
                Ok(folder) => {
                    let effect = format!(
                        "packages of `{}` are taken from `{}`",
                        foreign::shown(name),
                        shown(&folder)
                    );
                    self.effect(file, source.line, effect);
                    passed_on.push_str(&format!("[source.{}]\n", quoted(name)));
                    for (field, value) in &source.fields {
                        if IDENTITY.contains(&field.as_str()) || field == "replace-with" {
                            passed_on.push_str(&format!("{field} = {}\n", quoted(value)));
                        }
                    }
                    used.insert(by.clone(), folder);
                }
                Err(why) => {
                    let effect = format!(
                        "the replacement of `{}` was not used: {why}",
                        foreign::shown(name)
                    );
                    self.effect(file, source.line, effect);
                }
            }
        }
        for (name, folder) in used {
            let directory = quoted(&folder.to_string_lossy());
            passed_on.push_str(&format!(
                "[source.{}]\ndirectory = {directory}\n",
                quoted(&name)
            ));
            self.vendored.push(folder);
        }
        self.vendored.sort_unstable();
        self.vendored.dedup();
        self.passed_on = Some(passed_on).filter(|text| !text.is_empty());
    }
}

/// The folder in the tree that a source is replaced with.
fn folder_of(
    source: &SourceTable,
    by: &str,
    sources: &BTreeMap<String, SourceTable>,
    files: &[(PathBuf, Vec<u8>)],
    tree: &Path,
) -> Result<PathBuf, String> {
    let is_known = |field: &String| IDENTITY.contains(&field.as_str()) || field == "replace-with";
    if source.is_odd || !source.fields.keys().all(is_known) {
        return Err("it has more than a replacement".to_owned());
    }
    let end = sources.get(by).filter(|end| !end.is_odd);
    let directory = end.and_then(|end| Some((end, end.fields.get("directory")?)));
    let Some((end, directory)) = directory.filter(|(end, _)| end.fields.len() == 1) else {
        return Err("it does not lead to a folder".to_owned());
    };
    // Relative paths start beside the `.cargo` that the file is in.
    let file = files.get(end.file).map(|(path, _)| path.as_path());
    let beside = file.and_then(Path::parent).and_then(Path::parent);
    let folder = beside.unwrap_or(tree).join(directory);
    let folder = files::normalized(&folder);
    let folder = files::resolve_within(tree, &folder).map_err(|error| error.to_string())?;
    if !folder.is_dir() {
        return Err("it does not lead to a folder".to_owned());
    }
    check_vendored(&folder)?;
    Ok(folder)
}

/// Cargo opens the manifests and checksums of all packages in the folder, whatever they are: each
/// has to be a regular file, by no link.
fn check_vendored(folder: &Path) -> Result<(), String> {
    for package in vendored_packages(folder) {
        for name in ["Cargo.toml", ".cargo-checksum.json", "Cargo.lock"] {
            let path = package.join(name);
            if fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_file()) {
                return Err(format!("`{}` is no regular file", foreign::path(&path)));
            }
        }
    }
    Ok(())
}

/// The packages of a folder of them, sorted.
fn vendored_packages(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut packages: Vec<_> = entries
        .take(MAX_VENDORED)
        .map(|entry| entry.path())
        .collect();
    packages.sort_unstable();
    packages
}

/// The manifests of a folder of packages, with what is in them.
pub(crate) fn vendored_manifests(folder: &Path) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    vendored_packages(folder).into_iter().map(|package| {
        let manifest = package.join("Cargo.toml");
        let bytes = files::read_regular(&manifest, MAX_MANIFEST).unwrap_or_default();
        (package, bytes)
    })
}

/// The folders of packages that a configuration names.
pub(crate) fn directories(config: &str) -> Vec<PathBuf> {
    let config: toml::Table = config.parse().unwrap_or_default();
    let sources = config.get("source").and_then(toml::Value::as_table);
    let sources = sources.into_iter().flat_map(|sources| sources.values());
    sources
        .flat_map(|source| ["directory", "local-registry"].map(|name| source.get(name)))
        .filter_map(|folder| Some(PathBuf::from(folder?.as_str()?)))
        .collect()
}

/// Where the user's own configuration has packages come from, in full paths and without credentials.
pub(crate) fn user_sources(cargo: &Cargo) -> String {
    let mut text = String::new();
    for (file, config) in toolchain::user_tables(cargo) {
        let tables = |name: &str| {
            let tables = config.get(name).and_then(toml::Value::as_table);
            tables.cloned().unwrap_or_default()
        };
        // Folders are from the one that the configuration's folder is in.
        let base = file.ancestors().nth(2).unwrap_or(Path::new("/")).to_owned();
        for (name, source) in tables("source") {
            text.push_str(&format!("[source.{}]\n", quoted(&name)));
            for field in IDENTITY
                .iter()
                .chain(&["replace-with", "directory", "local-registry"])
            {
                let Some(value) = source.get(*field).and_then(toml::Value::as_str) else {
                    continue;
                };
                let value = match *field {
                    "directory" | "local-registry" => quoted(&base.join(value).to_string_lossy()),
                    _ => quoted(value),
                };
                text.push_str(&format!("{field} = {value}\n"));
            }
        }
        for (name, registry) in tables("registries") {
            if let Some(index) = registry.get("index").and_then(toml::Value::as_str) {
                let index = quoted(index);
                text.push_str(&format!(
                    "[registries.{}]\nindex = {index}\n",
                    quoted(&name)
                ));
            }
        }
    }
    // Two files that name the same are none: which one counts is not for us to say.
    let is_whole = text.parse::<toml::Table>().is_ok();
    if is_whole { text } else { String::new() }
}

fn table_of<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Option<&'a DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn line_at(text: &str, at: usize) -> u32 {
    let before = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

/// A string of TOML: with the escapes that JSON has, and one more.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree with a configuration, and what of it is passed on and told.
    fn read(text: &str) -> (Option<String>, Vec<String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let tree = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(tree.join(".cargo")).unwrap();
        fs::create_dir_all(tree.join("vendor/a")).unwrap();
        fs::write(tree.join("vendor/a/Cargo.toml"), "").unwrap();
        fs::write(tree.join(".cargo/config.toml"), text).unwrap();
        let shown = |path: &Path| path.strip_prefix(&tree).unwrap().display().to_string();
        let config = ProjectConfig::read(&tree, &tree, &shown);
        let effects = config.effects.iter();
        let effects = effects
            .map(|effect| format!("{}:{}: {}", effect.file, effect.line, effect.effect))
            .collect();
        let tree = tree.to_string_lossy().into_owned();
        let passed_on = config.passed_on.map(|text| text.replace(&tree, "TREE"));
        (passed_on, effects, folder)
    }

    #[test]
    fn vendored_packages_are_passed_on() {
        let (passed_on, effects, _folder) = read(
            "[source.crates-io]\nreplace-with = \"vendored\"\n\n\
             [source.\"git+https://e.org/r?rev=0\"]\ngit = \"https://e.org/r\"\nrev = \"0\"\n\
             replace-with = \"vendored\"\n\n[source.vendored]\ndirectory = \"vendor\"\n",
        );
        assert_eq!(
            passed_on.unwrap(),
            "[source.\"crates-io\"]\nreplace-with = \"vendored\"\n\
             [source.\"git+https://e.org/r?rev=0\"]\ngit = \"https://e.org/r\"\nreplace-with = \"vendored\"\nrev = \"0\"\n\
             [source.\"vendored\"]\ndirectory = \"TREE/vendor\"\n"
        );
        assert_eq!(
            effects,
            [
                ".cargo/config.toml:1: packages of `crates-io` are taken from `vendor`",
                ".cargo/config.toml:4: packages of `git+https://e.org/r?rev=0` are taken from `vendor`",
            ]
        );
    }

    #[test]
    fn nothing_else_is() {
        for (text, effect) in [
            (
                "[source.crates-io]\nreplace-with = \"x\"\n[source.x]\nregistry = \"https://e.org\"\n",
                ".cargo/config.toml:1: the replacement of `crates-io` was not used: it does not lead to a folder",
            ),
            (
                "[source.crates-io]\nreplace-with = \"x\"\n[source.x]\ndirectory = \"../out\"\n",
                "/out` does not exist",
            ),
            (
                "[source.crates-io]\nreplace-with = \"x\"\n[source.x]\ndirectory = \"/\"\n",
                "leads out of",
            ),
            (
                "[source.crates-io]\nreplace-with = \"x\"\nlocal-registry = \"vendor\"\n[source.x]\ndirectory = \"vendor\"\n",
                "it has more than a replacement",
            ),
            (
                "\n[build]\nrustc = \"x\"\n",
                ".cargo/config.toml:2: `build` was not used",
            ),
            ("[net\n", "as it is not TOML"),
        ] {
            let (passed_on, effects, _folder) = read(text);
            assert_eq!(passed_on, None, "{text}");
            assert_eq!(effects.len(), 1, "{effects:?}");
            let found = effects[0].replace("/../out", "../out");
            assert!(
                found.contains(effect) || effects[0].contains("`[net"),
                "{effects:?}"
            );
        }
    }
}
