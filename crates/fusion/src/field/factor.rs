//! The factor of the field's matrix: from it come means, variances and shares.
//!
//! Multifrontal Cholesky (Duff & Reid, ACM Trans. Math. Softw. 9 (1983) 302; Liu, SIAM Review
//! 34 (1992) 82). Variances of all rooms come from the factor without inverting the matrix,
//! by the recursion of Takahashi, Fagan & Chen (1973), here front by front from the root down
//! (Erisman & Tinney, Commun. ACM 18 (1975) 177; Rue & Held, Gaussian Markov Random Fields,
//! 2005, 2.4).

use super::dense::{add_multiple, add_product, dot, eliminate, invert_triangle};
use super::structure::{Front, NONE, Structure};

/// A factor of one matrix with the pattern of a [`Structure`].
#[derive(Debug, Clone, Default)]
pub(super) struct Factor {
    panels: Vec<f64>,
}

impl Factor {
    /// Factors the matrix with `diagonal` (by node) and `coupling` (by pair, the numbers
    /// outside the diagonal with their sign turned).
    pub(super) fn new(structure: &Structure, diagonal: &[f64], coupling: &[f64]) -> Self {
        let mut panels = vec![0.0; structure.panels];
        let mut remainders: Vec<f64> = Vec::new();
        let mut matrix = Vec::new();
        for (at, front) in structure.fronts.iter().enumerate() {
            let (height, width) = (front.height, front.width);
            matrix.clear();
            matrix.resize(height * height, 0.0);
            for column in 0..width {
                let node = structure.order[front.first + column] as usize;
                matrix[column * height + column] = diagonal[node];
            }
            for entry in structure.entries_of(at) {
                let place = entry.column as usize * height + entry.row as usize;
                matrix[place] = -coupling[entry.pair as usize];
            }
            for &child in structure.children_of(at).iter().rev() {
                let child = &structure.fronts[child as usize];
                let below = child.height - child.width;
                let start = remainders.len() - below * below;
                extend_add(
                    &mut matrix,
                    height,
                    &remainders[start..],
                    structure.above_of(child),
                );
                remainders.truncate(start);
            }
            eliminate(&mut matrix, height, width);
            panels[front.panel..front.panel + height * width]
                .copy_from_slice(&matrix[..height * width]);
            for column in width..height {
                let start = column * height;
                remainders.extend_from_slice(&matrix[start + width..start + height]);
            }
        }
        Self { panels }
    }

    fn panel(&self, front: &Front) -> &[f64] {
        &self.panels[front.panel..front.panel + front.height * front.width]
    }

    /// Solves for a right side by node, which becomes the solution.
    pub(super) fn solve(&self, structure: &Structure, by_node: &mut [f64]) {
        let mut x: Vec<f64> = structure
            .order
            .iter()
            .map(|&n| by_node[n as usize])
            .collect();
        let mut below = Vec::new();
        for front in &structure.fronts {
            self.solve_down(structure, front, &mut x);
        }
        for front in structure.fronts.iter().rev() {
            self.solve_up(structure, front, &mut x, &mut below);
        }
        for (&node, value) in structure.order.iter().zip(x) {
            by_node[node as usize] = value;
        }
    }

    fn solve_down(&self, structure: &Structure, front: &Front, x: &mut [f64]) {
        let rows = structure.rows_of(front);
        for (i, column) in self.panel(front).chunks_exact(front.height).enumerate() {
            let value = x[front.first + i] / column[i];
            x[front.first + i] = value;
            if value != 0.0 {
                for (&row, number) in rows[i + 1..].iter().zip(&column[i + 1..]) {
                    x[row as usize] -= value * number;
                }
            }
        }
    }

    fn solve_up(&self, structure: &Structure, front: &Front, x: &mut [f64], below: &mut Vec<f64>) {
        below.clear();
        below.extend(structure.rows_of(front).iter().map(|&row| x[row as usize]));
        let columns = self.panel(front).chunks_exact(front.height).enumerate();
        for (i, column) in columns.rev() {
            below[i] = (below[i] - dot(&column[i + 1..], &below[i + 1..])) / column[i];
            x[front.first + i] = below[i];
        }
    }

