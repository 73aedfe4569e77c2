//! Which files of a package are its build script's, its procedural macro's or its library's, and what
//! that code can do.
//!
//! Modules are followed from the roots, as a build does, whatever features and platforms: what may be
//! built, counts. Tests, examples, benchmarks and programs do not: nobody who depends on the package
//! builds them. A macro may declare a module out of sight, so what lies beside the library and is
//! declared by nothing that is seen is taken to be its.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use memchr::memmem;

use super::capability::{Ability, Capability, Mention, Part, Table, live, mentions};
use super::manifest::Manifest;
use super::paths::Files;
use super::{BuildScript, Sha256};
use crate::census::link::{folder, folder_inside, join};
use crate::reach::is_apart;
use crate::source::outline::{Buffers, Outline, Source, Watch};

/// Larger files are not read, in bytes: no package has one that was written by hand.
const MAX_FILE: usize = crate::facts::scan::MAX_OUTLINED;
/// Folders of a package in which nothing is built for others.
const APART: [&str; 7] = [
    "benches", "examples", "fixtures", "test", "testdata", "tests", "ui",
];

/// What was found out about a package's code.
pub(super) struct Code {
    script: Option<String>,
    /// The files of the build script.
    of_script: BTreeSet<String>,
    pub(super) capabilities: Vec<Capability>,
}

impl Code {
    /// The build script with the hash of its sources.
    pub(super) fn build_script(&self, files: &Files<'_>, sha256: Sha256) -> Option<BuildScript> {
        let path = self.script.clone()?;
        let mut sources = Vec::new();
        for file in &self.of_script {
            let content = files.get(file).copied().unwrap_or_default();
            sources.extend(format!("{} {file}\n", content.len()).into_bytes());
            sources.extend(content);
        }
        Some(BuildScript {
            path,
            hash: sha256(&sources),
        })
    }
}

/// Reads a package's code.
pub(super) fn read(files: &Files<'_>, manifest: &Manifest) -> Code {
    let table = Table::new(&manifest.declared);
    let mut search = Search {
        files,
        words: words(&table),
        table,
        buffers: Buffers::default(),
        seen: HashMap::new(),
        declared: HashSet::new(),
        visited: HashSet::new(),
        work: Vec::new(),
        capabilities: BTreeMap::new(),
    };
    let library = match manifest.is_proc_macro {
        true => Part::ProcMacro,
        false => Part::Library,
    };
    search.root(manifest.build_script.as_deref(), Some(Part::BuildScript));
    search.root(manifest.library.as_deref(), Some(library));
    search.root(Some("src/main.rs"), None);
    for program in &manifest.programs {
        search.root(Some(program), None);
    }
    search.follow();
    if let Some(root) = &manifest.library {
        search.out_of_sight(folder(root), library);
    }
    let visited = search.visited.iter();
    let of_script = visited.filter(|(_, part)| *part == Some(Part::BuildScript));
    let table = &search.table;
    // Where a module is only handed on, something has to name what in it counts.
    let is_named = |mention: &Mention| {
        let held = table.held(&mention.names);
        let names = |bytes: &[u8]| {
            held.iter()
                .any(|name| memmem::find(bytes, name.as_bytes()).is_some())
        };
        let mut sources = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        held.is_empty() || sources.any(|(_, bytes)| names(bytes))
    };
    let capabilities = search.capabilities.into_iter();
    let capabilities = capabilities.filter(|(_, (_, mention))| is_named(mention));
    Code {
        script: manifest.build_script.clone(),
        of_script: of_script.map(|(path, _)| path.clone()).collect(),
        capabilities: capabilities
            .map(|((part, ability), (file, mention))| Capability {
                part,
                ability,
                names: mention.names,
                program: mention.program,
                file,
                line: mention.line,
            })
            .collect(),
    }
}

/// A module in a file of its own, or a file that is included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Child {
    path: String,
    /// The folder of its own child modules.
    children: String,
    /// Whether tests alone have it.
    is_test: bool,
}

/// What was read of one file.
#[derive(Debug, Clone, Default)]
struct Seen {
    children: Vec<Child>,
    mentions: Vec<Mention>,
}

/// The way from a package's roots along its files. Nothing of what a file is read for depends on
/// whose it is; `None` is what nobody who depends on the package builds.
struct Search<'f> {
    files: &'f Files<'f>,
    table: Table,
    words: Vec<memmem::Finder<'static>>,
    buffers: Buffers,
    /// By path and the folder of child modules.
    seen: HashMap<(String, String), Seen>,
    /// Files that a declaration names.
    declared: HashSet<String>,
    visited: HashSet<(String, Option<Part>)>,
    work: Vec<(Child, Option<Part>)>,
    /// The first place of each, by the order of paths.
    capabilities: BTreeMap<(Part, Ability), (String, Mention)>,
}

