//! Walks the parser's events, keeping where it is, and goes into strings that hold documents.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, options};

use super::place::{Format, Place, Step};
use super::value::{Mistake, handle_of, is_backend_setting, is_suspicious, mistake_of};
use super::{Error, Fault, Found, MAX_BYTES, MAX_DEPTH, MAX_EMBEDDED, MAX_EVENTS, MAX_HANDLES, Scan, Warning};

/// Finds the handles of a text that is short enough.
pub(super) fn text(text: &str, scan: &mut Scan) {
    let mut budget = Budget { nodes: MAX_EVENTS, finds: MAX_HANDLES, bytes: MAX_BYTES };
    let mut walk = Walk::new(scan, &mut budget, Vec::new(), Lines::From(1));
    if let Err(error) = walk.documents(text) {
        scan.errors.push(error);
    }
}

/// What is left of the bounds, for the text and every document inside its strings together.
struct Budget {
    nodes: usize,
    finds: usize,
    bytes: usize,
}

impl Budget {
    fn node(&mut self) -> Result<(), Fault> {
        self.nodes = self.nodes.checked_sub(1).ok_or(Fault::TooManyNodes)?;
        Ok(())
    }

    fn find(&mut self, place: &Place) -> Result<(), Fault> {
        self.finds = self.finds.checked_sub(1).ok_or(Fault::TooManyHandles)?;
        self.bytes = self.bytes.checked_sub(place.bytes()).ok_or(Fault::TooManyHandles)?;
        Ok(())
    }
}

/// How lines of a document become lines of the text.
#[derive(Clone, Copy)]
enum Lines {
    /// Its first line is this one of the text, and each later one follows.
    From(usize),
    /// It stands in a string whose lines are not those of the text; this is where the string begins.
    At(usize),
}

impl Lines {
    fn of(self, line: usize) -> usize {
        match self {
            Self::From(first) => first + line.saturating_sub(1),
            Self::At(line) => line,
        }
    }
}

/// A mapping or a sequence that is open.
struct Frame {
    within: Within,
    /// Whether it is a mapping's key, or lies in one.
    in_key: bool,
}

enum Within {
    /// The step to the value that comes next; none before a key.
    Mapping(Option<Step>),
    /// How many elements have begun.
    Sequence(usize),
}

impl Frame {
    /// The step to the node that is open in it.
    fn step(&self) -> Step {
        match &self.within {
            Within::Mapping(Some(key)) => key.clone(),
            Within::Mapping(None) => Step::key("?"),
            Within::Sequence(begun) => Step::Index(begun.saturating_sub(1)),
        }
    }

    fn key(&self) -> Option<&str> {
        match &self.within {
            Within::Mapping(Some(Step::Key(key))) => Some(key),
            _ => None,
        }
    }
}

/// What a node is to the mapping or sequence around it.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Key,
    Value,
}

/// A text, or the document inside a string, on its way.
struct Walk<'a> {
    scan: &'a mut Scan,
    budget: &'a mut Budget,
    /// The steps to the string that holds the document; none for the text itself.
    outer: Vec<Step>,
    lines: Lines,
    /// How many documents have begun.
    begun: usize,
    frames: Vec<Frame>,
    /// Whether a mapping or a sequence was seen.
    structured: bool,
}

impl<'a> Walk<'a> {
    fn new(scan: &'a mut Scan, budget: &'a mut Budget, outer: Vec<Step>, lines: Lines) -> Self {
        Self { scan, budget, outer, lines, begun: 0, frames: Vec::new(), structured: false }
    }

    /// Walks every document; one that is broken is reported, and the next one is read.
    fn documents(&mut self, text: &str) -> Result<(), Error> {
        let mut parser = parser(text);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => self.event(&event, &span)?,
                Err(error) => {
                    self.broken(text, &error)?;
                    if !parser.proceed_next_document().unwrap_or(false) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn broken(&mut self, text: &str, error: &ScanError) -> Result<(), Error> {
        let line = error.marker().line();
        self.charge(line)?;
        self.frames.clear();
        self.scan.errors.push(Error { line: self.lines.of(line), fault: fault_of(text, error) });
        Ok(())
    }

    fn charge(&mut self, line: usize) -> Result<(), Error> {
        let line = self.lines.of(line);
        self.budget.node().map_err(|fault| Error { line, fault })
    }

    fn event(&mut self, event: &Event<'_>, span: &Span) -> Result<(), Error> {
        match event {
            Event::DocumentStart(..) => self.begun += 1,
            Event::Scalar(text, style, ..) => {
                let role = self.enter(span)?;
                self.scalar(text, *style, role, span)?;
                self.leave(role, text);
            }
            Event::MappingStart(..) => self.open(Within::Mapping(None), span)?,
            Event::SequenceStart(..) => self.open(Within::Sequence(0), span)?,
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let role = self.enter(span)?;
                self.leave(role, "*");
            }
            _ => {}
        }
        Ok(())
    }

    /// A node begins: what it is to the frame around it.
    fn enter(&mut self, span: &Span) -> Result<Role, Error> {
        self.charge(span.start.line())?;
        Ok(match self.frames.last_mut().map(|frame| &mut frame.within) {
            Some(Within::Mapping(None)) => Role::Key,
            Some(Within::Sequence(begun)) => {
                *begun += 1;
                Role::Value
            }
            _ => Role::Value,
        })
    }

    /// A node has ended; `name` is its text if it was a key.
    fn leave(&mut self, role: Role, name: &str) {
        if let Some(Within::Mapping(key)) = self.frames.last_mut().map(|frame| &mut frame.within) {
            *key = (role == Role::Key).then(|| Step::key(name));
        }
    }

    fn open(&mut self, within: Within, span: &Span) -> Result<(), Error> {
        let role = self.enter(span)?;
        let in_key = role == Role::Key || self.in_key();
        self.frames.push(Frame { within, in_key });
        self.structured = true;
        Ok(())
    }

    fn close(&mut self) {
        self.frames.pop();
        let is_key = matches!(self.frames.last().map(|frame| &frame.within), Some(Within::Mapping(None)));
        self.leave(if is_key { Role::Key } else { Role::Value }, "?");
    }

    fn in_key(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.in_key)
    }

