//! Makes families of series in one registry, and remembers them for the reference.

use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, Result};

/// What the reference says of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The exact name.
    pub name: String,
    /// counter, gauge or histogram.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// One sentence.
    pub help: String,
}

/// A registry of our own; nothing is global.
#[derive(Debug, Default)]
pub(super) struct Families {
    registry: Registry,
    made: Vec<Family>,
}

impl Families {
    pub(super) fn counters(&mut self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.add("counter", name, help, labels, counters)
    }

    pub(super) fn counter(&mut self, name: &str, help: &str) -> Result<IntCounter> {
        let counter = IntCounter::new(name, help)?;
        self.add("counter", name, help, &[], counter)
    }

    pub(super) fn gauges(&mut self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec> {
        let gauges = GaugeVec::new(Opts::new(name, help), labels)?;
        self.add("gauge", name, help, labels, gauges)
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str) -> Result<Gauge> {
        let gauge = Gauge::new(name, help)?;
        self.add("gauge", name, help, &[], gauge)
    }

    pub(super) fn histograms(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: &[f64],
    ) -> Result<HistogramVec> {
        let histograms = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)?;
        self.add("histogram", name, help, labels, histograms)
    }

    /// The registry, and its families sorted by name.
    pub(super) fn finish(mut self) -> (Registry, Vec<Family>) {
        self.made.sort_by(|a, b| a.name.cmp(&b.name));
        (self.registry, self.made)
    }

    fn add<C>(&mut self, kind: &'static str, name: &str, help: &str, labels: &[&str], collector: C) -> Result<C>
    where
        C: Collector + Clone + 'static,
    {
        self.registry.register(Box::new(collector.clone()))?;
        let labels = labels.iter().map(ToString::to_string).collect();
        self.made.push(Family { name: name.to_owned(), kind, labels, help: help.to_owned() });
        Ok(collector)
    }
}
