//! What may be typed. No arguments are the protocol, since two of its clients have none to give.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt as _};
use lexopt::{Arg, Parser};

use crate::check::options;
use crate::install::{Install, Mode};
use crate::settings::Given;

/// The help.
pub const HELP: &str = include_str!("help.txt");

/// What the init container is told to run unless `--image` says otherwise.
const IMAGE: &str = concat!("keyferry/keyferry-helper:", env!("CARGO_PKG_VERSION"));

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer the request on standard input.
    Protocol(Given),
    /// Copy this program.
    Install(Install),
    /// Tell of handles.
    Get {
        /// Where and how.
        given: Given,
        /// As they are written.
        handles: Vec<String>,
        /// Whether as JSON.
        json: bool,
    },
    /// Print a pod's part.
    Render(Render),
    /// Say what is wrong.
    Check(options::Options),
    /// The version.
    Version,
    /// The help.
    Help,
}

/// What to print a pod's part for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    /// The Secret of handles that name a key alone.
    pub secret: Option<String>,
    /// The image of the init container.
    pub image: String,
    /// As they are written.
    pub handles: Vec<String>,
    /// Files whose `ENC[…]` are handles too.
    pub configurations: Vec<PathBuf>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// They make no sense; the words say which.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter().collect::<Vec<_>>();
    let mode = arguments.first().and_then(|first| first.to_str()).unwrap_or_default().to_owned();
    let named = ["install", "get", "render", "check"].contains(&mode.as_str());
    let rest = if named { arguments.split_off(1) } else { arguments };
    let mut parser = Parser::from_args(rest.iter().cloned());
    let parsed = match mode.as_str() {
        "install" => install(&mut parser),
        "get" => get(&mut parser),
        "render" => render(&mut parser),
        "check" => return options::parse(rest).map(Command::Check),
        _ => protocol(&mut parser),
    };
    parsed.map_err(|error| error.to_string())
}

fn protocol(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut given = Given::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(root) => given.roots.push(root.into()),
            Short('V') | Long("version") => return Ok(Command::Version),
            Short('h') | Long("help") => return Ok(Command::Help),
            other => {
                let option = Known::of(other)?;
                option.set(parser, &mut given)?;
            }
        }
    }
    Ok(Command::Protocol(given))
}

fn get(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let (mut given, mut handles, mut json) = (Given::default(), Vec::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(handle) => handles.push(handle.string()?),
            Long("json") => json = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            other => {
                let option = Known::of(other)?;
                option.set(parser, &mut given)?;
            }
        }
    }
    if handles.is_empty() { Err("get needs a handle".into()) } else { Ok(Command::Get { given, handles, json }) }
}

