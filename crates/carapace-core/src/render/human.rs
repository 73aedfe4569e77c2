//! For people at a terminal, in the look of rustc's messages.
//!
//! Problem matchers for rustc's messages, as editors and CI systems have them, understand it too:
//! a finding begins with `error[CODE]: …`, and the next line is `--> FILE:LINE:COLUMN`.
//!
//! *Invariants.* Every line begins with something of our own. Without colour there is no escape
//! byte.

use super::words::{self, Counts, GapGroup};
use crate::finding::{Finding, Level, Location};
use crate::report::{Input, Report, Verdict};
use crate::text::visible;

/// The paths of a finding that are shown if nobody asks for more.
const PATHS: usize = 3;

/// The characters of a line of a file that are shown where the width is not known.
const SNIPPET: usize = 160;

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
        page.input(input, report.inputs.len() > 1);
    }
    for effect in &report.config {
        page.note(&words::effect(effect));
    }
    page.gaps(&words::gaps(report), counts.total() > 0);
    page.ignored(report);
    let (word, text) = words::summary(report);
    page.line(Style::of(word), word, &text);
    page.text
}

/// What text looks like; rustc's choice of colours.
#[derive(Debug, Clone, Copy)]
enum Style {
    Error,
    Warning,
    Note,
    Help,
    Gutter,
    Strong,
}

impl Style {
    /// The style of a line's first word.
    fn of(word: &str) -> Self {
        match word {
            "error" => Self::Error,
            "warning" => Self::Warning,
            _ => Self::Note,
        }
    }

    /// Parameters of SGR, ECMA-48 8.3.117.
    fn parameters(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Warning => "1;33",
            Self::Note => "1;32",
            Self::Help => "1;36",
            Self::Gutter => "1;34",
            Self::Strong => "1",
        }
    }
}

struct Page<'a> {
    text: String,
    options: &'a Options<'a>,
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        if self.options.color {
            format!("\x1b[{}m{text}\x1b[0m", style.parameters())
        } else {
            text.to_owned()
        }
    }

    /// `word: text`.
    fn line(&mut self, style: Style, word: &str, text: &str) {
        let (word, text) = (
            self.paint(style, word),
            self.paint(Style::Strong, &format!(": {text}")),
        );
        self.text += &format!("{word}{text}\n");
    }

    fn note(&mut self, text: &str) {
        let word = self.paint(Style::Note, "note");
        self.text += &format!("{word}: {text}\n");
    }

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
        let mut margin = 1;
        if let Some(location) = &finding.location {
            margin = location.line.to_string().len();
            let arrow = self.paint(Style::Gutter, &format!("{:margin$}-->", ""));
            let file = words::shown(&location.file);
            let (line, column) = (location.line, location.column);
            self.text += &format!("{arrow} {file}:{line}:{column}\n");
            if !same_place {
                self.snippet(location, margin);
            }
        }
        if let Some(advisory) = words::advisory(finding) {
            self.fact(margin, "advisory", Style::Strong, &advisory);
        }
        for evidence in &finding.evidence {
            self.bare_fact(margin, &words::shown(evidence));
        }
        self.paths(input, finding, margin, same_place);
        for help in &finding.help {
            self.fact(margin, "help", Style::Help, &words::shown(help));
        }
        for reference in finding.references.iter().filter(|r| !r.is_empty()) {
            self.bare_fact(margin, &format!("see {}", words::shown(reference)));
        }
        self.text.push('\n');
    }

    /// The line of the file, and marks below what it is about.
    fn snippet(&mut self, location: &Location, margin: usize) {
        let Some(line) = (self.options.source)(&location.file, location.line) else {
            return;
        };
        let index = |column: u32| {
            usize::try_from(column)
                .unwrap_or(usize::MAX)
                .saturating_sub(1)
        };
        let start = index(location.column);
        let marked = if location.end_line == location.line {
            index(location.end_column).saturating_sub(start)
        } else {
            usize::MAX
        };
        let room = self.options.width.unwrap_or(SNIPPET);
        let line = line.replace('\t', " ");
        let line: String = line.chars().take(room.saturating_sub(margin + 3)).collect();
        // Made visible as one: a text in parts may hide a command across their border. How a
        // character is shown depends only on what follows it, so differences tell the columns.
        let from = |column: usize| {
            let rest = line.char_indices().nth(column);
            let rest = rest.and_then(|(offset, _)| line.get(offset..));
            visible(rest.unwrap_or_default()).chars().count()
        };
        let (all, behind) = (from(0), from(start));
        let marks = behind.saturating_sub(from(start.saturating_add(marked)));
        let bar = self.paint(Style::Gutter, "|");
        let number = self.paint(Style::Gutter, &location.line.to_string());
        let marks = self.paint(Style::Error, &"^".repeat(marks.max(1)));
        let (line, blank) = (visible(&line), " ".repeat(all.saturating_sub(behind)));
        self.text += &format!("{:margin$} {bar}\n{number} {bar} {line}\n", "");
        self.text += &format!("{:margin$} {bar} {blank}{marks}\n", "");
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

    fn fact(&mut self, margin: usize, key: &str, style: Style, text: &str) {
        let key = self.paint(style, key);
        self.bare_fact(margin, &format!("{key}: {text}"));
    }

    fn bare_fact(&mut self, margin: usize, text: &str) {
        let mark = self.paint(Style::Gutter, "=");
        self.text += &format!("{:margin$} {mark} {text}\n", "");
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
