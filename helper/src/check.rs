//! `keyferry-helper check`: what is wrong with the helper, its mounts and the handles of a configuration.
//!
//! [`gather`] asks the system for facts; [`executable`], [`root`], [`handles`] and [`environment`] judge them and know no
//! system; [`finding`] is the closed list of what they can say, and [`report`] says it. Values are read to be judged, stay in
//! `Sealed`, and are in no report.

pub mod configurations;
pub mod environment;
pub mod executable;
pub mod finding;
pub mod gather;
pub mod handles;
pub mod mountinfo;
pub mod options;
pub mod report;
pub mod rights;
pub mod root;
pub mod token;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use configurations::Configurations;
use environment::Environment;
use executable::Executable;
use finding::{Code, Finding};
use gather::{Command, Judge};
use handles::{Checked, Outcome, Value};
use mountinfo::Mounts;
use options::Options;
use report::Report;

use crate::cli;
use crate::failure::Failure;
use crate::handle::Handle;
use crate::reader::View;
use crate::settings::{Given, Settings};

/// What a check says: for standard output, and whether anything that was found is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Text or JSON, as it was asked for.
    pub text: String,
    /// Whether the exit status is 1.
    pub failed: bool,
}

/// Looks at everything that was asked for.
pub fn run(options: &Options) -> Said {
    if options.help {
        return Said { text: options::USAGE.to_owned(), failed: false };
    }
    let report = Check::new(options, environment()).report();
    let text = if options.json { report.json() } else { report.to_string() };
    Said { text, failed: report.status() > 0 }
}

/// The variables of this process that are text.
fn environment() -> Environment {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    Environment::new(std::env::vars_os().filter_map(text))
}

/// One check on its way: what it knows, and what it found so far.
struct Check<'a> {
    options: &'a Options,
    environment: Environment,
    judge: Judge,
    mounts: Option<Mounts>,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn new(options: &'a Options, environment: Environment) -> Self {
        let findings = environment.judge();
        let judge = Judge::new(options.identity.clone());
        Self { options, environment, judge, mounts: gather::mounts(), findings }
    }

    fn report(mut self) -> Report {
        self.surroundings();
        let executable = self.executable();
        let settings = self.settings();
        let roots: Vec<root::Root> =
            settings.roots.iter().map(|path| gather::root(path, &self.judge, self.mounts.as_ref())).collect();
        let configurations = Configurations::read(&self.options.configs);
        let handles = resolved(&configurations, &settings);
        self.findings.extend(self.judged(&roots, &handles, &settings, configurations.complete));
        self.findings.extend(configurations.findings);
        self.findings.sort_by_key(|finding| finding.code);
        Report {
            identity: self.judge.identity,
            executable,
            roots,
            configurations: configurations.files,
            handles,
            findings: self.findings,
        }
    }

    /// What is around the helper, whatever its roots are.
    fn surroundings(&mut self) {
        if self.mounts.is_none() {
            self.find(Code::MountsUnknown, "/proc/self/mountinfo", "it cannot be read");
        }
        if self.judge.identity.uid == 0 {
            self.find(Code::RunsAsRoot, "uid 0", "it may read and write what its capabilities let it");
        }
        if gather::token_is_reachable(&self.judge) {
            self.find(Code::TokenReachable, token::MOUNTED, "this user may read it");
        }
    }

    fn find(&mut self, code: Code, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.findings.push(Finding::new(code, place, what));
    }

    /// The executable that the agent runs: its command if there is one, else this program.
    fn executable(&mut self) -> Option<Executable> {
        let path = self.command().or_else(|| std::env::current_exe().ok());
        let found = path.and_then(|path| gather::executable(&path, &self.judge, self.mounts.as_ref()));
        match &found {
            Some(found) => self.findings.extend(found.judge(&self.judge.identity, self.environment.group_exec())),
            None => self.find(Code::ExecutableUnknown, "this program", "its file cannot be found"),
        }
        found
    }

    fn command(&mut self) -> Option<PathBuf> {
        let command = self.environment.command()?.to_owned();
        match gather::command(&command) {
            Command::Missing => self.find(Code::CommandMissing, command.display(), "there is no such file"),
            Command::Other => self.find(Code::CommandOther, command.display(), "its bytes are not this program's"),
            Command::Same => {}
        }
        command.is_file().then_some(command)
    }

    /// The settings that a call of the agent would have, with the roots and the list that were asked for.
    fn settings(&mut self) -> Settings {
        let mut given = self.agents();
        let roots = self.options.roots.clone();
        if !roots.is_empty() && !given.roots.is_empty() && roots != given.roots {
            self.find(
                Code::RootNotGiven,
                paths(&given.roots),
                format!("and the check was asked for {}", paths(&roots)),
            );
        }
        if !roots.is_empty() {
            given.roots = roots;
        }
        given.allow = self.options.allow.clone().or(given.allow);
        let roots = given.roots.clone();
        Settings::gather(given).unwrap_or_else(|words| {
            self.find(Code::SettingsUnusable, "settings", words);
            Settings { roots, ..Settings::default() }
        })
    }

    /// What the agent gives the helper as arguments.
    fn agents(&mut self) -> Given {
        let words = match cli::parse(self.environment.arguments()) {
            Ok(cli::Command::Protocol(given)) => return given,
            Ok(_) => "they ask for something else than the protocol".to_owned(),
            Err(words) => words,
        };
        self.find(Code::ArgumentsUnusable, environment::ARGUMENTS, words);
        Given::default()
    }

    fn judged(&self, roots: &[root::Root], handles: &[Checked], settings: &Settings, complete: bool) -> Vec<Finding> {
        let max_age = self.options.max_age;
        let mut found: Vec<Finding> = roots.iter().flat_map(|root| root.judge(&self.judge.identity, max_age)).collect();
        found.extend(handles::judge(handles, &self.environment, settings));
        if complete {
            found.extend(roots.iter().filter_map(|root| handles::unused(root, handles)));
        }
        found
    }
}

fn paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
}

/// What becomes of each handle, all read in one call as an agent does it.
fn resolved(configurations: &Configurations, settings: &Settings) -> Vec<Checked> {
    let reader = settings.reader();
    reader.call(|view| configurations.handles.checked(|handle| outcome(view, settings, handle)))
}

fn outcome(view: &View<'_>, settings: &Settings, written: &str) -> Outcome {
    if crate::configuration::has_template_variable(written) {
        return Outcome::Template;
    }
    match value(view, settings, written) {
        Ok(value) => Outcome::Resolves(value),
        Err(failure) => Outcome::Fails(failure),
    }
}

fn value(view: &View<'_>, settings: &Settings, written: &str) -> Result<Value, Failure> {
    let handle = Handle::parse(written).map_err(Failure::Handle)?;
    if !settings.allow.iter().all(|list| list.allows(written)) {
        return Err(Failure::NotAllowed);
    }
    let reading = view.read(&handle)?;
    let file: &Path = &reading.origin.root.join(&reading.origin.path);
    Ok(Value::of(&handle, file.to_owned(), &reading.value))
}
