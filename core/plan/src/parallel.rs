//! The same for many values, on the threads of the pool that planning is called in. A library starts no threads of its own, so
//! whoever plans outside of a pool plans on one thread.

use rayon::prelude::*;

/// Values that one thread takes at once, at least.
const CHUNK: usize = 128;

/// `make` of each value, in their order; `begin` makes what the values of one chunk share.
pub(crate) fn map<T: Sync, S, R: Send>(
    values: &[T],
    begin: &(dyn Fn() -> S + Sync),
    make: &(dyn Fn(&mut S, &T) -> R + Sync),
) -> Vec<R> {
    if values.len() <= CHUNK || rayon::current_thread_index().is_none() {
        let mut shared = begin();
        return values.iter().map(|value| make(&mut shared, value)).collect();
    }
    // Each is written to its place: they are not put together from parts.
    let chunks = values.par_iter().with_min_len(CHUNK);
    chunks
        .map_init(begin, |shared, value| make(shared, value))
        .collect()
}

/// Drops what was made so far where nobody waits for it: on the pool that this is called in.
pub(crate) fn give_up<T: Send + 'static, E>(made: Vec<T>) -> Vec<E> {
    if rayon::current_thread_index().is_some() {
        rayon::spawn(move || drop(made));
    }
    Vec::new()
}
