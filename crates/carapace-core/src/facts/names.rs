//! Which names a file declares and brings in: what paths are resolved with.
//!
//! This is a column of its own: it is made where names are asked for, from every item of a file and
//! not only from those that lead to something unsafe. [`crate::census::names`] resolves paths with
//! the columns of all packages of a graph.
//!
//! *Invariants.* Conditions are not looked at: of two declarations of a name under two `cfg`s, both
//! are here. What stands in a macro's definition, in a template or in the arguments of a macro that
//! is not known is left out.

use serde::{Deserialize, Serialize};

use super::ModuleFact;
use super::scan::module;
use crate::source::lexer::TokenKind;
use crate::source::outline::{
    self, FILE, Item, ItemId, ItemKind, Outline, Source, Visibility, Watch,
};
use crate::source::uses;

/// The version of the column.
pub const VERSION: u32 = 1;

/// What a name is declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NameKind {
    /// A module with a body in the file.
    Module,
    /// A function, or a function of a type or trait.
    Function,
    /// `struct`, `enum`, `union`, `type`, `trait`.
    Type,
    /// A variant of an enumeration.
    Variant,
    /// `const` and `static`.
    Value,
    /// A macro.
    Macro,
}

/// A name that is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameFact {
    /// The modules in the file that it is in, with `::`; empty for the file's own.
    pub inside: String,
    /// The type or trait that it belongs to.
    pub owner: Option<String>,
    /// The name, without `r#`.
    pub name: String,
    /// What it is.
    pub kind: NameKind,
    /// Whether it is `pub`; what belongs to a trait or an enumeration is.
    pub public: bool,
}

/// A name, or all of a module, that is brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFact {
    /// The modules in the file that it is in, with `::`.
    pub inside: String,
    /// The path as written, with `::`; it begins with `::` where that is written, and with `extern`
    /// where `extern crate` names a crate.
    pub path: String,
    /// The name that it has here; none for `*`.
    pub name: Option<String>,
    /// Whether it is `pub`.
    pub public: bool,
}

/// The names of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNames {
    /// Its path from the package's folder, with `/`.
    pub path: String,
    /// What it declares.
    pub names: Vec<NameFact>,
    /// What it brings in.
    pub imports: Vec<ImportFact>,
    /// Modules in files of their own.
    pub modules: Vec<ModuleFact>,
}

/// The names of a file; `path` is from the package's folder, with `/`.
#[must_use]
pub fn names(path: &str, bytes: &[u8]) -> FileNames {
    let source = Source::new(bytes);
    let outline = Outline::new(
        &source,
        Watch {
            all_items: true,
            ..Watch::default()
        },
    );
    let reader = Reader {
        source: &source,
        outline: &outline,
    };
    let mut file = FileNames {
        path: path.to_owned(),
        modules: outline.modules.iter().map(module).collect(),
        ..FileNames::default()
    };
    for item in &outline.items {
        reader.item(item, &mut file.names);
    }
    for definition in &outline.macros {
        file.names.push(NameFact {
            inside: String::new(),
            owner: None,
            name: source.name(definition.name as usize),
            kind: NameKind::Macro,
            public: definition.exported,
        });
    }
    for declaration in &outline.uses {
        if !reader.is_plain(declaration.condition) {
            continue;
        }
        let Some(inside) = reader.inside(declaration.item) else {
            continue;
        };
        for import in uses::imports(&source, declaration) {
            let path = import.path.join("::");
            file.imports.push(ImportFact {
                inside: inside.clone(),
                path: match path.strip_prefix("::") {
                    Some(name) if declaration.is_extern_crate => format!("extern::{name}"),
                    _ => path,
                },
                name: import.name,
                public: declaration.visibility == Visibility::Public,
            });
        }
    }
    file
}

struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    outline: &'s Outline,
}

