//! A network namespace whose only way out can be cut, without a word to those on either end.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::error::{Doing, Error, Result};

/// A namespace, and a pair of interfaces between it and ours, which end with it.
pub(super) struct Namespace {
    name: String,
    network: u8,
}

impl Namespace {
    /// Makes one, or says why that is not to be had.
    pub(super) fn new() -> Result<Self> {
        let process = std::process::id();
        let namespace = Self { name: format!("hold{process}"), network: process as u8 };
        let Self { name, .. } = &namespace;
        ip(&format!("netns add {name}"))?;
        let (outer, inner) = (namespace.outer(), format!("{name}i"));
        ip(&format!("link add {outer} type veth peer name {inner}"))?;
        ip(&format!("link set {inner} netns {name}"))?;
        ip(&format!("addr add {}/24 dev {outer}", namespace.outside()))?;
        ip(&format!("link set {outer} up"))?;
        ip(&format!("-n {name} addr add {}/24 dev {inner}", namespace.inner_address()))?;
        ip(&format!("-n {name} link set {inner} up"))?;
        Ok(namespace)
    }

    /// Our end.
    pub(super) fn outside(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(198, 18, self.network, 1))
    }

    fn inner_address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(198, 18, self.network, 2))
    }

    fn outer(&self) -> String {
        format!("{}o", self.name)
    }

    /// Does something in a thread inside: sockets stay in the namespace in which they were made.
    pub(super) fn inside<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let path = format!("/run/netns/{}", self.name);
        let thread = || {
            let namespace = File::open(&path).doing(format!("open {path}"))?;
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                .doing("enter a network namespace")?;
            work()
        };
        match thread::scope(|scope| scope.spawn(thread).join()) {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Takes the address away from those inside. The neighbour stays known on our side, so that no error comes of it.
    pub(super) fn vanish(&self) -> Result<()> {
        let (inner, outer, name) = (format!("{}i", self.name), self.outer(), &self.name);
        let address = self.inner_address();
        let shown = run(&format!("neigh show {address} dev {outer}"))?;
        let link = shown.split_ascii_whitespace().skip_while(|word| *word != "lladdr").nth(1);
        let link =
            link.ok_or(Error::Proc { path: "ip neigh".into(), what: "no address of the peer's link" })?;
        ip(&format!("neigh replace {address} lladdr {link} dev {outer} nud permanent"))?;
        ip(&format!("-n {name} addr del {address}/24 dev {inner}"))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The pair goes with either end.
        let _ = ip(&format!("link del {}", self.outer()));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

fn ip(arguments: &str) -> Result<()> {
    run(arguments).map(drop)
}

fn run(arguments: &str) -> Result<String> {
    let doing = format!("run `ip {arguments}`");
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stdin(Stdio::null());
    let output = command.output().doing(&doing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(std::io::Error::other(said)).doing(doing)
}
