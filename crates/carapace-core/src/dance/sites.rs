//! The sites of a file, what rules propose for each, and what of it is left.

use std::collections::{BTreeSet, HashMap};

use super::at::At;
use super::compose::Composer;
use super::needs::Operation;
use super::places::Places;
use super::replacement::Replacement;
use crate::facts::dance::{Change, DancedSite, Left, Plan, Proposal};
use crate::fix::Applicability;
use crate::rules::registry::RULES;
use crate::source::syntax::{ExprId, ItemKind, Tokens};

/// How many operations without a replacement are kept of a site.
const MAX_LEFT: usize = 32;
/// How many proposals are kept of a site.
const MAX_PROPOSALS: usize = 256;
/// How many tokens may be replaced at once: nobody reads more, and texts of all that nest in each other
/// would take quadratic time.
const MAX_TOKENS: u32 = 4096;
/// How deep the expressions of a site may stand in each other: rules go from each outwards, which
/// would take quadratic time in a chain without an end. A site that is deeper is not read.
const MAX_DEPTH: u32 = 256;
/// How much of a text is shown, in characters.
const MAX_SHOWN: usize = 160;

/// A replacement, and the code of the rule that has it.
pub(crate) type Offer = (&'static str, Replacement);

/// The sites of a file, by place.
pub(super) fn sites(at: At<'_>) -> Vec<DancedSite> {
    let places = Places::new(at.file.source.bytes);
    let mut sites = Vec::new();
    let is_read = |body: &ExprId| at.syntax().depth_within(*body) <= MAX_DEPTH;
    for block in at.unsafe_blocks().filter(is_read) {
        let keyword = at.syntax().expr(block).tokens.start;
        sites.push(site(at, &places, keyword, block, true));
    }
    for item in &at.syntax().items {
        if let ItemKind::Function(function) = &item.kind
            && let (Some(keyword), Some(body)) = (function.unsafety, function.body)
            && is_read(&body)
        {
            sites.push(site(at, &places, keyword, body, false));
        }
    }
    sites.sort_by_key(|site| (site.line, site.column));
    in_file(at, &places, &mut sites);
    sites
}

fn site(at: At<'_>, places: &Places<'_>, keyword: u32, body: ExprId, is_block: bool) -> DancedSite {
    let operations = at.operations(body);
    let offers = offers(at, &operations, |_| true);
    let (line, column) = places.place(at.file.source.token(keyword as usize).start as usize);
    let left = operations.iter().filter(|operation| {
        operation.is_certain && !is_covered(operation.expr, offers.iter().map(|(_, offer)| offer))
    });
    let left = left.take(MAX_LEFT).map(|operation| Left {
        span: span(at, places, operation.expr),
        need: operation.need,
        name: shortened(&operation.name),
    });
    let left: Vec<Left> = left.collect();
    let plans = match is_block {
        true => plans(at, body, &operations, &offers),
        false => Vec::new(),
    };
    // Where nothing but what is replaced may need the block, it would be left without need.
    let others = operations
        .iter()
        .filter(|operation| operation.is_certain)
        .count();
    let proposals = offers.iter().map(|(rule, offer)| {
        let covered = operations
            .iter()
            .filter(|operation| operation.is_certain && offer.covers.contains(&operation.expr));
        let leaves_nothing = is_block && covered.count() >= others;
        proposal(at, places, rule, offer, leaves_nothing)
    });
    let mut proposals: Vec<Proposal> = proposals.collect();
    proposals.sort_by(|a, b| {
        let newest_first = || b.since.cmp(&a.since);
        (a.span, &a.rule)
            .cmp(&(b.span, &b.rule))
            .then_with(newest_first)
    });
    DancedSite {
        line,
        column,
        proposals,
        plans,
        left,
    }
}

/// What the rules of these codes propose for operations.
pub(crate) fn offers(
    at: At<'_>,
    operations: &[Operation],
    is_asked: impl Fn(&str) -> bool,
) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    for rule in RULES.iter().filter(|rule| is_asked(rule.meta.code)) {
        let Some(replaces) = rule.replaces else {
            continue;
        };
        for operation in operations {
            if offers.len() >= MAX_PROPOSALS {
                return offers;
            }
            let mut found = Vec::new();
            (replaces.find)(&at, operation, &mut found);
            found.retain(|offer| tokens_of(at, offer.target) <= MAX_TOKENS);
            if !found.is_empty() && at.is_handed_on(operation.expr) {
                for offer in &mut found {
                    offer.applicability = offer.applicability.min(Applicability::Unsafe);
                }
            }
            offers.extend(found.into_iter().map(|offer| (rule.meta.code, offer)));
        }
    }
    offers
}

fn tokens_of(at: At<'_>, id: ExprId) -> u32 {
    let tokens = at.syntax().expr(id).tokens;
    tokens.end.saturating_sub(tokens.start)
}

/// Whether one of these replaces an operation.
pub(crate) fn is_covered<'r>(
    operation: ExprId,
    mut by: impl Iterator<Item = &'r Replacement>,
) -> bool {
    by.any(|offer| offer.covers.contains(&operation))
}

/// The ways in which a block goes, one for each compiler from which on there is a better one.
fn plans(at: At<'_>, block: ExprId, operations: &[Operation], offers: &[Offer]) -> Vec<Plan> {
    let since: BTreeSet<u32> = offers.iter().map(|(_, offer)| offer.since).collect();
    let mut plans: Vec<Plan> = Vec::new();
    for since in since {
        let Some(plan) = plan(at, block, operations, offers, since) else {
            continue;
        };
        if plans.last().is_none_or(|last| last.changes != plan.changes) {
            plans.push(plan);
        }
    }
    plans.reverse();
    plans
}

