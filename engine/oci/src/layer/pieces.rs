//! Work on the pieces of a layer, on all processors.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The number of processors that this process may use.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Applies `work` to each piece, and returns the results in the pieces' order. Whichever processor is
/// free takes the next piece: some take twice as long as others, and none is waited for.
pub(super) fn map<P: Sync, R: Send>(
    pieces: &[P],
    processors: usize,
    work: impl Fn(&P) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take_all = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(place) else { return done };
            done.push((place, work(piece)));
        }
    };
    let mut done = thread::scope(|scope| {
        let others = 1..processors.min(pieces.len());
        let others: Vec<_> = others.map(|_| scope.spawn(take_all)).collect();
        let mut done = take_all();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_pieces() {
        let pieces: Vec<usize> = (0..100).collect();
        let doubled: Vec<usize> = pieces.iter().map(|piece| piece * 2).collect();
        for processors in [1, 2, 7, 200] {
            assert_eq!(map(&pieces, processors, |piece| piece * 2), doubled, "{processors}");
        }
        assert!(map(&[(); 0], 2, |()| ()).is_empty());
    }
}
