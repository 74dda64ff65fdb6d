//! What the process prints: one line an event, JSON or text, on standard error; and how an error is printed.
//!
//! No line holds a secret value. Ours cannot, since `Sealed` does not print; dependencies are kept at `warn`, since
//! their debug lines quote requests and answers; a panic is logged by its place, without its message. A span's own name
//! is its `name`, so an object's name is a field called `object`.

use std::error::Error;
use std::io;
use std::panic;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;

use super::cli::Format;
use super::settings::Log;

/// The most bytes that [`chain`] answers; an event's note may have 1024.
pub const CHAIN_LIMIT: usize = 1024;

/// The prefix of our crates' targets.
const OURS: &str = "keyferry";

/// Prints from here on, for the whole process; fails when somebody already does.
pub fn start(log: Log) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(log, io::stderr))?;
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(())
}

/// An error and its causes, outermost first, in at most [`CHAIN_LIMIT`] bytes.
///
/// A cause that the text before it already ends with is not repeated.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = text + ": " + &next;
        }
        cause = error.source();
    }
    text.truncate(text.floor_char_boundary(CHAIN_LIMIT));
    text
}

fn subscriber<W>(log: Log, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    let lines = match log.format {
        Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        Format::Text => lines.with_ansi(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter(log.level)))
}

fn filter(level: Level) -> Targets {
    let level = LevelFilter::from_level(level);
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(OURS, level)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Printed(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(level: Level, format: Format, work: impl FnOnce()) -> String {
        let sink = Printed::default();
        let writer = sink.clone();
        tracing::subscriber::with_default(subscriber(Log { level, format }, move || writer.clone()), work);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Step(&'static str, #[source] Option<Box<Step>>);

    #[test]
    fn a_json_line_has_the_events_fields_and_its_spans() {
        let line = printed(Level::INFO, Format::Json, || {
            let _span = tracing::info_span!("reconcile", kind = "ExternalSecret", object = "db").entered();
            tracing::info!(keys = 2, "synced");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&line["level"], &line["message"], &line["keys"]), (&"INFO".into(), &"synced".into(), &2.into()));
        assert_eq!((&line["span"]["kind"], &line["span"]["object"]), (&"ExternalSecret".into(), &"db".into()));
    }

    #[test]
    fn a_text_line_has_the_span_too() {
        let line = printed(Level::INFO, Format::Text, || {
            let _span = tracing::info_span!("reconcile", object = "db").entered();
            tracing::info!("synced");
        });
        assert!(line.contains("reconcile{object=\"db\"}") && line.contains("synced"), "{line}");
    }

    #[test]
    fn a_line_below_the_level_is_not_printed() {
        assert_eq!(printed(Level::WARN, Format::Json, || tracing::info!("synced")), "");
        assert_ne!(printed(Level::DEBUG, Format::Json, || tracing::debug!("polled")), "");
    }

    #[test]
    fn dependencies_never_print_below_warn() {
        let line = printed(Level::DEBUG, Format::Json, || {
            tracing::debug!(target: "hyper::proto", "body");
            tracing::info!(target: "aws_config", "profile");
            tracing::warn!(target: "kube_client", "retrying");
        });
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(printed(Level::ERROR, Format::Json, || tracing::warn!(target: "hyper", "late")), "");
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let error = Step("could not sync", Some(Box::new(Step("could not read: timed out", None))));
        assert_eq!(chain(&error), "could not sync: could not read: timed out");
        let repeating = Step("could not read: timed out", Some(Box::new(Step("timed out", None))));
        assert_eq!(chain(&repeating), "could not read: timed out");
    }

    #[test]
    fn a_long_chain_is_cut_between_characters() {
        let long: &'static str = "é".repeat(600).leak();
        let error = Step("x", Some(Box::new(Step(long, None))));
        let text = chain(&error);
        assert_eq!(text.len(), CHAIN_LIMIT - 1);
        assert!(text.starts_with("x: é"));
    }
}
