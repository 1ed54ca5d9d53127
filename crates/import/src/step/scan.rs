//! One pass over the statements of a file: where each begins, its number and its type.
//!
//! A long file is read in several stretches at once. Where a stretch begins is a guess (a line
//! that looks like the beginning of a statement may stand in a text or a comment), so what was
//! read of it is used only if reading everything before it arrives at exactly that byte between
//! two statements; otherwise it is read again from where the reading before it ended. The result
//! is the same, bit for bit, as that of one pass.

use super::index::{Defect, Kind};
use super::lex::{
    Ahead, Ending, begins_statement, is_keyword, read_head, resync, skip_blank, statement_end,
};
use memchr::memchr_iter;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// More distinct keywords than any schema has (IFC4x3 has about 1,300); a file with more is
/// garbage and its further keywords share one kind.
const KINDS_MAX: usize = 8_192;

/// How many defects are kept one by one; the rest is only counted.
const DEFECTS_MAX: usize = 200;

/// Statements are numbered in 32 bits; the last number means "none".
pub(super) const NOWHERE: u32 = u32::MAX;

/// Bytes below which a stretch is not worth a thread.
const STRETCH_MIN: usize = 1 << 20;

/// Everything found in one pass.
#[derive(Debug, Default)]
pub(super) struct Statements<'a> {
    /// Byte of the `#` of each statement.
    pub(super) starts: Offsets,
    /// Number of each statement; [`NOWHERE`] where it needs more than 32 bits.
    pub(super) ids: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    pub(super) words: Words<'a>,
    pub(super) defects: Defects,
}

/// Ascending byte offsets, four bytes each.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    low: Vec<u32>,
    /// How many offsets lie below each multiple of 4 GiB that has been passed.
    wraps: Vec<usize>,
}

impl Offsets {
    pub(super) fn get(&self, i: usize) -> Option<usize> {
        let low = *self.low.get(i)? as usize;
        if self.wraps.is_empty() {
            return Some(low);
        }
        let multiple = self.wraps.partition_point(|&w| w <= i);
        Some(low + (multiple << 32))
    }

    fn push(&mut self, offset: usize) {
        while self.wraps.len() < offset >> 32 {
            self.wraps.push(self.low.len());
        }
        self.low.push(offset as u32);
    }

    /// Adds offsets that all lie after the ones here.
    fn append(&mut self, later: &Self) {
        let n = self.low.len();
        let passed = self.wraps.len();
        self.wraps
            .extend(later.wraps.iter().skip(passed).map(|w| w + n));
        self.low.extend_from_slice(&later.low);
    }
}

/// The first defects and the number of all.
#[derive(Debug, Default)]
pub(super) struct Defects {
    pub(super) listed: Vec<Defect>,
    pub(super) total: usize,
}

impl Defects {
    pub(super) fn add(&mut self, defect: Defect) {
        self.total += 1;
        if self.listed.len() < DEFECTS_MAX {
            self.listed.push(defect);
        }
    }

    /// Adds defects that were found before the ones here.
    pub(super) fn precede(&mut self, mut earlier: Self) {
        std::mem::swap(self, &mut earlier);
        self.append(earlier);
    }

    fn append(&mut self, later: Self) {
        self.total += later.total;
        let room = DEFECTS_MAX - self.listed.len();
        self.listed.extend(later.listed.into_iter().take(room));
    }
}

/// The keywords met, numbered in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Words<'a> {
    /// As written, so that capitals are made once per spelling.
    spelled: FxHashMap<&'a [u8], Kind>,
    pub(super) names: Vec<String>,
    by_name: FxHashMap<String, Kind>,
}

impl<'a> Words<'a> {
    pub(super) fn named(&self, name: &str) -> Option<Kind> {
        self.by_name.get(name).copied()
    }

    fn is_full(&self) -> bool {
        self.names.len() >= KINDS_MAX
    }

    fn kind(&mut self, word: &'a [u8]) -> Kind {
        if let Some(&kind) = self.spelled.get(word) {
            return kind;
        }
        let kind = self.intern(String::from_utf8_lossy(word).to_ascii_uppercase());
        if self.spelled.len() < KINDS_MAX {
            self.spelled.insert(word, kind);
        }
        kind
    }

    fn intern(&mut self, name: String) -> Kind {
        if let Some(&kind) = self.by_name.get(&name) {
            return kind;
        }
        if self.is_full() {
            return Kind(KINDS_MAX as u16 - 1);
        }
        let kind = Kind(self.names.len() as u16);
        self.names.push(name.clone());
        self.by_name.insert(name, kind);
        kind
    }
}

/// Where reading stopped.
#[derive(Clone, Copy, Debug)]
enum Reached {
    /// Between two statements, at a byte that is not blank.
    Between(usize),
    /// The end of the data.
    End,
}

