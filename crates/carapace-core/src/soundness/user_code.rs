//! Where a function runs code that its caller chose: closures, and methods of types that are put in.
//! Such code may unwind, and it may read what it is given.

mod traits;

use self::traits::{
    ITERATES, gives, is_closure_trait, is_harmless, is_known, is_no_element, is_plain,
};
use crate::dance::at::At;
use crate::dance::scope::Bound;
use crate::dance::types::Ty;
use crate::soundness::generics::TypeParameter;
use crate::source::lexer::TokenKind as T;
use crate::source::syntax::{
    ExprId, ExprKind, Function, ItemId, ItemKind, Operator, Path, Receiver, TypeId, TypeKind,
};

/// How many declarations are followed from a name to what it was made of.
const MAX_STEPS: u32 = 12;

/// Whose code is run, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserCode {
    /// What is run, for people: "the closure `f`".
    pub(crate) says: String,
    /// Whether types tell it, and not names alone.
    pub(crate) is_certain: bool,
    /// Whether it is a closure.
    pub(crate) is_closure: bool,
}

/// What stands for code of the caller in a function.
#[derive(Debug)]
pub(crate) struct Given<'a, 'p> {
    at: &'a At<'p>,
    function: &'p Function,
    /// The type parameters that hold in the function, with all that is asked of them.
    pub(crate) parameters: Vec<TypeParameter>,
    /// Whether `self` is of a type that is put in: in a trait, or in an implementation for `T`.
    is_self_given: bool,
    /// What is asked of it.
    self_bounds: Vec<String>,
}

/// What a type stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// A closure.
    Closure,
    /// A type with these traits.
    Type(Vec<String>),
}

impl<'a, 'p> Given<'a, 'p> {
    /// What holds in a function.
    pub(crate) fn new(at: &'a At<'p>, item: ItemId, function: &'p Function) -> Self {
        let mut parameters: Vec<TypeParameter> = Vec::new();
        let (mut is_self_given, mut self_bounds) = (false, Vec::new());
        let mut around = Some(item);
        let mut steps = MAX_STEPS;
        while let (Some(found), Some(left)) = (
            around.and_then(|id| at.syntax().item(id)),
            steps.checked_sub(1),
        ) {
            steps = left;
            for parameter in at.generics(found).types {
                match parameters.iter_mut().find(|own| own.name == parameter.name) {
                    Some(own) => own.bounds.extend(parameter.bounds),
                    None => parameters.push(parameter),
                }
            }
            match &found.kind {
                ItemKind::Trait { .. } => {
                    is_self_given = true;
                    self_bounds.extend(found.name.map(|name| at.name(name).to_owned()));
                }
                ItemKind::Impl { of, of_trait, .. } => {
                    if let Some(name) = at.type_name(*of)
                        && let Some(own) = parameters.iter().find(|own| own.name == name)
                    {
                        is_self_given = true;
                        self_bounds.clone_from(&own.bounds);
                        let last = of_trait.as_ref().and_then(|path| path.segments.last());
                        self_bounds.extend(last.map(|last| at.name(last.name).to_owned()));
                    }
                }
                // An inner function knows nothing of the outer one's parameters.
                ItemKind::Function(_) if around != Some(item) => break,
                _ => {}
            }
            around = found.parent;
        }
        Self {
            at,
            function,
            parameters,
            is_self_given,
            self_bounds,
        }
    }

    /// A type parameter whose values may have something to drop: none of `Copy` and its like is asked.
    pub(crate) fn is_droppable(&self, name: &str) -> bool {
        let found = self.parameters.iter().find(|own| own.name == name);
        found.is_some_and(|own| {
            !(self.is_closure(own) || is_plain(own) || self.at.has_bound(own, "Copy"))
        })
    }

