//! For people at a terminal, in the look of rustc's messages.
//!
//! Problem matchers for rustc's messages, as editors and CI systems have them, understand it too:
//! a finding begins with `error[CODE]: …`, and the next line is `--> FILE:LINE:COLUMN`.
//!
//! *Invariants.* Every line begins with something of our own. Without colour there is no escape
//! byte.

mod dance;
mod page;
mod people;
mod sites;
mod table;

use page::{Marked, Page, Style};

use super::view::View;
use super::words::{self, Counts, GapGroup};
use crate::finding::{Finding, Level, Location};
use crate::report::{FixStatus, Input, InputKind, Report, Verdict};
use crate::rules::Group;

/// The paths of a finding that are shown if nobody asks for more.
const PATHS: usize = 3;

/// How much is shown, and how.
pub struct Options<'a> {
    /// Whether there are colours: ANSI's SGR sequences.
    pub color: bool,
    /// Nothing at all if nothing fails, warns or is incomplete.
    pub quiet: bool,
    /// Every path, every reason, everything that was ignored.
    pub verbose: bool,
    /// The columns of the terminal, if it is one.
    pub width: Option<usize>,
    /// The text of a line, from 1, of an input by its path; none if it is not at hand.
    pub source: &'a dyn Fn(&str, u32) -> Option<String>,
    /// What of a census is shown, and how.
    pub view: &'a View,
}

/// The report as text; empty, or ending in a line break.
#[must_use]
pub fn render(report: &Report, options: &Options<'_>) -> String {
    let counts = Counts::of(report);
    let noteworthy = report.verdict != Verdict::Pass || counts.total() > counts.notes;
    if options.quiet && !noteworthy {
        return String::new();
    }
    let mut page = Page {
        text: String::new(),
        options,
    };
    for input in &report.inputs {
        if let Some(census) = &input.census {
            page.table(input, census);
            page.sites(input, census);
            page.reconciliation(input);
        }
        if let (Some(supply), Some(reached)) = (&input.supply, &input.details.reached) {
            page.people(input, supply, reached);
        }
        page.input(input, report.inputs.len() > 1);
        if let Some(dance) = input.dance.as_ref().filter(|_| !options.quiet) {
            page.dance(input, dance);
        }
    }
    if let Some(ruling) = report.ruling.as_ref().filter(|_| options.verbose) {
        page.note(&format!("policy: {}", words::ruling(ruling)));
    }
    page.fixes(report);
    for effect in &report.config {
        page.note(&words::effect(effect));
    }
    page.gaps(&words::gaps(report), counts.total() > 0);
    page.ignored(report);
    let (word, text) = words::summary(report);
    page.line(Style::of(word), word, &text);
    page.text
}

