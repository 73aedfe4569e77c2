//! The expression tree, and what rules on replaceable unsafe code propose: a subtree is a stretch, and
//! what a rule proposes can be applied.

use carapace_core::dance::{one_by_one, package, read};
use carapace_core::facts::dance::{Change, PackageDance};
use carapace_core::fix::imports::unused_imports;
use carapace_core::fix::{Edit, apply};
use carapace_core::rules::registry::RULES;
use carapace_core::source::outline::Source;
use carapace_core::source::syntax::{Depth, ExprId, Syntax};

use super::outline;
use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "unsafe {",
    "unsafe fn f() {",
    "*v.get_unchecked(i)",
    "let mut v = Vec::with_capacity(n);",
    "v.set_len(n);",
    "ptr::copy_nonoverlapping(a.as_ptr(), b.as_mut_ptr(), n)",
    "mem::transmute::<u32, f32>(x)",
    "ptr::read_unaligned(s.as_ptr() as *const u32)",
    "macro_rules! m { ($x:expr) => {",
    "static mut X: u32 = 0;",
    "use std::{mem, ptr};",
    "// SAFETY: it is.\n",
    "match x { _ => ",
    "if let Some(x) = y {",
    "|x| ",
    "as *const u8",
    "[u8; 4]",
    "&raw mut ",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let examples = RULES.iter().filter(|rule| rule.replaces.is_some());
    let examples = examples.filter_map(|rule| {
        let (_, rest) = rule.docs.split_once("```text,bad\n")?;
        Some(rest.split_once("\n```")?.0.as_bytes().to_vec())
    });
    examples.chain(outline::seeds()).collect()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let source = Source::new(bytes);
    let syntax = Syntax::new(&source, Depth::Bodies);
    for at in 0..syntax.exprs.len() {
        let id = ExprId(u32::try_from(at).unwrap_or(u32::MAX));
        if let Some(around) = syntax.around(id) {
            assert!(syntax.is_within(id, around));
        }
    }
    signature.count(syntax.exprs.len());
    signature.count(syntax.items.len());
    let danced = package(vec![read("src/lib.rs", bytes)], one_by_one);
    let kept = postcard::to_stdvec(&danced).map(|kept| postcard::from_bytes::<PackageDance>(&kept));
    assert_eq!(kept.ok().and_then(Result::ok).as_ref(), Some(&danced));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return signature;
    };
    for site in danced.files.iter().flat_map(|file| &file.sites) {
        for plan in &site.plans {
            applied(text, &plan.changes);
            signature.add(u64::from(plan.since));
        }
        for proposal in &site.proposals {
            applied(text, &proposal.changes);
            signature.message(&proposal.rule);
        }
        for left in &site.left {
            signature.add(left.need as u64);
        }
    }
    signature
}

/// Changes of one plan do not overlap, and are of this text.
fn applied(text: &str, changes: &[Change]) {
    let edits: Vec<Edit> = changes
        .iter()
        .map(|change| Edit {
            file: String::new(),
            start: change.start as usize,
            end: change.end as usize,
            text: change.text.clone(),
        })
        .collect();
    let unused = unused_imports(text, &edits, &|_| false);
    assert!(apply(text, edits.iter().chain(&unused)).is_ok());
}
