//! What a package's declarations make of candidates.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::declared::{Declared, Function};
use super::standard::{self, Method};
use super::types::Kind;
use super::{Candidate, Receiver};
use crate::facts::UnsafeNames;
use crate::facts::unsafety::Operation;

/// What a name of a package is.
#[derive(Debug, Default)]
struct Named<'a> {
    unsafe_functions: Vec<Found<'a>>,
    safe_functions: Vec<Found<'a>>,
    foreign: bool,
    foreign_static: bool,
    static_mut: bool,
    /// The unions that have a field of the name.
    unions: Vec<&'a str>,
    featured: bool,
    /// What fields of the name are.
    fields: Vec<&'a Kind>,
    /// What functions of the name give.
    results: Vec<&'a Kind>,
}

/// A function, and where it was found.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    function: &'a Function,
    /// Its file's place among all.
    file: usize,
    /// The path of the module that its file is, with `/`.
    path: &'a str,
}

impl Found<'_> {
    /// Whether a path written in a file leads here, its last segments left out: as far as modules are
    /// named, they must be these; where none is, it is the file's own.
    fn is_near(&self, file: usize, path: &str, left_out: usize) -> bool {
        let mut written = path.rsplit("::").skip(left_out).peekable();
        let is_of_module =
            |segment: &&str| !matches!(*segment, "" | "crate" | "self" | "super" | "<>");
        if !written.peek().is_some_and(is_of_module) {
            return self.file == file;
        }
        let inline = self.function.module.as_deref();
        let here = inline.into_iter().chain(self.path.rsplit('/'));
        written
            .take_while(is_of_module)
            .zip(here)
            .all(|(written, here)| written == here)
    }
}

/// The names of a package.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    by_name: HashMap<&'a str, Named<'a>, RandomState>,
}

/// What is open of a site once its package is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decided {
    /// The operations that are certain enough.
    pub(crate) operations: Vec<Operation>,
    /// Paths of functions of other packages that are called.
    pub(crate) calls: Vec<String>,
    /// Names of methods that other packages may have.
    pub(crate) methods: Vec<String>,
    /// Paths of what may be a static of another package.
    pub(crate) names: Vec<String>,
    /// What it does if none of these is unsafe.
    pub(crate) otherwise: Option<Operation>,
}

/// What one candidate is.
enum Verdict {
    Is(Operation),
    IsNot,
    /// Another package may tell; the operation that it is if any.
    Open(Open),
}

/// From when on what is likely is taken for certain.
const CERTAIN: u8 = 7;

enum Open {
    /// What is not decided, and how likely it is; the greater, the more.
    Perhaps(u8, Operation),
    Call(String),
    Method(String),
    Name(String),
}

