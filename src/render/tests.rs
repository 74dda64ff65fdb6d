use super::*;

fn settings() -> Settings {
    Settings {
        namespace: Some("agents".into()),
        store: Some(("vault".into(), "SecretStore".into())),
        ..Settings::default()
    }
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.to_owned(), text: text.to_owned() }
}

fn rendered(text: &str) -> Rendered {
    render(&[source("input.yaml", text)], &settings()).unwrap()
}

/// The notes, each on a line.
fn notes(rendered: &Rendered) -> String {
    rendered.notes.iter().flat_map(|note| [note.to_string(), "\n".to_owned()]).collect()
}

/// Paths of the volume of each workload in the output, with the names of its containers that mount it.
fn mounted(rendered: &Rendered) -> Vec<(String, String, String)> {
    let stream = rendered.stream();
    let trees = yaml::chunks(&stream).into_iter().filter_map(|chunk| yaml::read(chunk.text, 1).ok().flatten());
    let workloads = trees.filter(|tree| tree.at(&["spec", "template", "spec", "containers"]).is_some());
    workloads.map(|tree| described(&yaml::value(&tree))).collect()
}

fn described(workload: &serde_json::Value) -> (String, String, String) {
    let pod = &workload["spec"]["template"]["spec"];
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mounts = |container: &&serde_json::Value| container.get("volumeMounts").is_some();
    let containers: Vec<_> = list(&pod["containers"]).iter().filter(mounts).map(|own| text(&own["name"])).collect();
    let volumes = list(&pod["volumes"]);
    let sources = volumes.iter().flat_map(|volume| list(&volume["projected"]["sources"]));
    let items = sources.flat_map(|source| list(&source["secret"]["items"]));
    let paths: Vec<_> = items.map(|item| text(&item["path"])).collect();
    (text(&workload["metadata"]["name"]), containers.join(","), paths.join(","))
}

fn row(name: &str, containers: &str, paths: &str) -> (String, String, String) {
    (name.to_owned(), containers.to_owned(), paths.to_owned())
}

#[test]
fn a_handle_is_mounted_where_it_is_resolved_and_nowhere_else() {
    let cases = [
        ("datadog: {appKey: 'ENC[a]'}", row("datadog-cluster-agent", "cluster-agent", "a")),
        ("datadog: {confd: {x.yaml: 'instances: [{p: \"ENC[a]\"}]'}}", row("datadog", "agent", "a")),
        ("agents: {containers: {processAgent: {envDict: {A: 'ENC[a]'}}}}", row("datadog", "process-agent", "a")),
        (
            "clusterAgent: {confd: {x.yaml: 'instances: [{p: \"ENC[a]\"}]'}}",
            row("datadog-cluster-agent", "cluster-agent", "a"),
        ),
        ("clusterChecksRunner: {env: [{name: A, value: 'ENC[a]'}]}", row("datadog-clusterchecks", "agent", "a")),
        ("instances: [{p: 'ENC[a/b]'}]", row("datadog", "agent", "a/b")),
        ("datadog: {datadog: {otelCollector: {config: 'a: ENC[a]'}}}", row("datadog", "otel-agent", "a")),
    ];
    for (text, expected) in cases {
        assert_eq!(mounted(&rendered(text)), [expected], "{text}");
    }
}

#[test]
fn a_cluster_checks_handle_goes_to_its_runner_and_the_cluster_agent_leaves_it_alone() {
    let text = "clusterChecksRunner: {enabled: true}\nclusterAgent: {confd: {x.yaml: 'cluster_check: true\n\n  instances: [{p: \"ENC[a]\"}]'}}";
    let rendered = rendered(text);
    let expected = [row("datadog-cluster-agent", "", ""), row("datadog-clusterchecks", "agent", "a")];
    assert_eq!(mounted(&rendered), expected);
    assert!(rendered.stream().contains("DD_SECRET_BACKEND_SKIP_CHECKS"));
}

#[test]
fn without_runners_the_node_agent_runs_cluster_checks() {
    let text = "clusterAgent: {confd: {x.yaml: 'cluster_check: true\n\n  instances: [{p: \"ENC[a]\"}]'}}";
    assert!(mounted(&rendered(text)).contains(&row("datadog", "agent", "a")));
}

