//! Dates, versions, JSON and YAML that are made to hurt: they end at the budget, soon, and without a panic.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "short before fast"
)]

use keyferry_gotemplate::{Budget, Error, ErrorKind, Map, Template, Value};
use keyferry_sprig::{System, functions};
use std::time::{Duration, Instant};

fn data(text: impl AsRef<[u8]>) -> Value {
    Map::any([("x", Value::str(text))]).into()
}

fn render(source: &str, data: &Value) -> Result<Vec<u8>, Error> {
    Template::parse("t", source, &functions(System))?.render(data)
}

/// The budget that the template meets, which must not take long. The bound is for a build without optimisation on a busy
/// machine; with it they all take some 50 ms at most.
fn budget(source: &str, text: impl AsRef<[u8]>) -> Budget {
    let data = data(text);
    let start = Instant::now();
    let error = render(source, &data).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{source}: {error} after {:?}", start.elapsed());
    match error.kind() {
        ErrorKind::Budget(budget) => budget,
        _ => panic!("{source}: {error}"),
    }
}

const STEPS: Budget = Budget::Steps(500_000);
const MEMORY: Budget = Budget::Memory(16 << 20);
const DEPTH: Budget = Budget::Depth(200);

#[test]
fn long_json_is_bounded() {
    assert_eq!(budget("{{ fromJson .x }}", format!("[{}1]", "1,".repeat(8 << 20))), STEPS);
    assert_eq!(budget("{{ fromJson .x }}", format!("\"{}\"", "a".repeat(30 << 20))), MEMORY);
    assert_eq!(budget("{{ fromJson .x }}", " ".repeat(40 << 20)), STEPS);
    assert_eq!(budget("{{ mustFromJson .x }}", "1".repeat(1 << 28)), STEPS);
    assert_eq!(budget("{{ toJson .x }}", vec![0xff; 8 << 20]), MEMORY);
    assert_eq!(budget("{{ toPrettyJson .x }}", "<".repeat(16 << 20)), MEMORY);
    let objects = format!("[{}{{}}]", "{\"a\":[]},".repeat(200_000));
    assert_eq!(budget("{{ fromJson .x }}", objects), MEMORY);
}

#[test]
fn deep_json_is_bounded() {
    assert_eq!(budget("{{ fromJson .x }}", "[".repeat(1 << 20)), DEPTH);
    assert_eq!(budget("{{ fromJson .x }}", "{\"a\":".repeat(1 << 20)), DEPTH);
    assert_eq!(budget("{{ $l := list }}{{ range 1000 }}{{ $l = list $l }}{{ end }}{{ toRawJson $l }}", ""), DEPTH);
    assert_eq!(budget("{{ $l := list }}{{ range 1000 }}{{ $l = list $l }}{{ end }}{{ toYaml $l }}", ""), DEPTH);
}

#[test]
fn lists_that_share_their_parts_are_bounded() {
    let doubling = "{{ $l := list .x }}{{ range 100 }}{{ $l = list $l $l }}{{ end }}";
    for function in ["toJson", "toPrettyJson", "mustToRawJson", "toYaml"] {
        let met = budget(&format!("{doubling}{{{{ {function} $l }}}}"), "some text");
        assert!([STEPS, MEMORY].contains(&met), "{function}: {met}");
    }
}

#[test]
fn long_and_deep_yaml_is_bounded() {
    assert_eq!(budget("{{ fromYaml .x }}", "a: 1\n".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ fromYaml .x }}", "- ".repeat(10_000)), DEPTH);
    assert_eq!(budget("{{ fromYaml .x }}", "[".repeat(1 << 20)), DEPTH);
    assert_eq!(budget("{{ fromYaml .x }}", "{a: ".repeat(100_000)), DEPTH);
    assert_eq!(budget("{{ fromYaml .x }}", "? ".repeat(10_000)), DEPTH);
    assert_eq!(budget("{{ fromYaml .x }}", "[1,".to_owned() + &"1,".repeat(500_000)), STEPS);
    assert_eq!(budget("{{ fromYaml .x }}", " ".repeat(1 << 28)), STEPS);
    assert_eq!(budget("{{ toYaml .x }}", "a\n".repeat(2 << 20)), STEPS);
    let directives: String = (0..100_000).map(|n| format!("%TAG !{n}! x\n")).collect();
    assert_eq!(budget("{{ fromYaml .x }}", directives), STEPS);
    let anchors: String = (0..100_000).map(|n| format!("- &a{n} x\n")).collect();
    assert_eq!(budget("{{ fromYaml .x }}", anchors), STEPS);
}

