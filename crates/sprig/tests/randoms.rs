//! What is left to chance: of which characters, how many, and each as often as the others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{Functions, Template, Value};
use keyferry_sprig::{Host, System, functions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Randomness that is the same in every run.
#[derive(Default)]
struct Fixed(AtomicU64);

impl Host for Fixed {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    /// `SplitMix64`.
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let mixed = (mixed ^ mixed >> 31).to_le_bytes();
            chunk.copy_from_slice(mixed.get(..chunk.len()).unwrap());
        }
    }
}

/// Every byte the same.
struct Stuck(u8);

impl Host for Stuck {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn fixed() -> Functions {
    functions(Fixed::default())
}

fn render(functions: &Functions, source: &str) -> String {
    let output = Template::parse("t", source, functions).unwrap().render(&Value::Nil).unwrap();
    String::from_utf8(output).unwrap()
}

/// How often each is there.
fn counts<T: Ord>(of: impl IntoIterator<Item = T>) -> BTreeMap<T, u32> {
    let mut counts = BTreeMap::new();
    of.into_iter().for_each(|item| *counts.entry(item).or_default() += 1);
    counts
}

/// Pearson's chi squared, which for `kinds` that are all as likely is about `kinds - 1`: five deviations more means bias.
fn assert_even<T: Ord>(counts: &BTreeMap<T, u32>, kinds: u32) {
    let expected = f64::from(counts.values().sum::<u32>()) / f64::from(kinds);
    let missing = f64::from(kinds) - f64::from(u32::try_from(counts.len()).unwrap());
    let seen: f64 = counts.values().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
    let freedom = f64::from(kinds - 1);
    let chi = seen + missing * expected;
    assert!(chi < freedom + 5.0 * (2.0 * freedom).sqrt(), "{chi} for {kinds} kinds");
    assert!(chi > freedom - 5.0 * (2.0 * freedom).sqrt(), "{chi} for {kinds} kinds is too even");
}

fn alphabets() -> [(&'static str, String); 4] {
    let letters: String = ('A'..='Z').chain('a'..='z').collect();
    [
        ("randAlphaNum", letters.clone() + "0123456789"),
        ("randAlpha", letters),
        ("randNumeric", "0123456789".into()),
        ("randAscii", (' '..='~').collect()),
    ]
}

#[test]
fn words_are_of_their_alphabet_and_of_all_of_it() {
    for (function, alphabet) in alphabets() {
        let word = render(&fixed(), &format!("{{{{ {function} 5000 }}}}"));
        assert_eq!(word.len(), 5000, "{function}");
        let (found, wanted): (BTreeSet<char>, BTreeSet<char>) = (word.chars().collect(), alphabet.chars().collect());
        assert_eq!(found, wanted, "{function}");
    }
}

#[test]
fn each_letter_is_as_likely_as_the_others() {
    for (function, alphabet) in alphabets() {
        let word = render(&fixed(), &format!("{{{{ {function} 200000 }}}}"));
        assert_even(&counts(word.chars()), u32::try_from(alphabet.len()).unwrap());
        // Neither does one follow from that before it.
        let pairs = word.as_bytes().chunks_exact(2).map(<[u8]>::to_vec);
        assert_even(&counts(pairs), u32::try_from(alphabet.len() * alphabet.len()).unwrap());
    }
}

#[test]
fn no_or_fewer_letters_are_an_empty_word() {
    for (function, _) in alphabets() {
        for count in ["0", "-1", "-9223372036854775808"] {
            assert_eq!(render(&fixed(), &format!("{{{{ {function} {count} }}}}")), "", "{function} {count}");
        }
    }
}

#[test]
fn two_words_are_two() {
    let functions = functions(System);
    for call in ["randAlphaNum 40", "randAlpha 40", "randNumeric 40", "randAscii 40", "randBytes 40", "uuidv4"] {
        let twice = render(&functions, &format!("{{{{ {call} }}}}\n{{{{ {call} }}}}\n{{{{ {call} }}}}"));
        let words: BTreeSet<&str> = twice.lines().collect();
        assert_eq!(words.len(), 3, "{call}");
    }
}

#[test]
fn random_bytes_are_those_of_the_host() {
    assert_eq!(render(&functions(Stuck(0xff)), "{{ randBytes 4 }}"), "/////w==");
    assert_eq!(render(&functions(Stuck(0)), "{{ randBytes 3 }}"), "AAAA");
    assert_eq!(render(&functions(Stuck(0)), "{{ randBytes 0 }}"), "");
    let template = Template::parse("t", "{{ randBytes -1 }}", &fixed()).unwrap();
    template.render(&Value::Nil).unwrap_err();
}

#[test]
fn random_integers_are_even_and_below_their_end() {
    for (min, max) in [(0, 6), (-3, 4), (10, 266), (0, 1000)] {
        let source = format!("{{{{ range 25000 }}}}{{{{ randInt {min} {max} }}}} {{{{ end }}}}");
        let numbers: Vec<i64> = render(&fixed(), &source).split_whitespace().map(|n| n.parse().unwrap()).collect();
        assert!(numbers.iter().all(|number| (min..max).contains(number)));
        assert_even(&counts(numbers), u32::try_from(max - min).unwrap());
    }
}

#[test]
fn random_integers_of_a_wide_range_are_not_biased_to_its_start() {
    // Of three quarters of all numbers, a remainder would make the first third twice as likely.
    let source = "{{ range 30000 }}{{ randInt -4611686018427387904 4611686018427387903 }} {{ end }}";
    let numbers = render(&fixed(), source);
    let thirds = numbers.split_whitespace().map(|number| {
        let number: i128 = number.parse().unwrap();
        (number + (1 << 62)) / ((1 << 63) / 3 + 1)
    });
    assert_even(&counts(thirds), 3);
}

#[test]
fn each_order_is_as_likely_as_the_others() {
    let orders = render(&fixed(), "{{ range 24000 }}{{ shuffle \"aé漢🎉\" }} {{ end }}");
    let counts = counts(orders.split_whitespace());
    assert_eq!(counts.len(), 24);
    assert_even(&counts, 24);
}

#[test]
fn a_shuffled_text_has_the_same_characters() {
    let shuffled = render(&fixed(), "{{ shuffle \"The quick brown fox, naïve 漢字\" }}");
    assert_ne!(shuffled, "The quick brown fox, naïve 漢字");
    assert_eq!(counts(shuffled.chars()), counts("The quick brown fox, naïve 漢字".chars()));
    let broken = render(&fixed(), "{{ shuffle \"a\\xffb\\xe2\\x82\" }}");
    assert_eq!(counts(broken.chars()), counts("ab\u{fffd}\u{fffd}\u{fffd}".chars()));
}

#[test]
fn a_uuid_is_of_version_four() {
    let uuids = render(&fixed(), "{{ range 2000 }}{{ uuidv4 }} {{ end }}");
    let mut seen = BTreeSet::new();
    for uuid in uuids.split_whitespace() {
        let bytes = uuid.as_bytes();
        assert_eq!(bytes.len(), 36);
        for (place, byte) in bytes.iter().enumerate() {
            match place {
                8 | 13 | 18 | 23 => assert_eq!(*byte, b'-', "{uuid}"),
                14 => assert_eq!(*byte, b'4', "{uuid}"),
                19 => assert!(b"89ab".contains(byte), "{uuid}"),
                _ => assert!(b"0123456789abcdef".contains(byte), "{uuid}"),
            }
        }
        seen.insert(uuid);
    }
    assert_eq!(seen.len(), 2000);
    assert_eq!(render(&functions(Stuck(0xff)), "{{ uuidv4 }}"), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(render(&functions(Stuck(0)), "{{ uuidv4 }}"), "00000000-0000-4000-8000-000000000000");
}
