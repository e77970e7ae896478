//! "did you mean": the nearest of a list of names.

/// The candidate nearest to `wanted`, when it is near enough to be worth saying: Damerau-Levenshtein distance on
/// lower-cased text of at most a third of the length, ties by order of the candidates.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    // A name of one or two letters is near to every other one; only its letter case is worth suggesting.
    let length = wanted.chars().count();
    let limit = if length < 3 { 0 } else { (length / 3).clamp(1, 4) };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        if lower.chars().count().abs_diff(wanted.chars().count()) > limit {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &lower);
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("amout", ["account", "amount"]), Some("amount"));
        assert_eq!(nearest("ID", ["id"]), Some("id"));
        assert_eq!(nearest("c", ["a", "b"]), None);
        assert_eq!(nearest("zork", ["amount", "id"]), None);
    }
}
