//! A function is unsafe for its features alone
//!
//! From Rust 1.86 on, a function with `#[target_feature]` need not be `unsafe`: a call is safe where the
//! caller has the features, and unsafe elsewhere without a word in the declaration.
//!
//! ## What to do
//! Take the `unsafe` out of the declaration. Calls in functions with the same features need no `unsafe`
//! then; calls elsewhere keep theirs, after a check such as `is_x86_feature_detected!`.
//!
//! ## Known problems
//! What is shown is the way: calls have to change together. Functions that take raw pointers are left out,
//! as are those with other unsafe operations.
//!
//! ## Example
//! ```text,bad
//! #[cfg(target_arch = "x86_64")]
//! pub mod sum {
//!     use std::arch::x86_64::*;
//!
//!     /// The sum of two numbers.
//!     ///
//!     /// # Safety
//!     /// The machine has SSE2.
//!     #[target_feature(enable = "sse2")]
//!     pub unsafe fn first(a: i32, b: i32) -> i32 {
//!         _mm_cvtsi128_si32(_mm_add_epi32(_mm_set1_epi32(a), _mm_set1_epi32(b)))
//!     }
//! }
//! ```
//! ```text,good
//! #[cfg(target_arch = "x86_64")]
//! pub mod sum {
//!     use std::arch::x86_64::*;
//!
//!     /// The sum of two numbers.
//!     #[target_feature(enable = "sse2")]
//!     pub fn first(a: i32, b: i32) -> i32 {
//!         _mm_cvtsi128_si32(_mm_add_epi32(_mm_set1_epi32(a), _mm_set1_epi32(b)))
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://rust-lang.github.io/rfcs/2396-target-feature-1.1.html>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::replacement::{Pieces, Replacement};
use crate::facts::operations::standard;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ItemKind;

pub(crate) const META: Meta = Meta {
    code: "DAN068",
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
        let (Some(keyword), Some(body)) = (function.unsafety, function.body) else {
            continue;
        };
        let takes_pointer = || {
            let mut parameters = function.parameters.iter();
            parameters.any(|parameter| at.type_text(parameter.of).contains('*'))
        };
        if !at.has_features(item) || takes_pointer() {
            continue;
        }
        let has_block = at
            .syntax()
            .within(body)
            .any(|part| at.is_unsafe_block(part));
        let is_feature_only = !has_block
            && at.operations(body).iter().all(|operation| {
                let name = operation.name.rsplit("::").next().unwrap_or_default();
                name.starts_with("_mm")
                    && !standard::is_unsafe_intrinsic(name)
                    && !at.declared.has(name)
            });
        if !is_feature_only {
            continue;
        }
        let text = at.without_keyword(item, keyword, body);
        let change = Replacement::of_item(id, Some(Pieces::of(text)))
            .says("a function that is unsafe for its features alone")
            .since(87)
            .applies(Applicability::Display);
        found.push((keyword, change));
    }
}
