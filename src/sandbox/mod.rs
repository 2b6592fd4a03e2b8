//! Clockify in a box: the add-ons together with a simulated platform, and the road of a webhook told step by step.
//!
//! One command, no account, nothing else to install. Nothing of it runs under `serve`; the tests use the same simulator.

pub mod authority;
mod folder;
mod narrator;
pub mod platform;
mod story;
mod tour;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use actix_rt::System;
use actix_rt::task::JoinHandle;
use actors::addon::Addon;
use actors::clock::SystemClock;
use actors::secret::Secret;

use self::authority::Authority;
use self::folder::Folder;
use self::narrator::Narrator;
use self::platform::Platform;
use self::platform::lifecycle::Install;
use self::platform::shell::Offer;
use self::story::Cast;
use crate::app::{App, StartError, Stop};
use crate::config::Config;
use crate::signals::Signals;
use crate::store::{Location, sealing};
use crate::telemetry;

/// What the sandbox is started with.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Ends when the demo flow has run. The exit code is 0 if it did and 1 if it did not.
    #[arg(long)]
    once: bool,
    /// Which add-on is shown; the others are below its address, each below its slug.
    #[arg(long, value_name = "SLUG", default_value_t = Addon::UniversalWebhook, value_parser = slug)]
    addon: Addon,
    /// The add-on's port on this machine; 0 lets the system choose.
    #[arg(long, default_value_t = 8001)]
    port: u16,
    /// The simulated Clockify's port; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    platform_port: u16,
    /// A database to keep, as in DATABASE_URL. By default one in a temporary folder, which goes when the sandbox ends.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// How much the workspace holds: a small agency, or a large company with 200 projects of 20 tasks, 500 members, 2,000 clients and tags.
    #[arg(long, value_enum, default_value_t = Seed::Small)]
    seed: Seed,
    /// No colours.
    #[arg(long)]
    plain: bool,
    /// How much is logged on standard error, as in LOG_LEVEL.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    log_level: String,
}

/// How much the workspace holds.
#[derive(clap::ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Seed {
    Small,
    Large,
}

/// Where the key for databases on servers is kept, below the system's folder for what is temporary.
const KEY_FILE: &str = "clockify-addons-sandbox/server.key";

/// What ends the sandbox early, for a person to read.
pub type Trouble = Box<dyn std::error::Error>;

