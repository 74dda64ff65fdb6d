use std::collections::BTreeMap;

use crate::poll::fingerprint::{Fingerprint, Fingerprinter};
use crate::poll::listed::Suspect;
use crate::poll::record::{Found, Round};
use crate::poll::testing::{error, remote};
use crate::provider::{Error, Kind};
use crate::sealed::Sealed;

use super::*;

#[path = "schedule_chaos_tests.rs"]
mod chaos;
#[path = "schedule_world.rs"]
mod world;

use world::World;

const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_hours(1);

fn object(name: &str) -> ObjectId {
    ObjectId::new("default", name, &format!("uid-of-{name}"))
}

fn manner(reference: &Reference) -> Manner {
    let is = |kind| reference.key().unwrap().starts_with(kind);
    Manner { batch: Batch::Many(20), immutable: is("pinned"), detects: is("listed").then_some(8) }
}

fn reference(key: &str) -> Reference {
    Reference::new(SessionId::new(1), remote(key))
}

fn absent(readings: &[(Reference, Seen)]) -> bool {
    readings.iter().any(|(_, seen)| *seen == Seen::Absent { confirmed: true })
}

#[test]
fn a_quiet_object_is_polled_and_never_woken() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(INTERVAL));
    assert!(world.names(HOUR).is_empty());
    assert_eq!(world.reads().len(), 360);
}

#[test]
fn a_change_wakes_within_the_interval_and_until_it_is_applied() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(INTERVAL));
    world.advance(SECOND * 3);
    world.set("k", Ok("w"));
    assert_eq!(world.names(INTERVAL), ["a"]);
    assert!(world.dirty("a"));
    let again = world.names(INTERVAL * 5).len();
    assert!((5..=6).contains(&again), "{again}");
    world.resync("a", &["k"]);
    assert!(!world.dirty("a"));
    assert!(world.names(INTERVAL * 5).is_empty());
}

#[test]
fn the_first_poll_comes_within_an_interval_of_the_fetch() {
    for start in 0..20 {
        let mut world = World::new();
        world.set("k", Ok("v"));
        world.advance(Duration::from_millis(777) * start);
        world.sync("a", &["k"], Some(INTERVAL));
        let synced = world.now - world.start;
        world.advance(INTERVAL);
        let (first, _) = world.reads().remove(0);
        assert!(first > synced && first <= synced + INTERVAL);
    }
}

#[test]
fn a_thousand_objects_of_one_reference_cost_one_read_an_interval_and_all_are_woken() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    (0..1000).for_each(|number| drop(world.sync(&number.to_string(), &["k"], Some(INTERVAL))));
    world.advance(INTERVAL);
    assert_eq!(world.reads().len(), 1);
    world.set("k", Ok("w"));
    let mut woken = world.names(INTERVAL);
    woken.sort();
    woken.dedup();
    assert_eq!(woken.len(), 1000);
    let stats = world.schedule.stats(world.now);
    assert_eq!((stats.objects, stats.references, stats.slots, stats.dirty), (1000, 1, 1, 1000));
}

#[test]
fn an_hourly_object_of_a_reference_that_others_poll_moves_at_its_own_ticks_only() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("often", &["k"], Some(INTERVAL));
    world.sync("hourly", &["k"], Some(HOUR));
    let tick = Grid::new(HOUR, number_of("uid-of-hourly"), 0).after(world.start, world.now) - world.start;
    world.set("k", Ok("w"));
    let woken = world.advance(HOUR * 2);
    let hourly: Vec<_> = woken.iter().filter(|(_, name)| name == "hourly").map(|(at, _)| *at).collect();
    assert_eq!(hourly, [tick, tick + HOUR]);
    assert!(woken.iter().find(|(_, name)| name == "often").unwrap().0 <= INTERVAL);
}

#[test]
fn an_hourly_object_that_was_dirty_and_is_not_any_more_is_not_woken() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("often", &["k"], Some(INTERVAL));
    world.sync("hourly", &["k"], Some(HOUR));
    world.set("k", Ok("w"));
    world.advance(INTERVAL);
    assert!(world.dirty("hourly"));
    world.set("k", Ok("v"));
    assert!(!world.names(HOUR * 2).contains(&"hourly".to_owned()));
}

#[test]
fn a_reference_is_polled_at_the_shortest_interval_that_somebody_wants() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("hourly", &["k"], Some(HOUR));
    world.advance(HOUR);
    assert_eq!(world.reads().len(), 1);
    world.sync("often", &["k"], Some(INTERVAL));
    world.advance(HOUR);
    assert_eq!(world.reads().len(), 360);
    world.schedule.forget(&object("often"), world.now);
    world.advance(INTERVAL);
    world.reads();
    world.advance(HOUR);
    assert_eq!(world.reads().len(), 1);
}