impl<'a> Names<'a> {
    /// Those that files declare, each with its path.
    pub(crate) fn new(files: impl IntoIterator<Item = (&'a str, &'a Declared)>) -> Self {
        let mut names = Self::default();
        for (index, (path, file)) in files.into_iter().enumerate() {
            let of_file = module_of(path);
            let found = |function: &'a Function| Found {
                function,
                file: index,
                path: of_file,
            };
            for function in &file.unsafe_functions {
                names
                    .of(&function.name)
                    .unsafe_functions
                    .push(found(function));
            }
            for function in &file.safe_functions {
                names
                    .of(&function.name)
                    .safe_functions
                    .push(found(function));
            }
            for name in &file.foreign {
                names.of(name).foreign = true;
            }
            for name in &file.foreign_statics {
                names.of(name).foreign_static = true;
            }
            for name in &file.statics {
                names.of(name).static_mut = true;
            }
            for (name, union) in &file.union_fields {
                names.of(name).unions.push(union);
            }
            for name in &file.featured {
                names.of(name).featured = true;
            }
            for (name, kind) in &file.fields {
                names.of(name).fields.push(kind);
            }
            for (name, kind) in &file.results {
                names.of(name).results.push(kind);
            }
        }
        names
    }

    /// What of the names other packages can use, and is unsafe.
    pub(crate) fn exported(&self) -> UnsafeNames {
        let mut names = UnsafeNames::default();
        for (name, named) in &self.by_name {
            for Found { function, .. } in &named.unsafe_functions {
                match &function.owner {
                    Some(owner) => names.methods.push(((*name).to_owned(), owner.clone())),
                    None => names.functions.push((*name).to_owned()),
                }
            }
            let flags = [
                (named.foreign, &mut names.foreign),
                (named.featured, &mut names.featured),
                (named.static_mut, &mut names.statics),
                (named.foreign_static, &mut names.foreign_statics),
            ];
            for (_, list) in flags.into_iter().filter(|(is, _)| *is) {
                list.push((*name).to_owned());
            }
        }
        names.methods.sort();
        names.methods.dedup();
        for list in [
            &mut names.functions,
            &mut names.foreign,
            &mut names.featured,
            &mut names.statics,
            &mut names.foreign_statics,
        ] {
            list.sort();
            list.dedup();
        }
        names
    }

    fn of(&mut self, name: &'a str) -> &mut Named<'a> {
        self.by_name.entry(name).or_default()
    }

    fn get(&self, name: &str) -> Option<&Named<'a>> {
        self.by_name.get(name)
    }

    /// What is done in a site; `needs_one` where rustc warns of one without an operation.
    pub(crate) fn decide(&self, file: usize, candidates: &[Candidate], needs_one: bool) -> Decided {
        let mut decided = Decided::default();
        let mut best: Option<(u8, Operation)> = None;
        for candidate in candidates {
            match self.verdict(file, candidate) {
                Verdict::Is(operation) => decided.operations.push(operation),
                Verdict::IsNot => {}
                Verdict::Open(open) => {
                    let likely = match open {
                        Open::Perhaps(likely, operation) => {
                            if likely >= CERTAIN {
                                decided.operations.push(operation);
                            }
                            (likely, operation)
                        }
                        Open::Call(path) => {
                            let operation = of_call(last(&path));
                            decided.calls.push(path);
                            (4, operation)
                        }
                        Open::Method(name) => {
                            let operation = of_call(&name);
                            decided.methods.push(name);
                            (2, operation)
                        }
                        Open::Name(path) => {
                            decided.names.push(path);
                            (1, Operation::StaticMut)
                        }
                    };
                    if best.is_none_or(|best| best.0 < likely.0) {
                        best = Some(likely);
                    }
                }
            }
        }
        decided.operations.sort();
        decided.operations.dedup();
        if needs_one && decided.operations.is_empty() {
            let called = || {
                candidates.iter().find_map(|candidate| match candidate {
                    Candidate::Call(path) => Some(of_call(last(path))),
                    Candidate::Method(name, _) => Some(of_call(name)),
                    _ => None,
                })
            };
            decided.otherwise = best.map(|(_, operation)| operation).or_else(called);
        }
        decided
    }

    fn verdict(&self, file: usize, candidate: &Candidate) -> Verdict {
        match candidate {
            Candidate::Known(operation) => Verdict::Is(*operation),
            Candidate::Call(path) => self.call(file, path),
            Candidate::Method(name, receiver) => self.method(name, receiver),
            Candidate::CallField(name) => match self.field(name) {
                Kind::Function => Verdict::Is(Operation::UnsafeCall),
                _ => Verdict::Open(Open::Perhaps(5, Operation::UnsafeCall)),
            },
            Candidate::DerefField(name, strong) => deref(&self.field(name), *strong),
            Candidate::DerefResult(name, strong) => deref(&self.result(name), *strong),
            Candidate::DerefGot(field) => {
                let field = field.as_deref().map(|name| self.field(name));
                match field {
                    Some(Kind::Value | Kind::Reference(_)) => deref(&Kind::Unknown, false),
                    _ => Verdict::Is(Operation::RawDeref),
                }
            }
            Candidate::Deref(strong) => deref(&Kind::Unknown, *strong),
            Candidate::Name(path) => {
                let name = last(path);
                match self.get(name) {
                    Some(named) if named.static_mut => Verdict::Is(Operation::StaticMut),
                    Some(named) if named.foreign_static => Verdict::Is(Operation::ExternStatic),
                    _ if name.contains(char::is_lowercase) => Verdict::IsNot,
                    _ => Verdict::Open(Open::Name(path.clone())),
                }
            }
            Candidate::Field(name, receiver) => match self.get(name) {
                Some(named) if !named.unions.is_empty() => match self.owner(receiver) {
                    Some(owner) if named.unions.contains(&&*owner) => {
                        Verdict::Is(Operation::UnionField)
                    }
                    Some(_) => Verdict::IsNot,
                    None if self.may_be_union(receiver, &named.unions) => {
                        Verdict::Is(Operation::UnionField)
                    }
                    // A field of the same name of a struct makes it a guess.
                    None if named.fields.is_empty() => Verdict::Is(Operation::UnionField),
                    None => Verdict::Open(Open::Perhaps(3, Operation::UnionField)),
                },
                _ => Verdict::IsNot,
            },
        }
    }

    /// What the fields of a name are, if all are the same.
    fn field(&self, name: &str) -> Kind {
        self.get(name)
            .map_or(Kind::Unknown, |named| common(&named.fields))
    }

    fn result(&self, name: &str) -> Kind {
        self.get(name)
            .map_or(Kind::Unknown, |named| common(&named.results))
    }

    /// Whether one of the fields that a receiver may be has a union for a type.
    fn may_be_union(&self, receiver: &Receiver, unions: &[&str]) -> bool {
        let Receiver::Field(field) = receiver else {
            return false;
        };
        let kinds = self.get(field).map(|named| named.fields.as_slice());
        kinds.unwrap_or_default().iter().any(|kind| match kind {
            Kind::Named(name) => unions.contains(&name.as_str()),
            _ => false,
        })
    }

    /// The type that something is of, or leads to, if that has a name.
    fn owner<'r>(&self, receiver: &'r Receiver) -> Option<Cow<'r, str>> {
        let kind = match receiver {
            Receiver::Of(name) => return Some(Cow::Borrowed(name)),
            Receiver::Field(name) => self.field(name),
            Receiver::Result(name) => self.result(name),
            _ => return None,
        };
        match kind {
            Kind::Named(name) | Kind::Reference(name) if !name.is_empty() => Some(Cow::Owned(name)),
            _ => None,
        }
    }

    fn call(&self, file: usize, path: &str) -> Verdict {
        let name = last(path);
        let mut segments = path.split("::").filter(|segment| !segment.is_empty());
        let first = segments.next().unwrap_or_default();
        let parent = path
            .strip_suffix(name)
            .and_then(|before| before.strip_suffix("::"))
            .map(last)
            .unwrap_or_default();
        let is = |is_unsafe: bool| match is_unsafe {
            true => Verdict::Is(of_call(name)),
            false => Verdict::IsNot,
        };
        if matches!(first, "std" | "core" | "alloc") && first != name {
            return is(standard::is_unsafe(parent, name));
        }
        let named = self.get(name);
        if let Some(verdict) = named.and_then(|named| named.called(file, path, parent, name)) {
            return verdict;
        }
        if standard::is_unsafe(parent, name) {
            return is(true);
        }
        let is_type = is_type(name);
        match first {
            "crate" | "self" | "super" if is_type => Verdict::IsNot,
            "crate" | "self" | "super" => Verdict::Open(Open::Perhaps(3, of_call(name))),
            // A variant or a struct.
            _ if parent.is_empty() && is_type => Verdict::IsNot,
            // A local name: a closure, or a pointer to a function.
            _ if parent.is_empty() => Verdict::Open(Open::Perhaps(4, Operation::UnsafeCall)),
            _ => Verdict::Open(Open::Call(path.to_owned())),
        }
    }

    fn method(&self, name: &str, receiver: &Receiver) -> Verdict {
        let operation = of_call(name);
        let kind = match receiver {
            Receiver::Field(name) => self.field(name),
            Receiver::Result(name) => self.result(name),
            Receiver::Pointer => Kind::Raw,
            Receiver::Value => Kind::Value,
            Receiver::Of(_) | Receiver::Unknown => Kind::Unknown,
        };
        let owner = self.owner(receiver);
        let of_pointers = standard::method(name);
        if matches!(kind, Kind::Raw | Kind::NonNull) {
            // Traits of the package may be implemented for pointers.
            let of_trait = self.get(name).is_some_and(|named| {
                let mut all = named.unsafe_functions.iter();
                all.any(|found| found.function.of_trait)
            });
            return match of_pointers {
                Method::No if !of_trait => Verdict::IsNot,
                _ => Verdict::Is(operation),
            };
        }
        if let Some(named) = self.get(name) {
            let methods = |functions: &[Found<'_>], owner: Option<&str>| {
                functions.iter().any(|Found { function, .. }| match owner {
                    Some(owner) => function.owner.as_deref() == Some(owner) || function.of_trait,
                    None => function.owner.is_some(),
                })
            };
            if let Some(owner) = &owner {
                let own = |functions: &[Found<'_>]| {
                    let mut all = functions.iter();
                    all.any(|found| found.function.owner.as_deref() == Some(&**owner))
                };
                match (own(&named.unsafe_functions), own(&named.safe_functions)) {
                    (true, _) => return Verdict::Is(operation),
                    (_, true) => return Verdict::IsNot,
                    _ if methods(&named.unsafe_functions, Some(owner)) => {
                        return Verdict::Is(operation);
                    }
                    _ => {}
                }
            }
            let own_unsafe = methods(&named.unsafe_functions, None);
            let own_safe = methods(&named.safe_functions, None);
            if own_unsafe && !own_safe && !is_common(name) {
                return Verdict::Is(operation);
            }
            if own_unsafe {
                return Verdict::Open(Open::Perhaps(5, operation));
            }
            if own_safe && of_pointers == Method::No {
                return Verdict::Open(Open::Perhaps(1, operation));
            }
        }
        match of_pointers {
            Method::Unsafe => Verdict::Is(operation),
            Method::Shared if is_likely(name) && kind != Kind::Value => Verdict::Is(operation),
            Method::Shared => Verdict::Open(Open::Perhaps(5, operation)),
            Method::No if is_common(name) => Verdict::IsNot,
            Method::No => Verdict::Open(Open::Method(name.to_owned())),
        }
    }
}

