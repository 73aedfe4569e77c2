//! `dance --fix --verify`: fixes are tried in a copy, and only those that are proven are kept.
//!
//! What is the user's own is changed as without `--verify`; of what is not, a patch is made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use carapace_core::census::PackageCensus;
use carapace_core::facts::unsafety::SiteKind;
use carapace_core::finding::Finding;
use carapace_core::fix::{Edit, Fix};
use carapace_core::graph::PackageIdx;
use carapace_core::report::{KindChange, Proof, Report};

use super::Stamp;
use super::fix::{CHANGED, Fixing, Told, offered};
use super::verify::{Baseline, ChangedFile, Options, Subject, Verdict, Verified, verify};
use crate::census::sites_of;
use crate::cli::{Failure, output};
use crate::gate::archive;
use crate::host::cargo::Environment;
use crate::host::dirs;
use crate::host::foreign;

/// What is tried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Together {
    /// The workspace.
    Workspace,
    /// A package that is not the workspace's, or is alone.
    Package(PackageIdx),
}

/// The files that fixes change.
#[derive(Default)]
struct Files<'a> {
    /// Their names from the root of what is tried, or why there is none.
    names: BTreeMap<(PackageIdx, &'a str), Result<String, String>>,
    /// What they held when the rules saw them, by those names.
    stamps: BTreeMap<String, Stamp>,
}

/// A fix, and whose it is.
type Wanted<'a> = (&'a Finding, &'a Fix);