impl<'a> Statements<'a> {
    /// Reads all statements from the byte `from`, as on `parts` threads. The number of parts makes
    /// no difference to the result.
    pub(super) fn read(bytes: &'a [u8], from: usize, parts: usize) -> Self {
        let mut begins = vec![from];
        begins.extend(cuts(bytes, from, parts));
        let ends: Vec<usize> = begins[1..].iter().copied().chain([usize::MAX]).collect();
        let stretches: Vec<(Self, Reached)> = begins
            .par_iter()
            .zip(&ends)
            .map(|(&begin, &end)| {
                let mut own = Self::default();
                // The first stretch takes in the others.
                let room = if begin == from {
                    bytes.len()
                } else {
                    end.min(bytes.len()) - begin
                };
                own.reserve(room);
                let reached = own.scan(bytes, begin, end);
                (own, reached)
            })
            .collect();
        let mut whole = Self::default();
        let mut at = from;
        for ((stretch, reached), (begin, end)) in
            stretches.into_iter().zip(begins.into_iter().zip(ends))
        {
            let reached = if at == begin && whole.can_take(&stretch) {
                whole.append(stretch);
                reached
            } else {
                whole.scan(bytes, at, end)
            };
            match reached {
                Reached::Between(next) => at = next,
                Reached::End => break,
            }
        }
        whole
    }

    /// Statements are 50–100 bytes in practice. Memory that is never written costs nothing.
    fn reserve(&mut self, bytes: usize) {
        let expected = (bytes / 56).min(1 << 24);
        self.starts.low.reserve(expected);
        self.ids.reserve(expected);
        self.kinds.reserve(expected);
    }

    pub(super) fn shrink(&mut self) {
        self.starts.low.shrink_to_fit();
        self.ids.shrink_to_fit();
        self.kinds.shrink_to_fit();
    }

    /// Whether a stretch read on its own is what reading on would give: not where a bound on the
    /// whole would have been met on the way.
    fn can_take(&self, later: &Self) -> bool {
        let names = self.words.names.len() + later.words.names.len();
        let is_first = self.words.names.is_empty();
        (is_first || names < KINDS_MAX) && self.ids.len() + later.ids.len() < NOWHERE as usize
    }

    fn append(&mut self, later: Self) {
        if self.ids.is_empty() && self.words.names.is_empty() {
            let earlier = std::mem::replace(self, later).defects;
            self.defects.precede(earlier);
            return;
        }
        let numbers: Vec<Kind> = later
            .words
            .names
            .into_iter()
            .map(|name| self.words.intern(name))
            .collect();
        self.kinds
            .extend(later.kinds.iter().map(|k| numbers[k.0 as usize]));
        self.starts.append(&later.starts);
        self.ids.extend_from_slice(&later.ids);
        self.defects.append(later.defects);
    }

    /// Reads statements from `at`, which lies between two statements, until it stands between two
    /// at or after `until`.
    fn scan(&mut self, bytes: &'a [u8], mut at: usize, until: usize) -> Reached {
        let mut ahead = Ahead::default();
        loop {
            at = skip_blank(bytes, at);
            if at >= until {
                return Reached::Between(at);
            }
            if at >= bytes.len() {
                self.defects.add(Defect::Truncated);
                return Reached::End;
            }
            if bytes[at] != b'#' {
                match &bytes[at..word_end(bytes, at)] {
                    // Further DATA sections (edition 3) are simply read on.
                    w if w.eq_ignore_ascii_case(b"ENDSEC") || w.eq_ignore_ascii_case(b"DATA") => {
                        at = statement_end(bytes, at, &mut ahead).0 + 1;
                    }
                    w if w.starts_with(b"END-ISO-10303-21") => return Reached::End,
                    _ => {
                        self.defects.add(Defect::BadStatement { offset: at });
                        at = resync(bytes, at + 1);
                    }
                }
                continue;
            }
            let start = at;
            let Some((id, keyword)) = read_head(bytes, at) else {
                self.defects.add(Defect::BadStatement { offset: start });
                at = resync(bytes, at + 1);
                continue;
            };
            let after = word_end(bytes, keyword);
            let word = &bytes[keyword..after];
            if word.len() > 128 || word.is_empty() && bytes.get(keyword) != Some(&b'(') {
                self.defects.add(Defect::BadStatement { offset: start });
                at = resync(bytes, at + 1);
                continue;
            }
            let (end, ending) = statement_end(bytes, after, &mut ahead);
            match ending {
                Ending::Closed => {
                    if self.ids.len() >= NOWHERE as usize {
                        self.defects.add(Defect::TooMany);
                        return Reached::End;
                    }
                    self.starts.push(start);
                    self.ids.push(u32::try_from(id).unwrap_or(NOWHERE));
                    let kind = self.words.kind(word);
                    self.kinds.push(kind);
                    at = end + 1;
                }
                Ending::Broken { offset } => {
                    self.defects.add(Defect::Unterminated { offset });
                    at = end;
                }
                Ending::EndOfFile => {
                    // A last statement cut in the middle would be read with holes.
                    self.defects.add(Defect::Truncated);
                    return Reached::End;
                }
            }
        }
    }
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes.get(at..).unwrap_or_default().iter();
    at + length.take_while(|b| is_keyword(**b)).count()
}

