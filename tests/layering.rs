//! Who may import whom: the table of the design as data, and every import in `src/` held against it.
//!
//! When this fails, move the code, not the table. The table changes when the house does; then the change says why here
//! and in `lib.rs`. Only paths are looked at: a type that is reached through another's method is not an import.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on may stop")]

#[path = "layering/paths.rs"]
mod paths;

use std::fs;
use std::path::{Path, PathBuf};

use paths::{Import, imports};

/// No file is longer: what does not fit is two concerns.
const LINES: usize = 500;

/// One module's rule.
struct Rule {
    module: &'static str,
    /// What of this crate it may name, besides itself and [`LEAVES`]; `ops::metrics` allows that part of `ops` only.
    may: &'static [&'static str],
    /// What of other crates it may not name.
    may_not: &'static [&'static str],
}

/// Modules that know nothing but crates and may be named by all: `sealed`, since every layer carries values (a crate of
/// its own under that name, since the helper carries them too and must not link the operator), and `duration`, since flags
/// (`ops`) and manifests (`plan`) carry Go durations and may not name each other.
const LEAVES: [&str; 2] = ["sealed", "duration"];

const KUBE_CLIENT: [&str; 6] =
    ["kube::Api", "kube::Client", "kube::Config", "kube::client", "kube::runtime", "kube::discovery"];
const SDKS: [&str; 4] = ["aws_config", "aws_sdk_", "aws_credential_types", "reqwest"];

/// `std::env` is for `ops` and the binaries; the rest is told.
const ENVIRONMENT: &str = "std::env";

const TABLE: [Rule; 9] = [
    Rule { module: "duration", may: &[], may_not: &["kube", "k8s_openapi", "tokio", "tracing", ENVIRONMENT] },
    Rule { module: "api", may: &[], may_not: &["tokio", "tracing", ENVIRONMENT] },
    Rule {
        module: "plan",
        may: &["api"],
        may_not: &["tokio", "tracing", ENVIRONMENT, "std::time::Instant", "std::time::SystemTime::now"],
    },
    Rule { module: "provider", may: &["api"], may_not: &[ENVIRONMENT] },
    Rule { module: "poll", may: &["api", "provider"], may_not: &[ENVIRONMENT] },
    Rule { module: "cluster", may: &["api", "plan"], may_not: &[ENVIRONMENT] },
    // `ops` is the process' own; a controller reports through three of it, ends when the fourth says so, and reads no flag.
    Rule {
        module: "controller",
        may: &[
            "api",
            "plan",
            "poll",
            "provider",
            "cluster",
            "ops::metrics",
            "ops::health",
            "ops::telemetry",
            "ops::shutdown",
        ],
        may_not: &[ENVIRONMENT],
    },
    Rule { module: "ops", may: &[], may_not: &["kube", "k8s_openapi"] },
    // A command beside the operator, text in and text out: it shares the helper's grammar (the crate `keyferry_helper`) and
    // nothing of the operator's, and has no client, no runtime, no clock, no file and no environment.
    Rule {
        module: "render",
        may: &[],
        may_not: &[
            "kube",
            "tokio",
            "tracing",
            ENVIRONMENT,
            "std::fs",
            "std::io",
            "std::net",
            "std::time",
            "jiff",
            "keyferry_helper::check",
            "keyferry_helper::configuration::read",
            "keyferry_helper::configuration::files_beneath",
        ],
    },
];

/// Who may not name the Kubernetes client, and who may not name a provider's SDK.
const WITHOUT_CLIENT: [&str; 4] = ["api", "plan", "provider", "poll"];
const WITHOUT_SDKS: [&str; 7] = ["api", "plan", "poll", "cluster", "controller", "ops", "render"];

/// What is wrong with one import, if anything.
fn verdict(module: &str, import: &Import) -> Option<String> {
    let rule = TABLE.iter().find(|rule| rule.module == module)?;
    if let Some(ours) = import.path.strip_prefix("crate::") {
        let sibling = ours.split("::").next().unwrap_or_default();
        let allowed = sibling == module || LEAVES.contains(&sibling) || rule.may.iter().any(|may| begins(ours, may));
        return (!allowed && is_module(sibling)).then(|| format!("`{module}` may not name `{}`", import.path));
    }
    let clients = if WITHOUT_CLIENT.contains(&module) { KUBE_CLIENT.as_slice() } else { &[] };
    let sdks = if WITHOUT_SDKS.contains(&module) { SDKS.as_slice() } else { &[] };
    let banned = rule.may_not.iter().chain(clients).chain(sdks).find(|banned| begins(&import.path, banned));
    banned.map(|_| format!("`{module}` may not name `{}`", import.path))
}

/// Whether `path` is `prefix` or within it; a prefix that ends in an underscore is one of names.
fn begins(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || prefix.ends_with('_'))
}

fn is_module(name: &str) -> bool {
    TABLE.iter().any(|rule| rule.module == name)
}