impl Named<'_> {
    /// What calling a function of this name is; none where the package does not tell.
    fn called(&self, file: usize, path: &str, parent: &str, name: &str) -> Option<Verdict> {
        let first = path
            .split("::")
            .find(|segment| !segment.is_empty())
            .unwrap_or_default();
        let is = |is_unsafe: bool| match is_unsafe {
            true => Verdict::Is(of_call(name)),
            false => Verdict::IsNot,
        };
        let either = |matches: &dyn Fn(&Found<'_>) -> bool| {
            let is_unsafe = self.unsafe_functions.iter().any(matches);
            let is_safe = self.safe_functions.iter().any(matches);
            (is_unsafe, is_safe)
        };
        if parent.starts_with(char::is_uppercase) {
            let of = |found: &Found<'_>| found.function.owner.as_deref() == Some(parent);
            match either(&of) {
                (true, false) => return Some(is(true)),
                (false, true) => return Some(is(false)),
                (true, true) => match either(&|found| of(found) && found.is_near(file, path, 2)) {
                    (true, false) => return Some(is(true)),
                    (false, true) => return Some(is(false)),
                    _ => return Some(Verdict::Open(Open::Perhaps(4, of_call(name)))),
                },
                (false, false) => {}
            }
            // A type parameter's method is that of a trait.
            let of_trait = |found: &Found<'_>| found.function.of_trait;
            let is_of_trait = self.unsafe_functions.iter().any(of_trait);
            return (is_of_trait && !self.safe_functions.iter().any(of_trait)).then(|| is(true));
        }
        // `<T as Trait>::name`, `<T>::name`
        if parent == "<>" {
            let method = |found: &Found<'_>| found.function.owner.is_some();
            return match either(&method) {
                (true, false) => Some(is(true)),
                (true, true) => Some(Verdict::Open(Open::Perhaps(4, of_call(name)))),
                _ => None,
            };
        }
        if self.foreign {
            return Some(Verdict::Is(Operation::FfiCall));
        }
        // The nearer one is meant: in the file, where the name stands alone, else in the module that
        // is named.
        let free = |found: &Found<'_>| found.function.owner.is_none();
        let nearest = match parent {
            "" | "self" | "super" | "crate" => either(&|found| free(found) && found.file == file),
            _ => either(&|found| free(found) && found.is_near(file, path, 1)),
        };
        let decided = match nearest {
            (false, false) => either(&free),
            nearest => nearest,
        };
        match decided {
            (true, false) => Some(is(true)),
            // Of two, conditions of compilation decide; which is unsafe, is mostly the one built.
            (true, true) => Some(Verdict::Open(Open::Perhaps(CERTAIN, of_call(name)))),
            _ if self.featured => Some(Verdict::Is(Operation::TargetFeature)),
            (false, true) if first == parent || parent.is_empty() => Some(is(false)),
            _ => None,
        }
    }
}