impl Reader<'_, '_> {
    fn item(&self, item: &Item, names: &mut Vec<NameFact>) {
        let kind = match item.kind {
            ItemKind::Mod => NameKind::Module,
            ItemKind::Fn => NameKind::Function,
            ItemKind::Struct
            | ItemKind::Enum
            | ItemKind::Union
            | ItemKind::Trait
            | ItemKind::Type => NameKind::Type,
            ItemKind::Const | ItemKind::Static => NameKind::Value,
            ItemKind::File | ItemKind::Impl | ItemKind::ForeignBlock => return,
        };
        let Some(name) = item.name.filter(|_| self.is_plain(item.condition)) else {
            return;
        };
        let Some(around) = self.outline.items.get(item.parent as usize) else {
            return;
        };
        let (owner, scope, public) = match around.kind {
            ItemKind::Impl | ItemKind::Trait => {
                let owner = around.name.map(|name| self.source.name(name as usize));
                let of_trait = around.kind == ItemKind::Trait || around.marked;
                (owner, around.parent, of_trait)
            }
            ItemKind::ForeignBlock => (None, around.parent, false),
            _ => (None, item.parent, false),
        };
        // What is local to a function has no path.
        let Some(inside) = self.inside(scope) else {
            return;
        };
        let name = self.source.name(name as usize);
        if item.kind == ItemKind::Enum
            && let Some(body) = item.body
        {
            self.variants(body as usize, &inside, &name, names);
        }
        names.push(NameFact {
            inside,
            owner,
            name,
            kind,
            public: public || item.visibility == Visibility::Public,
        });
    }

    fn variants(&self, open: usize, inside: &str, owner: &str, names: &mut Vec<NameFact>) {
        let source = self.source;
        let end = source.groups.end(open);
        let mut at = open + 1;
        while at < end {
            while source.kind(at) == TokenKind::Pound && at < end {
                at = source.groups.after(at + 1);
            }
            if at < end && source.kind(at).is_ident() {
                names.push(NameFact {
                    inside: inside.to_owned(),
                    owner: Some(owner.to_owned()),
                    name: source.name(at),
                    kind: NameKind::Variant,
                    public: true,
                });
            }
            while at < end && source.kind(at) != TokenKind::Comma {
                at = source.after_tree(at);
            }
            at += 1;
        }
    }

    /// The modules that an item is, or is in; none where a function is around.
    fn inside(&self, item: ItemId) -> Option<String> {
        let mut names = Vec::new();
        let mut at = item;
        while at != FILE {
            let found = self.outline.items.get(at as usize)?;
            match found.kind {
                ItemKind::Mod => names.push(self.source.name(found.name? as usize)),
                ItemKind::ForeignBlock => {}
                _ => return None,
            }
            at = found.parent;
        }
        names.reverse();
        Some(names.join("::"))
    }

    /// Whether something stands where it is written, as far as macros are concerned.
    fn is_plain(&self, condition: outline::ConditionId) -> bool {
        let mut at = condition;
        while at != outline::ALWAYS {
            let Some(found) = self.outline.conditions.get(at as usize) else {
                return false;
            };
            match found.kind {
                outline::ConditionKind::Definition(_)
                | outline::ConditionKind::Template
                | outline::ConditionKind::Call(_) => return false,
                _ => at = found.parent,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_named_with_what_they_are_in() {
        let file = names(
            "src/lib.rs",
            b"pub fn a() { fn local() {} } mod m { pub struct S; impl S { pub fn b() {} fn c() {} }
              pub enum E { #[x] V(u8), W { x: u8 } } trait T { fn d(); } }
              extern { pub fn e(); } x! { mod n { fn f() {} } } pub use self::m::S as R;
              macro_rules! z { () => { fn g() {} } }",
        );
        let got: Vec<String> = file
            .names
            .iter()
            .map(|n| {
                let owner = n.owner.as_deref().unwrap_or_default();
                let public = if n.public { "pub " } else { "" };
                format!("{public}{}|{owner}|{} {:?}", n.inside, n.name, n.kind)
            })
            .collect();
        for expected in [
            "pub ||a Function",
            "||m Module",
            "pub m||S Type",
            "pub m|S|b Function",
            "m|S|c Function",
            "pub m||E Type",
            "pub m|E|V Variant",
            "pub m|E|W Variant",
            "pub m|T|d Function",
            "pub ||e Function",
            "||z Macro",
        ] {
            assert!(got.iter().any(|got| got == expected), "{expected}: {got:?}");
        }
        assert!(!got.iter().any(|got| got.contains("local")));
        assert!(!got.iter().any(|got| got.contains("||f")));
        assert_eq!(file.imports[0].path, "self::m::S");
        assert!(file.imports[0].public);
    }
}
