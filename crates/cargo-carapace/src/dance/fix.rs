//! `dance --fix`: what is chosen of the fixes, and applied to the workspace's own members.
//!
//! Only regular files of members are written, never through a link, all of them or none, and only
//! where they hold what the rules have seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carapace_core::finding::Finding;
use carapace_core::fix::patch::{Changed, unified};
use carapace_core::fix::select::select;
use carapace_core::fix::{Applicability, Edit, Fix, apply};
use carapace_core::graph::PackageIdx;
use carapace_core::report::{FixChange, FixStatus, Fixed, FixedFinding, Input, Report};
use carapace_core::rules::Group;

use super::imports::Others;
use super::verify::ChangedFile;
use super::{Stamp, clean};
use crate::cli::Failure;
use crate::cli::args::DanceArgs;
use crate::ground::Ground;
use crate::host::files;
use crate::host::rewrite::{Rewrite, rewrite};

/// What a file that is changed may weigh, in bytes.
const MAX_FILE: u64 = 32 * 1024 * 1024;

/// Why a fix is left whose file is none that the rules were shown.
const LOST: &str = "its file is not one of the package's";
/// Why a fix is left that was made for another text.
pub(super) const CHANGED: &str = "its file has been changed in the meantime: run this again";

/// What fixing stands on.
pub(crate) struct Fixing<'a> {
    /// What was typed.
    pub(crate) arguments: &'a DanceArgs,
    /// The project.
    pub(crate) ground: &'a Ground,
    /// The folder of each package, as locations show it, by the places of packages in the graph.
    pub(crate) folders: &'a [String],
    /// What the rules have read, by the places of packages in the graph.
    pub(crate) stamps: &'a [BTreeMap<String, Stamp>],
}

/// Where a fix changes a file.
pub(super) struct Spot {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its path from the package's folder, with `/`.
    pub(super) inside: String,
    /// What it held when the rules saw it.
    pub(super) seen: Stamp,
}

/// A file that is changed.
struct Target {
    /// Its path from the project's folder, with `/`.
    name: String,
    path: PathBuf,
    text: ChangedFile,
}

impl Fixing<'_> {
    /// Applies what can be applied, and tells what was done about each finding that has a fix.
    ///
    /// # Errors
    /// [`Failure`] where nothing may be changed, or could be.
    pub(crate) fn run(&self, report: &mut Report) -> Result<(), Failure> {
        let Some(input) = report.inputs.first() else {
            return Ok(());
        };
        let (mut wanted, mut told) = (Vec::new(), Told::default());
        let mut packages: BTreeMap<&str, Option<PackageIdx>> = BTreeMap::new();
        for (finding, fix) in offered(input) {
            if let Some(reason) = self.refusal(finding, fix) {
                told.add(finding, Err(reason));
                continue;
            }
            wanted.push((finding, fix));
            for edit in &fix.edits {
                packages.entry(&edit.file).or_insert(finding.package);
            }
        }
        let fixes: Vec<&Fix> = wanted.iter().map(|(_, fix)| *fix).collect();
        let choice = select(&fixes);
        let mut targets: BTreeMap<&str, Result<Target, String>> = BTreeMap::new();
        let mut others = BTreeMap::new();
        for (file, edits) in &choice.files {
            let package = packages.get(file).copied().flatten();
            targets.insert(file, self.target(package, file, edits, &mut others));
        }
        for ((finding, fix), is_chosen) in wanted.iter().zip(&choice.is_chosen) {
            let mut files = fix
                .edits
                .iter()
                .filter_map(|edit| targets.get(edit.file.as_str()));
            let fault = files.find_map(|target| target.as_ref().err());
            let done = match (is_chosen, fault) {
                (false, _) => Err("another fix changes the same code: run this again".to_owned()),
                (true, Some(fault)) => Err(fault.clone()),
                (true, None) => Ok(*fix),
            };
            told.add(finding, done);
        }
        let targets: Vec<Target> = targets.into_values().flatten().collect();
        let patch = unified(targets.iter().map(|target| Changed {
            file: &target.name,
            before: &target.text.before,
            after: &target.text.after,
        }));
        let targets = targets.into_iter();
        let files: Vec<Rewrite> = targets.map(|file| file.text.rewrite(file.path)).collect();
        let status = self.write(&files)?;
        let fixes = told.fixes(&input.path, &self.ground.graph, status);
        report.add_fixes(fixes, Vec::new());
        report.patch = (!patch.is_empty()).then_some(patch);
        Ok(())
    }

    /// Writes the files, unless nothing is to be written: how far the fixes have come then.
    ///
    /// # Errors
    /// [`Failure`] where they may not be changed, or could not be.
    pub(super) fn write(&self, files: &[Rewrite]) -> Result<FixStatus, Failure> {
        if files.is_empty() || self.arguments.dry_run {
            return Ok(FixStatus::Planned);
        }
        if !self.arguments.allow_dirty {
            let paths = files.iter().map(|file| file.path.as_path());
            clean::check(&self.ground.project, paths)?;
        }
        rewrite(files)?;
        Ok(FixStatus::Applied)
    }

    /// Why a fix is not tried.
    fn refusal(&self, finding: &Finding, fix: &Fix) -> Option<String> {
        if !finding.package.is_some_and(|package| self.is_own(package)) {
            let reason = "it is not the workspace's own: with --verify a patch for it is made";
            return Some(reason.to_owned());
        }
        self.is_left(fix)
    }

    /// Why a fix is left, whosever it is.
    pub(super) fn is_left(&self, fix: &Fix) -> Option<String> {
        let is_to_be_looked_at = fix.applicability < Applicability::Safe;
        (is_to_be_looked_at && !self.arguments.unsafe_fixes)
            .then(|| "it is to be looked at: --unsafe-fixes applies it, too".to_owned())
    }

    /// Whether a package is the user's to change: a member of the workspace, or the one that was named
    /// by its folder.
    pub(super) fn is_own(&self, package: PackageIdx) -> bool {
        let described = self.ground.metadata.get(package);
        self.ground.metadata.members.contains(&package)
            && described.is_some_and(|described| described.source.is_none())
    }

    /// Where a file is that a fix changes, and what the rules have seen in it. What may be written to
    /// is behind no link.
    pub(super) fn spot(&self, package: PackageIdx, file: &str) -> Result<Spot, String> {
        let at = self.ground.graph.position(package).ok_or(LOST)?;
        let folder = self.folders.get(at).ok_or(LOST)?;
        let inside = match folder.as_str() {
            "" => Some(file),
            folder => file
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        let inside = inside.ok_or(LOST)?;
        let is_plain = |part: &str| !matches!(part, "" | "." | "..");
        if !inside.split('/').all(is_plain) {
            return Err("its file is outside of the package".to_owned());
        }
        let seen = self.stamps.get(at).and_then(|stamps| stamps.get(inside));
        let root = self.root(package).ok_or(LOST)?;
        let path = match self.is_own(package) {
            true => files::unlinked(&root, inside)
                .map_err(|error| error.to_string())?
                .ok_or("its file is behind a link, and nothing is written through links")?,
            false => root.join(inside),
        };
        Ok(Spot {
            path,
            inside: inside.to_owned(),
            seen: *seen.ok_or(CHANGED)?,
        })
    }

    /// The folder of a package.
    fn root(&self, package: PackageIdx) -> Option<PathBuf> {
        let described = self.ground.metadata.get(package)?;
        Some(PathBuf::from(described.root_dir()))
    }

    /// A file as it is and as it shall be; `others` are the sources of packages that were asked about.
    fn target(
        &self,
        package: Option<PackageIdx>,
        file: &str,
        edits: &[&Edit],
        others: &mut BTreeMap<PackageIdx, Others>,
    ) -> Result<Target, String> {
        let package = package.ok_or("nothing is known of its package")?;
        let Spot { path, inside, seen } = self.spot(package, file)?;
        let bytes = files::read_regular(&path, MAX_FILE).map_err(|error| error.to_string())?;
        if seen != Stamp::of(&bytes) {
            return Err(CHANGED.to_owned());
        }
        let before = String::from_utf8(bytes).map_err(|_| "its file is not UTF-8".to_owned())?;
        let root = self.root(package).ok_or(LOST)?;
        let others = others.entry(package);
        let others = others.or_insert_with(|| Others::in_folder(&root, &self.ground.tree));
        let unused = others.unused(&inside, &before, edits);
        let all = edits.iter().copied().chain(&unused);
        let after = apply(&before, all).map_err(|error| error.to_string())?;
        Ok(Target {
            name: self.name(&path),
            path,
            text: ChangedFile { before, after },
        })
    }

    /// A path from the project's folder, with `/`: what patches are applied in.
    pub(super) fn name(&self, path: &Path) -> String {
        let root = &self.ground.project.root;
        let path = path.strip_prefix(root).unwrap_or(path);
        let parts = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }
}

