use serde_json::json;

use super::super::{Holder, Source, Volatile, inputs};
use super::*;

const CANARY: &str = "KfCnryHunter2";

fn engine() -> Engine {
    Engine::new(sprig::functions(sprig::System), ("{{".into(), "}}".into()))
}

fn template(value: serde_json::Value) -> Template {
    serde_json::from_value(value).unwrap()
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
}

fn texts(holder: Holder, pairs: &[(&str, &str)]) -> Texts {
    Texts::from([(Source { holder, name: "m".into() }, values(pairs))])
}

fn rendered(value: serde_json::Value, texts: &Texts) -> Result<Rendered, Problem> {
    let values = values(&[("user", "root"), ("password", CANARY), ("b64", "aGVsbG8=")]);
    render(&engine(), &template(value), &values, texts, &|| false).map_err(|failure| failure.problem)
}

fn data(value: serde_json::Value) -> Vec<(String, String)> {
    shown(&rendered(value, &Texts::new()).unwrap())
}

fn shown(rendered: &Rendered) -> Vec<(String, String)> {
    let text = |sealed: &Sealed| String::from_utf8_lossy(sealed.expose()).into_owned();
    rendered.data.iter().map(|(key, sealed)| (key.clone(), text(sealed))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn problem(value: serde_json::Value) -> Problem {
    rendered(value, &Texts::new()).unwrap_err()
}

#[test]
fn each_value_of_data_is_a_template_of_the_providers_values() {
    let made = data(json!({"data": {"url": "postgres://{{ .user }}@db", "plain": "x"}}));
    assert_eq!(made, pairs(&[("plain", "x"), ("url", "postgres://root@db")]));
}

#[test]
fn the_providers_values_stay_where_the_template_merges_or_makes_no_data() {
    let all = [("b64", "aGVsbG8="), ("password", CANARY), ("user", "root")];
    assert_eq!(data(json!({"type": "Opaque"})), pairs(&all));
    let merged = data(json!({"mergePolicy": "Merge", "data": {"user": "{{ .user }}!"}}));
    assert_eq!(merged, pairs(&[all[0], all[1], ("user", "root!")]));
    assert_eq!(data(json!({"templateFrom": [{"literal": "a: b"}]})), pairs(&[("a", "b")]));
}

#[test]
fn own_data_wins_over_sources_and_later_sources_over_earlier_ones() {
    let made = data(json!({
        "data": {"a": "own"},
        "templateFrom": [{"literal": "a: 1\nb: 1\nc: 1"}, {"literal": "a: 2\nb: 2"}],
    }));
    assert_eq!(made, pairs(&[("a", "own"), ("b", "2"), ("c", "1")]));
}

#[test]
fn a_source_makes_the_value_of_its_key_or_a_map_of_keys() {
    for holder in [Holder::ConfigMap, Holder::Secret] {
        let kind = if holder == Holder::Secret { "secret" } else { "configMap" };
        let items = json!([{"key": "conf"}, {"key": "map", "templateAs": "KeysAndValues"}]);
        let texts = texts(holder, &[("conf", "user={{ .user }}"), ("map", "{{ .user }}: admin\nnum: 1")]);
        let made = rendered(json!({"templateFrom": [{kind: {"name": "m", "items": items}}]}), &texts).unwrap();
        assert_eq!(shown(&made), pairs(&[("conf", "user=root"), ("num", "1"), ("root", "admin")]));
    }
}

#[test]
fn results_go_to_labels_and_annotations_in_any_case_and_metadata_wins() {
    let made = rendered(
        json!({
            "templateFrom": [
                {"literal": "l: {{ .user }}\nm: x", "target": "LABELS"},
                {"literal": "a: {{ printf \"%q\" .user }}", "target": "annotations"},
            ],
            "metadata": {"labels": {"m": "{{ .user }}-2"}, "finalizers": ["f"]},
        }),
        &Texts::new(),
    )
    .unwrap();
    assert_eq!(made.labels, BTreeMap::from([("l".into(), "root".into()), ("m".into(), "root-2".into())]));
    assert_eq!(made.annotations, BTreeMap::from([("a".into(), "root".into())]));
    assert!(made.data.is_empty() && made.finalizers == ["f"]);
}

#[test]
fn values_that_a_source_makes_are_decoded_as_it_says() {
    let with = |literal: &str| json!({"templateFrom": [{"literal": literal, "valuesDecodingStrategy": "Base64"}]});
    assert_eq!(data(with("a: {{ .b64 }}")), pairs(&[("a", "hello")]));
    let problem = problem(with("a: '{{ .password }}!'"));
    assert_eq!(problem.field, "spec.target.template.templateFrom[0].valuesDecodingStrategy");
}

#[test]
fn other_delimiters_leave_the_usual_ones_alone() {
    let engine = Engine::new(sprig::functions(sprig::System), ("[[".into(), "]]".into()));
    let template = template(json!({"data": {"a": "[[ .user ]] {{ .user }}"}}));
    let made = render(&engine, &template, &values(&[("user", "root")]), &Texts::new(), &|| false).unwrap();
    assert_eq!(shown(&made), pairs(&[("a", "root {{ .user }}")]));
}

#[test]
fn only_the_last_text_of_a_key_is_judged() {
    let made = rendered(
        json!({
            "templateFrom": [{"literal": "l: a b", "target": "Labels"}, {"literal": "l: x", "target": "Labels"}],
        }),
        &Texts::new(),
    );
    assert_eq!(made.unwrap().labels, BTreeMap::from([("l".into(), "x".into())]));
}

#[test]
fn a_missing_key_lists_the_keys_that_exist_and_no_value() {
    let problem = problem(json!({"data": {"url": "a\n  {{ .usr }}"}}));
    assert_eq!(
        problem.to_string(),
        "spec.target.template.data[\"url\"]: line 2, column 6 at <.usr>: map has no entry for key \"usr\"; \
         the keys are \"b64\", \"password\", \"user\"; correct the template"
    );
}

#[test]
fn a_text_that_is_no_template_is_told_with_its_line() {
    let broken = template(json!({"data": {"a": "x\n{{ .user "}}));
    let problem = check(&engine(), &broken).unwrap_err();
    assert_eq!(problem.field, "spec.target.template.data[\"a\"]");
    assert!(problem.cause.starts_with("line 2: "), "{problem}");
    assert!(check(&engine(), &template(json!({"templateFrom": [{"literal": "{{ nosuch }}"}]}))).is_err());
    assert!(check(&engine(), &template(json!({"metadata": {"labels": {"a": "{{ end }}"}}}))).is_err());
}

#[test]
fn the_texts_of_a_secret_are_never_quoted() {
    let secret = |text: &str| texts(Holder::Secret, &[("k", text)]);
    let from = json!({"templateFrom": [{"secret": {"name": "m", "items": [{"key": "k"}]}}]});
    for text in [
        format!("{{{{ .{CANARY} }}}}"),
        format!("{{{{ {CANARY} }}}}"),
        format!("{{{{ fail \"{CANARY}\" }}}}"),
        format!("{{{{ template \"{CANARY}\" }}}}"),
        format!("{{{{ index \"{CANARY}\" {CANARY} }}}}"),
    ] {
        let problem = rendered(from.clone(), &secret(&text)).unwrap_err();
        assert_eq!(problem.field, "spec.target.template.templateFrom[0].secret.items[0]");
        assert!(!problem.to_string().contains(CANARY), "{problem}");
    }
}

#[test]
fn a_missing_source_or_key_is_named_with_the_keys_that_exist() {
    let from = json!({"templateFrom": [{"configMap": {"name": "m", "items": [{"key": "k"}]}}]});
    let problem = rendered(from.clone(), &Texts::new()).unwrap_err();
    assert_eq!(problem.field, "spec.target.template.templateFrom[0].configMap.name");
    let problem = rendered(from, &texts(Holder::ConfigMap, &[("other", "x")])).unwrap_err();
    assert_eq!(problem.field, "spec.target.template.templateFrom[0].configMap.items[0].key");
    assert!(problem.cause.ends_with("has no key \"k\"; the keys are \"other\""), "{problem}");
}

#[test]
fn what_a_secret_cannot_hold_is_refused_before_it_is_written_and_not_shown() {
    let cases = [
        json!({"templateFrom": [{"literal": "'{{ .password }} x': 1"}]}),
        json!({"templateFrom": [{"literal": "{{ .password }}"}]}),
        json!({"templateFrom": [{"literal": "a: [{{ .password }}]"}]}),
        json!({"metadata": {"labels": {"a": "{{ .password }} x"}}}),
        json!({"metadata": {"labels": {"a b": "x"}}}),
        json!({"metadata": {"annotations": {"a": "{{ printf \"%s\\xff\" .password }}"}}}),
    ];
    for case in cases {
        let problem = problem(case);
        assert!(!problem.to_string().contains(CANARY), "{problem}");
    }
}

#[test]
fn bombs_end_with_the_name_of_their_budget() {
    let many: BTreeMap<String, String> =
        (0..200).map(|number| (format!("k{number}"), "{{ range 10000 }}{{ end }}".to_owned())).collect();
    let recursive = "{{ define \"x\" }}{{ template \"x\" }}{{ end }}{{ template \"x\" }}";
    let own_name = "{{ template \"a\" . }}";
    for data in [
        json!({"a": "{{ repeat 1000000000 .password }}"}),
        json!({"a": "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}"}),
        json!({"a": recursive}),
        json!({"a": own_name}),
        json!({"a": "x".repeat(LIMITS.source + 1)}),
        json!(many),
    ] {
        let problem = problem(json!({"data": data}));
        assert!(problem.cause.contains("over budget: "), "{problem}");
    }
}

#[test]
fn a_template_that_takes_too_long_may_be_tried_again_and_no_other() {
    let slow = template(json!({"data": {"a": "{{ range 400000 }}{{ end }}"}}));
    let failure = render(&engine(), &slow, &BTreeMap::new(), &Texts::new(), &|| true).unwrap_err();
    assert!(failure.late && failure.problem.cause.contains("longer than 5s"), "{failure:?}");
    let wrong = template(json!({"data": {"a": "{{ .b }}"}}));
    assert!(!render(&engine(), &wrong, &BTreeMap::new(), &Texts::new(), &|| true).unwrap_err().late);
}

#[test]
fn what_is_made_by_chance_or_clock_is_marked_unless_a_later_text_replaces_it() {
    let made = rendered(
        json!({
            "data": {"a": "x"},
            "templateFrom": [{"literal": "a: {{ now | quote }}\nb: {{ now | quote }}"}],
            "metadata": {"annotations": {"at": "{{ now }}"}},
        }),
        &Texts::new(),
    )
    .unwrap();
    let set = |key: &str| std::collections::BTreeSet::from([key.to_owned()]);
    assert_eq!(made.volatile, Volatile { data: set("b"), annotations: set("at"), ..Volatile::default() });
}

#[test]
fn equal_inputs_are_equal_whatever_was_made_of_them() {
    let one = template(json!({"data": {"a": "{{ .user }}"}}));
    let digest = |value: &str| inputs(&one, &Texts::new(), &values(&[("user", value)]));
    assert_eq!(digest("a"), digest("a"));
    assert_ne!(digest("a"), digest("b"));
}
