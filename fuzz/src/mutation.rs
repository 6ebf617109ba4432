//! Mutations of seeds for the short run: the same on every machine and every time, by a seeded generator and a count.

/// Never larger than this: targets are asked for their answers here, not for their patience.
const LONGEST: usize = 16 * 1024;

/// Makes inputs of a corpus and a dictionary.
#[derive(Debug)]
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    words: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Mutator<'a> {
    /// Of the same seed come the same inputs.
    pub fn new(corpus: &'a [Vec<u8>], words: &'a [Vec<u8>], seed: u64) -> Self {
        Self { corpus, words, state: seed }
    }

    /// The next input: one of the corpus with one to four changes.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.one_of(self.corpus);
        for _ in 0..=self.below(4) {
            input = self.changed(input);
        }
        input.truncate(LONGEST);
        input
    }

    fn changed(&mut self, input: Vec<u8>) -> Vec<u8> {
        let (from, to) = self.range(input.len());
        let (head, part, tail) = (part(&input, 0, from), part(&input, from, to), part(&input, to, input.len()));
        let middle = match self.below(7) {
            // Flip one bit.
            0 => flipped(part, self.next()),
            // Cut out.
            1 => Vec::new(),
            // Cut off.
            2 => return head.to_vec(),
            // Say again, once or often.
            3 => part.repeat(2),
            4 => part.repeat(2 + self.below(64)),
            // Say something that means something.
            5 => self.one_of(self.words),
            // Go on as another one does.
            _ => {
                let other = self.one_of(self.corpus);
                let (from, to) = self.range(other.len());
                part_of(&other, from, to)
            }
        };
        [head, &middle, tail].concat()
    }

    /// Splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// A part of something `length` long; a short one more often than a long one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let longest = length - from;
        let short = if self.below(4) == 0 { longest } else { longest.min(12) };
        (from, from + self.below(short + 1))
    }

    fn one_of(&mut self, all: &[Vec<u8>]) -> Vec<u8> {
        all.get(self.below(all.len())).cloned().unwrap_or_default()
    }
}

fn part(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.get(from..to).unwrap_or_default()
}

fn part_of(bytes: &[u8], from: usize, to: usize) -> Vec<u8> {
    part(bytes, from, to).to_vec()
}

fn flipped(part: &[u8], random: u64) -> Vec<u8> {
    let mut part = part.to_vec();
    let at = usize::try_from(random >> 3).unwrap_or(0) % part.len().max(1);
    if let Some(byte) = part.get_mut(at) {
        *byte ^= 1 << (random & 7);
    }
    part
}

/// The words of a dictionary in libFuzzer's form: `"word"` a line, `\xAB` for bytes, `#` for comments.
pub fn words(dictionary: &str) -> Vec<Vec<u8>> {
    let quoted = dictionary.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hexadecimal =
            after.get(1..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        (bytes, rest) = match (first, after.first(), hexadecimal) {
            (b'\\', Some(b'x'), Some(byte)) => (with(bytes, byte), after.get(3..).unwrap_or_default()),
            (b'\\', Some(escaped), _) => (with(bytes, *escaped), after.get(1..).unwrap_or_default()),
            _ => (with(bytes, *first), after),
        };
    }
    bytes
}

fn with(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_read_as_libfuzzer_reads_it() {
        let dictionary = "# words\n\"name: \"\n\n\"\\xd4\\x00\\\\\\\"\"\n";
        assert_eq!(words(dictionary), [b"name: ".to_vec(), b"\xd4\x00\\\"".to_vec()]);
    }

    #[test]
    fn one_seed_makes_the_same_inputs_and_another_makes_others() {
        let corpus = [b"outputPorts: [daily]".to_vec(), b"domain: operations".to_vec()];
        let words = [b"&a".to_vec()];
        let made = |seed| {
            let mut mutator = Mutator::new(&corpus, &words, seed);
            (0..50).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert!(made(1).iter().filter(|input| !corpus.contains(input)).count() > 40);
    }
}
