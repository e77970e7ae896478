//! Taking large things apart on the pool, so that whoever cancels does not wait for it: ten thousand analysed models are
//! half a million allocations.

use rayon::ThreadPool;
use std::ops::{Deref, DerefMut};

/// Drops its value on a thread of the pool.
pub struct Later<'p, T: Default + Send + 'static> {
    value: T,
    pool: &'p ThreadPool,
    /// There is nothing left that is worth the pool.
    empty: bool,
}

impl<'p, T: Default + Send + 'static> Later<'p, T> {
    /// Hold a value.
    pub fn new(value: T, pool: &'p ThreadPool) -> Later<'p, T> {
        Later {
            value,
            pool,
            empty: false,
        }
    }

    /// The value after all.
    pub fn into_inner(mut self) -> T {
        // What is left is empty, but may have memory of its own: it is dropped here.
        self.empty = true;
        std::mem::take(&mut self.value)
    }
}

impl<T: Default + Send + 'static> Deref for Later<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default + Send + 'static> DerefMut for Later<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Default + Send + 'static> Drop for Later<'_, T> {
    fn drop(&mut self) {
        if self.empty {
            return;
        }
        let value = std::mem::take(&mut self.value);
        self.pool.spawn(move || drop(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};
    use std::thread::ThreadId;

    struct Told(mpsc::Sender<ThreadId>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(std::thread::current().id()).unwrap();
        }
    }

    #[test]
    fn a_value_is_dropped_on_the_pool() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (sender, dropped) = mpsc::channel();
        drop(Later::new(vec![Told(sender)], &pool));
        assert_ne!(dropped.recv().unwrap(), std::thread::current().id());
    }

    #[test]
    fn what_is_taken_out_stays() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let mut held = Later::new(vec![Arc::new(1)], &pool);
        held.push(Arc::new(2));
        let kept = held.first().cloned();
        assert_eq!(held.into_inner().len(), 2);
        assert_eq!(kept.map(|k| Arc::strong_count(&k)), Some(1));
    }
}
