use std::collections::BTreeSet;
use std::future::Future;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::provider::{Credentials, Kind, Provider};

use super::testing::{Answer, Chest, Keys, remote};
use super::*;

mod detect;
mod find;
mod recovery;

const INTERVAL: Duration = Duration::from_secs(10);

/// A running poller with one session.
struct House {
    poller: Poller,
    chest: Arc<Chest>,
    keys: Arc<Keys>,
    session: SessionId,
    wakes: mpsc::Receiver<ObjectId>,
    stop: oneshot::Sender<()>,
    run: JoinHandle<()>,
}

impl House {
    async fn new() -> Self {
        Self::fenced(Arc::new(NoFence), 1).await
    }

    async fn fenced(fence: Arc<dyn Fence>, wakes: usize) -> Self {
        let (wake, wakes) = mpsc::channel(wakes);
        let poller = Poller::fenced(Settings::default(), wake, fence);
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(poller.clone().run(async { drop(stopped.await) }));
        let (chest, keys) = (Arc::new(Chest::default()), Arc::new(Keys::default()));
        let session = open(&poller, "store", &chest, &keys).await;
        Self { poller, chest, keys, session, wakes, stop, run }
    }

    fn references(&self, keys: &[&str]) -> Vec<Reference> {
        keys.iter().map(|key| Reference::new(self.session, remote(key))).collect()
    }

    async fn fetch(&self, name: &str, keys: &[&str]) -> Vec<Reading> {
        self.poller.fetch(&object(name), &self.references(keys)).await
    }

    async fn sync(&self, name: &str, keys: &[&str]) -> Vec<Reading> {
        let references = self.references(keys);
        self.poller.subscribe(&object(name), Interest { references, interval: Some(INTERVAL) });
        let readings = self.fetch(name, keys).await;
        self.poller.applied(&object(name), &seen(&readings));
        readings
    }

    /// Waits until an object is woken.
    async fn woken(&mut self) -> String {
        self.wakes.recv().await.unwrap().name.to_string()
    }

    fn quiet(&mut self) -> bool {
        self.wakes.try_recv().is_err()
    }
}

fn open(poller: &Poller, store: &str, chest: &Arc<Chest>, keys: &Arc<Keys>) -> impl Future<Output = SessionId> {
    let key = SessionKey { store_uid: store.into(), generation: 1, consumer_namespace: None };
    let (chest, keys) = (Arc::clone(chest) as Arc<dyn Provider>, Arc::clone(keys) as Arc<dyn Credentials>);
    async move { poller.sessions().open(key, || async { Ok((chest, keys)) }).await.unwrap() }
}

fn object(name: &str) -> ObjectId {
    ObjectId::new("default", name, name)
}

fn seen(readings: &[Reading]) -> Vec<(Reference, Seen)> {
    readings.iter().map(|reading| (reading.reference.clone(), reading.seen.clone())).collect()
}

fn text(reading: &Reading) -> Option<&str> {
    reading.value.as_ref().map(|value| std::str::from_utf8(value.expose()).unwrap())
}

