//! The rules of [`super::decide`], a sentence each.

use super::*;

const UID: &str = "uid-1";

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Sealed> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
}

fn desired(creation: CreationPolicy, pairs: &[(&str, &str)]) -> Desired {
    Desired {
        rendered: Rendered { data: data(pairs), ..Rendered::default() },
        owner: Owner { namespace: "ns".into(), name: "es".into(), uid: UID.into() },
        creation,
        ..Desired::default()
    }
}

/// A Secret as it stands after `desired` was created by us, with its content.
fn made(desired: &Desired) -> Standing {
    let Ok(Decision::Create(next)) = decide(desired, None, None) else { panic!("no creation") };
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect();
    Standing {
        uid: "secret".into(),
        resource_version: "5".into(),
        ours: super::super::standing::Fields {
            data: next.data.keys().cloned().collect(),
            labels: names(&next.labels),
            annotations: names(&next.annotations),
            immutable: next.immutable,
        },
        content: Some(Content { data: next.data, type_: "Opaque".into(), immutable: next.immutable }),
        labels: next.labels,
        annotations: next.annotations,
        owners: next.owners,
        finalizers: next.finalizers,
        ..Standing::default()
    }
}

fn foreign(pairs: &[(&str, &str)]) -> Standing {
    Standing {
        uid: "foreign".into(),
        resource_version: "9".into(),
        others: super::super::standing::Fields {
            data: pairs.iter().map(|(key, _)| (*key).to_owned()).collect(),
            ..Default::default()
        },
        content: Some(Content { data: data(pairs), type_: "Opaque".into(), immutable: false }),
        ..Standing::default()
    }
}

fn without_content(mut standing: Standing) -> Standing {
    standing.content = None;
    standing
}

fn written(decision: Decision) -> Next {
    match decision {
        Decision::Create(next) | Decision::Replace(next) | Decision::Merge(next) => *next,
        other => panic!("nothing is written: {other:?}"),
    }
}

#[test]
fn a_missing_target_is_created_by_every_policy_but_merge_and_none() {
    use CreationPolicy::{CreateOrMerge, Merge, None as Never, Orphan, Owner};
    for creation in [Owner, Orphan, CreateOrMerge] {
        let made = decide(&desired(creation, &[("a", "1")]), None, None).unwrap();
        assert!(matches!(made, Decision::Create(_)), "{creation:?}");
    }
    assert_eq!(decide(&desired(Merge, &[("a", "1")]), None, None).unwrap(), Decision::Missing);
    assert_eq!(decide(&desired(Never, &[("a", "1")]), None, None).unwrap(), Decision::Settled);
}

#[test]
fn a_created_target_carries_the_marks_of_its_policy() {
    let owned = written(decide(&desired(CreationPolicy::Owner, &[("a", "1")]), None, None).unwrap());
    assert_eq!(owned.labels[MANAGED_LABEL], "true");
    assert_eq!(owned.labels[CREATED_BY_LABEL], created_by("ns", "es"));
    assert_eq!(owned.annotations[DATA_HASH_ANNOTATION], data_hash(&data(&[("a", "1")])));
    assert_eq!((owned.owners[0].uid.as_str(), owned.owners[0].controller), (UID, Some(true)));
    let orphan = written(decide(&desired(CreationPolicy::Orphan, &[("a", "1")]), None, None).unwrap());
    assert!(orphan.owners.is_empty() && !orphan.labels.contains_key(CREATED_BY_LABEL));
}

#[test]
fn what_we_made_is_settled_by_its_metadata_alone() {
    for creation in [CreationPolicy::Owner, CreationPolicy::Orphan] {
        let wanted = desired(creation, &[("a", "1")]);
        let standing = without_content(made(&wanted));
        assert_eq!(decide(&wanted, Some(&standing), None).unwrap(), Decision::Settled);
    }
}

