//! Where the factor of the field's matrix has entries, found once for each set of rooms and
//! portals.
//!
//! Which rooms depend on which does not change when a door closes, only how much. So the
//! pattern is worked out once, and the numbers are put into it again whenever they change.
//!
//! Elimination tree by Liu (ACM Trans. Math. Softw. 12 (1986) 127); columns with the same
//! pattern are kept together as dense *fronts* (Duff & Reid, ACM Trans. Math. Softw. 9 (1983)
//! 302; Davis, Direct Methods for Sparse Linear Systems, 2006). A front may take in a child
//! with nearly the same pattern at the price of some zeros (Ashcraft & Grimes 1989).

use super::ordering::minimum_degree;

/// No parent, no place.
pub(super) const NONE: u32 = u32::MAX;

/// Columns that are eliminated together, with the rows they reach.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// First column, by place in the order of elimination.
    pub(super) first: usize,
    /// Columns.
    pub(super) width: usize,
    /// Rows: the columns themselves, then those below.
    pub(super) height: usize,
    /// The front that its remainder goes to, or [`NONE`].
    pub(super) parent: u32,
    /// Where its rows start in [`Structure::rows`].
    pub(super) rows: usize,
    /// Where its numbers start in a factor: `height * width`, column by column.
    pub(super) panel: usize,
    /// Where its children start in [`Structure::children`].
    pub(super) children: usize,
    /// Where its entries start in [`Structure::entries`].
    pub(super) entries: usize,
}

/// An entry of the matrix outside the diagonal, by its place in its front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) row: u32,
    pub(super) column: u32,
    /// Which pair of nodes.
    pub(super) pair: u32,
}

/// The pattern of a factor.
#[derive(Debug, Clone)]
pub(super) struct Structure {
    /// Node at each place of the order of elimination.
    pub(super) order: Vec<u32>,
    /// Children before parents; the descendants of a front stand right before it.
    pub(super) fronts: Vec<Front>,
    pub(super) rows: Vec<u32>,
    /// For every row, its place among the rows of the parent front; [`NONE`] for own columns.
    pub(super) above: Vec<u32>,
    pub(super) children: Vec<u32>,
    pub(super) entries: Vec<Entry>,
    /// Numbers in a factor.
    pub(super) panels: usize,
}

impl Structure {
    /// The pattern for `pairs` of different nodes (sorted, unique, lesser node first). `None`
    /// if a factor would have more than `numbers_max` numbers.
    pub(super) fn new(nodes: usize, pairs: &[(u32, u32)], numbers_max: usize) -> Option<Self> {
        let order = minimum_degree(&neighbours(nodes, pairs));
        let columns = Columns::new(&order, pairs, numbers_max)?;
        let (order, columns) = columns.in_postorder(&order);
        let groups = group(&columns);
        let mut structure = Self::of_groups(order, &columns, &groups);
        structure.file_entries(pairs);
        (structure.panels <= numbers_max).then_some(structure)
    }

    pub(super) fn rows_of(&self, front: &Front) -> &[u32] {
        &self.rows[front.rows..front.rows + front.height]
    }

    /// Places of a front's lower rows among the rows of its parent.
    pub(super) fn above_of(&self, front: &Front) -> &[u32] {
        &self.above[front.rows + front.width..front.rows + front.height]
    }

    pub(super) fn children_of(&self, at: usize) -> &[u32] {
        let end = self
            .fronts
            .get(at + 1)
            .map_or(self.children.len(), |f| f.children);
        &self.children[self.fronts[at].children..end]
    }

    pub(super) fn entries_of(&self, at: usize) -> &[Entry] {
        let end = self
            .fronts
            .get(at + 1)
            .map_or(self.entries.len(), |f| f.entries);
        &self.entries[self.fronts[at].entries..end]
    }