    fn place(&self) -> Place {
        let mut steps = self.outer.clone();
        steps.extend((self.begun > 1).then(|| Step::Document(self.begun - 1)));
        steps.extend(self.frames.iter().map(Frame::step));
        Place::new(steps)
    }

    /// Looks at a scalar. The root of a string's document is left to the one who has the whole string.
    fn scalar(&mut self, text: &str, style: ScalarStyle, role: Role, span: &Span) -> Result<(), Error> {
        let is_string_again = self.frames.is_empty() && !self.outer.is_empty();
        if is_string_again || !is_suspicious(text) {
            return Ok(());
        }
        let line = self.lines.of(span.start.line());
        if role == Role::Key || self.in_key() {
            return self.warn(Mistake::Key, self.place(), line);
        }
        if self.is_assignment_list()
            && let Some((name, value)) = assignment(text)
        {
            let mut place = self.place().steps().to_vec();
            place.extend([Step::Inside(Format::Assignment), Step::key(name)]);
            let backend = is_backend_setting(name);
            return self.value(value, Place::new(place), Lines::At(line), line, backend);
        }
        let backend = self.frames.iter().filter_map(Frame::key).any(is_backend_setting);
        self.value(text, self.place(), self.inner_lines(text, style, line), line, backend)
    }

    /// Whether the scalar is an element of a Compose file's `environment` or `labels`.
    fn is_assignment_list(&self) -> bool {
        let [.., above, list] = self.frames.as_slice() else { return false };
        matches!(list.within, Within::Sequence(_)) && matches!(above.key(), Some("environment" | "labels"))
    }

    /// Lines of a literal block are lines of the text; those of any other string may not be.
    fn inner_lines(&self, text: &str, style: ScalarStyle, line: usize) -> Lines {
        // The parser's span begins at the block's first line that is not empty.
        let empty = text.len() - text.trim_start_matches('\n').len();
        match (style, self.lines) {
            (ScalarStyle::Literal, Lines::From(_)) => Lines::From(line.saturating_sub(empty)),
            _ => Lines::At(line),
        }
    }

    /// A suspicious string: a handle, a document with handles, or a mistake.
    fn value(&mut self, text: &str, place: Place, lines: Lines, line: usize, backend: bool) -> Result<(), Error> {
        match handle_of(text) {
            Some(_) if backend => self.warn(Mistake::BackendSetting, place, line),
            Some(handle) => {
                self.spend(&place, line)?;
                self.scan.handles.push(Found { handle: handle.to_owned(), place, line });
                Ok(())
            }
            None => match self.inside(text, &place, lines, line)? {
                Some((mistake, line)) => self.warn(mistake, place, line),
                None => Ok(()),
            },
        }
    }

    fn warn(&mut self, mistake: Mistake, place: Place, line: usize) -> Result<(), Error> {
        self.spend(&place, line)?;
        self.scan.warnings.push(Warning { mistake, place, line });
        Ok(())
    }

    fn spend(&mut self, place: &Place, line: usize) -> Result<(), Error> {
        self.budget.find(place).map_err(|fault| Error { line, fault })
    }

    /// Reads the document that a string on this line may be; the mistake is the string's own, if it has one, with its line.
    fn inside(
        &mut self,
        text: &str,
        place: &Place,
        lines: Lines,
        line: usize,
    ) -> Result<Option<(Mistake, usize)>, Error> {
        let own = || mistake_of(text).map(|mistake| (mistake, line));
        let Some(format) = format_of(text) else { return Ok(own()) };
        let around = self.outer.iter().filter(|step| matches!(step, Step::Inside(_))).count();
        if around >= MAX_EMBEDDED {
            return Ok(Some((Mistake::TooDeep, line)));
        }
        let mut outer = place.steps().to_vec();
        outer.push(Step::Inside(format));
        let mut inner = Scan::default();
        let mut walk = Walk::new(&mut inner, self.budget, outer, lines);
        walk.documents(text)?;
        let structured = walk.structured;
        self.scan.handles.append(&mut inner.handles);
        self.scan.warnings.append(&mut inner.warnings);
        let broken = inner.errors.first().filter(|_| structured || format == Format::Json);
        Ok(match broken {
            Some(error) => Some((Mistake::Unreadable, error.line)),
            None if structured => None,
            None => own(),
        })
    }
}

fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let mut limits = options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    limits.set_emit_comments(false);
    Parser::new_from_str_with_options(text, limits)
}

fn fault_of(text: &str, error: &ScanError) -> Fault {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => Fault::TooDeep,
        _ if text.contains("{{") => Fault::Template,
        _ => Fault::Syntax,
    }
}

/// What a string that is no handle may hold, by its first letters; only a document of several values can hold a handle.
fn format_of(text: &str) -> Option<Format> {
    let begin = text.trim_start();
    if begin.starts_with(['{', '[']) {
        Some(Format::Json)
    } else {
        (begin.contains('\n') || begin.contains(": ") || begin.starts_with("- ")).then_some(Format::Yaml)
    }
}

/// `NAME=value`, if the name is one of a variable or a label.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (!name.is_empty() && name.bytes().all(fits)).then_some((name, value))
}
