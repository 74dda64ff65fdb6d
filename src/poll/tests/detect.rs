//! Providers that can say what has changed.

use std::collections::BTreeMap;

use super::*;
use crate::poll::phase::scatter;
use crate::provider::RemoteKey;
use crate::provider::memory::{Keyring, Memory, key};

const HOUR: Duration = Duration::from_hours(1);

/// A running poller with one session, and objects that keep themselves true as a controller does.
pub(super) struct Ward {
    poller: Poller,
    pub(super) memory: Arc<Memory>,
    session: SessionId,
    /// What each object last took over.
    held: Arc<Mutex<BTreeMap<String, Result<String, Seen>>>>,
    wakes: Arc<Mutex<Vec<String>>>,
    _stop: oneshot::Sender<()>,
}

impl Ward {
    async fn new(memory: Memory) -> Self {
        let (wake, mut woken) = mpsc::channel::<ObjectId>(1);
        let poller = Poller::new(Settings::default(), wake);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(poller.clone().run(async { drop(stopped.await) }));
        let memory = Arc::new(memory);
        let (provider, keys) = (Arc::clone(&memory) as Arc<dyn Provider>, Arc::new(Keyring::default()));
        let key = SessionKey { store_uid: "store".into(), generation: 1, consumer_namespace: None };
        let opened = poller.sessions().open(key, || async { Ok((provider, keys as Arc<dyn Credentials>)) });
        let session = opened.await.unwrap();
        let (held, wakes) = (Arc::default(), Arc::default());
        let ward = Self { poller, memory, session, held, wakes, _stop: stop };
        let keeper = ward.shared();
        tokio::spawn(async move {
            while let Some(object) = woken.recv().await {
                super::super::held(&keeper.wakes).push(object.name.to_string());
                keeper.resync(&object.name).await;
            }
        });
        ward
    }

    fn shared(&self) -> Self {
        let (poller, memory, held) = (self.poller.clone(), Arc::clone(&self.memory), Arc::clone(&self.held));
        Self {
            poller,
            memory,
            session: self.session,
            held,
            wakes: Arc::clone(&self.wakes),
            _stop: oneshot::channel().0,
        }
    }

    fn reference(&self, name: &str) -> Reference {
        Reference::new(self.session, key(name))
    }

    /// An object of the name of the one secret it uses.
    async fn sync(&self, name: &str) {
        let interest = Interest { references: vec![self.reference(name)], interval: Some(INTERVAL) };
        self.poller.subscribe(&object(name), interest);
        self.resync(name).await;
    }

    pub(super) fn set_all(&self, names: &[String], value: &str) {
        for name in names {
            self.memory.set(name, value);
        }
    }

    async fn sync_all(&self, names: &[String]) {
        futures::future::join_all(names.iter().map(|name| self.sync(name))).await;
    }

    async fn resync(&self, name: &str) {
        let readings = self.poller.fetch(&object(name), &[self.reference(name)]).await;
        let taken = text(&readings[0]).map(str::to_owned).ok_or_else(|| readings[0].seen.clone());
        super::super::held(&self.held).insert(name.to_owned(), taken);
        self.poller.applied(&object(name), &seen(&readings));
    }

    pub(super) fn holds(&self, name: &str) -> Result<String, Seen> {
        super::super::held(&self.held)[name].clone()
    }

    fn told(&self, name: &str) -> Option<Kind> {
        match self.holds(name) {
            Err(Seen::Failed(error)) => Some(error.kind),
            _ => None,
        }
    }

    fn woken(&self) -> Vec<String> {
        std::mem::take(&mut *super::super::held(&self.wakes))
    }

    /// The listings and reads of the next while.
    pub(super) async fn cost(&self, time: Duration) -> (usize, usize) {
        let before = (self.memory.listings(), self.memory.calls());
        tokio::time::sleep(time).await;
        (self.memory.listings() - before.0, self.memory.calls() - before.1)
    }
}

/// `count` secrets, each with an object, at rest: each has been listed and read under its mark.
pub(super) async fn at_rest(memory: Memory, count: usize) -> (Ward, Vec<String>) {
    let ward = Ward::new(memory).await;
    let names: Vec<_> = (0..count).map(|number| format!("k{number}")).collect();
    ward.set_all(&names, "v");
    ward.sync_all(&names).await;
    tokio::time::sleep(INTERVAL * 2).await;
    (ward, names)
}

