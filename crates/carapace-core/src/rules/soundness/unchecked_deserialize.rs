//! What a document says is relied on by unsafe code
//!
//! A derived `Deserialize` puts into the fields whatever a document says, past all constructors. Where
//! unsafe code takes a field for an index, a length or valid text, a hostile document breaks it.
//!
//! ## What to do
//! Check in the place where the value is used, or let the value be made by what checks:
//! `#[serde(try_from = "Unchecked")]`, or `Deserialize` written by hand.
//!
//! ## Known problems
//! A check that all callers make after the document was read is not seen.
//!
//! ## Example
//! ```text,bad
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! pub struct Line {
//!     bytes: [u8; 16],
//!     length: usize,
//! }
//!
//! impl Line {
//!     pub fn bytes(&self) -> &[u8] {
//!         unsafe { self.bytes.get_unchecked(..self.length) }
//!     }
//! }
//! ```
//! ```text,good
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! pub struct Line {
//!     bytes: [u8; 16],
//!     length: usize,
//! }
//!
//! impl Line {
//!     pub fn bytes(&self) -> &[u8] {
//!         self.bytes.get(..self.length).unwrap_or_default()
//!     }
//! }
//! ```
//!
//! ## References
//! - <https://serde.rs/container-attrs.html#try_from>
//! - <https://doc.rust-lang.org/nomicon/working-with-unsafe.html>

use std::cell::OnceCell;

use crate::dance::at::At;
use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::checks::{Checked, Checks, Needs};
use crate::soundness::judged::Judged;
use crate::soundness::memory::Kind;
use crate::soundness::reach::Safe;
use crate::soundness::{Doubt, Judges, Reason};
use crate::source::syntax::{
    ExprId, ExprKind, Field, Item, ItemKind, Operator, Prefix, Tokens, TypeKind,
};

pub(crate) const META: Meta = Meta {
    code: "SND071",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "DESER_VALID",
    alike: &["RUSTSEC-2021-0070", "RUSTSEC-2024-0002"],
    find,
};

/// How many expressions are looked at for one number.
const MAX_LOOKS: u32 = 64;
/// How many expressions of a function are looked at for comparisons.
const MAX_PARTS: usize = 4096;
/// How many comparisons of a function are looked at, and how many of its operations.
const MAX_BOUNDS: usize = 16;
const MAX_USES: usize = 64;
/// How many operations of a file are looked at.
const MAX_USES_OF_FILE: usize = 1024;
/// How many tokens a function may have for its comparisons to be looked at.
const MAX_BODY: u32 = 16_384;
/// How many fields of a struct are looked at.
const MAX_FIELDS: usize = 256;
/// How many types of a file are looked at for which an unsafe trait promises something.
const MAX_PROMISES: usize = 64;
/// The traits whose derived implementation takes every value of the fields' types.
const READS: [&str; 10] = [
    "Deserialize",
    "BorshDeserialize",
    "Decode",
    "Readable",
    "BinRead",
    "DeBin",
    "DeJson",
    "MiniDeserialize",
    "SchemaRead",
    "Archive",
];

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    let at = judged.at;
    let mut left = MAX_USES_OF_FILE;
    for safe in judged.safe_functions() {
        of_function(at, safe, &mut left, found);
    }
    promised(at, found);
}

fn of_function(at: &At<'_>, safe: &Safe<'_>, left: &mut usize, found: &mut Vec<Doubt>) {
    let body = at.expr_tokens(safe.body);
    let is_short = body.end.saturating_sub(body.start) < MAX_BODY;
    if *left == 0 || !is_short {
        return at.leave_out();
    }
    let checks = OnceCell::new();
    for used in uses(at, safe).into_iter().take(*left) {
        *left -= 1;
        let checks = || checks.get_or_init(|| Checks::of(at, safe.body));
        let read = relied(at, safe, &used, checks).or_else(|| bounded(at, safe, &used, checks));
        found.extend(read.map(|read| doubt(at, safe, &used, &read)));
    }
}

/// The field that an operation relies on and nothing looked at.
fn relied<'c>(
    at: &At<'_>,
    safe: &Safe<'_>,
    used: &Used,
    checks: impl Fn() -> &'c Checks,
) -> Option<Read> {
    let mut looks = MAX_LOOKS;
    let mut values = used.values.iter();
    let read = values.find_map(|value| field_of(at, *value, &mut looks))?;
    let names = at.related(&read.field, safe.body);
    let needs = Needs {
        is_read: true,
        ..Needs::default()
    };
    (checks().state(at, used.expr, &names, needs) != Checked::Yes).then_some(read)
}

