//! A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager; or the cluster of `KUBECONFIG`.
//!
//! All tests of a run share one, which [`shared`] starts with the first test that asks, and which ends with the process.
//! It has RBAC, an audit log and garbage collection, and no node: pods stay pending. [`crate::node`] has one with a node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::{Api, PostParams};
use tokio::sync::OnceCell;

use crate::audit::{self, Audit};
use crate::clients::{ClientCertificate, Clients};
use crate::kubeconfig::{self, Server, to_pem};
use crate::process::{Process, free_port, run};
use crate::scratch::{Scratch, suffix};
use crate::settings::{Settings, repository};
use crate::tools::Tool;
use crate::usage::Usage;

const LOOK_AGAIN: Duration = Duration::from_millis(50);
const API_SERVER: &str = "kube-apiserver";
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Who signs the tokens of `ServiceAccounts`.
pub const ISSUER: &str = "https://kubernetes.default.svc";
/// Another audience that the API server takes tokens for, as a server does whose cluster they are not of.
pub const OTHER_AUDIENCE: &str = "another-cluster.e2e.keyferry.io";
/// What tests need of the controller manager; more would only add to the audit log.
pub(crate) const CONTROLLERS: &str = "clusterrole-aggregation-controller,garbage-collector-controller,namespace-controller,\
    root-ca-certificate-publisher-controller,serviceaccount-controller,serviceaccount-token-controller,\
    validatingadmissionpolicy-status-controller";

static SHARED: OnceCell<Result<ControlPlane>> = OnceCell::const_new();

/// The control plane of this run, started if need be; what could not be started once is not tried again.
pub async fn shared() -> Result<&'static ControlPlane> {
    let shared = SHARED.get_or_init(async || ControlPlane::open(&Settings::from_environment()).await).await;
    shared.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// How a control plane differs from one to another.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Where the API server listens and is found.
    pub(crate) address: Ipv4Addr,
    /// Flags of the API server beside those that every one has.
    pub(crate) flags: Vec<String>,
    /// What the controller manager runs, separated by commas.
    pub(crate) controllers: String,
    /// Who has a token beside the administrator and the controller manager; each with the group it is in, or none.
    pub(crate) users: Vec<(&'static str, &'static str)>,
}

impl Default for Shape {
    /// On loopback, RBAC alone, and no Service of its own: there are no pods to use it.
    fn default() -> Self {
        let flags = ["--endpoint-reconciler-type=none", "--authorization-mode=RBAC"];
        Self {
            address: Ipv4Addr::LOCALHOST,
            flags: flags.map(str::to_owned).to_vec(),
            controllers: CONTROLLERS.to_owned(),
            users: Vec::new(),
        }
    }
}

/// A control plane that can be used, and whatever of it was started here.
#[derive(Debug)]
pub struct ControlPlane {
    // Dropped in this order: clients before servers, the folder last.
    processes: Mutex<Vec<Process>>,
    server: Server,
    admin: PathBuf,
    users: BTreeMap<String, Identity>,
    audit: Option<Audit>,
    clients: Option<Clients>,
    settings: Settings,
    scratch: Scratch,
}