    fn of_groups(order: Vec<u32>, columns: &Columns, groups: &[Group]) -> Self {
        let mut structure = Self {
            order,
            fronts: Vec::with_capacity(groups.len()),
            rows: Vec::new(),
            above: Vec::new(),
            children: Vec::new(),
            entries: Vec::new(),
            panels: 0,
        };
        let mut front_of = vec![0_u32; columns.below.len()];
        for (at, group) in groups.iter().enumerate() {
            front_of[group.first..=group.last].fill(at as u32);
            structure.push_front(group, &columns.below[group.last]);
        }
        for (at, group) in groups.iter().enumerate() {
            let parent = columns.parent[group.last];
            if parent != NONE {
                structure.fronts[at].parent = front_of[parent as usize];
            }
        }
        structure.file_children();
        structure.find_above();
        structure
    }

    fn push_front(&mut self, group: &Group, below: &[u32]) {
        let width = group.last - group.first + 1;
        let front = Front {
            first: group.first,
            width,
            height: width + below.len(),
            parent: NONE,
            rows: self.rows.len(),
            panel: self.panels,
            children: 0,
            entries: 0,
        };
        self.rows
            .extend((group.first..=group.last).map(|c| c as u32));
        self.rows.extend_from_slice(below);
        self.panels += front.height * width;
        self.fronts.push(front);
    }

    fn file_children(&mut self) {
        let mut lists = vec![Vec::new(); self.fronts.len()];
        for (at, front) in self.fronts.iter().enumerate() {
            if front.parent != NONE {
                lists[front.parent as usize].push(at as u32);
            }
        }
        for (front, list) in self.fronts.iter_mut().zip(lists) {
            front.children = self.children.len();
            self.children.extend(list);
        }
    }

    fn find_above(&mut self) {
        self.above = vec![NONE; self.rows.len()];
        let mut place = vec![NONE; self.order.len()];
        for at in 0..self.fronts.len() {
            for (i, &row) in self.rows_of(&self.fronts[at]).iter().enumerate() {
                place[row as usize] = i as u32;
            }
            for child in self.children_of(at).to_vec() {
                let child = &self.fronts[child as usize];
                for i in child.rows + child.width..child.rows + child.height {
                    self.above[i] = place[self.rows[i] as usize];
                }
            }
        }
    }

    fn file_entries(&mut self, pairs: &[(u32, u32)]) {
        let mut place = vec![0_u32; self.order.len()];
        for (at, &node) in self.order.iter().enumerate() {
            place[node as usize] = at as u32;
        }
        let mut by_column = vec![Vec::new(); self.order.len()];
        for (pair, &(a, b)) in pairs.iter().enumerate() {
            let (p, q) = (place[a as usize], place[b as usize]);
            by_column[p.min(q) as usize].push((p.max(q), pair as u32));
        }
        for at in 0..self.fronts.len() {
            self.fronts[at].entries = self.entries.len();
            let front = &self.fronts[at];
            let rows = &self.rows[front.rows..front.rows + front.height];
            for column in 0..front.width {
                for &(row, pair) in &by_column[front.first + column] {
                    if let Ok(row) = rows.binary_search(&row) {
                        let (row, column) = (row as u32, column as u32);
                        self.entries.push(Entry { row, column, pair });
                    }
                }
            }
        }
    }
}

fn neighbours(nodes: usize, pairs: &[(u32, u32)]) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new(); nodes];
    for &(a, b) in pairs {
        lists[a as usize].push(b);
        lists[b as usize].push(a);
    }
    for list in &mut lists {
        list.sort_unstable();
    }
    lists
}

/// The columns of the factor: rows below the diagonal, and the first of them.
struct Columns {
    below: Vec<Vec<u32>>,
    parent: Vec<u32>,
}

