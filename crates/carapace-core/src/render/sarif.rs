//! For code scanning: SARIF 2.1.0.
//!
//! The format is <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>; what GitHub
//! takes of it, and how much, is
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.
//! What an advisory says is a rule with the advisory's id, so that alerts are told apart and
//! dismissed by advisory; everything else is a rule of ours.
//!
//! *Invariants.* Results are in order of level. A document has at most [`RESULTS`] results, and
//! rules and results together have at most [`BYTES`]; if something does not fit, a notification
//! says how much was left out.

mod rule;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::words;
use crate::finding::{Finding, Location};
use crate::fix::{Applicability, Edit};
use crate::report::{Input, Report};

/// GitHub refuses a run with more results, and as many rules.
pub const RESULTS: usize = 25_000;

/// GitHub refuses more than 10 MB of gzip. As gzip makes nothing notably larger, this bound holds
/// whatever the texts are; it is beyond the 5,000 results that GitHub shows.
pub const BYTES: usize = 9_000_000;

/// Paths and facts of a result, notifications of a kind: no more than a reader can use.
const LISTED: usize = 100;

/// The report as one SARIF document with one run, on one line; `version` is the program's.
#[must_use]
pub fn render(report: &Report, version: &str) -> String {
    let (results, rules, left_out) = results(report);
    let blocked = report.gaps.iter().any(|gap| gap.blocking);
    let (word, summary) = words::summary(report);
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "carapace",
                "semanticVersion": version,
                "informationUri": "https://github.com/rust-secure-code/carapace",
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "%SRCROOT%": {"description": {"text": "The root of the repository"}},
            },
            "invocations": [{
                "executionSuccessful": !blocked,
                "toolExecutionNotifications": execution(report, left_out),
                "toolConfigurationNotifications": configuration(report),
            }],
            "results": results,
            "properties": {"summary": format!("{word}: {summary}")},
        }],
    });
    format!("{document}\n")
}

/// The results, their rules, and how many results did not fit.
fn results(report: &Report) -> (Vec<Value>, Vec<Value>, usize) {
    let findings = words::by_level(report);
    let (mut results, mut rules) = (Vec::new(), Vec::new());
    let mut indices: HashMap<String, usize> = HashMap::new();
    let has_baseline = findings.iter().any(|(_, finding)| finding.known);
    let mut bytes = 0;
    for (input, finding) in &findings {
        let id = rule::id(finding);
        let known = indices.get(&id).copied();
        // Findings are in order of level, so the first of a rule sets its level.
        let new_rule = known
            .is_none()
            .then(|| json!(rule::descriptor(&id, finding)));
        let index = known.unwrap_or(rules.len());
        let result = result(input, finding, &id, index, has_baseline);
        let size = |value: &Value| value.to_string().len() + 1;
        bytes += size(&result) + new_rule.as_ref().map_or(0, size);
        if results.len() == RESULTS || bytes > BYTES {
            break;
        }
        if let Some(rule) = new_rule {
            indices.insert(id, index);
            rules.push(rule);
        }
        results.push(result);
    }
    let left_out = findings.len() - results.len();
    (results, rules, left_out)
}

fn result(
    input: &Input,
    finding: &Finding,
    rule: &str,
    rule_index: usize,
    has_baseline: bool,
) -> Value {
    let paths: Vec<String> = finding
        .paths
        .iter()
        .take(LISTED)
        .map(|path| words::path(&input.graph, path, None))
        .collect();
    let sentences = [words::shown(&finding.message)]
        .into_iter()
        .chain(words::roles(input, finding).map(|roles| format!("Roles: {roles}")))
        .chain(paths.first().map(|path| format!("Path: {path}")))
        .chain(
            finding
                .help
                .iter()
                .map(|help| format!("Help: {}", words::shown(help))),
        );
    let sentences: Vec<String> = sentences.map(|text| without_links(&text)).collect();
    let evidence = finding.evidence.iter().take(LISTED);
    let evidence: Vec<String> = evidence.map(|text| words::shown(text)).collect();
    let package = finding.package.and_then(|index| input.graph.get(index));
    let mut result = json!({
        "ruleId": rule,
        "ruleIndex": rule_index,
        "level": words::level(finding.level),
        "message": {"text": sentences.join(". ")},
        "locations": [location(input, finding.location.as_ref())],
        "partialFingerprints": {"carapace/v1": words::shown(&finding.fingerprint)},
        "properties": {
            "code": finding.rule.meta.code,
            "confidence": finding.confidence.name(),
            "package": package.map(|package| words::shown(&package.id())),
            "paths": paths,
            "evidence": evidence,
        },
    });
    // Of a state there is either one for each result or none (section 3.27.24).
    if has_baseline && let Some(fields) = result.as_object_mut() {
        let state = if finding.known { "unchanged" } else { "new" };
        fields.insert("baselineState".to_owned(), json!(state));
    }
    // What only shows the way is no fix there (section 3.55).
    let fix = finding.fix.as_ref();
    if let Some(fix) = fix.filter(|fix| fix.applicability != Applicability::Display)
        && let Some(fields) = result.as_object_mut()
    {
        let changes: Vec<Value> = fix.edits.iter().map(change).collect();
        fields.insert("fixes".to_owned(), json!([{"artifactChanges": changes}]));
    }
    result
}

