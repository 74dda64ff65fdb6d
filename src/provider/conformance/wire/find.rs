//! Searches in bad weather: all that matches, or an error.

use super::{Answer, Fault, Scope, Wired};
use crate::provider::conformance::find::{NOT_BY_NAME, PAGES, name};
use crate::provider::conformance::{Case, Fixture, Outcome, Verdict, content, declined, ensure, keeps_quiet};
use crate::provider::{Error, Kind, Matches, Search};

const LOSES: &str = "a search that loses any of its calls fails";
const REPEATS: &str = "a listing that repeats its page is not taken for the whole";
const FORGETS: &str = "a page that loses its token is not taken for the last";

/// All of them.
pub(super) const CASES: [&str; 3] = [LOSES, REPEATS, FORGETS];

/// Puts a provider through all of it; what is searched was put by the rules of searching.
pub(super) async fn run(fixture: &dyn Fixture, wired: &Wired) -> Vec<Outcome> {
    if !fixture.searches().name {
        return CASES.map(|case| (case, declined(NOT_BY_NAME))).into();
    }
    vec![
        (LOSES, loses(fixture, wired).await),
        (REPEATS, repeats(fixture, wired).await),
        (FORGETS, forgets(fixture, wired).await),
    ]
}

async fn loses(fixture: &dyn Fixture, wired: &Wired) -> Case {
    let before = wired.wire.calls();
    let whole = is_whole(fixture, &found(fixture, wired, None).await.map_err(|error| error.to_string())?);
    ensure(whole, || "it does not find all in good weather".to_owned())?;
    let calls = wired.wire.calls() - before;
    for after in [0, 1, calls / 2, calls - 1].into_iter().filter(|after| *after < calls) {
        for fault in [Fault::Answer(Answer::json(500, "{}")), Fault::Truncate, Fault::CutOff] {
            let outcome = found(fixture, wired, Some((fault.clone(), after))).await;
            // Reads may come in another order, and a session may sign in meanwhile: then nothing was lost.
            let complete = outcome.as_ref().is_ok_and(|found| after > 0 && is_whole(fixture, found));
            judge(wired, &outcome, complete).map_err(|why| format!("{fault:?} after {after} of {calls}: {why}"))?;
        }
    }
    Ok(Verdict::Holds)
}

async fn repeats(fixture: &dyn Fixture, wired: &Wired) -> Case {
    let outcome = found(fixture, wired, Some((Fault::Repeat, 0))).await;
    let complete = outcome.as_ref().is_ok_and(|found| is_whole(fixture, found));
    judge(wired, &outcome, complete).map(|()| Verdict::Holds)
}

async fn forgets(fixture: &dyn Fixture, wired: &Wired) -> Case {
    let Some(edit) = fixture.loses_token() else {
        return declined("only the token says that there is more");
    };
    let outcome = found(fixture, wired, Some((Fault::Edit(edit), 0))).await;
    judge(wired, &outcome, false).map(|()| Verdict::Holds)
}

async fn found(fixture: &dyn Fixture, wired: &Wired, fault: Option<(Fault, usize)>) -> Result<Matches, Error> {
    let search = Search::new(&name(fixture, "find-page-"))?;
    if let Some((fault, after)) = fault {
        wired.wire.befall(fault, Scope { after, about: None }).await;
    }
    let outcome = wired.provider.find(&search).await;
    wired.wire.heal().await;
    outcome
}

fn judge(wired: &Wired, outcome: &Result<Matches, Error>, complete: bool) -> Result<(), String> {
    keeps_quiet(wired.provider.name(), outcome.as_ref().err())?;
    match outcome {
        Err(error) => ensure(error.kind != Kind::NotFound, || format!("it is taken for absence: {error}")),
        Ok(found) => ensure(complete, || format!("it found {} of {PAGES}", found.entries().len())),
    }
}

/// Whether all is there that the rule of pages has put, with its values.
fn is_whole(fixture: &dyn Fixture, found: &Matches) -> bool {
    let names = (0..PAGES).map(|number| format!("find-page-{number:03}"));
    let right = |name: String| found.entries().get(&fixture.listed(&name)) == Some(&content(&name));
    found.entries().len() == PAGES && names.into_iter().all(right)
}
