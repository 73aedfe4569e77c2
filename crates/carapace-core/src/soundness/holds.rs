//! How a type holds its type parameters: by value, behind pointers, shared, in name only.

use crate::dance::at::At;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{ItemKind, Path, Tokens, TypeId, TypeKind};

/// How deep types are gone through.
const MAX_STEPS: u32 = 8;

/// The ways in which a type holds a parameter; several at once where it has several fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // A set.
pub(crate) struct Holds {
    /// By value: in a field, a box, a vector, a cell.
    pub(crate) owned: bool,
    /// By value in a cell that hands it out through a shared reference.
    pub(crate) cell: bool,
    /// Behind a raw pointer.
    pub(crate) pointer: bool,
    /// Behind a pointer, in something that is not known: a trait's object, another package's type.
    pub(crate) erased: bool,
    /// Behind a shared reference.
    pub(crate) shared: bool,
    /// Behind a mutable reference.
    pub(crate) mutable: bool,
    /// Counted: `Arc`.
    pub(crate) counted: bool,
    /// In name: `PhantomData<T>` as if by value, and together with `shared` or `mutable` as if by
    /// reference.
    pub(crate) named: bool,
    /// In a type of another package.
    pub(crate) unknown: bool,
    /// In a lock, which makes shared what may be sent.
    pub(crate) locked: bool,
}

impl Holds {
    /// Whether a value of it may be in there.
    pub(crate) fn is_value(self) -> bool {
        self.owned || self.cell || self.counted || self.locked || self.unknown
    }

    /// Whether it holds it in any way that counts.
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }

    /// Whether nothing of it is there, only its name.
    pub(crate) fn is_name(self) -> bool {
        let named = Self {
            named: true,
            ..Self::default()
        };
        self == named
    }

    fn and(self, other: Self) -> Self {
        Self {
            owned: self.owned || other.owned,
            cell: self.cell || other.cell,
            pointer: self.pointer || other.pointer,
            erased: self.erased || other.erased,
            shared: self.shared || other.shared,
            mutable: self.mutable || other.mutable,
            counted: self.counted || other.counted,
            named: self.named || other.named,
            unknown: self.unknown || other.unknown,
            locked: self.locked || other.locked,
        }
    }

    /// What is held in something that is itself held so.
    fn within(self, outer: Self) -> Self {
        match (self.is_any(), outer.is_any()) {
            (false, _) | (_, false) => Self::default(),
            // By value within: as the outer one says.
            _ if self == OWNED => outer,
            _ => Self {
                unknown: self.unknown || outer.unknown,
                ..self
            },
        }
    }
}

const OWNED: Holds = Holds {
    owned: true,
    cell: false,
    pointer: false,
    erased: false,
    shared: false,
    mutable: false,
    counted: false,
    named: false,
    unknown: false,
    locked: false,
};

