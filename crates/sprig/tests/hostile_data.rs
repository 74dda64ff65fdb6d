//! No call of a function of lists, maps or numbers may panic, hang, exhaust the stack or the memory, or show a value.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{Budget, Error, ErrorKind, Map, Template, Value};
use keyferry_sprig::{System, functions};
use std::time::Duration;

fn render(source: &str) -> Result<Vec<u8>, Error> {
    let data = Map::strings([("secret", "hunter2")]);
    Template::parse("t", source, &functions(System))?.render(&data.into())
}

/// How long this thread has been on a processor: the machine may be busy with other things.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The budget that `source` meets, which must not take long: 50 ms where it is optimised and the machine has nothing else
/// to do. It is given twice that, and twenty times where it is not optimised.
fn budget(source: &str) -> Budget {
    let most = if cfg!(debug_assertions) { Duration::from_secs(1) } else { Duration::from_millis(100) };
    let before = on_processor();
    let outcome = render(source);
    let taken = on_processor().checked_sub(before).unwrap();
    let Err(error) = outcome else { panic!("within the budget: {source}") };
    assert!(taken < most, "{source} takes {taken:?}: {error}");
    match error.kind() {
        ErrorKind::Budget(budget) => budget,
        _ => panic!("{source}: {error}"),
    }
}

const STEPS: Budget = Budget::Steps(500_000);
const MEMORY: Budget = Budget::Memory(16 << 20);
const DEPTH: Budget = Budget::Depth(200);

/// Any of the two that are met by making much.
fn is_stopped(source: &str) {
    let budget = budget(source);
    assert!([STEPS, MEMORY].contains(&budget), "{source}: {budget}");
}

/// A list or map that holds another twice, which does so too, and so on.
fn doubled(pair: &str, use_of: &str) -> String {
    format!("{{{{ $x := dict }}}}{{{{ range 64 }}}}{{{{ $x = {pair} }}}}{{{{ end }}}}{{{{ {use_of} }}}}")
}

/// A list or map in another in another.
fn nested(inside: &str, depth: usize, use_of: &str) -> String {
    format!("{{{{ $x := dict }}}}{{{{ range {depth} }}}}{{{{ $x = {inside} }}}}{{{{ end }}}}{{{{ {use_of} }}}}")
}

#[test]
fn rows_of_numbers_are_bounded() {
    is_stopped("{{ until 10000000000 }}");
    is_stopped("{{ until -10000000000 }}");
    is_stopped("{{ untilStep 0 10000000000 3 }}");
    is_stopped("{{ seq 10000000000 }}");
    is_stopped("{{ seq 0 -1 -10000000000 }}");
    // Past the largest number Go goes on with the smallest, for ever.
    is_stopped("{{ untilStep 0 9223372036854775807 4611686018427387904 }}");
    is_stopped("{{ range until 10000 }}{{ range until 10000 }}{{ seq 10000 }}{{ end }}{{ end }}");
}

#[test]
fn lists_that_grow_are_bounded() {
    is_stopped("{{ $l := list }}{{ range 100000 }}{{ $l = append $l 1 }}{{ end }}");
    is_stopped("{{ $l := list }}{{ range 100000 }}{{ $l = prepend $l 1 }}{{ end }}");
    is_stopped("{{ $l := list 1 }}{{ range 64 }}{{ $l = concat $l $l }}{{ end }}");
    is_stopped("{{ $l := until 20000 }}{{ range 10000 }}{{ $_ := reverse $l }}{{ end }}");
    is_stopped("{{ $l := until 20000 }}{{ range 10000 }}{{ $_ := compact $l }}{{ end }}");
    is_stopped("{{ $l := until 20000 }}{{ range 10000 }}{{ $_ := rest $l }}{{ end }}");
    is_stopped("{{ range 10000 }}{{ $_ := chunk 1 (until 20000) }}{{ end }}");
    is_stopped("{{ range 10000 }}{{ $_ := until 20000 | deepCopy }}{{ end }}");
}

#[test]
fn what_compares_each_with_each_is_bounded() {
    assert_eq!(budget("{{ uniq (until 100000) }}"), STEPS);
    assert_eq!(budget("{{ $l := until 100000 }}{{ without $l -1 -2 -3 -4 -5 -6 }}"), STEPS);
    assert_eq!(budget("{{ $l := until 100000 }}{{ range $l }}{{ has -1 $l }}{{ end }}"), STEPS);
    let text = "{{ $s := repeat 3000000 \"x\" }}{{ range 10000 }}{{ deepEqual $s (printf \"%s\" $s) }}{{ end }}";
    is_stopped(text);
}