#[test]
fn aliases_of_aliases_are_bounded() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..20 {
        let below = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [below.as_str(); 10].join(","));
    }
    let start = Instant::now();
    let refused = render("{{ (fromYaml .x).Error }}", &data(bomb)).unwrap();
    assert_eq!(refused, b"error converting YAML to JSON: yaml: document contains excessive aliasing");
    let merges: String =
        (1..150).map(|level| format!("a{level}: &a{level} {{<<: [*a{0}, *a{0}], k{level}: 1}}\n", level - 1)).collect();
    let refused = render("{{ (fromYaml .x).Error }}", &data(format!("a0: &a0 {{k: v}}\n{merges}"))).unwrap();
    assert_eq!(refused, b"error converting YAML to JSON: yaml: document contains excessive aliasing");
    assert!(start.elapsed() < Duration::from_secs(5), "after {:?}", start.elapsed());
}

/// Many small documents would be as bad as a large one.
#[test]
fn yaml_that_only_looks_back_takes_no_longer_than_its_length() {
    let start = Instant::now();
    for text in
        ["'", "\"\\", "&a ", "!t ", "*a ", "a: ", "? ", "- - ", "[", "{", "[a]: ", "|\n", "#", "\u{85}", "%Y ", "<<: "]
    {
        drop(render("{{ fromYaml .x }}", &data(text.repeat(20_000))));
        drop(render("{{ fromYaml .x }}", &data((text.to_owned() + "\n").repeat(10_000))));
    }
    assert!(start.elapsed() < Duration::from_secs(30), "after {:?}", start.elapsed());
}

#[test]
fn long_layouts_and_dates_are_bounded() {
    assert_eq!(budget("{{ date .x 0 }}", "Monday".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ date .x 0 }}", ".".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ dateInZone \"2006\" 0 .x }}", "a".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ toDate .x .x }}", "2006".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ now.Format .x }}", ".000".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ mustDateModify .x now }}", "1h".repeat(1 << 22)), STEPS);
    assert_eq!(budget("{{ durationRound .x }}", "1h".repeat(1 << 22)), STEPS);
    let zone = format!("{}Z", "MST".repeat(50_000));
    let longer = format!(
        "{{{{ $t := toDate \"MST\" \"ABC\" }}}}{{{{ range 1000 }}}}{{{{ $s := $t.Format {zone:?} }}}}{{{{ end }}}}"
    );
    assert_eq!(budget(&longer, ""), STEPS);
}

#[test]
fn long_versions_are_bounded() {
    assert_eq!(budget("{{ semver .x }}", "1".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ semverCompare .x \"1\" }}", "1 || ".repeat(1 << 20)), STEPS);
    assert_eq!(budget("{{ semverCompare .x \"1\" }}", "1 - 2 ".repeat(100_000)), STEPS);
    assert_eq!(budget("{{ semverCompare \"1\" .x }}", "1.".repeat(1 << 20)), STEPS);
    let pre = format!("1-{}", "a.".repeat(40_000) + "b");
    assert_eq!(budget("{{ $v := semver .x }}{{ range 1000 }}{{ $c := $v.Compare $v }}{{ end }}", pre), STEPS);
}

/// What a tenant's data is must not show in the conditions of their resource.
#[test]
fn errors_show_nothing_of_the_data() {
    let sources = [
        "{{ mustFromJson .x }}",
        "{{ mustToDate \"2006\" .x }}",
        "{{ mustDateModify .x now }}",
        "{{ semver .x }}",
        "{{ semverCompare .x .x }}",
        "{{ semverCompare \"1\" .x }}",
        "{{ (semver \"1\").SetPrerelease .x }}",
        "{{ (semver \"1\").SetMetadata .x }}",
        "{{ mustToJson (list .x 1i) }}",
        "{{ toRawJson (dict .x 1i) }}",
    ];
    for source in sources {
        let error = render(source, &data("hunter2!")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{source}: {error}");
    }
}
