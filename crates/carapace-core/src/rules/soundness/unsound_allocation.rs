//! Memory is asked for or given back in a way that the allocator does not allow
//!
//! The allocator may not be asked for no bytes at all; what it gives may be null; a layout may not be
//! larger than `isize::MAX`; and what is freed is freed once. A vector that is put together of the pointer
//! of another one, which then is dropped too, is freed twice.
//!
//! ## What to do
//! Use `Vec`, `Box` and their capacity, which do all this. Where the allocator is called: leave out
//! types without a size, compute layouts with `Layout::array`, hand a null pointer to
//! `handle_alloc_error`, and forget (`ManuallyDrop`) what gives its memory away.
//!
//! ## Known problems
//! A check of the size in a caller is seen in the same file only.
//!
//! ## Example
//! ```text,bad
//! pub fn halves(bytes: &[u8]) -> Vec<u8> {
//!     let mut all = bytes.to_vec();
//!     unsafe { Vec::from_raw_parts(all.as_mut_ptr(), bytes.len() / 2, all.capacity()) }
//! }
//! ```
//! ```text,good
//! pub fn halves(bytes: &[u8]) -> Vec<u8> {
//!     let mut all = std::mem::ManuallyDrop::new(bytes.to_vec());
//!     unsafe { Vec::from_raw_parts(all.as_mut_ptr(), bytes.len() / 2, all.capacity()) }
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/alloc/trait.GlobalAlloc.html#safety>
//! - <https://doc.rust-lang.org/std/vec/struct.Vec.html#method.from_raw_parts>

use std::cell::OnceCell;

use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::judged::Judged;
use crate::soundness::reach::Safe;
use crate::soundness::{Doubt, Judges};
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    ExprId, ExprKind, Operator, StatementId, StatementKind, Tokens, TypeKind,
};

pub(crate) const META: Meta = Meta {
    code: "SND033",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "ALLOC_LAYOUT",
    alike: &[
        "RUSTSEC-2019-0009",
        "RUSTSEC-2019-0016",
        "RUSTSEC-2021-0082",
    ],
    find,
};

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let functions = judged.safe_functions();
    if functions.is_empty() {
        return;
    }
    let known = OnceCell::new();
    let knows_sizes = || *known.get_or_init(|| knows_sizes(at));
    for &safe in functions {
        let judge = Judge {
            at,
            safe,
            knows_sizes: &knows_sizes,
        };
        let doubts = [
            judge.freed_twice(),
            judge.freed_though_kept(),
            judge.unchecked_layout(),
            judge.allocation(),
        ];
        found.extend(doubts.into_iter().flatten().next());
    }
}

/// Whether a file's code asks anywhere whether a type has a size.
fn knows_sizes(at: &At<'_>) -> bool {
    let source = at.file.source;
    let tokens = at.tokens();
    (tokens.start..tokens.end).any(|token| {
        if !source.kind(token as usize).is_ident() {
            return false;
        }
        let name = source.name_bytes(token as usize);
        let is_word = [
            &b"is_zst"[..],
            b"IS_ZST",
            b"ZST",
            b"is_zero_sized",
            b"NonZeroLayout",
        ]
        .contains(&name);
        let is_size = || {
            [
                &b"size_of"[..],
                b"size",
                b"SIZE",
                b"elem_size",
                b"size_of_val",
            ]
            .contains(&name)
                && (token + 1..token + 14).any(|next| {
                    let is_equal = |first| source.is_pair(next as usize, first, T::Eq);
                    let is_literal = |at: u32| source.kind(at as usize).is_literal();
                    (is_equal(T::Eq) || is_equal(T::Bang)) && is_literal(next + 2)
                        || source.kind(next as usize) == T::Gt && is_literal(next + 1)
                })
        };
        is_word || is_size()
    })
}

struct Judge<'a, 'p> {
    at: &'a At<'p>,
    safe: Safe<'p>,
    knows_sizes: &'a dyn Fn() -> bool,
}

impl Judge<'_, '_> {
    fn body(&self) -> Tokens {
        self.at.syntax().expr(self.safe.body).tokens
    }

