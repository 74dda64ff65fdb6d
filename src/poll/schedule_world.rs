use super::*;

/// A schedule, a world of remote secrets, and a clock.
pub(super) struct World {
    pub(super) schedule: Schedule,
    pub(super) maker: Fingerprinter,
    pub(super) remote: BTreeMap<String, Result<&'static str, Kind>>,
    pub(super) now: Instant,
    /// What was read, with the time since the start.
    pub(super) reads: Vec<(Duration, Vec<String>)>,
    pub(super) start: Instant,
    /// Since when each reference has waited for a poll.
    pub(super) waits: BTreeMap<String, Instant>,
    /// How listings fail, and how many there were.
    pub(super) listing: Option<Kind>,
    pub(super) listings: usize,
}

impl World {
    pub(super) fn new() -> Self {
        let start = Instant::now();
        let bounds = Bounds { once: INTERVAL, least: SECOND };
        let mut schedule = Schedule::new(bounds, start);
        schedule.open(SessionId::new(1));
        let (maker, remote) = (Fingerprinter::random(), BTreeMap::new());
        let waits = BTreeMap::new();
        Self { schedule, maker, remote, now: start, reads: Vec::new(), start, waits, listing: None, listings: 0 }
    }

    pub(super) fn set(&mut self, key: &str, value: Result<&'static str, Kind>) {
        self.remote.insert(key.into(), value);
    }

    pub(super) fn print(&self, value: &str) -> Fingerprint {
        self.maker.of(&Sealed::from(value))
    }

    pub(super) fn subscribe(&mut self, name: &str, keys: &[&str], interval: Option<Duration>) {
        let wanted = keys
            .iter()
            .map(|key| Wanted { reference: reference(key), manner: Some(manner(&reference(key))) })
            .collect();
        self.schedule.subscribe(&object(name), wanted, interval, self.now);
        self.waits.extend(keys.iter().map(|key| ((*key).to_owned(), self.now)));
    }

    pub(super) fn answer(&self, references: &[Reference]) -> Vec<Found> {
        let answer = |key: &str| match self.remote.get(key).copied().unwrap_or(Err(Kind::NotFound)) {
            Ok(value) => Ok(self.print(value)),
            Err(kind) => Err(error(key, kind)),
        };
        let found = |reference: &Reference| Found {
            reference: reference.clone(),
            answer: answer(reference.key().unwrap()),
            names: None,
            manner: manner(reference),
            mark: None,
        };
        references.iter().map(found).collect()
    }

    /// Reads `keys` for an object, and says what it saw.
    pub(super) fn fetch(&mut self, keys: &[&str]) -> Vec<(Reference, Seen)> {
        let references: Vec<_> = keys.iter().map(|key| reference(key)).collect();
        let round = self.round(None);
        let found = self.answer(&references);
        let noted = self.schedule.record(&round, found, self.now);
        references.into_iter().zip(noted.into_iter().map(|noted| noted.seen)).collect()
    }

    pub(super) fn round(&mut self, polled: Option<Duration>) -> Round {
        let order = self.schedule.begin();
        Round { session: SessionId::new(1), order, began: self.now, polled, called: true }
    }

    /// Subscribes, fetches and applies.
    pub(super) fn sync(&mut self, name: &str, keys: &[&str], interval: Option<Duration>) -> Vec<(Reference, Seen)> {
        self.subscribe(name, keys, interval);
        self.resync(name, keys)
    }

    pub(super) fn resync(&mut self, name: &str, keys: &[&str]) -> Vec<(Reference, Seen)> {
        let readings = self.fetch(keys);
        self.schedule.applied(&object(name), &readings, self.now);
        readings
    }

    /// Plays all polls and ticks up to `time` from now; returns who was woken when, since the start.
    pub(super) fn advance(&mut self, time: Duration) -> Vec<(Duration, String)> {
        let end = self.now + time;
        let mut woken = Vec::new();
        while let Some(due) = self.schedule.next_due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            for job in self.schedule.due(self.now) {
                for reference in &job.references {
                    let key = reference.key().unwrap();
                    let since = self.waits.insert(key.to_owned(), self.now).unwrap();
                    assert!(self.now.duration_since(since) <= job.interval, "{key} waited too long");
                }
                self.play(job);
            }
            while let Some(object) = self.schedule.next_wake() {
                woken.push((self.now - self.start, object.name.to_string()));
            }
        }
        self.now = end;
        woken
    }

    pub(super) fn play(&mut self, job: Job) {
        let suspects = match job.way {
            Way::Read(_) => job.references.into_iter().map(|reference| (reference, None)).collect(),
            Way::List(kind) => self.look(kind, job.interval, job.references),
        };
        let (references, marks): (Vec<_>, Vec<_>) = suspects.into_iter().unzip();
        if !references.is_empty() {
            let keys = references.iter().map(|reference| reference.key().unwrap().to_owned()).collect();
            self.reads.push((self.now - self.start, keys));
            let round = self.round(Some(job.interval));
            let mut found = self.answer(&references);
            found.iter_mut().zip(marks).for_each(|(found, mark)| found.mark = mark);
            self.schedule.record(&round, found, self.now);
        }
        self.schedule.returned(references.iter());
        self.schedule.slots.finish(job.slot);
    }

    pub(super) fn look(&mut self, kind: usize, interval: Duration, references: Vec<Reference>) -> Vec<Suspect> {
        let round = self.round(Some(interval));
        self.listings += 1;
        let answer = self.listing.map_or(Ok(()), Err);
        let charged = self.schedule.listed(&round, kind, 1, answer, self.now);
        if let (true, Err(why)) = (charged, answer) {
            let mut found = self.answer(&references);
            for found in &mut found {
                found.answer = Err(error("listing", why));
            }
            self.schedule.record(&round, found, self.now);
            return Vec::new();
        }
        let marks: Vec<_> = self.answer(&references).into_iter().map(|found| found.answer.ok()).collect();
        let marks = marks.into_iter().map(|mark| mark.filter(|_| answer.is_ok()));
        self.schedule.sift(&round, references.into_iter().zip(marks).collect(), self.now)
    }

    pub(super) fn names(&mut self, time: Duration) -> Vec<String> {
        self.advance(time).into_iter().map(|(_, name)| name).collect()
    }

    pub(super) fn dirty(&self, name: &str) -> bool {
        self.schedule.is_dirty(&object(name))
    }

    pub(super) fn reads(&mut self) -> Vec<(Duration, Vec<String>)> {
        std::mem::take(&mut self.reads)
    }
}
