//! From replacements to texts: what a site becomes when some or all of its operations are replaced.

use std::collections::BTreeSet;

use super::at::At;
use super::replacement::{Binds, Piece, Pieces, Replacement};
use crate::facts::dance::Change;
use crate::source::syntax::{ExprId, ExprKind, ItemId, Parent, StatementId, StatementKind, Tokens};

/// How deep replacements may stand in each other.
const MAX_DEPTH: u32 = 32;

/// Texts of a file in which some replacements are carried out.
pub(crate) struct Composer<'a, 'p> {
    at: At<'p>,
    chosen: Vec<&'a Replacement>,
    /// The `let` of variables that nothing uses any more.
    dropped: Vec<StatementId>,
}

/// What takes the place of some bytes.
enum What<'a> {
    Pieces(usize, &'a Pieces, Binds, Option<ExprId>),
    Nothing,
}

impl<'a, 'p> Composer<'a, 'p> {
    /// Of several replacements for one place, the first counts; those that cross another are left
    /// out.
    pub(crate) fn new(at: At<'p>, chosen: &[&'a Replacement]) -> Self {
        let mut composer = Self {
            at,
            chosen: Vec::new(),
            dropped: Vec::new(),
        };
        for replacement in chosen {
            if !composer.crosses(replacement) {
                composer.chosen.push(replacement);
            }
        }
        composer.drop_unused();
        composer
    }

    /// Whether all that were asked for are carried out.
    pub(crate) fn has(&self, count: usize) -> bool {
        // An operation in a variable's value is gone where the variable is.
        let is_gone = |replacement: &&Replacement| {
            replacement.drops.iter().all(|statement| {
                let tokens = self.at.statement_tokens(*statement);
                let holds = |id: &ExprId| {
                    let own = self.at.syntax().expr(*id).tokens;
                    tokens.start <= own.start && own.end <= tokens.end
                };
                self.dropped.contains(statement) || !replacement.covers.iter().any(holds)
            })
        };
        self.chosen.len() == count && self.chosen.iter().all(is_gone)
    }

    /// Finds the variables that nothing uses any more: one may be used by another's value only.
    fn drop_unused(&mut self) {
        let lets = self.chosen.iter().flat_map(|chosen| &chosen.drops);
        let lets: BTreeSet<StatementId> = lets.copied().collect();
        let lets = lets.into_iter();
        let mut lets: Vec<(StatementId, Vec<ExprId>)> = lets
            .filter_map(|statement| Some((statement, self.at.uses_of(statement)?)))
            .collect();
        while let Some(found) = lets
            .iter()
            .position(|(_, uses)| uses.iter().all(|used| self.is_replaced(*used)))
        {
            self.dropped.push(lets.remove(found).0);
        }
    }

    /// Whether an expression is not written any more.
    fn is_replaced(&self, id: ExprId) -> bool {
        let own = self.at.syntax().expr(id).tokens;
        let holds = |statement: &StatementId| {
            let tokens = self.at.statement_tokens(*statement);
            tokens.start <= own.start && own.end <= tokens.end
        };
        let mut removed = self.chosen.iter().flat_map(|chosen| &chosen.removes);
        self.dropped.iter().any(holds)
            || removed.any(holds)
            || self.chosen.iter().any(|chosen| {
                self.at.syntax().is_within(id, chosen.target)
                    && !matches!(&chosen.text, Some(text) if text.keeps(&self.at, id))
            })
    }

    /// The bytes of what goes since nothing uses it any more.
    fn dropped_spans(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let tokens = self
            .dropped
            .iter()
            .map(|statement| self.at.statement_tokens(*statement));
        tokens.map(|tokens| self.lines_of(tokens))
    }

    fn crosses(&self, new: &Replacement) -> bool {
        let own = self.spans(new);
        self.chosen.iter().any(|old| {
            let spans = self.spans(old);
            spans.iter().any(|a| {
                own.iter().any(|b| {
                    let apart = a.1 <= b.0 || b.1 <= a.0;
                    let nested = a.0 <= b.0 && b.1 <= a.1 || b.0 <= a.0 && a.1 <= b.1;
                    !apart && (!nested || a == b)
                })
            })
        })
    }

    fn spans(&self, replacement: &Replacement) -> Vec<(usize, usize)> {
        self.entries(0, replacement)
            .into_iter()
            .map(|(start, end, _)| (start, end))
            .collect()
    }

    fn entries<'r>(
        &self,
        index: usize,
        replacement: &'r Replacement,
    ) -> Vec<(usize, usize, What<'r>)> {
        let mut entries = Vec::new();
        match (&replacement.text, replacement.item) {
            (None, Some(item)) => {
                let (start, end) = self.item_lines(item);
                entries.push((start, end, What::Nothing));
            }
            // What is said of an item is shown only.
            (Some(_), Some(_)) => {}
            (Some(pieces), None) => {
                let (start, end) = self.bytes(self.at.syntax().expr(replacement.target).tokens);
                let what = What::Pieces(index, pieces, replacement.binds, Some(replacement.target));
                entries.push((start, end, what));
            }
            (None, None) => {
                if let Some((statement, _)) = self.at.own_statement(replacement.target) {
                    let (start, end) = self.lines_of(self.at.statement_tokens(statement));
                    entries.push((start, end, What::Nothing));
                }
            }
        }
        for (tokens, pieces) in &replacement.also {
            let (start, end) = self.bytes(*tokens);
            entries.push((
                start,
                end,
                What::Pieces(index, pieces, Binds::Postfix, None),
            ));
        }
        for statement in &replacement.removes {
            let (start, end) = self.lines_of(self.at.statement_tokens(*statement));
            entries.push((start, end, What::Nothing));
        }
        entries
    }

    /// The bytes of some tokens.
    pub(crate) fn bytes(&self, tokens: Tokens) -> (usize, usize) {
        let source = self.at.file.source;
        let start = source.token(tokens.start as usize).start as usize;
        let end = match tokens.end > tokens.start {
            true => source.token(tokens.end as usize - 1).end as usize,
            false => start,
        };
        (start, end)
    }

    /// The bytes of some tokens, and of the lines that hold nothing else.
    fn lines_of(&self, tokens: Tokens) -> (usize, usize) {
        let (start, end) = self.bytes(tokens);
        let bytes = self.at.file.source.bytes;
        let before = bytes.get(..start).unwrap_or_default();
        let blank = before
            .iter()
            .rev()
            .take_while(|b| matches!(b, b' ' | b'\t'));
        let begin = start - blank.count();
        let begins_line = begin == 0 || bytes.get(begin - 1) == Some(&b'\n');
        let behind = bytes.get(end..).unwrap_or_default();
        let blank = behind
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t' | b'\r'))
            .count();
        match (begins_line, behind.get(blank)) {
            (true, Some(b'\n')) => (begin, end + blank + 1),
            _ => (start, end),
        }
    }

    /// The bytes of an item with the comments above that speak of it.
    fn item_lines(&self, item: ItemId) -> (usize, usize) {
        let found = self.at.syntax().item(item);
        let (start, end) = self.lines_of(found.map(|found| found.tokens).unwrap_or_default());
        let speaks =
            |text: &[u8]| is_safety(text) || text.starts_with(b"///") || text.starts_with(b"/**");
        let comments = self.comments_above(start);
        let first = comments.filter(|(_, text)| speaks(text)).last();
        (first.map_or(start, |(line, _)| line), end)
    }

    /// The comments right above a place that have their lines for themselves, the nearest first: where
    /// the line begins, and the text.
    fn comments_above(&self, place: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let comments = &self.at.file.source.lexed.comments;
        let before = comments.partition_point(|comment| (comment.end as usize) <= place);
        let before = comments.get(..before).unwrap_or_default().iter().rev();
        let mut next = place;
        before.map_while(move |comment| {
            let bytes = self.at.file.source.bytes;
            let (begin, end) = (comment.start as usize, comment.end as usize);
            let (line, behind) = (self.at.line_of(begin), bytes.get(end..next)?);
            let mut around = bytes.get(line..begin)?.iter().chain(behind);
            // Asked first, as the nearest comment may be a file away.
            let is_alone = around.all(u8::is_ascii_whitespace);
            if !is_alone || behind.iter().filter(|byte| **byte == b'\n').count() > 1 {
                return None;
            }
            next = line;
            Some((line, bytes.get(begin..end)?))
        })
    }

    /// The text between two places, with what is replaced in it.
    fn render(&self, start: usize, end: usize, without: &[usize], depth: u32) -> String {
        let source = |from: usize, to: usize| {
            let bytes = self.at.file.source.bytes.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let Some(depth) = depth.checked_sub(1) else {
            return source(start, end);
        };
        let mut entries: Vec<(usize, usize, What<'_>)> = Vec::new();
        for (index, replacement) in self.chosen.iter().enumerate() {
            if without.contains(&index) {
                continue;
            }
            let own = self.entries(index, replacement);
            entries.extend(own.into_iter().filter(|(s, e, _)| start <= *s && *e <= end));
        }
        let dropped = self
            .dropped_spans()
            .filter(|(s, e)| start <= *s && *e <= end);
        entries.extend(dropped.map(|(start, end)| (start, end, What::Nothing)));
        entries.sort_by_key(|(start, end, _)| (*start, usize::MAX - *end));
        let mut text = String::new();
        let mut at = start;
        for (from, to, what) in entries {
            // What is inside of another comes with that one's pieces.
            if from < at {
                continue;
            }
            text.push_str(&source(at, from));
            if let What::Pieces(index, pieces, binds, target) = what {
                let mut without = without.to_vec();
                without.push(index);
                let written = self.written(pieces, &without, depth);
                let needs = target.map_or(Binds::Loose, |target| self.context(target));
                match binds < needs {
                    true => text.push_str(&format!("({written})")),
                    false => text.push_str(&written),
                }
            }
            at = to;
        }
        text.push_str(&source(at, end));
        text
    }

    fn written(&self, pieces: &Pieces, without: &[usize], depth: u32) -> String {
        let mut text = String::new();
        for piece in &pieces.0 {
            match piece {
                Piece::Text(own) => text.push_str(own),
                Piece::Keep(id) => {
                    let (start, end) = self.bytes(self.at.syntax().expr(*id).tokens);
                    text.push_str(&self.render(start, end, without, depth));
                }
                Piece::Operand(id) => {
                    let (start, end) = self.bytes(self.at.syntax().expr(*id).tokens);
                    let inner = self.render(start, end, without, depth);
                    match self.binds(*id) < Binds::Postfix {
                        true => text.push_str(&format!("({inner})")),
                        false => text.push_str(&inner),
                    }
                }
            }
        }
        text
    }

    /// How strong an expression binds, replaced or not.
    fn binds(&self, id: ExprId) -> Binds {
        let mut chosen = self.chosen.iter();
        if let Some(replaced) = chosen.find(|found| found.target == id && found.text.is_some()) {
            return replaced.binds;
        }
        self.at.binds(id)
    }

    /// How strong what stands in an expression's place has to bind.
    fn context(&self, id: ExprId) -> Binds {
        let Parent::Expr(around) = self.at.syntax().expr(id).parent else {
            return Binds::Loose;
        };
        match self.at.kind(around) {
            ExprKind::Method { receiver, .. } if *receiver == id => Binds::Postfix,
            ExprKind::Index { base, .. } if *base == id => Binds::Postfix,
            ExprKind::Call { callee, .. } if *callee == id => Binds::Postfix,
            ExprKind::Field { .. } | ExprKind::Try(_) | ExprKind::Await(_) => Binds::Postfix,
            ExprKind::Unary { .. } | ExprKind::Borrow { .. } => Binds::Prefix,
            ExprKind::Cast { .. } => Binds::Cast,
            ExprKind::Binary { .. } | ExprKind::Range { .. } => Binds::Cast,
            _ => Binds::Loose,
        }
    }

    /// What would be written instead of an item.
    pub(crate) fn text_instead(&self, pieces: &Pieces) -> String {
        self.written(pieces, &[], MAX_DEPTH)
    }

    /// The text of an expression with what is replaced in it, in one line.
    pub(crate) fn text_of(&self, id: ExprId) -> String {
        let (start, end) = self.bytes(self.at.syntax().expr(id).tokens);
        self.render(start, end, &[], MAX_DEPTH)
    }

    /// The changes that carry out what was chosen and leave the site unsafe.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (index, replacement) in self.chosen.iter().enumerate() {
            let own = self.entries(index, replacement);
            spans.extend(own.into_iter().map(|(start, end, _)| (start, end)));
        }
        spans.extend(self.dropped_spans());
        self.changes_at(spans)
    }

    fn changes_at(&self, mut spans: Vec<(usize, usize)>) -> Vec<Change> {
        spans.sort_by_key(|(start, end)| (*start, usize::MAX - *end));
        let mut changes = Vec::new();
        let mut at = 0;
        for (start, end) in spans {
            if start < at {
                continue;
            }
            let text = self.render(start, end, &[], MAX_DEPTH);
            // What stays as it is, but needs nothing unsafe any more, is no change.
            if self.at.file.source.bytes.get(start..end) != Some(text.as_bytes()) {
                changes.push(change(start, end, text));
            }
            at = end;
        }
        changes
    }

    /// The changes that carry out what was chosen and do away with an unsafe block.
    pub(crate) fn unwrapped(&self, block: ExprId) -> Vec<Change> {
        let (start, end, text) = self.without_block(block);
        let mut spans = Vec::new();
        for (index, replacement) in self.chosen.iter().enumerate() {
            let own = self.entries(index, replacement);
            spans.extend(own.into_iter().map(|(start, end, _)| (start, end)));
        }
        // What replaces more than the block has done away with it.
        if spans.iter().any(|(from, to)| *from <= start && end <= *to) {
            spans.extend(self.dropped_spans());
            return self.changes_at(spans);
        }
        spans.extend(self.dropped_spans());
        spans.retain(|(from, to)| *to <= start || end <= *from);
        let mut changes = self.changes_at(spans);
        changes.push(change(start, end, text));
        changes.extend(self.safety_comment(block, start));
        changes.sort();
        changes
    }

    /// What takes the place of a block, and of which bytes.
    fn without_block(&self, block: ExprId) -> (usize, usize, String) {
        let at = self.at;
        let kept: Vec<StatementId> = at
            .statements(block)
            .iter()
            .copied()
            .filter(|statement| !self.is_removed(*statement))
            .collect();
        let own = at.own_statement(block);
        let (start, end) = match own {
            Some((statement, _)) => {
                let found = at.syntax().statement(statement);
                let tokens = found.map(|found| Tokens {
                    start: found.head,
                    end: found.tokens.end,
                });
                self.bytes(tokens.unwrap_or_default())
            }
            None => self.bytes(at.syntax().expr(block).tokens),
        };
        let only = match kept.as_slice() {
            [] => {
                return match own {
                    Some((statement, _)) => {
                        let (start, end) = self.lines_of(at.statement_tokens(statement));
                        (start, end, String::new())
                    }
                    None => (start, end, "()".to_owned()),
                };
            }
            [only] => match at.syntax().statement(*only).map(|found| &found.kind) {
                Some(StatementKind::Expr { value, ends }) => Some((*value, *ends)),
                _ => None,
            },
            _ => None,
        };
        // Behind a condition it may be the value of the block around it, and others with it.
        let is_conditional = own.is_some_and(|(statement, _)| {
            let found = at.syntax().statement(statement);
            found.is_some_and(|found| found.head > found.tokens.start)
        });
        if is_conditional {
            let (open, close) = self.braces(block);
            let text = self.render(open, close, &[], MAX_DEPTH);
            let (start, end) = self.bytes(at.syntax().expr(block).tokens);
            return (start, end, text);
        }
        if let Some((value, ends)) = only {
            let inner = self.text_of(value);
            if own.is_some() {
                let inner = self.dedented(block, value, &inner);
                let needs_none = self.is_tail(block, own) && !ends || self.is_block_like(value);
                let end_mark = if needs_none { "" } else { ";" };
                return (start, end, format!("{inner}{end_mark}"));
            }
            if !ends {
                let inner = self.dedented(block, value, &inner);
                return match self.binds(value) < self.context(block) {
                    true => (start, end, format!("({inner})")),
                    false => (start, end, inner),
                };
            }
        }
        let has_let = kept.iter().any(|statement| {
            let found = at.syntax().statement(*statement);
            !matches!(
                found.map(|f| &f.kind),
                Some(StatementKind::Expr { .. } | StatementKind::Empty)
            )
        });
        let is_last =
            own.is_some_and(|(statement, outer)| at.statements(outer).last() == Some(&statement));
        if own.is_some() && (!has_let || is_last) {
            return (
                start,
                end,
                self.hoisted(block, &kept, self.is_tail(block, own)),
            );
        }
        let (open, close) = self.braces(block);
        let text = self.render(open, close, &[], MAX_DEPTH);
        // A semicolon behind it stays.
        let (start, end) = self.bytes(at.syntax().expr(block).tokens);
        (start, end, text)
    }

    /// The bytes from a block's opening brace to behind its closing one.
    fn braces(&self, block: ExprId) -> (usize, usize) {
        let ExprKind::Block(found) = self.at.kind(block) else {
            return (0, 0);
        };
        let open = self.at.file.source.token(found.open as usize).start as usize;
        let (_, close) = self.bytes(self.at.syntax().expr(block).tokens);
        (open, close)
    }

    fn is_removed(&self, statement: StatementId) -> bool {
        let found = self.at.syntax().statement(statement);
        if matches!(found.map(|found| &found.kind), Some(StatementKind::Empty)) {
            return true;
        }
        if self.dropped.contains(&statement) {
            return true;
        }
        self.chosen.iter().any(|replacement| {
            replacement.removes.contains(&statement)
                || replacement.text.is_none()
                    && self
                        .at
                        .own_statement(replacement.target)
                        .is_some_and(|(own, _)| own == statement)
        })
    }

    /// Whether a block is the value of the block around it.
    fn is_tail(&self, block: ExprId, own: Option<(StatementId, ExprId)>) -> bool {
        own.is_some_and(|(_, outer)| self.at.tail(outer) == Some(block))
    }

    fn is_block_like(&self, id: ExprId) -> bool {
        matches!(
            self.at.kind(id),
            ExprKind::Block(_)
                | ExprKind::If { .. }
                | ExprKind::Match { .. }
                | ExprKind::While { .. }
                | ExprKind::Loop(_)
                | ExprKind::For { .. }
        )
    }

    /// The statements of a block without its braces, moved to where it stands.
    fn hoisted(&self, block: ExprId, kept: &[StatementId], is_tail: bool) -> String {
        let (open, close) = self.braces(block);
        let inner = self.render(
            open + 1,
            close.saturating_sub(1).max(open + 1),
            &[],
            MAX_DEPTH,
        );
        let mut text = without_safety(inner.trim_matches(['\n', '\r', ' ', '\t'])).to_owned();
        let last = kept
            .last()
            .and_then(|last| self.at.syntax().statement(*last));
        if let Some(StatementKind::Expr { value, ends: false }) = last.map(|last| &last.kind)
            && !is_tail
            && !self.is_block_like(*value)
        {
            text.push(';');
        }
        let from = kept.first().map(|first| self.at.statement_tokens(*first));
        let from = from.map_or(open, |tokens| self.bytes(tokens).0);
        let (to, _) = self.bytes(self.at.syntax().expr(block).tokens);
        dedent(&text, self.indentation(from), self.indentation(to))
    }

    fn dedented(&self, block: ExprId, inner: ExprId, text: &str) -> String {
        let (from, _) = self.bytes(self.at.syntax().expr(inner).tokens);
        let (to, _) = self.bytes(self.at.syntax().expr(block).tokens);
        dedent(text, self.indentation(from), self.indentation(to))
    }

    /// How far the line of a place is moved in.
    fn indentation(&self, at: usize) -> usize {
        let bytes = self.at.file.source.bytes;
        let line = bytes.get(self.at.line_of(at)..).unwrap_or_default();
        line.iter().take_while(|byte| **byte == b' ').count()
    }

    /// Takes out the comment above a site that says why it is sound.
    fn safety_comment(&self, block: ExprId, start: usize) -> Option<Change> {
        let (statement, _) = self.at.statement(block)?;
        let (from, _) = self.bytes(self.at.statement_tokens(statement));
        let is_plain = |text: &[u8]| text.starts_with(b"//") && !text.starts_with(b"///");
        let comments = self.comments_above(from);
        let mut comments = comments.take_while(|(_, text)| is_plain(text));
        let (line, _) = comments.find(|(_, text)| is_safety(text))?;
        // Up to where the statement begins on its line.
        let own_line = self.at.line_of(from);
        (own_line <= start).then(|| change(line, own_line, String::new()))
    }
}

