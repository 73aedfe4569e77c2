//! The audit of a package's unsafe code: every site, what becomes of it, and what is open. It is a page
//! for a tracking issue, so what is to be done are boxes to be ticked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{code, list};
use crate::census::dance::{Dance, Outlook, Outlooks, PackageSteps, SiteDance};
use crate::census::summary::wants_safety_comment;
use crate::census::{PackageCensus, Site, State};
use crate::facts::dance::{Need, Proposal, rust};
use crate::facts::soundness::Fault;
use crate::facts::unsafety::{Operation, SiteKind};
use crate::graph::PackageIdx;
use crate::render::words::{self, dance as said};
use crate::report::{Input, Report};
use crate::rules::Rule;
use crate::rules::soundness::covered;

/// The audit of every package of which findings were asked for.
#[must_use]
pub fn audit(report: &Report) -> String {
    let mut text = String::new();
    for input in &report.inputs {
        let Some(dance) = &input.dance else {
            continue;
        };
        for (index, census, steps) in dance.asked(&input.graph) {
            let page = Page {
                report,
                dance,
                input,
                index,
                census,
                steps,
            };
            page.write(&mut text);
        }
    }
    // What was not looked at at all is told even where no package is left to tell of.
    if text.is_empty() {
        text.push_str("# Audit of unsafe code\n\nNothing was looked at.\n");
        let gaps = words::gaps(report);
        list(
            "Not looked at",
            gaps.iter().map(|gap| code(&gap.text)),
            &mut text,
        );
    }
    text
}

/// What one package's page is made of.
struct Page<'a> {
    report: &'a Report,
    dance: &'a Dance,
    input: &'a Input,
    index: PackageIdx,
    census: &'a PackageCensus,
    steps: &'a PackageSteps,
}