    /// Whether values of a type parameter may be any bits, or are those of unsafe code that says so.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        let found = self.parameters.iter().find(|own| own.name == name);
        found.is_none_or(is_plain)
    }

    /// Whether there is any such type parameter.
    pub(crate) fn any_droppable(&self) -> bool {
        let mut names = self.parameters.iter();
        names.any(|own| {
            self.is_droppable(&own.name) && !own.bounds.iter().any(|of| is_no_element(of))
        })
    }

    fn is_closure(&self, own: &TypeParameter) -> bool {
        own.bounds.iter().any(|bound| is_closure_trait(bound))
    }

    /// Whose code an expression runs by itself, apart from what is in it.
    pub(crate) fn run_by(&self, id: ExprId) -> Option<UserCode> {
        match self.at.kind(id) {
            ExprKind::Call { callee, arguments } => self.called(*callee, arguments),
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let name = self.at.name(*name);
                self.method(*receiver, name)
                    .or_else(|| self.handed_on(arguments, name))
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => self.operated(*operator, *left, *right),
            _ => None,
        }
    }

    /// Whose code a `for` over an expression runs.
    pub(crate) fn iterated(&self, over: ExprId) -> Option<UserCode> {
        let role = self.role(over, MAX_STEPS)?;
        let Role::Type(_) = role else {
            return None;
        };
        Some(UserCode {
            says: format!("the iterator `{}`", self.at.plain(over)),
            is_certain: true,
            is_closure: false,
        })
    }

    fn called(&self, callee: ExprId, arguments: &[ExprId]) -> Option<UserCode> {
        let callee = self.at.bare(callee);
        let closure = |says: String| UserCode {
            says,
            is_certain: true,
            is_closure: true,
        };
        match self.at.kind(callee) {
            ExprKind::Path(path) => {
                if let Some(name) = self.at.single(callee) {
                    return match self.role(callee, MAX_STEPS) {
                        Some(Role::Closure) => Some(closure(format!("the closure `{name}`"))),
                        _ => self.handed_on(arguments, name),
                    };
                }
                self.associated(path, arguments)
                    .or_else(|| self.handed_on(arguments, &self.at.plain(callee)))
            }
            // `(self.f)(x)`
            ExprKind::Field { .. } | ExprKind::Unary { .. } => {
                let role = self.role(callee, MAX_STEPS);
                let is_known = role == Some(Role::Closure);
                let of = self.at.type_of(callee);
                let is_open = matches!(of.peeled(), Ty::Unknown) || self.is_parameter(&of);
                (is_known || is_open).then(|| UserCode {
                    is_certain: is_known,
                    ..closure(format!("the closure `{}`", self.at.plain(callee)))
                })
            }
            _ => None,
        }
    }

    /// `T::method(…)`, `Trait::method(t)`
    fn associated(&self, path: &Path, arguments: &[ExprId]) -> Option<UserCode> {
        let (last, before) = path.segments.split_last()?;
        let name = self.at.name(last.name);
        if is_harmless(name) {
            return None;
        }
        let says = format!("`{name}` of a type that is put in");
        let code = |is_certain| {
            Some(UserCode {
                says,
                is_certain,
                is_closure: false,
            })
        };
        let of = match path.of_type {
            Some(of) => self.at.type_name(of),
            None => before.last().map(|before| self.at.name(before.name)),
        }?;
        if let Some(own) = self.parameters.iter().find(|own| own.name == of) {
            return match self.is_closure(own) {
                true => None,
                false => code(true),
            };
        }
        let first = arguments.first()?;
        let is_given = matches!(self.role(*first, MAX_STEPS), Some(Role::Type(_)))
            || self.is_parameter(&self.at.type_of(*first));
        (is_given && gives(of, name)).then(|| code(true)).flatten()
    }

    /// A closure that is handed to another function, which runs it: `items.for_each(f)`.
    fn handed_on(&self, arguments: &[ExprId], to: &str) -> Option<UserCode> {
        const KEEP: [&str; 12] = [
            "new",
            "Some",
            "Ok",
            "Err",
            "from",
            "forget",
            "drop",
            "Box",
            "write",
            "push",
            "size_of_val",
            "ManuallyDrop",
        ];
        let last = to.rsplit("::").next().unwrap_or(to);
        if KEEP.contains(&last) || last.starts_with(|first: char| first.is_uppercase()) {
            return None;
        }
        arguments.iter().find_map(|argument| {
            let name = self.at.single(self.unborrowed(*argument))?;
            let is_closure = self.role(*argument, MAX_STEPS) == Some(Role::Closure);
            is_closure.then(|| UserCode {
                says: format!("`{last}` with the closure `{name}`"),
                is_certain: true,
                is_closure: true,
            })
        })
    }

    fn unborrowed(&self, id: ExprId) -> ExprId {
        match self.at.kind(self.at.bare(id)) {
            ExprKind::Borrow { operand, .. } => self.at.bare(*operand),
            _ => self.at.bare(id),
        }
    }

    fn method(&self, receiver: ExprId, name: &str) -> Option<UserCode> {
        if is_harmless(name) {
            return None;
        }
        let code = |is_certain| {
            Some(UserCode {
                says: format!("`{name}` of `{}`", shortened(&self.at.plain(receiver))),
                is_certain,
                is_closure: false,
            })
        };
        let of = self.at.type_of(receiver);
        if let Ty::Parameter(parameter) = of.peeled() {
            let own = self.parameters.iter().find(|own| own.name == *parameter);
            let is_own = own.is_none_or(|own| self.is_method_of(&own.bounds, name));
            return is_own.then(|| code(true)).flatten();
        }
        let compares = matches!(
            name,
            "clone"
                | "cmp"
                | "partial_cmp"
                | "eq"
                | "ne"
                | "lt"
                | "le"
                | "gt"
                | "ge"
                | "to_vec"
                | "to_owned"
                | "clone_from"
        );
        if compares && of.is_known() && self.is_made_of(&of) {
            return match of.peeled() {
                // Copies a pointer, or nothing of the value.
                Ty::Pointer { .. } | Ty::Named(..) => None,
                _ => code(true),
            };
        }
        if let Some(Role::Type(bounds)) = self.role(receiver, MAX_STEPS)
            && self.is_method_of(&bounds, name)
        {
            return code(true);
        }
        let is_nothing = matches!(of, Ty::Unknown | Ty::Ref { .. }) && *of.peeled() == Ty::Unknown;
        let mut own = self.parameters.iter();
        // What is it called on? A method by the name of one that a type put in has to have.
        let is_alike = is_nothing
            && !matches!(
                name,
                "next" | "read" | "write" | "as_ref" | "as_mut" | "len" | "from"
            )
            && own.any(|own| {
                own.bounds
                    .iter()
                    .any(|bound| gives(bound, name) || self.declares(bound, name))
            });
        is_alike.then(|| code(false)).flatten()
    }

    /// `a < b` of a type that is put in.
    fn operated(&self, operator: Operator, left: ExprId, right: ExprId) -> Option<UserCode> {
        if matches!(operator, Operator::LazyAnd | Operator::LazyOr) {
            return None;
        }
        let is_given = |id| self.is_parameter(&self.at.type_of(id));
        (is_given(left) || is_given(right)).then(|| UserCode {
            says: format!("an operator of `{}`", shortened(&self.at.plain(left))),
            is_certain: true,
            is_closure: false,
        })
    }

    fn is_parameter(&self, of: &Ty) -> bool {
        matches!(of.peeled(), Ty::Parameter(name) if self.parameters.iter().any(|own| own.name == *name))
    }

    fn is_made_of(&self, of: &Ty) -> bool {
        match of {
            Ty::Parameter(name) => self.is_droppable(name),
            Ty::Ref { of, .. }
            | Ty::Slice(of)
            | Ty::Array(of, _)
            | Ty::Vec(of)
            | Ty::Boxed(of)
            | Ty::Option(of) => self.is_made_of(of),
            _ => false,
        }
    }

    fn is_method_of(&self, bounds: &[String], name: &str) -> bool {
        let mut bounds = bounds.iter();
        bounds.any(|bound| {
            gives(bound, name)
                || self.declares(bound, name)
                || !self.at.declared.has(bound) && !is_known(bound)
        })
    }

    /// Whether a trait of the package declares a method.
    fn declares(&self, bound: &str, name: &str) -> bool {
        let mut functions = self.at.declared.functions(name, Some(bound));
        functions.next().is_some()
    }

    /// What the value of an expression was made of: a parameter of the function, a field.
    fn role(&self, id: ExprId, steps: u32) -> Option<Role> {
        let steps = steps.checked_sub(1)?;
        let id = self.at.bare(id);
        let inner = |id: ExprId| self.role(id, steps);
        match self.at.kind(id) {
            ExprKind::Borrow { operand, .. } | ExprKind::Unary { operand, .. } => inner(*operand),
            ExprKind::Try(operand) => inner(*operand),
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let is_same = ITERATES.iter().any(|word| self.at.is_name(*name, word));
                match inner(*receiver).filter(|_| is_same) {
                    Some(role) => Some(role),
                    None if is_same => arguments.iter().find_map(|argument| {
                        // `a.iter().map(f)`
                        inner(*argument)
                            .filter(|_| self.at.single(*argument).is_some())
                            .map(|_| Role::Type(vec!["Iterator".to_owned()]))
                    }),
                    None => None,
                }
            }
            ExprKind::Field { .. } => match self.at.type_of(id).peeled() {
                Ty::Parameter(name) => self.role_of_parameter(name),
                _ => None,
            },
            ExprKind::Path(path) => {
                let name = self.at.single(id)?;
                if name == "self" {
                    let is_given = self.is_self_given && self.function.receiver.is_some();
                    return is_given.then(|| Role::Type(self.self_bounds.clone()));
                }
                let binding = self.at.binding(name, id)?;
                if path.segments.len() != 1 {
                    return None;
                }
                match binding.bound {
                    Bound::Parameter(of)
                    | Bound::Let {
                        declared: Some(of), ..
                    } => self.role_of_type(of, steps),
                    Bound::Let {
                        value: Some(value), ..
                    } => inner(value),
                    Bound::Taken { value, .. } => match self.at.type_of(id).peeled() {
                        Ty::Parameter(name) => self.role_of_parameter(name),
                        _ => inner(value).filter(|role| *role == Role::Closure),
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn role_of_parameter(&self, name: &str) -> Option<Role> {
        let own = self.parameters.iter().find(|own| own.name == *name)?;
        Some(match self.is_closure(own) {
            true => Role::Closure,
            false => Role::Type(own.bounds.clone()),
        })
    }

    /// What a type as it is written stands for.
    fn role_of_type(&self, of: TypeId, steps: u32) -> Option<Role> {
        let steps = steps.checked_sub(1)?;
        match self.at.syntax().type_kind(of) {
            TypeKind::Ref { of, .. } => self.role_of_type(*of, steps),
            TypeKind::Path(path) => {
                let [.., last] = path.segments.as_slice() else {
                    return None;
                };
                let name = self.at.name(last.name);
                if matches!(name, "Box" | "Option" | "Pin") {
                    let first = last.arguments.first()?;
                    return self.role_of_type(*first, steps);
                }
                match path.segments.len() {
                    1 => self.role_of_parameter(name),
                    _ => None,
                }
            }
            TypeKind::Other => {
                let tokens = self.at.type_tokens(of);
                let source = self.at.file.source;
                let first = tokens.start as usize;
                let is_trait = source.kind(first) == T::Impl || source.kind(first) == T::Dyn;
                if !is_trait {
                    return None;
                }
                let names =
                    (first + 1..tokens.end as usize).filter(|at| source.kind(*at).is_ident());
                let bounds: Vec<String> = names.take(8).map(|at| source.name(at)).collect();
                Some(match bounds.iter().any(|bound| is_closure_trait(bound)) {
                    true => Role::Closure,
                    false => Role::Type(bounds),
                })
            }
            _ => None,
        }
    }

    /// Whether a function takes `self` as `&mut self`.
    pub(crate) fn is_self_mut(&self) -> bool {
        self.function.receiver == Some(Receiver::Mut)
    }
}

impl<'p> At<'p> {
    /// The last name of a type that is a path.
    pub(crate) fn type_name(&self, of: TypeId) -> Option<&'p str> {
        match self.syntax().type_kind(of) {
            TypeKind::Path(path) => path.segments.last().map(|last| self.name(last.name)),
            TypeKind::Ref { of, .. } => match self.syntax().type_kind(*of) {
                TypeKind::Path(path) => path.segments.last().map(|last| self.name(last.name)),
                _ => None,
            },
            _ => None,
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
