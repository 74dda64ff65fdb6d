//! An LDAP directory on loopback: `OpenLDAP`'s slapd as a real process, with people and groups of a test's own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::process::{Process, free_port};
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::tools::Tool;

const READY_WITHIN: Duration = Duration::from_mins(1);
/// What everything in it is below.
const BASE: &str = "dc=example,dc=com";

/// A running directory.
#[derive(Debug)]
pub struct Directory {
    address: SocketAddr,
    process: Process,
    _scratch: Scratch,
}

/// Somebody in it.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Their `uid`.
    pub name: &'a str,
    /// Their password.
    pub password: &'a str,
    /// The group that they are in.
    pub group: &'a str,
}

impl Directory {
    /// Starts it with these people on a free port of loopback, and waits until it answers.
    pub async fn start(settings: &Settings, people: &[Person<'_>]) -> Result<Self> {
        let scratch = Scratch::new("ldap", settings.keep)?;
        let program = Tool::Slapd.find(settings)?;
        let home = program.ancestors().nth(2).context("slapd has a folder")?.join("root");
        let config = scratch.write("slapd.conf", config(&home, scratch.path()))?;
        let entries = scratch.write("entries.ldif", entries(people))?;
        fs::create_dir(scratch.path().join("data"))?;
        let mut load = Command::new(&program);
        load.args(["-Tadd", "-f"]).arg(&config).arg("-l").arg(&entries).stdin(Stdio::null());
        let loaded = load.output().context("load the directory")?;
        ensure!(loaded.status.success(), "slapadd: {}", String::from_utf8_lossy(&loaded.stderr));
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new(&program);
        // With a level of debugging it stays in the foreground; 256 logs each operation.
        command.args(["-d", "256", "-h", &format!("ldap://{address}"), "-f"]).arg(&config);
        let mut process = Process::start("slapd", command, &scratch.path().join("slapd.log"))?;
        process.ready(READY_WITHIN, async || TcpStream::connect(address).is_ok()).await?;
        Ok(Self { address, process, _scratch: scratch })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    /// What people are below.
    pub fn people(&self) -> String {
        format!("ou=people,{BASE}")
    }

    /// What groups are below.
    pub fn groups(&self) -> String {
        format!("ou=groups,{BASE}")
    }

    /// How often somebody showed their password, right or wrong, by the directory's own log.
    pub fn binds(&self, name: &str) -> Result<usize> {
        let log = fs::read_to_string(self.process.log())?;
        let bind = format!("BIND dn=\"uid={name},ou=people,{BASE}\" method=128");
        Ok(log.lines().filter(|line| line.contains(&bind)).count())
    }
}

fn config(home: &Path, scratch: &Path) -> String {
    let (home, scratch) = (home.display(), scratch.display());
    let schemas =
        ["core", "cosine", "inetorgperson"].map(|name| format!("include {home}/etc/ldap/schema/{name}.schema\n"));
    format!(
        "{}modulepath {home}/usr/lib/ldap\nmoduleload back_mdb\npidfile {scratch}/slapd.pid\nargsfile {scratch}/slapd.args\n\
         database mdb\nmaxsize 16777216\nsuffix \"{BASE}\"\ndirectory {scratch}/data\n\
         access to attrs=userPassword by anonymous auth by * none\naccess to * by * read\n",
        schemas.concat()
    )
}

fn entries(people: &[Person<'_>]) -> String {
    let unit = |name: &str| format!("dn: ou={name},{BASE}\nobjectClass: organizationalUnit\nou: {name}\n\n");
    let base = format!("dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n");
    let people = people.iter().map(|Person { name, password, group }| {
        format!(
            "dn: uid={name},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
             userPassword: {password}\n\n\
             dn: cn={group},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {group}\n\
             member: uid={name},ou=people,{BASE}\n\n"
        )
    });
    [base, unit("people"), unit("groups")].into_iter().chain(people).collect()
}
