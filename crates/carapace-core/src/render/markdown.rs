//! Markdown, for a README or a comment on a pull request: GitHub's dialect
//! (<https://github.github.com/gfm/>).
//!
//! *Invariants.* Every text from outside is in a code span, where Markdown and HTML mean nothing,
//! nobody is mentioned, and no address becomes a link. Each is one line of bounded length.

mod audit;

use std::fmt::Write as _;

pub use audit::audit;

use super::columns::{self, COLUMNS, SAFETY};
use super::view::{Layout, View};
use super::words::dance as danced;
use super::{tree, words};
use crate::census::dance::{Dance, Outlook};
use crate::census::summary::{Status, Summary};
use crate::census::{Census, PackageCensus, Site};
use crate::facts::unsafety::Operation;
use crate::graph::PackageIdx;
use crate::report::{Input, Proof, Report};
use crate::supply::Supply;
use crate::supply::reach::Reached;

/// What a comment on a pull request can hold of a list; GitHub takes 65,536 characters.
const LISTED: usize = 200;

/// What it can hold of a diff, in lines.
const LINES: usize = 500;

/// The report as Markdown.
#[must_use]
pub fn render(report: &Report, view: &View) -> String {
    let mut text = String::new();
    let (word, summary) = words::summary(report);
    let _ = writeln!(text, "**{word}**: {}", code(&summary));
    findings(report, &mut text);
    for input in &report.inputs {
        if let Some(census) = &input.census {
            table(input, census, view, &mut text);
            sites(input, census, view, &mut text);
            reconciliation(input, &mut text);
        }
    }
    for input in &report.inputs {
        if let (Some(supply), Some(reached)) = (&input.supply, &input.details.reached) {
            people(supply, reached, &mut text);
        }
        if let Some(dance) = &input.dance {
            nominations(input, dance, &mut text);
            stays(input, dance, &mut text);
        }
    }
    let fixes = report.fixes.iter().flatten();
    let fixes = fixes.map(|fixed| {
        let (word, text) = words::fixes::line(fixed);
        let mut item = format!("**{word}**: {}", code(&text));
        for (key, text) in words::fixes::facts(fixed) {
            let _ = write!(item, "; {key}: {}", code(&text));
        }
        item
    });
    list("Fixes", fixes, &mut text);
    if let Some(patch) = &report.patch {
        diff(patch, &mut text);
    }
    for proof in &report.proofs {
        tried(proof, &mut text);
    }
    let gaps = words::gaps(report);
    let gaps = gaps.iter().map(|gap| match gap.blocking {
        true => format!("**incomplete**: {}", code(&gap.text)),
        false => code(&gap.text),
    });
    list("Not looked at", gaps, &mut text);
    let effects = report
        .config
        .iter()
        .map(|effect| code(&words::effect(effect)));
    list("The project's own configuration", effects, &mut text);
    list(
        "Ignored",
        words::ignored(report).map(|text| code(&text)),
        &mut text,
    );
    text
}

fn list(title: &str, items: impl Iterator<Item = String>, text: &mut String) {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### {title}\n");
    for item in items.iter().take(LISTED) {
        let _ = writeln!(text, "- {item}");
    }
    if let Some(more @ 1..) = items.len().checked_sub(LISTED) {
        let _ = writeln!(text, "- … and {more} more");
    }
}

fn findings(report: &Report, text: &mut String) {
    let findings = words::by_level(report);
    let items = findings.iter().map(|(_, finding)| {
        let (level, rule) = (words::level(finding.level), finding.rule.meta.code);
        let message = code(&finding.message);
        let mut item = format!("**{level}** {rule}: {message}");
        if let Some(location) = &finding.location {
            let place = format!("{}:{}:{}", location.file, location.line, location.column);
            let _ = write!(item, " at {}", code(&place));
        }
        if let Some(reached) = &finding.reachability {
            let decisive = reached
                .functions
                .iter()
                .filter(|f| f.verdict == reached.verdict);
            let names: Vec<&str> = decisive.map(|f| f.function.as_str()).collect();
            let verdict = reached.verdict.name();
            let _ = write!(
                item,
                "; {}",
                code(&format!("{verdict}: {}", names.join(", ")))
            );
        }
        for help in &finding.help {
            let _ = write!(item, "; {}", code(help));
        }
        if let Some(fix) = danced::fix(finding) {
            let _ = write!(item, "; {fix}");
        }
        item
    });
    list("Findings", items, text);
}

/// What fixes change.
fn diff(patch: &str, text: &mut String) {
    // No line of it ends the block: the fence is longer than what looks like one.
    let ticks = patch.split(|c| c != '`').map(str::len).max();
    let fence = "`".repeat(ticks.unwrap_or_default().max(2) + 1);
    let _ = writeln!(text, "\n### Changes\n\n{fence}diff");
    for line in danced::diff(patch).take(LINES) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "{fence}");
    if let Some(more @ 1..) = patch.lines().count().checked_sub(LINES) {
        let _ = writeln!(text, "\n… and {more} more lines");
    }
}