/// Whether a name is written as those of types and variants are.
fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase) && !name.contains('_')
}

/// The path of the module that a file is, with `/`.
fn module_of(path: &str) -> &str {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.strip_suffix("/mod").unwrap_or(path)
}

fn deref(kind: &Kind, strong: bool) -> Verdict {
    match kind {
        Kind::Raw => Verdict::Is(Operation::RawDeref),
        Kind::Reference(_) | Kind::Value | Kind::NonNull | Kind::Cell | Kind::Function => {
            Verdict::IsNot
        }
        Kind::Named(_) => Verdict::Open(Open::Perhaps(1, Operation::RawDeref)),
        Kind::Unknown if strong => Verdict::Is(Operation::RawDeref),
        Kind::Unknown => Verdict::Open(Open::Perhaps(6, Operation::RawDeref)),
    }
}

/// What all of several types are.
fn common(kinds: &[&Kind]) -> Kind {
    match kinds.split_first() {
        Some((first, rest)) if rest.iter().all(|kind| kind == first) => (*first).clone(),
        _ => Kind::Unknown,
    }
}

/// Methods of pointers whose other bearers are seldom met in unsafe code.
fn is_likely(name: &str) -> bool {
    matches!(
        name,
        "add" | "sub" | "offset" | "set_len" | "as_bytes_mut" | "align_to"
    )
}