/// An element that is taken unchecked of one field, with no other check than one against another field.
fn bounded<'c>(
    at: &At<'_>,
    safe: &Safe<'_>,
    used: &Used,
    checks: impl Fn() -> &'c Checks,
) -> Option<Read> {
    let list = list_of_self(at, used.base?)?;
    if at.mentions(at.expr_tokens(safe.body), "len") {
        return None;
    }
    let number = at.expr_tokens(*used.values.first()?);
    let parts = at.syntax().within(safe.body).take(MAX_PARTS);
    let bounds = parts.filter_map(|part| bound(at, part)).take(MAX_BOUNDS);
    let mut fields = bounds.filter_map(|(small, large)| match at.kind(at.bare(large)) {
        ExprKind::Field { base, name } if at.is_self(*base) && is_open(&at.type_of(large)) => {
            let names = at.related(at.name(small), safe.body);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let read = read_field(at, *base, *name)?;
            at.mentions_any(number, &names).then_some(read)
        }
        _ => None,
    });
    let read = fields.next()?;
    let looked_at = checks().state(at, used.expr, &[list], Needs::default());
    (looked_at != Checked::Yes).then_some(read)
}

/// What is compared with a bound, by the token of its name, and the bound: `a < b`, `for a in 0..b`.
fn bound(at: &At<'_>, id: ExprId) -> Option<(u32, ExprId)> {
    let name = |id: ExprId| {
        at.single(id)?;
        Some(at.expr_tokens(at.bare(id)).start)
    };
    match at.kind(id) {
        ExprKind::Binary {
            operator: Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge,
            left,
            right,
        } => match at.kind(at.bare(*left)) {
            ExprKind::Field { .. } => Some((name(*right)?, *left)),
            _ => Some((name(*left)?, *right)),
        },
        ExprKind::For { pattern, over, .. } => match at.kind(at.bare(*over)) {
            ExprKind::Range { to: Some(to), .. } => Some((at.pattern_tokens(*pattern).start, *to)),
            _ => None,
        },
        _ => None,
    }
}

/// The name of the list in `self.list`.
fn list_of_self(at: &At<'_>, base: ExprId) -> Option<String> {
    match at.kind(at.bare(base)) {
        ExprKind::Field { base: own, name } if at.is_self(*own) => at
            .type_of(base)
            .is_sequence()
            .then(|| at.name(*name).to_owned()),
        _ => None,
    }
}

/// Types that a document fills and for which the package promises something: by an unsafe trait of its
/// own, of a list and what says how it is to be used.
fn promised(at: &At<'_>, found: &mut Vec<Doubt>) {
    let mut names = Vec::new();
    for (id, item) in at.syntax().items_by_id() {
        let promise = own_promise(at, item).filter(|_| !at.is_test(id));
        let Some((keyword, own, of_trait)) = promise else {
            continue;
        };
        if names.contains(&own) {
            continue;
        }
        if names.len() >= MAX_PROMISES {
            return at.leave_out();
        }
        found.extend(promised_of(at, item, keyword, &own, of_trait));
        names.push(own);
    }
}

/// `unsafe impl Trait for Type`, where the trait is the package's own: the keyword, the type's name, and
/// the trait's token.
fn own_promise(at: &At<'_>, item: &Item) -> Option<(u32, String, u32)> {
    let ItemKind::Impl {
        of_trait: Some(path),
        unsafety: Some(keyword),
        ..
    } = &item.kind
    else {
        return None;
    };
    let of_trait = path.segments.last()?.name;
    let (_, declared) = at.trait_named(at.name(of_trait))?;
    let is_unsafe = matches!(declared.kind, ItemKind::Trait { unsafety: Some(_) });
    is_unsafe.then_some((*keyword, at.name(item.name?).to_owned(), of_trait))
}

