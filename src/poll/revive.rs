//! What is read before its next tick: as soon as a throttled session may call, and at once when a session's credentials are
//! believed again.
//!
//! A throttled session has few turns, and who was refused in the last one would wait for its tick when the provider has
//! long been well. So it stands in line again, at the end.
//!
//! Under suspicion one call an interval is made for all, and all others are refused without a try. When that one comes
//! through, the others have waited for an interval already: they do not wait for their slots' next tick as well.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::provider::Kind;

use super::identity::SessionId;
use super::known::Known;
use super::record::{Found, Round};
use super::schedule::Schedule;
use super::seen::Mark;
use super::slots::SlotId;

impl Schedule {
    /// Has every slot of `session` read now in which something was refused for its credentials, if these have just come
    /// to be believed again. Permits and pace hold as for any call.
    pub(super) fn revive(&mut self, session: SessionId, now: Instant) {
        let Some(health) = self.sessions.get_mut(&session) else { return };
        if !health.has_recovered() {
            return;
        }
        let known = health.references.iter().filter_map(|number| self.known.get(*number));
        let slots: BTreeSet<SlotId> = known.filter(|known| is_refused(known)).filter_map(|known| known.slot).collect();
        for slot in slots {
            self.slots.hasten(slot, now);
        }
    }

    /// Has the slots of a poll that was throttled read again when the session's pace allows.
    pub(super) fn retry(&mut self, round: &Round, found: &[Found]) {
        let throttled = |found: &&Found| matches!(&found.answer, Err(error) if error.kind == Kind::Throttled);
        let free = self.sessions.get(&round.session).and_then(|health| health.pace.free());
        let Some(free) = free.filter(|_| round.called && round.polled.is_some()) else { return };
        let numbers = found.iter().filter(throttled).filter_map(|found| self.references.get(&found.reference));
        let slots: BTreeSet<SlotId> = numbers.filter_map(|number| self.known.get(*number)?.slot).collect();
        for slot in slots {
            self.slots.bring_forward(slot, free);
        }
    }
}

fn is_refused(known: &Known) -> bool {
    matches!(&known.mark, Mark::Failed(error) if error.kind == Kind::Unauthenticated)
}
