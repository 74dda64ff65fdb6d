//! The report: what was looked at, and what was found; the same as JSON and as text.

use std::fmt::{self, Display, Write as _};

use serde::Serialize;

use super::executable::Executable;
use super::finding::{Finding, Severity};
use super::handles::{Checked, Outcome, shown as shown_handle};
use super::rights::{Identity, RightsMode, Standing};
use super::root::{Open, Root, shown};

/// The form of the JSON; it changes when a field changes its meaning or goes away.
pub const SCHEMA: &str = "keyferry.dev/helper-check/v1";

/// All that a check knows. No field holds a value, nor anything that depends on one but the verdict.
#[derive(Debug)]
pub struct Report {
    /// Whose rights were judged.
    pub identity: Identity,
    /// The executable that the agent runs.
    pub executable: Option<Executable>,
    /// The roots, in their order.
    pub roots: Vec<Root>,
    /// How many files of configuration were read.
    pub configurations: usize,
    /// Their handles.
    pub handles: Vec<Checked>,
    /// What is wrong, in the order of the list of findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The exit status: 1 if a finding is an error.
    pub fn status(&self) -> u8 {
        u8::from(self.count(Severity::Error) > 0)
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The report as one JSON object, indented, with a line break at its end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&Document::of(self)).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema: &'static str,
    version: &'static str,
    status: u8,
    errors: usize,
    warnings: usize,
    notes: usize,
    identity: Who,
    executable: Option<Program>,
    roots: Vec<Folder>,
    configurations: usize,
    handles: Vec<Named>,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Who {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Program {
    path: String,
    mode: String,
    uid: u32,
    gid: u32,
    /// `accepted`, or why not.
    default: String,
    allow_group_exec_perm: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    path: String,
    error: Option<String>,
    real_path: Option<String>,
    mode: Option<String>,
    uid: Option<u32>,
    gid: Option<u32>,
    file_system: Option<String>,
    read_only: Option<bool>,
    generation: Option<String>,
    age_seconds: Option<u64>,
    keys: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    handle: String,
    /// `resolves`, `fails` or `template`.
    outcome: &'static str,
    error: Option<String>,
    places: Vec<String>,
}

#[derive(Serialize)]
struct Found {
    id: &'static str,
    severity: Severity,
    title: &'static str,
    what: String,
    #[serde(rename = "where")]
    place: String,
    cure: &'static str,
}

impl Document {
    fn of(report: &Report) -> Self {
        let Identity { uid, gid, groups } = report.identity.clone();
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            status: report.status(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
            identity: Who { uid, gid, groups },
            executable: report.executable.as_ref().map(Program::of),
            roots: report.roots.iter().map(Folder::of).collect(),
            configurations: report.configurations,
            handles: report.handles.iter().map(Named::of).collect(),
            findings: report.findings.iter().map(Found::of).collect(),
        }
    }
}

impl Program {
    fn of(executable: &Executable) -> Self {
        let Standing { mode, uid, gid } = executable.standing;
        Self {
            path: executable.path.clone(),
            mode: octal(mode),
            uid,
            gid,
            default: verdict(executable, RightsMode::Default),
            allow_group_exec_perm: verdict(executable, RightsMode::GroupExec),
        }
    }
}

fn verdict(executable: &Executable, option: RightsMode) -> String {
    executable.verdict(option).map_or_else(|refusal| refusal.to_string(), |()| "accepted".to_owned())
}

fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

impl Folder {
    fn of(root: &Root) -> Self {
        let open = root.state.as_ref().ok();
        let mount = open.and_then(|open| open.mount.as_ref());
        Self {
            path: root.path.display().to_string(),
            error: root.state.as_ref().err().cloned(),
            real_path: open.map(|open| open.real.display().to_string()),
            mode: open.map(|open| octal(open.standing.mode)),
            uid: open.map(|open| open.standing.uid),
            gid: open.map(|open| open.standing.gid),
            file_system: mount.map(|mount| mount.kind.clone()),
            read_only: mount.map(|mount| mount.read_only),
            generation: open.and_then(|open| open.generation.clone()),
            age_seconds: open.and_then(|open| open.age).map(|age| age.as_secs()),
            keys: open.map(|open| open.keys.iter().map(|key| key.path.clone()).collect()).unwrap_or_default(),
        }
    }
}

impl Named {
    fn of(checked: &Checked) -> Self {
        let (outcome, error) = match &checked.outcome {
            Outcome::Resolves(_) => ("resolves", None),
            Outcome::Fails(failure) => ("fails", Some(failure.to_string())),
            Outcome::Template => ("template", None),
        };
        Self { handle: checked.handle.clone(), outcome, error, places: checked.places.clone() }
    }
}

impl Found {
    fn of(finding: &Finding) -> Self {
        Self {
            id: finding.code.id(),
            severity: finding.severity,
            title: finding.code.title(),
            what: finding.what.clone(),
            place: finding.place.clone(),
            cure: finding.code.cure(),
        }
    }
}

/// The report for a person. Its first two parts follow the order of `agent secret`.
impl Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show_executable(to)?;
        self.show_roots(to)?;
        self.show_handles(to)?;
        self.show_findings(to)
    }
}