#[test]
fn a_type_that_is_wanted_is_not_proved_by_metadata() {
    let mut wanted = desired(CreationPolicy::Owner, &[("a", "1")]);
    let standing = made(&wanted);
    wanted.rendered.type_ = Some("example.com/other".into());
    assert_eq!(decide(&wanted, Some(&without_content(made(&wanted))), None).unwrap(), Decision::Look);
    assert!(matches!(decide(&wanted, Some(&standing), None), Err(Refusal::Content(_))));
}

#[test]
fn metadata_that_does_not_prove_it_asks_for_a_whole_look() {
    let wanted = desired(CreationPolicy::Owner, &[("a", "1")]);
    let mut someone_wrote_a_key = without_content(made(&wanted));
    someone_wrote_a_key.others.data.insert("a".into());
    let mut hash_differs = without_content(made(&wanted));
    hash_differs.annotations.insert(DATA_HASH_ANNOTATION.into(), "0".into());
    let mut key_lost = without_content(made(&wanted));
    key_lost.ours.data.clear();
    for standing in [someone_wrote_a_key, hash_differs, key_lost] {
        assert_eq!(decide(&wanted, Some(&standing), None).unwrap(), Decision::Look);
    }
}

#[test]
fn an_unchanged_resource_version_settles_what_was_confirmed_and_nothing_else() {
    let wanted = desired(CreationPolicy::Merge, &[("a", "1")]);
    let standing = without_content(foreign(&[("a", "1")]));
    let mut confirmed = Confirmed { uid: "foreign".into(), resource_version: "9".into(), digest: wanted.digest() };
    assert_eq!(decide(&wanted, Some(&standing), Some(&confirmed)).unwrap(), Decision::Settled);
    confirmed.digest = desired(CreationPolicy::Merge, &[("a", "2")]).digest();
    assert_eq!(decide(&wanted, Some(&standing), Some(&confirmed)).unwrap(), Decision::Look);
}

#[test]
fn a_new_value_replaces_all_data_of_the_object_that_was_looked_at() {
    let standing = made(&desired(CreationPolicy::Owner, &[("a", "1"), ("b", "2")]));
    let next = written(decide(&desired(CreationPolicy::Owner, &[("a", "3")]), Some(&standing), None).unwrap());
    assert_eq!(next.data, data(&[("a", "3")]));
    assert_eq!(next.precondition, Some(("secret".into(), "5".into())));
}

#[test]
fn a_merge_keeps_foreign_keys_and_takes_back_its_own() {
    let wanted = desired(CreationPolicy::Merge, &[("a", "1")]);
    let mut standing = foreign(&[("theirs", "x"), ("old", "y")]);
    standing.ours.data.insert("old".into());
    let next = written(decide(&wanted, Some(&standing), None).unwrap());
    assert_eq!(next.data, data(&[("a", "1")]));
    assert_eq!(next.removed, BTreeSet::from(["old".to_owned()]));
    assert_eq!(next.annotations[DATA_HASH_ANNOTATION], data_hash(&data(&[("a", "1"), ("theirs", "x")])));
}

#[test]
fn a_target_of_another_external_secret_is_refused_by_every_policy() {
    let mut standing = made(&desired(CreationPolicy::Owner, &[("a", "1")]));
    standing.owners[0].uid = "uid-2".into();
    standing.owners[0].name = "other".into();
    for creation in [CreationPolicy::Owner, CreationPolicy::Orphan, CreationPolicy::Merge] {
        let refused = decide(&desired(creation, &[("a", "1")]), Some(&standing), None);
        assert!(matches!(refused, Err(Refusal::OwnedByAnother(_))), "{creation:?}");
    }
}

#[test]
fn a_target_of_an_earlier_object_of_the_same_name_is_taken_over() {
    let mut standing = made(&desired(CreationPolicy::Owner, &[("a", "1")]));
    standing.owners[0].uid = "an earlier uid".into();
    let next = written(decide(&desired(CreationPolicy::Owner, &[("a", "1")]), Some(&standing), None).unwrap());
    assert_eq!((next.owners.len(), next.owners[0].uid.as_str()), (1, UID));
}

