//! The numbers of a census as tables show them, the same in every format.

use crate::census::summary::{Documented, Status, Summary};
use crate::census::{Count, LintLevel, LintOrigin, PackageCensus, State};
use crate::facts::unsafety::SiteKind;
use crate::graph::units::{Role, Roles};
use crate::render::view::{Charset, View};
use crate::render::words;

/// The columns: a heading, and the kinds of sites that are counted below it. Each kind is in one.
pub(super) const COLUMNS: [(&str, &[SiteKind]); 6] = [
    ("Blocks", &[SiteKind::Block]),
    ("Fns", &[SiteKind::Fn]),
    ("Methods", &[SiteKind::Method]),
    ("Traits", &[SiteKind::Trait]),
    ("Impls", &[SiteKind::Impl]),
    (
        "Other",
        &[
            SiteKind::ExternBlock,
            SiteKind::ExternFn,
            SiteKind::Attribute,
            SiteKind::FnPointer,
            SiteKind::StaticMut,
            SiteKind::Union,
            SiteKind::GlobalAsm,
            SiteKind::Token,
        ],
    ),
];

/// The heading of the column that tells how many sites have a reason written beside them.
pub(super) const SAFETY: &str = "Safety";

/// `used/total`, with what is undecided between: `3+1?/8`.
pub(super) fn count(count: Count, tests: bool) -> String {
    let (used, total) = (count.used(tests), count.total());
    match count.of(State::Unknown) {
        0 => format!("{used}/{total}"),
        unknown => format!("{used}+{unknown}?/{total}"),
    }
}

/// `with a reason/that should have one`.
pub(super) fn documented(documented: Documented) -> String {
    format!("{}/{}", documented.with_safety, documented.sites)
}

/// The texts of all columns for one package, or several together.
pub(super) fn cells(summary: &Summary, tests: bool) -> Vec<String> {
    let columns = COLUMNS.iter();
    let counts = columns.map(|(_, kinds)| count(summary.count_of(kinds), tests));
    counts.chain([documented(summary.documented)]).collect()
}

/// The symbols, as cargo-geiger has them.
pub(super) fn symbol(status: Status, charset: Charset) -> &'static str {
    match (status, charset) {
        (Status::Forbids, Charset::Utf8) => "🔒",
        (Status::Allows, Charset::Utf8) => "❓",
        (Status::Uses, Charset::Utf8) => "☢️",
        (Status::Forbids, Charset::Ascii) => ":)",
        (Status::Allows, Charset::Ascii) => "?",
        (Status::Uses, Charset::Ascii) => "!",
    }
}

/// The symbol that is shown of a package. Where it is asked only what forbids unsafe code, nothing
/// is said of what uses it.
pub(super) fn status(package: &PackageCensus, summary: &Summary, view: &View) -> Status {
    match Status::of(package, summary, view.tests) {
        Status::Uses if view.forbid_only && package.forbids() => Status::Forbids,
        Status::Uses if view.forbid_only => Status::Allows,
        status => status,
    }
}

/// What the symbols mean.
pub(super) fn meaning(status: Status) -> &'static str {
    match status {
        Status::Forbids => "no unsafe code is used, and everything that is built forbids it",
        Status::Allows => "no unsafe code is known to be used, but it is not forbidden",
        Status::Uses => "unsafe code is used",
    }
}

/// What else is worth knowing of a package, in few words each; foreign text in it is visible.
pub(super) fn remarks(package: &PackageCensus, roles: Option<&Roles>) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut add = |condition: bool, text: &str| {
        if condition {
            remarks.push(text.to_owned());
        }
    };
    add(!package.scanned, "not looked at");
    match (package.runtime, package.build_time, package.dev_only) {
        (true, false, _) => {}
        (true, true, _) => add(true, "also at build time"),
        (false, true, _) => add(true, "at build time"),
        (false, false, true) => add(true, "for tests"),
        (false, false, false) => {
            let has = |role| roles.is_some_and(|roles| roles.contains(role));
            let why = match (has(Role::OtherTarget), has(Role::Disabled)) {
                (true, _) => "for other platforms",
                (_, true) => "switched off",
                _ => "not built",
            };
            add(true, why);
        }
    }
    add(package.proc_macro, "proc-macro");
    add(package.build_script, "build script");
    if let Some((level @ (LintLevel::Forbid | LintLevel::Deny), origin)) = package.lint {
        let level = match level {
            LintLevel::Forbid => "forbids",
            _ => "denies",
        };
        let origin = match origin {
            LintOrigin::Attribute => "",
            LintOrigin::CfgAttr => " by cfg_attr",
            LintOrigin::Manifest => " by [lints]",
            LintOrigin::Workspace => " by [workspace.lints]",
        };
        // The symbol tells what is forbidden in the usual way.
        add(
            level == "denies" || !origin.is_empty(),
            &format!("{level} unsafe code{origin}"),
        );
    }
    let native = &package.native;
    if let Some(links) = &native.links {
        add(true, &format!("links {}", words::cut(links, 100)));
    }
    let sources = usize::try_from(native.sources).unwrap_or(usize::MAX);
    let text = words::count(sources, "native source", "native sources");
    add(sources > 0, &text);
    for tool in &native.tools {
        add(true, &format!("uses {}", words::cut(tool, 100)));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_column() {
        for kind in SiteKind::ALL {
            let columns = COLUMNS.iter().filter(|(_, kinds)| kinds.contains(&kind));
            assert_eq!(columns.count(), 1, "{kind}");
        }
    }
}
