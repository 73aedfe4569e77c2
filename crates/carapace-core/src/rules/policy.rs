//! What the rules on ignored advisories share.

use super::{Context, Rule};
use crate::finding::{Finding, Location};
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
        let member = context.graph.members().first().copied();
        let mut finding = Finding::new(rule, member, message(ignore));
        finding.level = context.policy.level(rule, None);
        finding.help = vec!["correct or remove it where it is ignored".to_owned()];
        finding.fingerprint = format!("{}:{}", rule.meta.code, ignore.id);
        finding.location = ignore.place.as_ref().map(|place| Location {
            file: place.file.clone(),
            repository_file: None,
            line: place.line,
            column: 1,
            end_line: place.line,
            end_column: 1,
        });
        finding
    })
    .collect()
}
