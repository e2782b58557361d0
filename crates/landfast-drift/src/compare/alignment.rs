//! The alignment of two sequences that costs the least.

/// Pairs rows with columns, both in their order, so that the sum of the costs of the pairs and of what is left alone is
/// the least. `costs` holds a pair's cost row by row; a row or column that is left alone costs what `rows` or `columns`
/// say. Of alignments that cost the same, the one with a pair where that is possible wins.
///
/// This is the method of Needleman and Wunsch (1970): O(rows × columns).
pub(super) fn cheapest(costs: &[usize], rows: &[usize], columns: &[usize]) -> Vec<(Option<usize>, Option<usize>)> {
    let width = columns.len() + 1;
    // rest[row][column]: the least that this row and this column, and all after them, cost.
    let mut rest = vec![0_usize; (rows.len() + 1) * width];
    let at = |rest: &[usize], row: usize, column: usize| rest.get(row * width + column).copied().unwrap_or_default();
    let moves = |rest: &[usize], row: usize, column: usize| {
        let pair = costs.get(row * columns.len() + column).filter(|_| row < rows.len() && column < columns.len());
        let old = rows.get(row).map(|cost| cost + at(rest, row + 1, column));
        let new = columns.get(column).map(|cost| cost + at(rest, row, column + 1));
        [pair.map(|cost| cost + at(rest, row + 1, column + 1)), old, new]
    };
    for row in (0..=rows.len()).rev() {
        for column in (0..=columns.len()).rev() {
            let least = moves(&rest, row, column).into_iter().flatten().min().unwrap_or_default();
            if let Some(cell) = rest.get_mut(row * width + column) {
                *cell = least;
            }
        }
    }
    let mut aligned = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows.len() || column < columns.len() {
        let least = at(&rest, row, column);
        let [pair, old, _] = moves(&rest, row, column);
        let (takes_row, takes_column) = if pair == Some(least) {
            (true, true)
        } else if old == Some(least) {
            (true, false)
        } else {
            (false, true)
        };
        aligned.push((takes_row.then_some(row), takes_column.then_some(column)));
        (row, column) = (row + usize::from(takes_row), column + usize::from(takes_column));
    }
    aligned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_alignment_keeps_the_order() {
        let both = |row, column| (Some(row), Some(column));
        assert_eq!(cheapest(&[4, 0, 9, 3], &[9, 9], &[9, 9]), [both(0, 0), both(1, 1)]);
        assert_eq!(cheapest(&[5, 0, 5, 9], &[2, 2], &[2, 9]), [(None, Some(0)), both(0, 1), (Some(1), None)]);
        assert_eq!(cheapest(&[3, 0], &[1], &[1, 1]), [(None, Some(0)), both(0, 1)]);
        assert_eq!(cheapest(&[], &[], &[1]), [(None, Some(0))]);
    }
}
