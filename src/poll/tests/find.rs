//! Searches, which are polled as one secret is.

use super::*;
use crate::provider::Query;

fn by_name(expression: &str) -> Query {
    Query { name: Some(expression.into()), ..Query::default() }
}

impl House {
    async fn sync_search(&self, name: &str, query: Query) -> Vec<Reading> {
        let references = vec![Reference::new(self.session, query)];
        let interest = Interest { references: references.clone(), interval: Some(INTERVAL) };
        self.poller.subscribe(&object(name), interest);
        let readings = self.poller.fetch(&object(name), &references).await;
        self.poller.applied(&object(name), &seen(&readings));
        readings
    }

    fn fill(&self, names: &[&str]) {
        for name in names {
            self.chest.set(name, Answer::Value("v"));
        }
    }

    fn empty(&self, names: &[&str]) {
        for name in names {
            self.chest.unset(name);
        }
    }
}

/// The names in a search's answer, or why there is none.
fn names(reading: &Reading) -> Result<Vec<String>, Kind> {
    match (&reading.seen, &reading.value) {
        (Seen::Value(_), Some(value)) => {
            Ok(value.unpack().unwrap().iter().map(|(name, _)| (*name).to_owned()).collect())
        }
        (Seen::Failed(error), None) => Err(error.kind),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn equal_searches_of_many_objects_are_one_call_a_round() {
    let house = House::new().await;
    house.fill(&["db-1", "db-2", "web-1"]);
    for object in ["a", "b", "c", "d"] {
        let readings = house.sync_search(object, by_name("^db-")).await;
        assert_eq!(names(&readings[0]).unwrap(), ["db-1", "db-2"]);
    }
    tokio::time::sleep(INTERVAL).await;
    house.chest.calls();
    tokio::time::sleep(INTERVAL * 10).await;
    assert_eq!(house.chest.calls().len(), 10);
    assert_eq!(house.poller.stats().references, 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_match_wakes_and_other_names_do_not() {
    let mut house = House::new().await;
    house.fill(&["db-1", "db-2", "db-3"]);
    house.sync_search("a", by_name("^db-")).await;
    house.fill(&["web-1"]);
    tokio::time::sleep(INTERVAL * 3).await;
    assert!(house.quiet());
    house.fill(&["db-4"]);
    assert_eq!(house.woken().await, "a");
    let readings = house.sync_search("a", by_name("^db-")).await;
    assert_eq!(names(&readings[0]).unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_match_of_three_that_is_gone_is_gone_at_once() {
    let mut house = House::new().await;
    house.fill(&["db-1", "db-2", "db-3"]);
    house.sync_search("a", by_name("^db-")).await;
    house.empty(&["db-2"]);
    assert_eq!(house.woken().await, "a");
    let readings = house.sync_search("a", by_name("^db-")).await;
    assert_eq!(names(&readings[0]).unwrap(), ["db-1", "db-3"]);
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_most_matches_is_believed_after_two_intervals() {
    let mut house = House::new().await;
    house.fill(&["db-1", "db-2", "db-3"]);
    house.sync_search("a", by_name("^db-")).await;
    house.empty(&["db-1", "db-2"]);
    assert_eq!(house.woken().await, "a");
    let began = now();
    assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Err(Kind::Unavailable));
    while names(&house.sync_search("a", by_name("^db-")).await[0]).is_err() {
        assert_eq!(house.woken().await, "a");
    }
    assert!((INTERVAL * 3 / 2..INTERVAL * 3).contains(&now().duration_since(began)), "{:?}", now() - began);
}

#[tokio::test(start_paused = true)]
async fn matches_that_come_back_were_never_gone() {
    let mut house = House::new().await;
    house.fill(&["db-1", "db-2", "db-3"]);
    let before = house.sync_search("a", by_name("^db-")).await;
    house.empty(&["db-1", "db-2", "db-3"]);
    assert_eq!(house.woken().await, "a");
    assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Err(Kind::Unavailable));
    house.fill(&["db-1", "db-2", "db-3"]);
    assert_eq!(house.woken().await, "a");
    assert_eq!(seen(&house.sync_search("a", by_name("^db-")).await), seen(&before));
}

#[tokio::test(start_paused = true)]
async fn a_loss_that_changes_all_the_time_is_not_believed() {
    let mut house = House::new().await;
    house.fill(&["db-1", "db-2", "db-3", "db-4"]);
    house.sync_search("a", by_name("^db-")).await;
    for round in 0..8 {
        house.empty(&["db-1", "db-2", "db-3", "db-4"]);
        house.fill(&[["db-1", "db-2", "db-3"][round % 3]]);
        tokio::time::sleep(INTERVAL).await;
        assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Err(Kind::Unavailable), "{round}");
    }
    assert!(house.wakes.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_search_that_never_found_anything_says_so_only_when_it_is_sure() {
    let mut house = House::new().await;
    assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Err(Kind::Unavailable));
    while names(&house.sync_search("a", by_name("^db-")).await[0]).is_err() {
        assert_eq!(house.woken().await, "a");
    }
    assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_search_with_one_match_that_fails_fails_and_a_bad_expression_is_no_call() {
    let house = House::new().await;
    house.fill(&["db-1"]);
    house.chest.set("db-2", Answer::Fails(Kind::Denied));
    assert_eq!(names(&house.sync_search("a", by_name("^db-")).await[0]), Err(Kind::Denied));
    house.chest.calls();
    assert_eq!(names(&house.sync_search("b", by_name("(")).await[0]), Err(Kind::Invalid));
    assert!(house.chest.calls().is_empty());
}
