//! The census as a table: a row for each package, in a tree of who depends on whom.

use std::fmt::Write as _;

use super::page::{Page, Style};
use crate::census::summary::{Status, Summary};
use crate::census::{Census, PackageCensus};
use crate::facts::unsafety::SiteKind;
use crate::render::columns::{self, COLUMNS, SAFETY};
use crate::render::view::{Charset, Layout};
use crate::render::{tree, words};
use crate::report::Input;

impl Page<'_> {
    /// What the columns and symbols mean, the packages, and what they come to.
    pub(super) fn table(&mut self, input: &Input, census: &Census) {
        let view = self.options.view;
        let tree::Rows {
            rows,
            cut,
            elsewhere,
        } = tree::rows(input, census, view);
        self.legend();
        let summaries: Vec<Summary> = census.packages.iter().map(Summary::of).collect();
        let package = |row: &tree::Row| -> Option<(&PackageCensus, &Summary)> {
            let position = input.graph.position(row.package)?;
            Some((census.packages.get(position)?, summaries.get(position)?))
        };
        let mut total = Summary::default();
        // Texts of a row's columns; none for a row that repeats another.
        let mut cells: Vec<Vec<String>> = Vec::with_capacity(rows.len() + 1);
        for row in &rows {
            let summary = package(row).filter(|_| !row.again);
            cells.push(summary.map_or_else(Vec::new, |(package, summary)| {
                total.merge(summary);
                match package.scanned {
                    true => columns::cells(summary, view.tests),
                    false => vec!["-".to_owned(); COLUMNS.len() + 1],
                }
            }));
        }
        cells.push(columns::cells(&total, view.tests));
        let headings = COLUMNS.iter().map(|(heading, _)| *heading).chain([SAFETY]);
        let widths: Vec<usize> = headings
            .clone()
            .enumerate()
            .map(|(column, heading)| {
                let cells = cells.iter().filter_map(|cells| cells.get(column));
                cells.map(String::len).chain([heading.len()]).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let widths = if view.forbid_only { Vec::new() } else { widths };
        let headings: Vec<String> = headings.map(str::to_owned).collect();
        if !view.forbid_only {
            let text = format!("{}    Package", padded(&headings, &widths));
            self.text += &self.paint(Style::Strong, &text);
            self.text += "\n\n";
        }
        for (row, cells) in rows.iter().zip(&cells) {
            let Some((package, summary)) = package(row) else {
                continue;
            };
            let status = columns::status(package, summary, view);
            let symbol = columns::symbol(status, view.charset);
            let name = words::package(&input.graph, row.package);
            let name = match status {
                Status::Forbids => self.paint(Style::Note, &name),
                Status::Allows => name,
                Status::Uses => self.paint(Style::Error, &name),
            };
            let numbers = padded(cells, &widths);
            let space = if view.charset == Charset::Ascii && symbol.len() == 1 {
                "  "
            } else {
                " "
            };
            let before = &row.before;
            let _ = write!(self.text, "{numbers}{symbol}{space}{before}{name}");
            let place = input.graph.position(row.package);
            let roles = place.and_then(|at| input.details.roles.get(at));
            let remarks = columns::remarks(package, roles).join(", ");
            if !row.again && !remarks.is_empty() {
                let _ = write!(self.text, " ({remarks})");
            }
            self.text.push('\n');
        }
        self.text.push('\n');
        if !view.forbid_only {
            self.totals(&total, &widths);
        }
        if elsewhere > 0 {
            let packages = words::count(elsewhere, "package is", "packages are");
            self.note(&format!(
                "{packages} for other platforms or switched off, and not shown: --table lists all"
            ));
        }
        if cut {
            self.note("the tree has too many rows: --table shows each package once");
        }
        if elsewhere > 0 || cut {
            self.text.push('\n');
        }
    }

    fn legend(&mut self) {
        let view = self.options.view;
        let tests = if view.tests {
            ", tests, benchmarks and examples included"
        } else {
            ""
        };
        if !view.forbid_only {
            let _ = writeln!(
                self.text,
                "Each column: used/total\n\
                 \x20   used  = compiled for the chosen features and targets{tests}\n\
                 \x20   total = all that is in the package's files\n\
                 \x20   +N?   = N more where a build script's condition decides\n\
                 {SAFETY}: with a SAFETY comment/that should have one\n"
            );
        }
        self.text += "Symbols:\n";
        for status in [Status::Forbids, Status::Allows, Status::Uses] {
            if status == Status::Uses && view.forbid_only {
                continue;
            }
            let (symbol, meaning) = (
                columns::symbol(status, view.charset),
                columns::meaning(status),
            );
            let space = if symbol.len() == 1 { "  " } else { " " };
            let _ = writeln!(self.text, "    {symbol}{space}= {meaning}");
        }
        if view.layout == Layout::Depth {
            self.text += "Before each name: how deep it is in the tree\n";
        }
        self.text.push('\n');
    }

    fn totals(&mut self, total: &Summary, widths: &[usize]) {
        let tests = self.options.view.tests;
        let by_role = |of: &dyn Fn(SiteKind) -> u32| -> Vec<String> {
            let columns = COLUMNS.iter();
            let sum = |kinds: &[_]| kinds.iter().map(|kind| of(*kind)).sum::<u32>();
            columns.map(|(_, kinds)| sum(kinds).to_string()).collect()
        };
        for (cells, name) in [
            (columns::cells(total, tests), "in all"),
            (by_role(&|kind| total.runtime(kind)), "used at runtime"),
            (by_role(&|kind| total.build(kind)), "used at build time"),
        ] {
            let _ = writeln!(self.text, "{}    {name}", padded(&cells, widths));
        }
        self.text.push('\n');
    }
}

/// Texts in their columns, each with a space behind; columns without a text are blank.
fn padded(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = cells.get(column).map_or("", String::as_str);
        let _ = write!(text, "{cell:<width$}  ");
    }
    text
}