#[test]
fn who_wants_to_be_applied_once_is_polled_until_it_is_and_then_costs_nothing() {
    for interval in [None, Some(Duration::ZERO)] {
        let mut world = World::new();
        world.sync("once", &["k"], interval);
        world.advance(INTERVAL);
        assert_eq!(world.reads().len(), 1);
        world.set("k", Ok("v"));
        assert_eq!(world.names(INTERVAL), ["once"]);
        world.resync("once", &["k"]);
        world.reads();
        assert!(world.names(HOUR).is_empty() && world.reads().is_empty());
        assert_eq!(world.schedule.stats(world.now), crate::poll::Stats { sessions: 1, ..Default::default() });
    }
}

#[test]
fn what_can_never_change_is_not_polled_once_it_was_read() {
    let mut world = World::new();
    world.sync("a", &["pinned"], Some(INTERVAL));
    world.advance(INTERVAL * 3);
    assert_eq!(world.reads().len(), 3);
    world.set("pinned", Ok("v"));
    world.advance(INTERVAL * 3);
    assert_eq!(world.reads().len(), 1);
}

#[test]
fn an_object_of_unchanging_references_that_did_not_apply_them_is_woken_at_its_ticks() {
    let mut world = World::new();
    world.set("pinned", Ok("v"));
    world.subscribe("a", &["pinned"], Some(INTERVAL));
    world.fetch(&["pinned"]);
    assert_eq!(world.names(INTERVAL * 3), ["a"; 3]);
    assert!(world.reads().is_empty());
}

#[test]
fn a_short_interval_is_not_shorter_than_the_least() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(Duration::from_nanos(1)));
    world.advance(SECOND * 10);
    assert_eq!(world.reads().len(), 10);
}

#[test]
fn a_fetch_that_sees_a_change_makes_others_dirty_and_wakes_them_at_their_next_poll() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(INTERVAL));
    world.sync("b", &["k"], Some(INTERVAL));
    world.set("k", Ok("w"));
    world.resync("a", &["k"]);
    assert!(world.dirty("b") && !world.dirty("a"));
    assert_eq!(world.schedule.next_wake(), None);
    assert!(world.names(INTERVAL).iter().all(|name| name == "b"));
}

#[test]
fn an_earlier_read_that_ends_later_changes_nothing() {
    let mut world = World::new();
    world.set("k", Ok("old"));
    world.sync("a", &["k"], Some(INTERVAL));
    let (slow, found) = (world.round(None), world.answer(&[reference("k")]));
    world.set("k", Ok("new"));
    world.resync("a", &["k"]);
    let noted = world.schedule.record(&slow, found, world.now);
    assert_eq!(noted[0].seen, Seen::Value(world.print("old")));
    assert!(!world.dirty("a"));
}

#[test]
fn equal_failures_wake_once_and_recovery_wakes_again() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(INTERVAL));
    world.set("k", Err(Kind::Unavailable));
    assert_eq!(world.names(INTERVAL), ["a"]);
    world.resync("a", &["k"]);
    assert!(world.names(HOUR).is_empty());
    world.set("k", Ok("v"));
    assert_eq!(world.names(INTERVAL), ["a"]);
}

#[test]
fn a_key_that_fails_fails_alone() {
    let mut world = World::new();
    world.set("good", Ok("v"));
    world.set("bad", Ok("v"));
    world.sync("a", &["good"], Some(INTERVAL));
    world.sync("b", &["bad"], Some(INTERVAL));
    world.set("bad", Err(Kind::Denied));
    assert!(world.names(INTERVAL * 2).iter().all(|name| name == "b"));
}

#[test]
fn a_secret_that_is_gone_while_others_answer_is_confirmed_absent() {
    let mut world = World::new();
    world.set("gone", Ok("v"));
    world.set("here", Ok("v"));
    world.sync("a", &["gone"], Some(INTERVAL));
    world.sync("b", &["here"], Some(INTERVAL));
    world.set("gone", Err(Kind::NotFound));
    world.advance(INTERVAL * 2);
    assert!(!absent(&world.resync("a", &["gone"])));
    assert_eq!(world.names(INTERVAL), ["a"]);
    assert!(absent(&world.resync("a", &["gone"])));
}

#[test]
fn a_storm_of_not_found_confirms_nothing_however_long() {
    let mut world = World::new();
    for key in ["x", "y", "z"] {
        world.set(key, Ok("v"));
        world.sync(key, &[key], Some(INTERVAL));
    }
    world.remote.clear();
    world.advance(HOUR);
    for key in ["x", "y", "z"] {
        assert!(!absent(&world.resync(key, &[key])));
    }
    // The storm's own answers do not count when the first one is answered again: the others may be a moment behind.
    world.set("x", Ok("v"));
    world.advance(INTERVAL);
    assert!(!absent(&world.resync("y", &["y"])));
    world.advance(INTERVAL * 3);
    assert!(absent(&world.resync("y", &["y"])));
}

#[test]
fn a_session_with_one_reference_may_confirm_its_absence() {
    let mut world = World::new();
    world.sync("a", &["k"], Some(INTERVAL));
    world.advance(INTERVAL * 3);
    assert!(absent(&world.resync("a", &["k"])));
}

