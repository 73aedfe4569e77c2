//! Rules: an advisory's, or ours.

use serde::Serialize;

use crate::finding::{Confidence, Finding};
use crate::knowledge::advisory::Advisory;
use crate::render::words;
use crate::text::visible;

/// GitHub's bound on the characters of names.
const NAME: usize = 255;

/// GitHub's bound on the characters of descriptions is 1024; escapes make texts longer.
const DESCRIPTION: usize = 1_000;

/// Characters of an advisory's text, which has a page of its own.
const TEXT: usize = 8_000;

/// GitHub shows ten tags of a rule and refuses more than twenty.
const TAGS: usize = 10;

/// Characters of a tag.
const TAG: usize = 50;

/// The `security-severity` of a malicious package without a score: CVSS's for code that runs over
/// the network, without a user's doing, and takes everything
/// (`CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`). Such advisories mostly have no score, as they
/// are no faults, and GitHub ranks what has none below every vulnerability; "critical" begins
/// above 9.0.
const MALICIOUS: &str = "9.8";

/// SARIF's `reportingDescriptor` (section 3.49), as far as GitHub takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    id: String,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Properties {
    tags: Vec<String>,
    precision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_severity: Option<String>,
}

/// The id of a finding's rule.
pub(super) fn id(finding: &Finding) -> String {
    match &finding.advisory {
        Some(advisory) => words::shown(&advisory.id),
        None => finding.rule.meta.code.to_owned(),
    }
}

/// The rule of a finding, with that finding's level.
pub(super) fn descriptor(id: &str, finding: &Finding) -> Descriptor {
    let rule = finding.rule;
    let advisory = finding.advisory.as_deref();
    let link = advisory.map(Advisory::link);
    let (summary, description, help) = match advisory {
        Some(advisory) => texts(id, finding, advisory),
        None => (rule.summary().to_owned(), None, rule.docs.to_owned()),
    };
    let categories = advisory.map_or(&[][..], |advisory| &advisory.categories);
    let mut tags = ["security", rule.group.name(), rule.name]
        .map(str::to_owned)
        .to_vec();
    for category in categories {
        let tag = words::cut(category, TAG);
        // The schema wants each once, and a malicious package's category is its rule's name.
        if tags.len() < TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Descriptor {
        id: id.to_owned(),
        name: advisory
            .map_or(rule.name, |_| id)
            .chars()
            .take(NAME)
            .collect(),
        full_description: plain(description.unwrap_or_else(|| summary.clone())),
        short_description: plain(summary),
        help: Text {
            markdown: Some(help.clone()),
            text: help,
        },
        help_uri: link.filter(|link| is_uri(link)),
        default_configuration: Configuration {
            level: words::level(finding.level),
        },
        properties: Properties {
            tags,
            precision: precision(finding.confidence),
            security_severity: advisory.and_then(severity),
        },
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

fn severity(advisory: &Advisory) -> Option<String> {
    match advisory.severity() {
        Some(severity) => Some(format!("{:.1}", severity.score)),
        None => advisory.is_malicious().then(|| MALICIOUS.to_owned()),
    }
}

/// Whether it can be a `helpUri`: an advisory may have any text for an address.
fn is_uri(link: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&b);
    link.starts_with("https://") && link.bytes().all(allowed)
}

/// The summary, the description if there is one, and the help of an advisory's rule.
fn texts(id: &str, finding: &Finding, advisory: &Advisory) -> (String, Option<String>, String) {
    let package = words::shown(&advisory.package);
    let summary = match &advisory.title {
        Some(title) => format!("{id}: {}", words::shown(title)),
        None => format!("{id}: {} ({package})", finding.rule.summary()),
    };
    let description = advisory.description.as_deref().map(str::trim);
    let description = description.filter(|text| !text.is_empty());
    let help = help(finding, advisory, description);
    let description = description.map(|text| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words::cut(&words.join(" "), DESCRIPTION)
    });
    (summary, description, help)
}

/// What is already safe, within GitHub's bound.
fn plain(text: String) -> Text {
    Text {
        text: text.chars().take(1_024).collect(),
        markdown: None,
    }
}

/// Facts of ours, then the advisory's text, which is Markdown by the database's format: its lines
/// are kept, and each is made safe.
fn help(finding: &Finding, advisory: &Advisory, description: Option<&str>) -> String {
    let code = |text: &str| format!("`{}`", words::shown(text).replace('`', "'"));
    let mut help = format!("{}: {}", finding.rule.summary(), code(&advisory.package));
    for (versions, word) in [
        (&advisory.patched, "Fixed in"),
        (&advisory.unaffected, "Never affected"),
    ] {
        if !versions.is_empty() {
            help += &format!("\n\n{word}: {}", code(&versions.join(" or ")));
        }
    }
    let link = advisory.link();
    if is_uri(&link) {
        help += &format!("\n\n<{link}>");
    }
    if let Some(text) = description {
        let text: String = text.chars().take(TEXT).collect();
        let lines: Vec<_> = text.lines().map(visible).collect();
        help += &format!("\n\n{}", lines.join("\n"));
    }
    help
}
