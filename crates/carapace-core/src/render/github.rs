//! For GitHub Actions: workflow commands that become annotations of the changed lines.
//!
//! The commands are those of <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>,
//! escaped as GitHub's toolkit does
//! (<https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>). GitHub shows ten
//! errors, ten warnings and ten notices of a step, so what fails comes first; the log has all.

use std::fmt::Write as _;

use super::words;
use crate::finding::{Finding, Level};
use crate::report::{Input, Report};

/// The annotations of a kind that GitHub shows for a step.
const SHOWN: usize = 10;

/// The report as workflow commands, with a summary for the log behind them.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut log = Log::default();
    let findings = words::by_level(report);
    let (denied, others): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|(_, finding)| finding.level == Level::Deny);
    for (input, finding) in denied {
        log.finding(input, finding);
    }
    let gaps = words::gaps(report);
    for gap in gaps.iter().filter(|gap| gap.blocking) {
        log.command(
            Kind::Error,
            &[("title", "incomplete".to_owned())],
            &gap.text,
        );
    }
    for (input, finding) in others {
        log.finding(input, finding);
    }
    for effect in &report.config {
        let file = effect.repository_file.as_ref().unwrap_or(&effect.file);
        let place = [
            ("file", words::shown(file)),
            ("line", effect.line.to_string()),
            ("title", "configuration".to_owned()),
        ];
        log.command(Kind::Notice, &place, &words::shown(&effect.effect));
    }
    let gaps: Vec<&str> = gaps
        .iter()
        .filter(|gap| !gap.blocking)
        .map(|gap| gap.text.as_str())
        .collect();
    if !gaps.is_empty() {
        let title = [("title", "not looked at".to_owned())];
        log.command(Kind::Notice, &title, &gaps.join("\n"));
    }
    for fixed in report.fixes.iter().flatten() {
        let (word, text) = words::fixes::line(fixed);
        log.line(&format!("{word}: {text}"));
        for (key, text) in words::fixes::facts(fixed) {
            log.line(&format!("  {key}: {text}"));
        }
    }
    for ignored in words::ignored(report) {
        log.line(&format!("ignored: {ignored}"));
    }
    let (word, text) = words::summary(report);
    log.line(&format!("{word}: {text}"));
    let counts = [log.errors, log.warnings, log.notices];
    if counts.iter().any(|count| *count > SHOWN) {
        let [errors, warnings, notices] = counts;
        log.line(&format!(
            "GitHub shows {SHOWN} annotations of a kind; this log has {errors} errors, \
             {warnings} warnings and {notices} notices"
        ));
    }
    log.text
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Error,
    Warning,
    Notice,
}

#[derive(Debug, Default)]
struct Log {
    text: String,
    errors: usize,
    warnings: usize,
    notices: usize,
}

impl Log {
    fn finding(&mut self, input: &Input, finding: &Finding) {
        let kind = match finding.level {
            Level::Deny => Kind::Error,
            Level::Warn => Kind::Warning,
            Level::Note => Kind::Notice,
        };
        let mut properties = Vec::new();
        let file = input.repository_file(finding.location.as_ref());
        // Without a file the annotation stands with the step.
        if file != "-" {
            properties.push(("file", words::shown(file)));
            if let Some(location) = &finding.location {
                properties.push(("line", location.line.to_string()));
                properties.push(("endLine", location.end_line.to_string()));
                // GitHub takes columns only within one line.
                if location.line == location.end_line {
                    properties.push(("col", location.column.to_string()));
                    properties.push(("endColumn", location.end_column.to_string()));
                }
            }
        }
        let code = finding.rule.meta.code;
        let title = match &finding.advisory {
            Some(advisory) => format!("{code} {}", words::shown(&advisory.id)),
            None => code.to_owned(),
        };
        properties.push(("title", title));
        let mut lines = vec![words::shown(&finding.message)];
        lines.extend(finding.evidence.iter().map(|text| words::shown(text)));
        lines.extend(words::roles(input, finding).map(|roles| format!("roles: {roles}")));
        if let Some(path) = finding.paths.first().filter(|path| path.len() > 1) {
            lines.push(format!("path: {}", words::path(&input.graph, path, None)));
        }
        lines.extend(
            finding
                .help
                .iter()
                .map(|text| format!("help: {}", words::shown(text))),
        );
        let references = finding.references.iter().filter(|text| !text.is_empty());
        lines.extend(references.map(|text| format!("see {}", words::shown(text))));
        self.command(kind, &properties, &lines.join("\n"));
    }

    fn command(&mut self, kind: Kind, properties: &[(&str, String)], message: &str) {
        let (name, counter) = match kind {
            Kind::Error => ("error", &mut self.errors),
            Kind::Warning => ("warning", &mut self.warnings),
            Kind::Notice => ("notice", &mut self.notices),
        };
        *counter += 1;
        let properties: Vec<String> = properties
            .iter()
            .map(|(key, value)| format!("{key}={}", property(value)))
            .collect();
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.text,
            "::{name} {}::{}",
            properties.join(","),
            data(message)
        );
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// `escapeData` of the toolkit.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// `escapeProperty` of the toolkit.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
