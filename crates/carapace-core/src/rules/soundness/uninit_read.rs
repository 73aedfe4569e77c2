//! Memory that nobody wrote is handed to code of the caller
//!
//! A buffer of which only the length was set holds nothing yet. Where it is handed to a `Read` that the
//! caller chose, or to a closure, safe code there may look at it: what it sees is no value, or what other
//! parts of the program left in memory.
//!
//! ## What to do
//! Fill the buffer first: `vec![0; n]` and `resize` take memory that the system has zeroed where they can.
//! `Read::take` with `read_to_end` needs no buffer at all.
//!
//! ## Known problems
//! Readers of types that are known (files, sockets, cursors) are left out: they look at nothing.
//!
//! ## Example
//! ```text,bad
//! use std::io::{Read, Result};
//!
//! pub fn read_some<R: Read>(mut reader: R, count: usize) -> Result<Vec<u8>> {
//!     let mut buffer = Vec::with_capacity(count);
//!     unsafe { buffer.set_len(count) };
//!     reader.read_exact(&mut buffer)?;
//!     Ok(buffer)
//! }
//! ```
//! ```text,good
//! use std::io::{Read, Result};
//!
//! pub fn read_some<R: Read>(mut reader: R, count: usize) -> Result<Vec<u8>> {
//!     let mut buffer = vec![0; count];
//!     reader.read_exact(&mut buffer)?;
//!     Ok(buffer)
//! }
//! ```
//!
//! ## References
//! - <https://doc.rust-lang.org/std/io/trait.Read.html#tymethod.read>
//! - <https://rust-lang.github.io/rust-clippy/master/index.html#uninit_vec>

use crate::dance::types::Ty;
use crate::finding::{Confidence, Level};
use crate::rules::Meta;
pub(crate) use crate::rules::soundness::check;
use crate::soundness::flow::places::overlap;
use crate::soundness::flow::{Counting, Does, Flow, is_written};
use crate::soundness::judged::Judged;
use crate::soundness::{Doubt, Judges};
use crate::source::syntax::{ExprId, ExprKind};

pub(crate) const META: Meta = Meta {
    code: "SND011",
    level: Level::Warn,
    is_lowered: true,
};

pub(crate) const JUDGES: Judges = Judges {
    pattern: "UNINIT_READ",
    alike: &[
        "RUSTSEC-2021-0012",
        "RUSTSEC-2021-0016",
        "RUSTSEC-2021-0088",
        "RUSTSEC-2020-0155",
    ],
    find,
};

/// How many buffers of one function are looked at.
const MAX_BUFFERS: usize = 64;

fn find(judged: &Judged<'_, '_>, found: &mut Vec<Doubt>) {
    for flow in judged.flows() {
        let numbers = 0..flow.steps.len();
        let buffers = numbers.filter_map(|number| buffer(flow, number));
        for buffer in flow.at.up_to(MAX_BUFFERS, buffers) {
            found.extend(buffer.doubt());
        }
    }
}

/// Memory that nobody wrote.
struct Buffer<'f, 'a, 'p> {
    flow: &'f Flow<'a, 'p>,
    /// The step from which on it can be read.
    number: usize,
    place: String,
    says: String,
}

fn buffer<'f, 'a, 'p>(flow: &'f Flow<'a, 'p>, number: usize) -> Option<Buffer<'f, 'a, 'p>> {
    let step = flow.step(number)?;
    let (place, says) = match &step.does {
        Does::Counts(place, Counting::Raised | Counting::Set)
            if matches!(flow.at.kind(step.expr), ExprKind::Method { .. }) =>
        {
            let is_all = flow.counts_capacity(step.expr);
            let is_first = || {
                flow.is_field(place)
                    && !flow
                        .steps
                        .iter()
                        .take(number)
                        .any(|step| is_written(&step.does, place))
            };
            let is_new =
                flow.is_unwritten(number, place) || is_all && flow.is_field(place) || is_first();
            is_new.then(|| {
                (
                    place,
                    format!("the length of `{place}` counts bytes here that nobody wrote"),
                )
            })?
        }
        Does::Unwritten(place) => (place, format!("nothing was written to `{place}`")),
        // Behind the length of a vector: there is room, and nothing else.
        Does::Exposes(place)
            if flow.is_unwritten(number, place)
                || flow.is_allocated(place, step.expr)
                    && !flow
                        .steps
                        .iter()
                        .take(number)
                        .any(|step| is_written(&step.does, place)) =>
        {
            (
                place,
                format!(
                    "what is behind the length of `{place}` is taken here, and nobody wrote it"
                ),
            )
        }
        _ => return None,
    };
    Some(Buffer {
        flow,
        number,
        place: place.clone(),
        says,
    })
}

