//! Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf`, byte for byte.

mod argument;
mod float;
mod printer;
mod scalar;

use crate::Value;
use crate::error::Stop;
use crate::limits::Meter;
use argument::Arguments;
use printer::Printer;

/// Go's `Sprint`: a space between two values of which neither is a string.
pub(crate) fn sprint(values: &[Value], meter: &Meter<'_>) -> Result<Vec<u8>, Stop> {
    let mut printer = Printer::new(meter);
    let mut after_string = true;
    for value in values {
        let string = matches!(value.plain(), Value::Str(_));
        if !string && !after_string {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v')?;
        after_string = string;
    }
    printer.finish()
}

/// Go's `Sprintln`: a space between all values, and a line feed.
pub(crate) fn sprintln(values: &[Value], meter: &Meter<'_>) -> Result<Vec<u8>, Stop> {
    let mut printer = Printer::new(meter);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            printer.out.push(b' ');
        }
        printer.argument(value, 'v')?;
    }
    printer.out.push(b'\n');
    printer.finish()
}

/// Go's `Sprintf`.
pub(crate) fn sprintf(format: &[u8], values: &[Value], meter: &Meter<'_>) -> Result<Vec<u8>, Stop> {
    let mut printer = Printer::new(meter);
    let mut arguments = Arguments::new(format, values);
    while arguments.directive(&mut printer)? {}
    if let Some(extra) = arguments.extra() {
        print_extra(extra, &mut printer)?;
    }
    printer.finish()
}

/// Arguments that no directive asked for.
fn print_extra(extra: &[Value], printer: &mut Printer<'_>) -> Result<(), Stop> {
    printer.clear_flags();
    printer.out.extend_from_slice(b"%!(EXTRA ");
    for (index, value) in extra.iter().enumerate() {
        if index > 0 {
            printer.out.extend_from_slice(b", ");
        }
        if let Some(name) = value.type_of() {
            printer.out.extend_from_slice(format!("{name}=").as_bytes());
            printer.argument(value, 'v')?;
        } else {
            printer.out.extend_from_slice(b"<nil>");
        }
    }
    printer.out.push(b')');
    Ok(())
}
