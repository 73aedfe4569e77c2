//! Which of many changes are fit to stay, found with few trials: all together, then what is left when
//! those are set aside that an error points to, then halves.
//!
//! *Invariants.* What is kept in the end has passed a trial together, as it is. What is refused has
//! failed beside nothing but what was kept, or twice with an error of its own. The number of trials
//! is bounded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How a trial of some changes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial<R> {
    /// Nothing is worse.
    Passes,
    /// Something is.
    Fails {
        /// What, for each change that it points to.
        blamed: BTreeMap<usize, R>,
        /// What, for any other.
        reason: R,
    },
    /// There is no room for a trial any more.
    Spent,
}

/// What has become of the changes, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division<R> {
    /// Those that pass, all together.
    pub kept: BTreeSet<usize>,
    /// Those that do not.
    pub refused: BTreeMap<usize, R>,
    /// Those that contradict one that is kept.
    pub in_the_way: BTreeSet<usize>,
    /// Those for which there was no room.
    pub untried: BTreeSet<usize>,
}

/// The changes that cannot be applied beside one, for each that has such.
pub type Contradictions = BTreeMap<usize, BTreeSet<usize>>;

/// Divides the changes `0..count`. `contradictions` has each pair from both sides; `try_all` tries
/// exactly these, which do not contradict each other, and is asked at most `limit` times.
pub fn divide<R: Clone>(
    count: usize,
    limit: usize,
    contradictions: &Contradictions,
    try_all: &mut dyn FnMut(&BTreeSet<usize>) -> Trial<R>,
) -> Division<R> {
    let mut division = Division {
        kept: BTreeSet::new(),
        refused: BTreeMap::new(),
        in_the_way: BTreeSet::new(),
        untried: BTreeSet::new(),
    };
    let mut groups: VecDeque<Vec<usize>> = VecDeque::from([(0..count).collect()]);
    let mut suspected: BTreeSet<usize> = BTreeSet::new();
    let mut trials = 0;
    while let Some(group) = groups.pop_front() {
        let (group, later) = division.without_contradictions(group, contradictions);
        if !later.is_empty() {
            groups.push_back(later);
        }
        if group.is_empty() {
            continue;
        }
        let together = division.kept.iter().chain(&group).copied().collect();
        let trial = match trials < limit {
            true => try_all(&together),
            false => Trial::Spent,
        };
        trials += 1;
        match trial {
            Trial::Passes => division.kept = together,
            Trial::Spent => division.untried.extend(group),
            Trial::Fails { blamed, reason } => {
                let failed = Failed { blamed, reason };
                division.divide(group, failed, &mut suspected, &mut groups);
            }
        }
    }
    division
}

struct Failed<R> {
    blamed: BTreeMap<usize, R>,
    reason: R,
}

impl<R: Clone> Division<R> {
    /// The changes of a group that can be tried together beside those that are kept, and those that
    /// contradict one of them.
    fn without_contradictions(
        &mut self,
        group: Vec<usize>,
        contradictions: &Contradictions,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut now: BTreeSet<usize> = BTreeSet::new();
        let (mut order, mut later) = (Vec::new(), Vec::new());
        for change in group {
            let others = contradictions.get(&change);
            let is_against =
                |some: &BTreeSet<usize>| others.is_some_and(|others| !others.is_disjoint(some));
            if is_against(&self.kept) {
                self.in_the_way.insert(change);
            } else if is_against(&now) {
                later.push(change);
            } else {
                now.insert(change);
                order.push(change);
            }
        }
        (order, later)
    }