impl Columns {
    /// A column reaches what its node is joined to later, and what its children reach.
    fn new(order: &[u32], pairs: &[(u32, u32)], numbers_max: usize) -> Option<Self> {
        let n = order.len();
        let mut place = vec![0_u32; n];
        for (at, &node) in order.iter().enumerate() {
            place[node as usize] = at as u32;
        }
        let mut below = vec![Vec::new(); n];
        for &(a, b) in pairs {
            let (p, q) = (place[a as usize], place[b as usize]);
            below[p.min(q) as usize].push(p.max(q));
        }
        let mut parent = vec![NONE; n];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); n];
        let mut seen = vec![NONE; n];
        let mut numbers = n;
        for column in 0..n {
            let mut rows = std::mem::take(&mut below[column]);
            for &row in &rows {
                seen[row as usize] = column as u32;
            }
            seen[column] = column as u32;
            for &child in &children[column] {
                for &row in &below[child as usize] {
                    if seen[row as usize] != column as u32 {
                        seen[row as usize] = column as u32;
                        rows.push(row);
                    }
                }
            }
            rows.sort_unstable();
            numbers += rows.len();
            if numbers > numbers_max {
                return None;
            }
            if let Some(&first) = rows.first() {
                parent[column] = first;
                children[first as usize].push(column as u32);
            }
            below[column] = rows;
        }
        Some(Self { below, parent })
    }

    /// The same with all descendants of a column right before it, its largest child last, so
    /// that columns with the same pattern stand side by side.
    fn in_postorder(mut self, order: &[u32]) -> (Vec<u32>, Self) {
        let post = self.postorder();
        let mut place = vec![NONE; order.len()];
        for (at, &column) in post.iter().enumerate() {
            place[column as usize] = at as u32;
        }
        let order = post.iter().map(|&c| order[c as usize]).collect();
        let mut below = Vec::with_capacity(post.len());
        let mut parent = Vec::with_capacity(post.len());
        for &column in &post {
            let mut rows = std::mem::take(&mut self.below[column as usize]);
            for row in &mut rows {
                *row = place[*row as usize];
            }
            rows.sort_unstable();
            parent.push(rows.first().copied().unwrap_or(NONE));
            below.push(rows);
        }
        (order, Self { below, parent })
    }

    fn postorder(&self) -> Vec<u32> {
        let n = self.parent.len();
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); n];
        let mut open = Vec::new();
        for column in 0..n {
            match self.parent[column] {
                NONE => open.push(column as u32),
                parent => children[parent as usize].push(column as u32),
            }
        }
        // Written last to first: a column, then its children, the largest of them first.
        let mut post = Vec::with_capacity(n);
        while let Some(column) = open.pop() {
            post.push(column);
            let list = &mut children[column as usize];
            list.sort_by_key(|&child| (self.below[child as usize].len(), child));
            open.append(list);
        }
        post.reverse();
        post
    }
}

/// Columns `first..=last` of one front.
#[derive(Debug, Clone, Copy)]
struct Group {
    first: usize,
    last: usize,
}

/// Zeros that a front may carry for each number that it needs.
const ZEROS_SHARE: f64 = 0.15;
/// Below this width a front may carry more of them: its overhead is larger than they are.
const WIDTH_SMALL: usize = 8;
const ZEROS_SHARE_SMALL: f64 = 0.4;

/// Puts columns together whose patterns are the same or nearly so.
fn group(columns: &Columns) -> Vec<Group> {
    let mut groups: Vec<(Group, usize)> = Vec::new();
    for column in 0..columns.below.len() {
        let needed = columns.below[column].len() + 1;
        let mut group = (
            Group {
                first: column,
                last: column,
            },
            needed,
        );
        while let Some(&(child, numbers)) = groups.last() {
            let merged = Group {
                first: child.first,
                last: column,
            };
            let own = group.0.first as u32..=column as u32;
            let is_child = own.contains(&columns.parent[child.last]);
            let needed = numbers + group.1;
            if !is_child || !is_worth_it(columns, merged, needed) {
                break;
            }
            group = (merged, needed);
            groups.pop();
        }
        groups.push(group);
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

fn is_worth_it(columns: &Columns, merged: Group, needed: usize) -> bool {
    let width = merged.last - merged.first + 1;
    let below = columns.below[merged.last].len();
    let stored = width * (width + 1) / 2 + width * below;
    let share = if width <= WIDTH_SMALL {
        ZEROS_SHARE_SMALL
    } else {
        ZEROS_SHARE
    };
    (stored - needed) as f64 <= share * needed as f64
}
