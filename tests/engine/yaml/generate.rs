//! Manifests at random: with the structure of Kubernetes', written in every style that YAML has,
//! and then broken here and there.

use super::words::{
    BETWEEN_LINES, COLONS, FLOW_SPACES, GAPS, HEADS, KEYS, LINE_ENDS, LONG_WORDS, ODD_KEYS,
    ODD_VALUES, PROPERTIES, TAILS, TOKENS, VALUES,
};

/// A random number generator with a fixed seed (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    /// True once in so many times, on average.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A text of one document, mostly, and whether nothing about it is odd.
pub(super) fn manifest(random: &mut Random) -> (String, bool) {
    if random.once_in(10) {
        return (heap(random), false);
    }
    // Most texts have nothing odd in them, some a little, and few much.
    let odd_once_in = random.one_of(&[usize::MAX, usize::MAX, 100, 30, 8]);
    let has_anchors = random.once_in(3);
    let mut writer = Writer { random, odd_once_in, has_anchors, out: String::new() };
    writer.write("", HEADS);
    if has_anchors {
        writer.out.push_str("x: &x nginx\n'y': &y {a: 1, privileged: true}\n");
        writer.block_mapping(0, 4);
    } else if writer.random.once_in(12) {
        writer.flow(3);
        writer.out.push('\n');
    } else {
        writer.block_mapping(0, 4);
    }
    writer.write("", TAILS);
    let mut text = writer.out;
    let broken = random.one_of(&[0, 0, 0, 0, 1, 1, 2, 4]);
    for _ in 0..broken {
        break_somewhere(random, &mut text);
    }
    (text, broken == 0 && odd_once_in == usize::MAX)
}

/// Parts of YAML on a heap.
fn heap(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(12) {
        let part = match random.below(8) {
            0..4 => random.one_of(TOKENS),
            4 => random.one_of(&["\n", "\n ", "\n  ", ": ", " "]),
            5 => random.one_of(ODD_VALUES),
            6 => random.one_of(KEYS),
            _ => random.one_of(&["a", "b", "1", "a: ", "- ", "[", "{"]),
        };
        text.push_str(part);
    }
    text
}

struct Writer<'a> {
    random: &'a mut Random,
    odd_once_in: usize,
    /// True if `&x` names text, and `&y` an object.
    has_anchors: bool,
    out: String,
}

