//! What each expression of a function does.

use std::ops::Range;

use super::{Counting, Does, Flow, MAX_STEPS, Step};
use crate::dance::types::Ty;
use crate::source::syntax::{
    Borrow, ExprId, ExprKind, ItemKind, Operator, Path, Prefix, StatementKind,
};

/// Fields and variables that count what a container holds, or say where it begins and ends.
const COUNTS: [&str; 16] = [
    "len",
    "length",
    "size",
    "count",
    "head",
    "tail",
    "start",
    "end",
    "left",
    "right",
    "num",
    "n",
    "used",
    "filled",
    "init",
    "initialized",
];

/// Methods that put values into their receiver.
const FILLS: [&str; 24] = [
    "push",
    "push_back",
    "push_front",
    "extend",
    "extend_from_slice",
    "resize",
    "resize_with",
    "fill",
    "fill_with",
    "copy_from_slice",
    "clone_from_slice",
    "spare_capacity_mut",
    "zeroize",
    "write_bytes",
    "insert",
    "append",
    "put",
    "put_slice",
    "write_all",
    "copy_within",
    "swap_with_slice",
    "replace",
    "set_zero",
    "initialize",
];

impl Flow<'_, '_> {
    /// What the function does, in order.
    pub(super) fn taken(&self) -> Vec<Step> {
        let inner = self.inner_bodies();
        let mut steps = Vec::new();
        let mut inner = inner.into_iter().peekable();
        for id in self.at.syntax().within(self.body) {
            while inner.next_if(|range| range.end <= id.0).is_some() {}
            if inner.peek().is_some_and(|range| range.contains(&id.0)) {
                continue;
            }
            self.step_of(id, &mut steps);
            if steps.len() > MAX_STEPS {
                break;
            }
        }
        steps
    }

    /// The bodies of the functions that are declared in this one.
    fn inner_bodies(&self) -> Vec<Range<u32>> {
        let syntax = self.at.syntax();
        let end = syntax.item(self.item).map_or(0, |item| item.tokens.end);
        let behind = syntax
            .items
            .get(self.item.0 as usize + 1..)
            .unwrap_or_default();
        let inside = behind.iter().take_while(|item| item.tokens.start < end);
        let bodies = inside.filter_map(|item| match &item.kind {
            ItemKind::Function(function) => function.body,
            _ => None,
        });
        let mut ranges: Vec<Range<u32>> = bodies
            .filter_map(|body| {
                let first = syntax.within(body).next()?;
                Some(first.0..body.0 + 1)
            })
            .collect();
        ranges.sort_by_key(|range| range.start);
        ranges
    }

    fn step_of(&self, id: ExprId, steps: &mut Vec<Step>) {
        let before = steps.len();
        let mut add = |does| steps.push(Step { expr: id, does });
        if self.at.is_guard(id) {
            add(Does::Guards);
        }
        match self.at.kind(id) {
            ExprKind::Call { arguments, .. } => {
                if let Some(path) = self.at.called_path(id) {
                    self.call(id, path, arguments, &mut add);
                }
            }
            ExprKind::Method {
                receiver,
                name,
                arguments,
                ..
            } => {
                let name = self.at.name(*name);
                self.method(*receiver, name, arguments, &mut add);
            }
            ExprKind::Assign {
                operator,
                left,
                right,
            } => self.assign(*operator, *left, *right, &mut add),
            ExprKind::Try(_) => add(Does::Leaves),
            ExprKind::Macro { path, .. } => {
                let last = path.segments.last();
                if last.is_some_and(|last| self.at.is_name(last.name, "try")) {
                    add(Does::Leaves);
                }
            }
            ExprKind::For { over, .. } => {
                // Asked again after each time around.
                if let Some(code) = self.given.iterated(*over) {
                    add(Does::Runs(code));
                }
            }
            _ => {}
        }
        if let Some(code) = self.given.run_by(id) {
            steps.push(Step {
                expr: id,
                does: Does::Runs(code),
            });
        } else if steps.len() == before {
            self.hand(id, steps);
        }
        if let Some(around) = self.at.around(id)
            && let ExprKind::For { over, .. } = self.at.kind(around)
            && *over == id
            && let Some(code) = self.given.iterated(id)
        {
            steps.push(Step {
                expr: id,
                does: Does::Runs(code),
            });
        }
    }

