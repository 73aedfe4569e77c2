//! Work on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cores {
    /// All that there are.
    All,
    /// The one that asks: others have enough to do.
    One,
}

/// Does one thing to each of many, on all cores; the results are in their order.
pub(crate) fn parallel<T: Sync, R: Send>(many: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    parallel_with(many, || (), |(), one| work(one))
}

/// The same with something that each thread has for itself.
pub(crate) fn parallel_with<T: Sync, R: Send, S>(
    many: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    on(Cores::All, many, state, work)
}

/// The same on so many cores.
pub(crate) fn on<T: Sync, R: Send, S>(
    cores: Cores,
    many: &[T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let threads = match cores {
        Cores::All => thread::available_parallelism().map_or(1, usize::from),
        Cores::One => 1,
    };
    let threads = threads.min(many.len());
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        let mut state = state();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = many.get(at) else { return done };
            done.push((at, work(&mut state, one)));
        }
    };
    let mut results: Vec<(usize, R)> = Vec::with_capacity(many.len());
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        results.extend(run());
        for other in others {
            // A thread that panicked is a fault of ours: it goes on here.
            match other.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
