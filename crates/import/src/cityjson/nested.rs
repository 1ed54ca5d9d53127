//! Lists of lists of numbers, as CityJSON writes geometry.
//!
//! Most of a city's file is such lists: which corners make up a ring, which rings a wall, which
//! walls a house. They are read in one pass over the text into flat columns, whatever their
//! depth, because an object for every list would take more memory than the file.

/// Stands where the list has `null` or a number that is no index.
pub(super) const NONE: u32 = u32::MAX;
/// CityJSON nests five levels at most (solids of a multi-solid); a few more are told apart from
/// nonsense.
const DEPTH_MAX: usize = 6;

/// Whole numbers nested evenly: every number at the same depth.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Nested {
    /// The numbers, in order.
    pub(super) values: Vec<u32>,
    /// `ends[0]` says where each innermost list ends in `values`, `ends[1]` where each list of
    /// those ends in `ends[0]`, and so on; the outermost list is not in it.
    pub(super) ends: Vec<Vec<u32>>,
}

impl Nested {
    /// Reads a JSON array of arrays of numbers or nulls. `None` if it is anything else, nested
    /// unevenly or too deep.
    pub(super) fn read(json: &str) -> Option<Self> {
        let mut depth = 0;
        let mut deepest = None;
        let mut values = Vec::new();
        // By depth from the outside, turned round at the end.
        let mut ends: [Vec<u32>; DEPTH_MAX] = Default::default();
        let bytes = json.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'[' => {
                    if depth == DEPTH_MAX || deepest == Some(depth) {
                        return None;
                    }
                    depth += 1;
                    at += 1;
                }
                b']' => {
                    depth = depth.checked_sub(1)?;
                    let inner = if deepest == Some(depth + 1) {
                        values.len()
                    } else {
                        ends.get(depth + 1).map_or(0, Vec::len)
                    };
                    ends[depth].push(u32::try_from(inner).ok()?);
                    at += 1;
                }
                b',' | b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                b'0'..=b'9' | b'-' | b'n' => {
                    if *deepest.get_or_insert(depth) != depth || depth == 0 {
                        return None;
                    }
                    let (value, length) = whole(&bytes[at..]);
                    values.push(value);
                    at += length;
                }
                _ => return None,
            }
        }
        if depth != 0 {
            return None;
        }
        let deepest = deepest.unwrap_or(1);
        let mut ends: Vec<_> = ends.into_iter().take(deepest).skip(1).collect();
        ends.reverse();
        Some(Self { values, ends })
    }

    /// How many lists there are at a level, counted from the innermost.
    pub(super) fn count(&self, level: usize) -> usize {
        self.ends.get(level).map_or(0, Vec::len)
    }

    /// What belongs to list `index` of a level: numbers, or lists of the level below.
    pub(super) fn range(&self, level: usize, index: usize) -> std::ops::Range<usize> {
        let ends = &self.ends[level];
        let start = if index == 0 { 0 } else { ends[index - 1] };
        start as usize..ends[index] as usize
    }
}

/// An index and the length of its text; [`NONE`] for anything that is none.
fn whole(bytes: &[u8]) -> (u32, usize) {
    let length = bytes
        .iter()
        .position(|b| matches!(b, b',' | b']' | b'[' | b' ' | b'\n' | b'\r' | b'\t'))
        .unwrap_or(bytes.len());
    let value = bytes[..length].iter().try_fold(0_u32, |n, b| {
        let digit = b.is_ascii_digit().then(|| u32::from(b - b'0'))?;
        n.checked_mul(10)?.checked_add(digit)
    });
    (value.unwrap_or(NONE), length)
}

/// A list of points, three numbers each. A point that is none is not a number in all three.
/// Gives also the count of such points.
pub(super) fn points(json: &str) -> (Vec<[f64; 3]>, usize) {
    let mut points = Vec::with_capacity(json.len() / 16);
    let mut bad = 0;
    for text in json.split(']') {
        let text = text.trim_matches([',', ' ', '\n', '\r', '\t', '[']);
        if text.is_empty() {
            continue;
        }
        let read = point(text);
        bad += usize::from(read.is_none());
        points.push(read.unwrap_or([f64::NAN; 3]));
    }
    (points, bad)
}

fn point(text: &str) -> Option<[f64; 3]> {
    let mut fields = text.split(',');
    let mut next = || {
        let number: f64 = fast_float2::parse(fields.next()?.trim()).ok()?;
        (number.abs() < 1e15).then_some(number)
    };
    let point = [next()?, next()?, next()?];
    fields.next().is_none().then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_at_any_depth() {
        let solid = Nested::read("[[[[0, 1,2]], [[3,4,5],[6,7,8]]]]").unwrap();
        assert_eq!(solid.values, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(solid.ends, [vec![3, 6, 9], vec![1, 3], vec![2]]);
        assert_eq!(solid.range(1, 1), 1..3);
        let surfaces = Nested::read("[[[0,1,2]],[[3,4,5]]]").unwrap();
        assert_eq!(surfaces.ends, [vec![3, 6], vec![1, 2]]);
        assert_eq!(
            Nested::read("[1,null,-2,3.5]").unwrap().values,
            [1, NONE, NONE, NONE]
        );
        assert_eq!(Nested::read("[[],[1]]").unwrap().ends, [vec![0, 1]]);
    }

    #[test]
    fn uneven_or_foreign_lists_are_refused() {
        for json in [
            "[[1],2]",
            "[1,[2]]",
            "[\"a\"]",
            "{}",
            "[[[[[[[1]]]]]]]",
            "1",
            "[[1]",
            "]",
        ] {
            assert_eq!(Nested::read(json), None, "{json}");
        }
    }

    #[test]
    fn points_are_three_numbers() {
        let (read, bad) = points("[[1,2,3], [\n 4.5,-6,7e2\n]\n]");
        assert_eq!((read, bad), (vec![[1.0, 2.0, 3.0], [4.5, -6.0, 700.0]], 0));
        for (json, expected) in [
            ("[]", 0),
            ("[[1,2]]", 1),
            ("[[1,2,\"a\"]]", 1),
            ("[[1,2,3,4]]", 1),
            ("[null]", 1),
        ] {
            assert_eq!(points(json).1, expected, "{json}");
        }
    }
}