    fn call(&self, id: ExprId, path: &Path, arguments: &[ExprId], add: &mut dyn FnMut(Does)) {
        let mut names = path.segments.iter().rev().map(|segment| segment.name);
        let Some(last) = names.next() else {
            return;
        };
        let (name, parent) = match self.at.standard(path) {
            Some((parent, name)) => (name, parent),
            None => {
                let parent = names.next().map(|name| self.at.name(name));
                (self.at.name(last), parent.unwrap_or_default())
            }
        };
        let place = |number: usize| arguments.get(number).and_then(|id| self.place(*id));
        let is_ptr = matches!(parent, "ptr" | "intrinsics");
        // Without a type of its own: what a `let` names holds nothing yet.
        if name == "uninitialized" && arguments.is_empty() {
            self.named(id)
                .into_iter()
                .for_each(|of| add(Does::Unwritten(of)));
        }
        if name == "from_raw" && parent == "Box" {
            place(0).into_iter().for_each(|of| add(Does::Boxes(of)));
        }
        if name == "from_raw_parts_mut" && parent == "slice" {
            place(0).into_iter().for_each(|of| add(Does::Exposes(of)));
        }
        match (name, arguments.len()) {
            ("read" | "read_unaligned", 1) if is_ptr => {
                if let Some(from) = place(0).filter(|_| !self.is_kept_apart(id)) {
                    add(Does::Read(from));
                }
            }
            ("write" | "write_unaligned", 2) | ("write_bytes", 3) | ("zeroize", _) if is_ptr => {
                place(0).into_iter().for_each(|to| add(Does::Write(to)));
            }
            ("copy" | "copy_nonoverlapping", 3) if is_ptr => self.shift(place(0), place(1), add),
            ("drop_in_place", 1) => place(0).into_iter().for_each(|of| add(Does::Drops(of))),
            // What is left behind is no value.
            ("replace", 2) if (parent == "mem" || is_ptr) && self.is_nothing(arguments.get(1)) => {
                place(0).into_iter().for_each(|from| add(Does::Read(from)));
            }
            ("replace" | "swap" | "take", _) if parent == "mem" || is_ptr => {
                place(0).into_iter().for_each(|to| add(Does::Write(to)));
            }
            ("forget", 1) => self.forget(arguments, add),
            ("new", 1) if parent == "ManuallyDrop" => self.forget(arguments, add),
            ("into_raw" | "leak" | "into_raw_parts" | "into_non_null" | "into_pin", 1) => {
                self.forget(arguments, add)
            }
            ("from_raw" | "from_raw_parts" | "from_raw_in", _)
                if !self.is_let_apart(id)
                    && matches!(
                        parent,
                        "Vec" | "Box" | "String" | "Arc" | "Rc" | "CString" | "StdVec" | "Weak"
                    ) =>
            {
                self.named(id)
                    .into_iter()
                    .for_each(|of| add(Does::Owns(of)));
            }
            ("transmute", 1)
                if matches!(self.at.expected(id), Ty::Boxed(_) | Ty::Vec(_) | Ty::String) =>
            {
                self.named(id)
                    .into_iter()
                    .for_each(|of| add(Does::Owns(of)));
            }
            _ => {}
        }
    }

    fn method(
        &self,
        receiver: ExprId,
        name: &str,
        arguments: &[ExprId],
        add: &mut dyn FnMut(Does),
    ) {
        let place = || self.place(receiver);
        let argument = |number: usize| arguments.get(number).and_then(|id| self.place(*id));
        match (name, arguments.len()) {
            ("read" | "read_unaligned", 0) if self.is_pointer(receiver) => {
                if let Some(from) = place().filter(|_| !self.is_kept_apart(receiver)) {
                    add(Does::Read(from));
                }
            }
            ("write" | "write_unaligned", 1) | ("write_bytes", 2)
                if !self.is_of_package(receiver) =>
            {
                place().into_iter().for_each(|to| add(Does::Write(to)));
            }
            ("copy_to" | "copy_to_nonoverlapping", 2) => self.shift(place(), argument(0), add),
            ("copy_from" | "copy_from_nonoverlapping", 2) => self.shift(argument(0), place(), add),
            ("drop_in_place", 0) => place().into_iter().for_each(|of| add(Does::Drops(of))),
            ("reserve" | "reserve_exact" | "try_reserve" | "try_reserve_exact", _) => {
                place().into_iter().for_each(|of| add(Does::Grows(of)));
            }
            ("get_unchecked_mut", 1) => {
                place().into_iter().for_each(|of| add(Does::Exposes(of)));
            }
            ("assume_init", 0) if self.is_of_nothing(receiver) => {
                let whole = self.at.around(receiver);
                let is_held = whole.is_some_and(|whole| self.is_held(&self.at.expected(whole)));
                let name = whole
                    .filter(|_| !is_held)
                    .and_then(|whole| self.named(whole));
                name.into_iter().for_each(|of| add(Does::Unwritten(of)));
            }
            ("clear", 0) | ("truncate", 1) => {
                place()
                    .into_iter()
                    .for_each(|of| add(Does::Counts(of, Counting::Zero)));
            }
            ("into_raw" | "leak" | "into_boxed_slice_raw" | "into_raw_parts", 0) => {
                place().into_iter().for_each(|of| add(Does::Forgets(of)));
            }
            (name, 1) if matches!(name, "set_len" | "set_size") || name.starts_with("set_len_") => {
                let how = arguments
                    .first()
                    .map_or(Counting::Set, |to| self.counting(*to));
                place()
                    .into_iter()
                    .for_each(|of| add(Does::Counts(of, how)));
            }
            (name, _) if name.contains("drop") && self.drops(name) => {
                place().into_iter().for_each(|of| add(Does::Drops(of)));
            }
            (name, _) if FILLS.contains(&name) => {
                place().into_iter().for_each(|to| add(Does::Write(to)));
            }
            _ => {}
        }
    }

