//! What the rules on the user's own settings share.

use super::{Context, Rule};
use crate::finding::{Finding, Location};
use crate::policy::unsafety::Place;
use crate::policy::{Idle, Ignore};

/// A finding for each ignored advisory that is of no use for one reason, at the place that ignores it.
pub(crate) fn idle(
    rule: &'static Rule,
    context: &Context<'_>,
    why: Idle,
    message: impl Fn(&Ignore) -> String,
) -> Vec<Finding> {
    let idle = context.idle_ignores.iter();
    let idle = idle.filter(|(_, found)| *found == why);
    idle.map(|(ignore, _)| {
        let place = ignore.place.as_ref();
        let mut finding = finding(rule, context, message(ignore), &ignore.id, place);
        finding.help = vec!["correct or remove it where it is ignored".to_owned()];
        finding
    })
    .collect()
}

/// A finding about a line of the user's own settings; `name` is what of them it is about.
pub(crate) fn finding(
    rule: &'static Rule,
    context: &Context<'_>,
    message: String,
    name: &str,
    place: Option<&Place>,
) -> Finding {
    let member = context.graph.members().first().copied();
    let mut finding = Finding::new(rule, member, message);
    finding.level = context.policy.level(rule, None);
    finding.fingerprint = format!("{}:{name}", rule.meta.code);
    finding.location = place.map(|place| Location {
        file: place.file.clone(),
        repository_file: None,
        line: place.line,
        column: 1,
        end_line: place.line,
        end_column: 1,
    });
    finding
}
