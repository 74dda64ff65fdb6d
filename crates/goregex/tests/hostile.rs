//! No expression and no text may panic, hang, exhaust the stack or the memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed setup is a failed test")]

use keyferry_goregex::{Error, ErrorKind, Limit, Limits, Regexp, Replacement};
use std::time::{Duration, Instant};

/// Runs `work`, which must not take long, even in a build without optimisation.
fn quick<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    result
}

fn limit(pattern: impl AsRef<[u8]>) -> Limit {
    match quick(|| Regexp::new(&pattern)) {
        Err(Error::Limit(limit)) => limit,
        other => panic!("no limit: {:?}", other.map(|regexp| regexp.num_subexp())),
    }
}

fn kind(pattern: impl AsRef<[u8]>) -> ErrorKind {
    match quick(|| Regexp::new(&pattern)) {
        Err(Error::Syntax { kind, .. }) => kind,
        other => panic!("no error of syntax: {:?}", other.map(|regexp| regexp.num_subexp())),
    }
}

#[test]
fn an_expression_is_bounded() {
    assert_eq!(limit("a".repeat(1 << 20)), Limit::Pattern(32 << 10));
    assert_eq!(limit("(".repeat(1 << 20)), Limit::Pattern(32 << 10));
    assert!(quick(|| Regexp::new("a".repeat(32 << 10))).is_ok());
    let narrow = Limits { pattern: 3, ..Limits::default() };
    let error = Regexp::with_limits("abcd", narrow).unwrap_err();
    assert_eq!(error.to_string(), "expression over the limit of 3 bytes");
}

#[test]
fn nesting_is_bounded_as_in_go() {
    let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + "a" + &close.repeat(levels);
    for (open, close) in [("(", ")"), ("(?:", ")*"), ("(b|", ")"), ("(?:b", ")?"), ("(?i:b(", "))")] {
        assert_eq!(kind(nested(open, close, 2000)), ErrorKind::NestingDepth, "{open}");
    }
    assert_eq!(kind("(".repeat(10_000)), ErrorKind::MissingParen);
    assert_eq!(kind(")".repeat(10_000)), ErrorKind::UnexpectedParen);
    assert_eq!(kind("a".to_owned() + &"*".repeat(10_000)), ErrorKind::RepeatOp);
}

#[test]
fn all_nesting_that_is_allowed_fits_on_a_small_stack() {
    let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + "a" + &close.repeat(levels);
    let patterns = [
        nested("(", ")", 60),
        nested("(?:", ")*", 998),
        nested("(?:b", ")?", 499),
        nested("(?:b|", ")+", 330),
        nested("(?:b*", ")??", 499),
        nested("(?:[b-d]|e*", "f)", 495),
    ];
    let test = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        for pattern in patterns {
            let regexp = Regexp::new(&pattern).unwrap();
            quick(|| regexp.find_submatch("baba".repeat(100)));
        }
    });
    test.unwrap().join().unwrap();
}

#[test]
fn programs_classes_and_repeats_are_bounded() {
    assert_eq!(limit(r"\pL{1000}"), Limit::Program(4 << 20));
    assert_eq!(limit(r"(?:\pL\pN\p{Greek}){100,1000}"), Limit::Program(4 << 20));
    assert_eq!(limit(r"(?i)[^x]\pL{900}"), Limit::Program(4 << 20));
    assert_eq!(limit("(?:a{1,100}b{1,100}c?.){10}|".repeat(500)), Limit::Program(4 << 20));
    assert_eq!(limit(r"\pL".repeat(5000)), Limit::Ranges(100_000));
    assert_eq!(limit(format!("[{}]", r"\pL".repeat(5000))), Limit::Ranges(100_000));
    assert_eq!(limit(format!("(?i)[{}]", r"\p{Any}\PL[:^alpha:]".repeat(1000))), Limit::Ranges(100_000));
    assert_eq!(limit(format!("(?i){}", r"\p{Any}".repeat(4600))), Limit::Ranges(100_000));
    assert_eq!(limit(format!("(?i){}", "[!-\u{1e900}]".repeat(3600))), Limit::Ranges(100_000));
    assert_eq!(kind("a{1001}"), ErrorKind::RepeatSize);
    assert_eq!(kind("((a{100}){100}){100}"), ErrorKind::RepeatSize);
    assert_eq!(kind("(a{1,1000}){2}"), ErrorKind::RepeatSize);
}

/// Each group costs memory in each state of a search.
#[test]
fn groups_make_less_program_possible() {
    assert!(matches!(limit("()".repeat(15_000)), Limit::Program(bytes) if bytes < 4 << 20));
    assert!(matches!(limit("(a)".repeat(300) + ".{1000}"), Limit::Program(bytes) if bytes < 4 << 20));
    assert!(Regexp::new("(a)".repeat(100)).is_ok());
}

