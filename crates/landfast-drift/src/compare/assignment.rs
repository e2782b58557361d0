//! The assignment of rows to columns that costs the least.

/// Pairs each row with a column of its own, or each column with a row where there are fewer columns, so that the sum of
/// the costs is the least. `None` is a pair that cannot be: as few of them as possible stand in the way, and none is in
/// the result. Pairs come in the order of their rows.
///
/// This is the Hungarian method with potentials (Kuhn 1955, Munkres 1957): O(n² m) for n the shorter side.
pub(super) fn cheapest(costs: &[Option<usize>], rows: usize, columns: usize) -> Vec<(usize, usize)> {
    let cost = |row: usize, column: usize| costs.get(row * columns + column).copied().flatten();
    // Dearer than all pairs that can be, together.
    let forbidden =
        costs.iter().flatten().fold(1_i64, |sum, cost| sum.saturating_add(signed(*cost))).min(i64::MAX >> 24);
    let price = |row: usize, column: usize| cost(row, column).map_or(forbidden, signed);
    let mut pairs = if rows <= columns {
        shorter_side(rows, columns, price)
    } else {
        let turned = shorter_side(columns, rows, |column, row| price(row, column));
        turned.into_iter().map(|(column, row)| (row, column)).collect()
    };
    pairs.retain(|(row, column)| cost(*row, *column).is_some());
    pairs.sort_unstable();
    pairs
}

fn signed(cost: usize) -> i64 {
    i64::try_from(cost).unwrap_or(i64::MAX)
}

/// One line of the table with its potential; index 0 stands for "none" in the vectors of the method.
struct Lines {
    potential: Vec<i64>,
    partner: Vec<usize>,
}

fn shorter_side(rows: usize, columns: usize, price: impl Fn(usize, usize) -> i64) -> Vec<(usize, usize)> {
    let mut row_potential = vec![0_i64; rows + 1];
    let mut lines = Lines { potential: vec![0; columns + 1], partner: vec![0; columns + 1] };
    for row in 1..=rows {
        assign(row, &mut row_potential, &mut lines, &price);
    }
    let partners = lines.partner.iter().enumerate().skip(1).filter(|(_, row)| **row > 0);
    partners.map(|(column, row)| (row - 1, column - 1)).collect()
}

/// Finds a place for one more row along the cheapest chain of moves.
fn assign(row: usize, row_potential: &mut [i64], lines: &mut Lines, price: &impl Fn(usize, usize) -> i64) {
    let width = lines.partner.len();
    let get = |values: &[i64], at: usize| values.get(at).copied().unwrap_or_default();
    let mut slack = vec![i64::MAX; width];
    let mut way = vec![0_usize; width];
    let mut done = vec![false; width];
    set(&mut lines.partner, 0, row);
    let mut column = 0;
    loop {
        set(&mut done, column, true);
        let here = lines.partner.get(column).copied().unwrap_or_default();
        let mut least = i64::MAX;
        let mut next = 0;
        for at in 1..width {
            if done.get(at).copied().unwrap_or(true) {
                continue;
            }
            let reduced = price(here - 1, at - 1) - get(row_potential, here) - get(&lines.potential, at);
            if reduced < get(&slack, at) {
                set(&mut slack, at, reduced);
                set(&mut way, at, column);
            }
            if get(&slack, at) < least {
                least = get(&slack, at);
                next = at;
            }
        }
        for at in 0..width {
            if done.get(at).copied().unwrap_or_default() {
                let partner = lines.partner.get(at).copied().unwrap_or_default();
                add(row_potential, partner, least);
                add(&mut lines.potential, at, -least);
            } else {
                add(&mut slack, at, -least);
            }
        }
        column = next;
        if lines.partner.get(column).copied().unwrap_or_default() == 0 {
            break;
        }
    }
    while column != 0 {
        let before = way.get(column).copied().unwrap_or_default();
        let partner = lines.partner.get(before).copied().unwrap_or_default();
        set(&mut lines.partner, column, partner);
        column = before;
    }
}

fn set<T>(values: &mut [T], at: usize, new: T) {
    if let Some(value) = values.get_mut(at) {
        *value = new;
    }
}

fn add(values: &mut [i64], at: usize, more: i64) {
    if let Some(value) = values.get_mut(at) {
        *value += more;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The most pairs, then the lowest sum, by trying everything.
    fn best(costs: &[Option<usize>], rows: usize, columns: usize, taken: &mut Vec<bool>, row: usize) -> (usize, usize) {
        if row == rows {
            return (0, 0);
        }
        let mut least = best(costs, rows, columns, taken, row + 1);
        for column in 0..columns {
            if let (false, Some(cost)) = (taken[column], costs[row * columns + column]) {
                taken[column] = true;
                let (missing, sum) = best(costs, rows, columns, taken, row + 1);
                taken[column] = false;
                // `missing` counts downwards from the most pairs: one pair more is one less missing.
                let candidate = (missing + 1, sum + cost);
                if candidate.0 > least.0 || (candidate.0 == least.0 && candidate.1 < least.1) {
                    least = candidate;
                }
            }
        }
        least
    }

    fn table() -> impl Strategy<Value = (Vec<Option<usize>>, usize, usize)> {
        (1_usize..5, 1_usize..5).prop_flat_map(|(rows, columns)| {
            let cost = prop_oneof![4 => (0_usize..9).prop_map(Some), 1 => Just(None)];
            (proptest::collection::vec(cost, rows * columns), Just(rows), Just(columns))
        })
    }

    proptest! {
        #[test]
        fn nothing_costs_less((costs, rows, columns) in table()) {
            let pairs = cheapest(&costs, rows, columns);
            let sum: usize = pairs.iter().map(|(row, column)| costs[row * columns + column].unwrap()).sum();
            prop_assert_eq!((pairs.len(), sum), best(&costs, rows, columns, &mut vec![false; columns], 0));
            let mut taken: Vec<usize> = pairs.iter().map(|(_, column)| *column).collect();
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(taken.len(), pairs.len());
        }
    }
}
