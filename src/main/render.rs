//! `keyferry render agent`: reads what is named, has it rendered, writes what comes out.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use keyferry::ops::cli::render::{Agent, Helper, Output, StoreKind};
use keyferry::render::{Delivery, Form, Mapping, Note, Rendered, STREAM, Settings, Source, Weight, render};
use keyferry_helper::configuration::{files_beneath, read};

/// The most that is read from standard input.
const MOST_BYTES: u64 = 32 << 20;
/// The most files of all folders together.
const MOST_FILES: usize = 5_000;

/// Does it, and says how it went.
pub(crate) fn run(agent: &Agent) -> ExitCode {
    match carry_out(agent) {
        Ok(notes) if agent.strict && notes.iter().any(|note| note.weight == Weight::Warning) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(agent: &Agent) -> anyhow::Result<Vec<Note>> {
    if agent.to.is_some() && agent.output != Output::Kustomize {
        bail!("--to: only a kustomize component is files; leave it out, or add --output kustomize");
    }
    let rendered = render(&sources(agent)?, &settings(agent)?)?;
    match &agent.to {
        Some(folder) => write_files(folder, &rendered)?,
        None => io::stdout().write_all(rendered.stream().as_bytes()).context("write to standard output")?,
    }
    rendered.notes.iter().for_each(|note| tell(&note.to_string()));
    Ok(rendered.notes)
}

#[expect(clippy::print_stderr, reason = "it is a command for people; its answer alone is on standard output")]
fn tell(line: &str) {
    eprintln!("{line}");
}

/// Everything that is named. A post-renderer always reads standard input.
fn sources(agent: &Agent) -> anyhow::Result<Vec<Source>> {
    let named = |path: &&std::path::PathBuf| path.as_os_str() != "-";
    let mut sources = Vec::new();
    let wants_input = agent.inputs.is_empty() || agent.inputs.iter().any(|path| !named(&path));
    if wants_input || agent.output == Output::PostRenderer {
        sources.push(Source { name: STREAM.to_owned(), text: standard_input()? });
    }
    for path in agent.inputs.iter().filter(named) {
        let files = files_beneath(path).with_context(|| path.display().to_string())?;
        if sources.len() + files.len() > MOST_FILES {
            bail!("{}: there are more than {MOST_FILES} files; render them in parts", path.display());
        }
        for file in files {
            sources.push(source(&file)?);
        }
    }
    Ok(sources)
}

fn source(path: &Path) -> anyhow::Result<Source> {
    let name = path.display().to_string();
    Ok(Source { text: read(path).with_context(|| name.clone())?, name })
}

fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes).context("read standard input")?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("standard input is longer than {MOST_BYTES} bytes; render it in parts");
    }
    String::from_utf8(bytes).context("standard input is not UTF-8; render text")
}

fn settings(agent: &Agent) -> anyhow::Result<Settings> {
    let mapping = match (&agent.map, &agent.remote_key) {
        (Some(file), _) => Mapping::read(&source(file)?)?,
        (None, Some(pattern)) => Mapping::pattern(pattern),
        (None, None) => Mapping::default(),
    };
    if !agent.root.starts_with('/') || agent.root.contains(':') {
        bail!("--root: {:?} is no absolute path without a colon; write one such as /run/keyferry", agent.root);
    }
    Ok(Settings {
        form: form(agent.output),
        namespace: agent.namespace.clone(),
        release: agent.release.clone(),
        secret: agent.secret.clone(),
        store: agent.store.clone().map(|name| (name, kind(agent.store_kind).to_owned())),
        refresh_interval: agent.refresh_interval.clone(),
        mapping,
        image: agent.image.clone(),
        delivery: if agent.helper == Helper::Init { Delivery::Init } else { Delivery::Image },
        root: agent.root.trim_end_matches('/').to_owned(),
        fs_group: agent.fs_group.0,
        timeout: agent.timeout,
        agent_refresh: agent.agent_refresh,
        nudge: agent.nudge,
    })
}

fn form(output: Output) -> Form {
    match output {
        Output::Manifests => Form::Manifests,
        Output::Kustomize => Form::Kustomize,
        Output::HelmValues => Form::HelmValues,
        Output::PostRenderer => Form::PostRenderer,
        Output::Policy => Form::Policy,
    }
}

fn kind(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::SecretStore => "SecretStore",
        StoreKind::ClusterSecretStore => "ClusterSecretStore",
    }
}

/// Writes the files that differ, so that a tool that watches the folder sees no change where there is none.
fn write_files(folder: &Path, rendered: &Rendered) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    for (name, text) in &rendered.files {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
