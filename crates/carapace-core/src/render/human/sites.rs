//! Unsafe sites with their source, in the look of rustc's messages; and what the compiler sees
//! otherwise.

use std::fmt::Write as _;

use super::page::{Marked, Page, Style};
use crate::census::compiled::Place;
use crate::census::summary::wants_safety_comment;
use crate::census::{Census, Site, State};
use crate::facts::unsafety::{Operation, SiteKind};
use crate::graph::PackageIdx;
use crate::render::words;
use crate::report::Input;

/// The places of a difference that are shown if nobody asks for more.
const PLACES: usize = 10;

impl Page<'_> {
    /// The sites that were asked for.
    pub(super) fn sites(&mut self, input: &Input, census: &Census) {
        let Some(selection) = &self.options.view.sites else {
            return;
        };
        let mut listed = 0;
        for (index, sites) in selection.of(&input.graph, census) {
            let count = words::count(sites.len(), "site", "sites");
            let package = words::package(&input.graph, index);
            let header = format!("in {package} ({count}):");
            let header = self.paint(Style::Strong, &header);
            let _ = writeln!(self.text, "{header}\n");
            for site in &sites {
                self.site(input, index, site);
            }
            listed += sites.len();
        }
        if listed == 0 {
            self.note("no site is as asked for\n");
        }
    }

    fn site(&mut self, input: &Input, package: PackageIdx, site: &Site) {
        let what = name(site.kind);
        let text = match site.item.as_str() {
            "" => what.to_owned(),
            item => format!("{what} in `{}`", words::shown(item)),
        };
        self.line(Style::Note, "note", &text);
        let folder = input.details.sources.folder(package);
        let file = match folder.or_else(|| input.graph.get(package)?.root_dir.as_deref()) {
            None | Some("" | ".") => site.file.clone(),
            Some(folder) => format!("{}/{}", folder.trim_end_matches('/'), site.file),
        };
        let margin = self.place(&file, site.line, site.column);
        if let Some(line) = input.details.sources.line(package, &site.file, site.line) {
            let marked = Marked {
                column: site.column,
                end_column: Some(end_of_token(line, site.column)),
            };
            self.snippet(site.line, line, marked, margin);
        }
        if let Some(state) = state(site) {
            self.fact(margin, "state", Style::Strong, state);
        }
        if !site.operations.is_empty() {
            let does = site.operations.iter().map(|does| Operation::name(*does));
            let does = does.collect::<Vec<_>>().join(", ");
            self.fact(margin, "does", Style::Strong, &does);
        }
        if wants_safety_comment(site.kind) {
            let safety = match (site.safety_comment, site.kind) {
                (true, SiteKind::Block | SiteKind::Impl) => "a SAFETY comment tells why",
                (true, _) => "documentation tells what callers must do",
                (false, SiteKind::Block | SiteKind::Impl) => "no SAFETY comment",
                (false, _) => "no `# Safety` section",
            };
            self.fact(margin, "safety", Style::Strong, safety);
        }
        if site.public {
            let public = match site.kind {
                SiteKind::Block => "safe public functions stand on it",
                _ => "part of the public interface",
            };
            self.fact(margin, "public", Style::Strong, public);
        }
        if site.exported_macro {
            let text = "in a macro that other packages can use";
            self.fact(margin, "macro", Style::Strong, text);
        }
        self.text.push('\n');
    }

    /// What the compiler and the census see differently.
    pub(super) fn reconciliation(&mut self, input: &Input) {
        let Some(compared) = &input.details.reconciliation else {
            return;
        };
        for ((index, _), package) in input.graph.iter().zip(&compared.packages) {
            for (places, what) in [
                (&package.compiler_only, "seen by the compiler only"),
                (&package.census_only, "seen by the census only"),
            ] {
                if !places.is_empty() {
                    let name = words::package(&input.graph, index);
                    let count = words::count(places.len(), "site", "sites");
                    let text = format!("{count} {what} in {name}");
                    self.line(Style::Warning, "warning", &text);
                    self.places(places);
                }
            }
        }
        for text in words::reconciliation(compared) {
            self.note(&text);
        }
        self.text.push('\n');
    }

    fn places(&mut self, places: &[Place]) {
        let limit = match self.options.verbose {
            true => usize::MAX,
            false => PLACES,
        };
        for place in places.iter().take(limit) {
            let (file, what) = (words::shown(&place.file), words::shown(&place.what));
            let text = format!("{file}:{}:{}: {what}", place.line, place.column);
            self.bare_fact(1, &text);
        }
        if let Some(more @ 1..) = places.len().checked_sub(limit) {
            self.bare_fact(1, &format!("… and {more} more"));
        }
        self.text.push('\n');
    }
}

/// What a kind of site is called.
fn name(kind: SiteKind) -> &'static str {
    match kind {
        SiteKind::Block => "unsafe block",
        SiteKind::Fn => "unsafe function",
        SiteKind::Method => "unsafe method",
        SiteKind::Trait => "unsafe trait",
        SiteKind::Impl => "unsafe impl",
        SiteKind::ExternBlock => "block of foreign items",
        SiteKind::ExternFn => "unsafe foreign item",
        SiteKind::Attribute => "unsafe attribute",
        SiteKind::FnPointer => "pointer to unsafe functions",
        SiteKind::StaticMut => "mutable static",
        SiteKind::Union => "union",
        SiteKind::GlobalAsm => "global assembler",
        SiteKind::Token => "`unsafe` in tokens",
    }
}

/// Why a site is not simply used.
fn state(site: &Site) -> Option<&'static str> {
    match site.state {
        State::Active => match (site.runtime, site.build) {
            (State::Active | State::Unknown, _) => None,
            (_, State::Active) => Some("active, at build time only"),
            _ => None,
        },
        State::Unknown => Some("unknown: a build script's condition decides"),
        State::Test => Some("test: in tests, benchmarks or examples only"),
        State::Macro => Some("macro: in the definition of a macro, or a template for code"),
        State::Inactive => Some("inactive: not compiled here"),
    }
}

/// The column behind the word, or the attribute, that begins at a column.
fn end_of_token(line: &str, column: u32) -> u32 {
    let start = usize::try_from(column).unwrap_or(usize::MAX);
    let rest = || line.chars().skip(start.saturating_sub(1));
    let length = match rest().next() {
        Some('#') => rest().position(|c| c == ']').map_or(1, |at| at + 1),
        _ => rest()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .count(),
    };
    column.saturating_add(u32::try_from(length.max(1)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end() {
        for (line, column, end) in [
            ("unsafe { x }", 1, 7),
            ("    unsafe{", 5, 11),
            ("#[no_mangle] fn", 1, 13),
            ("é漢 unsafe", 4, 10),
            ("#", 1, 2),
            ("", 1, 2),
            ("x", u32::MAX, u32::MAX),
        ] {
            assert_eq!(end_of_token(line, column), end, "{line}");
        }
    }
}