fn promised_of(at: &At<'_>, item: &Item, keyword: u32, own: &str, of_trait: u32) -> Option<Doubt> {
    let (there, _, declared) = at.own_item(own)?;
    let ItemKind::Struct { fields, generics } = &declared.kind else {
        return None;
    };
    let head = Tokens {
        start: keyword,
        end: item.name? + 1,
    };
    if !is_read(&there, declared) || is_checked(&there, declared) {
        return None;
    }
    let is_list = |field: &Field| {
        let tokens = there.type_tokens(field.of);
        there.mentions(tokens, "Vec")
            || matches!(there.syntax().type_kind(field.of), TypeKind::Pointer { .. })
    };
    let is_size = |field: &Field| {
        let tokens = there.type_tokens(field.of);
        let is_parameter = |name: &u32| there.mentions(tokens, there.name(*name));
        tokens.end == tokens.start + 1
            && (generics.iter().any(is_parameter) || there.mentions(tokens, "usize"))
    };
    let filled = fields.iter().enumerate();
    let filled = filled.filter(|(number, _)| is_filled(&there, declared, *number));
    let filled: Vec<&Field> = filled.map(|(_, field)| field).collect();
    let list = filled.iter().copied().find(|field| is_list(field))?;
    let size = filled.iter().copied().find(|field| is_size(field))?;
    let token = size.name?;
    let field = there.name(token);
    let tokens = |field: &Field| {
        let of = there.type_tokens(field.of);
        let start = field.name.unwrap_or(of.start);
        Tokens { start, end: of.end }
    };
    let name = at.name(of_trait);
    Some(Doubt {
        keyword,
        tokens: head,
        confidence: Confidence::Medium,
        message: format!("`{name}` promises what `{own}` is, and a document fills its fields"),
        chain: vec![
            there.reason(tokens(list), "a document says how many there are"),
            there.reason(
                tokens(size),
                format!("it says, apart from that, what `{field}` is"),
            ),
            at.reason(head, "unsafe code may rely on both"),
        ],
        sound: format!("let `#[serde(try_from = …)]` compare them before there is a `{own}`"),
    })
}

/// An unsafe operation that relies on values.
struct Used {
    expr: ExprId,
    /// Of what an element is taken.
    base: Option<ExprId>,
    keyword: u32,
    values: Vec<ExprId>,
    relies: &'static str,
}

/// The operations of a function that rely on a number or a text.
fn uses(at: &At<'_>, safe: &Safe<'_>) -> Vec<Used> {
    let accesses = at.accesses(safe.body, false).into_iter();
    let accesses = accesses.filter(|access| {
        access.kind != Kind::Own
            && (access.kind != Kind::Offset || at.is_reached_through(access.expr))
    });
    let numbers = accesses.map(|access| Used {
        expr: access.expr,
        base: access.base.filter(|_| access.kind == Kind::Element),
        keyword: access.keyword,
        values: access.numbers,
        relies: "what lies behind the end is reached",
    });
    let values = at.syntax().within(safe.body).filter_map(|id| {
        let ExprKind::Call { arguments, .. } = at.kind(id) else {
            return None;
        };
        let name = at.called_path(id)?.segments.last()?.name;
        let relies = match at.name(name) {
            "from_utf8_unchecked" => "text is made of it, which must be UTF-8",
            "from_u32_unchecked" => "a character is made of it, which need not be one",
            _ => return None,
        };
        Some(Used {
            expr: id,
            base: None,
            keyword: at.unsafe_around(id)?,
            values: arguments.to_vec(),
            relies,
        })
    });
    at.up_to(MAX_USES, numbers.chain(values)).collect()
}

/// A field that a document fills.
struct Read {
    field: String,
    owner: String,
    declared: Reason,
}

/// The field of a deserialized type that a value is, or is computed of, without anything that keeps it small.
fn field_of(at: &At<'_>, value: ExprId, looks: &mut u32) -> Option<Read> {
    *looks = looks.checked_sub(1)?;
    let value = at.bare(value);
    match at.kind(value) {
        ExprKind::Cast { operand, .. }
        | ExprKind::Borrow { operand, .. }
        | ExprKind::Unary {
            operator: Prefix::Deref,
            operand,
        } => field_of(at, *operand, looks),
        ExprKind::Binary {
            operator: Operator::Add | Operator::Mul | Operator::Or,
            left,
            right,
        } => field_of(at, *left, looks).or_else(|| field_of(at, *right, looks)),
        ExprKind::Binary {
            operator: Operator::Sub | Operator::Shl | Operator::Shr | Operator::Div,
            left,
            ..
        } => field_of(at, *left, looks),
        ExprKind::Range { from, to, .. } => {
            let mut bounds = [from, to].into_iter().flatten();
            bounds.find_map(|bound| field_of(at, *bound, looks))
        }
        ExprKind::Index { base, .. } => field_of(at, *base, looks),
        ExprKind::Method {
            receiver,
            name,
            arguments,
            ..
        } => {
            const KEEPS: [&str; 8] = [
                "into",
                "clone",
                "as_slice",
                "as_ref",
                "get_unchecked",
                "as_bytes",
                "to_vec",
                "as_usize",
            ];
            let keeps = KEEPS.iter().any(|word| at.is_name(*name, word)) && arguments.len() < 2;
            keeps.then(|| field_of(at, *receiver, looks)).flatten()
        }
        ExprKind::Call { arguments, .. } => {
            let last = at.called_path(value)?.segments.last()?;
            let is_from = at.is_name(last.name, "from");
            let first = arguments.first().filter(|_| is_from)?;
            field_of(at, *first, looks)
        }
        ExprKind::Path(_) => field_of(at, at.let_value(value)?, looks),
        ExprKind::Field { base, name } => {
            let of = at.type_of(value);
            if !is_open(&of) {
                return None;
            }
            read_field(at, *base, *name)
        }
        _ => None,
    }
}

