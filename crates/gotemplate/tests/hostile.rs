//! No template may panic, hang, exhaust the stack or the memory, or show a value in an error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{
    Budget, Error, ErrorKind, Function, Functions, Limits, List, Map, Parser, Stop, Template, Type, Value,
};
use std::cell::Cell;
use std::time::{Duration, Instant};

fn functions() -> Functions {
    Functions::new()
        .with("list", Function::variadic(&[Type::Any], |call, items| call.list(items.to_vec())))
        .with("dict", Function::new(&[], |call, _| Ok(call.map().into())))
        .with(
            "set",
            Function::new(&[Type::MAP, Type::String, Type::Any], |call, values| {
                let [Value::Map(map), Value::Str(key), value] = values else { return Err("unreachable".into()) };
                call.insert(map, key, value.clone())?;
                Ok(value.clone())
            }),
        )
}

fn render(source: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
    Template::parse("t", source, &functions())?.render(&Value::Nil)
}

/// The budget that `source` meets, which must not take long.
fn budget(source: impl AsRef<[u8]>) -> Budget {
    let start = Instant::now();
    let error = render(source).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{error} after {:?}", start.elapsed());
    assert!(error.cause().starts_with("over budget: "), "{error}");
    match error.kind() {
        ErrorKind::Budget(budget) => budget,
        _ => panic!("{error}"),
    }
}

#[test]
fn a_source_is_bounded() {
    assert_eq!(budget(vec![b'x'; 10 << 20]), Budget::Source(1 << 20));
    assert_eq!(budget("{{print 1}}".repeat(1_000_000)), Budget::Source(1 << 20));
    assert_eq!(budget("{{1}}".repeat(200_000)), Budget::Nodes(100_000));
    assert_eq!(budget(format!("{{{{{}}}}}", "1 ".repeat(500_000))), Budget::Nodes(100_000));
    assert_eq!(budget("x{{/**/}}".repeat(110_000)), Budget::Nodes(100_000));
    assert_eq!(render(vec![b'x'; 1 << 20]).unwrap().len(), 1 << 20);
}

#[test]
fn nesting_is_bounded() {
    let nested = |open: &str, inside: &str, close: &str| open.repeat(10_000) + inside + &close.repeat(10_000);
    assert_eq!(budget(nested("{{if 1}}", "", "{{end}}")), Budget::Nesting(200));
    assert_eq!(budget(nested("{{range 1}}", "", "{{end}}")), Budget::Nesting(200));
    assert_eq!(budget(nested("{{with 1}}", "", "{{end}}")), Budget::Nesting(200));
    assert_eq!(budget(nested("{{block \"b\" 1}}", "", "{{end}}")), Budget::Nesting(200));
    assert_eq!(budget(format!("{{{{{}}}}}", nested("(", "1", ")"))), Budget::Nesting(200));
    assert_eq!(budget(format!("{{{{{}}}}}", nested("print (", "1", ")"))), Budget::Nesting(200));
    assert_eq!(budget(format!("{{{{{}}}}}", nested("(", "1", ").x"))), Budget::Nesting(200));
}

#[test]
fn all_nesting_that_is_allowed_fits_on_a_small_stack() {
    let deep = |open: &str, close: &str| open.repeat(195) + "1" + &close.repeat(195);
    let sources = [
        deep("{{if 1}}", "{{end}}"),
        format!("{{{{{}}}}}", deep("(", ")")),
        format!("{{{{{}}}}}", deep("print (1 | print) (", ")")),
        "{{$x := 1}}{{range 195}}{{$x = list $x}}{{end}}{{$x}}".into(),
        format!("{{{{if 0}}}}{}{{{{else}}}}1{{{{end}}}}", "{{else if 0}}".repeat(10_000)),
    ];
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let test = thread.spawn(move || sources.iter().for_each(|source| drop(render(source).unwrap())));
    test.unwrap().join().unwrap();
}

