//! `keyferry render agent`: what it prints for the inputs in `tests/render/input`, letter by letter.
//!
//! Where an output is meant to change, look at the new one, which the failing test leaves in Cargo's temporary folder, and
//! copy it to `tests/render/expected`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keyferry::render::{Delivery, Form, Mapping, STREAM, Settings, Source, render};

/// The word in every value of the inputs that is no handle.
const CANARY: &str = "CANARY";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render").join(name)
}

/// Files of the input, called as they are there.
fn files(names: &[&str]) -> Vec<Source> {
    let read = |name: &&str| Source {
        name: (*name).to_owned(),
        text: fs::read_to_string(folder("input").join(name)).unwrap(),
    };
    names.iter().map(read).collect()
}

/// A file of the input as a stream on standard input.
fn stream(name: &str) -> Source {
    Source { name: STREAM.to_owned(), ..files(&[name]).remove(0) }
}

fn settings(form: Form) -> Settings {
    Settings {
        form,
        store: Some(("vault".into(), "SecretStore".into())),
        image: "keyferry-helper:test".into(),
        ..Settings::default()
    }
}

/// Renders, compares output and notes with what is expected, and looks for values.
fn holds(name: &str, sources: &[Source], settings: &Settings) {
    let rendered = render(sources, settings).unwrap();
    let notes: String = rendered.notes.iter().flat_map(|note| [note.to_string(), "\n".to_owned()]).collect();
    let mut broken = Vec::new();
    for (name, text) in [(format!("{name}.yaml"), rendered.stream()), (format!("{name}.notes"), notes)] {
        let passes_values_on = settings.form == Form::PostRenderer && !name.ends_with("notes");
        assert!(passes_values_on || !text.contains(CANARY), "{name} has a value of the input");
        if text != fs::read_to_string(folder("expected").join(&name)).unwrap_or_default() {
            let there = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
            fs::write(&there, &text).unwrap();
            broken.push(there);
        }
    }
    assert!(broken.is_empty(), "not as expected; what came out is in {broken:?}");
}

#[test]
fn helm_values_become_manifests() {
    let settings = Settings { namespace: Some("datadog".into()), nudge: true, ..settings(Form::Manifests) };
    holds("values-manifests", &files(&["values.yaml"]), &settings);
}

#[test]
fn helm_values_become_a_kustomize_component() {
    let mapping = Mapping::pattern("prod/{namespace}/{secret}#{key}");
    let settings = Settings { namespace: Some("datadog".into()), mapping, ..settings(Form::Kustomize) };
    holds("values-kustomize", &files(&["values.yaml"]), &settings);
}

#[test]
fn helm_values_become_helm_values() {
    let settings = Settings { namespace: Some("datadog".into()), ..settings(Form::HelmValues) };
    holds("values-helm-values", &files(&["values.yaml"]), &settings);
}

#[test]
fn helm_values_become_a_policy() {
    let settings = Settings { namespace: Some("datadog".into()), fs_group: None, ..settings(Form::Policy) };
    holds("values-policy", &files(&["values.yaml"]), &settings);
}

#[test]
fn rendered_manifests_are_changed_in_place() {
    holds("agents-post-renderer", &[stream("agents.yaml")], &settings(Form::PostRenderer));
}

#[test]
fn rendered_manifests_get_patches() {
    let settings = Settings { delivery: Delivery::Image, store: None, ..settings(Form::Manifests) };
    holds("agents-manifests", &files(&["agents.yaml"]), &settings);
}

#[test]
fn rendered_manifests_become_a_policy() {
    holds("agents-policy", &files(&["agents.yaml"]), &settings(Form::Policy));
}

#[test]
fn a_datadog_agent_gets_a_patch_of_its_own() {
    holds("datadogagent-manifests", &files(&["datadogagent.yaml"]), &settings(Form::Manifests));
}

#[test]
fn a_datadog_agents_pods_become_a_policy() {
    holds("datadogagent-policy", &files(&["datadogagent.yaml"]), &settings(Form::Policy));
}

#[test]
fn checks_and_a_pod_become_a_kustomize_component() {
    let inputs = files(&["conf.d/mysql.yaml", "conf.d/postgres.d/conf.yaml", "pod.yaml"]);
    holds("checks-kustomize", &inputs, &settings(Form::Kustomize));
}

#[test]
fn what_a_post_renderer_has_changed_it_changes_no_more() {
    let settings = settings(Form::PostRenderer);
    let once = render(&[stream("agents.yaml")], &settings).unwrap().stream();
    let twice = render(&[Source { name: STREAM.into(), text: once.clone() }], &settings).unwrap().stream();
    assert_eq!(once, twice);
}

#[test]
fn values_that_are_merged_with_their_own_output_give_it_again() {
    let settings = Settings { namespace: Some("datadog".into()), ..settings(Form::HelmValues) };
    let once = render(&files(&["values.yaml"]), &settings).unwrap().stream();
    let mut sources = files(&["values.yaml"]);
    sources.push(Source { name: "more.yaml".into(), text: once.clone() });
    assert_eq!(render(&sources, &settings).unwrap().stream(), once);
}

#[test]
fn a_post_renderer_passes_on_what_it_need_not_change() {
    let untouched = fs::read_to_string(folder("input/agents.yaml")).unwrap();
    let rendered = render(&[stream("agents.yaml")], &settings(Form::PostRenderer)).unwrap().stream();
    for kind in ["kind: Secret", "kind: Service", "kind: ConfigMap"] {
        let document = untouched.split("---\n").find(|document| document.contains(kind)).unwrap();
        assert!(rendered.contains(document), "{kind} was changed");
    }
}

#[test]
fn ten_thousand_handles_of_one_string_are_read_in_time_and_too_many_keys_of_a_pod_are_refused() {
    let handles: String = (0..9_000).map(|number| format!("    - p: ENC[s/k{number}]\n")).collect::<Vec<_>>().concat();
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  x.yaml: |\n    instances:\n{handles}"
    );
    let start = Instant::now();
    let source = Source { name: "a.yaml".into(), text: map };
    let problem = render(&[source], &settings(Form::Manifests)).unwrap_err().to_string();
    assert!(problem.contains("more than 2000 keys"), "{problem}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