#[test]
fn what_looks_at_shared_parts_again_and_again_is_bounded() {
    for pair in ["list $x $x", "dict \"a\" $x \"b\" $x"] {
        is_stopped(&doubled(pair, "deepCopy $x"));
        is_stopped(&doubled(pair, "toDecimal $x"));
        is_stopped(&doubled(pair, "dict $x 1"));
    }
    let pair = "dict \"a\" $x \"b\" $x";
    let other = "{{ $y := dict }}{{ range 64 }}{{ $y = dict \"a\" $y \"b\" $y }}{{ end }}";
    is_stopped(&(other.to_owned() + &doubled(pair, "deepEqual $x $y")));
    is_stopped(&(other.to_owned() + &doubled(pair, "has $x (list $y)")));
    is_stopped(&(other.to_owned() + &doubled(pair, "merge $x $y")));
    is_stopped(&(other.to_owned() + &doubled(pair, "mergeOverwrite $x $y")));
}

#[test]
fn depth_is_bounded() {
    for inside in ["list $x", "dict \"a\" $x"] {
        assert_eq!(budget(&nested(inside, 5000, "deepCopy $x")), DEPTH);
        assert_eq!(budget(&nested(inside, 5000, "dict $x 1")), DEPTH);
    }
    let other = "{{ $y := dict }}{{ range 5000 }}{{ $y = dict \"a\" $y }}{{ end }}";
    assert_eq!(budget(&(other.to_owned() + &nested("dict \"a\" $x", 5000, "merge $x $y"))), DEPTH);
    assert_eq!(budget(&(other.to_owned() + &nested("dict \"a\" $x", 5000, "deepEqual $x $y"))), DEPTH);
}

#[test]
fn all_depth_that_is_allowed_fits_on_a_small_stack() {
    let other = "{{ $y := dict }}{{ range 195 }}{{ $y = dict \"a\" $y }}{{ end }}";
    let sources = [
        nested("list $x", 195, "deepCopy $x"),
        nested("dict \"a\" $x", 195, "deepCopy $x"),
        other.to_owned() + &nested("dict \"a\" $x", 195, "merge $x $y"),
        other.to_owned() + &nested("dict \"a\" $x", 195, "deepEqual $x $y"),
    ];
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let test = thread.spawn(move || sources.iter().for_each(|source| drop(render(source).unwrap())));
    test.unwrap().join().unwrap();
}

#[test]
fn maps_that_grow_are_bounded() {
    is_stopped("{{ $d := dict }}{{ range until 300000 }}{{ $_ := set $d (print .) . }}{{ end }}");
    is_stopped("{{ $d := dict }}{{ range $i := until 300000 }}{{ $_ := merge $d (dict (print $i) $i) }}{{ end }}");
    let wide = "{{ $d := dict }}{{ range until 5000 }}{{ $_ := set $d (print .) . }}{{ end }}";
    for use_of in ["keys $d", "values $d", "omit $d", "deepCopy $d", "merge (dict) $d", "mergeOverwrite $d $d"] {
        is_stopped(&format!("{wide}{{{{ range 100000 }}}}{{{{ $_ := {use_of} }}}}{{{{ end }}}}"));
    }
    is_stopped(&format!("{wide}{{{{ range 10000 }}}}{{{{ $_ := keys {} }}}}{{{{ end }}}}", "$d ".repeat(100)));
}

#[test]
fn decimals_are_bounded() {
    for (function, number) in [("mulf", "1.7976931348623157e308"), ("divf", "1e-300"), ("mulf", "1.1"), ("divf", "3")] {
        is_stopped(&format!(
            "{{{{ range 100000 }}}}{{{{ {function} 1 {} }}}}{{{{ end }}}}",
            format!("{number} ").repeat(3000)
        ));
    }
    let many = "0.1 1e300 ".repeat(20_000);
    is_stopped(&format!("{{{{ range 100000 }}}}{{{{ addf {many} }}}}{{{{ subf {many} }}}}{{{{ end }}}}"));
    is_stopped("{{ range 1000000 }}{{ addf 1e308 5e-324 }}{{ end }}");
}

