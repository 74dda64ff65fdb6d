//! Ten templates as ExternalSecrets have them.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::case::{Case, Work};

const TEMPLATES: &[(&str, &str)] = &[
    (
        "connection string",
        "postgresql://{{ .username }}:{{ .password | urlquery }}@{{ .host }}:{{ .port | default \"5432\" }}/{{ .database }}?sslmode=require",
    ),
    (
        "dockerconfigjson",
        r#"{"auths":{"{{ .registry }}":{"username":"{{ .username }}","password":"{{ .password }}","auth":"{{ printf "%s:%s" .username .password | b64enc }}"}}}"#,
    ),
    (
        "toJson of a dict",
        r#"{{ dict "user" .username "password" .password "hosts" (splitList "," .hosts) "port" (.port | int) | toJson }}"#,
    ),
    (
        "range over a list",
        r#"{{ range $index, $host := splitList "," .hosts }}{{ if $index }},{{ end }}redis://:{{ $.password }}@{{ trim $host }}:6379/{{ $index }}{{ end }}"#,
    ),
    ("certificate from base64", "{{ .chain | b64dec | filterPEM \"CERTIFICATE\" }}"),
    (
        "INI file",
        "[client]\nuser = {{ .username }}\npassword = {{ .password | quote }}\n{{- range $name := list \"host\" \"port\" \"database\" }}\n{{ $name }} = {{ index $ $name }}\n{{- end }}\n[tls]\nca = |{{ .ca | nindent 2 }}\n",
    ),
    (
        "defaults and choices",
        r#"mode={{ eq .environment "production" | ternary "strict" "lax" }};level={{ .level | default "info" | upper }};name={{ coalesce .database .username | trunc 20 | trimSuffix "-" | lower }};replicas={{ if gt (.replicas | int) 1 }}{{ .replicas }}{{ else }}1{{ end }}"#,
    ),
    (
        "dates",
        r#"issued={{ .issued | toDate "2006-01-02T15:04:05Z07:00" | date "2006-01-02" }} expires={{ .issued | toDate "2006-01-02T15:04:05Z07:00" | dateModify "720h" | date "Mon, 02 Jan 2006 15:04:05 MST" }}"#,
    ),
    (
        "YAML of keys and values",
        "{{ range $key, $value := . }}{{ if ne $key \"chain\" }}{{ $key | snakecase }}: {{ $value | toString | toJson }}\n{{ end }}{{ end }}{{ dict \"server\" (dict \"host\" .host \"port\" .port) \"hosts\" (splitList \",\" .hosts) | toYaml }}\n",
    ),
    (
        "rewritten by expressions",
        r#"{{ .jdbc | regexReplaceAll "password=[^;&]*" "password=***" }} {{ regexFind "[0-9]+" .host }} {{ if semverCompare ">=14.2 <17" .version }}md5{{ else }}scram{{ end }}"#,
    ),
];

/// A certificate's form with a body of no meaning: nobody looks into it.
fn pem(kind: &str, lines: usize) -> String {
    let body = format!("{}\n", "MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn+dNuaTAKBggqhkjOPQQDAjASMRAw").repeat(lines);
    format!("-----BEGIN {kind}-----\n{body}-----END {kind}-----\n")
}

fn data() -> BTreeMap<&'static str, String> {
    let chain = pem("CERTIFICATE", 12) + &pem("PRIVATE KEY", 4) + &pem("CERTIFICATE", 12);
    let fixed = [
        ("username", "billing"),
        ("password", "p@ss/w0rd&more=?"),
        ("host", "db-7.internal.example"),
        ("port", "5433"),
        ("database", "billing-production-"),
        ("registry", "registry.example:5000"),
        ("hosts", "cache-0.example, cache-1.example, cache-2.example, cache-3.example"),
        ("environment", "production"),
        ("level", ""),
        ("replicas", "3"),
        ("issued", "2026-02-03T04:05:06Z"),
        ("jdbc", "jdbc:postgresql://db/x?user=billing&password=hunter2&sslmode=require;password=again"),
        ("version", "15.4.0"),
    ];
    let mut data: BTreeMap<_, _> = fixed.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
    data.insert("chain", BASE64_STANDARD.encode(chain));
    data.insert("ca", pem("CERTIFICATE", 12));
    data
}

pub(crate) fn cases() -> Vec<Case> {
    let both = |&(name, template): &(&str, &'static str)| {
        [
            (format!("{name}: parse and execute"), Work::ParseAndExecute { template, data: data() }),
            (format!("{name}: execute"), Work::Execute { template, data: data() }),
        ]
    };
    TEMPLATES.iter().flat_map(both).map(|(name, work)| Case { name, work }).collect()
}