#[test]
fn a_cluster_agent_with_checks_of_its_own_gets_the_keys_of_cluster_checks_too_and_that_is_told() {
    let text = "clusterChecksRunner: {enabled: true}\nclusterAgent:\n  confd:\n    x.yaml: |\n      cluster_check: true\n      \
                instances: [{p: 'ENC[a]'}]\n    y.yaml: |\n      instances: [{p: 'ENC[b]'}]\n";
    let rendered = rendered(text);
    assert!(
        mounted(&rendered).contains(&row("datadog-cluster-agent", "cluster-agent", "a,b")),
        "{:?}",
        mounted(&rendered)
    );
    assert!(!rendered.stream().contains("SKIP_CHECKS"));
    assert!(notes(&rendered).contains("has handles of its own"));
}

#[test]
fn a_secret_of_another_namespace_keeps_its_path_and_one_of_the_own_keeps_its_name() {
    let rendered = rendered("instances: [{a: 'ENC[web/db;password]', b: 'ENC[k8s_secret@agents/db/password]'}]");
    assert_eq!(mounted(&rendered), [row("datadog", "agent", "agents/db/password,web/db/password")]);
    let stream = rendered.stream();
    assert!(
        stream.contains("  name: web.db\n  namespace: agents") && stream.contains("  name: db\n  namespace: agents")
    );
    assert!(notes(&rendered).contains("cannot mount Secrets of namespace web"));
}

#[test]
fn what_cannot_be_mounted_is_told_with_its_place() {
    let text = "instances:\n- a: ENC[%%host%%_x]\n- b: ENC[file@/etc/x]\n- c: ENC[vault@x]\n- d: xENC[a]\n";
    let notes = notes(&rendered(text));
    for (line, word) in [(2, "%%"), (3, "not beneath /run/keyferry"), (4, "unknown prefix"), (5, "only a part")] {
        let told = |note: &str| note.starts_with(&format!("warning: input.yaml:{line}: ")) && note.contains(word);
        assert!(notes.lines().any(told), "{line} {word}: {notes}");
    }
}

#[test]
fn a_handle_in_a_place_that_nobody_is_known_to_read_is_told_and_not_mounted() {
    let rendered = rendered("apiVersion: x/v1\nkind: Thing\nmetadata: {name: a}\nspec: {password: 'ENC[a]'}");
    assert_eq!(rendered.stream(), "");
    assert!(notes(&rendered).contains("it is not known which container"), "{}", notes(&rendered));
}

#[test]
fn a_credential_in_the_open_is_told_by_its_place_and_never_by_its_value() {
    let text = "datadog:\n  apiKey: hunter2\n  confd:\n    x.yaml: |\n      instances:\n      - password: hunter2\n  env:\n  - \
                name: DD_APP_KEY\n    value: hunter2\n  keyOfSomething: 0123456789abcdef0123456789ABCDEF\n";
    let rendered = rendered(text);
    let notes = notes(&rendered);
    for place in ["datadog.apiKey", "instances[0].password", "DD_APP_KEY", "datadog.keyOfSomething"] {
        assert!(notes.contains(&format!("{place} is a credential in the open")), "{place}: {notes}");
    }
    assert!(!format!("{rendered:?}").contains("hunter2") && !notes.contains("0123456789"));
}

#[test]
fn a_handle_a_name_and_a_variable_are_no_credential_in_the_open() {
    let text = "datadog: {apiKey: 'ENC[a]', appKeyExistingSecret: app, confd: {x.yaml: 'instances: [{password: \"%%env_P%%\"}]'}}";
    assert!(!notes(&rendered(text)).contains("in the open"));
}

#[test]
fn a_secret_is_never_looked_into() {
    let rendered =
        rendered("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: hunter2, b: 'ENC[a]'}");
    assert_eq!((rendered.stream(), notes(&rendered).contains("password")), (String::new(), false));
}

#[test]
fn a_path_that_is_a_file_and_a_folder_is_refused_with_both_names() {
    let text = "instances:\n- a: ENC[db]\n- b: ENC[db/password]\n";
    let problem = render(&[source("c.yaml", text)], &settings()).unwrap_err().to_string();
    assert!(
        problem.starts_with("c.yaml:3: ") && problem.contains("ENC[db/password]") && problem.contains("\"db\""),
        "{problem}"
    );
}

#[test]
fn one_key_that_two_remote_secrets_claim_is_refused() {
    let map = "rules: [{namespace: web, remote: a}, {remote: b}]";
    let mapping = Mapping::read(&source("map", map)).unwrap();
    let text = "instances: [{a: 'ENC[web/db;password]', b: 'ENC[web.db/password]'}]";
    let problem = render(&[source("c.yaml", text)], &Settings { mapping, ..settings() }).unwrap_err().to_string();
    assert!(problem.contains("two remote keys"), "{problem}");
}