    fn divide(
        &mut self,
        group: Vec<usize>,
        mut failed: Failed<R>,
        suspected: &mut BTreeSet<usize>,
        groups: &mut VecDeque<Vec<usize>>,
    ) {
        if let [only] = group[..] {
            let own = failed.blamed.remove(&only);
            self.refused.insert(only, own.unwrap_or(failed.reason));
            return;
        }
        let mut suspects = Vec::new();
        let mut others = Vec::new();
        let mut is_less = false;
        for change in group {
            match failed.blamed.remove(&change) {
                // The error of one may be another's doing, so it takes two.
                Some(own) if suspected.contains(&change) => {
                    self.refused.insert(change, own);
                    is_less = true;
                }
                Some(_) => {
                    suspected.insert(change);
                    suspects.push(change);
                }
                None => others.push(change),
            }
        }
        if is_less || !suspects.is_empty() && !others.is_empty() {
            // Those that nothing points to come first: they may well be all right.
            groups.push_front(suspects);
            groups.push_front(others);
            return;
        }
        let mut all = others;
        all.append(&mut suspects);
        let second = all.split_off(all.len() / 2);
        groups.push_front(second);
        groups.push_front(all);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(blamed: &[usize]) -> Trial<String> {
        Trial::Fails {
            blamed: blamed.iter().map(|at| (*at, format!("{at}"))).collect(),
            reason: "somewhere".to_owned(),
        }
    }

    /// Of the first `count` changes those that contradict.
    fn pairs_of(count: usize, contradict: &dyn Fn(usize, usize) -> bool) -> Contradictions {
        let of = |a: usize| (0..count).filter(|b| contradict(a, *b)).collect();
        (0..count).map(|a| (a, of(a))).collect()
    }

    /// Divides where some changes are bad; blame names those of them that are tried.
    fn of(count: usize, bad: &[usize], is_told: bool) -> (Division<String>, usize) {
        let mut trials = 0;
        let division = divide(count, 1000, &Contradictions::new(), &mut |tried| {
            trials += 1;
            let guilty: Vec<usize> = bad
                .iter()
                .copied()
                .filter(|at| tried.contains(at))
                .collect();
            match guilty[..] {
                [] => Trial::Passes,
                _ if is_told => fails(&guilty),
                _ => fails(&[]),
            }
        });
        (division, trials)
    }

    #[test]
    fn errors_cut_the_search() {
        let (division, trials) = of(100, &[], true);
        assert_eq!((division.kept.len(), trials), (100, 1));
        let (division, trials) = of(100, &[3, 50, 51, 99], true);
        assert_eq!(
            division.refused.keys().copied().collect::<Vec<_>>(),
            [3, 50, 51, 99]
        );
        assert_eq!((division.kept.len(), trials), (96, 3));
        let (division, trials) = of(100, &[3], false);
        assert_eq!(division.refused[&3], "somewhere");
        assert!(trials < 20, "{trials}");
    }

    #[test]
    fn of_two_that_contradict_one_is_kept() {
        let contradict = |a: usize, b: usize| a + b == 3;
        let division = divide(4, 10, &pairs_of(4, &contradict), &mut |tried| {
            assert!(!(tried.contains(&1) && tried.contains(&2)));
            match tried.contains(&0) {
                true => fails(&[0]),
                false => Trial::Passes,
            }
        });
        // What 0 was in the way of is tried when 0 is refused.
        assert_eq!(division.kept, BTreeSet::from([1, 3]));
        assert_eq!(division.in_the_way, BTreeSet::from([2]));
        assert_eq!(division.refused.len(), 1);
    }

    #[test]
    fn no_more_trials_than_there_is_room_for() {
        let mut trials = 0;
        let division = divide(64, 5, &Contradictions::new(), &mut |_| {
            trials += 1;
            fails(&[])
        });
        assert_eq!((trials, division.kept.len()), (5, 0));
        assert_eq!(division.untried.len() + division.refused.len(), 64);
        assert_eq!(
            divide(0, 5, &Contradictions::new(), &mut |_| fails(&[]))
                .kept
                .len(),
            0
        );
    }

    proptest! {
        #[test]
        fn exactly_the_bad_ones_are_refused(
            bad in proptest::collection::btree_set(0_usize..40, 0..10),
            is_told in any::<bool>(),
        ) {
            let bad: Vec<usize> = bad.into_iter().collect();
            let (division, trials) = of(40, &bad, is_told);
            prop_assert_eq!(division.refused.keys().copied().collect::<Vec<_>>(), bad);
            prop_assert_eq!(division.kept.len() + division.refused.len(), 40);
            prop_assert!(trials <= 80);
        }

        #[test]
        fn every_change_has_one_end(
            answers in proptest::collection::vec(any::<u8>(), 1..30),
            pairs in proptest::collection::btree_set((0_usize..8, 0_usize..8), 0..8),
        ) {
            let mut answers = answers.iter().cycle();
            let contradict = |a: usize, b: usize| a != b && (pairs.contains(&(a, b)) || pairs.contains(&(b, a)));
            let mut passed = BTreeSet::new();
            let division = divide(8, 50, &pairs_of(8, &contradict), &mut |tried| {
                for a in tried {
                    for b in tried {
                        assert!(!contradict(*a, *b));
                    }
                }
                match answers.next().unwrap() {
                    0..100 => {
                        passed = tried.clone();
                        Trial::Passes
                    }
                    at @ 100..200 => fails(&[usize::from(at % 8)]),
                    _ => fails(&[]),
                }
            });
            prop_assert_eq!(&division.kept, &passed);
            let mut all: Vec<usize> = division.kept.iter().copied().collect();
            all.extend(division.refused.keys());
            all.extend(&division.in_the_way);
            all.extend(&division.untried);
            all.sort_unstable();
            prop_assert_eq!(all, (0..8).collect::<Vec<_>>());
        }
    }
}
