//! Attributes: what they say of the element that they stand before.

use std::rc::Rc;

use super::{
    ConditionId, ConditionKind, Context, FILE, Group, ItemId, LintAttribute, Outliner, place,
};
use crate::source::lexer::TokenKind;

/// How deep `cfg_attr` may stand in `cfg_attr`.
const MAX_DEPTH: u32 = 16;

/// What the attributes of an element say.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// The first token behind them.
    pub(super) next: usize,
    /// Under what the element stands.
    pub(super) condition: ConditionId,
    /// `path`: under what predicate, and what.
    pub(super) paths: Vec<(Option<String>, String)>,
    /// `macro_export`
    pub(super) macro_export: bool,
    /// The tokens of attributes that the linker sees, and under what they stand, if not under the
    /// element's condition alone.
    pub(super) exports: Vec<(u32, Option<ConditionId>)>,
}

/// The content of an attribute, or of one in a `cfg_attr`.
struct Meta {
    start: usize,
    end: usize,
    /// The predicate of the `cfg_attr` around it.
    predicate: Option<Rc<str>>,
    depth: u32,
}

impl Outliner<'_, '_> {
    /// Reads the attributes from a token on. Inner ones are about the group.
    pub(super) fn attributes(&mut self, from: usize, group: &mut Group) -> Attributes {
        let source = self.source;
        let mut attributes = Attributes {
            next: from,
            condition: group.condition,
            ..Attributes::default()
        };
        let mut exports = Vec::new();
        while attributes.next < group.end && source.kind(attributes.next) == TokenKind::Pound {
            let pound = attributes.next;
            let is_inner = source.kind(pound + 1) == TokenKind::Bang;
            let open = pound + 1 + usize::from(is_inner);
            if source.kind(open) != TokenKind::OpenBracket {
                break;
            }
            self.attribute(pound, is_inner, group.item, &mut attributes, &mut exports);
            if is_inner {
                group.condition = attributes.condition;
                if group.item == FILE && group.start == 0 && group.context == Context::Code {
                    self.out.file_condition = attributes.condition;
                }
            }
            attributes.next = source.groups.after(open);
        }
        // An attribute's own predicate holds together with all the element's conditions.
        for (token, predicate) in exports {
            let condition = predicate
                .map(|text| self.condition(attributes.condition, ConditionKind::Cfg(text)));
            attributes.exports.push((token, condition));
        }
        attributes
    }