    /// The diagonal of the inverse, by node.
    pub(super) fn variances(&self, structure: &Structure) -> Vec<f64> {
        let mut variances = vec![0.0; structure.order.len()];
        let mut inverses: Vec<f64> = Vec::new();
        let mut open: Vec<(u32, usize)> = Vec::new();
        let mut work = Work::default();
        for (at, front) in structure.fronts.iter().enumerate().rev() {
            while let Some(&(ancestor, start)) = open.last() {
                if ancestor == front.parent {
                    break;
                }
                inverses.truncate(start);
                open.pop();
            }
            let start = inverses.len();
            inverses.resize(start + front.height * front.height, 0.0);
            let (above, own) = inverses.split_at_mut(start);
            if let (Some(&(_, parent)), true) = (open.last(), front.parent != NONE) {
                let height = structure.fronts[front.parent as usize].height;
                gather(
                    own,
                    front,
                    &above[parent..],
                    height,
                    structure.above_of(front),
                );
            }
            work.invert(own, front, self.panel(front));
            for column in 0..front.width {
                let node = structure.order[front.first + column] as usize;
                variances[node] = own[column * front.height + column];
            }
            open.push((at as u32, start));
        }
        variances
    }
}

/// Adds a child's remainder (lower half) to its parent's front.
fn extend_add(matrix: &mut [f64], height: usize, remainder: &[f64], above: &[u32]) {
    let below = above.len();
    for (j, &column) in above.iter().enumerate() {
        let source = &remainder[j * below + j..(j + 1) * below];
        let target = &mut matrix[column as usize * height..(column as usize + 1) * height];
        for (&row, number) in above[j..].iter().zip(source) {
            target[row as usize] += number;
        }
    }
}

/// Copies what the parent knows of the inverse at the front's lower rows.
fn gather(own: &mut [f64], front: &Front, parent: &[f64], parent_height: usize, above: &[u32]) {
    for (j, &column) in above.iter().enumerate() {
        let source = &parent[column as usize * parent_height..];
        let target = &mut own[(front.width + j) * front.height + front.width..];
        for (t, &row) in target.iter_mut().zip(above) {
            *t = source[row as usize];
        }
    }
}

/// Room for the numbers of one front.
#[derive(Default)]
struct Work {
    triangle: Vec<f64>,
    shares: Vec<f64>,
    product: Vec<f64>,
}

impl Work {
    /// Completes the inverse at a front's rows, of which the lower ones are there already:
    /// with X = L₂₁ L₁₁⁻¹, Z₂₁ = −Z₂₂ X and Z₁₁ = L₁₁⁻ᵀ L₁₁⁻¹ − Xᵀ Z₂₁.
    fn invert(&mut self, own: &mut [f64], front: &Front, panel: &[f64]) {
        let (height, width) = (front.height, front.width);
        let below = height - width;
        self.triangle.resize(width * width, 0.0);
        invert_triangle(panel, height, width, &mut self.triangle);
        self.find_shares(panel, height, width);
        self.product.clear();
        self.product.resize(width * below, 0.0);
        if below > 0 {
            let lower = &own[width * height..];
            add_product(
                &mut self.product,
                lower,
                height,
                width,
                &self.shares[..width * below],
            );
        }
        for j in 0..width {
            let product = &self.product[j * below..(j + 1) * below];
            for (i, value) in product.iter().enumerate() {
                own[j * height + width + i] = -value;
                own[(width + i) * height + j] = -value;
            }
            for i in 0..=j {
                let from_triangle = dot(
                    &self.triangle[i * width + j..(i + 1) * width],
                    &self.triangle[j * width + j..(j + 1) * width],
                );
                let shares = &self.shares[i * below..(i + 1) * below];
                let value = from_triangle + dot(shares, product);
                own[j * height + i] = value;
                own[i * height + j] = value;
            }
        }
    }

    /// X, column by column from the last.
    fn find_shares(&mut self, panel: &[f64], height: usize, width: usize) {
        let below = height - width;
        self.shares.resize(width * below, 0.0);
        for j in (0..width).rev() {
            let column = &panel[j * height..(j + 1) * height];
            let (before, later) = self.shares.split_at_mut((j + 1) * below);
            let target = &mut before[j * below..];
            target.copy_from_slice(&column[width..]);
            let later = later.chunks_exact(below.max(1));
            for (shares, number) in later.zip(&column[j + 1..width]) {
                add_multiple(target, shares, -number);
            }
            for number in target {
                *number /= column[j];
            }
        }
    }
}