impl ControlPlane {
    /// Takes the cluster that `settings` names, or starts a control plane.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let scratch = Scratch::new("e2e", settings.keep)?;
        let plane = match &settings.kubeconfig {
            Some(kubeconfig) => Self::existing(kubeconfig, settings, scratch).await,
            None => Self::start(settings, &Shape::default(), scratch).await,
        };
        plane.context("get a control plane")
    }

    async fn existing(kubeconfig: &Path, settings: &Settings, scratch: Scratch) -> Result<Self> {
        let (server, admin) = (Server::of(kubeconfig).await?, kubeconfig.to_owned());
        if !settings.remote && !server.is_local() {
            bail!("{} is not on loopback: unset KUBECONFIG, or set KEYFERRY_E2E_REMOTE=true", server.url);
        }
        let (processes, users, audit, clients) = (Mutex::default(), BTreeMap::new(), None, None);
        let plane = Self { processes, server, admin, users, audit, clients, settings: settings.clone(), scratch };
        // CRDs that are there may be those of another operator, which lives by them.
        if plane.kubectl(["get", "crd", "externalsecrets.external-secrets.io"]).await.is_err() {
            plane.apply_crds().await?;
        }
        Ok(plane)
    }

    /// Starts one of another shape than [`ControlPlane::open`] does, whatever `KUBECONFIG` says.
    pub(crate) async fn start_as(settings: &Settings, shape: &Shape) -> Result<Self> {
        Self::start(settings, shape, Scratch::new("e2e", settings.keep)?).await.context("start a control plane")
    }

    async fn start(settings: &Settings, shape: &Shape, scratch: Scratch) -> Result<Self> {
        let files = Files::write(&scratch, shape)?;
        let (etcd, store) = start_etcd(settings, &scratch).await?;
        let (apiserver, server) = start_apiserver(settings, shape, &scratch, &files, &store).await?;
        let admin = scratch.path().join("admin.kubeconfig");
        server.write(&admin, "admin", &files.admin_token)?;
        let users = files.identities(&server, &scratch)?;
        let audit = Some(Audit::new(scratch.path().join("audit.log")));
        let processes = Mutex::new(vec![apiserver, etcd]);
        let clients = Some(files.clients);
        let plane = Self { processes, server, admin, users, audit, clients, settings: settings.clone(), scratch };
        plane.await_apiserver().await?;
        // Before the controller manager: its garbage collector looks for new kinds at its start, then every 30 s.
        plane.apply_crds().await?;
        let manager = plane.start_controller_manager(&files.manager_token, &files.private_key, &shape.controllers)?;
        plane.processes().insert(0, manager);
        Ok(plane)
    }

    /// A client with all rights. It belongs to the runtime it was made in: make one for each test.
    pub async fn client(&self) -> Result<Client> {
        kubeconfig::client(&self.admin).await
    }

    /// The kubeconfig file with all rights.
    pub fn kubeconfig(&self) -> &Path {
        &self.admin
    }

    /// What the API server was asked; none for a cluster that was not started here.
    pub fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    /// What each process of it has used so far, by name; empty for a cluster that was not started here.
    pub fn usage(&self) -> Result<BTreeMap<String, Usage>> {
        self.processes().iter().map(|process| Ok((process.name().to_owned(), Usage::of(process.id())?))).collect()
    }

    /// Where the API server is.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A certificate by which the API server knows `user`; none for a cluster that was not started here.
    pub fn client_certificate(&self, user: &str) -> Option<Result<ClientCertificate>> {
        self.clients.as_ref().map(|clients| clients.sign(user))
    }

    /// The settings it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The folder for this run's files.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// One of the shape's users, by name.
    pub(crate) fn user(&self, name: &str) -> Result<&Identity> {
        self.users.get(name).with_context(|| format!("{name} has no token here"))
    }

    /// Has a process stopped with the control plane, before all that were given or started earlier.
    pub(crate) fn adopt(&self, process: Process) {
        self.processes().insert(0, process);
    }

    /// Makes a ServiceAccount, if there is none of that name, and a token for it that is good for a day.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Result<Identity> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client().await?, namespace);
        if accounts.get_opt(name).await?.is_none() {
            let mut account = ServiceAccount::default();
            account.metadata.name = Some(name.to_owned());
            accounts.create(&PostParams::default(), &account).await?;
        }
        let spec = TokenRequestSpec { expiration_seconds: Some(86_400), ..TokenRequestSpec::default() };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        let answer = accounts.create_token_request(name, &PostParams::default(), &request).await?;
        let token = answer.status.context("the token request has no status")?.token;
        let user = format!("system:serviceaccount:{namespace}:{name}");
        let kubeconfig = self.scratch.path().join(format!("{namespace}.{name}.{}.kubeconfig", suffix()));
        self.server.write(&kubeconfig, &user, &token)?;
        Ok(Identity { user, kubeconfig, token })
    }

    /// Runs kubectl with all rights and answers its standard output.
    pub async fn kubectl<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Result<String> {
        let mut command = Command::new(Tool::Kubectl.find(&self.settings)?);
        // Its cache of the API's kinds belongs to this control plane alone.
        command.arg("--kubeconfig").arg(&self.admin).arg("--cache-dir").arg(self.scratch.path().join("kubectl"));
        run({
            command.args(arguments);
            command
        })
        .await
    }

    /// Applies one manifest with all rights, whatever its scope.
    pub async fn kubectl_apply(&self, manifest: &serde_json::Value) -> Result<()> {
        let file = self.scratch.write(&format!("manifest-{}.json", suffix()), manifest.to_string())?;
        self.kubectl(["apply".as_ref(), "-f".as_ref(), file.as_os_str()]).await.map(|_| ())
    }

    /// Applies the repository's CRDs as a person would, on the client's side, and waits until they are served.
    pub async fn apply_crds(&self) -> Result<()> {
        let folder = repository().join("crds");
        if !folder.is_dir() {
            return Ok(());
        }
        let folder = folder.as_os_str();
        self.kubectl(["apply".as_ref(), "-f".as_ref(), folder]).await?;
        self.kubectl(["wait".as_ref(), "--for=condition=Established".as_ref(), "-f".as_ref(), folder]).await?;
        Ok(())
    }

    /// Fails when a process of it has ended, with the end of its log.
    pub fn check(&self) -> Result<()> {
        self.processes().iter_mut().try_for_each(Process::check)
    }

    /// Stops what was started here, in order. Without it the processes are killed when their handle is dropped.
    pub async fn stop(self) -> Result<()> {
        let processes = std::mem::take(&mut *self.processes());
        for mut process in processes {
            process.stop().await?;
        }
        Ok(())
    }

    /// Kills the API server and starts it again as it was; between the two `meanwhile` happens.
    pub async fn restart_apiserver(&self, meanwhile: impl AsyncFnOnce()) -> Result<()> {
        let place = self.processes().iter().position(|process| process.name() == API_SERVER);
        let mut old = self.processes().remove(place.context("the API server was started here")?);
        old.kill()?;
        meanwhile().await;
        let again = old.start_again()?;
        self.processes().push(again);
        self.await_apiserver().await
    }

    fn processes(&self) -> MutexGuard<'_, Vec<Process>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn await_apiserver(&self) -> Result<()> {
        let client = self.client().await?;
        let start = Instant::now();
        while !answers(&client, "/readyz").await {
            self.check()?;
            if start.elapsed() > READY_WITHIN {
                bail!("the API server is not ready after {READY_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn start_controller_manager(&self, token: &str, private_key: &Path, controllers: &str) -> Result<Process> {
        let kubeconfig = self.scratch.path().join("controller-manager.kubeconfig");
        self.server.write(&kubeconfig, CONTROLLER_MANAGER, token)?;
        let mut command = Command::new(Tool::ControllerManager.find(&self.settings)?);
        command.arg(format!("--kubeconfig={}", kubeconfig.display()));
        command.arg(format!("--service-account-private-key-file={}", private_key.display()));
        command.arg(format!("--root-ca-file={}", self.scratch.write("ca.crt", &self.server.authority)?.display()));
        command.arg(format!("--controllers={controllers}"));
        command.args(["--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400"]);
        Process::start("kube-controller-manager", command, &self.scratch.path().join("controller-manager.log"))
    }
}

/// Somebody who may talk to the API server.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The name that RBAC and the audit log know.
    pub user: String,
    /// A file with the server and the token.
    pub kubeconfig: PathBuf,
    /// The token; empty where there is none.
    pub token: String,
}