/// What came of fixes that were tried: a table by kind, and the patch.
fn tried(proof: &Proof, text: &mut String) {
    let _ = writeln!(text, "\n### Tried: {}\n", code(&proof.subject));
    for before in &proof.before {
        let _ = writeln!(text, "- before: {}", code(before));
    }
    for root in &proof.forbids {
        let _ = writeln!(text, "- forbids unsafe code: {}", code(root));
    }
    text.push_str("\n| Unsafe code | Before | After |\n|---|--:|--:|\n");
    for one in &proof.kinds {
        let _ = writeln!(text, "| {} | {} | {} |", one.kind, one.before, one.after);
    }
    if !proof.patch.is_empty() {
        diff(&proof.patch, text);
    }
}

/// What becomes of packages' unsafe code, and why it stays.
fn stays(input: &Input, dance: &Dance, text: &mut String) {
    for (index, steps) in danced::with_sites(input, dance) {
        let package = code(&words::package(&input.graph, index));
        let outlooks = danced::outlooks(&steps.outlooks());
        let _ = writeln!(text, "\n### Unsafe code of {package}\n\n{outlooks}.");
        let stays = danced::stays(steps, false).into_iter();
        let lines = stays.map(|stays| stays.line(code));
        let lines: Vec<String> = lines.chain(danced::newer(steps)).collect();
        if !lines.is_empty() {
            text.push('\n');
        }
        for line in lines {
            let _ = writeln!(text, "- {line}");
        }
    }
}

/// The packages in which a dance would win most.
fn nominations(input: &Input, dance: &Dance, text: &mut String) {
    let Some(nominations) = dance.nominations.as_ref().filter(|all| !all.is_empty()) else {
        return;
    };
    text.push_str("\n### Where a dance would win most\n\n");
    text.push_str("| Package | Score | Could go | Automatic | Sites | Dependents | Why |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|---|\n");
    for one in nominations.iter().take(LISTED) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            code(&words::package(&input.graph, one.package)),
            one.score,
            one.outlooks.replaceable(),
            one.outlooks.of(Outlook::Automatic),
            one.outlooks.total(),
            one.dependents,
            code(&one.reasons.join("; ")),
        );
    }
    if let Some(more @ 1..) = nominations.len().checked_sub(LISTED) {
        let _ = writeln!(text, "\n… and {more} more");
    }
}

/// The accounts that can publish new versions, those that could change most first.
fn people(supply: &Supply, reached: &Reached, text: &mut String) {
    let accounts = &reached.accounts;
    if accounts.is_empty() {
        return;
    }
    let known = reached.sum.known();
    text.push_str("\n### Who can publish new versions\n\n");
    text.push_str(
        "| Who | Crates | Alone | At build | Shipped | Via |\n|---|--:|--:|--:|--:|---|\n",
    );
    for one in accounts.iter().take(LISTED) {
        let crates = one.crates.len();
        let _ = writeln!(
            text,
            "| {} | {crates} ({}) | {} | {} | {} | {} |",
            code(&words::people::account(&supply.people, one.account)),
            words::people::share(crates, known),
            one.alone,
            one.at_build,
            one.shipped,
            code(&one.crates.join(", ")),
        );
    }
    if let Some(more @ 1..) = accounts.len().checked_sub(LISTED) {
        let _ = writeln!(text, "\n… and {more} more");
    }
}

/// The packages, those with the most unsafe code first; what uses none is folded away.
fn table(input: &Input, census: &Census, view: &View, text: &mut String) {
    let flat = View {
        layout: Layout::Table,
        ..view.clone()
    };
    let rows = tree::rows(input, census, &flat).rows;
    let mut shown = Vec::new();
    let mut folded = Vec::new();
    let mut total = Summary::default();
    for row in rows {
        let position = input.graph.position(row.package);
        let Some(package) = position.and_then(|at| census.packages.get(at)) else {
            continue;
        };
        let summary = Summary::of(package);
        let status = columns::status(package, &summary, view);
        let row = table_row(input, row.package, package, &summary, status, view);
        total.merge(&summary);
        match status {
            Status::Uses => shown.push(row),
            _ => folded.push(row),
        }
    }
    text.push_str("\n### Unsafe code\n\n");
    let mut legend = [Status::Uses, Status::Allows, Status::Forbids]
        .map(|status| {
            let symbol = columns::symbol(status, view.charset);
            format!("{symbol} {}", columns::meaning(status))
        })
        .join("; ");
    if !view.forbid_only {
        legend += ". Numbers: used/total, and with a SAFETY comment/that should have one";
        let mut row = String::from("| | in all |");
        for cell in columns::cells(&total, view.tests) {
            let _ = write!(row, " {cell} |");
        }
        shown.push(row + " |");
    }
    let _ = writeln!(text, "{legend}.\n");
    if !shown.is_empty() {
        header(view, text);
        for row in &shown {
            let _ = writeln!(text, "{row}");
        }
    }
    if !folded.is_empty() {
        let packages = words::count(folded.len(), "package", "packages");
        let _ = writeln!(text, "\n<details><summary>{packages} without</summary>\n");
        header(view, text);
        for row in &folded {
            let _ = writeln!(text, "{row}");
        }
        text.push_str("\n</details>\n");
    }
}

