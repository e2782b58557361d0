//! Random worlds are taken back to what they were, or to what was named before.

use landfast_rollback::testing::worlds::{Naming, restore};

#[test]
fn what_does_not_come_back_was_named_before() {
    let mut named = Naming::default();
    let mut whole = 0;
    for seed in 0..250 {
        let restored = restore(seed);
        assert!(restored.violations.is_empty(), "seed {seed}: {:?}", restored.violations);
        named = named.with(restored.named);
        whole += u32::from(restored.is_first_again && restored.is_changed_again);
    }
    assert_eq!(named.recall().to_bits(), 1.0_f64.to_bits(), "{named:?}");
    // Neither does everything come back, nor is everything named.
    assert!(named.rightly > 100 && named.precision() > 0.5, "{named:?}");
    assert!(whole > 50, "only {whole} worlds were the same again");
}