/// Where stretches may begin: lines that look like the beginning of a statement after the end of
/// another, evenly spread, ascending.
fn cuts(bytes: &[u8], from: usize, parts: usize) -> Vec<usize> {
    let length = bytes.len() - from;
    let mut found: Vec<usize> = Vec::new();
    for part in 1..parts {
        let near = from + (length as u128 * part as u128 / parts as u128) as usize;
        let near = near.max(found.last().map_or(from, |&last| last + 1));
        // A file without line breaks is read in one stretch.
        let reach = &bytes[near..bytes.len().min(near + STRETCH_MIN)];
        let cut = memchr_iter(b'\n', reach)
            .map(|i| near + i + 1)
            .find(|&line| begins_statement(bytes, line));
        match cut {
            Some(cut) => found.push(cut),
            None => break,
        }
    }
    found
}

/// In how many stretches a file is read.
pub(super) fn parts_for(length: usize) -> usize {
    (4 * rayon::current_num_threads())
        .min(length / STRETCH_MIN)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that anybody can see of the statements.
    fn shown(bytes: &[u8], parts: usize) -> String {
        let found = Statements::read(bytes, 0, parts);
        let starts: Vec<_> = (0..).map_while(|i| found.starts.get(i)).collect();
        format!(
            "{starts:?} {:?} {:?} {:?} {:?}",
            found.ids, found.kinds, found.words.names, found.defects
        )
    }

    fn check(bytes: &[u8]) {
        let one = shown(bytes, 1);
        for parts in [2, 3, 5, 16] {
            assert_eq!(shown(bytes, parts), one, "{parts} parts");
        }
    }

    #[test]
    fn a_guess_inside_a_text_or_a_comment_is_not_believed() {
        let inside = "\n#7=IFCFALSE();".repeat(30);
        for text in [
            format!("#1=IFCA();\n/*{inside}*/\n#2=IFCB();\nEND-ISO-10303-21;"),
            format!("#1=IFCA('{inside}');\n#2=IFCB();\nEND-ISO-10303-21;"),
            format!("#1=IFCA(\"{inside}\");\n#2=IFCB();\nEND-ISO-10303-21;"),
            format!("#1=IFCA();\nEND-ISO-10303-21;{inside}"),
            format!("#1=IFCA();{inside}\n/* never closed {inside}"),
            format!("#1=IFCA();{inside}\n#2=IFCA('never closed {inside}"),
        ] {
            check(text.as_bytes());
        }
        let lies = format!("#1=IFCA();\n/*{inside}*/\nEND-ISO-10303-21;");
        assert_eq!(Statements::read(lies.as_bytes(), 0, 8).ids, [1]);
    }

    #[test]
    fn statements_that_share_the_last_kind_do_so_in_any_number_of_parts() {
        let lines = (0..KINDS_MAX + 50).map(|i| format!("#{i}=IFC{i}();\n#{i}=IFC9();\n"));
        let text: String = lines.collect();
        check(text.as_bytes());
    }

    #[test]
    fn offsets_beyond_four_gibibytes() {
        let all = [
            5,
            70,
            (1 << 32) - 1,
            1 << 32,
            (1 << 32) + 9,
            5 << 32,
            6 << 32,
        ];
        for cut in 0..all.len() {
            let (mut early, mut late) = (Offsets::default(), Offsets::default());
            all[..cut].iter().for_each(|&o| early.push(o));
            all[cut..].iter().for_each(|&o| late.push(o));
            early.append(&late);
            let back: Vec<_> = (0..).map_while(|i| early.get(i)).collect();
            assert_eq!(back, all, "{cut}");
        }
    }

    fn piece() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "#1=IFCA();\n",
            "#22=IFCB('x;y',#2);\n",
            "#3= IFCC\n (1.,\n/* ; ' */ 2);\n",
            "#4=IFCA('\n#5=IFCA();\n');\n",
            "/*\n#6=IFCD();\n*/",
            "#7=ifca('lost,1);\n",
            "#8=IFCA(1)\n",
            "#18446744073709551615=IFCE(\"\n#9=\");\r\n",
            "nonsense;\n",
            "ENDSEC;\nDATA;\n",
            "END-ISO-10303-21;\n",
            "'",
            "\"",
            "/*",
            "*/",
            ";",
            "\n",
            "#",
            "\\S\\'",
            "#10=IFCF(2);#11=IFCG();\n",
        ])
    }

    proptest! {
        #[test]
        fn the_number_of_parts_makes_no_difference(
            pieces in prop::collection::vec(piece(), 0..60),
        ) {
            check(pieces.concat().as_bytes());
        }

        #[test]
        fn nor_does_it_for_plain_files_with_some_bytes_changed(
            changes in prop::collection::vec((0..2_000_usize, prop::sample::select(b"'\"/*;#=\n 1A\\(\0".to_vec())), 0..6),
        ) {
            let mut text = b"#1=IFCA('a',$);\n#2=IFCBB(#1,(1.,2.));\n#3=IFCA('it''s');\n".repeat(40);
            for (at, byte) in changes {
                let length = text.len();
                text[at % length] = byte;
            }
            check(&text);
        }
    }
}
