//! Arithmetic on small full matrices, stored column by column.
//!
//! Nothing here knows of rooms. Sums run in a fixed order and each number is rounded on its
//! own, so that the result is the same bits on every machine, however wide its vectors are.

/// How many columns are taken at once, so that each number is fetched once for all of them.
const STRIDE: usize = 4;

/// The first `width` columns of a symmetric `height` × `height` matrix (lower half) become
/// those of its Cholesky factor; what is left of the others is the remainder (Golub & Van
/// Loan, Matrix Computations, 4.2.9).
pub(super) fn eliminate(front: &mut [f64], height: usize, width: usize) {
    for start in (0..width).step_by(STRIDE) {
        let end = (start + STRIDE).min(width);
        for column in start..end {
            finish_column(front, height, start, column);
        }
        let (done, rest) = front.split_at_mut(end * height);
        let done = &done[start * height..];
        for (j, target) in rest.chunks_exact_mut(height).enumerate() {
            let row = end + j;
            subtract_multiples(&mut target[row..], done, height, row, row);
        }
    }
}

/// Takes the columns from `start` on out of `column`, and scales it by its pivot.
fn finish_column(front: &mut [f64], height: usize, start: usize, column: usize) {
    let (done, rest) = front.split_at_mut(column * height);
    let target = &mut rest[column..height];
    subtract_multiples(target, &done[start * height..], height, column, column);
    let pivot = target[0].sqrt();
    target[0] = pivot;
    for number in &mut target[1..] {
        *number /= pivot;
    }
}

/// `target` minus every column of `columns` from row `from` on, times its number in row `at`.
fn subtract_multiples(target: &mut [f64], columns: &[f64], height: usize, at: usize, from: usize) {
    let mut four = columns.chunks_exact(STRIDE * height);
    for four in &mut four {
        let (a, rest) = four.split_at(height);
        let (b, rest) = rest.split_at(height);
        let (c, d) = rest.split_at(height);
        let factors = [-a[at], -b[at], -c[at], -d[at]];
        add_four(
            target,
            [&a[from..], &b[from..], &c[from..], &d[from..]],
            factors,
        );
    }
    for column in four.remainder().chunks_exact(height) {
        add_multiple(target, &column[from..], -column[at]);
    }
}

/// target += factor · column.
pub(super) fn add_multiple(target: &mut [f64], column: &[f64], factor: f64) {
    for (t, c) in target.iter_mut().zip(column) {
        *t += factor * c;
    }
}

fn add_four(target: &mut [f64], columns: [&[f64]; STRIDE], factors: [f64; STRIDE]) {
    let [a, b, c, d] = columns.map(|column| &column[..target.len()]);
    let [p, q, r, s] = factors;
    for (i, t) in target.iter_mut().enumerate() {
        *t += (p * a[i] + q * b[i]) + (r * c[i] + s * d[i]);
    }
}

/// target += matrix · factors, where the matrix has columns of `height` and the product the
/// length of `target`, from row `from` on.
pub(super) fn add_product(
    target: &mut [f64],
    matrix: &[f64],
    height: usize,
    from: usize,
    factors: &[f64],
) {
    let mut columns = matrix.chunks_exact(STRIDE * height);
    let mut sets = factors.chunks_exact(STRIDE);
    for (set, four) in (&mut sets).zip(&mut columns) {
        let (a, rest) = four.split_at(height);
        let (b, rest) = rest.split_at(height);
        let (c, d) = rest.split_at(height);
        let columns = [&a[from..], &b[from..], &c[from..], &d[from..]];
        add_four(target, columns, [set[0], set[1], set[2], set[3]]);
    }
    let done = factors.len() - sets.remainder().len();
    let rest = matrix[done * height..].chunks_exact(height);
    for (factor, column) in sets.remainder().iter().zip(rest) {
        add_multiple(target, &column[from..], *factor);
    }
}

/// Sum of products, in four strands that are joined at the end.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut strands = [0.0; STRIDE];
    let (mut fours, mut others) = (a.chunks_exact(STRIDE), b.chunks_exact(STRIDE));
    for (x, y) in (&mut fours).zip(&mut others) {
        for (strand, (x, y)) in strands.iter_mut().zip(x.iter().zip(y)) {
            *strand += x * y;
        }
    }
    let rest = fours.remainder().iter().zip(others.remainder());
    let rest: f64 = rest.map(|(x, y)| x * y).sum();
    (strands[0] + strands[1]) + (strands[2] + strands[3]) + rest
}

/// The inverse of the lower triangle in the first `width` rows of `panel`, as the rows of its
/// transpose: column `j` of the result starts at `j * width`.
pub(super) fn invert_triangle(panel: &[f64], height: usize, width: usize, inverse: &mut [f64]) {
    inverse[..width * width].fill(0.0);
    for j in 0..width {
        let column = &mut inverse[j * width..(j + 1) * width];
        column[j] = 1.0;
        for k in j..width {
            let source = &panel[k * height..k * height + width];
            column[k] /= source[k];
            let value = column[k];
            add_multiple(&mut column[k + 1..], &source[k + 1..], -value);
        }
    }
}
