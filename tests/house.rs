//! What must agree across the house's parts: versions, the Makefile's help, the chart's flags and comments.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may end where it finds what it should not")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use keyferry::ops::cli::Flags;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn listed(folder: &str, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(extension));
    names.map(|name| format!("{folder}/{name}")).collect()
}

#[test]
fn the_chart_has_the_version_of_the_package_twice() {
    let chart: Value = serde_saphyr::from_str(&read("charts/keyferry/Chart.yaml")).unwrap();
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_changelog_knows_the_version_or_has_it_before_it() {
    let changelog = read("CHANGELOG.md");
    assert!(changelog.contains("## Unreleased") || changelog.contains(&format!("## {}", env!("CARGO_PKG_VERSION"))));
}

/// Targets of the Makefile that a person may name, with their line of help; `rust` is a part of others.
fn targets() -> Vec<(String, Option<String>)> {
    let makefile = read("Makefile");
    let phony = makefile.lines().filter_map(|line| line.strip_prefix(".PHONY: ")).flat_map(str::split_whitespace);
    phony
        .filter(|target| *target != "rust")
        .map(|target| {
            let rule = makefile.lines().find(|line| line.starts_with(&format!("{target}:"))).unwrap();
            (target.to_owned(), rule.split_once("## ").map(|(_, help)| help.to_owned()))
        })
        .collect()
}

#[test]
fn every_target_says_what_it_does() {
    let all = targets();
    assert!(all.len() > 10, "the targets were not found");
    for (target, help) in all {
        assert!(help.is_some_and(|help| help.len() > 10), "`make {target}` has no words after ##");
    }
}

#[test]
fn documents_name_only_targets_that_there_are() {
    let all: BTreeSet<String> = targets().into_iter().map(|(target, _)| target).collect();
    let pages = ["README.md", "CONTRIBUTING.md", ".ci/run"].map(str::to_owned);
    for page in pages.into_iter().chain(listed("docs", ".md")) {
        for rest in read(&page).split("`make ").skip(1) {
            let named = rest.split(|letter: char| letter != '-' && !letter.is_ascii_alphanumeric()).next().unwrap();
            assert!(all.contains(named), "{page} names `make {named}`");
        }
    }
}

#[test]
fn links_of_the_documents_lead_to_files() {
    let pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned);
    for page in pages.into_iter().chain(listed("docs", ".md")) {
        let folder = root().join(&page).parent().unwrap().to_owned();
        for rest in read(&page).split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap();
            let local = !link.is_empty() && !link.contains("://");
            assert!(!local || folder.join(link).exists(), "{page} links to {link}");
        }
    }
}

#[test]
fn the_page_of_checks_names_only_tests_that_there_are() {
    let folders = ["e2e/tests/provider", "e2e/tests/tenants", "e2e/tests/trials"];
    let tests: String = folders.iter().flat_map(|folder| listed(folder, ".rs")).map(|file| read(&file)).collect();
    let page = read("docs/store-checks.md");
    let is_name = |word: &&str| word.matches('_').count() > 3 && !word.contains(' ');
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(named.len() > 30, "the names were not found");
    for name in named {
        assert!(tests.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

#[test]
fn every_flag_that_the_chart_gives_is_known() {
    let known: BTreeSet<String> =
        Flags::command().get_arguments().filter_map(|flag| flag.get_long().map(str::to_owned)).collect();
    let pod = read("charts/keyferry/templates/_pod.tpl");
    let given: Vec<&str> = pod
        .lines()
        .filter_map(|line| line.strip_prefix("- --"))
        .filter_map(|line| line.split(['=', ' ']).next())
        .filter(|name| !name.starts_with("{{"))
        .collect();
    assert!(given.len() > 10, "the flags were not found");
    for flag in given {
        assert!(known.contains(flag), "the chart gives --{flag}");
    }
}

#[test]
fn every_right_that_the_chart_grants_says_which_code_needs_it() {
    let text = read("charts/keyferry/templates/_rules.tpl");
    let lines: Vec<&str> = text.lines().collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|number| lines[*number].starts_with("- apiGroups:")).collect();
    assert!(rules.len() > 10, "the rules were not found");
    for number in rules {
        assert!(lines[number - 1].starts_with('#'), "_rules.tpl:{} has no comment", number + 1);
    }
}

#[test]
fn the_default_install_reads_no_list_of_secrets() {
    let rules = read("charts/keyferry/templates/_rules.tpl");
    let (before, _) = rules.split_once("{{- if .Values.secrets.watch }}").unwrap();
    let (_, rights) = before.split_once("resources: [secrets]").unwrap();
    assert_eq!(rights.lines().nth(1).unwrap().trim(), "verbs: [get, create, patch, delete]");
}
