use std::sync::atomic::{AtomicUsize, Ordering};

use crate::poll::testing::{Chest, Keys};

use super::*;

#[derive(Debug, Default)]
struct Heard {
    opened: Mutex<Vec<SessionId>>,
    closed: Mutex<Vec<SessionId>>,
    used: Mutex<Vec<SessionId>>,
}

impl Listener for Heard {
    fn opened(&self, session: SessionId) {
        held(&self.opened).push(session);
    }

    fn closed(&self, session: SessionId) {
        held(&self.closed).push(session);
    }

    fn uses(&self, session: SessionId) -> bool {
        held(&self.used).contains(&session)
    }
}

struct House {
    heard: Arc<Heard>,
    sessions: Sessions,
    keys: Arc<Keys>,
    chest: Arc<Chest>,
    tries: AtomicUsize,
}

impl House {
    fn new() -> Self {
        let heard = Arc::new(Heard::default());
        let sessions = Sessions::new(&Settings::default(), heard.clone());
        Self { heard, sessions, keys: Arc::default(), chest: Arc::default(), tries: AtomicUsize::new(0) }
    }

    async fn open(&self, key: SessionKey, good: bool) -> Result<SessionId, Error> {
        self.sessions
            .open(key, || async {
                self.tries.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
                let keys: Arc<dyn Credentials> = self.keys.clone();
                if good { Ok((self.chest.clone() as Arc<dyn Provider>, keys)) } else { Err(too_slow()) }
            })
            .await
    }

    fn tries(&self) -> usize {
        self.tries.load(Ordering::Relaxed)
    }
}

fn key(store: &str, generation: i64, namespace: Option<&str>) -> SessionKey {
    SessionKey { store_uid: store.into(), generation, consumer_namespace: namespace.map(Into::into) }
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_at_once_a_session_is_opened_once() {
    let house = House::new();
    let asked = futures::future::join_all((0..100).map(|_| house.open(key("a", 1, None), true))).await;
    assert!(asked.iter().all(|id| id == &asked[0]));
    assert_eq!((house.tries(), held(&house.heard.opened).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_objects_of_a_bad_store_cost_one_try_an_interval() {
    let house = House::new();
    for _ in 0..2 {
        let asked = futures::future::join_all((0..1000).map(|_| house.open(key("a", 1, None), false))).await;
        assert!(asked.iter().all(Result::is_err));
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    assert_eq!(house.tries(), 1);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(house.open(key("a", 1, None), true).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_opening_leaves_the_door_to_the_next() {
    let house = House::new();
    tokio::time::timeout(Duration::from_millis(10), house.open(key("a", 1, None), true)).await.unwrap_err();
    assert!(house.open(key("a", 1, None), true).await.is_ok());
    assert_eq!(house.tries(), 2);
}

#[tokio::test(start_paused = true)]
async fn store_namespace_and_generation_each_have_sessions_of_their_own() {
    let house = House::new();
    let keys = [key("a", 1, None), key("b", 1, None), key("a", 1, Some("x")), key("a", 1, Some("y"))];
    let mut ids = Vec::new();
    for key in keys {
        ids.push(house.open(key, true).await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let next = house.open(key("a", 2, None), true).await.unwrap();
    assert!(!ids.contains(&next));
    assert_eq!(*held(&house.heard.closed), [ids[0]]);
}

#[tokio::test(start_paused = true)]
async fn changed_credentials_close_the_session_and_the_next_has_another_number() {
    let house = House::new();
    let before = house.open(key("a", 1, None), true).await.unwrap();
    assert!(!house.sessions.check_credentials("a").await);
    house.keys.change();
    assert!(!house.sessions.check_credentials("b").await);
    assert!(house.sessions.check_credentials("a").await);
    assert_eq!(*held(&house.heard.closed), [before]);
    assert!(house.sessions.get(before).is_none());
    assert_ne!(house.open(key("a", 1, None), true).await.unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_has_no_session_and_no_remembered_failure() {
    let house = House::new();
    let one = house.open(key("a", 1, Some("x")), true).await.unwrap();
    house.open(key("a", 1, Some("y")), false).await.unwrap_err();
    let other = house.open(key("b", 1, None), true).await.unwrap();
    house.sessions.close_store("a");
    assert_eq!(*held(&house.heard.closed), [one]);
    assert!(house.open(key("a", 1, Some("y")), true).await.is_ok());
    assert!(house.sessions.get(other).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_uses_is_closed_and_its_door_is_forgotten() {
    let house = House::new();
    let used = house.open(key("a", 1, None), true).await.unwrap();
    let unused = house.open(key("b", 1, None), true).await.unwrap();
    held(&house.heard.used).push(used);
    house.sessions.close_idle();
    assert!(held(&house.heard.closed).is_empty());
    tokio::time::sleep(Settings::default().session_idle).await;
    house.sessions.close_idle();
    assert_eq!(*held(&house.heard.closed), [unused]);
    assert_eq!(held(&house.sessions.state).doors.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_closed_gives_back_what_its_provider_keeps_for_it_once() {
    let house = House::new();
    for store in ["a", "b", "c"] {
        house.open(key(store, 1, None), true).await.unwrap();
    }
    house.sessions.close_store("a");
    house.sessions.close_store("a");
    tokio::task::yield_now().await;
    assert_eq!(house.chest.closed(), 1);
    house.open(key("b", 2, None), true).await.unwrap();
    house.sessions.close_all(Duration::from_secs(5)).await;
    assert_eq!(house.chest.closed(), 4, "the old and the new session of b, and c's");
}