#[test]
fn a_file_that_is_no_yaml_is_named_with_its_line() {
    let problem = render(&[source("c.yaml", "a: 1\n---\nb: [\n")], &settings()).unwrap_err().to_string();
    assert!(problem.starts_with("c.yaml:") && !problem.starts_with("c.yaml:1:"), "{problem}");
}

#[test]
fn a_post_renderer_passes_on_what_is_no_yaml_and_says_so() {
    let settings = Settings { form: Form::PostRenderer, ..settings() };
    let rendered = render(&[source(STREAM, "a: [\n---\nb: 1\n")], &settings).unwrap();
    assert_eq!(rendered.stream(), "---\na: [\n---\nb: 1\n");
    assert!(notes(&rendered).contains("passed on as it is"));
}

#[test]
fn a_container_that_is_not_there_is_told() {
    let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: dd}\nspec:\n  template:\n    metadata: {labels: \
                {app.kubernetes.io/component: agent}}\n    spec: {containers: [{name: agent}]}\n---\nagents: {containers: \
                {traceAgent: {envDict: {A: 'ENC[a]'}}}}\n";
    assert!(notes(&rendered(text)).contains("DaemonSet dd has no container trace-agent"));
}

#[test]
fn a_pod_that_has_a_group_keeps_it_and_roots_pods_get_another_user_for_the_helper_alone() {
    let pod = |context: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{securityContext: {context}, \
             containers: [{{name: a, env: [{{name: A, value: 'ENC[a]'}}]}}]}}}}}}"
        );
        rendered(&text).stream()
    };
    assert!(pod("{}").contains("fsGroup: 65532") && !pod("{}").contains("runAsUser"));
    assert!(!pod("{fsGroup: 7}").contains("fsGroup"));
    assert!(pod("{runAsUser: 0}").contains("runAsUser: 65532"));
}

#[test]
fn items_of_a_list_are_documents() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: a}\n  spec: \
                {template: {spec: {containers: [{name: own, env: [{name: A, value: 'ENC[a]'}]}]}}}\n";
    assert_eq!(mounted(&rendered(text)), [row("a", "own", "a")]);
}

#[test]
fn the_second_datadog_agent_is_refused() {
    let agent = "apiVersion: datadoghq.com/v2alpha1\nkind: DatadogAgent\nmetadata: {name: a}\n";
    let problem = render(&[source("a.yaml", &format!("{agent}---\n{agent}"))], &settings()).unwrap_err().to_string();
    assert!(problem.starts_with("a.yaml:5: "), "{problem}");
}

#[test]
fn input_without_handles_changes_nothing_and_says_so() {
    let rendered = rendered("instances: [{host: db}]");
    assert_eq!(
        (rendered.stream(), notes(&rendered)),
        (String::new(), "note: there is no handle to mount, so nothing changes\n".into())
    );
}

#[test]
fn input_that_is_too_large_is_refused() {
    let text = "#".repeat(document::MOST_BYTES + 1);
    assert!(render(&[source("a.yaml", &text)], &settings()).unwrap_err().to_string().contains("32 MiB"));
}

#[test]
fn the_order_of_the_input_does_not_change_the_output() {
    let (a, b) = (
        source("a.yaml", "instances: [{a: 'ENC[x/y]'}]"),
        source("b.yaml", "instances: [{a: 'ENC[c/d]'}, {b: 'ENC[a]'}]"),
    );
    let stream = |sources: &[Source]| render(sources, &settings()).unwrap().stream();
    assert_eq!(stream(&[a.clone(), b.clone()]), stream(&[b, a]));
}

#[test]
fn a_post_renderer_keeps_an_external_secret_that_the_input_has_and_says_so() {
    let settings = Settings { form: Form::PostRenderer, ..settings() };
    let own = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {}\n";
    let stream = format!("{own}---\ninstances: [{{p: 'ENC[a/b]'}}]\n");
    let rendered = render(&[source(STREAM, &stream)], &settings).unwrap();
    assert_eq!(rendered.stream().matches("kind: ExternalSecret").count(), 1);
    assert!(rendered.stream().contains(own) && notes(&rendered).contains("of the input is kept"));
}

#[test]
fn a_policy_that_could_mean_pods_of_others_is_not_printed() {
    let settings = Settings { form: Form::Policy, store: None, namespace: None, ..settings() };
    let rendered = render(&[source("c.yaml", "instances: [{p: 'ENC[a/b]'}]")], &settings).unwrap();
    assert_eq!(rendered.stream(), "");
    assert!(notes(&rendered).contains("DaemonSet datadog gets no policy"), "{}", notes(&rendered));
}