#[test]
fn loops_and_calls_are_bounded() {
    assert_eq!(budget("{{range 9223372036854775807}}{{end}}"), Budget::Steps(500_000));
    assert_eq!(budget("{{range 100000}}{{range 100000}}{{range 100000}}{{end}}{{end}}{{end}}"), Budget::Steps(500_000));
    assert_eq!(budget(r#"{{define "x"}}{{template "x" .}}{{end}}{{template "x" 1}}"#), Budget::Calls(10_000));
    let doubling = r#"{{define "x"}}{{template "y" .}}{{template "y" .}}{{end}}{{define "y"}}{{template "x" .}}{{end}}{{template "x"}}"#;
    assert_eq!(budget(doubling), Budget::Calls(10_000));
}

#[test]
fn output_and_intermediate_results_are_bounded() {
    assert_eq!(budget(format!("{{{{range 100000}}}}{}{{{{end}}}}", "x".repeat(1000))), Budget::Output(10 << 20));
    assert_eq!(budget("{{range 10000000}}{{printf \"%999999d\" 1}}{{end}}"), Budget::Output(10 << 20));
    assert_eq!(budget("{{$x := \"ab\"}}{{range 100}}{{$x = print $x $x}}{{end}}"), Budget::Memory(16 << 20));
    assert_eq!(
        budget("{{$x := \"\\xff\"}}{{range 100}}{{$x = printf \"%q%x\" $x $x}}{{end}}"),
        Budget::Memory(16 << 20)
    );
    assert_eq!(budget("{{$x := \"<\"}}{{range 100}}{{$x = html $x $x}}{{end}}"), Budget::Memory(16 << 20));
    assert_eq!(budget("{{$x := \"<\"}}{{range 100}}{{$x = js $x $x}}{{end}}"), Budget::Memory(16 << 20));
    assert_eq!(budget("{{$x := \" &\"}}{{range 100}}{{$x = urlquery $x $x}}{{end}}"), Budget::Memory(16 << 20));
    let verbs = "%9999999d".repeat(20);
    assert_eq!(budget(format!("{{{{$x := printf \"{verbs}\" {}}}}}", "1 ".repeat(20))), Budget::Memory(16 << 20));
    let shared = "{{$x := list 1 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}";
    assert!(matches!(budget(shared), Budget::Steps(_) | Budget::Memory(_)));
}

/// Go's `fmt` takes a width up to a million, and one digit more by the way it counts.
#[test]
fn widths_are_bounded_as_in_go() {
    assert_eq!(render("{{printf \"%1000000d\" 1}}").unwrap().len(), 1_000_000);
    assert_eq!(render("{{printf \"%.1000000f\" 1.5}}").unwrap().len(), 1_000_002);
    assert_eq!(render("{{printf \"%100000000d\" 1}}").unwrap(), b"%!(NOVERB)%!(EXTRA int=1)");
    assert_eq!(render("{{printf \"%*d\" 1000001 1}}").unwrap(), b"%!(BADWIDTH)1");
}

#[test]
fn values_may_be_nested_without_end_but_not_printed() {
    let list = "{{$x := list}}{{range 100000}}{{$x = list $x}}{{end}}";
    assert_eq!(render(list).unwrap(), b"");
    assert_eq!(budget(format!("{list}{{{{$x}}}}")), Budget::Depth(200));
    let map = "{{$top := dict}}{{$x := $top}}{{range 20000}}{{$x = set $x \"k\" dict}}{{end}}";
    assert_eq!(budget(map.replace("20000", "100000")), Budget::Memory(16 << 20));
    assert_eq!(render(map).unwrap(), b"");
    assert_eq!(budget(format!("{map}{{{{$top}}}}")), Budget::Depth(200));
}

/// Each of these does much for each step, unless that is counted.
#[test]
fn costly_steps_are_counted() {
    let long = "{{$x := \"a\"}}{{range 20}}{{$x = print $x $x}}{{end}}{{$y := print $x \"b\"}}";
    assert_eq!(
        budget(format!("{long}{{{{range 300000}}}}{{{{if lt $x $y}}}}{{{{end}}}}{{{{end}}}}")),
        Budget::Steps(500_000)
    );
    assert_eq!(
        budget(format!(
            "{long}{{{{$m := dict}}}}{{{{$_ := set $m $x 1}}}}{{{{range 300000}}}}{{{{if index $m $y}}}}{{{{end}}}}{{{{end}}}}"
        )),
        Budget::Steps(500_000)
    );
    let each = |make: fn(usize) -> String| (0..16_000).map(make).collect::<Vec<_>>().concat();
    let many = each(|index| format!("{{{{$a{index} := 1}}}}"));
    assert_eq!(
        budget(format!("{many}{{{{range 300000}}}}{{{{if $a0}}}}{{{{end}}}}{{{{end}}}}")),
        Budget::Steps(500_000)
    );
    let start = Instant::now();
    Template::parse("t", many + &each(|index| format!("{{{{$a{index}}}}}")), &functions()).unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "parsed in {:?}", start.elapsed());
    let list = "{{$m := dict}}{{$l := list}}{{range 1000}}{{$l = list $l $m}}{{end}}";
    assert_eq!(
        budget(format!("{list}{{{{range 100000}}}}{{{{$_ := set dict \"k\" $l}}}}{{{{end}}}}")),
        Budget::Steps(500_000)
    );
    assert_eq!(render(format!("{{{{printf \"{}\" | len}}}}", "%[".repeat(100_000))).unwrap(), b"100000");
}

#[test]
fn a_map_cannot_hold_itself() {
    let error = |source: &str| render(source).unwrap_err().cause().to_owned();
    assert_eq!(error("{{$x := dict}}{{set $x \"a\" $x}}"), "error calling set: a map cannot hold itself");
    assert_eq!(
        error("{{$x := dict}}{{$y := dict}}{{$_ := set $y \"b\" (list 1 (list $x))}}{{set $x \"a\" $y}}"),
        "error calling set: a map cannot hold itself"
    );
}

#[test]
fn the_caller_can_interrupt() {
    let template = Template::parse("t", "{{range 1000000}}{{end}}", &Functions::new()).unwrap();
    let asked = Cell::new(0);
    let interrupt = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let error = template.render_until(&Value::Nil, &interrupt).unwrap_err();
    assert_eq!((error.kind(), asked.get()), (ErrorKind::Interrupted, 4));
    assert_eq!(error.to_string(), "template: t:1:8: executing \"t\" at <1000000>: interrupted");
}

#[test]
fn a_function_can_use_up_the_budget() {
    let greedy = Function::new(&[], |call, _| {
        call.meter().step(2_000_000)?;
        Ok(Value::Nil)
    });
    let template = Template::parse("t", "{{greedy}}", &Functions::new().with("greedy", greedy)).unwrap();
    assert_eq!(template.render(&Value::Nil).unwrap_err().kind(), ErrorKind::Budget(Budget::Steps(500_000)));
    let stop = Function::new(&[], |_, _| Err(Stop::Interrupted.into()));
    let template = Template::parse("t", "{{stop}}", &Functions::new().with("stop", stop)).unwrap();
    assert_eq!(template.render(&Value::Nil).unwrap_err().kind(), ErrorKind::Interrupted);
}

#[test]
fn costly_work_is_counted_and_asks_whether_to_stop() {
    let costly = Function::new(&[], |call, _| {
        call.meter().work(2_500)?;
        Ok(Value::int(1))
    });
    let functions = Functions::new().with("costly", costly);
    let parse = |source: &str| Template::parse("t", source, &functions).unwrap();
    assert_eq!(parse("{{ costly }}{{ costly }}").render(&Value::Nil).unwrap(), b"11");
    let error = parse("{{ costly }}{{ costly }}{{ costly }}").render(&Value::Nil).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Budget(Budget::Work(5_000)));
    assert_eq!(error.cause(), "over budget: costly functions would take more than 5000 ms");
    let error = parse("{{ costly }}").render_until(&Value::Nil, &|| true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn limits_are_those_of_the_parser() {
    let limits = Limits { output: 3, steps: 30, ..Limits::default() };
    let parser = Parser { limits, ..Parser::default() };
    let kind = |source: &str| {
        let template = parser.parse("t", source, &Functions::new()).unwrap();
        template.render(&Value::Nil).map_err(|error| error.kind())
    };
    assert_eq!(kind("abc"), Ok(b"abc".to_vec()));
    assert_eq!(kind("abcd"), Err(ErrorKind::Budget(Budget::Output(3))));
    assert_eq!(kind("{{range 100}}{{end}}"), Err(ErrorKind::Budget(Budget::Steps(30))));
}

#[test]
fn no_error_shows_a_value() {
    let data = Map::any([
        ("s", Value::from("hunter2")),
        ("l", List::any([Value::from("hunter2")]).into()),
        ("m", Map::strings([("hunter2", "hunter2")]).into()),
        ("n", Value::int(271_828)),
    ]);
    let sources = [
        "{{range .s}}{{end}}",
        "{{range $i, $j := .n}}{{end}}",
        "{{call .s}}",
        "{{.s | call}}",
        "{{eq .l .m}}",
        "{{eq .l .l}}",
        "{{eq .m .m}}",
        "{{eq .s .n}}",
        "{{lt .l .s}}",
        "{{.s.x}}",
        "{{.s 1}}",
        "{{index .s .s}}",
        "{{index .l .n}}",
        "{{slice .s .n}}",
        "{{printf .n}}",
        "{{.m.a.b.c}}",
        "{{len .n}}",
        "{{index .m .n}}",
        "{{template \"x\" .s}}",
        "{{.l.x}}",
        "{{call .n .s}}",
        "{{slice .l (len .s)}}",
    ];
    for source in sources {
        let template = Template::parse("t", source, &Functions::new()).unwrap();
        let Err(error) = template.render(&data.clone().into()) else { continue };
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("271828"), "{shown}");
    }
    let shown = format!("{:?} {:?}", Value::from(data.clone()), data.get("s"));
    assert_eq!(shown, "map[string]interface {} of 4 Some(string of 7)");
}

#[test]
fn a_template_is_used_by_many_threads() {
    let template = Template::parse("t", "{{range $i, $e := .}}{{$i}}{{$e}}{{end}}", &Functions::new()).unwrap();
    let data = Value::from(List::strings(["a", "b"]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| assert_eq!(template.render(&data).unwrap(), b"0a1b")));
        }
    });
}
