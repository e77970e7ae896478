//! Long lists of which one version differs from the other in few places: the versions share the rest.
//!
//! Why not a persistent vector of a crate (`imbl`, `rpds`): none says which items two versions do not share without comparing all of them, which is
//! what [`SharedList::changed`] is for.
//!
//! Invariant: a list is a sequence of parts of [`PART`] items, the last one shorter. Cloning copies no item, changing one copies its part.

use std::ops::Index;
use std::sync::Arc;

/// Items that are copied together. Of ten thousand items a clone touches 157 counters, and a change 64.
const PART: usize = 64;

/// A list whose clones share what they have in common.
#[derive(Debug)]
pub struct SharedList<T> {
    parts: Vec<Arc<[T]>>,
    len: usize,
}

impl<T> SharedList<T> {
    /// An empty list.
    pub fn new() -> SharedList<T> {
        SharedList {
            parts: Vec::new(),
            len: 0,
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True without items.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.parts.get(index / PART)?.get(index % PART)
    }

    /// All items in order.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter {
            parts: self.parts.iter(),
            part: [].iter(),
            left: self.len,
        }
    }

    /// The items that are not the same values in memory as those of a list of the same length, with their places. Parts that both
    /// share are not looked at.
    pub fn changed<'s>(
        &'s self,
        other: &'s SharedList<T>,
        same: impl Fn(&T, &T) -> bool + 's,
    ) -> impl Iterator<Item = usize> + 's {
        let parts = self.parts.iter().zip(&other.parts).enumerate();
        let parts = parts.filter(|(_, (a, b))| !Arc::ptr_eq(a, b));
        parts
            .flat_map(|(n, (a, b))| {
                a.iter()
                    .zip(b.iter())
                    .enumerate()
                    .map(move |(i, pair)| (n * PART + i, pair))
            })
            .filter_map(move |(place, (a, b))| (!same(a, b)).then_some(place))
    }
}

impl<T: Clone> SharedList<T> {
    /// One more item at the end. Copies its part: a long list is collected.
    pub fn push(&mut self, item: T) {
        match self.parts.last_mut().filter(|part| part.len() < PART) {
            Some(part) => *part = part.iter().cloned().chain([item]).collect(),
            None => self.parts.push(Arc::from([item])),
        }
        self.len += 1;
    }

    /// The item at `index`, to be changed; other lists keep what they have.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.parts.get_mut(index / PART)?).get_mut(index % PART)
    }
}

impl<T> Default for SharedList<T> {
    fn default() -> SharedList<T> {
        SharedList::new()
    }
}

impl<T> Clone for SharedList<T> {
    fn clone(&self) -> SharedList<T> {
        SharedList {
            parts: self.parts.clone(),
            len: self.len,
        }
    }
}

impl<T> Index<usize> for SharedList<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.parts[index / PART][index % PART]
    }
}

impl<T> FromIterator<T> for SharedList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> SharedList<T> {
        let mut items = items.into_iter();
        let mut list = SharedList::new();
        loop {
            let part: Vec<T> = items.by_ref().take(PART).collect();
            let n = part.len();
            if n > 0 {
                list.len += n;
                list.parts.push(Arc::from(part));
            }
            if n < PART {
                return list;
            }
        }
    }
}

impl<'l, T> IntoIterator for &'l SharedList<T> {
    type Item = &'l T;
    type IntoIter = Iter<'l, T>;

    fn into_iter(self) -> Iter<'l, T> {
        self.iter()
    }
}

/// Items in order.
#[derive(Debug)]
pub struct Iter<'l, T> {
    parts: std::slice::Iter<'l, Arc<[T]>>,
    part: std::slice::Iter<'l, T>,
    left: usize,
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter {
            parts: self.parts.clone(),
            part: self.part.clone(),
            left: self.left,
        }
    }
}

impl<'l, T> Iterator for Iter<'l, T> {
    type Item = &'l T;

    #[inline]
    fn next(&mut self) -> Option<&'l T> {
        loop {
            if let Some(item) = self.part.next() {
                self.left -= 1;
                return Some(item);
            }
            self.part = self.parts.next()?.iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_what_it_was_made_of() {
        for n in [0, 1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7] {
            let list: SharedList<usize> = (0..n).collect();
            assert_eq!(list.len(), n);
            assert_eq!(list.is_empty(), n == 0);
            assert_eq!(list.iter().len(), n);
            assert!(list.iter().copied().eq(0..n), "{n}");
            assert_eq!(list.get(n), None);
            assert!((0..n).all(|i| list[i] == i && list.get(i) == Some(&i)));
            let mut pushed = SharedList::new();
            (0..n).for_each(|i| pushed.push(i));
            assert!(pushed.len() == n && pushed.iter().eq(list.iter()));
        }
    }

    #[test]
    fn a_change_leaves_other_lists_as_they_were_and_is_found_again() {
        let old: SharedList<usize> = (0..1000).collect();
        let mut new = old.clone();
        assert_eq!(new.changed(&old, |a, b| a == b).count(), 0);
        for i in [0, 63, 64, 999] {
            *new.get_mut(i).unwrap() += 5000;
        }
        assert!(new.get_mut(1000).is_none());
        assert!(old.iter().copied().eq(0..1000));
        assert_eq!(
            new.changed(&old, |a, b| a == b).collect::<Vec<_>>(),
            [0, 63, 64, 999]
        );
        let shared = old
            .parts
            .iter()
            .zip(&new.parts)
            .filter(|(a, b)| Arc::ptr_eq(a, b));
        assert_eq!(shared.count(), old.parts.len() - 3);
    }
}