fn header(view: &View, text: &mut String) {
    let mut heading = String::from("| | Package |");
    let mut rule = String::from("|---|---|");
    if !view.forbid_only {
        let headings = COLUMNS.iter().map(|(heading, _)| *heading);
        for column in headings.chain([SAFETY]) {
            let _ = write!(heading, " {column} |");
            rule += "--:|";
        }
    }
    let _ = writeln!(text, "{heading} |\n{rule}---|");
}

fn table_row(
    input: &Input,
    index: PackageIdx,
    package: &PackageCensus,
    summary: &Summary,
    status: Status,
    view: &View,
) -> String {
    let symbol = columns::symbol(status, view.charset);
    let name = code(&words::package(&input.graph, index));
    let mut row = format!("| {symbol} | {name} |");
    if !view.forbid_only {
        for cell in columns::cells(summary, view.tests) {
            let cell = if package.scanned { &cell } else { "-" };
            let _ = write!(row, " {cell} |");
        }
    }
    let place = input.graph.position(index);
    let roles = place.and_then(|at| input.details.roles.get(at));
    let remarks = columns::remarks(package, roles).join(", ");
    let remarks = match remarks.as_str() {
        "" => String::new(),
        remarks => code(remarks),
    };
    row + " " + &remarks + " |"
}

fn sites(input: &Input, census: &Census, view: &View, text: &mut String) {
    let Some(selection) = &view.sites else {
        return;
    };
    for (index, sites) in selection.of(&input.graph, census) {
        let package = code(&words::package(&input.graph, index));
        let _ = writeln!(text, "\n### Sites in {package}\n");
        text.push_str("| Place | Kind | State | In | Does | SAFETY |\n|---|---|---|---|---|---|\n");
        for site in sites.iter().take(LISTED) {
            site_row(site, text);
        }
        if let Some(more @ 1..) = sites.len().checked_sub(LISTED) {
            let _ = writeln!(text, "\n… and {more} more");
        }
    }
}

fn site_row(site: &Site, text: &mut String) {
    let place = code(&format!("{}:{}:{}", site.file, site.line, site.column));
    let item = match site.item.as_str() {
        "" => String::new(),
        item => code(item),
    };
    let does: Vec<&str> = site
        .operations
        .iter()
        .map(|o| Operation::name(*o))
        .collect();
    let (kind, state, does) = (site.kind, site.state, does.join(", "));
    let safety = if site.safety_comment { "yes" } else { "no" };
    let _ = writeln!(
        text,
        "| {place} | {kind} | {state} | {item} | {does} | {safety} |"
    );
}

fn reconciliation(input: &Input, text: &mut String) {
    let Some(compared) = &input.details.reconciliation else {
        return;
    };
    let packages = input.graph.iter().zip(&compared.packages);
    let items = packages.flat_map(|((index, _), package)| {
        let places = [
            (&package.compiler_only, "the compiler only"),
            (&package.census_only, "the census only"),
        ];
        let name = code(&words::package(&input.graph, index));
        places.into_iter().flat_map(move |(places, who)| {
            let name = name.clone();
            places.iter().map(move |place| {
                let what = code(&place.what);
                let place = code(&format!("{}:{}:{}", place.file, place.line, place.column));
                format!("{who}: {place} in {name}: {what}")
            })
        })
    });
    list("What compiler and census see differently", items, text);
    let lines = words::reconciliation(compared).into_iter();
    list("What the compiler says", lines, text);
}

/// A text from outside as code: nothing in it is Markdown, HTML, a mention or a link.
///
/// Where a code span's own rules would meet those of tables, which split at `|` before anything
/// else, the text is written in entities: these are never structure.
fn code(text: &str) -> String {
    let text = words::shown(text);
    let is_plain = !text.contains(['`', '|', '\\']) && text.trim() == text && !text.is_empty();
    if is_plain {
        return format!("`{text}`");
    }
    let mut html = "<code>".to_owned();
    for character in text.chars() {
        match character {
            ' ' => html.push(' '),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => {
                let _ = write!(html, "&#{};", u32::from(c));
            }
            c => html.push(c),
        }
    }
    html + "</code>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_texts_are_code() {
        for (text, expected) in [
            (
                "a 1.0 @b #1 <i> *x* https://x",
                "`a 1.0 @b #1 <i> *x* https://x`",
            ),
            ("a`b", "<code>a&#96;b</code>"),
            ("a\\|b", "<code>a&#92;&#124;b</code>"),
            ("", "<code></code>"),
            (" ", "<code> </code>"),
            ("\n", "<code>&#92;u&#123;a&#125;</code>"),
            (
                "</code>`<b>",
                "<code>&#60;&#47;code&#62;&#96;&#60;b&#62;</code>",
            ),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }
}
