//! What a package's archive says, as the document has it.

use serde::Serialize;

use crate::supply::PackageSupply;
use crate::supply::archive::capability::Capability;

/// A package's archive, and what the code in it can do.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ArchiveDocument<'a> {
    /// The commit that the archive says it was made from; null where it says none.
    commit: Option<&'a str>,
    /// The package's folder in that commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_in_vcs: Option<&'a str>,
    /// Whether that folder had changes that were not committed.
    dirty: bool,
    /// The repository that its manifest names.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    /// The root of its build script, from the package's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    build_script: Option<&'a str>,
    /// Whether its library is a procedural macro.
    proc_macro: bool,
    /// What its code can do: of each kind of code and of ability one place.
    capabilities: Vec<CapabilityDocument<'a>>,
    /// The version whose archive it was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

/// Something that a package's code can do.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CapabilityDocument<'a> {
    /// Whose code: `build-script`, `proc-macro` or `library`.
    part: &'static str,
    /// `network`, `processes`, `loading`, `environment`, `files`, `foreign` or `embedded`.
    ability: &'static str,
    /// The path that it names, in full.
    names: &'a str,
    /// The program that it starts, where that is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    program: Option<&'a str>,
    /// From the package's folder.
    file: &'a str,
    /// From 1.
    line: u32,
}

/// None where its archive was not read.
pub(super) fn of_package(known: &PackageSupply) -> Option<ArchiveDocument<'_>> {
    let facts = known.archive.as_ref()?;
    let vcs = facts.vcs.as_ref();
    let manifest = facts.manifest.as_ref();
    Some(ArchiveDocument {
        commit: vcs.map(|vcs| vcs.commit.as_str()),
        path_in_vcs: vcs.map(|vcs| vcs.path.as_str()),
        dirty: vcs.is_some_and(|vcs| vcs.is_dirty),
        repository: manifest.and_then(|manifest| manifest.repository.as_deref()),
        build_script: facts
            .build_script
            .as_ref()
            .map(|script| script.path.as_str()),
        proc_macro: facts.is_proc_macro(),
        capabilities: facts.capabilities.iter().map(capability).collect(),
        before: known
            .before
            .as_ref()
            .map(|(version, _)| version.to_string()),
    })
}

fn capability(found: &Capability) -> CapabilityDocument<'_> {
    CapabilityDocument {
        part: found.part.name(),
        ability: found.ability.name(),
        names: &found.names,
        program: found.program.as_deref(),
        file: &found.file,
        line: found.line,
    }
}
