use std::collections::BTreeMap;

use super::*;

const HALF_A_SECOND: Duration = Duration::from_millis(500);
const TOOK: Duration = Duration::from_millis(2);

fn object(kind: Kind) -> Object<'static> {
    let namespace = if kind == Kind::ClusterSecretStore { "" } else { "team" };
    Object { kind, namespace, name: "db", labels: None }
}

fn everything_happens_to(metrics: &Metrics, object: &Object<'_>) {
    metrics.sync_started(object);
    metrics.sync_failed(object);
    metrics.ready(object, true);
    metrics.reconciled(object, Outcome::Error, TOOK);
}

fn lines(metrics: &Metrics, prefix: &str) -> Vec<String> {
    metrics.text().lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

#[test]
fn the_families_that_others_read_have_exactly_these_names_and_labels() {
    let metrics = Metrics::new(false).unwrap();
    let externalsecret = object(Kind::ExternalSecret);
    everything_happens_to(&metrics, &externalsecret);
    metrics.provider_called("AWS/SecretsManager", "GetSecretValue", true, TOOK);
    metrics.provider_called("AWS/SecretsManager", "GetSecretValue", false, TOOK);
    for line in [
        r#"externalsecret_sync_calls_total{name="db",namespace="team"} 1"#,
        r#"externalsecret_sync_calls_error{name="db",namespace="team"} 1"#,
        r#"externalsecret_status_condition{condition="Ready",name="db",namespace="team",status="True"} 1"#,
        r#"externalsecret_status_condition{condition="Ready",name="db",namespace="team",status="False"} 0"#,
        r#"externalsecret_reconcile_duration{name="db",namespace="team"} 2000000"#,
        r#"externalsecret_provider_api_calls_count{call="GetSecretValue",provider="AWS/SecretsManager",status="success"} 1"#,
        r#"externalsecret_provider_api_calls_count{call="GetSecretValue",provider="AWS/SecretsManager",status="error"} 1"#,
        r#"controller_runtime_reconcile_total{controller="externalsecret",result="error"} 1"#,
        r#"controller_runtime_reconcile_total{controller="secretstore",result="success"} 0"#,
        r#"controller_runtime_reconcile_errors_total{controller="externalsecret"} 1"#,
        r#"controller_runtime_reconcile_time_seconds_count{controller="externalsecret"} 1"#,
        r#"workqueue_depth{controller="externalsecret",name="externalsecret"} 0"#,
        r#"keyferry_provider_call_duration_seconds_count{call="GetSecretValue",provider="AWS/SecretsManager"} 2"#,
    ] {
        assert!(metrics.text().lines().any(|printed| printed == line), "{line}\n{}", metrics.text());
    }
}

#[test]
fn stores_have_families_of_their_own() {
    let metrics = Metrics::new(false).unwrap();
    for kind in [Kind::SecretStore, Kind::ClusterSecretStore] {
        metrics.ready(&object(kind), false);
        metrics.reconciled(&object(kind), Outcome::Success, TOOK);
    }
    assert_eq!(
        lines(&metrics, "secretstore_"),
        [
            r#"secretstore_reconcile_duration{name="db",namespace="team"} 2000000"#,
            r#"secretstore_status_condition{condition="Ready",name="db",namespace="team",status="False"} 1"#,
            r#"secretstore_status_condition{condition="Ready",name="db",namespace="team",status="True"} 0"#,
        ]
    );
    assert_eq!(
        lines(&metrics, "clustersecretstore_reconcile_duration"),
        [r#"clustersecretstore_reconcile_duration{name="db",namespace=""} 2000000"#]
    );
}

#[test]
fn a_condition_that_flips_leaves_one_status_at_one() {
    let metrics = Metrics::new(false).unwrap();
    metrics.ready(&object(Kind::ExternalSecret), true);
    metrics.ready(&object(Kind::ExternalSecret), false);
    let printed = lines(&metrics, "externalsecret_status_condition");
    assert!(
        printed.len() == 2 && printed[0].ends_with(r#"status="False"} 1"#) && printed[1].ends_with("} 0"),
        "{printed:?}"
    );
}

#[test]
fn an_object_that_is_forgotten_leaves_no_series_and_takes_no_other_along() {
    for extended in [false, true] {
        let metrics = Metrics::new(extended).unwrap();
        for kind in Kind::ALL {
            everything_happens_to(&metrics, &object(kind));
            everything_happens_to(&metrics, &Object { name: "kept", ..object(kind) });
        }
        for kind in Kind::ALL {
            metrics.forget(kind, object(kind).namespace, "db");
        }
        let text = metrics.text();
        assert!(!text.contains(r#"name="db""#), "{text}");
        assert_eq!(text.matches(r#"name="kept""#).count(), 11, "{text}");
    }
}

#[test]
fn forgetting_what_was_never_counted_is_no_error() {
    for extended in [false, true] {
        Metrics::new(extended).unwrap().forget(Kind::SecretStore, "team", "db");
    }
}

#[test]
fn extended_labels_are_those_of_the_object_and_follow_it() {
    let metrics = Metrics::new(true).unwrap();
    let labels = |part_of: &str| BTreeMap::from([("app.kubernetes.io/part-of".to_owned(), part_of.to_owned())]);
    let (old, new) = (labels("shop"), labels("bank"));
    metrics.sync_started(&Object { labels: Some(&old), ..object(Kind::ExternalSecret) });
    metrics.sync_started(&Object { labels: Some(&new), ..object(Kind::ExternalSecret) });
    let printed = lines(&metrics, "externalsecret_sync_calls_total");
    assert_eq!(printed.len(), 1, "{printed:?}");
    assert!(printed[0].contains(r#"app_kubernetes_io_name="""#), "{printed:?}");
    assert!(printed[0].contains(r#"app_kubernetes_io_part_of="bank""#), "{printed:?}");
}

#[test]
fn our_own_families_say_what_they_are_told() {
    let metrics = Metrics::new(false).unwrap();
    metrics.target_written(Write::Create);
    let poll = Poll { objects: 4, references: 3, slots: 2, dirty: 1, lateness: HALF_A_SECOND, doubted: 5, spared: 6 };
    metrics.polled(Poll { doubted: 2, ..poll });
    metrics.polled(poll);
    metrics.oldest_confirmation(Duration::from_secs(9));
    metrics.queued(Kind::ExternalSecret, 7);
    metrics.leading("lease", true);
    metrics.nudged(Nudged::Late, 3);
    metrics.nudge_took(TOOK);
    metrics.nudges_waiting(6);
    for line in [
        r#"keyferry_target_writes_total{kind="create"} 1"#,
        r#"keyferry_target_writes_total{kind="delete"} 0"#,
        "keyferry_poll_objects 4",
        "keyferry_poll_references 3",
        "keyferry_poll_slots 2",
        "keyferry_poll_dirty 1",
        "keyferry_poll_lateness_seconds 0.5",
        "keyferry_poll_doubted_total 5",
        "keyferry_poll_spared_total 6",
        "keyferry_last_confirmed_age_seconds 9",
        r#"workqueue_depth{controller="externalsecret",name="externalsecret"} 7"#,
        r#"leader_election_master_status{name="lease"} 1"#,
        r#"keyferry_nudges_total{outcome="late"} 3"#,
        r#"keyferry_nudges_total{outcome="sent"} 0"#,
        r#"keyferry_nudge_delay_seconds_bucket{le="0.25"} 1"#,
        "keyferry_nudges_waiting 6",
    ] {
        assert!(metrics.text().lines().any(|printed| printed == line), "{line}\n{}", metrics.text());
    }
    assert!(metrics.text().contains("\nprocess_resident_memory_bytes "), "the process collector is missing");
}

#[test]
fn every_place_in_the_table_of_kinds_is_the_kinds_own() {
    for (place, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, place);
    }
}
