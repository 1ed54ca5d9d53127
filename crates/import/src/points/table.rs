//! Tables as text: RFC 4180, as spreadsheets in countries with a decimal comma write it too.

/// Most cells of a line; the rest is not read.
const CELLS_MAX: usize = 64;
/// Lines by which the divider is recognised.
const FIRST_BYTES: usize = 4_096;

/// The lines of a table with the numbers of the lines on which they begin.
pub(super) fn records(text: &str) -> impl Iterator<Item = (u64, Vec<String>)> {
    let divider = divider(text);
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        (!rest.is_empty()).then(|| {
            let at = line;
            let record = record(&mut rest, &mut line, divider);
            (at, record)
        })
    })
}

/// The divider is the one that the first line has most of.
fn divider(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    let first: String = first.chars().take(FIRST_BYTES).collect();
    let count = |c: char| first.matches(c).count();
    [';', '\t', ',']
        .into_iter()
        .rev()
        .max_by_key(|c| (count(*c), *c == ','))
        .unwrap_or(',')
}

fn record(rest: &mut &str, line: &mut u64, divider: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = rest.char_indices().peekable();
    let mut end = rest.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\n' if quoted => {
                *line += 1;
                cell.push(c);
            }
            '\n' => {
                end = at + 1;
                break;
            }
            c if c == divider && !quoted => {
                if cells.len() < CELLS_MAX {
                    cells.push(std::mem::take(&mut cell));
                }
                cell.clear();
            }
            c => cell.push(c),
        }
    }
    *line += 1;
    *rest = &rest[end..];
    if cell.ends_with('\r') {
        cell.pop();
    }
    cells.push(cell);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let found: Vec<(u64, Vec<String>)> = records(text).collect();
        let found: Vec<(u64, Vec<&str>)> = found
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(u64, Vec<&str>)> = expected
            .iter()
            .map(|(line, cells)| (*line, cells.to_vec()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tables_of_many_hands() {
        check("a,b\r\nc,d", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("a;b\n1,5;2\n", &[(1, &["a", "b"]), (2, &["1,5", "2"])]);
        check("a\tb\n", &[(1, &["a", "b"])]);
        check(
            "a,\"b \"\"c\"\"\nd\"\ne,f\n",
            &[(1, &["a", "b \"c\"\nd"]), (3, &["e", "f"])],
        );
        check("", &[]);
        check("\"open", &[(1, &["open"])]);
    }
}
