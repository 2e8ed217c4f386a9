use proptest::prelude::*;

use super::ring::OVERHEAD;
use super::*;

fn kept(ring: &Ring) -> Vec<(u64, usize)> {
    ring.before(u64::MAX, usize::MAX).iter().map(|event| (event.number, event.text.len())).collect()
}

fn text(bytes: usize) -> Arc<[u8]> {
    vec![b' '; bytes].into()
}

proptest! {
    /// Whatever comes: the bytes are bounded, the order is that in which events came, and of one
    /// share the oldest go first.
    #[test]
    fn oldest_events_make_room(
        events in proptest::collection::vec((any::<bool>(), 0_usize..3000), 1..200),
        max_bytes in 0_usize..10_000,
    ) {
        let mut ring = Ring::new(max_bytes);
        let mut all = [Vec::new(), Vec::new()];
        for (denied, bytes) in events {
            let share = if denied { Share::Denials } else { Share::Others };
            let number = all.iter().map(Vec::len).sum::<usize>() as u64;
            let fits = bytes + OVERHEAD <= max_bytes / 2;
            prop_assert_eq!(ring.push(share, 0, text(bytes)), fits);
            if fits {
                all[usize::from(denied)].push((number, bytes));
            }
            let now = kept(&ring);
            let sum: usize = now.iter().map(|(_, bytes)| bytes + OVERHEAD).sum();
            prop_assert!(sum <= max_bytes && sum == ring.bytes());
            prop_assert_eq!((now.len(), fits && now.is_empty()), (ring.len(), false));
            prop_assert!(now.is_sorted_by(|first, second| first.0 > second.0));
            for share in &all {
                let of_share: Vec<_> =
                    now.iter().rev().filter(|event| share.contains(event)).copied().collect();
                prop_assert!(share.ends_with(&of_share));
            }
        }
    }
}

#[test]
fn other_events_never_push_denials_out() {
    let mut ring = Ring::new(10_000);
    assert!(ring.push(Share::Denials, 0, text(1000)));
    for _ in 0..1000 {
        assert!(ring.push(Share::Others, 0, text(1000)));
    }
    assert_eq!(kept(&ring).last(), Some(&(0, 1000)));
    assert!(ring.bytes() > 8000);
    for _ in 0..1000 {
        assert!(ring.push(Share::Denials, 0, text(1000)));
    }
    let others = kept(&ring).iter().filter(|(number, _)| (1..=1000).contains(number)).count();
    assert_eq!((others, ring.len()), (4, 8));
}

#[test]
fn events_under_earlier_rules_of_redaction_are_not_kept() {
    let kept = Kept::new(10_000);
    kept.push(Share::Others, 0, text(1));
    kept.push(Share::Denials, 0, text(1));
    kept.clear(1);
    assert_eq!(kept.ring().len(), 0);
    kept.push(Share::Others, 0, text(1));
    assert_eq!((kept.ring().len(), kept.others.passed_over()), (0, 1));
    kept.push(Share::Others, 1, text(1));
    assert_eq!(kept.ring().len(), 1);
}

#[cfg(feature = "console")]
#[test]
fn events_are_read_in_parts_while_others_come() {
    let kept = Kept::new(1 << 20);
    let push = |share, number: usize| kept.push(share, 0, number.to_string().into_bytes().into());
    for number in 0..1000 {
        push(Share::Others, number);
    }
    let mut events = kept.latest_first();
    assert_eq!(*events.next().unwrap(), *b"999");
    push(Share::Denials, 1000);
    let numbers: Vec<usize> =
        events.map(|event| str::from_utf8(&event).unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (0..999).rev().collect::<Vec<_>>());
    let counts = kept.counts();
    assert_eq!((counts.events, counts.bytes), (1001, 2894 + 1001 * OVERHEAD));
    assert_eq!((counts.max_bytes, counts.passed_over), (1 << 20, 0));
}