/// The fixes of an input that can be carried out, each with its finding.
pub(super) fn offered(input: &Input) -> impl Iterator<Item = (&Finding, &Fix)> {
    let is_offered = |fix: &&Fix| fix.applicability > Applicability::Display;
    let findings = input.findings.iter();
    findings
        .filter(|finding| finding.rule.group == Group::Dance)
        .filter_map(move |finding| Some((finding, finding.fix.as_ref().filter(is_offered)?)))
}

/// What is told of findings, gathered by package and by what became of them.
#[derive(Default)]
pub(super) struct Told {
    applied: BTreeMap<PackageIdx, (Vec<FixedFinding>, Vec<Edit>)>,
    left: BTreeMap<(PackageIdx, String), Vec<FixedFinding>>,
}

impl Told {
    pub(super) fn add(&mut self, finding: &Finding, done: Result<&Fix, String>) {
        let Some(package) = finding.package else {
            return;
        };
        let fixed = FixedFinding {
            fingerprint: finding.fingerprint.clone(),
            name: finding.rule.meta.code.to_owned(),
        };
        match done {
            Ok(fix) => {
                let (findings, edits) = self.applied.entry(package).or_default();
                findings.push(fixed);
                edits.extend(fix.edits.iter().cloned());
            }
            Err(reason) => self.left.entry((package, reason)).or_default().push(fixed),
        }
    }

    pub(super) fn fixes(
        self,
        input: &str,
        graph: &carapace_core::graph::Graph,
        status: FixStatus,
    ) -> Vec<Fixed> {
        let left = |package: PackageIdx, findings| Fixed {
            findings,
            ..Fixed::left(input, graph.get(package))
        };
        let mut all = Vec::new();
        for (package, (findings, mut edits)) in self.applied {
            edits.sort();
            edits.dedup();
            let mut files: BTreeMap<String, usize> = BTreeMap::new();
            for edit in edits {
                *files.entry(edit.file).or_default() += 1;
            }
            let changes = files.into_iter();
            all.push(Fixed {
                changes: changes
                    .map(|(file, edits)| FixChange::Source { file, edits })
                    .collect(),
                status,
                ..left(package, findings)
            });
        }
        for ((package, reason), findings) in self.left {
            all.push(Fixed {
                reason: Some(reason),
                ..left(package, findings)
            });
        }
        all
    }
}
