//! What is printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Row;
use super::comparison::{Share, What};

/// How many packages are named.
const OFFENDERS: usize = 5;
/// How much of a source line is shown.
const WIDTH: usize = 100;

/// All workspaces, one a line, and their sum.
pub(crate) fn rows(rows: &[Row]) -> String {
    let mut text =
        "| workspace | units | oracle sites | recall % | precision % | unknown % | ms | |\n\
                    |---|---|---|---|---|---|---|---|\n"
            .to_owned();
    let mut all = [Share::default(); 3];
    let (mut units, mut sites) = (0, 0);
    for row in rows {
        let comparison = &row.comparison;
        let shares = [comparison.recall, comparison.precision, comparison.unknown];
        for (all, share) in all.iter_mut().zip(shares) {
            all.add(share);
        }
        units += row.units;
        sites += comparison.sites;
        let below = if comparison.is_enough() { "" } else { "below" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.0} | {below} |",
            row.workspace,
            row.units,
            comparison.sites,
            shares.map(percent).join(" | "),
            row.milliseconds,
        );
    }
    if rows.len() > 1 {
        let shares = all.map(percent).join(" | ");
        let _ = writeln!(text, "| all | {units} | {sites} | {shares} | | |");
    }
    text
}

/// In percent, rounded down so that 100 is said of nothing less; and what is behind it.
fn percent(share: Share) -> String {
    let Share { part, all } = share;
    match share.percent() {
        Some(percent) => format!("{:.2} ({part}/{all})", (percent * 100.0).floor() / 100.0),
        None => "none".to_owned(),
    }
}

/// The packages of a workspace with the most differences, and what was not judged.
pub(crate) fn offenders(row: &Row) -> String {
    let mut text = String::new();
    let mut packages: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for difference in &row.comparison.differences {
        let counts = packages.entry(&difference.package).or_default();
        let [missed, too_much, unknown] = counts;
        *match difference.what {
            What::Missed => missed,
            What::TooMuch => too_much,
            What::Unknown => unknown,
        } += 1;
    }
    let mut packages: Vec<_> = packages.into_iter().collect();
    packages.sort_by_key(|(name, counts)| (std::cmp::Reverse(counts.iter().sum::<usize>()), *name));
    for (name, [missed, too_much, unknown]) in packages.iter().take(OFFENDERS) {
        let _ = writeln!(
            text,
            "  {name}: {missed} missed, {too_much} too much, {unknown} unknown"
        );
    }
    if packages.len() > OFFENDERS {
        let _ = writeln!(text, "  and {} packages more", packages.len() - OFFENDERS);
    }
    let apart = row.comparison.apart.iter();
    let apart: Vec<String> = apart.map(|(why, n)| format!("{n} {why}")).collect();
    if !apart.is_empty() {
        let _ = writeln!(text, "  not judged: {}", apart.join("; "));
    }
    if !text.is_empty() {
        text.insert_str(0, &format!("\n{}\n", row.workspace));
    }
    text
}

/// The first of a workspace's differences, so many of each kind.
pub(crate) fn differences(row: &Row, shown: usize) -> String {
    let mut text = String::new();
    for (what, name) in [
        (What::Missed, "missed"),
        (What::TooMuch, "too much"),
        (What::Unknown, "unknown"),
    ] {
        let all = row.comparison.differences.iter();
        let all = all.filter(|difference| difference.what == what);
        for difference in all.take(shown) {
            let (line, column) = (difference.line, difference.column);
            let source: String = difference.source.trim().chars().take(WIDTH).collect();
            let _ = writeln!(
                text,
                "  {name}: {}:{line}:{column} {} {} — {source}",
                difference.file.display(),
                difference.kind,
                difference.state,
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::comparison::{Comparison, Difference};
    use super::*;

    fn row() -> Row {
        let difference = |what, line, package: &str| Difference {
            what,
            file: PathBuf::from("/w/src/lib.rs"),
            line,
            column: 5,
            kind: "block".to_owned(),
            state: "inactive".to_owned(),
            package: package.to_owned(),
            source: "    unsafe { f() }".to_owned(),
        };
        Row {
            workspace: "w".to_owned(),
            units: 7,
            milliseconds: 12.0,
            comparison: Comparison {
                recall: Share {
                    part: 99_999,
                    all: 100_000,
                },
                precision: Share { part: 1, all: 2 },
                sites: 100_000,
                apart: BTreeMap::from([("active union".to_owned(), 3)]),
                differences: vec![
                    difference(What::Missed, 1, "a 1.0.0"),
                    difference(What::Missed, 2, "b 1.0.0"),
                    difference(What::TooMuch, 3, "b 1.0.0"),
                ],
                ..Comparison::default()
            },
        }
    }

    #[test]
    fn the_table_rounds_down() {
        let text = rows(&[row()]);
        let expected =
            "| w | 7 | 100000 | 99.99 (99999/100000) | 50.00 (1/2) | none | 12 | below |";
        assert_eq!(text.lines().last(), Some(expected));
        let text = rows(&[row(), row()]);
        assert!(text.contains("| all | 14 | 200000 | 99.99 (199998/200000)"));
    }

    #[test]
    fn the_worst_come_first() {
        let expected = "\nw\n  b 1.0.0: 1 missed, 1 too much, 0 unknown\n  \
                        a 1.0.0: 1 missed, 0 too much, 0 unknown\n  not judged: 3 active union\n";
        assert_eq!(offenders(&row()), expected);
        let mut right = row();
        right.comparison = Comparison::default();
        assert_eq!(offenders(&right), "");
    }

    #[test]
    fn so_many_of_each_are_shown() {
        assert_eq!(differences(&row(), 0), "");
        let expected = "  missed: /w/src/lib.rs:1:5 block inactive — unsafe { f() }\n  \
                        too much: /w/src/lib.rs:3:5 block inactive — unsafe { f() }\n";
        assert_eq!(differences(&row(), 1), expected);
    }
}