#[test]
fn long_texts_are_read_at_their_price() {
    let long = "{{ $s := repeat 4000000 \"0\" }}";
    for use_of in ["int $s", "int64 $s", "float64 $s", "atoi $s", "toDecimal $s", "add $s 1", "addf $s 1", "round $s 1"]
    {
        is_stopped(&format!("{long}{{{{ range 100000 }}}}{{{{ $_ := {use_of} }}}}{{{{ end }}}}"));
    }
    let map = format!("{long}{{{{ $d := dict \"a\" 1 $s 2 }}}}{{{{ $t := print $s }}}}");
    for use_of in ["get $d $t", "hasKey $d $t", "unset $d $t", "pluck $t $d", "pick $d $t", "dig $t 1 $d"] {
        is_stopped(&format!("{map}{{{{ range 1000000 }}}}{{{{ $_ := {use_of} }}}}{{{{ end }}}}"));
    }
    for use_of in ["omit $d $t", "merge $d $d", "deepEqual $d (dict $t 1 \"a\" 1)", "set $d $t 1"] {
        is_stopped(&format!("{map}{{{{ range 1000000 }}}}{{{{ $_ := {use_of} }}}}{{{{ end }}}}"));
    }
}

#[test]
fn randomness_is_bounded() {
    for function in ["randAlphaNum", "randAlpha", "randNumeric", "randAscii", "randBytes"] {
        is_stopped(&format!("{{{{ {function} 10000000000 }}}}"));
        is_stopped(&format!("{{{{ {function} 9223372036854775807 }}}}"));
        is_stopped(&format!("{{{{ range 100000 }}}}{{{{ $_ := {function} 10000 }}}}{{{{ end }}}}"));
    }
    is_stopped("{{ shuffle (repeat 5000000 \"x\") }}");
    is_stopped("{{ range 100000 }}{{ $_ := shuffle (repeat 1000 \"x\") }}{{ end }}");
    is_stopped("{{ range 10000000 }}{{ $_ := uuidv4 }}{{ end }}");
    is_stopped("{{ range 10000000 }}{{ $_ := randInt 1 9 }}{{ end }}");
}

#[test]
fn no_error_shows_a_value() {
    let failing = [
        "first .secret",
        "rest .secret",
        "append .secret 1",
        "without .secret 1",
        "has 1 .secret",
        "concat (list) .secret",
        "slice .secret 1 2",
        "slice (list 1 2) .secret 9",
        "chunk 1 .secret",
        "chunk .secret (list)",
        "get .secret \"a\"",
        "set (dict) .secret",
        "dig .secret 1 .secret",
        "dig \"a\" \"b\" .secret (dict \"a\" .secret)",
        "merge (dict) .secret",
        "merge (dict \"a\" .) (dict \"a\" (dict \"secret\" 1 \"new\" .secret))",
        "div 1 .secret",
        "mod 1 .secret",
        "divf 1 .secret",
        "addf \"nan\" .secret",
        "until .secret",
        "round .secret .secret",
        "ternary 1 2 .secret",
        "randInt 0 (int .secret)",
        "randBytes (sub 0 1 | int)",
        "deepCopy nil .secret",
        "typeIs 1 .secret",
    ];
    for call in failing {
        let error = render(&format!("{{{{ {call} }}}}")).expect_err(call).to_string();
        assert!(!error.contains("hunter2"), "{call}: {error}");
    }
    assert!(render("{{ fail .secret }}").unwrap_err().to_string().ends_with("error calling fail: hunter2"));
}

#[test]
fn a_map_never_holds_itself() {
    let sources = [
        "{{ $d := dict }}{{ set $d \"a\" $d }}",
        "{{ $d := dict }}{{ set $d \"a\" (list (dict \"b\" $d)) }}",
        "{{ $d := dict }}{{ merge $d (dict \"a\" $d) }}",
        "{{ $d := dict }}{{ merge $d (dict \"a\" (list $d)) }}",
        "{{ $d := dict \"a\" 1 }}{{ mergeOverwrite $d (dict \"a\" (dict \"b\" $d)) }}",
        "{{ $n := dict }}{{ $d := dict \"n\" $n }}{{ merge $d (dict \"n\" (dict \"a\" $d)) }}",
    ];
    for source in sources {
        let error = render(source).unwrap_err();
        assert!(error.cause().ends_with("a map cannot hold itself"), "{source}: {error}");
    }
}

#[test]
fn a_value_is_the_same_after_it_was_too_much() {
    let value: Value = Map::any([("a", Value::int(1))]).into();
    let template = Template::parse("t", "{{ until 10000000000 }}", &functions(System)).unwrap();
    template.render(&value).unwrap_err();
    let template = Template::parse("t", "{{ . }}", &functions(System)).unwrap();
    assert_eq!(template.render(&value).unwrap(), b"map[a:1]");
}
