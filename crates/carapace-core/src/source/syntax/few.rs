//! A list that mostly has one element or none, and then needs no memory of its own: paths, what is
//! between angle brackets, arguments.

use std::ops::Deref;

/// A list.
#[derive(Debug, Clone, Default)]
pub enum Few<T> {
    /// Nothing.
    #[default]
    None,
    /// One element.
    One(T),
    /// Two or more.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// The elements.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(all) => all,
        }
    }

    /// Puts an element behind the others.
    pub fn push(&mut self, new: T) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(new),
            Self::One(first) => Self::Many(vec![first, new]),
            Self::Many(mut all) => {
                all.push(new);
                Self::Many(all)
            }
        };
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_list_of_what_was_put_in() {
        let mut few = Few::default();
        let mut list = Vec::new();
        for number in 0..4 {
            assert_eq!(few.as_slice(), list.as_slice());
            few.push(number);
            list.push(number);
        }
        assert_eq!(few, few.clone());
        assert!(Few::<u8>::default().is_empty());
    }
}