    /// `Vec::from_raw_parts(owned.as_mut_ptr(), …)`, and `owned` is dropped as well.
    fn freed_twice(&self) -> Option<Doubt> {
        let at = self.at;
        at.syntax().within(self.safe.body).find_map(|id| {
            let pointer = match at.kind(id) {
                ExprKind::Call { arguments, .. } => {
                    let path = at.called_path(id)?;
                    let [.., owner, name] = path.segments.as_slice() else {
                        return None;
                    };
                    let is_taking = ["Vec", "String", "Box"]
                        .iter()
                        .any(|word| at.is_name(owner.name, word))
                        && (at.is_name(name.name, "from_raw_parts")
                            || at.is_name(name.name, "from_raw"));
                    if !is_taking {
                        return None;
                    }
                    *arguments.first()?
                }
                _ => return None,
            };
            let keyword = at.unsafe_around(id)?;
            let root = at.pointer_root(pointer);
            let (owned, []) = at.method_of::<0>(root, &["as_mut_ptr", "as_ptr"])?;
            let name = at.single(owned)?;
            let binding = at.binding(name, owned)?;
            let is_owned = match at.type_of(owned) {
                Ty::Vec(_) | Ty::String => true,
                Ty::Boxed(of) => matches!(*of, Ty::Slice(_) | Ty::Str),
                _ => false,
            };
            let is_here = matches!(binding.bound, Bound::Let { .. } | Bound::Parameter(_));
            if !is_owned || !is_here || self.is_given_up(name) {
                return None;
            }
            let tokens = at.syntax().expr(id).tokens;
            let chain = vec![
                at.reason(
                    at.pattern_tokens(binding.pattern),
                    format!("`{name}` owns its memory, and frees it at the end"),
                ),
                at.reason(tokens, "another owner of the same memory is made here"),
            ];
            Some(self.safe.doubt(
                keyword,
                tokens,
                Confidence::High,
                &format!("makes a second owner of the memory of `{name}`, which is freed twice"),
                &format!("forget `{name}`: hold it in `ManuallyDrop`"),
                chain,
            ))
        })
    }

    /// Whether a variable is forgotten, leaked or handed on.
    fn is_given_up(&self, name: &str) -> bool {
        let at = self.at;
        at.syntax()
            .within(self.safe.body)
            .any(|id| match at.kind(id) {
                ExprKind::Call { arguments, .. } => arguments
                    .iter()
                    .any(|argument| at.single(*argument) == Some(name)),
                ExprKind::Method {
                    receiver,
                    name: method,
                    ..
                } => {
                    const GIVES: [&str; 5] = [
                        "leak",
                        "into_raw",
                        "into_raw_parts",
                        "into_boxed_slice",
                        "forget",
                    ];
                    at.single(*receiver) == Some(name)
                        && GIVES.iter().any(|word| at.is_name(*method, word))
                }
                ExprKind::Macro { .. } => false,
                ExprKind::Return(Some(value)) => at.single(*value) == Some(name),
                _ => false,
            })
    }

    /// A chain of cases with none left over, behind which the old memory is freed in every case.
    fn freed_though_kept(&self) -> Option<Doubt> {
        let at = self.at;
        at.syntax().within(self.safe.body).find_map(|block| {
            let statements = at.statements(block);
            statements.windows(2).find_map(|pair| {
                let [cases, freed] = pair else {
                    return None;
                };
                let condition = self.open_cases(*cases)?;
                let freeing = self.freeing(*freed)?;
                let keyword = at.unsafe_around(freeing)?;
                let tokens = at.syntax().expr(freeing).tokens;
                let chain = vec![
                    at.reason(
                        at.syntax().expr(condition).tokens,
                        "nothing is done where this does not hold",
                    ),
                    at.reason(tokens, "the memory is freed all the same"),
                ];
                Some(self.safe.doubt(
                    keyword,
                    tokens,
                    Confidence::Medium,
                    "frees memory that it keeps where none of the cases before holds",
                    "return where there is nothing to do",
                    chain,
                ))
            })
        })
    }

    /// The last condition of `if … else if a != b …` without a case for all others.
    fn open_cases(&self, statement: StatementId) -> Option<ExprId> {
        let at = self.at;
        let StatementKind::Expr { value, .. } = at.syntax().statement(statement)?.kind else {
            return None;
        };
        let ExprKind::If {
            otherwise: Some(otherwise),
            ..
        } = at.kind(value)
        else {
            return None;
        };
        let ExprKind::If {
            condition,
            then,
            otherwise: None,
        } = at.kind(at.bare(*otherwise))
        else {
            return None;
        };
        let is_other = matches!(
            at.kind(at.bare(*condition)),
            ExprKind::Binary {
                operator: Operator::Ne | Operator::Gt | Operator::Lt,
                ..
            }
        );
        let is_moving = at.mentions_any(
            at.syntax().expr(*then).tokens,
            &["copy_nonoverlapping", "copy", "alloc", "with_capacity"],
        );
        (is_other && is_moving).then_some(*condition)
    }

    fn freeing(&self, statement: StatementId) -> Option<ExprId> {
        let at = self.at;
        let StatementKind::Expr { value, .. } = at.syntax().statement(statement)?.kind else {
            return None;
        };
        let name = match at.kind(at.bare(value)) {
            ExprKind::Call { .. } => at.called_path(at.bare(value))?.segments.last()?.name,
            ExprKind::Method { name, .. } => *name,
            _ => return None,
        };
        ["dealloc", "deallocate", "free"]
            .iter()
            .any(|word| at.is_name(name, word))
            .then_some(value)
    }