/// The add-ons do not start.
#[derive(Debug, thiserror::Error)]
#[error("the add-on does not start; --port takes another port")]
struct NotStarted(#[source] StartError);

/// Plays the sandbox to its end. What it keeps for the while is below `temporary`.
///
/// # Errors
///
/// With `--once`: why the demo flow has not run. Without it only what keeps the sandbox from starting, or ends it.
pub fn run(options: &Options, temporary: &Path) -> Result<(), Trouble> {
    System::new().block_on(play(options, temporary, Narrator::new(options.plain)))
}

async fn play(options: &Options, temporary: &Path, narrator: Narrator) -> Result<(), Trouble> {
    let mut signals = Signals::take()?;
    let clock = SystemClock::new();
    let folder = Folder::fresh(temporary, &clock)?;
    let platform = Platform::start(Authority::generate()?, loopback(options.platform_port))?;
    if let (Seed::Large, Some(workspace)) = (options.seed, platform.workspace()) {
        platform.populate(workspace, self::platform::crowd::Crowd::LARGE)?;
    }
    let mut stage = Stage::set(options, &platform, &folder, temporary)?;
    tour::introduce(narrator, &platform, options.addon, &stage.addon, &stage.database);

    let cast = Cast { platform: &platform, addon: &stage.addon, clock: &clock, narrator };
    let told = tokio::select! {
        told = cast.tell() => Some(told),
        ended = &mut stage.running => return Err(early(ended)),
        _ = signals.next() => None,
    };
    match told {
        Some(told) if options.once => {
            stage.strike().await?;
            Ok(told?)
        }
        Some(told) => {
            if let Err(trouble) = told {
                narrator.trouble(trouble);
            }
            stage.install_others(&platform).await;
            tour::show(narrator, &platform, &stage.addon);
            tokio::select! {
                ended = &mut stage.running => return Err(early(ended)),
                _ = signals.next() => {}
            }
            stage.strike().await
        }
        None if options.once => Err("stopped before the flow has run".into()),
        None => stage.strike().await,
    }
}

/// The add-ons, running in this process.
struct Stage {
    addon: String,
    database: String,
    stop: Stop,
    running: JoinHandle<Result<(), StartError>>,
}

impl Stage {
    /// Starts them as `serve` does, with the simulated platform as theirs.
    fn set(options: &Options, platform: &Platform, folder: &Folder, temporary: &Path) -> Result<Self, Trouble> {
        let passing = || format!("sqlite://{}", folder.path().join("sandbox.db").display());
        let database = options.database.clone().unwrap_or_else(passing);
        let key = sealing_key(&database, temporary)?;
        let config = configured(options, platform, &database, key.as_ref())?;
        telemetry::start(config.log_level, config.log_format);
        let app = App::build(config).map_err(NotStarted)?;
        for (&addon, address) in app.addresses() {
            let service = format!("http://{}", loopback(address.port()));
            platform.offer(Offer { slug: addon.slug().into(), name: called(addon).into(), service });
        }
        let port = app.addresses().get(&options.addon).map_or(options.port, SocketAddr::port);
        let stop = app.handle();
        Ok(Self { addon: format!("http://{}", loopback(port)), database, stop, running: actix_rt::spawn(app.run()) })
    }

    /// Installs those that the story was not about, so that the page has them all.
    async fn install_others(&self, platform: &Platform) {
        let offers = platform.with(|world| world.offers.clone());
        for offer in offers.into_iter().filter(|offer| offer.service != self.addon) {
            let install = Install { base_url: Some(offer.service.clone()), ..Install::of(&offer.service) };
            if let Err(error) = platform.install(install).await {
                log::warn!("sandbox: {} is not installed: {error}", offer.name);
            }
        }
    }

    /// Ends them as a signal does.
    async fn strike(self) -> Result<(), Trouble> {
        self.stop.stop();
        Ok(self.running.await??)
    }
}

/// The key for a database on a server. A file has its own beside it; that of a server would stand in the folder where somebody tries the sandbox. It
/// outlives one sandbox, as the database does.
fn sealing_key(database: &str, temporary: &Path) -> Result<Option<Secret>, Trouble> {
    match Location::parse(database)? {
        Location::Sqlite(_) => Ok(None),
        Location::Postgres(_) => Ok(Some(sealing::kept_in(&temporary.join(KEY_FILE))?)),
    }
}

/// The configuration, from nothing but this: the environment of the shell may be that of a real service.
fn configured(options: &Options, platform: &Platform, database: &str, key: Option<&Secret>) -> Result<Config, Trouble> {
    let pem = platform.authority().public_pem()?;
    let port = |addon| if addon == options.addon { options.port } else { 0 }.to_string();
    let read = |name: &str| {
        Some(match name {
            "HOST" => Ipv4Addr::LOCALHOST.to_string(),
            "API_STUDIO_PORT" => port(Addon::ApiStudio),
            "UNIVERSAL_WEBHOOK_PORT" => port(Addon::UniversalWebhook),
            "CLOCKIFY_ADDON_PORT" => port(Addon::ClockifyAddon),
            "DATABASE_URL" => database.to_owned(),
            "ENCRYPTION_KEY" => return key.map(|key| key.expose().to_owned()),
            "CLOCKIFY_PUBLIC_KEY" => pem.clone(),
            "CLOCKIFY_API_BASES" => platform.api_bases().join(","),
            "UI_EMBEDDING_ORIGINS" => platform.base_url(),
            "LOG_LEVEL" => options.log_level.clone(),
            "LOG_FORMAT" => "text".into(),
            _ => return None,
        })
    };
    let listed = |faults: Vec<_>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Config::load(&read, None).map_err(|faults| listed(faults).into())
}

/// How people call it.
const fn called(addon: Addon) -> &'static str {
    match addon {
        Addon::ApiStudio => "API Studio",
        Addon::UniversalWebhook => "Universal Webhook",
        Addon::ClockifyAddon => "Clockify Add-on",
    }
}

fn slug(text: &str) -> Result<Addon, String> {
    Addon::from_slug(text).ok_or_else(|| format!("expected one of {}", Addon::ALL.map(Addon::slug).join(", ")))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Why the add-ons ended by themselves.
fn early(ended: Result<Result<(), StartError>, actix_rt::task::JoinError>) -> Trouble {
    match ended {
        Ok(Ok(())) => "the add-on ended by itself".into(),
        Ok(Err(error)) => error.into(),
        Err(error) => error.into(),
    }
}

/// A file of the reference data that tests compare with. Without it they say loudly that they skip; on CI they fail.
#[cfg(test)]
pub fn reference(name: &str) -> Option<Vec<u8>> {
    use std::io::Write;
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CLOCKIFY_REFERENCE_DIR is not set");
        let claim = std::thread::current().name().unwrap_or_default().to_owned();
        // Not `eprintln!`, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {claim}: CLOCKIFY_REFERENCE_DIR is not set");
        return None;
    };
    Some(std::fs::read(std::path::Path::new(&folder).join(name)).unwrap())
}
