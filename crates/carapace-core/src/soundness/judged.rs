//! A file as rules on unsound code see it.

use std::cell::OnceCell;

use super::flow::Flow;
use super::reach::Safe;
use crate::dance::at::At;

/// A file, and what several rules ask of it: each is found out once, where one asks.
#[derive(Debug)]
pub(crate) struct Judged<'a, 'p> {
    /// The file.
    pub(crate) at: &'a At<'p>,
    flows: OnceCell<Vec<Flow<'a, 'p>>>,
    safe_functions: OnceCell<Vec<Safe<'p>>>,
}

impl<'a, 'p> Judged<'a, 'p> {
    pub(super) fn new(at: &'a At<'p>) -> Self {
        Self {
            at,
            flows: OnceCell::new(),
            safe_functions: OnceCell::new(),
        }
    }

    /// The functions in which something is done that flows tell of, tests aside.
    pub(crate) fn flows(&self) -> &[Flow<'a, 'p>] {
        self.flows.get_or_init(|| Flow::all(self.at))
    }

    /// The safe functions that have an unsafe block and do not belong to tests.
    pub(crate) fn safe_functions(&self) -> &[Safe<'p>] {
        let find = || self.at.safe_functions();
        self.safe_functions.get_or_init(find)
    }
}
