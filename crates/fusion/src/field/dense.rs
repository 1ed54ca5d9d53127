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
        for (j, two) in rest.chunks_mut(2 * height).enumerate() {
            let row = end + 2 * j;
            let (first, second) = two.split_at_mut(height);
            if second.is_empty() {
                subtract_multiples(&mut first[row..], done, height, row, row);
            } else {
                subtract_from_two(&mut first[row..], &mut second[row + 1..], done, height, row);
            }
        }
    }
}

/// The same for two neighbouring columns at once, `first` from row `at` on and `second` from the
/// row after: every number of `columns` is fetched once for both.
fn subtract_from_two(
    first: &mut [f64],
    second: &mut [f64],
    columns: &[f64],
    height: usize,
    at: usize,
) {
    let (head, first) = first.split_at_mut(1);
    subtract_multiples(head, columns, height, at, at);
    let from = at + 1;
    let mut fours = columns.chunks_exact(STRIDE * height);
    for four in &mut fours {
        let columns = from_row(four, height, from);
        let (p, q) = (factors(four, height, at), factors(four, height, from));
        add_four_to_two(first, second, columns, p.map(|x| -x), q.map(|x| -x));
    }
    for column in fours.remainder().chunks_exact(height) {
        add_multiple(first, &column[from..], -column[at]);
        add_multiple(second, &column[from..], -column[from]);
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
    let mut fours = columns.chunks_exact(STRIDE * height);
    for four in &mut fours {
        let factors = factors(four, height, at).map(|x| -x);
        add_four(target, from_row(four, height, from), factors);
    }
    for column in fours.remainder().chunks_exact(height) {
        add_multiple(target, &column[from..], -column[at]);
    }
}

/// Four columns that lie one after the other, from a row on.
fn from_row(four: &[f64], height: usize, from: usize) -> [&[f64]; STRIDE] {
    std::array::from_fn(|i| &four[i * height + from..(i + 1) * height])
}

/// Their numbers in one row.
fn factors(four: &[f64], height: usize, at: usize) -> [f64; STRIDE] {
    std::array::from_fn(|i| four[i * height + at])
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

fn add_four_to_two(
    first: &mut [f64],
    second: &mut [f64],
    columns: [&[f64]; STRIDE],
    factors_of_first: [f64; STRIDE],
    factors_of_second: [f64; STRIDE],
) {
    let length = first.len();
    let second = &mut second[..length];
    let [a, b, c, d] = columns.map(|column| &column[..length]);
    let ([p, q, r, s], [t, u, v, w]) = (factors_of_first, factors_of_second);
    for i in 0..length {
        let (a, b, c, d) = (a[i], b[i], c[i], d[i]);
        first[i] += (p * a + q * b) + (r * c + s * d);
        second[i] += (t * a + u * b) + (v * c + w * d);
    }
}

/// products += matrix · factors. The matrix has columns of `height`, of which rows `from` on
/// are taken; products and factors have `below` rows and any number of columns.
pub(super) fn add_product(
    products: &mut [f64],
    matrix: &[f64],
    height: usize,
    from: usize,
    factors: &[f64],
) {
    let below = height - from;
    let pairs = factors.chunks(2 * below);
    for (products, factors) in products.chunks_mut(2 * below).zip(pairs) {
        let (first, second) = products.split_at_mut(below);
        let (by_first, by_second) = factors.split_at(below);
        let fours = below - below % STRIDE;
        for at in (0..fours).step_by(STRIDE) {
            let four = &matrix[at * height..(at + STRIDE) * height];
            let columns = from_row(four, height, from);
            let p = std::array::from_fn(|i| by_first[at + i]);
            if second.is_empty() {
                add_four(first, columns, p);
            } else {
                let q = std::array::from_fn(|i| by_second[at + i]);
                add_four_to_two(first, second, columns, p, q);
            }
        }
        for at in fours..below {
            let column = &matrix[at * height + from..(at + 1) * height];
            add_multiple(first, column, by_first[at]);
            if let Some(factor) = by_second.get(at) {
                add_multiple(second, column, *factor);
            }
        }
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
