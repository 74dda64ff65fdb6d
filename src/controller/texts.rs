//! The ConfigMaps and Secrets that templates are kept in: who uses which, at which version, and when each is looked at
//! again.
//!
//! They are looked at and not watched: RBAC cannot narrow a watch to metadata, nor to the objects that are named. A look
//! is a read of metadata from the API server's cache, one for all users of an object, within the budget of the checks.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::template::Source;
use crate::poll::ObjectId;

/// An object that holds templates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) namespace: Arc<str>,
    pub(super) source: Source,
}

/// One object's use of a text.
#[derive(Debug)]
struct Use {
    /// What it was when it was rendered; none where it was missing.
    version: Option<String>,
    every: Duration,
}

/// All texts that are in use.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    users: HashMap<Place, HashMap<ObjectId, Use>>,
    used: HashMap<ObjectId, BTreeSet<Place>>,
    looks: BTreeSet<(Instant, Place)>,
    due: HashMap<Place, Instant>,
    stale: HashSet<ObjectId>,
}

impl Texts {
    /// Says which texts an object has just used, and how soon it wants to hear of another version.
    pub(super) fn uses(
        &self,
        id: &ObjectId,
        versions: BTreeMap<Source, Option<String>>,
        every: Duration,
        now: Instant,
    ) {
        let mut state = self.held();
        state.forget(id);
        for (source, version) in versions {
            let place = Place { namespace: Arc::clone(&id.namespace), source };
            state.users.entry(place.clone()).or_default().insert(id.clone(), Use { version, every });
            state.used.entry(id.clone()).or_default().insert(place.clone());
            if state.due.get(&place).is_none_or(|due| *due > now + every) {
                state.look_at(&place, Some(now + every));
            }
        }
    }

    /// The text that has waited longest for a look, once that is due. It is due again at its users' pace.
    pub(super) fn due(&self, now: Instant) -> Option<Place> {
        let mut state = self.held();
        let (due, place) = state.looks.first().cloned()?;
        if due > now {
            return None;
        }
        let every = state.users.get(&place).into_iter().flatten().map(|(_, user)| user.every).min();
        state.look_at(&place, every.map(|every| now + every));
        Some(place)
    }

    /// A text was seen at a version, none where it is missing: the objects that have used another.
    pub(super) fn seen(&self, place: &Place, version: Option<&str>) -> Vec<ObjectId> {
        let mut state = self.held();
        let users = state.users.get(place).into_iter().flatten();
        let late: Vec<ObjectId> =
            users.filter(|(_, user)| user.version.as_deref() != version).map(|(id, _)| id.clone()).collect();
        state.stale.extend(late.iter().cloned());
        late
    }

    /// Whether a text that the object uses is another now.
    pub(super) fn is_stale(&self, id: &ObjectId) -> bool {
        self.held().stale.contains(id)
    }

    /// Forgets an object.
    pub(super) fn forget(&self, id: &ObjectId) {
        self.held().forget(id);
    }

    fn held(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, id: &ObjectId) {
        self.stale.remove(id);
        for place in self.used.remove(id).into_iter().flatten() {
            let Some(users) = self.users.get_mut(&place) else { continue };
            users.remove(id);
            if users.is_empty() {
                self.users.remove(&place);
                self.look_at(&place, None);
            }
        }
    }

    /// Moves a text's place among the looks.
    fn look_at(&mut self, place: &Place, due: Option<Instant>) {
        let old = match due {
            Some(due) => self.due.insert(place.clone(), due),
            None => self.due.remove(place),
        };
        if let Some(old) = old {
            self.looks.remove(&(old, place.clone()));
        }
        self.looks.extend(due.map(|due| (due, place.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::template::Holder;

    const PACE: Duration = Duration::from_secs(10);

    fn id(name: &str) -> ObjectId {
        ObjectId::new("ns", name, "uid")
    }

    fn source(name: &str) -> Source {
        Source { holder: Holder::ConfigMap, name: name.to_owned() }
    }

    fn uses(texts: &Texts, user: &str, version: Option<&str>, now: Instant) {
        let versions = BTreeMap::from([(source("map"), version.map(str::to_owned))]);
        texts.uses(&id(user), versions, PACE, now);
    }

    #[test]
    fn a_text_is_looked_at_once_for_all_its_users_and_again_at_their_pace() {
        let (texts, now) = (Texts::default(), Instant::now());
        uses(&texts, "a", Some("1"), now);
        uses(&texts, "b", Some("1"), now + PACE / 2);
        assert_eq!(texts.due(now), None);
        assert!(texts.due(now + PACE).is_some());
        assert_eq!(texts.due(now + PACE), None);
        assert!(texts.due(now + PACE * 2).is_some());
    }

    #[test]
    fn those_that_have_used_another_version_are_stale_until_they_use_the_new_one() {
        let (texts, now) = (Texts::default(), Instant::now());
        uses(&texts, "a", Some("1"), now);
        uses(&texts, "b", Some("2"), now);
        let place = Place { namespace: "ns".into(), source: source("map") };
        assert_eq!(texts.seen(&place, Some("2")), [id("a")]);
        assert!(texts.is_stale(&id("a")) && !texts.is_stale(&id("b")));
        uses(&texts, "a", Some("2"), now);
        assert!(!texts.is_stale(&id("a")) && texts.seen(&place, Some("2")).is_empty());
        assert_eq!(texts.seen(&place, None).len(), 2);
    }

    #[test]
    fn what_nobody_uses_is_not_looked_at() {
        let (texts, now) = (Texts::default(), Instant::now());
        uses(&texts, "a", None, now);
        texts.uses(&id("a"), BTreeMap::new(), PACE, now);
        assert_eq!(texts.due(now + PACE * 2), None);
        uses(&texts, "a", None, now);
        texts.forget(&id("a"));
        assert_eq!(texts.due(now + PACE * 2), None);
    }
}
