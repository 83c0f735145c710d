//! The network that a walk asks for, with all that it needs.
//!
//! Invariant: nothing is started here.

use super::{NetworkName, Request};
use crate::error::{Error, Result};
use crate::exec;
use crate::exec::own_program::own_program;
use crate::localnet::ContentMode;
use crate::network::{GolemNetwork, Kind, Local, Network, PortHolder, Workplace, rented_nodes};
use crate::report::Style;
use crate::runner::Project;

/// `content` is where a localnet's downloads come from, decided.
pub(super) fn network(
    request: &Request,
    content: ContentMode,
    project: &Project,
) -> Result<Box<dyn Network>> {
    let program = own_program()?;
    let workplace = Workplace {
        project: project.folder.clone(),
        venv: project.folder.join("venv"),
        program,
        columns: Style::of_stdout().width,
    };
    let urls = project.urls.clone();
    let golem = |kind, workplace| -> Result<GolemNetwork> {
        if !project.has_cluster {
            return Err(Error::usage(format!(
                "failed to use a Golem network: `{}` has no golem-cluster.yaml",
                project.folder.display()
            ))
            .hint("walk the tutorial from within a project: `golem-outbound new my-project`, then `cd my-project`"));
        }
        Ok(GolemNetwork {
            kind,
            workplace,
            cluster_name: project.cluster.cluster_name.clone(),
            payment_network: project.cluster.payment_network.clone(),
            urls: urls.clone(),
            port_holder: port_holder(),
            rented: rented(project),
        })
    };
    Ok(match request.network {
        NetworkName::Local => Box::new(Local { workplace, urls: urls.clone(), port_holder: port_holder() }),
        NetworkName::Localnet => emulated(request, content, workplace, urls)?,
        NetworkName::Testnet => Box::new(golem(Kind::Testnet, workplace)?),
        NetworkName::Mainnet => Box::new(golem(Kind::Mainnet, workplace)?),
    })
}

#[cfg(target_os = "linux")]
fn emulated(
    request: &Request,
    content: ContentMode,
    workplace: Workplace,
    urls: Vec<String>,
) -> Result<Box<dyn Network>> {
    use crate::network::{EmulatedNetwork, ProjectLocalnet};

    let providers = request.providers.as_deref().map(std::path::absolute).transpose();
    let providers = providers.map_err(|error| Error::io("find", "the providers' file", error))?;
    let localnet = ProjectLocalnet::new(workplace.clone(), content, providers, request.faults.clone());
    Ok(Box::new(EmulatedNetwork::new(workplace, urls, localnet)))
}

#[cfg(not(target_os = "linux"))]
fn emulated(_: &Request, _: ContentMode, _: Workplace, _: Vec<String>) -> Result<Box<dyn Network>> {
    Err(crate::localnet::Unsupported::other_system(std::env::consts::OS).into_error())
}

/// Nodes of the project's cluster that are rented now on a real network, as its webserver on this machine tells.
pub(super) fn rented(project: &Project) -> Vec<String> {
    rented_nodes(project.cluster.webserver_port, &project.cluster.cluster_name)
}

/// Who holds a port of this machine.
fn port_holder() -> PortHolder {
    Box::new(|port| exec::port::listener(port).map(|listener| listener.to_string()))
}
