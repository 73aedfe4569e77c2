//! `explain`: a rule's documentation.

use carapace_core::rules::Rule;
use carapace_core::rules::registry::RULES;
use carapace_core::text::visible;

use super::args::ExplainArgs;
use super::{Exit, Failure, output};

/// Prints a rule's documentation, or the list of rules.
///
/// # Errors
/// [`Failure`] for a code that no rule has.
pub fn run(arguments: &ExplainArgs) -> Result<Exit, Failure> {
    let Some(code) = &arguments.code else {
        let line = |rule: &Rule| {
            let (code, name) = (rule.meta.code, rule.name);
            format!("{code}  {name:<16} {}\n", rule.summary())
        };
        let list: String = RULES.iter().map(line).collect();
        output::answer(&list, None)?;
        return Ok(Exit::Pass);
    };
    let Some(rule) = Rule::find(code) else {
        let code = visible(code);
        return Err(Failure(format!(
            "no rule has the code `{code}`: `cargo carapace explain` lists them"
        )));
    };
    let (code, name, level) = (rule.meta.code, rule.name, rule.meta.level);
    let head = format!(
        "# {code} {name} ({}, {level} by default)\n\n",
        rule.group.name()
    );
    output::answer(&(head + rule.docs), None)?;
    Ok(Exit::Pass)
}
