//! A moto of a test's own that checks every signature, session token, policy and trust policy.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{AccessKey, Api, Moto, Parameters, Secrets};
use crate::settings::Settings;

/// The account that moto is.
const ID: &str = "123456789012";
const IAM: &str = "2010-05-08";

/// An account with one administrator, whose key signs what fixtures do.
#[derive(Debug)]
pub struct Account {
    /// The server.
    pub moto: Moto,
    administrator: AccessKey,
}

impl Account {
    /// Starts it. From here on no call is taken unless it is signed, by a key that may make it.
    pub async fn start(settings: &Settings) -> Result<Self> {
        let moto = Moto::start(settings).await?;
        let administrator = user(&iam(&moto), "administrator", &json!("*")).await?;
        moto.check_after(0).await?;
        Ok(Self { moto, administrator })
    }

    /// A client that may put secrets.
    pub fn secrets(&self) -> Secrets {
        self.moto.secrets().signed_by(&self.administrator)
    }

    /// A client that may put parameters.
    pub fn parameters(&self) -> Parameters {
        self.moto.parameters().signed_by(&self.administrator)
    }

    /// A user who may make these calls, and their key.
    pub async fn user(&self, name: &str, actions: &Value) -> Result<AccessKey> {
        user(&iam(&self.moto).signed_by(&self.administrator), name, actions).await
    }

    /// A role that may make these calls, with a trust policy; its ARN.
    pub async fn role(&self, name: &str, actions: &Value, trust: &Value) -> Result<String> {
        let iam = iam(&self.moto).signed_by(&self.administrator);
        let trust = json!({"Version": "2012-10-17", "Statement": trust}).to_string();
        iam.query(IAM, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]).await?;
        let policy = policy(actions);
        let fields = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &policy)];
        iam.query(IAM, "PutRolePolicy", &fields).await?;
        Ok(format!("arn:aws:iam::{ID}:role/{name}"))
    }

    /// A session of a role, as somebody has who assumed it by hand.
    pub async fn session(&self, role: &str) -> Result<AccessKey> {
        let sts = Api::at(&self.moto.url(), "sts", "").signed_by(&self.administrator);
        let answer = sts.query("2011-06-15", "AssumeRole", &[("RoleArn", role), ("RoleSessionName", "hand")]).await?;
        Ok(AccessKey { token: Some(element(&answer, "SessionToken")?), ..key(&answer)? })
    }
}

fn iam(moto: &Moto) -> Api {
    Api::at(&moto.url(), "iam", "")
}

async fn user(iam: &Api, name: &str, actions: &Value) -> Result<AccessKey> {
    iam.query(IAM, "CreateUser", &[("UserName", name)]).await?;
    let policy = policy(actions);
    let fields = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", &policy)];
    iam.query(IAM, "PutUserPolicy", &fields).await?;
    key(&iam.query(IAM, "CreateAccessKey", &[("UserName", name)]).await?)
}

fn policy(actions: &Value) -> String {
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn key(answer: &str) -> Result<AccessKey> {
    Ok(AccessKey { id: element(answer, "AccessKeyId")?, secret: element(answer, "SecretAccessKey")?, token: None })
}

fn element(answer: &str, name: &str) -> Result<String> {
    let (_, rest) = answer.split_once(&format!("<{name}>")).with_context(|| format!("no {name}"))?;
    let (text, _) = rest.split_once("</").with_context(|| format!("no end of {name}"))?;
    Ok(text.to_owned())
}