/// How a block goes with what a compiler has.
fn plan(
    at: At<'_>,
    block: ExprId,
    operations: &[Operation],
    offers: &[Offer],
    since: u32,
) -> Option<Plan> {
    let mut chosen: Vec<&Replacement> = Vec::new();
    let mut applicability = Applicability::Safe;
    for operation in operations {
        if is_covered(operation.expr, chosen.iter().copied()) {
            continue;
        }
        let possible = offers.iter().map(|(_, offer)| offer);
        let possible = possible.filter(|offer| {
            offer.since <= since
                && offer.covers.contains(&operation.expr)
                && offer.applicability > Applicability::Display
        });
        let best = possible.max_by_key(|offer| (offer.applicability, offer.since));
        match best {
            Some(best) => chosen.push(best),
            None if operation.is_certain => return None,
            // It may need the block.
            None => applicability = Applicability::Unsafe,
        }
    }
    if chosen.is_empty() {
        return None;
    }
    let least = chosen.iter().map(|offer| offer.applicability).min();
    let composer = Composer::new(at, &chosen);
    if !composer.has(chosen.len()) {
        return None;
    }
    Some(Plan {
        since: chosen
            .iter()
            .map(|offer| offer.since)
            .max()
            .unwrap_or_default(),
        applicability: least.map_or(applicability, |least| least.min(applicability)),
        changes: composer.unwrapped(block),
    })
}

fn proposal(
    at: At<'_>,
    places: &Places<'_>,
    rule: &str,
    offer: &Replacement,
    leaves_nothing: bool,
) -> Proposal {
    let chosen = [offer];
    let composer = Composer::new(at, &chosen);
    let tokens = match offer.item.and_then(|item| at.syntax().item(item)) {
        Some(item) => Tokens {
            start: at.item_head(item),
            end: item.tokens.end,
        },
        None => at.syntax().expr(offer.target).tokens,
    };
    let with = match (&offer.text, offer.item) {
        (Some(pieces), Some(_)) => one_line(&composer.text_instead(pieces)),
        (Some(_), None) => one_line(&composer.text_of(offer.target)),
        (None, _) => String::new(),
    };
    let changes: Vec<Change> = match offer.applicability {
        Applicability::Display => Vec::new(),
        // The block would need nothing any more: only a plan does away with it.
        _ if leaves_nothing => Vec::new(),
        _ => composer.changes(),
    };
    Proposal {
        rule: rule.to_owned(),
        span: span_of(at, places, tokens),
        code: one_line(&at.text_of(tokens)),
        with,
        message: offer.message.clone(),
        since: offer.since,
        applicability: offer.applicability,
        changes,
    }
}

/// What rules find in a file beside operations: put to the sites that are there, sorted by place, or
/// sites of their own.
fn in_file(at: At<'_>, places: &Places<'_>, sites: &mut Vec<DancedSite>) {
    let known = sites.len();
    let mut added: HashMap<(u32, u32), usize> = HashMap::new();
    let finds = RULES.iter().filter_map(|rule| {
        let find = rule.replaces?.find_in_file?;
        Some((rule.meta.code, find))
    });
    for (rule, find) in finds {
        let mut found = Vec::new();
        find(&at, &mut found);
        for (keyword, replacement) in found {
            let start = at.file.source.token(keyword as usize).start as usize;
            let (line, column) = places.place(start);
            let plan = whole(at, &replacement);
            let offered = proposal(at, places, rule, &replacement, plan.is_some());
            let own = sites.get_mut(..known).unwrap_or_default();
            let there = own.binary_search_by_key(&(line, column), |site| (site.line, site.column));
            let new = match there {
                Ok(there) => own.get_mut(there),
                Err(_) => added.get(&(line, column)).and_then(|at| sites.get_mut(*at)),
            };
            if let Some(site) = new {
                site.proposals.push(offered);
                site.plans.extend(plan);
                continue;
            }
            added.insert((line, column), sites.len());
            sites.push(DancedSite {
                line,
                column,
                proposals: vec![offered],
                plans: plan.into_iter().collect(),
                left: Vec::new(),
            });
        }
    }
    sites.sort_by_key(|site| (site.line, site.column));
}

/// How a site goes that a rule does away with by itself: an item, or a block that needs nothing.
fn whole(at: At<'_>, offer: &Replacement) -> Option<Plan> {
    if offer.applicability == Applicability::Display {
        return None;
    }
    let chosen = [offer];
    let changes = match (offer.unwraps, offer.item, &offer.text) {
        (true, ..) => Composer::new(at, &[]).unwrapped(offer.target),
        (false, Some(_), None) => Composer::new(at, &chosen).changes(),
        _ => return None,
    };
    Some(Plan {
        since: offer.since,
        applicability: offer.applicability,
        changes,
    })
}

fn span(at: At<'_>, places: &Places<'_>, id: ExprId) -> crate::facts::dance::Span {
    span_of(at, places, at.syntax().expr(id).tokens)
}

fn span_of(at: At<'_>, places: &Places<'_>, tokens: Tokens) -> crate::facts::dance::Span {
    let start = at.file.source.token(tokens.start as usize).start as usize;
    let end = match tokens.end > tokens.start {
        true => at.file.source.token(tokens.end as usize - 1).end as usize,
        false => start,
    };
    places.span(start, end)
}

/// A text in one line, cut where it is long.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    shortened(&words.join(" "))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text.to_owned(),
    }
}