impl Search<'_> {
    fn root(&mut self, path: Option<&str>, part: Option<Part>) {
        let Some(path) = path.filter(|path| self.files.contains_key(*path)) else {
            return;
        };
        self.declared.insert(path.to_owned());
        let child = Child {
            path: path.to_owned(),
            children: folder(path).to_owned(),
            is_test: false,
        };
        self.work.push((child, part));
    }

    fn follow(&mut self) {
        while let Some((child, part)) = self.work.pop() {
            if !self.visited.insert((child.path.clone(), part)) {
                continue;
            }
            let Some(bytes) = self.files.get(&child.path).copied() else {
                continue;
            };
            let key = (child.path.clone(), child.children.clone());
            let seen = match self.seen.get(&key) {
                Some(seen) => seen.clone(),
                None => {
                    let seen = self.read(&child, bytes);
                    self.seen.insert(key, seen.clone());
                    seen
                }
            };
            for inner in seen.children {
                self.declared.insert(inner.path.clone());
                let part = part.filter(|_| !inner.is_test);
                self.work.push((inner, part));
            }
            let Some(part) = part else { continue };
            for mention in seen.mentions {
                let place = (child.path.clone(), mention);
                let known = self.capabilities.entry((part, place.1.ability));
                known
                    .and_modify(|known| {
                        if (place.1.rank, &place.0) < (known.1.rank, &known.0) {
                            known.clone_from(&place);
                        }
                    })
                    .or_insert(place);
            }
        }
    }

    /// Files beside the library's root that nothing declares.
    fn out_of_sight(&mut self, beside: &str, part: Part) {
        let is_beside = |path: &str| {
            let inner = match beside {
                "" => Some(path),
                beside => path
                    .strip_prefix(beside)
                    .and_then(|path| path.strip_prefix('/')),
            };
            inner.is_some_and(|inner| !inner.split('/').any(|part| APART.contains(&part)))
        };
        let paths = self.files.keys();
        let unseen: Vec<String> = paths
            .filter(|path| path.ends_with(".rs") && !is_apart(path) && is_beside(path))
            .filter(|path| !self.declared.contains(*path))
            .cloned()
            .collect();
        for path in unseen {
            if self.declared.contains(&path) {
                continue;
            }
            let children = path.strip_suffix("/mod.rs");
            let children = children.or_else(|| path.strip_suffix(".rs"));
            let children = children.unwrap_or_default().to_owned();
            let child = Child {
                path,
                children,
                is_test: false,
            };
            self.work.push((child, Some(part)));
            self.follow();
        }
    }

    /// Reads one file; most are passed over, as they name nothing that counts and declare no module.
    fn read(&mut self, child: &Child, bytes: &[u8]) -> Seen {
        let says_something = has_word(bytes, &self.words)
            || has_foreign_block(bytes)
            || memmem::find(bytes, b"include_bytes").is_some();
        if bytes.len() > MAX_FILE || !says_something && !declares_modules(bytes) {
            return Seen::default();
        }
        let source = Source::within(bytes, std::mem::take(&mut self.buffers));
        let outline = Outline::new(
            &source,
            Watch {
                all_items: true,
                ..Watch::default()
            },
        );
        let live = live(&outline);
        let holds = |id: u32| live.get(id as usize).copied().unwrap_or(true);
        let is_built = holds(outline.file_condition);
        let here = folder(&child.path);
        let mut children = Vec::new();
        let mut add = |path: String, inner: String, condition: u32| {
            if self.files.contains_key(&path) {
                children.push(Child {
                    path,
                    children: inner,
                    is_test: !is_built || !holds(condition),
                });
            }
        };
        for module in &outline.modules {
            let inside = folder_inside(here, &child.children, &module.inside);
            for (_, own) in &module.paths {
                let from = match module.inside.is_empty() {
                    true => here,
                    false => &inside,
                };
                let path = join(from, own);
                let inner = folder(&path).to_owned();
                add(path, inner, module.condition);
            }
            let nested = join(&inside, &module.name);
            add(format!("{nested}.rs"), nested.clone(), module.condition);
            add(join(&nested, "mod.rs"), nested, module.condition);
        }
        for include in &outline.includes {
            if let Some(path) = &include.path {
                let path = join(here, path);
                let inner = folder(&path).to_owned();
                add(path, inner, include.condition);
            }
        }
        let mentions = match is_built && says_something {
            true => mentions(&source, &outline, &live, &self.table),
            false => Vec::new(),
        };
        self.buffers = source.into_buffers();
        Seen { children, mentions }
    }
}

/// What a file has to hold one of to name anything of the table.
fn words(table: &Table) -> Vec<memmem::Finder<'static>> {
    let words = table.words();
    words
        .map(|word| memmem::Finder::new(word).into_owned())
        .collect()
}

/// Whether one of the words stands there as a whole.
fn has_word(bytes: &[u8], words: &[memmem::Finder<'_>]) -> bool {
    let is_part = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    words.iter().any(|word| {
        let mut found = word.find_iter(bytes);
        let end = |at: usize| at + word.needle().len();
        found.any(|at| !is_part(at.checked_sub(1)) && !is_part(Some(end(at))))
    })
}

/// Whether there may be `extern "…" {`.
fn has_foreign_block(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"extern").any(|at| {
        let behind = bytes.get(at + b"extern".len()..).unwrap_or_default();
        let behind = behind.trim_ascii_start();
        let opens = |text: &[u8]| {
            let text = text.trim_ascii_start();
            // A comment may stand there.
            text.starts_with(b"{") || text.starts_with(b"/")
        };
        let abi = behind.iter().take(64).position(|byte| *byte == b'"');
        let behind_abi = abi.and_then(|start| {
            let rest = behind.get(start + 1..)?;
            let end = rest.iter().take(64).position(|byte| *byte == b'"')?;
            rest.get(end + 1..)
        });
        opens(behind) || behind_abi.is_some_and(|rest| opens(rest) || rest.starts_with(b"#"))
    })
}

/// Whether a file may lead to others: `mod NAME;`, or `include!`.
fn declares_modules(bytes: &[u8]) -> bool {
    if memmem::find(bytes, b"include!").is_some() {
        return true;
    }
    memmem::find_iter(bytes, b"mod").any(|at| {
        let behind = bytes.get(at + 3..).unwrap_or_default();
        let is_space = behind.first().is_some_and(u8::is_ascii_whitespace)
            // A comment may stand there.
            || behind.starts_with(b"/");
        let end = behind
            .iter()
            .take(256)
            .find(|byte| matches!(byte, b';' | b'{'));
        is_space && end != Some(&b'{')
    })
}
