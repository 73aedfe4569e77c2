//! A type is declared Send or Sync that is so by itself
//!
//! The compiler makes a type `Send` and `Sync` where all its fields are. An `unsafe impl` beside that does
//! nothing today, and hides the day on which a field is added that may not be shared.
//!
//! ## What to do
//! Take the `unsafe impl` out. A line of a test keeps the promise, and has the compiler prove it:
//! `const _: fn() = || { fn is<T: Send + Sync>() {} is::<Name>(); };`
//!
//! ## Known problems
//! Only types without type parameters are looked at, whose fields are known down to numbers, texts and
//! what the standard library makes of these.
//!
//! ## Example
//! ```text,bad
//! use std::sync::{Arc, Mutex};
//!
//! pub struct Shared {
//!     name: String,
//!     values: Vec<u64>,
//!     state: Arc<Mutex<State>>,
//! }
//!
//! pub struct State {
//!     count: Option<u32>,
//!     kind: Kind,
//! }
//!
//! pub enum Kind {
//!     Small,
//!     Large(u64),
//! }
//!
//! // SAFETY: all fields are.
//! unsafe impl Send for Shared {}
//! unsafe impl Sync for Shared {}
//!
//! pub fn total(shared: &Shared) -> u64 {
//!     let state = shared.state.lock().unwrap();
//!     let large = match state.kind {
//!         Kind::Small => 0,
//!         Kind::Large(value) => value / 2,
//!     };
//!     let sum: u64 = shared.values.iter().map(|value| value / 1000).sum();
//!     large / 2 + sum + u64::from(state.count.unwrap_or(0)) + shared.name.len() as u64
//! }
//! ```
//! ```text,good
//! use std::sync::{Arc, Mutex};
//!
//! pub struct Shared {
//!     name: String,
//!     values: Vec<u64>,
//!     state: Arc<Mutex<State>>,
//! }
//!
//! pub struct State {
//!     count: Option<u32>,
//!     kind: Kind,
//! }
//!
//! pub enum Kind {
//!     Small,
//!     Large(u64),
//! }
//!
//!
//! pub fn total(shared: &Shared) -> u64 {
//!     let state = shared.state.lock().unwrap();
//!     let large = match state.kind {
//!         Kind::Small => 0,
//!         Kind::Large(value) => value / 2,
//!     };
//!     let sum: u64 = shared.values.iter().map(|value| value / 1000).sum();
//!     large / 2 + sum + u64::from(state.count.unwrap_or(0)) + shared.name.len() as u64
//! }
//! ```
//! ```text,cases
//! fn is<T: Send + Sync>(_: &T) -> bool { true }
//! let state = State { count: Some(random.any::<u32>() / 2), kind: Kind::Large(random.any()) };
//! let state = Arc::new(Mutex::new(state));
//! let shared = Shared { name: "name".to_owned(), values: random.many(0..9), state };
//! show!(is(&shared));
//! show!(total(&shared));
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/reference/special-types-and-traits.html#auto-traits>
//! - <https://doc.rust-lang.org/nomicon/send-and-sync.html>

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::dance::Replaces;
use crate::dance::at::At;
use crate::dance::replacement::Replacement;
use crate::finding::Level;
use crate::rules::Meta;
pub(crate) use crate::rules::dance::check;
use crate::source::lexer::TokenKind;
use crate::source::syntax::{Field, ItemKind, Path, Tokens, TypeId, TypeKind};

/// How deep types are gone through.
const MAX_STEPS: u32 = 12;
/// How many types are gone through.
const MAX_TYPES: usize = 256;

pub(crate) const META: Meta = Meta {
    code: "DAN070",
    level: Level::Note,
    is_lowered: true,
};

pub(crate) const REPLACES: Replaces = Replaces {
    find: |_, _, _| {},
    find_in_file: Some(find_in_file),
};

/// What is asked of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Auto {
    Send,
    Sync,
}

/// Types of the package of which it says that they are not so.
type Denied = HashSet<(String, Auto), RandomState>;