impl At<'_> {
    /// How a type of the package holds its type parameter with a number.
    pub(crate) fn holds(&self, name: &str, number: usize) -> Holds {
        self.held_in(name, number, MAX_STEPS)
    }

    fn held_in(&self, name: &str, number: usize, steps: u32) -> Holds {
        let Some(steps) = steps.checked_sub(1) else {
            return Holds::default();
        };
        let Some((_, place, item)) = self.declared.type_at_top(self.file.index, name) else {
            return Holds::default();
        };
        let Some(there) = self.declared.at(place) else {
            return Holds::default();
        };
        let generics = there.generics(item);
        let Some(parameter) = generics.types.get(number) else {
            return Holds::default();
        };
        let parameter = parameter.name.as_str();
        match &item.kind {
            ItemKind::Struct { fields, .. } | ItemKind::Union { fields } => {
                let fields = fields.iter();
                let held = fields.map(|field| there.held_by(field.of, parameter, steps));
                held.fold(Holds::default(), Holds::and)
            }
            ItemKind::Enum { variants, .. } => {
                let fields = variants.iter().filter_map(|variant| variant.fields);
                let held = fields.map(|fields| there.held_by_tokens(fields, parameter));
                held.fold(Holds::default(), Holds::and)
            }
            ItemKind::Alias { of: Some(of), .. } => there.held_by(*of, parameter, steps),
            _ => Holds::default(),
        }
    }

    /// How a type as it is written holds a type parameter.
    pub(crate) fn held_by(&self, of: TypeId, parameter: &str, steps: u32) -> Holds {
        let Some(steps) = steps.checked_sub(1) else {
            return Holds::default();
        };
        let inner = |of: TypeId| self.held_by(of, parameter, steps);
        match self.syntax().type_kind(of) {
            TypeKind::Path(path) => self.held_by_path(path, parameter, steps),
            TypeKind::Ref { mutable, of } => match inner(*of) {
                held if !held.is_any() || held.is_name() => held,
                _ => Holds {
                    mutable: *mutable,
                    shared: !mutable,
                    ..Holds::default()
                },
            },
            TypeKind::Pointer { of, .. } => pointer(inner(*of)),
            TypeKind::Slice(of) | TypeKind::Array { of, .. } => inner(*of),
            TypeKind::Tuple(parts) => {
                let parts = parts.iter().map(|part| inner(*part));
                parts.fold(Holds::default(), Holds::and)
            }
            TypeKind::Unknown => Holds::default(),
            TypeKind::Other => self.held_by_object(self.type_tokens(of), parameter),
        }
    }

    /// `dyn Trait<T>`: an implementation holds one, most likely; a function does not.
    fn held_by_object(&self, tokens: Tokens, parameter: &str) -> Holds {
        // And what is declared to be `Send` or `Sync` by itself asks nothing of the parameter.
        const OTHERS: [&str; 5] = ["Fn", "FnMut", "FnOnce", "Send", "Sync"];
        let is_function = self.mentions_any(tokens, &OTHERS) || self.has_kind(tokens, T::Fn);
        match self.mentions(tokens, parameter) && !is_function {
            true => Holds {
                unknown: true,
                ..OWNED
            },
            false => Holds::default(),
        }
    }

    fn held_by_path(&self, path: &Path, parameter: &str, steps: u32) -> Holds {
        let Some(last) = path.segments.last() else {
            return Holds::default();
        };
        if path.of_type.is_none() && path.segments.len() == 1 && self.is_name(last.name, parameter)
        {
            return OWNED;
        }
        let held: Vec<Holds> = last
            .arguments
            .iter()
            .map(|argument| self.held_by(*argument, parameter, steps))
            .collect();
        let all = held.iter().copied().fold(Holds::default(), Holds::and);
        if !all.is_any() {
            return all;
        }
        let name = self.name(last.name);
        let is_own = self.declared.type_at_top(self.file.index, name).is_some();
        if is_own {
            let held = held.iter().enumerate();
            let held = held.filter(|(_, held)| held.is_any()).map(|(at, held)| {
                let outer = self.held_in(name, at, steps);
                held.within(outer)
            });
            return held.fold(Holds::default(), Holds::and);
        }
        match name {
            "PhantomData" => match all {
                held if held.is_value() || held.named => Holds {
                    named: true,
                    ..Holds::default()
                },
                Holds { shared: true, .. } => Holds {
                    shared: true,
                    named: true,
                    ..Holds::default()
                },
                Holds { mutable: true, .. } => Holds {
                    mutable: true,
                    named: true,
                    ..Holds::default()
                },
                _ => Holds::default(),
            },
            "NonNull" | "AtomicPtr" | "Shared" | "Unique" => pointer(all),
            "Arc" | "Weak" if all.is_value() => Holds {
                counted: true,
                cell: all.cell,
                locked: all.locked,
                unknown: all.unknown,
                ..Holds::default()
            },
            "UnsafeCell" | "Cell" | "RefCell" | "SyncUnsafeCell" => Holds {
                cell: all.owned,
                ..all
            },
            "Mutex" | "RwLock" | "Sender" | "SyncSender" | "Receiver" if all.is_value() => Holds {
                locked: true,
                ..Holds::default()
            },
            "Box" | "Vec" | "VecDeque" | "Option" | "Result" | "ManuallyDrop" | "MaybeUninit"
            | "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" | "LinkedList" | "BinaryHeap"
            | "Rc" | "Pin" | "CachePadded" | "Wrapping" | "Reverse" => all,
            _ => Holds {
                unknown: true,
                ..all
            },
        }
    }

    /// The same of a variant's fields.
    fn held_by_tokens(&self, fields: Tokens, parameter: &str) -> Holds {
        let source = self.file.source;
        let mut held = Holds::default();
        for at in fields.start as usize..fields.end as usize {
            if !source.kind(at).is_ident() || source.name_bytes(at) != parameter.as_bytes() {
                continue;
            }
            let before = |by: usize| at.checked_sub(by).map(|at| source.kind(at));
            let name = at.checked_sub(2).map(|at| source.name(at));
            let is_argument = before(1) == Some(T::Lt);
            let one = match (before(1), before(2), name.as_deref()) {
                (Some(T::Mut | T::Const), Some(T::Star), _) => pointer(OWNED),
                (Some(T::Amp), ..) | (_, Some(T::Amp), _) => Holds {
                    shared: true,
                    ..Holds::default()
                },
                (_, _, Some("PhantomData")) if is_argument => Holds {
                    named: true,
                    ..Holds::default()
                },
                (_, _, Some("NonNull" | "AtomicPtr")) if is_argument => pointer(OWNED),
                _ => OWNED,
            };
            held = held.and(one);
        }
        held
    }
}

fn pointer(inner: Holds) -> Holds {
    Holds {
        pointer: inner.is_any(),
        erased: inner.unknown || inner.erased,
        ..Holds::default()
    }
}