impl Page<'_> {
    fn input(&mut self, input: &Input, several: bool) {
        let findings = input.findings.iter();
        let findings: Vec<&Finding> = findings
            .filter(|finding| !self.options.quiet || finding.level > Level::Note)
            .collect();
        if several && !findings.is_empty() {
            let packages = words::count(input.graph.packages().len(), "package", "packages");
            let header = format!("in {} ({packages}):", words::input(input));
            self.text += &format!("{}\n\n", self.paint(Style::Strong, &header));
        }
        let mut previous: Option<&Finding> = None;
        for finding in findings {
            // What several advisories say of one package has one snippet and one list of paths.
            let same = previous.is_some_and(|previous| {
                previous.package == finding.package
                    && previous.location == finding.location
                    && previous.paths == finding.paths
            });
            self.finding(input, finding, same);
            previous = Some(finding);
        }
    }

    fn finding(&mut self, input: &Input, finding: &Finding, same_place: bool) {
        let word = words::level(finding.level);
        let code = format!("{word}[{}]", finding.rule.meta.code);
        self.line(Style::of(word), &code, &words::shown(&finding.message));
        let (mut margin, mut line) = (1, None);
        if input.kind == InputKind::Binary {
            self.file(&input.path);
        }
        if let Some(location) = &finding.location {
            margin = self.place(&location.file, location.line, location.column);
            line = (self.options.source)(&location.file, location.line);
            if !same_place && let Some(line) = &line {
                self.snippet(location.line, line, marked(location), margin);
            }
        }
        if let Some(advisory) = words::advisory(finding) {
            self.fact(margin, "advisory", Style::Strong, &advisory);
        }
        // Code that stands above is not told again.
        let is_code = matches!(finding.rule.group, Group::Dance | Group::Soundness);
        let shown = usize::from(line.is_some() && is_code);
        for evidence in finding.evidence.iter().skip(shown) {
            self.bare_fact(margin, &words::shown(evidence));
        }
        if let Some(roles) = words::roles(input, finding) {
            self.fact(margin, "roles", Style::Strong, &roles);
        }
        self.paths(input, finding, margin, same_place);
        for help in &finding.help {
            self.fact(margin, "help", Style::Help, &words::shown(help));
        }
        if let Some(fix) = words::dance::fix(finding) {
            self.fact(margin, "fix", Style::Help, fix);
        }
        for reference in finding.references.iter().filter(|r| !r.is_empty()) {
            self.bare_fact(margin, &format!("see {}", words::shown(reference)));
        }
        self.text.push('\n');
    }

    fn paths(&mut self, input: &Input, finding: &Finding, margin: usize, same_place: bool) {
        // A path of one says that a member of the workspace is itself.
        let paths: Vec<_> = finding.paths.iter().filter(|path| path.len() > 1).collect();
        if paths.is_empty() {
            return;
        }
        if same_place {
            self.fact(margin, "path", Style::Strong, "as above");
            return;
        }
        let (limit, width) = if self.options.verbose {
            (usize::MAX, None)
        } else {
            let around = margin + " = path: ".len();
            (
                PATHS,
                self.options.width.map(|width| width.saturating_sub(around)),
            )
        };
        for path in paths.iter().take(limit) {
            let path = words::path(&input.graph, path, width);
            self.fact(margin, "path", Style::Strong, &path);
        }
        if let Some(more @ 1..) = paths.len().checked_sub(limit) {
            let more = words::count(more, "more path", "more paths");
            self.bare_fact(margin, &format!("… and {more}"));
        }
    }

    /// What was done about findings, or why nothing was.
    fn fixes(&mut self, report: &Report) {
        if let Some(patch) = &report.patch {
            self.patch(patch);
        }
        for proof in &report.proofs {
            self.proof(proof);
        }
        for fixed in report.fixes.iter().flatten() {
            let (word, text) = words::fixes::line(fixed);
            let style = match fixed.status {
                FixStatus::None => Style::Warning,
                FixStatus::Planned | FixStatus::Applied => Style::Help,
            };
            self.line(style, word, &text);
            for (key, text) in words::fixes::facts(fixed) {
                self.fact(1, key, Style::Strong, &text);
            }
            self.text.push('\n');
        }
        if let Some(fixes) = report.fixes.as_ref().filter(|fixes| !fixes.is_empty()) {
            self.note(&words::fixes::sum(fixes));
        }
    }

    /// What was not looked at: a line each beside findings, and one line for all that do not block
    /// where there is nothing else to read.
    fn gaps(&mut self, gaps: &[GapGroup], found: bool) {
        let (blocking, others): (Vec<_>, Vec<_>) = gaps.iter().partition(|gap| gap.blocking);
        for gap in blocking {
            self.line(Style::Error, "error", &format!("incomplete: {}", gap.text));
        }
        if self.options.verbose || (found && !self.options.quiet) {
            for gap in others {
                self.note(&format!("not looked at: {}", gap.text));
            }
            return;
        }
        let mut what: Vec<&str> = others.iter().map(|gap| gap.what).collect();
        what.dedup();
        if !what.is_empty() {
            let what = what.join(", ");
            self.note(&format!("not all was looked at: {what} (`-v` tells more)"));
        }
    }

    fn ignored(&mut self, report: &Report) {
        if self.options.verbose {
            for ignored in words::ignored(report) {
                self.note(&format!("ignored: {ignored}"));
            }
        } else if !report.ignored.is_empty() {
            let ignored = words::count(report.ignored.len(), "advisory", "advisories");
            self.note(&format!("{ignored} ignored (`-v` lists them)"));
        }
    }
}

/// What of its first line a place is about.
fn marked(location: &Location) -> Marked {
    Marked {
        column: location.column,
        end_column: (location.end_line == location.line).then_some(location.end_column),
    }
}