/// What is asked for one implementation.
struct Asked<'d> {
    denied: &'d Denied,
    /// The types that were asked about.
    seen: HashSet<(String, Auto), RandomState>,
}

fn find_in_file(at: &At<'_>, found: &mut Vec<(u32, Replacement)>) {
    let mut denied: Option<Denied> = None;
    for (id, item) in at.syntax().items_by_id() {
        let ItemKind::Impl {
            of,
            of_trait: Some(of_trait),
            unsafety: Some(keyword),
            generics,
        } = &item.kind
        else {
            continue;
        };
        let Some(auto) = auto_of(at, of_trait).filter(|_| generics.is_empty()) else {
            continue;
        };
        let TypeKind::Path(path) = at.syntax().type_kind(*of) else {
            continue;
        };
        let name = at.last_name(path);
        let Some(name) = name.filter(|_| path.segments.len() == 1) else {
            continue;
        };
        let mut asked = Asked {
            denied: denied.get_or_insert_with(|| all_denied(at)),
            seen: HashSet::default(),
        };
        if is_by_itself(at, name, auto, MAX_STEPS, &mut asked) {
            let says = "an implementation that the compiler has by itself, as all fields are so";
            found.push((*keyword, Replacement::of_item(id, None).says(says)));
        }
    }
}

fn auto_of(at: &At<'_>, of_trait: &Path) -> Option<Auto> {
    let last = of_trait.segments.last()?;
    match at.name(last.name) {
        "Send" => Some(Auto::Send),
        "Sync" => Some(Auto::Sync),
        _ => None,
    }
}

/// Whether the fields of a type of the package make it so. A type that is asked about already is
/// taken to be: so does the compiler.
fn is_by_itself(at: &At<'_>, name: &str, auto: Auto, steps: u32, asked: &mut Asked<'_>) -> bool {
    let Some(steps) = steps.checked_sub(1) else {
        return false;
    };
    if asked.seen.len() >= MAX_TYPES {
        return false;
    }
    if !asked.seen.insert((name.to_owned(), auto)) {
        return true;
    }
    let found = at.declared.type_named(name);
    let Some((there, item)) = found.and_then(|(place, _)| at.declared.there(place)) else {
        return false;
    };
    let mut all = |fields: &[Field]| {
        let mut fields = fields.iter();
        fields.all(|field| is_so(&there, field.of, auto, steps, asked))
    };
    match &item.kind {
        ItemKind::Struct { fields, generics } if generics.is_empty() => all(fields),
        ItemKind::Enum {
            variants,
            is_generic: false,
        } => variants.iter().all(|variant| {
            variant
                .fields
                .is_none_or(|fields| is_simple(&there, fields))
        }),
        _ => false,
    }
}

/// Whether only numbers and texts stand in a variant's fields.
fn is_simple(at: &At<'_>, fields: Tokens) -> bool {
    (fields.start..fields.end).all(|token| {
        let kind = at.file.source.kind(token as usize);
        if kind == TokenKind::Star || kind == TokenKind::Amp {
            return false;
        }
        if !kind.is_ident() || at.file.source.kind(token as usize + 1) == TokenKind::Colon {
            return true;
        }
        let name = at.name(token);
        let is_plain = crate::dance::types::is_primitive(name)
            || matches!(name, "String" | "Vec" | "Option" | "Box");
        is_plain && !at.declared.has(name) && !at.file.imports().contains_key(name)
    })
}

/// Whether a type is so.
fn is_so(at: &At<'_>, of: TypeId, auto: Auto, steps: u32, asked: &mut Asked<'_>) -> bool {
    let Some(steps) = steps.checked_sub(1) else {
        return false;
    };
    match at.syntax().type_kind(of) {
        TypeKind::Unknown | TypeKind::Pointer { .. } => false,
        TypeKind::Other => is_function(at, of),
        TypeKind::Ref { mutable: false, of } => is_so(at, *of, Auto::Sync, steps, asked),
        TypeKind::Ref { of, .. } | TypeKind::Slice(of) | TypeKind::Array { of, .. } => {
            is_so(at, *of, auto, steps, asked)
        }
        TypeKind::Tuple(parts) => parts
            .iter()
            .all(|part| is_so(at, *part, auto, steps, asked)),
        TypeKind::Path(path) => is_named_so(at, path, auto, steps, asked),
    }
}