impl Buffer<'_, '_, '_> {
    fn doubt(&self) -> Option<Doubt> {
        let (sink, says, confidence) = self.sink()?;
        let at = self.flow.at;
        let confidence = match self.flow.function.unsafety {
            None => confidence,
            Some(_) => confidence.min(Confidence::Medium),
        };
        let tokens = self.flow.tokens(self.number);
        let step = self.flow.step(self.number)?;
        Some(Doubt {
            keyword: self.flow.keyword(step.expr),
            tokens,
            confidence,
            message: format!(
                "`{}` is handed to other code before anything was written to it",
                self.place
            ),
            chain: vec![
                at.reason(tokens, self.says.clone()),
                at.reason(
                    self.flow.tokens(sink),
                    format!("{says} gets it and may look at it"),
                ),
            ],
            sound: "fill it first: `vec![0; n]`, `resize`".to_owned(),
        })
    }

    /// The first step that hands it to code of the caller, before which nothing was put into it.
    fn sink(&self) -> Option<(usize, String, Confidence)> {
        self.flow
            .numbered()
            .skip(self.number + 1)
            .find_map(|(number, step)| {
                let (says, confidence) = match &step.does {
                    Does::Runs(code) if self.is_given_to(step.expr) => {
                        let confidence = match (code.is_closure, code.is_certain) {
                            (false, true) => Confidence::High,
                            (true, true) | (false, false) => Confidence::Medium,
                            (true, false) => Confidence::Low,
                        };
                        (code.says.clone(), confidence)
                    }
                    Does::Hands(place) if overlap(place, &self.place) => self.reader(step.expr)?,
                    _ => return None,
                };
                let between = self.flow.reaches(self.number, number)?;
                let is_filled = self
                    .flow
                    .any(&between, |does| is_written(does, &self.place));
                (!is_filled).then_some((number, says, confidence))
            })
    }

    /// Whether a call is given it, or what leads to it.
    fn is_given_to(&self, call: ExprId) -> bool {
        let arguments = match self.flow.at.kind(call) {
            ExprKind::Call { arguments, .. } | ExprKind::Method { arguments, .. } => arguments,
            _ => return false,
        };
        arguments.iter().any(|argument| {
            let place = self.flow.place(*argument);
            place.is_some_and(|place| overlap(&place, &self.place))
        })
    }

    /// `reader.read(&mut buffer)` of a reader of which nothing is known.
    fn reader(&self, call: ExprId) -> Option<(String, Confidence)> {
        const READS: [&str; 6] = [
            "read",
            "read_exact",
            "read_at",
            "read_exact_at",
            "poll_read",
            "read_vectored",
        ];
        let at = self.flow.at;
        let ExprKind::Method { receiver, name, .. } = at.kind(call) else {
            return None;
        };
        let is_reader = READS.iter().any(|word| at.is_name(*name, word));
        let confidence = match at.type_of(*receiver).peeled() {
            Ty::Unknown => Confidence::Medium,
            // `BufReader<R>`
            Ty::Named(_, parts) if parts.iter().any(|part| matches!(part, Ty::Parameter(_))) => {
                Confidence::High
            }
            _ => return None,
        };
        is_reader.then(|| (format!("`{}`", at.plain(*receiver)), confidence))
    }
}