    fn attribute(
        &mut self,
        pound: usize,
        is_inner: bool,
        item: ItemId,
        attributes: &mut Attributes,
        exports: &mut Vec<(u32, Option<String>)>,
    ) {
        let source = self.source;
        let open = pound + 1 + usize::from(is_inner);
        let mut work = vec![Meta {
            start: open + 1,
            end: source.groups.end(open),
            predicate: None,
            depth: 0,
        }];
        while let Some(mut meta) = work.pop() {
            // As rustc has it: the `#`, or where the attribute begins inside of a `cfg_attr`.
            let token = if meta.depth == 0 { pound } else { meta.start };
            let is_unsafe = source.kind(meta.start) == TokenKind::Unsafe;
            if is_unsafe {
                // `unsafe(no_mangle)`
                let predicate = meta.predicate.as_deref();
                exports.push((place(token), predicate.map(|text| self.repeated(text))));
                if source.kind(meta.start + 1) != TokenKind::OpenParen {
                    continue;
                }
                meta.end = source.groups.end(meta.start + 1);
                meta.start += 2;
            }
            let Some(name) = self.last_segment(meta.start, meta.end) else {
                continue;
            };
            let arguments = name + 1;
            let inside = source.groups.end(arguments);
            let is_list = source.kind(arguments) == TokenKind::OpenParen;
            match source.bytes_of(name) {
                b"cfg" if is_list => {
                    let text = source.text_between(arguments + 1, inside);
                    let text = match &meta.predicate {
                        Some(predicate) if self.may_repeat(predicate.len()) => {
                            format!("any(not({predicate}), {text})")
                        }
                        Some(_) => String::new(),
                        None => text,
                    };
                    attributes.condition =
                        self.condition(attributes.condition, ConditionKind::Cfg(text));
                }
                b"cfg_attr" if is_list && meta.depth < MAX_DEPTH => {
                    self.cfg_attr(&meta, arguments + 1, inside, &mut work);
                }
                b"path" if source.kind(arguments) == TokenKind::Eq => {
                    if let Some(path) = source.string(arguments + 1) {
                        let predicate = meta.predicate.as_deref();
                        let predicate = predicate.map(|text| self.repeated(text));
                        attributes.paths.push((predicate, path));
                    }
                }
                b"no_mangle" | b"export_name" | b"link_section" | b"link" if !is_unsafe => {
                    let predicate = meta.predicate.as_deref();
                    exports.push((place(token), predicate.map(|text| self.repeated(text))));
                }
                b"macro_export" => attributes.macro_export = true,
                b"test" | b"bench" | b"rstest" | b"test_case" | b"quickcheck"
                | b"wasm_bindgen_test"
                    if !is_inner =>
                {
                    attributes.condition = match meta.predicate {
                        Some(predicate) => {
                            let text = match self.may_repeat(predicate.len()) {
                                true => format!("any(test, not({predicate}))"),
                                false => String::new(),
                            };
                            self.condition(attributes.condition, ConditionKind::Cfg(text))
                        }
                        None => self.condition(attributes.condition, ConditionKind::Test),
                    };
                }
                level @ (b"allow" | b"warn" | b"deny" | b"forbid" | b"expect")
                    if is_inner && is_list =>
                {
                    let names = arguments + 1..inside;
                    if names
                        .into_iter()
                        .any(|at| source.is_word(at, "unsafe_code"))
                    {
                        let predicate = meta.predicate.as_deref();
                        let predicate = predicate.map(|text| self.repeated(text));
                        self.out.lints.push(LintAttribute {
                            level: String::from_utf8_lossy(level).into_owned(),
                            predicate,
                        });
                    }
                }
                // `#[strategy(unsafe { … })]`
                _ if source.kind(arguments).is_open() => self.later(
                    arguments,
                    Group {
                        start: 0,
                        end: 0,
                        context: Context::List,
                        condition: attributes.condition,
                        item,
                        statement: pound,
                        is_module: false,
                        is_handed: false,
                    },
                ),
                _ => {}
            }
        }
    }

    /// `cfg_attr(predicate, attribute, …)`
    fn cfg_attr(&mut self, meta: &Meta, from: usize, end: usize, work: &mut Vec<Meta>) {
        let source = self.source;
        let mut parts = Vec::new();
        let mut start = from;
        let mut at = from;
        while at < end {
            if source.kind(at).is_open() {
                at = source.groups.after(at);
                continue;
            }
            if source.kind(at) == TokenKind::Comma {
                parts.push((start, at));
                start = at + 1;
            }
            at += 1;
        }
        parts.push((start, end));
        let mut parts = parts.into_iter();
        let Some((start, behind)) = parts.next() else {
            return;
        };
        let own = source.text_between(start, behind);
        let predicate = match &meta.predicate {
            Some(around) if self.may_repeat(around.len()) => format!("all({around}, {own})"),
            Some(_) => String::new(),
            None => own,
        };
        let predicate: Rc<str> = predicate.into();
        for (start, end) in parts.filter(|(start, end)| start < end) {
            work.push(Meta {
                start,
                end,
                predicate: Some(Rc::clone(&predicate)),
                depth: meta.depth + 1,
            });
        }
    }

    /// The last segment of the path that an attribute begins with.
    fn last_segment(&self, start: usize, end: usize) -> Option<usize> {
        let source = self.source;
        let mut last = None;
        let mut at = start;
        while at < end {
            let kind = source.kind(at);
            if kind.is_path_segment() {
                last = Some(at);
            } else if kind != TokenKind::Colon {
                break;
            }
            at += 1;
        }
        last
    }
}
