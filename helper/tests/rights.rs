//! What Datadog's own rights check says, which `e2e/datadog` wrote down, against what we say it says.
#![allow(clippy::unwrap_used, reason = "a broken table is a failed test")]

use keyferry_helper::check::rights::{Identity, RightsMode, Standing, Want, datadog};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Row {
    mode: String,
    owner: String,
    r#as: String,
    groups: Vec<u32>,
    strict: bool,
    group_exec: bool,
}

impl Row {
    fn standing(&self) -> Standing {
        let (uid, gid) = pair(&self.owner);
        Standing { mode: u32::from_str_radix(&self.mode, 8).unwrap(), uid, gid }
    }

    fn identity(&self) -> Identity {
        let (uid, gid) = pair(&self.r#as);
        Identity { uid, gid, groups: self.groups.clone() }
    }
}

fn pair(text: &str) -> (u32, u32) {
    let (user, group) = text.split_once(':').unwrap();
    (user.parse().unwrap(), group.parse().unwrap())
}

#[test]
fn every_verdict_of_datadogs_own_check_is_ours() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("rights.json")).unwrap();
    assert!(rows.iter().any(|row| row.strict) && rows.iter().any(|row| row.group_exec && !row.strict));
    for row in &rows {
        let executable = row.identity().may(Want::Execute, row.standing());
        let accepts = |mode| datadog(row.standing().mode, mode, executable).is_ok();
        assert_eq!(accepts(RightsMode::Default), row.strict, "{row:?}");
        assert_eq!(accepts(RightsMode::GroupExec), row.group_exec, "{row:?}");
    }
}