/// Whether a type is a pointer to a function.
fn is_function(at: &At<'_>, of: TypeId) -> bool {
    let text = at.type_text(of);
    ["fn(", "fn (", "unsafe ", "extern "]
        .iter()
        .any(|begin| text.starts_with(begin))
}

fn is_named_so(at: &At<'_>, path: &Path, auto: Auto, steps: u32, asked: &mut Asked<'_>) -> bool {
    let Some(last) = path.segments.last().filter(|_| path.of_type.is_none()) else {
        return false;
    };
    let name = at.name(last.name);
    if let Some((place, item)) = at.declared.type_named(name) {
        return match (&item.kind, at.declared.at(place)) {
            (
                ItemKind::Alias {
                    of: Some(of),
                    is_generic: false,
                },
                Some(there),
            ) => is_so(&there, *of, auto, steps, asked),
            _ => {
                let is_denied = asked.denied.contains(&(name.to_owned(), auto));
                !is_denied && is_by_itself(at, name, auto, steps, asked)
            }
        };
    }
    if at.declared.has(name) {
        return false;
    }
    // An import may call another thing so.
    let is_alone = at.full_path(path).count() == 1;
    if crate::dance::types::is_primitive(name) && is_alone {
        return true;
    }
    let mut named = at.full_path(path).filter(|segment| !segment.is_empty());
    let root = named.next().unwrap_or_default();
    let is_standard = matches!(root, "std" | "core" | "alloc") && named.next().is_some();
    let is_prelude = is_alone && matches!(name, "Vec" | "String" | "Box" | "Option" | "Result");
    if !is_standard && !is_prelude {
        return false;
    }
    let mut all = |auto| {
        let mut arguments = last.arguments.iter();
        arguments.all(|argument| is_so(at, *argument, auto, steps, asked))
    };
    match name {
        "String" | "PathBuf" | "OsString" | "CString" | "Duration" | "Instant" | "SystemTime"
        | "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "SocketAddr" | "File" | "TcpStream"
        | "TcpListener" | "UdpSocket" | "Condvar" | "Barrier" | "Layout" | "TypeId"
        | "ThreadId" => true,
        "AtomicBool" | "AtomicU8" | "AtomicU16" | "AtomicU32" | "AtomicU64" | "AtomicUsize"
        | "AtomicI8" | "AtomicI16" | "AtomicI32" | "AtomicI64" | "AtomicIsize" => true,
        "Vec" | "Box" | "Option" | "Result" | "VecDeque" | "BTreeMap" | "BTreeSet"
        | "BinaryHeap" | "LinkedList" | "PhantomData" | "Wrapping" => all(auto),
        "HashMap" if last.arguments.len() == 2 => all(auto),
        "HashSet" if last.arguments.len() == 1 => all(auto),
        "Arc" => all(Auto::Send) && all(Auto::Sync),
        "Mutex" => all(Auto::Send),
        "RwLock" | "OnceLock" => all(Auto::Send) && (auto == Auto::Send || all(Auto::Sync)),
        "Cell" | "RefCell" if auto == Auto::Send => all(Auto::Send),
        _ => false,
    }
}

/// The types that the package itself says more of: those with an implementation that is not unsafe.
fn all_denied(at: &At<'_>) -> Denied {
    let mut denied = Denied::default();
    for file in at.declared.files {
        let there = At {
            file,
            declared: at.declared,
        };
        for item in &file.syntax.items {
            if let ItemKind::Impl {
                of_trait: Some(of_trait),
                unsafety: None,
                ..
            } = &item.kind
                && let (Some(auto), Some(name)) = (auto_of(&there, of_trait), item.name)
            {
                denied.insert((there.name(name).to_owned(), auto));
            }
        }
    }
    denied
}