/// Whether a field of a type can hold what unsafe code must not see: a number, or bytes.
fn is_open(of: &Ty) -> bool {
    let is_number = |of: &Ty| matches!(of, Ty::Int(_));
    is_number(of.peeled()) || of.element().is_some_and(is_number)
}

fn read_field(at: &At<'_>, base: ExprId, name: u32) -> Option<Read> {
    let owner = match at.type_of(base).peeled() {
        Ty::Named(owner, _) => owner.clone(),
        _ => return None,
    };
    let (there, _, item) = at.own_item(&owner)?;
    let ItemKind::Struct { fields, .. } = &item.kind else {
        return None;
    };
    if !is_read(&there, item) {
        return None;
    }
    let field = at.name(name);
    let (number, declared) =
        fields
            .iter()
            .take(MAX_FIELDS)
            .enumerate()
            .find(|(number, found)| match found.name {
                Some(token) => there.is_name(token, field),
                None => number.to_string() == field,
            })?;
    if !is_filled(&there, item, number) || is_checked(&there, item) {
        return None;
    }
    let of = there.type_tokens(declared.of);
    let tokens = Tokens {
        start: declared.name.unwrap_or(of.start),
        end: of.end,
    };
    let (_, owner) = crate::dance::declared::of_file(&owner);
    Some(Read {
        declared: there.reason(tokens, format!("a document says what `{field}` is")),
        owner: owner.to_owned(),
        field: field.to_owned(),
    })
}

/// Whether a document fills a struct with whatever its fields' types can hold.
fn is_read(at: &At<'_>, item: &Item) -> bool {
    let attributes = at.attributes(item);
    at.mentions(attributes, "derive")
        && at.mentions_any(attributes, &READS)
        && !is_made_by_hand(at, attributes)
}

/// Whether a document fills the field of a struct that has a number: no attribute of it says otherwise.
fn is_filled(at: &At<'_>, item: &Item, number: usize) -> bool {
    let (ItemKind::Struct { fields, .. }, Some(name)) = (&item.kind, item.name) else {
        return false;
    };
    let before = number.checked_sub(1).and_then(|before| fields.get(before));
    let start = before.map_or(name, |before| at.type_tokens(before.of).end);
    // The field's own name may be one of those words.
    let end = fields.get(number).map_or(start, |own| {
        own.name.unwrap_or_else(|| at.type_tokens(own.of).start)
    });
    !is_made_by_hand(at, Tokens { start, end })
}

/// Whether attributes name who makes a value, or say that none is read.
fn is_made_by_hand(at: &At<'_>, attributes: Tokens) -> bool {
    const BY_HAND: [&str; 10] = [
        "try_from",
        "from",
        "with",
        "deserialize_with",
        "skip",
        "skip_deserializing",
        "remote",
        "validate",
        "check_bytes",
        "verify",
    ];
    at.mentions_any(attributes, &BY_HAND)
}

/// Whether the package checks values of a type on its own: it has a function that says so.
fn is_checked(at: &At<'_>, item: &Item) -> bool {
    let Some(name) = item.name.map(|name| at.name(name)) else {
        return true;
    };
    let mut places = at.declared.implementations(name).take(64);
    places.any(|place| {
        let Some(there) = at.declared.at(place) else {
            return false;
        };
        there.items_in(place.item).take(256).any(|(_, found)| {
            const CHECKS: [&str; 3] = ["valid", "verify", "sanitize"];
            let name = found.name.map(|name| there.name(name)).unwrap_or_default();
            CHECKS.iter().any(|word| name.contains(word))
        })
    })
}

fn doubt(at: &At<'_>, safe: &Safe<'_>, used: &Used, read: &Read) -> Doubt {
    let tokens = at.expr_tokens(used.expr);
    let Read { field, owner, .. } = read;
    Doubt {
        keyword: used.keyword,
        tokens,
        confidence: Confidence::Medium,
        message: format!("unsafe code relies on `{field}` of `{owner}`, which a document fills"),
        chain: vec![
            read.declared.clone(),
            at.reason(at.item_name_tokens(safe.id), "it comes here unchecked"),
            at.reason(tokens, used.relies),
        ],
        sound: format!(
            "check `{field}` here, or make `{owner}` by `#[serde(try_from = …)]`, which checks it"
        ),
    }
}