/// Names that the standard library's safe methods have, too, and that are met everywhere.
fn is_common(name: &str) -> bool {
    matches!(
        name,
        "as_mut"
            | "as_mut_ptr"
            | "as_mut_slice"
            | "as_ptr"
            | "as_ref"
            | "as_slice"
            | "borrow"
            | "borrow_mut"
            | "cast"
            | "clear"
            | "clone"
            | "cmp"
            | "contains"
            | "deref"
            | "deref_mut"
            | "drop"
            | "eq"
            | "expect"
            | "extend"
            | "filter"
            | "first"
            | "get"
            | "get_mut"
            | "insert"
            | "into"
            | "into_iter"
            | "is_empty"
            | "is_none"
            | "is_null"
            | "is_some"
            | "iter"
            | "iter_mut"
            | "last"
            | "len"
            | "load"
            | "lock"
            | "map"
            | "map_err"
            | "next"
            | "ok"
            | "pop"
            | "push"
            | "read"
            | "remove"
            | "reserve"
            | "store"
            | "swap"
            | "take"
            | "then"
            | "to_owned"
            | "truncate"
            | "unwrap"
            | "write"
    )
}

/// What calling an unsafe function of a name is.
pub(crate) fn of_call(name: &str) -> Operation {
    match name {
        "transmute" | "transmute_copy" | "transmute_unchecked" => Operation::Transmute,
        "set_len" => Operation::SetLen,
        _ if name.contains("unchecked") => Operation::Unchecked,
        _ if name.starts_with("from_raw") || name == "from_ptr" => Operation::FromRaw,
        _ => Operation::UnsafeCall,
    }
}

pub(crate) fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}
