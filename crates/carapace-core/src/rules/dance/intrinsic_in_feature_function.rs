//! An intrinsic is called unsafely where its feature is enabled
//!
//! From Rust 1.87 on, an intrinsic of an architecture that takes no pointers is safe to call in a function
//! whose `#[target_feature]` has what it needs.
//!
//! ## What to do
//! Take the `unsafe` block out.
//!
//! ## Known problems
//! Which features an intrinsic needs is not looked up: where the function enables fewer, the compiler says
//! so. So the replacement is to be looked at.
//!
//! ## Example
//! ```text,bad
//! #[cfg(target_arch = "x86_64")]
//! pub mod sum {
//!     use std::arch::x86_64::*;
//!
//!     #[target_feature(enable = "sse2")]
//!     pub fn first(a: i32, b: i32) -> i32 {
//!         let sum = unsafe { _mm_add_epi32(_mm_set1_epi32(a), _mm_set1_epi32(b)) };
//!         unsafe { _mm_cvtsi128_si32(sum) }
//!     }
//! }
//! ```
//! ```text,good
//! #[cfg(target_arch = "x86_64")]
//! pub mod sum {
//!     use std::arch::x86_64::*;
//!
//!     #[target_feature(enable = "sse2")]
//!     pub fn first(a: i32, b: i32) -> i32 {
//!         let sum = _mm_add_epi32(_mm_set1_epi32(a), _mm_set1_epi32(b));
//!         _mm_cvtsi128_si32(sum)
//!     }
//! }
//! ```
//! ```text,cases
//! #[cfg(target_arch = "x86_64")]
//! show!(unsafe { sum::first(random.any(), random.any()) });
//! show!(());
//! ```
//!
//! ## References
//! - <https://blog.rust-lang.org/2025/05/15/Rust-1.87.0/>
//! - <https://doc.rust-lang.org/reference/attributes/codegen.html#the-target_feature-attribute>

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::needs::Operation;
use crate::dance::replacement::{Pieces, Replacement};
use crate::facts::operations::standard;
use crate::finding::Level;
use crate::fix::Applicability;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::syntax::ExprKind;

pub(crate) const META: Meta = Meta {
    code: "DAN067",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find,
    find_in_file: None,
};

fn find(at: &At<'_>, operation: &Operation, found: &mut Vec<Replacement>) {
    let Some(path) = at.callee_path(operation.expr) else {
        return;
    };
    let Some(name) = at.last_name(path) else {
        return;
    };
    let is_intrinsic = name.starts_with("_mm") && !at.declared.has(name);
    if !is_intrinsic || standard::is_unsafe_intrinsic(name) {
        return;
    }
    // A closure may be called without the features.
    let mut around = at.syntax().ancestors(operation.expr);
    let is_in_closure = around
        .clone()
        .any(|around| matches!(at.kind(around), ExprKind::Closure { .. }));
    let is_in_block = around.any(|around| at.is_unsafe_block(around));
    if is_in_closure || !is_in_block || !at.is_with_features(operation.expr) {
        return;
    }
    let same = Pieces::default().keep(operation.expr);
    found.push(
        Replacement::new(operation, operation.expr, same)
            .says("an intrinsic, in a function that enables a feature: safe where that is the one")
            .since(87)
            .applies(Applicability::Unsafe),
    );
}