fn is_safety(comment: &[u8]) -> bool {
    let text = comment
        .iter()
        .skip_while(|byte| matches!(byte, b'/' | b' ' | b'!' | b'*'));
    let word: Vec<u8> = text.take(6).map(u8::to_ascii_lowercase).collect();
    word == b"safety" || word == b"safe: "
}

/// A text without the comment at its begin that says why it is sound.
fn without_safety(text: &str) -> &str {
    if !is_safety(text.as_bytes()) || !text.starts_with("//") {
        return text;
    }
    let mut rest = text;
    while rest.trim_start().starts_with("//") {
        match rest.split_once('\n') {
            Some((_, behind)) => rest = behind,
            None => return text,
        }
    }
    rest.trim_start()
}

/// A text whose lines behind the first are moved from one depth to another.
fn dedent(text: &str, from: usize, to: usize) -> String {
    let less = from.saturating_sub(to);
    let mut lines = text.split('\n');
    let mut moved = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        moved.push('\n');
        let spaces = line.bytes().take_while(|byte| *byte == b' ').count();
        moved.push_str(line.get(spaces.min(less)..).unwrap_or(line));
    }
    moved
}

fn change(start: usize, end: usize, text: String) -> Change {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Change {
        start: place(start),
        end: place(end),
        text,
    }
}
