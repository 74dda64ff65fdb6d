//! OpenBao on loopback, which stands for HashiCorp Vault too: a real process, and a small client for its set-up.
//!
//! All tests of a run share one server: each mounts engines and auth methods under names of its own. It listens with TLS
//! and without, and what it was asked is read from its own audit log.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::digest::{SHA256, digest};
use http::{Method, Request};
use http_body_util::Full;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::process::{Process, free_port};
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::tools::Tool;

/// The token with all rights.
pub const ROOT: &str = "root";
/// Where the server looks for plugins.
const PLUGINS: &str = "plugins";
const READY_WITHIN: Duration = Duration::from_mins(1);

static SHARED: OnceCell<Result<OpenBao>> = OnceCell::const_new();
static BEFORE: OnceCell<Result<OpenBao>> = OnceCell::const_new();

/// The server of this run, started if need be; what could not be started once is not tried again.
pub async fn shared() -> Result<&'static OpenBao> {
    one_of(&SHARED, Tool::OpenBao).await
}

/// As [`shared`], of the line of OpenBao before: other people's servers, and the last with LDAP of its own.
pub async fn shared_before() -> Result<&'static OpenBao> {
    one_of(&BEFORE, Tool::OpenBaoBefore).await
}

async fn one_of(cell: &'static OnceCell<Result<OpenBao>>, tool: Tool) -> Result<&'static OpenBao> {
    let shared = cell.get_or_init(async || OpenBao::start(&Settings::from_environment(), tool).await).await;
    shared.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// A running server.
#[derive(Debug)]
pub struct OpenBao {
    plain: SocketAddr,
    secure: SocketAddr,
    process: Process,
    scratch: Scratch,
}

/// One request of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `read`, `update`, `list` and so on.
    pub operation: String,
    /// The path without `/v1/`.
    pub path: String,
    /// When.
    pub at: Timestamp,
}

impl OpenBao {
    /// Starts it on free ports of loopback, unsealed and empty, and waits until it answers.
    pub async fn start(settings: &Settings, tool: Tool) -> Result<Self> {
        let scratch = Scratch::new("openbao", settings.keep)?;
        let [plain, secure] = [free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let audit = scratch.path().join("audit.log");
        let plugins = scratch.path().join(PLUGINS);
        fs::create_dir(&plugins)?;
        let config = format!(
            "plugin_directory = \"{}\"\n\
             listener \"tcp\" {{\n  address = \"{plain}\"\n  tls_disable = true\n}}\n\
             audit \"file\" \"all\" {{\n  options = {{ file_path = \"{}\" }}\n}}\n",
            plugins.canonicalize()?.display(),
            audit.display()
        );
        let config = scratch.write("config.hcl", config)?;
        let mut command = Command::new(tool.find(settings)?);
        command.args(["server", "-dev", "-dev-tls", "-dev-no-store-token"]);
        command.arg(format!("-dev-root-token-id={ROOT}")).arg(format!("-dev-listen-address={secure}"));
        command.arg(format!("-dev-tls-cert-dir={}", scratch.path().display()));
        command.arg(format!("-config={}", config.display()));
        // Where plugins have their sockets, which a server that is killed leaves behind.
        command.env("TMPDIR", scratch.path());
        let process = Process::start("openbao", command, &scratch.path().join("openbao.log"))?;
        let mut server = Self { plain, secure, process, scratch };
        let url = format!("{}/v1/sys/health", server.url());
        let answers = async || crate::http::get(&url).await.is_ok_and(|answer| answer.is_success());
        server.process.ready(READY_WITHIN, answers).await?;
        Ok(server)
    }

    /// Where it listens without TLS.
    pub fn address(&self) -> SocketAddr {
        self.plain
    }

    /// Where it listens without TLS, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.plain)
    }

    /// Where it listens with TLS.
    pub fn secure_url(&self) -> String {
        format!("https://{}", self.secure)
    }

    /// The PEM of what signed its certificate.
    pub fn authority(&self) -> Result<String> {
        let file = self.scratch.path().join("vault-ca.pem");
        fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
    }

    /// What it was asked so far, in order; `prefix` is what paths begin with.
    pub fn asked(&self, prefix: &str) -> Result<Vec<Asked>> {
        let log = fs::read(self.scratch.path().join("audit.log"))?;
        // The last line may be half written.
        let whole = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = log.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut asked = Vec::new();
        for line in lines {
            let entry: Entry = serde_json::from_slice(line).context("a line of the audit log")?;
            if entry.kind == "request" && entry.request.path.starts_with(prefix) {
                let Line { operation, path } = entry.request;
                asked.push(Asked { operation, path, at: entry.time });
            }
        }
        Ok(asked)
    }

    /// A call with all rights; the answer's JSON, or null. A failed one is an error with what the server says.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Result<Value> {
        self.call_as(ROOT, method, path, body).await
    }

    /// As [`OpenBao::call`], with another token.
    pub async fn call_as(&self, token: &str, method: Method, path: &str, body: Value) -> Result<Value> {
        let request = Request::builder()
            .method(&method)
            .uri(format!("{}/v1/{path}", self.url()))
            .header("x-vault-token", token)
            .body(Full::from(if body.is_null() { String::new() } else { body.to_string() }))?;
        let answer = crate::http::send(request).await.with_context(|| format!("{method} {path}"))?;
        if !answer.is_success() {
            bail!("{method} {path} answered {}: {}", answer.status, answer.text());
        }
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Mounts a KV engine of version 1 or 2 and waits until it can be written to.
    pub async fn mount(&self, path: &str, version: u8) -> Result<()> {
        let body = json!({"type": "kv", "options": {"version": version.to_string()}});
        self.call(Method::POST, &format!("sys/mounts/{path}"), body).await?;
        Ok(())
    }

    /// Writes a secret to a version 2 engine and answers its version's number.
    pub async fn put(&self, mount: &str, name: &str, data: &Value) -> Result<u64> {
        let answer = self.call(Method::POST, &format!("{mount}/data/{name}"), json!({"data": data})).await?;
        answer.pointer("/data/version").and_then(Value::as_u64).context("the answer has no version")
    }

    /// Makes a policy that reads and lists one version 2 engine, and nothing else.
    pub async fn policy(&self, name: &str, mount: &str) -> Result<()> {
        let policy = format!(
            "path \"{mount}/data/*\" {{ capabilities = [\"read\"] }}\n\
             path \"{mount}/metadata/*\" {{ capabilities = [\"read\", \"list\"] }}\n"
        );
        self.call(Method::PUT, &format!("sys/policies/acl/{name}"), json!({"policy": policy})).await.map(|_| ())
    }

    /// Turns an auth method on that is Vault's and not the server's own: a plugin with the name of its path, which is
    /// started with these variables (`NAME=value`) besides the server's.
    pub async fn plug(&self, path: &str, plugin: Tool, variables: &[String]) -> Result<()> {
        let program = plugin.find(&Settings::from_environment())?;
        let place = self.scratch.path().join(PLUGINS).join(path);
        // A plugin that lies elsewhere is refused, behind a symbolic link too.
        let there = fs::hard_link(&program, &place).or_else(|_| fs::copy(&program, &place).map(drop));
        there.with_context(|| format!("copy {}", program.display()))?;
        let sum = digest(&SHA256, &fs::read(&place)?);
        let sum = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let body = json!({"sha256": sum, "command": path, "env": variables});
        self.call(Method::POST, &format!("sys/plugins/catalog/auth/{path}"), body).await?;
        self.enable(path, path).await
    }

    /// Turns an auth method on.
    pub async fn enable(&self, path: &str, kind: &str) -> Result<()> {
        self.call(Method::POST, &format!("sys/auth/{path}"), json!({"type": kind})).await.map(|_| ())
    }
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    request: Line,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    path: String,
}