#[test]
fn any_other_answer_begins_the_row_of_absence_anew() {
    for between in [Ok("v"), Err(Kind::Unavailable), Err(Kind::Denied)] {
        let mut world = World::new();
        world.sync("a", &["k"], Some(INTERVAL));
        world.advance(SECOND * 19);
        world.set("k", between);
        world.fetch(&["k"]);
        world.remote.clear();
        world.advance(INTERVAL * 2);
        assert!(!absent(&world.resync("a", &["k"])), "{between:?}");
    }
}

#[test]
fn a_throttled_poll_is_borne_for_two_intervals_and_then_told() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(INTERVAL));
    world.set("k", Err(Kind::Throttled));
    assert!(world.names(INTERVAL * 2).is_empty());
    // It is tried at the widest gap, half an interval, and who has not heard is woken each time.
    let told = world.names(INTERVAL * 2);
    assert!((2..=4).contains(&told.len()) && world.dirty("a"), "{told:?}");
}

#[test]
fn a_refused_credential_is_the_same_failure_for_all_and_names_no_key() {
    let mut world = World::new();
    for key in ["x", "y"] {
        world.set(key, Ok("v"));
        world.sync(key, &[key], Some(INTERVAL));
        world.set(key, Err(Kind::Unauthenticated));
    }
    world.advance(INTERVAL);
    let (x, y) = (world.schedule.failure(&reference("x")), world.schedule.failure(&reference("y")));
    assert_eq!(x, y);
    assert_eq!(x.map(|error: Error| error.doing), Some("sign in".into()));
}

#[test]
fn a_closed_session_makes_its_objects_dirty_wakes_them_and_is_not_polled() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.sync("a", &["k"], Some(HOUR));
    world.schedule.close(SessionId::new(1), world.now);
    assert_eq!(world.schedule.next_wake(), Some(object("a")));
    world.resync("a", &["k"]);
    assert!(world.dirty("a"));
    assert!(!world.names(HOUR * 2).is_empty() && world.reads().is_empty());
    world.schedule.open(SessionId::new(2));
    let other = Reference::new(SessionId::new(2), remote("k"));
    let manner = Some(Manner { batch: Batch::Single, immutable: false, detects: None });
    world.schedule.subscribe(&object("a"), vec![Wanted { reference: other, manner }], Some(HOUR), world.now);
    assert!(!world.dirty("a"));
    assert_eq!(world.schedule.stats(world.now).references, 1);
}

#[test]
fn an_interest_replaces_the_earlier_one_and_keeps_what_is_applied_of_both() {
    let mut world = World::new();
    for key in ["x", "y", "z"] {
        world.set(key, Ok(key_value(key)));
    }
    world.sync("a", &["x", "y"], Some(INTERVAL));
    world.subscribe("a", &["y", "z", "z"], Some(INTERVAL));
    assert!(!world.dirty("a"));
    assert!(world.schedule.wants(&object("a"), &[reference("y"), reference("z")], Some(INTERVAL)));
    assert!(!world.schedule.wants(&object("a"), &[reference("y")], Some(INTERVAL)));
    assert!(!world.schedule.wants(&object("a"), &[reference("y"), reference("z")], Some(HOUR)));
    assert_eq!(world.schedule.stats(world.now).references, 2);
    world.set("x", Ok("changed"));
    world.resync("a", &["z"]);
    assert!(world.names(INTERVAL * 2).is_empty());
}

fn key_value(key: &str) -> &'static str {
    if key == "x" { "1" } else { "2" }
}

#[test]
fn a_poll_between_fetch_and_applied_is_not_forgotten() {
    let mut world = World::new();
    world.set("k", Ok("v"));
    world.subscribe("a", &["k"], Some(INTERVAL));
    let readings = world.fetch(&["k"]);
    world.set("k", Ok("w"));
    world.advance(INTERVAL);
    world.schedule.applied(&object("a"), &readings, world.now);
    assert!(world.dirty("a"));
}

#[test]
fn forgetting_all_objects_leaves_nothing() {
    let mut world = World::new();
    for number in 0..100 {
        let keys = [number.to_string(), (number / 3).to_string()];
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        world.sync(&number.to_string(), &keys, Some(SECOND * (10 + number % 3)));
    }
    world.set("7", Ok("v"));
    world.advance(INTERVAL * 2);
    assert!(world.schedule.stats(world.now).dirty > 0);
    (0..100).for_each(|number| world.schedule.forget(&object(&number.to_string()), world.now));
    assert_eq!(world.schedule.next_wake(), None);
    let stats = world.schedule.stats(world.now);
    assert_eq!((stats.objects, stats.references, stats.slots, stats.dirty), (0, 0, 0, 0));
    assert!(world.schedule.next_due().is_none() && world.schedule.sessions[&SessionId::new(1)].polled == 0);
}
