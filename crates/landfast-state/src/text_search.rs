//! Many texts held closely, and finding any of them in another text.

/// Texts one behind the other: 8 bytes more than their own for each.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        let before = self.all.len();
        self.all.push_str(&other.all);
        self.ends.extend(other.ends.iter().map(|end| before + end));
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(at).and_then(|end| self.all.get(start..*end)).unwrap_or_default()
    }

    /// The texts in their order, each once.
    fn sorted(self) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_unstable_by(|a, b| self.get(*a).cmp(self.get(*b)));
        order.dedup_by(|a, b| self.get(*a) == self.get(*b));
        let mut sorted = Self { all: String::new(), ends: Vec::with_capacity(order.len()) };
        sorted.all.reserve_exact(order.iter().map(|at| self.get(*at).len()).sum());
        order.iter().for_each(|at| sorted.push(self.get(*at)));
        sorted
    }

    /// How many of the texts, which are sorted, are not behind this one.
    fn up_to(&self, text: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).as_bytes() <= text { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Finds texts of at least [`TextSearch::SHORTEST`] bytes. It needs 16 to 24 bytes for each and their own, where an automaton
/// would need twenty for each of their bytes.
pub(crate) struct TextSearch {
    /// Sorted, each once.
    texts: Texts,
    /// By how they begin: nearly everything that is none of them ends here.
    beginnings: Box<[u64]>,
}

impl TextSearch {
    pub(crate) const SHORTEST: usize = 8;

    /// Texts that are shorter are not found.
    pub(crate) fn new(texts: Texts) -> Self {
        let texts = texts.sorted();
        let words = texts.len().next_power_of_two().max(64);
        let mut search = Self { beginnings: vec![0; words].into(), texts };
        for at in 0..search.texts.len() {
            if let Some(beginning) = search.texts.get(at).as_bytes().first_chunk() {
                let (word, bit) = place_of(*beginning, words);
                if let Some(word) = search.beginnings.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        search
    }

    /// How many texts there are to find.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Start and end of the first text from `from` on; of those that begin there, the longest.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        let windows = bytes.get(from..)?.windows(Self::SHORTEST).zip(from..);
        for (window, at) in windows {
            let (word, bit) = place_of(*window.first_chunk()?, self.beginnings.len());
            if self.beginnings.get(word).is_some_and(|word| word & bit != 0)
                && let Some(len) = self.longest(bytes.get(at..)?)
            {
                return Some((at, at + len));
            }
        }
        None
    }

    /// The length of the longest text that `bytes` begin with.
    fn longest(&self, mut bytes: &[u8]) -> Option<usize> {
        loop {
            // What they begin with is not behind them, and what is longer is behind what is shorter.
            let nearest = self.texts.get(self.texts.up_to(bytes).checked_sub(1)?).as_bytes();
            if bytes.starts_with(nearest) {
                return Some(nearest.len());
            }
            // A longer part of them would be behind the nearest.
            let common = bytes.iter().zip(nearest).take_while(|(a, b)| a == b).count();
            bytes = bytes.get(..common).filter(|bytes| bytes.len() >= Self::SHORTEST)?;
        }
    }
}

/// Where the bit for a beginning stands in so many words, a power of two.
#[inline]
fn place_of(beginning: [u8; TextSearch::SHORTEST], words: usize) -> (usize, u64) {
    let mixed = u64::from_le_bytes(beginning).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = usize::try_from(mixed >> 32).unwrap_or_default() & words.saturating_sub(1);
    (word, 1 << (mixed >> 26 & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(texts: &[String]) -> TextSearch {
        let mut all = Texts::default();
        texts.iter().for_each(|text| all.push(text));
        TextSearch::new(all)
    }

    /// Looks at every place for every text.
    fn plainly(texts: &[String], text: &str) -> Option<(usize, usize)> {
        (0..text.len()).find_map(|at| {
            let fits = |wanted: &&String| text.as_bytes()[at..].starts_with(wanted.as_bytes());
            texts.iter().filter(fits).map(String::len).max().map(|len| (at, at + len))
        })
    }

    #[test]
    fn the_longest_of_those_that_begin_first() {
        let texts = ["abcdefgh", "abcdefghij", "bcdefghijklm", "abcdefgz", "abcdefgz"].map(str::to_owned);
        let search = search(&texts);
        assert_eq!(search.len(), 4);
        assert_eq!(search.find("xabcdefghijklm", 0), Some((1, 11)));
        assert_eq!(search.find("xabcdefghijklm", 2), Some((2, 14)));
        assert_eq!(search.find("xabcdefghi", 0), Some((1, 9)));
        assert_eq!(search.find("abcdefg", 0), None);
        assert_eq!(search.find("", 0), None);
        assert_eq!(self::search(&[]).find("abcdefghij", 0), None);
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_look_finds(
            texts in proptest::collection::vec("[abé]{8,14}", 0..40),
            text in "[abé]{0,40}",
            whole in proptest::sample::select(vec![false, true]),
        ) {
            let text = if whole { texts.concat() + &text } else { text };
            prop_assert_eq!(search(&texts).find(&text, 0), plainly(&texts, &text));
        }

        #[test]
        fn texts_are_kept_as_they_are(texts in proptest::collection::vec("[a-cé]{0,3}", 0..20), more in "[a-c]{0,3}") {
            let mut all = Texts::default();
            texts.iter().for_each(|text| all.push(text));
            let mut others = Texts::default();
            others.push(&more);
            all.extend(&others);
            let mut expected = texts.clone();
            expected.push(more);
            prop_assert_eq!((0..all.len()).map(|at| all.get(at)).collect::<Vec<_>>(), expected.clone());
            expected.sort();
            expected.dedup();
            let sorted = all.sorted();
            prop_assert_eq!((0..sorted.len()).map(|at| sorted.get(at)).collect::<Vec<_>>(), expected);
        }
    }
}