impl Fixing<'_> {
    /// Tries the fixes, applies those to the user's own files that are kept, and tells what became of
    /// each.
    ///
    /// # Errors
    /// [`Failure`] where nothing can be tried, or may be changed.
    pub(crate) fn prove(&self, report: &mut Report) -> Result<(), Failure> {
        let Some(input) = report.inputs.first() else {
            return Ok(());
        };
        let mut told = Told::default();
        let mut groups: BTreeMap<Together, Vec<Wanted<'_>>> = BTreeMap::new();
        for (finding, fix) in offered(input) {
            let Some(package) = finding.package else {
                continue;
            };
            match self.is_left(fix) {
                Some(reason) => told.add(finding, Err(reason)),
                None => {
                    let wanted = groups.entry(self.together(package)).or_default();
                    wanted.push((finding, fix));
                }
            }
        }
        let census = input.dance.as_ref().map(|dance| &dance.census);
        let packages = census
            .map(|census| census.packages.as_slice())
            .unwrap_or_default();
        let (mut proofs, mut rewrites) = (Vec::new(), Vec::new());
        for (together, wanted) in groups {
            let (proof, files) = self.group(together, &wanted, packages, &mut told)?;
            proofs.push(proof);
            if let Some(root) = self.own_root(together) {
                let files = files.into_iter();
                rewrites.extend(files.map(|(file, changed)| changed.rewrite(root.join(file))));
            }
        }
        let status = self.write(&rewrites)?;
        let fixes = told.fixes(&input.path, &self.ground.graph, status);
        report.add_fixes(fixes, Vec::new());
        report.proofs = proofs;
        Ok(())
    }

    fn together(&self, package: PackageIdx) -> Together {
        match self.is_own(package) && self.arguments.no_deps.is_none() {
            true => Together::Workspace,
            false => Together::Package(package),
        }
    }

    /// Where the user's own files are that a group may change.
    fn own_root(&self, together: Together) -> Option<PathBuf> {
        match together {
            Together::Workspace => Some(self.ground.project.root.clone()),
            Together::Package(package) => {
                let package = self
                    .ground
                    .metadata
                    .get(package)
                    .filter(|_| self.is_own(package))?;
                Some(PathBuf::from(package.root_dir()))
            }
        }
    }

    /// Tries the fixes of one workspace or package.
    fn group(
        &self,
        together: Together,
        wanted: &[Wanted<'_>],
        packages: &[PackageCensus],
        told: &mut Told,
    ) -> Result<(Proof, BTreeMap<String, ChangedFile>), Failure> {
        let members: BTreeSet<PackageIdx> = wanted.iter().filter_map(|(f, _)| f.package).collect();
        let mut proof = Proof {
            subject: self.name_of(together),
            ..Proof::default()
        };
        let subject = match self.subject(together, &members) {
            Ok(subject) => subject,
            Err(reason) => {
                for (finding, _) in wanted {
                    told.add(finding, Err(reason.clone()));
                }
                proof.before.push(reason);
                return Ok((proof, BTreeMap::new()));
            }
        };
        // All findings of a site have the same fix.
        let mut known: BTreeMap<Fix, usize> = BTreeMap::new();
        let mut files = Files::default();
        let numbers: Vec<Result<usize, String>> = wanted
            .iter()
            .map(|(finding, fix)| {
                let fix = self.rooted(together, finding, fix, &mut files)?;
                let next = known.len();
                Ok(*known.entry(fix).or_insert(next))
            })
            .collect();
        let mut fixes: Vec<(Fix, usize)> = known.into_iter().collect();
        fixes.sort_unstable_by_key(|(_, number)| *number);
        let fixes: Vec<Fix> = fixes.into_iter().map(|(fix, _)| fix).collect();
        output::note(&format!(
            "--verify builds {} in a copy and runs its tests: its build scripts and procedural macros, and \
             those of all that it depends on, are run, confined as far as this system allows",
            foreign::shown(&proof.subject)
        ));
        let program = std::env::current_exe().map_err(|error| {
            Failure(format!(
                "this program can't be found, to confine what is run: {error}"
            ))
        })?;
        let tell = |what: &str| {
            if !self.arguments.output.quiet {
                output::note(&foreign::shown(what));
            }
        };
        let network = self.arguments.network;
        let options = Options {
            offline: network.offline || network.frozen,
            stamps: files.stamps,
            ..Options::new(
                program,
                dirs::work(&dirs::env),
                Environment::of_process(),
                &tell,
            )
        };
        let verified = verify(&subject, &fixes, &options)?;
        for ((finding, fix), number) in wanted.iter().zip(numbers) {
            let verdict = number.map(|number| verified.verdicts.get(number));
            let done = match verdict {
                Ok(Some(Verdict::Kept)) => {
                    let code = finding.rule.meta.code.to_owned();
                    *proof.kept.entry(code).or_default() += 1;
                    Ok(*fix)
                }
                Ok(Some(Verdict::Refused { reason, said })) => Err(with_said(reason, said)),
                Ok(Some(Verdict::NotTried { reason })) => Err(reason.clone()),
                Ok(None) => Err("it was not tried".to_owned()),
                Err(reason) => Err(reason),
            };
            told.add(finding, done);
        }
        proof.before = before(&verified.baseline);
        proof.forbids = forbids(&verified);
        proof.kinds = self.kinds(&members, packages, &verified.files);
        proof.patch = verified.patch;
        Ok((proof, verified.files))
    }

    /// What the copy is made of; a sentence where there is nothing to make it of.
    fn subject(
        &self,
        together: Together,
        members: &BTreeSet<PackageIdx>,
    ) -> Result<Subject, String> {
        let Together::Package(package) = together else {
            let metadata = &self.ground.metadata;
            let ids = members.iter().filter_map(|member| metadata.get(*member));
            return Ok(Subject::Workspace {
                root: self.ground.project.root.clone(),
                tree: self.ground.tree.clone(),
                packages: ids
                    .map(|package| format!("{}@{}", package.name, package.version))
                    .collect(),
            });
        };
        let described = self.ground.metadata.get(package);
        let locked = self.ground.graph.get(package);
        let (Some(described), Some(locked)) = (described, locked) else {
            return Err("nothing is known of its package".to_owned());
        };
        if locked.checksum.is_none() {
            let folder =
                std::fs::canonicalize(described.root_dir()).map_err(|error| error.to_string())?;
            return Ok(Subject::Folder { folder });
        }
        let home = dirs::cargo_home(&dirs::env);
        let bytes = home.and_then(|home| archive::bytes(&home, locked));
        Ok(Subject::Archive {
            bytes: bytes.ok_or("its archive is not in cargo's cache: `cargo fetch` gets it")?,
            name: locked.name.clone(),
            version: locked.version.to_string(),
        })
    }

    /// A fix with its files named from the root of what is tried.
    fn rooted<'a>(
        &self,
        together: Together,
        finding: &Finding,
        fix: &'a Fix,
        files: &mut Files<'a>,
    ) -> Result<Fix, String> {
        let package = finding.package.ok_or("nothing is known of its package")?;
        let edits: Result<Vec<Edit>, String> = fix
            .edits
            .iter()
            .map(|edit| {
                let known = files.names.entry((package, &edit.file));
                let file = known
                    .or_insert_with(|| self.named(together, package, &edit.file, &mut files.stamps))
                    .clone()?;
                Ok(Edit {
                    file,
                    ..edit.clone()
                })
            })
            .collect();
        Ok(Fix {
            applicability: fix.applicability,
            edits: edits?,
        })
    }

    /// A file's name from the root of what is tried; what it held when the rules saw it is noted.
    fn named(
        &self,
        together: Together,
        package: PackageIdx,
        file: &str,
        stamps: &mut BTreeMap<String, Stamp>,
    ) -> Result<String, String> {
        let spot = self.spot(package, file)?;
        let name = match together {
            Together::Package(_) => spot.inside,
            Together::Workspace => self.name(&spot.path),
        };
        // Packages within each other may both have read it.
        match *stamps.entry(name.clone()).or_insert(spot.seen) == spot.seen {
            true => Ok(name),
            false => Err(CHANGED.to_owned()),
        }
    }

    fn name_of(&self, together: Together) -> String {
        match together {
            Together::Workspace => match self.ground.metadata.members.as_slice() {
                [only] => self.package_name(*only),
                _ => "the workspace".to_owned(),
            },
            Together::Package(package) => self.package_name(package),
        }
    }

    fn package_name(&self, package: PackageIdx) -> String {
        let found = self.ground.graph.get(package);
        found.map_or_else(String::new, |found| {
            format!("{} {}", found.name, found.version)
        })
    }

    /// The packages' sites by kind, before and after.
    fn kinds(
        &self,
        members: &BTreeSet<PackageIdx>,
        packages: &[PackageCensus],
        files: &BTreeMap<String, ChangedFile>,
    ) -> Vec<KindChange> {
        let of = |text: fn(&ChangedFile) -> &str| {
            let files: Vec<(String, Vec<u8>)> = files
                .iter()
                .map(|(file, changed)| (file.clone(), text(changed).as_bytes().to_vec()))
                .collect();
            sites_of(&files)
        };
        let (then, now) = (of(|changed| &changed.before), of(|changed| &changed.after));
        let count = |packages: &[&PackageCensus], kind: SiteKind| {
            let sites = packages.iter().flat_map(|package| &package.sites);
            sites.filter(|site| site.kind == kind).count()
        };
        let all: Vec<&PackageCensus> = members
            .iter()
            .filter_map(|member| packages.get(self.ground.graph.position(*member)?))
            .collect();
        let changed = |census: &carapace_core::census::Census, kind| {
            count(&census.packages.iter().collect::<Vec<_>>(), kind)
        };
        SiteKind::ALL
            .into_iter()
            .map(|kind| {
                let before = count(&all, kind);
                KindChange {
                    kind,
                    before,
                    after: (before + changed(&now, kind)).saturating_sub(changed(&then, kind)),
                }
            })
            .filter(|one| one.before > 0 || one.after > 0)
            .collect()
    }
}