/// An edit, as SARIF has it (section 3.56).
fn change(edit: &Edit) -> Value {
    let region = json!({
        "byteOffset": edit.start,
        "byteLength": edit.end.saturating_sub(edit.start),
    });
    json!({
        "artifactLocation": artifact(&edit.file),
        "replacements": [{"deletedRegion": region, "insertedContent": {"text": edit.text}}],
    })
}

/// Takes the effect of `[text](target)`, which makes a link in a SARIF message (section 3.11.6).
fn without_links(text: &str) -> String {
    text.replace("](", "] (")
}

/// GitHub shows only what has a place: without one, the beginning of the file.
fn location(input: &Input, location: Option<&Location>) -> Value {
    let region = match location {
        Some(found) => json!({
            "startLine": found.line.max(1),
            "startColumn": found.column.max(1),
            "endLine": found.end_line.max(1),
            "endColumn": found.end_column.max(1),
        }),
        None => json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}),
    };
    let file = input.repository_file(location);
    json!({"physicalLocation": {"artifactLocation": artifact(file), "region": region}})
}

fn artifact(file: &str) -> Value {
    json!({"uri": uri(file), "uriBaseId": "%SRCROOT%"})
}

/// A path as a relative reference of RFC 3986: never absolute, and nothing above the root.
fn uri(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            // A drive, `C:`.
            drive if parts.is_empty() && drive.len() == 2 && drive.ends_with(':') => {}
            name => parts.push(name),
        }
    }
    // Standard input has no name; what was read from it is some project's lockfile.
    if parts.is_empty() || path == "-" {
        return "Cargo.lock".to_owned();
    }
    let mut uri = String::with_capacity(path.len());
    for byte in parts.join("/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn notification(id: &str, level: &str, text: &str) -> Value {
    json!({
        "descriptor": {"id": id},
        "level": level,
        "message": {"text": without_links(text)},
    })
}

/// What was not looked at, and what did not fit.
fn execution(report: &Report, left_out: usize) -> Vec<Value> {
    let mut notifications = Vec::new();
    if left_out > 0 {
        let results = words::count(left_out, "result", "results");
        let text = format!("{results} of the lowest levels left out: code scanning takes no more");
        notifications.push(notification("truncated", "warning", &text));
    }
    let gaps = words::gaps(report);
    let shown = gaps.iter().take(LISTED).map(|gap| {
        let level = if gap.blocking { "error" } else { "note" };
        notification(gap.what, level, &format!("not looked at: {}", gap.text))
    });
    notifications.extend(shown);
    notifications.extend(more(gaps.len(), "gap", "gaps"));
    notifications
}

/// What configuration did, and what policy left out.
fn configuration(report: &Report) -> Vec<Value> {
    let effects = report.config.iter().take(LISTED).map(|effect| {
        let text = words::shown(&effect.effect);
        let mut notification = notification("configuration", "note", &text);
        let location = json!([{"physicalLocation": {
            "artifactLocation": artifact(effect.repository_file.as_ref().unwrap_or(&effect.file)),
            "region": {"startLine": effect.line.max(1)},
        }}]);
        if let Some(fields) = notification.as_object_mut() {
            fields.insert("locations".to_owned(), location);
        }
        notification
    });
    let ignored = words::ignored(report)
        .take(LISTED)
        .map(|text| notification("ignored", "note", &format!("ignored: {text}")));
    effects
        .chain(more(
            report.config.len(),
            "configuration effect",
            "configuration effects",
        ))
        .chain(ignored)
        .chain(more(
            report.ignored.len(),
            "ignored advisory",
            "ignored advisories",
        ))
        .collect()
}

fn more(n: usize, one: &str, many: &str) -> Option<Value> {
    let more = n.checked_sub(LISTED).filter(|more| *more > 0)?;
    let text = format!("and {} more", words::count(more, one, many));
    Some(notification("truncated", "note", &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_and_stay_within() {
        for (path, expected) in [
            ("Cargo.lock", "Cargo.lock"),
            ("-", "Cargo.lock"),
            ("/", "Cargo.lock"),
            ("./a//b/Cargo.lock", "a/b/Cargo.lock"),
            ("/home/x/Cargo.lock", "home/x/Cargo.lock"),
            ("C:\\x\\Cargo.lock", "x/Cargo.lock"),
            ("../../a/../Cargo.lock", "Cargo.lock"),
            ("javascript:x", "javascript%3Ax"),
            ("a b#?%\n漢", "a%20b%23%3F%25%0A%E6%BC%A2"),
        ] {
            assert_eq!(uri(path), expected, "{path}");
        }
    }
}
