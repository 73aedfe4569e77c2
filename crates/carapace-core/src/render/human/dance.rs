//! What becomes of packages' unsafe code, and where a dance would win most, for people.

use std::fmt::Write as _;

use super::page::{Page, Style};
use crate::census::dance::{Dance, Nomination, Outlook};
use crate::facts::dance::rust;
use crate::render::words::{self, dance as said};
use crate::report::{Input, Proof};

/// Packages that are listed if nobody asks for more.
const LISTED: usize = 20;

impl Page<'_> {
    /// What the packages come to whose findings were shown, and what stays.
    pub(super) fn dance(&mut self, input: &Input, dance: &Dance) {
        if let Some(nominations) = &dance.nominations {
            self.nominations(input, nominations);
        }
        for (index, steps) in said::with_sites(input, dance) {
            let package = words::package(&input.graph, index);
            let head = format!("{package}, for Rust {}", rust(steps.rust));
            let head = self.paint(Style::Strong, &head);
            let outlooks = said::outlooks(&steps.outlooks());
            let _ = writeln!(self.text, "{head}: {outlooks}");
            for stays in said::stays(steps, self.options.verbose) {
                self.fact(1, "stays", Style::Strong, &stays.line(str::to_owned));
            }
            if let Some(newer) = said::newer(steps) {
                self.fact(1, "newer", Style::Strong, &newer);
            }
            self.text.push('\n');
        }
    }

    /// What fixes change.
    pub(super) fn patch(&mut self, patch: &str) {
        for line in said::diff(patch) {
            let style = match line.chars().next() {
                _ if line.starts_with("---") || line.starts_with("+++") => Some(Style::Strong),
                Some('+') => Some(Style::Note),
                Some('-') => Some(Style::Error),
                Some('@') => Some(Style::Help),
                _ => None,
            };
            match style {
                Some(style) => self.text += &self.paint(style, &line),
                None => self.text += &line,
            }
            self.text.push('\n');
        }
        self.text.push('\n');
    }

    /// What came of fixes that were tried.
    pub(super) fn proof(&mut self, proof: &Proof) {
        let subject = words::shown(&proof.subject);
        let kept: usize = proof.kept.values().sum();
        let kept = words::count(kept, "fix is", "fixes are");
        self.line(Style::Note, "tried", &format!("{subject}: {kept} kept"));
        for before in &proof.before {
            self.fact(1, "before", Style::Strong, &words::shown(before));
        }
        let sites = proof.sites();
        if !sites.is_empty() {
            self.fact(1, "sites", Style::Strong, &sites);
        }
        for root in &proof.forbids {
            self.fact(1, "forbids unsafe code", Style::Strong, &words::shown(root));
        }
        self.text.push('\n');
        if !proof.patch.is_empty() {
            self.patch(&proof.patch);
            self.text += "a message for a commit:\n\n";
            for line in proof.message().lines() {
                let _ = writeln!(self.text, "    {}", words::shown(line));
            }
            self.text.push('\n');
        }
    }

    fn nominations(&mut self, input: &Input, nominations: &[Nomination]) {
        let title = "Where a dance would win most";
        self.text += &format!("{}\n\n", self.paint(Style::Strong, title));
        if nominations.is_empty() {
            self.text += "in no package of the graph\n\n";
            return;
        }
        let most = match self.options.verbose {
            true => usize::MAX,
            false => LISTED,
        };
        let headings = ["score", "could go", "automatic", "sites", "dependents"];
        let cells = |one: &Nomination| {
            [
                one.score.to_string(),
                one.outlooks.replaceable().to_string(),
                one.outlooks.of(Outlook::Automatic).to_string(),
                one.outlooks.total().to_string(),
                one.dependents.to_string(),
            ]
        };
        let mut widths = headings.map(str::len);
        for one in nominations {
            for (width, cell) in widths.iter_mut().zip(cells(one)) {
                *width = cell.len().max(*width);
            }
        }
        let row = |cells: [String; 5]| {
            let cells = cells.into_iter().zip(widths);
            let cells = cells.map(|(cell, width)| format!("{cell:>width$}"));
            cells.collect::<Vec<_>>().join("  ")
        };
        let _ = writeln!(self.text, "{}  package", row(headings.map(str::to_owned)));
        for one in nominations.iter().take(most) {
            let package = words::package(&input.graph, one.package);
            let package = self.paint(Style::Strong, &package);
            let _ = writeln!(self.text, "{}  {package}", row(cells(one)));
            let why = one.reasons.iter().map(|reason| words::shown(reason));
            let why = why.collect::<Vec<_>>().join("; ");
            self.bare_fact(1, &why);
        }
        self.text.push('\n');
        if let Some(more @ 1..) = nominations.len().checked_sub(most) {
            let more = words::count(more, "more package", "more packages");
            self.note(&format!("and {more}: `-v` lists all"));
        }
    }
}