    /// `Layout::from_size_align_unchecked(count * size, …)`
    fn unchecked_layout(&self) -> Option<Doubt> {
        let at = self.at;
        at.syntax().within(self.safe.body).find_map(|id| {
            let ([size, _], _) = at.call_of::<2>(id, "Layout", &["from_size_align_unchecked"])?;
            let keyword = at.unsafe_around(id)?;
            let product = at.syntax().within(size).find(|part| {
                matches!(
                    at.kind(*part),
                    ExprKind::Binary {
                        operator: Operator::Mul,
                        ..
                    }
                )
            })?;
            let from = at.numbers_from(product);
            let origin = from.first()?;
            let tokens = at.syntax().expr(id).tokens;
            let chain = vec![
                at.reason(
                    at.syntax().expr(product).tokens,
                    format!("this may overflow: `{}` is the caller's", origin.parameter),
                ),
                at.reason(tokens, "the layout is taken to be a good one"),
            ];
            Some(self.safe.doubt(
                keyword,
                tokens,
                Confidence::Medium,
                "makes a layout of a product that may overflow",
                "use `Layout::array` and handle its error",
                chain,
            ))
        })
    }

    /// A call of the allocator: of no bytes, or without a look at what it gives.
    fn allocation(&self) -> Option<Doubt> {
        let at = self.at;
        let body = self.body();
        at.syntax().within(self.safe.body).find_map(|id| {
            let path = at.called_path(id)?;
            let (parent, name) = at.standard(path)?;
            let is_allocating = parent == "alloc" && matches!(name, "alloc" | "alloc_zeroed");
            if !is_allocating {
                return None;
            }
            let ExprKind::Call { arguments, .. } = at.kind(id) else {
                return None;
            };
            let layout = *arguments.first()?;
            let keyword = at.unsafe_around(id)?;
            let tokens = at.syntax().expr(id).tokens;
            const LOOKS: [&str; 10] = [
                "is_null",
                "handle_alloc_error",
                "NonNull",
                "as_ref",
                "as_mut",
                "null_mut",
                "null",
                "expect",
                "ok_or",
                "abort",
            ];
            let is_looked_at = at.mentions_any(body, &LOOKS);
            if !is_looked_at {
                let chain = vec![at.reason(tokens, "this may be null")];
                return Some(self.safe.doubt(
                    keyword,
                    tokens,
                    Confidence::Medium,
                    "uses what the allocator gives, which may be null",
                    "hand a null pointer to `handle_alloc_error`",
                    chain,
                ));
            }
            let made = self.layout_of_nothing(layout)?;
            if (self.knows_sizes)() || at.mentions_any(body, &["max", "NonZeroUsize"]) {
                return None;
            }
            let chain = vec![
                at.reason(
                    at.syntax().expr(made).tokens,
                    "this may be a layout of no bytes",
                ),
                at.reason(tokens, "the allocator may not be asked for no bytes"),
            ];
            Some(self.safe.doubt(
                keyword,
                tokens,
                Confidence::Medium,
                "may ask the allocator for no bytes",
                "leave the allocator out where the size is zero",
                chain,
            ))
        })
    }

    /// A layout of a type parameter, or of a number of elements that may be none.
    fn layout_of_nothing(&self, layout: ExprId) -> Option<ExprId> {
        let at = self.at;
        let mut made = at.bare(layout);
        if let Some(name) = at.single(made)
            && let Some(binding) = at.binding(name, made)
            && let Bound::Let {
                value: Some(value), ..
            } = binding.bound
        {
            made = value;
        }
        at.syntax().within(made).find(|part| {
            let Some(path) = at.called_path(*part) else {
                return false;
            };
            let [.., owner, name] = path.segments.as_slice() else {
                return false;
            };
            if !at.is_name(owner.name, "Layout") {
                return false;
            }
            let is_generic =
                name.arguments
                    .first()
                    .is_some_and(|of| match at.syntax().type_kind(*of) {
                        TypeKind::Path(path) => match path.segments.as_slice() {
                            [one] => at.is_type_parameter(self.safe.id, at.name(one.name)),
                            _ => false,
                        },
                        _ => false,
                    });
            let is_counted = || match at.kind(*part) {
                ExprKind::Call { arguments, .. } => arguments
                    .first()
                    .is_some_and(|first| !at.numbers_from(*first).is_empty()),
                _ => false,
            };
            match at.name(name.name) {
                "new" => is_generic,
                "array" => is_generic || is_counted(),
                "from_size_align" | "from_size_align_unchecked" => is_counted(),
                _ => false,
            }
        })
    }
}