    /// Whether a type is for what is no value yet.
    fn is_held(&self, of: &Ty) -> bool {
        match of {
            Ty::Named(name, _) => name == "MaybeUninit",
            Ty::Array(of, _) => matches!(&**of, Ty::Named(name, _) if name == "MaybeUninit"),
            _ => false,
        }
    }

    /// `MaybeUninit::uninit()`
    fn is_of_nothing(&self, id: ExprId) -> bool {
        let path = self.at.called_path(self.at.bare(id));
        let last = path.and_then(|path| path.segments.last());
        last.is_some_and(|last| self.at.is_name(last.name, "uninit"))
    }

    /// Whether an unsafe function of the package drops what is in its type.
    fn drops(&self, name: &str) -> bool {
        let owner = self.owner();
        let mut functions = self.at.declared.functions(name, owner).take(4);
        functions.any(|(place, function)| {
            let (there, item) = (self.at.declared.at(place), self.at.declared.item(place));
            function.unsafety.is_some()
                && there
                    .zip(item)
                    .is_some_and(|(there, item)| there.mentions(item.tokens, "drop_in_place"))
        })
    }

    fn shift(&self, from: Option<String>, to: Option<String>, add: &mut dyn FnMut(Does)) {
        let from = from.unwrap_or_default();
        let to = to.unwrap_or_default();
        add(Does::Shift { from, to });
    }

    /// Everything that is named in arguments is never dropped.
    fn forget(&self, arguments: &[ExprId], add: &mut dyn FnMut(Does)) {
        for argument in arguments {
            let parts = self.at.syntax().within(*argument).take(64);
            for part in parts.filter(|part| self.at.single(*part).is_some()) {
                let whole = self.whole(part, *argument);
                self.place(whole)
                    .into_iter()
                    .for_each(|of| add(Does::Forgets(of)));
            }
        }
    }

    /// The field that a variable is the beginning of: `self.buf` of `self`.
    fn whole(&self, part: ExprId, inside: ExprId) -> ExprId {
        let mut at = part;
        while let Some(around) = self.at.around(at).filter(|around| *around <= inside) {
            match self.at.kind(around) {
                ExprKind::Field { .. } => at = around,
                _ => break,
            }
        }
        at
    }

    fn assign(
        &self,
        operator: Option<Operator>,
        left: ExprId,
        right: ExprId,
        add: &mut dyn FnMut(Does),
    ) {
        let bare = self.at.bare(left);
        let is_variable = matches!(self.at.kind(bare), ExprKind::Path(_));
        let is_behind = matches!(
            self.at.kind(bare),
            ExprKind::Index { .. }
                | ExprKind::Unary {
                    operator: Prefix::Deref,
                    ..
                }
        );
        let Some(place) = self.place(bare) else {
            return;
        };
        if is_variable {
            let path = self.at.called_path(self.at.bare(right));
            let last = path.and_then(|path| path.segments.last());
            if last.is_some_and(|last| self.at.is_name(last.name, "with_capacity")) {
                add(Does::Grows(place));
            }
            return;
        }
        let (before, last) = place.rsplit_once('.').unwrap_or(("", &place));
        if COUNTS.contains(&last) && !before.is_empty() {
            let how = match operator {
                Some(Operator::Add) => Counting::Raised,
                Some(_) => Counting::Set,
                None => self.counting(right),
            };
            return add(Does::Counts(before.to_owned(), how));
        }
        if operator.is_some() {
            return add(Does::Counts(place, Counting::Raised));
        }
        add(match is_behind {
            true => Does::Assign(place),
            false => Does::Write(place),
        });
    }

