use std::fmt::Write as _;

use super::*;

fn lines(scan: &Scan) -> Vec<String> {
    let handles = scan.handles.iter().map(|found| format!("{}: {} = {}", found.line, found.place, found.handle));
    let warnings = scan.warnings.iter().map(|found| format!("{}: {} {:?}", found.line, found.place, found.mistake));
    handles.chain(warnings).collect()
}

fn shown(text: &str) -> Vec<String> {
    let scan = scan(text);
    assert_eq!(scan.errors, [], "{text}");
    lines(&scan)
}

#[test]
fn a_check_file_has_its_handles_with_path_and_line() {
    let text =
        "init_config:\ninstances:\n  - host: db\n    username: ENC[db/user]\n    password: \"ENC[db/password]\"\n";
    assert_eq!(shown(text), ["4: instances[0].username = db/user", "5: instances[0].password = db/password"]);
}

#[test]
fn json_on_one_line_or_many_has_its_handles() {
    assert_eq!(shown(r#"{"a":{"b":["x","ENC[k]"]},"c":1}"#), ["1: a.b[1] = k"]);
    assert_eq!(shown("{\n\t\"a\": {\n\t\t\"b\": \"ENC[k]\"\n\t}\n}\n"), ["3: a.b = k"]);
    assert_eq!(shown(r#""ENC[k]""#), ["1:  = k"]);
}

#[test]
fn line_ends_of_windows_a_mark_at_the_begin_and_long_lines_change_nothing() {
    assert_eq!(
        shown("\u{feff}a: ENC[x]\r\nb: 'ENC[y]'\r\nc: |\r\n  d: ENC[z]\r\n"),
        ["1: a = x", "2: b = y", "4: c > d = z"]
    );
    let items = vec![r#"{"p":"v","q":[1,2]}"#; 2_000].join(",");
    assert_eq!(shown(&format!(r#"{{"a":[{items}],"b":"ENC[x]"}}"#)), ["1: b = x"]);
    let quoted = serde_json::json!({ "a": format!(r#"[{items},"ENC[x]"]"#) }).to_string();
    assert_eq!(shown(&quoted), ["1: a > [2000] = x"]);
    assert_eq!(shown(&format!("a: \"{}\"\nb: ENC[x]", "v".repeat(3_000))), ["2: b = x"]);
}

#[test]
fn every_document_of_a_text_is_read_and_named() {
    let text = "a: ENC[one]\n---\n- ENC[two]\n---\n# nothing\n---\nb: {c: 'ENC[three]'}\n";
    assert_eq!(shown(text), ["1: a = one", "3: document 2: [0] = two", "7: document 4: b.c = three"]);
}

#[test]
fn a_broken_document_costs_the_next_one_nothing() {
    let scan = scan("a: ENC[one]\n---\nb: {ENC[two]}}\n---\nc: ENC[three]\n");
    assert_eq!(lines(&scan), ["1: a = one", "5: document 3: c = three"]);
    assert_eq!(scan.errors, [Error { line: 3, fault: Fault::Syntax }]);
}

#[test]
fn an_autodiscovery_annotation_is_read_as_the_json_that_it_is() {
    let text = r#"
kind: Pod
metadata:
  annotations:
    ad.datadoghq.com/app.checks: |
      {
        "postgres": {
          "instances": [{"host": "%%host%%", "password": "ENC[db_%%kube_namespace%%]"}]
        }
      }
    ad.datadoghq.com/web.instances: '[{"password":"ENC[web]"}]'
"#;
    let checks = r#"8: metadata.annotations["ad.datadoghq.com/app.checks"] > postgres.instances[0].password = db_%%kube_namespace%%"#;
    let instances = r#"11: metadata.annotations["ad.datadoghq.com/web.instances"] > [0].password = web"#;
    assert_eq!(shown(text), [checks, instances]);
    let found = scan(text).handles;
    assert_eq!(found.iter().map(Found::is_static).collect::<Vec<_>>(), [false, true]);
    assert_eq!(found[0].place.annotation(), Some("ad.datadoghq.com/app.checks"));
    assert_eq!(found[0].place.formats(), [Format::Json]);
}

#[test]
fn a_config_map_and_helm_values_are_read_as_the_yaml_they_hold() {
    let text = "kind: ConfigMap\ndata:\n  redis.yaml: |-\n    init_config:\n\n    instances:\n      - password: ENC[redis]\n  more.yaml: \"instances:\\n- password: ENC[more]\\n\"\n  folded: >\n    a: b\n\n    c: ENC[no]\n";
    let redis = r#"7: data["redis.yaml"] > instances[0].password = redis"#;
    let more = r#"8: data["more.yaml"] > instances[0].password = more"#;
    assert_eq!(shown(text)[..2], [redis, more]);
}

#[test]
fn json_in_yaml_in_yaml_is_found_and_a_string_too_deep_is_told() {
    let mut text = r#"{"p":"ENC[deep]"}"#.to_owned();
    for _ in 0..MAX_EMBEDDED {
        text = serde_json::json!({ "in": text }).to_string();
    }
    assert_eq!(shown(&text), ["1: in > in > in > in > p = deep"]);
    let deeper = serde_json::json!({ "in": text }).to_string();
    assert_eq!(shown(&deeper), ["1: in > in > in > in > in TooDeep"]);
}

#[test]
fn a_compose_file_has_handles_in_lists_of_assignments() {
    let text = "services:\n  agent:\n    environment:\n      - DD_API_KEY=ENC[api]\n      - DD_SITE=x\n    labels:\n      - com.datadoghq.ad.instances=[{\"password\":\"ENC[db]\"}]\n    command: [\"--key=ENC[no]\"]\n";
    let place = "services.agent";
    assert_eq!(
        shown(text),
        [
            format!("4: {place}.environment[0] > DD_API_KEY = api"),
            format!(r#"7: {place}.labels[0] > ["com.datadoghq.ad.instances"] > [0].password = db"#),
            format!("8: {place}.command[0] Partial"),
        ]
    );
}

#[test]
fn what_will_not_be_resolved_is_a_warning_and_no_handle() {
    let vectors = [
        ("a: ENC[x", "1: a Unclosed"),
        ("a: ENC[x #y]", "1: a Unclosed"),
        ("a: user:ENC[x]", "1: a Partial"),
        ("a: |\n  ENC[x]\n", "2: a LineBreak"),
        ("a: enc[x]", "1: a Spelling"),
        ("ENC[x]: a", "1: ? Key"),
        ("? {b: [\"ENC[x]\"]}\n: a", "1: ?.b[0] Key"),
        ("secret_backend_command: ENC[x]", "1: secret_backend_command BackendSetting"),
        ("secretBackend: {arguments: \"ENC[x]\"}", "1: secretBackend.arguments BackendSetting"),
        (
            "environment: [\"DD_SECRET_BACKEND_TYPE=ENC[x]\"]",
            "1: environment[0] > DD_SECRET_BACKEND_TYPE BackendSetting",
        ),
        (r#"a: '{"b": "ENC[x]", c'"#, "1: a Unreadable"),
    ];
    for (text, warning) in vectors {
        assert_eq!(shown(text).last().map(String::as_str), Some(warning), "{text}");
        assert!(text.contains(", c") || scan(text).handles.is_empty(), "{text}");
    }
}

#[test]
fn a_string_that_cannot_be_read_is_told_at_its_broken_line() {
    let text = "data:\n  a.yaml: |\n    ok: ENC[x]\n    bad: {u: ENC[y]}\n  b.yaml: 'c: ENC[z]'\n";
    let warning = r#"4: data["a.yaml"] Unreadable"#;
    assert_eq!(shown(text), [r#"3: data["a.yaml"] > ok = x"#, r#"5: data["b.yaml"] > c = z"#, warning]);
}

#[test]
fn a_secret_key_of_a_check_is_no_setting_of_the_backend() {
    assert_eq!(shown("secret_access_key: ENC[x]"), ["1: secret_access_key = x"]);
}

#[test]
fn comments_numbers_and_words_hold_no_handle() {
    for text in ["# a: ENC[x]\nb: 1", "a: fence[1]", "a: [ENC, [x]]", "a: ENC", "", "\n", "---\n...\n"] {
        assert_eq!(shown(text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn an_alias_is_not_followed_and_the_handle_is_found_once() {
    let text = "base: &base {password: 'ENC[x]'}\na: *base\nb:\n  <<: *base\n  c: ENC[y]\n";
    assert_eq!(shown(text), ["1: base.password = x", "5: b.c = y"]);
}

#[test]
fn a_text_of_aliases_to_aliases_ends_at_once() {
    let mut text = "a0: &a0 ['ENC[x]']\n".to_owned();
    for level in 1..60 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(text, "a{level}: &a{level} [{items}]").unwrap();
    }
    assert_eq!(scan(&text).handles.len(), 1);
}

#[test]
fn a_template_is_told_from_bad_yaml() {
    let helm = "a:\n  {{- if .Values.b }}\n  c: ENC[x]\n  {{- end }}\n";
    assert_eq!(scan(helm).errors.iter().map(|error| error.fault).collect::<Vec<_>>(), [Fault::Template]);
    let error = scan("a: {password: ENC[x]}").errors.first().map(ToString::to_string).unwrap_or_default();
    assert!(error.starts_with("line 1: ") && error.contains("must not stand inside"), "{error}");
}

#[test]
fn each_bound_is_an_error_and_no_panic() {
    let fault = |text: &str| scan(text).errors.last().map(|error| error.fault);
    assert_eq!(fault(&"#".repeat(MAX_BYTES + 1)), Some(Fault::TooLong));
    assert_eq!(fault(&"[".repeat(100_000)), Some(Fault::TooDeep));
    assert_eq!(fault(&"- ".repeat(100_000)), Some(Fault::TooDeep));
    assert_eq!(fault(&"-\n".repeat(MAX_EVENTS + 1)), Some(Fault::TooManyNodes));
    assert_eq!(fault(&"- ENC[a]\n".repeat(MAX_HANDLES + 1)), Some(Fault::TooManyHandles));
    assert_eq!(fault(&"- ENC[a]\n".repeat(MAX_HANDLES)), None);
    let long = format!("{}: \n{}", "k".repeat(300), "  - ENC[a]\n".repeat(MAX_HANDLES));
    assert_eq!(fault(&long), None);
}

#[test]
fn a_value_that_is_no_handle_is_in_nothing_that_can_be_printed() {
    let text = "password: hunter2\ntoken: hunter2ENC[x]\nopen: ENC[hunter2\njson: '{\"a\":\"hunter2 ENC[\"}'\nbad: {{ hunter2 }\n";
    let scan = scan(text);
    assert!(scan.warnings.len() >= 3, "{scan:?}");
    assert!(!format!("{scan:?}").contains("hunter2"));
}

#[test]
fn a_block_that_begins_with_empty_lines_has_the_lines_of_the_text() {
    for text in [
        "a: |\n\n\n  b: ENC[x]\n  c: d\n",
        "a: |2-\n\n  # why\n  b: ENC[x]\n\n\n",
        "a: |+ # why\n  c: |\n    d: 1\n  b: ENC[x]\n",
    ] {
        assert_eq!(shown(text), ["4: a > b = x"], "{text}");
    }
    assert_eq!(shown("a: |\n  b: |\n\n    c: ENC[x]\n"), ["4: a > b > c = x"]);
}