impl Report {
    fn show_executable(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("=== Executable ===\n")?;
        let Some(executable) = &self.executable else { return to.write_str("Unknown\n\n") };
        let Standing { mode, uid, gid } = executable.standing;
        writeln!(to, "Path: {}", executable.path)?;
        writeln!(to, "Mode: 10{}, owner {uid}, group {gid}", octal(mode))?;
        writeln!(to, "Judged for: {}", self.identity)?;
        writeln!(to, "Datadog by default: {}", verdict(executable, RightsMode::Default))?;
        writeln!(to, "Datadog with allow_group_exec_perm: {}\n", verdict(executable, RightsMode::GroupExec))
    }

    fn show_roots(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("=== Roots ===\n")?;
        for root in &self.roots {
            match &root.state {
                Ok(open) => writeln!(to, "{}: {}", root.path.display(), described(open))?,
                Err(why) => writeln!(to, "{}: {why}", root.path.display())?,
            }
        }
        to.write_char('\n')
    }

    fn show_handles(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("=== Handles ===\n")?;
        let resolved = self.handles.iter().filter(|checked| matches!(checked.outcome, Outcome::Resolves(_))).count();
        let (all, files) = (self.handles.len(), self.configurations);
        writeln!(to, "Files of configuration: {files}\nHandles: {all}, of which {resolved} resolve")?;
        for checked in &self.handles {
            let outcome = Named::of(checked).outcome;
            writeln!(to, "- {}: {outcome}, used in {}", shown_handle(&checked.handle), places(&checked.places))?;
        }
        to.write_char('\n')
    }

    fn show_findings(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("=== Findings ===\n")?;
        for finding in &self.findings {
            writeln!(to, "{} {}: {}", finding.code.id(), finding.severity, finding.code.title())?;
            writeln!(
                to,
                "    where: {}\n    what:  {}\n    cure:  {}",
                finding.place,
                finding.what,
                finding.code.cure()
            )?;
        }
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(|of| self.count(of));
        writeln!(to, "Errors: {errors}, warnings: {warnings}, notes: {notes}")
    }
}

fn places(places: &[String]) -> String {
    match places {
        [] => "no file".to_owned(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// `tmpfs, read-only, mode 3777, owner 0, group 2000, 3 keys, written 2m5s ago`.
fn described(open: &Open) -> String {
    let mut parts = Vec::new();
    if let Some(mount) = &open.mount {
        parts.push(mount.kind.clone());
        parts.push(if mount.read_only { "read-only" } else { "writable" }.to_owned());
    }
    let Standing { mode, uid, gid } = open.standing;
    parts.push(format!("mode {}, owner {uid}, group {gid}", octal(mode)));
    parts.push(format!("keys: {}", open.keys.len()));
    parts.extend(open.age.map(|age| format!("written {} ago", shown(age))));
    parts.join(", ")
}
