//! Our side of a case.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use goregex::Regexp;
use gotemplate::{Functions, Map, MissingKey, Parser, Template, Value};
use sprig::System;

use crate::case::{Case, Cases, Work};

/// What was measured.
pub(crate) struct Measured {
    /// Of one time.
    pub(crate) nanoseconds: f64,
    pub(crate) output: Vec<u8>,
}

/// How long this thread has been on a processor: what else the machine does is no part of it.
fn on_processor() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().context("Linux counts it")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

type Operation<'a> = Box<dyn Fn() -> Result<Vec<u8>> + 'a>;

/// Repeats a case until `least` is over.
pub(crate) fn measure(case: &Case, cases: &Cases, least: Duration) -> Result<Measured> {
    let run = operation(case, cases)?;
    let output = run()?;
    let mut count = 1_u32;
    loop {
        let start = on_processor()?;
        for _ in 0..count {
            std::hint::black_box(run()?);
        }
        let taken = on_processor()?.saturating_sub(start);
        if taken >= least {
            return Ok(Measured { nanoseconds: taken.as_secs_f64() * 1e9 / f64::from(count), output });
        }
        count *= 2;
    }
}

fn operation<'a>(case: &'a Case, cases: &'a Cases) -> Result<Operation<'a>> {
    Ok(match &case.work {
        Work::ParseAndExecute { template, data } => {
            let (functions, data) = (sprig::functions(System), value(data));
            Box::new(move || Ok(parse(template, &functions)?.render(&data)?))
        }
        Work::Execute { template, data } => {
            let (template, data) = (parse(template, &sprig::functions(System))?, value(data));
            Box::new(move || Ok(template.render(&data)?))
        }
        Work::Path { document, path } => {
            let document = cases.documents.get(document).context("the document is there")?;
            Box::new(move || {
                let found = gjson::get(document, path)?;
                Ok(found.map(|value| value.as_bytes().into_owned()).unwrap_or_default())
            })
        }
        Work::CompileAndReplace { pattern, text, replacement } => {
            Box::new(move || Ok(Regexp::new(pattern)?.replace_all(text, replacement)))
        }
        Work::Replace { pattern, text, replacement } => {
            let regexp = Regexp::new(pattern)?;
            Box::new(move || Ok(regexp.replace_all(text, replacement)))
        }
    })
}

fn parse(source: &str, functions: &Functions) -> Result<Template> {
    let parser = Parser { missing_key: MissingKey::Error, ..Parser::default() };
    Ok(parser.parse("t", source, functions)?)
}

fn value(data: &BTreeMap<&'static str, String>) -> Value {
    Map::strings(data).into()
}
