//! The modes of the program: from what was typed to what is written, and the exit status.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::SystemTime;

use rustix::io::Errno;

use crate::cli::{self, Command, Render};
use crate::handle::Handle;
use crate::mount::{self, Item};
use crate::protocol::{self, Request};
use crate::settings::{self, Given, Settings};
use crate::{check, configuration, fragment, get, limits};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All is well; with the protocol, each handle has its value or its error.
    Done = 0,
    /// The input is no request, or what was asked for is in error.
    Failed = 1,
    /// The arguments make no sense.
    Usage = 2,
}

/// Where the program reads and writes.
pub struct Streams<'a> {
    /// Standard input.
    pub input: &'a mut dyn Read,
    /// Standard output. Not a buffered one: what it still held would not be zeroed.
    pub output: &'a dyn Output,
    /// Standard error.
    pub errors: &'a mut dyn Write,
}

/// Something that is written to at once.
pub trait Output {
    /// Writes all of it.
    fn write_all(&self, bytes: &[u8]) -> io::Result<()>;
}

impl<T: AsFd> Output for T {
    fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(self, bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Does what the arguments say. An error is a line on standard error.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Status {
    let (status, error) = match cli::parse(arguments) {
        Ok(command) => match carry_out(command, streams) {
            Ok(status) => return status,
            Err(error) => (Status::Failed, error),
        },
        Err(error) => (Status::Usage, format!("{error}; see --help")),
    };
    let _ = writeln!(streams.errors, "keyferry-helper: {error}");
    status
}

fn carry_out(command: Command, streams: &mut Streams<'_>) -> Result<Status, String> {
    match command {
        Command::Protocol(given) => serve(given, streams),
        Command::Install(install) => installed(&install, streams),
        Command::Get { given, handles, json } => told(given, &handles, json, streams),
        Command::Render(render) => rendered(&render, streams),
        Command::Check(options) => checked(&options, streams),
        Command::Version => print(streams, concat!("keyferry-helper ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Help => print(streams, cli::HELP),
    }
}

fn print(streams: &Streams<'_>, text: &str) -> Result<Status, String> {
    write(streams, text.as_bytes()).map(|()| Status::Done)
}

fn write(streams: &Streams<'_>, bytes: &[u8]) -> Result<(), String> {
    streams.output.write_all(bytes).map_err(|error| format!("standard output cannot be written: {error}"))
}

/// The protocol. Settings that cannot be read are an error of each handle: the client shows those, and the exit status of a
/// program as no more than that.
fn serve(given: Given, streams: &mut Streams<'_>) -> Result<Status, String> {
    let input = input(streams.input)?;
    let request = Request::parse(&input).map_err(|error| error.to_string())?;
    let settings = Settings::gather(given);
    let answer = match &settings {
        Ok(settings) => protocol::answer(&request, settings),
        Err(error) => protocol::refusal(&request, error),
    };
    write(streams, &answer.json())?;
    if settings.is_err() || settings.is_ok_and(|settings| settings.audit) {
        let _ = streams.errors.write_all(protocol::audit(&request, &answer).as_bytes());
    }
    if answer.left_out() > 0 {
        let _ = writeln!(streams.errors, "keyferry-helper: {} handles found no room in the answer", answer.left_out());
    }
    Ok(Status::Done)
}

/// One byte more than is allowed is enough to know.
fn input(from: &mut dyn Read) -> Result<Vec<u8>, String> {
    let mut input = Vec::new();
    let most = limits::REQUEST as u64 + 1;
    from.take(most).read_to_end(&mut input).map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(input)
}

fn installed(install: &crate::install::Install, streams: &Streams<'_>) -> Result<Status, String> {
    // The file that runs, even if its name is another's by now.
    let done = install.run(Path::new("/proc/self/exe"))?;
    let beside: String = done.beside.iter().map(|path| path.display().to_string() + "\n").collect();
    let lines = format!(
        "{}  {}\n{beside}installed {} bytes with mode {:04o}\n",
        done.sha256,
        done.path.display(),
        done.bytes,
        done.mode
    );
    print(streams, &lines)
}

fn told(given: Given, handles: &[String], json: bool, streams: &Streams<'_>) -> Result<Status, String> {
    let told = get::tell(handles, &Settings::gather(given)?, SystemTime::now());
    let text = if json { json_text(&told)? } else { get::text(&told) };
    write(streams, text.as_bytes())?;
    Ok(if told.iter().all(|told| told.error.is_none()) { Status::Done } else { Status::Failed })
}

fn json_text(told: &[get::Told]) -> Result<String, String> {
    serde_json::to_string_pretty(told).map(|text| text + "\n").map_err(|error| error.to_string())
}

fn checked(options: &check::options::Options, streams: &Streams<'_>) -> Result<Status, String> {
    let said = check::run(options);
    print(streams, &said.text)?;
    Ok(if said.failed { Status::Failed } else { Status::Done })
}

/// What can be mounted is printed; what cannot is named, and is the exit status.
fn rendered(render: &Render, streams: &mut Streams<'_>) -> Result<Status, String> {
    let (handles, mut faults) = wanted(render)?;
    let mut items = BTreeSet::new();
    for handle in &handles {
        match item(handle, render.secret.as_deref()) {
            Ok(item) => drop(items.insert(item)),
            Err(error) => faults.push(format!("{handle:?}: {error}")),
        }
    }
    for fault in &faults {
        let _ = writeln!(streams.errors, "keyferry-helper: {fault}");
    }
    if items.is_empty() {
        return Err("there is nothing to mount".to_owned());
    }
    print(streams, &fragment::pod(&items, &render.image).map_err(|error| error.to_string())?)?;
    Ok(if faults.is_empty() { Status::Done } else { Status::Failed })
}

/// The handles that were given, and those of configurations; and what is wrong with the latter.
fn wanted(render: &Render) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut handles, mut faults) = (render.handles.clone(), Vec::new());
    for path in &render.configurations {
        let scan = configuration::scan(&settings::text(path)?);
        faults.extend(scan.errors.iter().map(|error| format!("{}: {error}", path.display())));
        handles.extend(scan.handles.into_iter().map(|found| found.handle));
    }
    Ok((handles, faults))
}

fn item(handle: &str, secret: Option<&str>) -> Result<Item, String> {
    let handle = Handle::parse(handle).map_err(|error| error.to_string())?;
    mount::item(&handle, secret, fragment::ROOT).map_err(|error| error.to_string())
}
