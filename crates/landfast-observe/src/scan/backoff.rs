//! How long to wait before a read is tried again.

use std::time::Duration;

use super::options::RetryOptions;
use super::reader::{Unreadable, UnreadableClass};

/// How often a failure of this kind is repeated.
pub(super) fn repetitions(options: &RetryOptions, class: UnreadableClass) -> u32 {
    match class {
        UnreadableClass::Throttled => options.throttled,
        UnreadableClass::Transient | UnreadableClass::TimedOut => options.transient,
        _ => 0,
    }
}

/// The wait before the repetition after so many failures. Half of it is chance, so that reads which failed together do not come
/// back together.
pub(super) fn wait(
    options: &RetryOptions,
    failures: u32,
    failure: &Unreadable,
    random: &mut fastrand::Rng,
) -> Duration {
    let doubled = options.first_wait.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    let wait = doubled.min(options.longest_wait.max(options.first_wait)).mul_f64(0.5 + random.f64() / 2.0);
    wait.max(failure.retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_heed_the_provider() {
        let options = RetryOptions {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(10),
            ..RetryOptions::default()
        };
        let failure = Unreadable::new(UnreadableClass::Throttled, "", "");
        let mut random = fastrand::Rng::with_seed(1);
        let mut seconds = |failures| wait(&options, failures, &failure, &mut random).as_secs_f64();
        for (failures, longest) in [(1, 1.0), (2, 2.0), (4, 8.0), (5, 10.0), (60, 10.0)] {
            for _ in 0..50 {
                let wait = seconds(failures);
                assert!(wait >= longest / 2.0 && wait <= longest, "{failures}: {wait}");
            }
        }
        let asked = failure.with_retry_after(Duration::from_secs(60));
        assert_eq!(wait(&options, 1, &asked, &mut fastrand::Rng::with_seed(1)), Duration::from_secs(60));
    }
}
