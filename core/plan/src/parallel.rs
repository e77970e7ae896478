//! The same for many values, on the threads of the pool that planning is called in. A library starts no threads of its own, so
//! whoever plans outside of a pool plans on one thread.

use rayon::prelude::*;

/// Values that one thread takes at once.
const CHUNK: usize = 128;

/// `make` of each value, in their order; `begin` makes what the values of one chunk share.
pub(crate) fn map<T: Sync, S, R: Send>(
    values: &[T],
    begin: &(dyn Fn() -> S + Sync),
    make: &(dyn Fn(&mut S, &T) -> R + Sync),
) -> Vec<R> {
    let chunk = |values: &[T]| -> Vec<R> {
        let mut shared = begin();
        values.iter().map(|value| make(&mut shared, value)).collect()
    };
    if values.len() <= CHUNK || rayon::current_thread_index().is_none() {
        return chunk(values);
    }
    let made: Vec<Vec<R>> = values.par_chunks(CHUNK).map(chunk).collect();
    made.into_iter().flatten().collect()
}