fn install(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let (mut to, mut mode, mut roots, mut allow) = (None, Mode::default(), Vec::new(), None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("to") => to = Some(parser.value()?.into()),
            Long("mode") => mode = parser.value()?.parse_with(|text| Mode::parse(text).ok_or("write 0500 or 0550"))?,
            Long("root") => roots.push(parser.value()?.into()),
            Long("allow") => allow = Some(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    let to = to.ok_or("install needs --to FOLDER")?;
    Ok(Command::Install(Install { to, mode, roots, allow }))
}

fn render(parser: &mut Parser) -> Result<Command, lexopt::Error> {
    let mut render = Render { secret: None, image: IMAGE.to_owned(), handles: Vec::new(), configurations: Vec::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Value(handle) => render.handles.push(handle.string()?),
            Long("secret") => render.secret = Some(parser.value()?.string()?),
            Long("image") => render.image = parser.value()?.string()?,
            Long("config") => render.configurations.push(parser.value()?.into()),
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    let nothing = render.handles.is_empty() && render.configurations.is_empty();
    if nothing { Err("render needs a handle or --config FILE".into()) } else { Ok(Command::Render(render)) }
}

/// The options of whoever reads values.
enum Known {
    Root,
    Allow,
    MaxValue,
    MaxOutput,
    Trim,
    Audit,
}

impl Known {
    fn of(argument: Arg<'_>) -> Result<Self, lexopt::Error> {
        match argument {
            Long("root") => Ok(Self::Root),
            Long("allow") => Ok(Self::Allow),
            Long("max-value") => Ok(Self::MaxValue),
            Long("max-output") => Ok(Self::MaxOutput),
            Long("trim") => Ok(Self::Trim),
            Long("audit") => Ok(Self::Audit),
            other => Err(other.unexpected()),
        }
    }

    fn set(self, parser: &mut Parser, given: &mut Given) -> Result<(), lexopt::Error> {
        match self {
            Self::Root => given.roots.push(parser.value()?.into()),
            Self::Allow => given.allow = Some(parser.value()?.into()),
            Self::MaxValue => given.max_value = Some(parser.value()?.parse_with(bytes)?),
            Self::MaxOutput => given.max_output = Some(parser.value()?.parse_with(bytes)?),
            Self::Trim => given.trim = true,
            Self::Audit => given.audit = true,
        }
        Ok(())
    }
}

/// `65536`, `64Ki` or `1Mi`.
fn bytes(text: &str) -> Result<usize, &'static str> {
    let units = [("Ki", 1 << 10), ("Mi", 1 << 20)];
    let unit = units.into_iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)));
    let (number, unit) = unit.unwrap_or((text, 1));
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes.ok_or("write a number of bytes, or one with Ki or Mi")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        parse(arguments.iter().map(OsString::from))
    }

    fn error(arguments: &[&str]) -> String {
        parsed(arguments).unwrap_err()
    }

    #[test]
    fn no_arguments_are_the_protocol_and_others_are_roots() {
        assert_eq!(parsed(&[]), Ok(Command::Protocol(Given::default())));
        let roots = ["/a", "/b"].map(PathBuf::from).to_vec();
        let given = Given { roots, trim: true, max_value: Some(128 << 10), ..Given::default() };
        assert_eq!(parsed(&["/a", "--trim", "--max-value=128Ki", "--root", "/b"]), Ok(Command::Protocol(given)));
    }

    #[test]
    fn each_mode_has_its_own_options() {
        let install =
            Install { to: "/opt".into(), mode: Mode::Group, roots: vec!["/run".into()], allow: Some("/list".into()) };
        let arguments = ["install", "--to", "/opt", "--mode", "0550", "--root", "/run", "--allow=/list"];
        assert_eq!(parsed(&arguments), Ok(Command::Install(install)));
        let get = Command::Get { given: Given::default(), handles: vec!["a".into(), "b".into()], json: true };
        assert_eq!(parsed(&["get", "a", "--json", "b"]), Ok(get));
        let check = options::Options { json: true, ..options::Options::default() };
        assert_eq!(parsed(&["check", "--json"]), Ok(Command::Check(check)));
        let Ok(Command::Render(render)) = parsed(&["render", "--secret", "s", "a"]) else { panic!("render") };
        assert_eq!((render.secret.as_deref(), &*render.handles), (Some("s"), &["a".to_owned()][..]));
        assert!(render.image.starts_with("keyferry/keyferry-helper:"));
        for help in [&["--help"][..], &["-h"], &["get", "--help"], &["install", "-h"], &["render", "--help"]] {
            assert_eq!(parsed(help), Ok(Command::Help));
        }
        assert_eq!(parsed(&["--version"]), Ok(Command::Version));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(error(&["--nonsense"]).contains("--nonsense"));
        assert!(error(&["install"]).contains("--to"));
        assert!(error(&["install", "--to", "/a", "--mode", "0755"]).contains("write 0500 or 0550"));
        assert!(error(&["get"]).contains("needs a handle"));
        assert!(error(&["render"]).contains("--config"));
        for wrong in ["", "x", "-1", "1Gi", "99999999999999999999"] {
            assert!(error(&["--max-value", wrong]).contains("number of bytes"), "{wrong}");
        }
    }

    #[test]
    fn the_help_names_every_option_and_every_mode() {
        for word in [
            "--root",
            "--allow",
            "--max-value",
            "--max-output",
            "--trim",
            "--audit",
            "--to",
            "--mode",
            "--json",
            "--secret",
            "--image",
            "--config",
            "--version",
            "install",
            "get",
            "render",
            "check",
        ] {
            assert!(HELP.contains(word), "{word}");
        }
        assert!(HELP.lines().all(|line| line.len() <= 100), "the help fits a terminal");
    }
}
