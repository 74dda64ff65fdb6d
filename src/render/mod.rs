//! `keyferry render agent`: from an agent's configuration to what shows it its secrets as files.
//!
//! Text in, text out: it reads Helm values, a DatadogAgent, `conf.d` files and manifests, collects every `ENC[...]` handle
//! with the place where it stands, and prints the ExternalSecrets, the one volume, the mounts and the variables that these
//! handles need, and nothing more. It asks no cluster, knows no clock, and the same input gives the same bytes. What it
//! reads may hold values that are no handles; none of them is printed, in no output and no note.
//!
//! [`document`] tells what a text is, [`consumer`] which process resolves a handle that stands at a place, [`harvest`]
//! collects, [`plan`] decides, [`shape`] is what a pod gets, and [`output`] prints it in one of its forms.

mod consumer;
mod document;
mod harvest;
mod mapping;
mod output;
mod plan;
mod problem;
mod settings;
mod shape;
mod suspect;
mod workload;
mod yaml;

#[cfg(test)]
mod tests;

pub use document::{STREAM, Source};
pub use mapping::Mapping;
pub use problem::{Note, Problem, Weight};
pub use settings::{Delivery, Form, Settings};

/// What was rendered: files, and what to tell the person on standard error.
#[derive(Debug)]
pub struct Rendered {
    /// File names and their text. Where the form is one stream, one without a name.
    pub files: Vec<(String, String)>,
    /// In the order of the input.
    pub notes: Vec<Note>,
}

impl Rendered {
    /// Everything as one stream; files that have a name begin with a comment that says it.
    pub fn stream(&self) -> String {
        let named = |(name, text): &(String, String)| match name.as_str() {
            "" => text.clone(),
            name => format!("# {name}\n{text}"),
        };
        self.files.iter().map(named).collect::<Vec<_>>().join("---\n")
    }
}

/// Renders what `sources` need.
///
/// # Errors
/// An input that cannot be read, or handles that cannot stand together; the problem names the file, the line and a cure.
pub fn render(sources: &[Source], settings: &Settings) -> Result<Rendered, Problem> {
    let mut notes = Vec::new();
    let documents = document::documents(sources, settings.form, &mut notes)?;
    let workloads = workload::workloads(&documents);
    let harvest = harvest::harvest(&documents, &workloads, &mut notes);
    suspect::look(&documents, &mut notes);
    let plan = plan::plan(&harvest, &documents, workloads, settings, &mut notes)?;
    let files = output::print(&plan, &documents, sources, settings, &mut notes);
    let mut seen = std::collections::BTreeSet::new();
    notes.retain(|note| seen.insert(note.to_string()));
    Ok(Rendered { files, notes })
}
