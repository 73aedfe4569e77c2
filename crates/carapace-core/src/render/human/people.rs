//! Who can change what a project depends on, for people.

use std::fmt::Write as _;

use super::page::{Page, Style};
use crate::render::view::By;
use crate::render::words::{self, people as said};
use crate::report::Input;
use crate::supply::Supply;
use crate::supply::reach::{Concentration, Reach, Reached};

/// Names of packages that are listed if nobody asks for more.
const NAMED: usize = 12;

impl Page<'_> {
    /// People, packages or teams, and how much hangs on how many.
    pub(super) fn people(&mut self, input: &Input, supply: &Supply, reached: &Reached) {
        let shown = reached.accounts.iter();
        match self.options.view.by {
            By::Person => {
                let title = "Who can publish new versions of what is built";
                self.reach(
                    title,
                    &shown.collect::<Vec<_>>(),
                    input,
                    supply,
                    &reached.sum,
                );
            }
            By::Team => {
                let title = "Teams all members of which can publish new versions";
                let teams = shown.filter(|one| one.account.is_team());
                self.reach(
                    title,
                    &teams.collect::<Vec<_>>(),
                    input,
                    supply,
                    &reached.sum,
                );
            }
            By::Crate => self.crates(input, supply),
        }
        self.hanging(input, supply, &reached.sum);
    }

    fn reach(
        &mut self,
        title: &str,
        reach: &[&Reach],
        input: &Input,
        supply: &Supply,
        sum: &Concentration,
    ) {
        if reach.is_empty() {
            return;
        }
        self.text += &format!("{}\n\n", self.paint(Style::Strong, title));
        let known = sum.known();
        let cells = |one: &Reach| {
            let crates = format!(
                "{} ({})",
                one.crates.len(),
                said::share(one.crates.len(), known)
            );
            [
                crates,
                one.alone.to_string(),
                one.at_build.to_string(),
                one.shipped.to_string(),
            ]
        };
        let headings = ["crates", "alone", "at build", "shipped"];
        let mut widths = headings.map(str::len);
        for one in reach {
            for (width, cell) in widths.iter_mut().zip(cells(one)) {
                *width = cell.len().max(*width);
            }
        }
        let row = |cells: &[String; 4]| {
            let cells = cells.iter().zip(widths);
            let cells = cells.map(|(cell, width)| format!("{cell:>width$}"));
            cells.collect::<Vec<_>>().join("  ")
        };
        let margin = reach.len().to_string().len();
        let heading = row(&headings.map(str::to_owned));
        let _ = writeln!(self.text, "{:margin$}  {heading}  who", "");
        for (at, one) in reach.iter().enumerate() {
            let who = self.paint(Style::Strong, &said::account(&supply.people, one.account));
            let _ = writeln!(
                self.text,
                "{:>margin$}  {}  {who}",
                at + 1,
                row(&cells(one))
            );
            let via = self.names(&one.crates);
            let _ = writeln!(self.text, "{:margin$}  via {via}", "");
            let members = one.members.as_ref().filter(|_| self.options.verbose);
            if let Some(members) = members {
                let members = members
                    .iter()
                    .map(|index| words::package(&input.graph, *index));
                let members = members.collect::<Vec<_>>().join(", ");
                let _ = writeln!(self.text, "{:margin$}  into {members}", "");
            }
        }
        self.text.push('\n');
    }

    fn names(&self, names: &[String]) -> String {
        let most = if self.options.verbose {
            usize::MAX
        } else {
            NAMED
        };
        let mut text: Vec<String> = names
            .iter()
            .take(most)
            .map(|name| words::shown(name))
            .collect();
        if let Some(more @ 1..) = names.len().checked_sub(most) {
            text.push(format!("… and {more} more"));
        }
        text.join(", ")
    }

    fn crates(&mut self, input: &Input, supply: &Supply) {
        for (index, package, known) in supply.of_crates_io(&input.graph) {
            let name = words::package(&input.graph, index);
            let name = self.paint(Style::Strong, &name);
            let _ = writeln!(self.text, "{name}");
            for (key, text) in said::facts(package, known, supply) {
                self.fact(1, key, Style::Strong, &text);
            }
        }
        self.text.push('\n');
    }

    fn hanging(&mut self, input: &Input, supply: &Supply, sum: &Concentration) {
        if !sum.single_owner.is_empty() {
            let crates = words::count(sum.single_owner.len(), "crate has", "crates have");
            let names = self.names(&sum.single_owner);
            self.note(&format!("{crates} one owner: {names}"));
        }
        let origins = said::origins(supply, &input.graph);
        if !origins.is_empty() {
            self.note(&format!(
                "owners: {origins}; invitations that are not accepted yet are nowhere to be seen"
            ));
        }
        self.text.push('\n');
    }
}