/// The module path of a file below `src`, for example `["ops", "cli"]`.
fn module_path(file: &Path) -> Vec<String> {
    let mut path: Vec<_> = file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    path.pop_if(|last| last == "mod");
    path
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every file of `src` with its path there.
fn sources() -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    found.sort();
    assert!(found.len() > 10, "the files were not found");
    found
        .iter()
        .map(|file| (file.strip_prefix(&source).unwrap().to_owned(), fs::read_to_string(file).unwrap()))
        .collect()
}

#[test]
fn every_import_is_in_the_table() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let path = module_path(&file);
        for import in imports(&text, &path) {
            if let Some(verdict) = verdict(&path[0], &import) {
                wrong.push(format!("src/{}:{}: {verdict}", file.display(), import.line));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_rule() {
    for (file, _) in sources() {
        let module = &module_path(&file)[0];
        assert!(["lib", "main", "bin"].contains(&module.as_str()) || is_module(module), "{module} is not in the table");
    }
}

#[test]
fn no_file_has_two_concerns() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(file, lines)| format!("src/{}: {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

/// The verdicts over a text that stands in `module`.
fn verdicts(module: &str, text: &str) -> Vec<usize> {
    let path = [module.to_owned(), "part".to_owned()];
    imports(text, &path).iter().filter(|import| verdict(module, import).is_some()).map(|import| import.line).collect()
}

#[test]
fn a_sibling_that_is_not_in_the_table_is_found_however_it_is_written() {
    for text in [
        "use crate::cluster::target;",
        "use crate::{api, cluster};",
        "use crate::{\n api::{self, provider as p},\n cluster::{target, lease},\n};",
        "fn f() { crate::cluster::f(); }",
        "use super::super::cluster;",
        "pub(in crate::cluster) fn f() {}",
    ] {
        assert_eq!(verdicts("provider", text).len(), 1 + usize::from(text.contains("lease")), "{text}");
        assert_eq!(verdicts("cluster", text), [] as [usize; 0], "{text}");
    }
}

#[test]
fn the_line_is_that_of_the_name() {
    assert_eq!(verdicts("provider", "//! x\n\nuse crate::{\n    api,\n    cluster,\n};\n"), [5]);
}

#[test]
fn what_the_table_allows_is_allowed() {
    for (module, text) in [
        ("plan", "use crate::api::provider::Aws; use crate::sealed::Sealed; use crate::plan::due;"),
        ("plan", "use super::due; use super::super::plan::due; use self::due; use std::time::Duration;"),
        ("api", "use kube::CustomResource; use super::provider;"),
        ("cluster", "use kube::{Api, Client}; use tokio::time::sleep; use tracing::info;"),
        ("controller", "use crate::ops::metrics::{Kind, Metrics}; use crate::ops::telemetry::chain;"),
        ("ops", "let home = std::env::var(\"HOME\");"),
        ("provider", "use aws_sdk_secretsmanager::Client; use tokio::time::timeout;"),
        ("poll", "use tokio::time::Instant;"),
        ("render", "use keyferry_helper::configuration::scan; use k8s_openapi::api::core::v1::Pod;"),
    ] {
        assert_eq!(verdicts(module, text), [] as [usize; 0], "{module}: {text}");
    }
}

#[test]
fn what_the_table_forbids_of_other_crates_is_found() {
    for (module, text) in [
        ("api", "use kube::Client;"),
        ("api", "use kube::{CustomResource, runtime::Controller};"),
        ("plan", "use kube::Api as Whatever;"),
        ("plan", "tokio::spawn(work);"),
        ("plan", "tracing::info!(\"x\");"),
        ("plan", "use ::std::time::{Duration, Instant};"),
        ("plan", "let now = std::time::SystemTime::now();"),
        ("provider", "let client: kube::Client = kube_client;"),
        ("poll", "use aws_sdk_sts::Client;"),
        ("cluster", "use std::env;"),
        ("cluster", "let home = std::env::var(\"HOME\");"),
        ("controller", "use crate::ops::cli::Flags;"),
        ("controller", "use aws_config::SdkConfig;"),
        ("ops", "use crate::sealed::Sealed; use crate::controller::run;"),
        ("render", "use crate::plan::due;"),
        ("render", "let text = std::fs::read_to_string(path);"),
        ("render", "use keyferry_helper::configuration::{Place, files_beneath};"),
    ] {
        assert_eq!(verdicts(module, text).len(), 1, "{module}: {text}");
    }
}

#[test]
fn comments_and_texts_import_nothing() {
    let text = r##"
        // crate::cluster
        /* crate::cluster /* nested */ crate::cluster */
        /// [`crate::cluster`]
        fn f<'a>(c: &'a str) { g("crate::cluster \" crate::cluster", '"', r#"crate::cluster " x"#, b"crate::cluster"); }
    "##;
    assert_eq!(verdicts("provider", text), [] as [usize; 0]);
    assert_eq!(verdicts("provider", &format!("{text} crate::cluster::f();")).len(), 1, "the text swallowed the code");
}