    fn counting(&self, to: ExprId) -> Counting {
        let text = self.at.plain(to);
        match text.as_str() {
            "0" => Counting::Zero,
            text if text.contains('+') || text.contains("capacity") => Counting::Raised,
            _ => Counting::Set,
        }
    }

    /// Whether a value is put into something that never drops it.
    fn is_kept_apart(&self, inner: ExprId) -> bool {
        let mut around = self.at.syntax().ancestors(inner).take(3);
        let is_apart = around.any(|around| {
            let path = self.at.called_path(around);
            let mut segments = path.into_iter().flat_map(|path| &path.segments);
            segments.any(|segment| {
                self.at.is_name(segment.name, "ManuallyDrop")
                    || self.at.is_name(segment.name, "MaybeUninit")
                    || self.at.is_name(segment.name, "forget")
            })
        });
        is_apart || self.is_let_apart(inner)
    }

    /// A value that a `let` holds in something that never drops it.
    fn is_let_apart(&self, id: ExprId) -> bool {
        let mut at = id;
        for _ in 0..2 {
            let Some((statement, block)) = self.at.statement(at) else {
                return false;
            };
            let found = self.at.syntax().statement(statement);
            let is_let = found.is_some_and(|found| matches!(found.kind, StatementKind::Let { .. }));
            if is_let {
                let tokens = self.at.statement_tokens(statement);
                return self
                    .at
                    .mentions_any(tokens, &["ManuallyDrop", "MaybeUninit"]);
            }
            at = block;
        }
        false
    }

    /// `mem::uninitialized()`, `mem::zeroed()`
    fn is_nothing(&self, id: Option<&ExprId>) -> bool {
        let id = id.map(|id| self.at.tail(*id).unwrap_or(*id));
        let path = id.and_then(|id| self.at.called_path(self.at.bare(id)));
        let last = path.and_then(|path| path.segments.last());
        last.is_some_and(|last| {
            self.at.is_name(last.name, "uninitialized") || self.at.is_name(last.name, "zeroed")
        })
    }

    /// Whether a method is called on a value of one of the package's types.
    fn is_of_package(&self, receiver: ExprId) -> bool {
        match self.at.type_of(receiver).peeled() {
            Ty::Named(name, _) => self.at.declared.has(name) && name != "MaybeUninit",
            _ => self.at.single(receiver).is_some_and(|name| name == "self"),
        }
    }

    /// Whether a method is called on a pointer, and not on a reader or a lock.
    fn is_pointer(&self, receiver: ExprId) -> bool {
        match self.at.type_of(receiver) {
            Ty::Pointer { .. } => true,
            Ty::Named(name, _) => name == "NonNull",
            Ty::Unknown => match self.at.kind(self.at.bare(receiver)) {
                ExprKind::Method { name, .. } => {
                    const GIVE: [&str; 8] = [
                        "add",
                        "offset",
                        "sub",
                        "as_ptr",
                        "as_mut_ptr",
                        "cast",
                        "wrapping_add",
                        "ptr",
                    ];
                    GIVE.iter().any(|word| self.at.is_name(*name, word))
                }
                ExprKind::Cast { .. } => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Pointers and mutable references that other code is given.
    fn hand(&self, id: ExprId, steps: &mut Vec<Step>) {
        let arguments = match self.at.kind(id) {
            ExprKind::Call { arguments, .. } | ExprKind::Method { arguments, .. } => arguments,
            _ => return,
        };
        // What comes out leads to the same place, and is followed.
        if matches!(self.at.type_of(id), Ty::Ref { .. } | Ty::Pointer { .. }) {
            return;
        }
        for argument in arguments {
            let bare = self.at.bare(*argument);
            let is_handed = match self.at.kind(bare) {
                ExprKind::Borrow {
                    how: Borrow::Mut | Borrow::RawMut,
                    ..
                } => true,
                ExprKind::Method { .. }
                | ExprKind::Cast { .. }
                | ExprKind::Path(_)
                | ExprKind::Call { .. } => {
                    let of = self.at.type_of(bare);
                    matches!(of, Ty::Pointer { .. } | Ty::Ref { mutable: true, .. })
                        || self.at.plain(bare).contains("as_mut")
                }
                _ => false,
            };
            if let Some(place) = is_handed.then(|| self.place(bare)).flatten() {
                steps.push(Step {
                    expr: id,
                    does: Does::Hands(place),
                });
            }
        }
    }
}