impl Identity {
    /// A client as this user, for the runtime it is made in.
    pub async fn client(&self) -> Result<Client> {
        kubeconfig::client(&self.kubeconfig).await
    }
}

const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";

/// What the API server and the controller manager must both know.
struct Files {
    admin_token: String,
    manager_token: String,
    user_tokens: Vec<(&'static str, String)>,
    tokens: PathBuf,
    private_key: PathBuf,
    public_key: PathBuf,
    audit_policy: PathBuf,
    clients: Clients,
    client_authority: PathBuf,
}

impl Files {
    fn write(scratch: &Scratch, shape: &Shape) -> Result<Self> {
        let [admin_token, manager_token] = [token(), token()];
        let mut tokens = format!(
            "{admin_token},admin,admin,\"system:masters\"\n\
             {manager_token},{CONTROLLER_MANAGER},controller-manager,\"system:masters\"\n"
        );
        let user_tokens: Vec<_> = shape.users.iter().map(|(name, group)| (*name, *group, token())).collect();
        tokens.extend(user_tokens.iter().map(|(name, group, token)| format!("{token},{name},{name},\"{group}\"\n")));
        let user_tokens = user_tokens.into_iter().map(|(name, _, token)| (name, token)).collect();
        let (private, public) = signing_key()?;
        let clients = Clients::new()?;
        Ok(Self {
            tokens: scratch.write("tokens.csv", tokens)?,
            private_key: scratch.write("service-account.key", private)?,
            public_key: scratch.write("service-account.pub", public)?,
            audit_policy: scratch.write("audit-policy.json", audit::POLICY)?,
            client_authority: scratch.write("clients.crt", clients.authority())?,
            clients,
            admin_token,
            manager_token,
            user_tokens,
        })
    }