#[test]
fn a_target_that_something_else_controls_is_never_owned_but_may_be_merged_into() {
    let mut standing = foreign(&[("x", "1")]);
    standing.owners.push(OwnerReference {
        kind: "Certificate".into(),
        controller: Some(true),
        ..OwnerReference::default()
    });
    let owned = decide(&desired(CreationPolicy::Owner, &[("a", "1")]), Some(&standing), None);
    assert!(matches!(owned, Err(Refusal::Ownership(_))));
    let merged = decide(&desired(CreationPolicy::Merge, &[("a", "1")]), Some(&standing), None);
    assert!(matches!(merged, Ok(Decision::Merge(_))));
}

#[test]
fn orphan_never_wipes_a_secret_that_was_never_ours_unless_told_to() {
    let mut wanted = desired(CreationPolicy::Orphan, &[("a", "1")]);
    let standing = foreign(&[("theirs", "x")]);
    assert!(matches!(decide(&wanted, Some(&standing), None), Err(Refusal::Ownership(_))));
    wanted.may_wipe = true;
    assert!(matches!(decide(&wanted, Some(&standing), None), Ok(Decision::Replace(_))));
    let kept = foreign(&[("a", "old")]);
    wanted.may_wipe = false;
    assert!(matches!(decide(&wanted, Some(&kept), None), Ok(Decision::Replace(_))));
}

#[test]
fn an_immutable_target_is_left_alone_when_its_data_would_change() {
    let mut standing = made(&desired(CreationPolicy::Owner, &[("a", "1")]));
    if let Some(content) = standing.content.as_mut() {
        content.immutable = true;
    }
    let other = decide(&desired(CreationPolicy::Owner, &[("a", "2")]), Some(&standing), None);
    assert!(matches!(other, Err(Refusal::Immutable(_))));
    let same = decide(&desired(CreationPolicy::Owner, &[("a", "1")]), Some(&standing), None);
    assert_eq!(same.unwrap(), Decision::Settled);
}

#[test]
fn privileged_secrets_and_changed_types_are_refused() {
    let typed = |type_: &str| {
        let mut standing = foreign(&[("a", "1")]);
        standing.content = Some(Content { data: data(&[("a", "1")]), type_: type_.into(), immutable: false });
        standing
    };
    for type_ in PRIVILEGED_TYPES {
        let refused = decide(&desired(CreationPolicy::Merge, &[("a", "1")]), Some(&typed(type_)), None);
        assert!(matches!(refused, Err(Refusal::Content(_))), "{type_}");
    }
    let mut wanted = desired(CreationPolicy::Owner, &[("a", "1")]);
    wanted.rendered.type_ = Some("mine".into());
    assert!(matches!(decide(&wanted, Some(&typed("Opaque")), None), Err(Refusal::Content(_))));
    assert!(matches!(decide(&wanted, Some(&typed("mine")), None), Ok(Decision::Replace(_))));
}

#[test]
fn labels_that_we_set_and_no_longer_want_go_and_others_stay() {
    let mut with_label = desired(CreationPolicy::Owner, &[("a", "1")]);
    with_label.rendered.labels.insert("team".into(), "x".into());
    let mut standing = made(&with_label);
    standing.labels.insert("theirs".into(), "y".into());
    let next = written(decide(&desired(CreationPolicy::Owner, &[("a", "1")]), Some(&standing), None).unwrap());
    assert!(!next.labels.contains_key("team") && next.labels.contains_key("theirs"));
}

#[test]
fn a_label_of_a_template_cannot_override_a_mark() {
    let mut wanted = desired(CreationPolicy::Owner, &[("a", "1")]);
    wanted.rendered.labels.insert(MANAGED_LABEL.into(), "false".into());
    assert_eq!(written(decide(&wanted, None, None).unwrap()).labels[MANAGED_LABEL], "true");
}

#[test]
fn a_target_that_is_being_deleted_is_not_written() {
    let mut standing = made(&desired(CreationPolicy::Owner, &[("a", "1")]));
    standing.deleting = true;
    assert!(decide(&desired(CreationPolicy::Owner, &[("a", "2")]), Some(&standing), None).is_err());
}
