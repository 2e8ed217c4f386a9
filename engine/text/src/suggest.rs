/// The likeness above which a name may be a misspelling of another, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;

/// The candidate that `name` is most likely a misspelling of, for "did you mean".
///
/// Of candidates that are equally similar, the alphabetically first is taken.
pub fn most_similar<T: AsRef<str>>(
    name: &str,
    candidates: impl IntoIterator<Item = T>,
) -> Option<T> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate.as_ref()), candidate))
        .filter(|(similarity, _)| *similarity > MIN_SIMILARITY)
        .max_by(|(a, first), (b, second)| {
            a.total_cmp(b).then_with(|| second.as_ref().cmp(first.as_ref()))
        })
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelling_finds_its_name_and_unrelated_words_none() {
        let known = ["limits", "listen", "log"];
        assert_eq!(most_similar("limts", known), Some("limits"));
        assert_eq!(most_similar("lisen", known), Some("listen"));
        assert_eq!(most_similar("policies", known), None);
        assert_eq!(most_similar("limits", [""; 0]), None);
    }

    #[test]
    fn equally_similar_candidates_give_the_alphabetically_first() {
        for known in [["pod-b", "pod-a"], ["pod-a", "pod-b"]] {
            assert_eq!(most_similar("pod-c", known), Some("pod-a"));
        }
    }
}