impl Writer<'_> {
    fn is_odd(&mut self) -> bool {
        self.random.once_in(self.odd_once_in)
    }

    /// The usual text, or one of the odd ones.
    fn write(&mut self, usual: &str, odd: &[&str]) {
        let text = if self.is_odd() { self.random.one_of(odd) } else { usual };
        self.out.push_str(text);
    }

    fn write_one_of(&mut self, all: &[&str]) {
        let text = self.random.one_of(all);
        self.out.push_str(text);
    }

    fn indent(&mut self, level: usize) {
        self.out.push_str(&" ".repeat(level));
    }

    /// A key that the object does not have yet, mostly.
    fn key(&mut self, used: &mut Vec<&'static str>) {
        if self.is_odd() {
            match self.random.below(20) {
                0 => self.out.push_str(&"k".repeat(1000 + self.random.below(50))),
                1 => self.out.push_str(&"é".repeat(500 + self.random.below(600))),
                2..4 => self.write_one_of(KEYS),
                _ => self.write_one_of(ODD_KEYS),
            }
            return;
        }
        let key = self.random.one_of(KEYS);
        let again = if used.contains(&key) { used.len().to_string() } else { String::new() };
        used.push(key);
        let quote = self.random.one_of(&["", "", "", "", "", "\"", "'"]);
        for part in [quote, key, &again, quote] {
            self.out.push_str(part);
        }
    }

    fn properties(&mut self) {
        self.write("", PROPERTIES);
    }

    fn scalar(&mut self) {
        if self.has_anchors && self.random.once_in(12) {
            self.write_one_of(&["*x", "*x ", "*y "]);
        } else if self.is_odd() {
            self.write_one_of(ODD_VALUES);
        } else {
            self.write_one_of(VALUES);
        }
    }

    fn line_end(&mut self) {
        self.write("", LINE_ENDS);
        self.out.push('\n');
        self.write("", BETWEEN_LINES);
    }

    fn block_mapping(&mut self, level: usize, depth: usize) {
        let mut used = Vec::new();
        for entry in 0..=self.random.below(5) {
            if entry > 0 || !self.out.ends_with("- ") {
                self.indent(level);
            }
            let merges = if entry == 0 { self.random.once_in(8) } else { self.is_odd() };
            if self.has_anchors && level > 0 && merges {
                self.write_one_of(&["<<: *y\n", "<<: [*y, {b: 2}]\n", "<<: {a: *x }\n"]);
                continue;
            }
            self.key(&mut used);
            self.write(": ", COLONS);
            self.value(level, depth);
        }
    }

    /// Writes the value of a key, to the end of its last line.
    fn value(&mut self, level: usize, depth: usize) {
        self.properties();
        match self.random.below(if depth == 0 { 60 } else { 100 }) {
            0..2 if self.has_anchors => {
                self.write_one_of(&["&x Pod", "&x 1", "&z {c: 1}", "&y {a: 2, d: *x }"]);
                self.line_end();
            }
            0..45 => {
                self.scalar();
                self.line_end();
            }
            45..50 => self.long_scalar(level),
            50..55 => {
                self.flow(2);
                self.line_end();
            }
            55..60 => self.block_scalar(level),
            60..80 => {
                self.line_end();
                let deeper = level + self.random.one_of(&[2, 2, 2, 4, 1]);
                self.block_mapping(deeper, depth - 1);
            }
            _ => {
                self.line_end();
                let deeper = level + self.random.one_of(&[0, 0, 2, 1]);
                self.block_sequence(deeper, depth - 1);
            }
        }
    }

    fn block_sequence(&mut self, level: usize, depth: usize) {
        for entry in 0..=self.random.below(3) {
            if entry > 0 || !self.out.ends_with("- ") {
                self.indent(level);
            }
            self.out.push_str("- ");
            match self.random.below(if depth == 0 { 6 } else { 10 }) {
                0..4 => {
                    self.properties();
                    self.scalar();
                    self.line_end();
                }
                4 => {
                    self.flow(2);
                    self.line_end();
                }
                5 => self.value(level, 0),
                6..9 => self.block_mapping(level + 2, depth - 1),
                _ => self.block_sequence(level + 2, depth - 1),
            }
        }
    }

    /// A scalar over several lines.
    fn long_scalar(&mut self, level: usize) {
        let quote = self.random.one_of(&["", "", "'", "\""]);
        self.out.push_str(quote);
        for line in 0..2 + self.random.below(3) {
            if line > 0 {
                self.write("\n", GAPS);
                let deeper = if self.is_odd() { self.random.below(3) } else { 2 };
                self.indent(level + deeper);
                self.write("", &["\t"]);
            }
            self.write("some words", LONG_WORDS);
        }
        self.out.push_str(quote);
        self.line_end();
    }

    fn block_scalar(&mut self, level: usize) {
        self.write_one_of(&["|", "|", ">", "|-", "|+", ">-", ">+"]);
        self.write("", &["2", "1", "9", "0", " # c", "\t", "x", "#"]);
        let width = level + if self.is_odd() { self.random.below(3) } else { 2 };
        for line in 0..self.random.below(6) {
            self.write("\n", &["\r\n"]);
            // The first line says how far the block is indented.
            let is_first = line == 0 && !self.is_odd();
            let extra = if is_first { 0 } else { self.random.one_of(&[0, 0, 0, 1, 2]) };
            self.indent(width + extra);
            if is_first {
                self.out.push_str("text");
                continue;
            }
            self.write_one_of(&[
                "text",
                "#!/bin/sh",
                "a: b",
                "",
                "",
                "  more",
                "\ttab",
                "- x",
                "end ",
                "é",
            ]);
        }
        self.out.push('\n');
    }

    fn flow(&mut self, depth: usize) {
        if depth == 0 || self.random.once_in(4) {
            let quote = self.random.one_of(&["", "", "", "\"", "'"]);
            self.out.push_str(quote);
            self.scalar();
            self.out.push_str(quote);
            return;
        }
        let is_map = self.random.once_in(2);
        let mut used = Vec::new();
        self.out.push(if is_map { '{' } else { '[' });
        for entry in 0..self.random.below(4) {
            if entry > 0 {
                self.write(",", &[",", " ,", ",\n", "", ",,"]);
                self.write(" ", FLOW_SPACES);
            }
            if is_map || self.random.once_in(8) {
                self.key(&mut used);
                self.write(":", &[":", " : ", ":\n", "", "\n: "]);
                self.write(" ", FLOW_SPACES);
            }
            self.properties();
            self.flow(depth - 1);
        }
        self.write("", FLOW_SPACES);
        self.out.push(if is_map { '}' } else { ']' });
    }
}

fn break_somewhere(random: &mut Random, text: &mut String) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return;
    }
    let at = random.one_of(&places);
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let line = random.below(lines.len());
    match random.below(12) {
        0..4 => text.insert_str(at, random.one_of(TOKENS)),
        4 => drop(text.remove(at)),
        5 => {
            let removed = text.remove(at);
            text.insert_str(at, if removed == '\n' { " " } else { random.one_of(TOKENS) });
        }
        6 => {
            // Another indentation.
            let spaces = " ".repeat(random.below(5));
            lines[line] = spaces + lines[line].trim_start_matches(' ');
            *text = lines.concat();
        }
        7 => {
            let again = lines[line].clone();
            lines.insert(line, again);
            *text = lines.concat();
        }
        8 => {
            let other = random.below(lines.len());
            lines.swap(line, other);
            *text = lines.concat();
        }
        9 => text.truncate(at),
        10 => {
            while text.ends_with('\n') {
                text.pop();
            }
        }
        _ => *text = text.replace('\n', if random.once_in(4) { "\r" } else { "\r\n" }),
    }
}
