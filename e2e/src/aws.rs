//! AWS on loopback: moto as a real process, and small clients that put secrets and parameters into it.
//!
//! All tests of a run share one moto: names of secrets begin with the test's namespace. Requests carry a signature that
//! moto does not look at, and the region and service that it does.

mod account;
mod api;
mod parameters;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::process::{Process, free_port};
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::tools::Tool;

pub use account::Account;
pub use api::{AccessKey, Api};
pub use parameters::Parameters;

/// The region of every fixture.
pub const REGION: &str = "eu-central-1";
const READY_WITHIN: Duration = Duration::from_mins(1);

static SHARED: OnceCell<Result<Moto>> = OnceCell::const_new();

/// The moto of this run, started if need be; what could not be started once is not tried again.
pub async fn shared() -> Result<&'static Moto> {
    let shared = SHARED.get_or_init(async || Moto::start(&Settings::from_environment()).await).await;
    shared.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// A running moto server.
#[derive(Debug)]
pub struct Moto {
    address: SocketAddr,
    process: Process,
    _scratch: Scratch,
}

impl Moto {
    /// Starts it on a free port of loopback and waits until it answers.
    pub async fn start(settings: &Settings) -> Result<Self> {
        let scratch = Scratch::new("moto", settings.keep)?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new(Tool::Moto.find(settings)?);
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        let mut process = Process::start("moto", command, &scratch.path().join("moto.log"))?;
        let url = format!("http://{address}/moto-api/data.json");
        process
            .ready(READY_WITHIN, async || crate::http::get(&url).await.is_ok_and(|answer| answer.is_success()))
            .await?;
        Ok(Self { address, process, _scratch: scratch })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets how many calls from now on are taken whoever signs them; all that follow must be signed by a known key, whose
    /// policies allow them.
    pub async fn check_after(&self, calls: usize) -> Result<()> {
        let request = http::Request::post(format!("{}/moto-api/reset-auth", self.url()));
        let answer = crate::http::send(request.body(calls.to_string().into())?).await?;
        anyhow::ensure!(answer.is_success(), "moto answered {}", answer.status);
        Ok(())
    }

    /// A client for fixtures, which talks to moto itself and not through a proxy.
    pub fn secrets(&self) -> Secrets {
        Secrets::at(&self.url())
    }

    /// The same for parameters.
    pub fn parameters(&self) -> Parameters {
        Parameters::at(&self.url())
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it. Without it moto is killed when its handle is dropped.
    pub async fn stop(mut self) -> Result<()> {
        self.process.stop().await.map(|_| ())
    }
}

/// What Secrets Manager is asked for in fixtures. A failed call is an error with AWS' code and never the value.
#[derive(Clone, Debug)]
pub struct Secrets(Api);

impl Secrets {
    /// A client for what listens at `endpoint`, for example `http://127.0.0.1:5000`.
    pub fn at(endpoint: &str) -> Self {
        Self(Api::at(endpoint, "secretsmanager", "secretsmanager"))
    }

    /// The same, signed by an access key that the server knows.
    #[must_use]
    pub fn signed_by(self, key: &AccessKey) -> Self {
        Self(self.0.signed_by(key))
    }

    /// Makes a secret with a text value and answers its first version's id.
    pub async fn create(&self, name: &str, value: &str) -> Result<String> {
        version(&self.call("CreateSecret", json!({"Name": name, "SecretString": value})).await?)
    }

    /// Makes a secret with a binary value and answers its first version's id.
    pub async fn create_binary(&self, name: &str, value: &[u8]) -> Result<String> {
        version(&self.call("CreateSecret", json!({"Name": name, "SecretBinary": STANDARD.encode(value)})).await?)
    }

    /// Puts a new text value, which becomes `AWSCURRENT`, and answers its version's id.
    pub async fn put(&self, name: &str, value: &str) -> Result<String> {
        version(&self.call("PutSecretValue", json!({"SecretId": name, "SecretString": value})).await?)
    }

    /// Puts a new binary value, which becomes `AWSCURRENT`, and answers its version's id.
    pub async fn put_binary(&self, name: &str, value: &[u8]) -> Result<String> {
        version(&self.call("PutSecretValue", json!({"SecretId": name, "SecretBinary": STANDARD.encode(value)})).await?)
    }

    /// Puts a new text value under stages of its own and answers its version's id.
    pub async fn put_staged(&self, name: &str, value: &str, stages: &[&str]) -> Result<String> {
        let body = json!({"SecretId": name, "SecretString": value, "VersionStages": stages});
        version(&self.call("PutSecretValue", body).await?)
    }

    /// Sets a tag.
    pub async fn tag(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let body = json!({"SecretId": name, "Tags": [{"Key": key, "Value": value}]});
        self.call("TagResource", body).await.map(|_| ())
    }

    /// Deletes a secret at once.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let body = json!({"SecretId": name, "ForceDeleteWithoutRecovery": true});
        self.call("DeleteSecret", body).await.map(|_| ())
    }

    /// Whether there is a secret of this name.
    pub async fn exists(&self, name: &str) -> Result<bool> {
        match self.call("DescribeSecret", json!({"SecretId": name})).await {
            Ok(_) => Ok(true),
            Err(error) if error.to_string().ends_with("ResourceNotFoundException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The whole answer of `GetSecretValue`.
    pub async fn get(&self, name: &str) -> Result<Value> {
        self.call("GetSecretValue", json!({"SecretId": name})).await
    }

    /// The whole answer of `BatchGetSecretValue`, with its `Errors`.
    pub async fn get_batch(&self, names: &[&str]) -> Result<Value> {
        self.call("BatchGetSecretValue", json!({"SecretIdList": names})).await
    }

    /// Any call of the service, by its name.
    pub async fn call(&self, operation: &str, body: Value) -> Result<Value> {
        self.0.call(operation, body).await
    }
}

fn version(answer: &Value) -> Result<String> {
    let id = answer.get("VersionId").and_then(Value::as_str);
    id.map(str::to_owned).context("the answer has no version")
}
