//! Reading a part, and what that can say about the whole.

use landfast_state::BytesDigest;
use landfast_state::address::ObjectAddress;

/// A part of all objects, drawn by their addresses: the same seed draws the same part of the same objects, whatever their order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    percent: f64,
    seed: u64,
}

/// The share is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sample is more than 0 % and at most 100 %")]
pub struct SampleError;

impl Sample {
    /// About so many percent of all objects.
    ///
    /// # Errors
    /// When it is not more than 0 and at most 100.
    pub fn new(percent: f64, seed: u64) -> Result<Self, SampleError> {
        if percent > 0.0 && percent <= 100.0 { Ok(Self { percent, seed }) } else { Err(SampleError) }
    }

    /// How many percent of all.
    #[must_use]
    pub fn percent(&self) -> f64 {
        self.percent
    }

    /// What it is drawn by.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether an object is in it.
    #[must_use]
    pub fn holds(&self, address: &ObjectAddress) -> bool {
        let digest = BytesDigest::of(format!("landfast sample {} {address}", self.seed).as_bytes());
        let mut first = [0; 8];
        first.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        // 53 bits are a fraction exactly.
        let fraction = (u64::from_le_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64;
        fraction * 100.0 < self.percent
    }
}

/// What a sample says about all objects that it was drawn from.
///
/// A sample never shows that nothing has drifted. It bounds the share: [`SampleEstimate::upper`] is the one-sided bound of Clopper and
/// Pearson (*Biometrika* 26, 1934) with 95 % confidence. Where nothing was found, that is the rule of three: about `3 / read`
/// (Hanley and Lippman-Hand, *JAMA* 249, 1983). It holds for drift that does not keep to objects of a kind, and says
/// nothing about objects of the sample that could not be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleEstimate {
    /// How many objects there are.
    pub total: u64,
    /// How many were read.
    pub read: u64,
    /// How many of those have drifted.
    pub drifted: u64,
    /// The share of all that has drifted, at a guess: that of the sample. Between 0 and 1; nothing read says 1.
    pub share: f64,
    /// With 95 % confidence the share is no larger than this.
    pub upper: f64,
}

/// How sure the bound is not.
const DOUBT: f64 = 1.0 - SampleEstimate::CONFIDENCE;

impl SampleEstimate {
    /// How sure the bound is.
    pub const CONFIDENCE: f64 = 0.95;

    /// What a sample says of which `read` objects were read, `drifted` of them with drift, drawn from `total`.
    #[must_use]
    pub fn new(total: u64, read: u64, drifted: u64) -> Self {
        let drifted = drifted.min(read);
        let (share, upper) = match read {
            0 => (1.0, 1.0),
            read if read >= total => (drifted as f64 / read as f64, drifted as f64 / read as f64),
            read => (drifted as f64 / read as f64, upper(read, drifted)),
        };
        Self { total, read, drifted, share, upper }
    }

    /// With 95 % confidence no more than so many objects of all have drifted.
    #[must_use]
    pub fn most_drifted(&self) -> u64 {
        ((self.upper * self.total as f64).ceil() as u64).clamp(self.drifted, self.total.max(self.drifted))
    }
}

/// The largest share under which so few would be seen at least once in twenty times.
fn upper(read: u64, drifted: u64) -> f64 {
    if drifted == read {
        return 1.0;
    }
    let (mut low, mut high) = (drifted as f64 / read as f64, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(read, drifted, middle) > DOUBT { low = middle } else { high = middle }
    }
    high
}

/// The probability of at most `count` hits in `tries`, each with this probability, which is neither 0 nor 1.
fn at_most(tries: u64, count: u64, probability: f64) -> f64 {
    let odds = (probability / (1.0 - probability)).ln();
    let mut term = tries as f64 * (-probability).ln_1p();
    let mut sum = 0.0;
    for hits in 0..=count {
        sum += term.exp();
        term += ((tries - hits) as f64 / (hits + 1) as f64).ln() + odds;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.000_1
    }

    #[test]
    fn bounds_are_those_of_the_tables() {
        // Quantiles of the beta distribution: 1 - 0.05^(1/n) for none, qbeta(0.95, d + 1, n - d) otherwise.
        for (read, drifted, expected) in
            [(100, 0, 0.029_513), (10, 0, 0.258_866), (100, 5, 0.102_253), (20, 10, 0.698_046), (3, 3, 1.0)]
        {
            let estimate = SampleEstimate::new(1_000_000, read, drifted);
            assert!(close(estimate.upper, expected), "{read} {drifted} {}", estimate.upper);
        }
        // The rule of three.
        let none = SampleEstimate::new(100_000, 1_000, 0);
        assert!((none.upper - 0.003).abs() < 0.000_01 && none.most_drifted() == 300, "{none:?}");
    }

    #[test]
    fn a_sample_that_is_all_is_exact_and_none_says_nothing() {
        assert_eq!(SampleEstimate::new(10, 10, 3).upper, 0.3);
        let nothing = SampleEstimate::new(10, 0, 0);
        assert_eq!((nothing.share, nothing.upper, nothing.most_drifted()), (1.0, 1.0, 10));
        // Large ones stay numbers.
        let large = SampleEstimate::new(10_000_000, 100_000, 40_000);
        assert!(large.upper > 0.4 && large.upper < 0.403, "{large:?}");
    }

    #[test]
    fn about_as_many_are_drawn_as_asked_and_always_the_same() {
        let addresses: Vec<ObjectAddress> = (0..10_000).map(|at| format!("a_thing.a[{at}]").parse().unwrap()).collect();
        let drawn = |percent, seed| {
            let sample = Sample::new(percent, seed).unwrap();
            addresses.iter().filter(|address| sample.holds(address)).cloned().collect::<Vec<_>>()
        };
        let ten = drawn(10.0, 1);
        assert!((850..1150).contains(&ten.len()), "{}", ten.len());
        assert_eq!(ten, drawn(10.0, 1));
        assert_ne!(ten, drawn(10.0, 2));
        // A larger one of the same seed holds the smaller one.
        let twenty = drawn(20.0, 1);
        assert!(ten.iter().all(|address| twenty.contains(address)));
        assert_eq!(drawn(100.0, 7).len(), addresses.len());
        for percent in [0.0, -1.0, 100.1, f64::NAN] {
            assert_eq!(Sample::new(percent, 0), Err(SampleError));
        }
    }
}