fn singly() -> Memory {
    Memory::in_batches_of(1).detecting(1000)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_unchanged_keys_are_one_listing_a_round_and_no_read() {
    let (ward, _) = at_rest(singly(), 1000).await;
    assert_eq!(ward.memory.calls(), 2_000, "the fetch, and one read under a mark");
    assert_eq!(ward.cost(INTERVAL * 10).await, (10, 0));
    assert_eq!((ward.poller.stats().slots, ward.poller.stats().dirty, ward.woken().len()), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_is_one_read_which_is_handed_over() {
    let (ward, _) = at_rest(singly(), 100).await;
    ward.memory.set("k7", "w");
    assert_eq!(ward.cost(INTERVAL).await, (1, 1));
    assert_eq!((ward.holds("k7"), ward.woken()), (Ok("w".into()), vec!["k7".to_owned()]));
    assert_eq!(ward.cost(INTERVAL * 10).await, (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_at_once_are_a_thousand_reads_in_a_round() {
    let (ward, names) = at_rest(Memory::default().detecting(1000), 1000).await;
    ward.set_all(&names, "w");
    assert_eq!(ward.cost(INTERVAL).await, (1, 50));
    assert!(names.iter().all(|name| ward.holds(name) == Ok("w".into())));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_lags_is_behind_by_its_lag_and_no_more() {
    let (ward, _) = at_rest(singly(), 10).await;
    ward.memory.lag(INTERVAL * 3);
    ward.memory.set("k7", "w");
    tokio::time::sleep(INTERVAL * 3).await;
    assert_eq!(ward.holds("k7"), Ok("v".into()));
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(ward.holds("k7"), Ok("w".into()));
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_moves_without_the_value_is_looked_at_twice() {
    let (ward, _) = at_rest(singly(), 10).await;
    ward.memory.set("k7", "v");
    assert_eq!(ward.cost(INTERVAL * 2).await, (2, 2));
    assert_eq!(ward.cost(INTERVAL * 2).await, (2, 0));
    assert!(ward.woken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_listed_is_read_and_only_reads_say_that_it_is_gone() {
    let (ward, _) = at_rest(singly(), 10).await;
    ward.memory.lag(HOUR);
    ward.memory.set("new", "v");
    ward.sync("new").await;
    assert_eq!(ward.cost(INTERVAL * 5).await, (5, 5));
    assert_eq!(ward.holds("new"), Ok("v".into()));
    ward.memory.lag(Duration::ZERO);
    tokio::time::sleep(INTERVAL * 2).await;
    ward.memory.remove("new");
    assert_eq!(ward.cost(INTERVAL).await.0, 1);
    assert_eq!(ward.holds("new"), Err(Seen::Absent { confirmed: false }));
    tokio::time::sleep(INTERVAL * 3).await;
    assert_eq!(ward.holds("new"), Err(Seen::Absent { confirmed: true }));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_fails_tells_all_and_costs_no_read() {
    let (ward, names) = at_rest(singly(), 100).await;
    for kind in [Kind::Unavailable, Kind::Unauthenticated] {
        ward.memory.fail_listings(Some(kind));
        let (listings, reads) = ward.cost(INTERVAL).await;
        assert_eq!((listings, reads), (1, 0), "{kind:?}");
        assert!(names.iter().all(|name| ward.told(name) == Some(kind)), "{kind:?}");
        ward.memory.fail_listings(None);
        tokio::time::sleep(INTERVAL * 2).await;
        assert!(names.iter().all(|name| ward.holds(name) == Ok("v".into())), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_listing_is_borne_and_slows_the_session_down() {
    let (ward, names) = at_rest(singly(), 100).await;
    ward.memory.fail_listings(Some(Kind::Throttled));
    assert_eq!(ward.cost(INTERVAL).await, (2, 0), "the widest gap is half an interval");
    assert!(names.iter().all(|name| ward.holds(name) == Ok("v".into())));
    ward.memory.fail_listings(None);
    assert_eq!(ward.cost(INTERVAL * 3).await, (4, 0), "the one that stood in line; what was known is known");
}

#[tokio::test(start_paused = true)]
async fn listings_that_never_end_give_way_to_reads() {
    let (ward, names) = at_rest(singly(), 100).await;
    ward.memory.fail_listings(Some(Kind::Unavailable));
    tokio::time::sleep(INTERVAL * 3).await;
    assert!(names.iter().all(|name| ward.holds(name) == Ok("v".into())));
    let (listings, reads) = ward.cost(INTERVAL * 10).await;
    assert_eq!((listings, reads), (0, 1000));
}

#[tokio::test(start_paused = true)]
async fn where_reads_have_no_answer_either_few_are_made_and_listings_go_on_when_it_ends() {
    let (ward, names) = at_rest(singly(), 100).await;
    ward.memory.fail(Some(Kind::Unavailable));
    let (listings, reads) = ward.cost(INTERVAL * 6).await;
    let many = Settings::default().session_concurrency * 2;
    assert!(listings == 6 && (4..=4 * many).contains(&reads), "{listings}, {reads}");
    assert!(names.iter().all(|name| ward.told(name) == Some(Kind::Unavailable)));
    ward.memory.fail(None);
    tokio::time::sleep(INTERVAL * 3).await;
    assert!(names.iter().all(|name| ward.holds(name) == Ok("v".into())));
    assert_eq!(ward.cost(INTERVAL * 10).await, (10, 0));
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_reads_at_once_and_asks_again_in_an_hour() {
    for kind in [Kind::Denied, Kind::NotFound, Kind::Invalid] {
        let (ward, names) = at_rest(singly(), 10).await;
        ward.memory.fail_listings(Some(kind));
        ward.set_all(&names, "w");
        assert_eq!(ward.cost(INTERVAL).await.0, 1, "{kind:?}");
        assert!(names.iter().all(|name| ward.holds(name) == Ok("w".into())), "{kind:?}");
        let (listings, reads) = ward.cost(INTERVAL * 10).await;
        // Where the listing makes no sense it may the next time.
        assert_eq!((listings, reads), (if kind == Kind::Denied { 0 } else { 10 }, 100), "{kind:?}");
        let (listings, _) = ward.cost(HOUR * 3).await;
        assert!(kind != Kind::Denied || (2..=3).contains(&listings), "{listings}");
        ward.memory.fail_listings(None);
        tokio::time::sleep(HOUR + INTERVAL * 3).await;
        let (listings, reads) = ward.cost(INTERVAL * 10).await;
        assert!(listings == 10 && reads < 5, "{kind:?}: {listings}, {reads}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_costs_more_than_reads_is_not_made_until_it_pays() {
    let ward = Ward::new(singly()).await;
    let names: Vec<_> = (0..50).map(|number| format!("k{number}")).collect();
    ward.set_all(&names, "v");
    ward.memory.page(Some(10));
    ward.sync_all(&names[..5]).await;
    tokio::time::sleep(INTERVAL * 2).await;
    assert_eq!(ward.cost(INTERVAL * 10).await, (0, 50));
    ward.sync_all(&names[5..6]).await;
    tokio::time::sleep(INTERVAL * 4).await;
    assert_eq!(ward.cost(INTERVAL * 10).await, (10, 0));
}

#[tokio::test(start_paused = true)]
async fn who_polls_seldom_reads() {
    let ward = Ward::new(singly()).await;
    for name in ["a", "b", "c"] {
        ward.memory.set(name, "v");
        let interest = Interest { references: vec![ward.reference(name)], interval: Some(HOUR) };
        ward.poller.subscribe(&object(name), interest);
        ward.resync(name).await;
    }
    assert_eq!(ward.cost(HOUR * 3).await, (0, 9));
}

#[tokio::test(start_paused = true)]
async fn a_listing_is_not_trusted_alone_for_much_longer_than_an_hour() {
    let (ward, names) = at_rest(singly(), 100).await;
    let began = ward.memory.calls();
    ward.memory.lag(HOUR * 100);
    ward.set_all(&names, "w");
    tokio::time::sleep(HOUR / 2).await;
    assert_eq!(ward.memory.calls(), began);
    let (_, most) = ward.cost(HOUR / 4 + INTERVAL * 2).await;
    assert!(most < 20, "{most} at once");
    tokio::time::sleep(HOUR / 2).await;
    assert!(names.iter().all(|name| ward.holds(name) == Ok("w".into())));
    assert_eq!(ward.memory.calls() - began, 100);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_hangs_delays_no_other_and_no_listing() {
    let mut house = House::new().await;
    for number in 0..50 {
        let name = format!("single-listed-{number}");
        house.chest.set(&name, Answer::Value("v"));
        house.sync(&name, &[&name]).await;
    }
    tokio::time::sleep(INTERVAL * 2).await;
    house.chest.set("single-listed-0", Answer::Hangs);
    let before = house.chest.listings();
    tokio::time::sleep(INTERVAL).await;
    house.chest.set("single-listed-1", Answer::Value("w"));
    assert_eq!(house.woken().await, "single-listed-1");
    tokio::time::sleep(INTERVAL * 2).await;
    assert!((3..=4).contains(&(house.chest.listings() - before)));
}

#[tokio::test(start_paused = true)]
async fn where_all_reads_hang_all_are_told_in_time_and_few_calls_are_made() {
    let house = House::new().await;
    let names: Vec<_> = (0..200).map(|number| format!("single-listed-{number}")).collect();
    for name in &names {
        house.chest.set(name, Answer::Value("v"));
        house.sync(name, &[name]).await;
    }
    tokio::time::sleep(INTERVAL * 2).await;
    house.chest.calls();
    house.chest.set_all(&Answer::Hangs);
    tokio::time::sleep(Settings::default().deadline + INTERVAL * 2).await;
    assert_eq!(house.poller.stats().dirty, 200);
    let calls = house.chest.calls().len();
    assert!(calls <= Settings::default().session_concurrency * 3, "{calls}");
}

#[tokio::test(start_paused = true)]
async fn another_session_knows_no_mark_of_the_last_one() {
    let (mut ward, names) = at_rest(singly(), 10).await;
    ward.poller.sessions().close_store("store");
    let (provider, keys) = (ward.memory.clone() as Arc<dyn Provider>, Arc::new(Keyring::default()));
    let key = SessionKey { store_uid: "store".into(), generation: 2, consumer_namespace: None };
    let opened = ward.poller.sessions().open(key, || async { Ok((provider, keys as Arc<dyn Credentials>)) });
    ward.session = opened.await.unwrap();
    ward.sync_all(&names).await;
    assert_eq!(ward.cost(INTERVAL).await, (1, 10));
    assert_eq!(ward.cost(INTERVAL).await, (1, 0));
}

/// Secrets change, listings lag and fail, reads fail, at random; then all is well.
#[tokio::test(start_paused = true)]
async fn whatever_happens_all_is_true_within_two_intervals_of_its_end_and_calls_stay_bounded() {
    for seed in 0..3 {
        let mut dice = seed;
        let mut roll = move |sides: usize| {
            dice = scatter(u64::wrapping_add(dice, 0x9E37_79B9_7F4A_7C15));
            usize::try_from(dice % u64::try_from(sides).unwrap()).unwrap()
        };
        let (ward, names) = at_rest(Memory::in_batches_of(5).detecting(25), 60).await;
        let mut truth: BTreeMap<_, _> = names.iter().map(|name| (name.clone(), Some("v".to_owned()))).collect();
        let kinds = [Kind::Denied, Kind::Unavailable, Kind::Invalid, Kind::NotFound];
        let (listings, reads, mut time) = (ward.memory.listings(), ward.memory.calls(), Duration::ZERO);
        for round in 0..400 {
            let name = &names[roll(60)];
            match roll(12) {
                0..=4 => {
                    ward.memory.set(name, round.to_string());
                    truth.insert(name.clone(), Some(round.to_string()));
                }
                5 => {
                    ward.memory.remove(name);
                    truth.insert(name.clone(), None);
                }
                6 => ward.memory.lag(INTERVAL / 4 * u32::try_from(roll(12)).unwrap()),
                7 => ward.memory.fail_listings(Some(kinds[roll(4)])),
                8 => ward.memory.fail(Some(kinds[roll(4)])),
                9 => ward.memory.fail_key(name, Some(kinds[roll(4)])),
                10 => ward.memory.fail(None),
                _ => ward.memory.fail_listings(None),
            }
            let pause = Duration::from_millis(u64::try_from(roll(9_000)).unwrap());
            tokio::time::sleep(pause).await;
            time += pause;
        }
        let rounds = usize::try_from(time.as_secs() / INTERVAL.as_secs() + 1).unwrap();
        let (listings, reads) = (ward.memory.listings() - listings, ward.memory.calls() - reads);
        assert!(listings <= rounds * 3, "{listings} listings in {rounds} rounds of three slots");
        // Each key once a round, and once more for who is woken and finds nothing handed over.
        assert!(reads <= rounds * 60 * 2, "{reads} reads in {rounds} rounds");
        ward.memory.fail(None);
        ward.memory.fail_listings(None);
        ward.memory.lag(Duration::ZERO);
        for name in &names {
            ward.memory.fail_key(name, None);
        }
        tokio::time::sleep(INTERVAL * 2).await;
        for (name, value) in &truth {
            match (value, ward.holds(name)) {
                (Some(value), Ok(held)) => assert_eq!(*value, held, "{seed} {name}"),
                (None, Err(Seen::Absent { .. })) => {}
                (wanted, held) => panic!("{seed} {name}: {held:?} instead of {wanted:?}"),
            }
        }
        ward.set_all(&names, "at rest");
        tokio::time::sleep(HOUR + INTERVAL * 3).await;
        let (listings, reads) = ward.cost(INTERVAL * 10).await;
        assert!(listings == 30 && reads <= 20, "{seed}: {listings} listings, {reads} reads");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_of_a_detecting_provider_is_read_once() {
    let ward = Ward::new(singly()).await;
    ward.memory.set("a", "v");
    let at = RemoteKey { version: Some("1".into()), ..key("a") };
    let references = vec![Reference::new(ward.session, at)];
    ward.poller.subscribe(&object("a"), Interest { references: references.clone(), interval: Some(INTERVAL) });
    let readings = ward.poller.fetch(&object("a"), &references).await;
    ward.poller.applied(&object("a"), &seen(&readings));
    assert_eq!(ward.cost(INTERVAL * 10).await, (0, 0));
}