impl Page<'_> {
    fn sites(&self) -> impl Iterator<Item = (&Site, &SiteDance)> {
        self.census.sites.iter().zip(&self.steps.sites)
    }

    fn write(&self, text: &mut String) {
        if !text.is_empty() {
            text.push('\n');
        }
        let package = code(&words::package(&self.input.graph, self.index));
        let _ = writeln!(text, "# Audit of unsafe code: {package}\n");
        let outlooks = self.steps.outlooks();
        let version = rust(self.steps.rust);
        let _ = writeln!(
            text,
            "It has to build with Rust {version}. It has {}.",
            said::outlooks(&outlooks)
        );
        if self.steps.sites.is_empty() {
            self.gaps(text);
            return;
        }
        self.kinds(text);
        let stays = said::stays(self.steps, true).into_iter();
        let lines = stays.map(|stays| stays.line(code));
        list("Why sites stay", lines.chain(said::newer(self.steps)), text);
        self.unsound(text);
        self.questions(text);
        text.push_str("\n### Sites\n");
        for (site, known) in self.sites() {
            self.site(site, known, text);
        }
        self.gaps(text);
    }

    /// How many sites of each kind have which outlook.
    fn kinds(&self, text: &mut String) {
        text.push_str("\n### By kind\n\n| Kind | Sites |");
        let headings = Outlook::ALL.map(said::outlook);
        for heading in headings {
            let _ = write!(text, " {heading} |");
        }
        text.push_str("\n|---|--:|");
        text.push_str(&"--:|".repeat(headings.len()));
        text.push('\n');
        let row = |name: &str, counts: &Outlooks| {
            let mut row = format!("| {name} | {} |", counts.total());
            for outlook in Outlook::ALL {
                let _ = write!(row, " {} |", counts.of(outlook));
            }
            row
        };
        for kind in SiteKind::ALL {
            let mut counts = Outlooks::default();
            for (_, known) in self.sites().filter(|(site, _)| site.kind == kind) {
                counts.add(known.outlook);
            }
            if counts.total() > 0 {
                let _ = writeln!(text, "{}", row(kind.name(), &counts));
            }
        }
        let _ = writeln!(text, "{}", row("in all", &self.steps.outlooks()));
    }

    /// What rules find unsound, and what would make it sound.
    fn unsound(&self, text: &mut String) {
        let mut is_first = true;
        for (site, known) in self.sites() {
            let faults = known.faults.iter();
            for fault in faults.filter(|fault| self.dance.tells(site, fault)) {
                if std::mem::take(&mut is_first) {
                    text.push_str("\n### Unsound\n\n");
                }
                self.fault(site, fault, text);
            }
        }
    }

    fn fault(&self, site: &Site, fault: &Fault, text: &mut String) {
        let span = fault.span;
        let place = code(&format!("{}:{}:{}", site.file, span.line, span.column));
        let rule = Rule::find(&fault.rule);
        let pattern = rule
            .and_then(|rule| rule.judges)
            .map(|judges| judges.pattern);
        let pattern = pattern
            .map(|pattern| format!(", {pattern}"))
            .unwrap_or_default();
        let (confidence, message) = (fault.confidence.name(), code(&fault.message));
        let rule = code(&fault.rule);
        let _ = writeln!(
            text,
            "- [ ] {place}: {message} ({rule}{pattern}, {confidence} confidence)"
        );
        for link in &fault.chain {
            let place = code(&format!("{}:{}:{}", link.path, link.line, link.column));
            let _ = writeln!(text, "  - {place}: {}", code(&link.says));
        }
        for advised in self.dance.covering(self.index, &site.item) {
            let _ = writeln!(text, "  - {}", code(&covered(advised)));
        }
        let _ = writeln!(text, "  - what makes it sound: {}", code(&fault.sound));
    }

    /// What only somebody who knows the code can answer.
    fn questions(&self, text: &mut String) {
        let undocumented = |site: &Site| !site.safety_comment && wants_safety_comment(site.kind);
        let is_built = |site: &Site| site.state != State::Inactive;
        let mut items = Vec::new();
        let mut ask = |what: &str, wanted: &dyn Fn(&Site, &SiteDance) -> bool| {
            for (site, _) in self.sites().filter(|(site, known)| wanted(site, known)) {
                items.push(format!("[ ] {}: {what}", place(site)));
            }
        };
        let is_fn = |site: &Site| matches!(site.kind, SiteKind::Fn | SiteKind::Method);
        ask(
            "it is public, and has no `# Safety` section: what must its callers hold to?",
            &|site, _| is_fn(site) && site.public && undocumented(site),
        );
        ask(
            "no `SAFETY` comment: why does what it needs hold?",
            &|site, known| {
                !is_fn(site)
                    && undocumented(site)
                    && is_built(site)
                    && !known.outlook.is_replaceable()
            },
        );
        ask("no rule could read it: what is done in it?", &|_, known| {
            known.outlook == Outlook::Unread
        });
        ask(
            "a build script's condition decides whether it is compiled: when is it?",
            &|site, _| site.state == State::Unknown,
        );
        for (site, known) in self.sites() {
            let unknown = known.left.iter().filter(|left| left.need == Need::Unknown);
            let names: BTreeSet<&str> = unknown.map(|left| left.name.as_str()).collect();
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                let place = place(site);
                items.push(format!("[ ] {place}: is {} unsafe, and why?", code(name)));
            }
        }
        if items.is_empty() {
            return;
        }
        text.push_str("\n### Open questions\n\n");
        for item in items {
            let _ = writeln!(text, "- {item}");
        }
    }

    fn site(&self, site: &Site, known: &SiteDance, text: &mut String) {
        let item = match site.item.as_str() {
            "" => String::new(),
            item => format!(" in {}", code(item)),
        };
        let outlook = said::outlook(known.outlook);
        let _ = writeln!(text, "\n#### {}: {}{item}\n", place(site), site.kind);
        let _ = writeln!(text, "- [ ] **{outlook}**");
        let mut facts = vec![format!("state: {}", site.state)];
        if !site.operations.is_empty() {
            let does = site.operations.iter().map(|does| Operation::name(*does));
            facts.push(format!("does: {}", does.collect::<Vec<_>>().join(", ")));
        }
        if wants_safety_comment(site.kind) {
            let safety = if site.safety_comment { "yes" } else { "no" };
            facts.push(format!("says why it is sound: {safety}"));
        }
        if site.public {
            facts.push("public interface stands on it".to_owned());
        }
        let _ = writeln!(text, "- {}", facts.join("; "));
        for left in &known.left {
            let reason = crate::census::dance::reason(left.need, &left.name);
            let name = match left.name.as_str() {
                "" => String::new(),
                name => format!(" ({})", code(name)),
            };
            let line = left.span.line;
            let (does, missing) = (reason.does, reason.missing);
            let _ = writeln!(text, "- line {line}: it {does}{name}; missing: {missing}");
        }
        for proposal in &known.proposals {
            self.proposal(proposal, known, text);
        }
    }

    fn proposal(&self, proposal: &Proposal, known: &SiteDance, text: &mut String) {
        let fix = known
            .fix_of(proposal)
            .map(|(applicability, _)| applicability);
        let how = fix.map_or("display", |applicability| applicability.name());
        let (rule, line) = (code(&proposal.rule), proposal.span.line);
        let message = code(&proposal.message);
        let since = rust(proposal.since);
        let _ = writeln!(
            text,
            "- {rule} at line {line}: {message} (fix: {how}, Rust {since})\n"
        );
        // Each line begins with a sign of ours: no text ends the block.
        let [before, after] = [&proposal.code, &proposal.with].map(|code| words::shown(code));
        let _ = writeln!(text, "  ```diff\n  - {before}");
        if !after.is_empty() {
            let _ = writeln!(text, "  + {after}");
        }
        text.push_str("  ```\n");
    }

    /// What of this package was not looked at.
    fn gaps(&self, text: &mut String) {
        let id = self.input.graph.get(self.index).map(|package| package.id());
        let gaps = self.report.gaps.iter();
        let own = gaps.filter(|gap| gap.package.is_none() || gap.package == id);
        let items = own.map(|gap| {
            let path = gap.path.as_deref().unwrap_or_default();
            let place = if path.is_empty() { "" } else { ": " };
            code(&format!("{path}{place}{}", gap.reason))
        });
        list("Not looked at", items, text);
    }
}

/// `src/lib.rs:3:5`, as code.
fn place(site: &Site) -> String {
    code(&format!("{}:{}:{}", site.file, site.line, site.column))
}