#[test]
fn what_is_catastrophic_elsewhere_is_linear_here() {
    let text = "a".repeat(30_000) + "!";
    for pattern in
        ["(a+)+$", "(a|aa)+$", "(a|a?)+b", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(?:a?){30}a{30}b", "(x+x+)+y"]
    {
        let regexp = Regexp::new(pattern).unwrap();
        assert!(quick(|| regexp.find_submatch(&text)).is_none(), "{pattern}");
    }
}

#[test]
fn broken_text_is_no_slower() {
    let regexp = Regexp::new(r"(\w+)\s(\w+)").unwrap();
    let text = b"ab \xff\xfe ".repeat(20_000);
    assert_eq!(quick(|| regexp.find_all(&text).count()), 0);
    assert_eq!(quick(|| Regexp::new(".").unwrap().find_all(&text).count()), text.len());
}

#[test]
fn output_is_bounded_before_it_is_made() {
    let (text, replacement) = ("a".repeat(10_000), "$0".repeat(10_000));
    let over = Error::Limit(Limit::Output(1 << 20));
    let regexp = Regexp::new("a*").unwrap();
    assert_eq!(quick(|| regexp.replace_all_within(&text, &replacement, 1 << 20)), Err(over.clone()));
    let regexp = Regexp::new("a").unwrap();
    assert_eq!(quick(|| regexp.replace_all_literal_within(&text, &replacement, 1 << 20)), Err(over));
    assert_eq!(regexp.replace_all_within("aaa", "bb", 6).unwrap(), b"bbbbbb");
    assert!(regexp.replace_all_within("aaa", "bb", 5).is_err());
}

#[test]
fn every_short_expression_of_the_special_bytes_ends() {
    let bytes = b"()[]{}*?|\\^$.-,:1aQ<P\xff";
    for first in bytes {
        for second in bytes {
            for third in bytes {
                let pattern = [*first, *second, *third];
                if let Ok(regexp) = Regexp::new(pattern) {
                    regexp.find_submatch(pattern);
                }
            }
        }
    }
}

#[test]
fn an_expression_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let regexp = Regexp::new(r"(\d+)-(\d+)").unwrap();
    shared(&regexp);
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let regexp = regexp.clone();
            std::thread::spawn(move || regexp.replace_all(format!("{number}-5"), "$2-$1"))
        })
        .collect();
    let all: Vec<Vec<u8>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(all, [b"5-0", b"5-1", b"5-2", b"5-3"]);
}

/// Replacing match by match gives what replacing all gives.
#[test]
fn a_replacement_is_used_for_one_match_after_the_other() {
    let regexp = Regexp::new(r"(?P<k>\w)=(\d*)").unwrap();
    let (text, template) = ("a=1 b= c=3", b"${k}$2$$".as_slice());
    let replacement = Replacement::new(template);
    assert!(replacement.has_groups() && !Replacement::literal(template).has_groups());
    let (mut out, mut done) = (Vec::new(), 0);
    for found in regexp.find_all(text) {
        let whole = found.get(0).unwrap();
        out.extend_from_slice(&text.as_bytes()[done..whole.start]);
        regexp.replace_one_within(&replacement, text, &found, &mut out, 100).unwrap();
        done = whole.end;
    }
    assert_eq!(out, regexp.replace_all(text, template));
    let found = regexp.find_submatch(text).unwrap();
    let error = regexp.replace_one_within(&replacement, text, &found, &mut Vec::new(), 2).unwrap_err();
    assert_eq!(error, Error::Limit(Limit::Output(2)));
    let whole: Vec<_> = regexp.find_all_whole(text).map(|found| (found.get(0), found.get(1))).collect();
    assert_eq!(whole, [(Some(0..3), None), (Some(4..6), None), (Some(7..10), None)]);
    assert!(regexp.size() < Regexp::new(r"\pL{20}").unwrap().size());
}

/// Whatever the expression, a search that is paid for finds what the other finds.
#[test]
fn searches_that_are_paid_for_find_the_same() {
    let patterns = [
        "",
        "a",
        "a*",
        "a*?",
        "(a|ab)(c|bcd)?",
        "^",
        "$",
        r"\b",
        r"\B",
        "é*",
        ".",
        "[^a]",
        "(?s).*",
        "x|$",
        r"\w+(\s*=)?",
        "b*?a[ab]*c|a",
    ];
    let texts: [&[u8]; 7] =
        [b"", b"abcd ab", "éaé\u{1f389}".as_bytes(), b"\xff\xfea", b"aaa=a = b", b"\n\na\n", &[b'a'; 1000]];
    for pattern in patterns {
        let regexp = Regexp::new(pattern).unwrap();
        for text in texts {
            let (mut paid, mut found) = (regexp.find_all(text), Vec::new());
            while let Some(next) = paid.next_within(&mut |_| Ok::<(), ()>(())).unwrap() {
                found.push(next);
            }
            assert_eq!(found, regexp.find_all(text).collect::<Vec<_>>(), "{pattern:?} in {text:?}");
        }
    }
}

/// All matches of a text, where each is a look to its end: that is paid, and ends when there is no more to pay with.
#[test]
fn searches_that_are_paid_for_can_be_stopped() {
    let (regexp, text) = (Regexp::new("b*?a[ab]*c|a").unwrap(), "a".repeat(100_000));
    let (mut left, mut count, mut matches) = (3_000_000_usize, 0, regexp.find_all_whole(&text));
    let mut pay = |work: usize| {
        left = left.checked_sub(work).ok_or("over")?;
        Ok(())
    };
    let stopped = loop {
        match matches.next_within(&mut pay) {
            Ok(Some(_)) => count += 1,
            other => break other,
        }
    };
    assert_eq!(stopped, Err("over"));
    assert!((20..30).contains(&count), "{count}");
}