fn kind(reading: &Reading) -> Option<Kind> {
    match &reading.seen {
        Seen::Failed(error) => Some(error.kind),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_keys_are_fifty_calls_a_round_and_one_each_200_ms() {
    let house = House::new().await;
    let keys: Vec<_> = (0..1000).map(|number| format!("k{number}")).collect();
    for key in &keys {
        house.chest.set(key, Answer::Value("v"));
    }
    let syncs = keys.iter().map(|key| async { house.sync(key, &[key]).await });
    futures::future::join_all(syncs).await;
    assert_eq!(house.chest.calls().len(), 50);
    for _ in 0..3 {
        tokio::time::sleep(INTERVAL).await;
        let calls = house.chest.calls();
        assert_eq!((calls.len(), calls.iter().map(|(_, keys)| keys.len()).sum::<usize>()), (50, 1000));
        let gaps = calls.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(gaps.clone().max().unwrap() < Duration::from_millis(400), "{:?}", gaps.max());
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_anew_gets_nothing_that_was_read_before() {
    let house = House::new().await;
    house.chest.set("k", Answer::Value("old"));
    house.sync("a", &["k"]).await;
    house.chest.set("k", Answer::Value("new"));
    assert_eq!(text(&house.fetch("a", &["k"]).await[0]), Some("old"));
    let anew = house.poller.fetch_anew(&object("a"), &house.references(&["k"])).await;
    assert_eq!(text(&anew[0]), Some("new"));
    assert_eq!(text(&house.fetch("a", &["k"]).await[0]), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn what_many_ask_for_at_once_is_read_once() {
    let house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    let names: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    let asked = futures::future::join_all(names.iter().map(|name| house.fetch(name, &["k", "k"]))).await;
    assert!(asked.iter().flatten().all(|reading| text(reading) == Some("v")));
    assert_eq!(asked[0].len(), 2);
    assert_eq!(house.chest.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_just_read_is_handed_over_and_then_dropped() {
    let house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    house.fetch("a", &["k"]).await;
    house.fetch("b", &["k"]).await;
    assert_eq!(house.chest.calls().len(), 1);
    assert!(house.poller.stats().buffer_bytes > 0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(house.poller.stats().buffer_bytes, 0);
    house.fetch("a", &["k"]).await;
    assert_eq!(house.chest.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_and_its_value_is_handed_over_without_a_call() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    house.sync("a", &["k"]).await;
    tokio::time::sleep(INTERVAL).await;
    assert!(house.quiet());
    assert_eq!(house.poller.stats().buffer_bytes, 0);
    house.chest.set("k", Answer::Value("w"));
    let before = now();
    assert_eq!(house.woken().await, "a");
    assert!(now() - before <= INTERVAL + Duration::from_millis(10));
    house.chest.calls();
    assert_eq!(text(&house.sync("a", &["k"]).await[0]), Some("w"));
    assert!(house.chest.calls().is_empty() && !house.poller.is_dirty(&object("a")));
}

#[tokio::test(start_paused = true)]
async fn no_wake_is_lost_in_a_channel_of_one_and_each_object_waits_once() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    for number in 0..100 {
        house.sync(&number.to_string(), &["k"]).await;
    }
    house.chest.set("k", Answer::Value("w"));
    tokio::time::sleep(INTERVAL * 4).await;
    assert_eq!(house.poller.stats().waking, 100);
    let mut woken = Vec::new();
    // The one in the channel is woken again: it may have been taken for done before the last poll.
    for _ in 0..101 {
        woken.push(house.woken().await);
    }
    woken.sort();
    woken.dedup();
    assert_eq!(woken.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_wake_that_waits_is_not_sent_when_there_is_nothing_left_to_do() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    for name in ["a", "b", "c"] {
        house.sync(name, &["k"]).await;
    }
    house.chest.set("k", Answer::Value("w"));
    tokio::time::sleep(INTERVAL).await;
    for name in ["a", "b", "c"] {
        house.sync(name, &["k"]).await;
    }
    house.woken().await;
    tokio::time::sleep(INTERVAL * 2).await;
    assert!(house.quiet());
}

#[tokio::test(start_paused = true)]
async fn a_bad_credential_costs_one_try_an_interval_and_everybody_is_told() {
    let house = House::new().await;
    let keys: Vec<_> = (0..200).map(|number| format!("k{number}")).collect();
    for key in &keys {
        house.chest.set(key, Answer::Fails(Kind::Unauthenticated));
    }
    let syncs = keys.iter().map(|key| async { house.sync(key, &[key]).await });
    let syncs = futures::future::join_all(syncs).await;
    assert!(syncs.iter().flatten().all(|reading| kind(reading) == Some(Kind::Unauthenticated)));
    assert_eq!(house.chest.calls().len(), 1);
    tokio::time::sleep(INTERVAL * 10).await;
    let calls = house.chest.calls().len();
    assert!((9..=10).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_for_a_credential_is_read_within_an_interval_after_it_is_good() {
    let mut house = House::fenced(Arc::new(NoFence), 1_000).await;
    let keys: Vec<_> = (0..200).map(|number| format!("k{number}")).collect();
    for key in &keys {
        house.chest.set(key, Answer::Value("v"));
        house.sync(key, &[key]).await;
    }
    // Whenever in an interval it becomes good again.
    for part in 0..7 {
        house.chest.set_all(&Answer::Fails(Kind::Unauthenticated));
        tokio::time::sleep(INTERVAL * 3 + INTERVAL * part / 7).await;
        house.chest.set_all(&Answer::Value("w"));
        house.chest.calls();
        while house.wakes.try_recv().is_ok() {}
        tokio::time::sleep(INTERVAL + Duration::from_millis(100)).await;
        let read: BTreeSet<_> = house.chest.calls().into_iter().flat_map(|(_, keys)| keys).collect();
        assert_eq!(read.len(), keys.len(), "{part}");
        let woken: BTreeSet<_> = std::iter::from_fn(|| house.wakes.try_recv().ok()).collect();
        assert_eq!(woken.len(), keys.len(), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_that_has_changed_closes_the_session_and_wakes_its_objects() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    house.sync("a", &["k"]).await;
    house.chest.set("k", Answer::Fails(Kind::Unauthenticated));
    house.keys.change();
    assert_eq!(house.woken().await, "a");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(house.poller.stats().sessions, 0);
    assert_eq!(kind(&house.fetch("a", &["other"]).await[0]), Some(Kind::Unavailable));
    house.chest.set("k", Answer::Value("v"));
    let before = house.session;
    house.session = open(&house.poller, "store", &house.chest, &Arc::default()).await;
    assert_ne!(house.session, before);
    assert_eq!(text(&house.sync("a", &["k"]).await[0]), Some("v"));
    assert!(!house.poller.is_dirty(&object("a")));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_hangs_costs_the_others_nothing_and_its_objects_are_told() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    house.sync("good", &["k"]).await;
    let stuck = Arc::new(Chest::default());
    let session = open(&house.poller, "stuck", &stuck, &Arc::default()).await;
    let keys: Vec<_> = (0..1000).map(|number| format!("single{number}")).collect();
    for key in &keys {
        stuck.set(key, Answer::Hangs);
        let references = vec![Reference::new(session, remote(key))];
        house.poller.subscribe(&object(key), Interest { references, interval: Some(INTERVAL) });
    }
    tokio::time::sleep(INTERVAL * 2).await;
    house.chest.calls();
    let start = now();
    tokio::time::sleep(INTERVAL * 10).await;
    assert_eq!(house.chest.calls().len(), 10);
    let calls = stuck.calls().iter().filter(|(at, _)| *at >= start).count();
    assert!(calls <= Settings::default().session_concurrency * 4, "{calls}");
    assert_eq!(house.poller.stats().dirty, 1000);
    assert!(house.woken().await.starts_with("single"));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_panics_fails_and_is_asked_again() {
    let mut house = House::new().await;
    house.chest.set("k", Answer::Panics);
    assert_eq!(kind(&house.sync("a", &["k"]).await[0]), Some(Kind::Unavailable));
    tokio::time::sleep(INTERVAL * 3).await;
    assert!(house.quiet());
    house.chest.set("k", Answer::Value("v"));
    assert_eq!(house.woken().await, "a");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_given_up_takes_nothing_from_the_others() {
    let house = House::new().await;
    house.chest.set("k", Answer::Value("v"));
    let (first, second) = tokio::join!(
        tokio::time::timeout(Duration::from_millis(1), house.fetch("a", &["k"])),
        house.fetch("b", &["k"])
    );
    assert!(first.is_err());
    assert_eq!(text(&second[0]), Some("v"));
}

#[derive(Debug, Default)]
struct Gate(std::sync::atomic::AtomicBool);

impl Fence for Gate {
    fn may_read(&self, _: SessionId) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_fence_refuses_is_not_polled_until_it_is_allowed() {
    let gate = Arc::new(Gate::default());
    let house = House::fenced(gate.clone(), 1).await;
    house.chest.set("k", Answer::Value("v"));
    house.sync("a", &["k"]).await;
    house.chest.calls();
    tokio::time::sleep(INTERVAL * 5).await;
    assert!(house.chest.calls().is_empty());
    gate.0.store(true, std::sync::atomic::Ordering::Relaxed);
    tokio::time::sleep(INTERVAL * 5).await;
    assert_eq!(house.chest.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_failures_changes_nothing_that_recovery_does_not_mend() {
    let mut house = House::new().await;
    let keys: Vec<_> = (0..40).map(|number| format!("k{number}")).collect();
    for key in &keys {
        house.chest.set(key, Answer::Value("v"));
    }
    for key in &keys {
        house.sync(key, &[key]).await;
    }
    house.chest.calls();
    for failure in [Kind::NotFound, Kind::Unavailable, Kind::Throttled, Kind::Invalid] {
        house.chest.set_all(&Answer::Fails(failure));
        tokio::time::sleep(INTERVAL * 6).await;
        assert!(house.chest.calls().len() <= 12, "no more than a call a slot and interval");
    }
    assert_eq!(house.poller.stats().dirty, 40);
    house.chest.set_all(&Answer::Value("v"));
    while !house.quiet() {}
    tokio::time::sleep(INTERVAL * 3).await;
    while !house.quiet() {}
    assert_eq!(house.poller.stats().dirty, 0);
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_it_is_told_to() {
    let house = House::new().await;
    house.chest.set("k", Answer::Hangs);
    let references = house.references(&["k"]);
    house.poller.subscribe(&object("a"), Interest { references, interval: Some(INTERVAL) });
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(house.poller.stats().reading, 1);
    house.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_millis(1), house.run).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_debug_output_shows_a_value() {
    let house = House::new().await;
    house.chest.set("k", Answer::Value("hunter2"));
    let readings = house.sync("a", &["k"]).await;
    for shown in [format!("{:#?}", house.poller), format!("{readings:?}")] {
        assert!(shown.contains("Sealed(7 bytes)") && !shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_with_the_same_names_never_see_each_others_values() {
    let house = House::new().await;
    let values: Vec<&'static str> = vec!["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut tenants = Vec::new();
    for value in &values {
        let chest = Arc::new(Chest::default());
        for key in ["k", "single", "pinned"] {
            chest.set(key, Answer::Value(value));
        }
        tenants.push((*value, open(&house.poller, value, &chest, &Arc::default()).await));
    }
    let asks = (0..3_000).map(|turn| {
        let (value, session) = tenants[turn * 7 % tenants.len()];
        let reference = Reference::new(session, remote(["k", "single", "pinned"][turn % 3]));
        let poller = house.poller.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(u64::try_from(turn % 4_001).unwrap())).await;
            assert_eq!(text(&poller.fetch(&object(value), &[reference]).await[0]), Some(value));
        }
    });
    futures::future::join_all(asks).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttled_session_is_called_less_often_and_tells_nobody_who_was_answered_lately() {
    let mut house = House::new().await;
    let keys: Vec<_> = (0..50).map(|number| format!("single{number}")).collect();
    for key in &keys {
        house.chest.set(key, Answer::Value("v"));
        house.sync(key, &[key]).await;
    }
    tokio::time::sleep(INTERVAL).await;
    house.chest.calls();
    house.chest.set_all(&Answer::Fails(Kind::Throttled));
    tokio::time::sleep(INTERVAL).await;
    assert!(house.quiet());
    tokio::time::sleep(INTERVAL * 9).await;
    let calls = house.chest.calls().len();
    assert!((8..=50).contains(&calls), "{calls} instead of 500");
    house.chest.set_all(&Answer::Value("v"));
    tokio::time::sleep(INTERVAL * 12).await;
    house.chest.calls();
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(house.chest.calls().len(), 50);
}
