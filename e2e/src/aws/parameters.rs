//! What Parameter Store is asked for in fixtures.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{AccessKey, Api};

/// A client for fixtures. A failed call is an error with AWS' code and never the value.
#[derive(Clone, Debug)]
pub struct Parameters(Api);

impl Parameters {
    /// A client for what listens at `endpoint`, for example `http://127.0.0.1:5000`.
    pub fn at(endpoint: &str) -> Self {
        Self(Api::at(endpoint, "ssm", "AmazonSSM"))
    }

    /// The same, signed by an access key that the server knows.
    #[must_use]
    pub fn signed_by(self, key: &AccessKey) -> Self {
        Self(self.0.signed_by(key))
    }

    /// Puts a `SecureString` or a new version of one, and answers the version.
    pub async fn put(&self, name: &str, value: &str) -> Result<u64> {
        self.put_as("SecureString", name, value).await
    }

    /// Puts a parameter of this type, or a new version of one, and answers the version.
    pub async fn put_as(&self, type_: &str, name: &str, value: &str) -> Result<u64> {
        let body = json!({"Name": name, "Value": value, "Type": type_, "Overwrite": true});
        let answer = self.call("PutParameter", body).await?;
        answer.get("Version").and_then(Value::as_u64).context("the answer has no version")
    }

    /// Gives a version a label, and takes it from the version that had it.
    pub async fn label(&self, name: &str, version: u64, label: &str) -> Result<()> {
        let body = json!({"Name": name, "ParameterVersion": version, "Labels": [label]});
        self.call("LabelParameterVersion", body).await.map(|_| ())
    }

    /// Sets a tag.
    pub async fn tag(&self, name: &str, key: &str, value: &str) -> Result<()> {
        let tags = json!([{"Key": key, "Value": value}]);
        let body = json!({"ResourceType": "Parameter", "ResourceId": name, "Tags": tags});
        self.call("AddTagsToResource", body).await.map(|_| ())
    }

    /// Deletes a parameter with all its versions.
    pub async fn delete(&self, name: &str) -> Result<()> {
        self.call("DeleteParameter", json!({"Name": name})).await.map(|_| ())
    }

    /// Any call of the service, by its name.
    pub async fn call(&self, operation: &str, body: Value) -> Result<Value> {
        self.0.call(operation, body).await
    }
}
