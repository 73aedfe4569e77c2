//! A function of the package is unsafe and does nothing unsafe
//!
//! An `unsafe fn` in whose body nothing needs it asks every caller for a promise. Where it guards no
//! invariant either, the promise is for nothing, and the callers' unsafe blocks are, too.
//!
//! ## What to do
//! Take `unsafe` out of the declaration and the blocks away from its calls; or write under `# Safety` what
//! a caller has to see to.
//!
//! ## Known problems
//! Only functions that are not public, implement no trait, have no `# Safety`, and write no field are
//! named. What is shown is the way: all calls have to change together.
//!
//! ## Example
//! ```text,bad
//! unsafe fn mask(bits: u32) -> u32 {
//!     (1 << (bits % 32)) - 1
//! }
//!
//! pub fn low(value: u32, bits: u32) -> u32 {
//!     value & unsafe { mask(bits) }
//! }
//! ```
//! ```text,good
//! fn mask(bits: u32) -> u32 {
//!     (1 << (bits % 32)) - 1
//! }
//!
//! pub fn low(value: u32, bits: u32) -> u32 {
//!     value & mask(bits)
//! }
//! ```
//! ```text,cases
//! show!(low(random.any(), random.any()));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/unsafe-keyword.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::says_unchecked;
use crate::dance::replacement::{Pieces, Replacement};
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::{ExprKind, ItemKind};

pub(crate) const META: Meta = Meta {
    code: "DAN077",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find: |_, _, _| {},
    find_in_file: Some(find_in_file),
};

fn find_in_file(at: &At<'_>, found: &mut Vec<(u32, Replacement)>) {
    for (id, item) in at.syntax().items_by_id() {
        let ItemKind::Function(function) = &item.kind else {
            continue;
        };
        let (Some(keyword), Some(body), Some(name)) = (function.unsafety, function.body, item.name)
        else {
            continue;
        };
        let is_own = !item.public && !at.is_of_trait(id) && item.tokens.start == at.item_head(item);
        // `extern "C"` is called from elsewhere.
        let is_plain =
            keyword + 1 < name && at.is_name(keyword + 1, "fn") && !says_unchecked(at.name(name));
        if !is_own || !is_plain || has_contract(at, at.item_head(item)) {
            continue;
        }
        // Who hands in a pointer promises something of it.
        let takes_pointer = function.parameters.iter().any(|parameter| {
            let of = at.type_text(parameter.of);
            of.contains('*') || of.contains("NonNull") || of.contains("ffi")
        });
        let is_needless = !takes_pointer
            && !at.statements(body).is_empty()
            && at.syntax().within(body).all(|part| match at.kind(part) {
                ExprKind::Assign { left, .. } => !matches!(at.kind(*left), ExprKind::Field { .. }),
                ExprKind::Macro { .. } | ExprKind::Struct { .. } | ExprKind::Closure { .. } => {
                    false
                }
                ExprKind::Block(_) => part == body || !at.is_unsafe_block(part),
                _ => true,
            })
            && at.operations(body).is_empty();
        if !is_needless {
            continue;
        }
        let text = at.without_keyword(item, keyword, body);
        let change = Replacement::of_item(id, Some(Pieces::of(text)))
            .says("an unsafe function of the package that does nothing unsafe")
            .applies(Applicability::Display);
        found.push((keyword, change));
    }
}

/// Whether a comment above speaks of safety.
fn has_contract(at: &At<'_>, head: u32) -> bool {
    let source = at.file.source;
    let before = head
        .checked_sub(1)
        .map_or(0, |before| source.token(before as usize).end);
    let start = source.token(head as usize).start;
    let comments = &source.lexed.comments;
    let first = comments.partition_point(|comment| comment.start < before);
    let mut above = comments
        .iter()
        .skip(first)
        .take_while(|comment| comment.end <= start);
    above.any(|comment| {
        let text = source
            .bytes
            .get(comment.start as usize..comment.end as usize);
        let text = String::from_utf8_lossy(text.unwrap_or_default()).to_lowercase();
        text.contains("safe")
    })
}