    /// The shape's users, each with a kubeconfig.
    fn identities(&self, server: &Server, scratch: &Scratch) -> Result<BTreeMap<String, Identity>> {
        let identity = |(name, token): &(&str, String)| {
            let kubeconfig = scratch.path().join(format!("{}.kubeconfig", name.replace(':', "-")));
            server.write(&kubeconfig, name, token)?;
            Ok(((*name).to_owned(), Identity { user: (*name).to_owned(), kubeconfig, token: token.clone() }))
        };
        self.user_tokens.iter().map(identity).collect()
    }
}

/// A bearer token that nobody guesses.
fn token() -> String {
    suffix() + &suffix() + &suffix()
}

/// A key pair for ServiceAccount tokens, both halves as PEM.
fn signing_key() -> Result<(String, String)> {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let private = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, private.as_ref())?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
    Ok((to_pem("PRIVATE KEY", private.as_ref()), to_pem("PUBLIC KEY", public.as_ref())))
}

async fn start_etcd(settings: &Settings, scratch: &Scratch) -> Result<(Process, String)> {
    let (client, peer) = (format!("http://127.0.0.1:{}", free_port()?), format!("http://127.0.0.1:{}", free_port()?));
    let mut command = Command::new(Tool::Etcd.find(settings)?);
    command.arg("--data-dir").arg(scratch.path().join("etcd")).arg("--unsafe-no-fsync");
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("default={peer}"), "--quota-backend-bytes", "8589934592"]);
    let mut etcd = Process::start("etcd", command, &scratch.path().join("etcd.log"))?;
    let health = format!("{client}/health");
    etcd.ready(READY_WITHIN, async || crate::http::get(&health).await.is_ok_and(|answer| answer.is_success())).await?;
    Ok((etcd, client))
}

async fn start_apiserver(
    settings: &Settings,
    shape: &Shape,
    scratch: &Scratch,
    files: &Files,
    store: &str,
) -> Result<(Process, Server)> {
    let port = free_port()?;
    let mut command = Command::new(Tool::ApiServer.find(settings)?);
    let address = shape.address;
    command.arg(format!("--bind-address={address}")).arg(format!("--advertise-address={address}")).args(&shape.flags);
    command.args(["--service-cluster-ip-range=10.96.0.0/16", "--profiling=false"]);
    command.arg(format!("--secure-port={port}")).arg(format!("--etcd-servers={store}"));
    command.arg(format!("--cert-dir={}", scratch.path().join("certificates").display()));
    command.arg(format!("--service-account-issuer={ISSUER}"));
    command.arg(format!("--api-audiences={ISSUER},{OTHER_AUDIENCE}"));
    command.arg(format!("--client-ca-file={}", files.client_authority.display()));
    command.arg(format!("--service-account-key-file={}", files.public_key.display()));
    command.arg(format!("--service-account-signing-key-file={}", files.private_key.display()));
    command.arg(format!("--token-auth-file={}", files.tokens.display()));
    command.arg(format!("--audit-policy-file={}", files.audit_policy.display()));
    command.arg(format!("--audit-log-path={}", scratch.path().join("audit.log").display()));
    // A log that is turned over would move under the reader.
    command.arg("--audit-log-maxsize=100000");
    let mut apiserver = Process::start(API_SERVER, command, &scratch.path().join("apiserver.log"))?;
    let certificate = scratch.path().join("certificates/apiserver.crt");
    apiserver.ready(READY_WITHIN, async || std::fs::metadata(&certificate).is_ok_and(|file| file.len() > 0)).await?;
    Ok((apiserver, Server { url: format!("https://{address}:{port}"), authority: std::fs::read(&certificate)? }))
}

async fn answers(client: &Client, path: &str) -> bool {
    let Ok(request) = http::Request::get(path).body(Vec::new()) else { return false };
    client.request_text(request).await.is_ok()
}