/// A reason, with what was said about it.
fn with_said(reason: &str, said: &[String]) -> String {
    match said {
        [] => reason.to_owned(),
        said => format!("{reason}: {}", said.join(" | ")),
    }
}

/// What was so before any fix, in sentences.
fn before(baseline: &Baseline) -> Vec<String> {
    let mut lines = Vec::new();
    for build in &baseline.builds {
        let features = if build.all_features {
            "all"
        } else {
            "its default"
        };
        let mut line = format!(
            "it builds with {features} features and {} warnings; {} tests pass",
            build.warnings, build.passed
        );
        for (list, what) in [(&build.failed, "fail"), (&build.unbuilt, "do not build")] {
            if !list.is_empty() {
                line += &format!(", {} {what} ({})", list.len(), list.join(", "));
            }
        }
        let hung = build.hung.iter();
        lines.push(line);
        lines.extend(hung.map(|(name, why)| format!("{name} came to no end: {why}")));
    }
    if let Some(problem) = &baseline.problem {
        lines.push(format!("it does not build: {}", problem.join(" | ")));
    }
    if !baseline.unconfined.is_empty() {
        lines.push(format!(
            "could not be confined: {}",
            baseline.unconfined.join(", ")
        ));
    }
    lines.extend(baseline.notes.iter().cloned());
    lines
}

fn forbids(verified: &Verified) -> Vec<String> {
    let kept = verified
        .forbids
        .iter()
        .filter(|(_, verdict)| **verdict == Verdict::Kept);
    kept.map(|(root, _)| root.clone()).collect()
}
