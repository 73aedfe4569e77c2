//! The names in a guest book.

#![forbid(unsafe_code)]

use smallvec::SmallVec;

/// Who was here, in order.
#[derive(Debug, Default)]
pub struct Book(SmallVec<[String; 4]>);

impl Book {
    /// Adds a guest.
    pub fn sign(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    /// All guests, the first one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
