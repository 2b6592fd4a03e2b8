//! The command line: what the process is asked to do, and the exit code that says whether it did.
//!
//! `clockify-addons` alone serves. Results go to standard output, logs and complaints to standard error. 0: done; 1: it failed; 2: the command
//! line or the configuration cannot be used.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actors::addon::Addon;
use clap::{Parser, Subcommand};

use crate::app::{self, App};
use crate::config::{Config, Invalid};
use crate::manifest::{Manifests, SchemaVersion};
use crate::signals::Signals;
use crate::{catalogue, healthcheck, sandbox, store, telemetry};

const FAILED: u8 = 1;
const UNUSABLE: u8 = 2;

/// Clockify marketplace add-ons in one process; every installed workspace is a supervised actor.
#[derive(Parser)]
#[command(name = "clockify-addons", version, arg_required_else_help = false)]
struct Arguments {
    /// The file that is read beside the environment, which wins over it. By default `.env`, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the add-ons. This is what happens without a command.
    Serve,
    /// Brings the database to this version's schema and ends.
    Migrate,
    /// Prints an add-on's manifest.
    Manifest {
        /// Which add-on, such as `universal-webhook`.
        slug: String,
        /// Another version of the manifest's schema than the configured one.
        #[arg(long, value_name = "VERSION")]
        schema_version: Option<String>,
    },
    /// Prints the configuration that takes effect and where each value comes from. Secrets are hidden.
    Config,
    /// Asks the service on this machine whether it is well.
    Healthcheck,
    /// Prints a fresh ENCRYPTION_KEY.
    Keygen,
    /// Prints `manifests/operations.json` as it follows from an OpenAPI file of the platform's API.
    #[command(hide = true)]
    Catalogue {
        /// The file, in JSON.
        openapi: PathBuf,
    },
    /// Shows it all at work on this machine, with a simulated Clockify: no account, nothing to set up.
    Sandbox(sandbox::Options),
}

/// A command that was not done, and the exit code that says so.
struct Failure(u8, String);

impl Failure {
    fn failed(error: impl Into<Box<dyn std::error::Error>>) -> Self {
        Self(FAILED, chain(&*error.into()))
    }
}

type Done = Result<(), Failure>;

/// Does what the arguments say.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(UNUSABLE) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, words)) => {
            complain(words.trim_end());
            ExitCode::from(code)
        }
    }
}

fn dispatch(arguments: &Arguments) -> Done {
    let config = || configuration(arguments.env_file.as_deref());
    match arguments.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve(config()?),
        Command::Migrate => migrate(&config()?),
        Command::Manifest { slug, schema_version } => manifest(&config()?, slug, schema_version.as_deref()),
        Command::Config => show(&config()?),
        Command::Healthcheck => check(&config()?),
        Command::Keygen => keygen(),
        Command::Catalogue { openapi } => derive(openapi),
        Command::Sandbox(options) => sandbox::run(options, &std::env::temp_dir()).map_err(Failure::failed),
    }
}

fn configuration(env_file: Option<&Path>) -> Result<Config, Failure> {
    let path = env_file.unwrap_or(Path::new(".env"));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if env_file.is_none() && error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(Failure(UNUSABLE, format!("{} cannot be read: {}", path.display(), error.kind()))),
    };
    let environment = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    Config::load(&environment, text.as_deref()).map_err(|faults| Failure(UNUSABLE, unusable(&faults)))
}

fn unusable(faults: &[Invalid]) -> String {
    let values = if faults.len() == 1 { "one value" } else { "several values" };
    faults.iter().fold(format!("the configuration cannot be used, because of {values}:\n"), |text, fault| format!("{text}  {fault}\n"))
}

fn serve(config: Config) -> Done {
    telemetry::start(config.log_level, config.log_format);
    actix_rt::System::new().block_on(async {
        let mut signals = Signals::take().map_err(Failure::failed)?;
        let app = App::build(config).map_err(Failure::failed)?;
        let stop = app.handle();
        actix_rt::spawn(async move {
            let signal = signals.next().await;
            log::info!(signal; "asked to stop");
            stop.stop();
            let signal = signals.next().await;
            log::warn!(signal; "asked a second time: ending at once");
            std::process::exit(FAILED.into());
        });
        app.run().await.map_err(Failure::failed)
    })
}

fn migrate(config: &Config) -> Done {
    telemetry::start(config.log_level, config.log_format);
    let mut urls: Vec<&str> = config.addons.values().map(|addon| addon.database_url.as_str()).collect();
    urls.sort_unstable();
    urls.dedup();
    actix_rt::System::new().block_on(async {
        for url in urls {
            store::migrate(url).await.map_err(Failure::failed)?;
        }
        Ok(())
    })
}

fn manifest(config: &Config, slug: &str, version: Option<&str>) -> Done {
    let addon = Addon::from_slug(slug).filter(|addon| config.addons.contains_key(addon));
    let served = || config.addons.keys().map(|addon| addon.slug()).collect::<Vec<_>>().join(", ");
    let addon = addon.ok_or_else(|| Failure(UNUSABLE, format!("no such add-on; there is {}", served())))?;
    let version = match version {
        None => config.schema_version,
        Some(text) => SchemaVersion::parse(text).ok_or_else(|| Failure(UNUSABLE, "no such schema version; there are 1.2 to 1.6".into()))?,
    };
    let manifests = Manifests::render(&app::stated(config, &Default::default())).map_err(Failure::failed)?;
    let manifest = manifests.in_version(addon, version).ok_or_else(|| Failure(FAILED, "the add-on has no manifest".into()))?;
    let value: serde_json::Value = serde_json::from_slice(manifest).map_err(Failure::failed)?;
    print(format_args!("{value:#}"))
}

fn show(config: &Config) -> Done {
    for shown in &config.shown {
        let value = shown.value.as_deref().map(|value| value.escape_debug().to_string());
        let origin = if value.is_some() { shown.origin.to_string() } else { "not set".to_owned() };
        print(format_args!("{}={}  # {origin}", shown.name, value.unwrap_or_default()))?;
    }
    Ok(())
}

fn check(config: &Config) -> Done {
    for (addon, of) in &config.addons {
        let address = healthcheck::reached(config.host, of.port);
        match healthcheck::ask(address) {
            Ok(200) => {}
            Ok(status) => return Err(Failure(FAILED, format!("{addon} at {address} answers with status {status}"))),
            Err(error) => return Err(Failure(FAILED, format!("{addon} at {address} does not answer: {error}"))),
        }
    }
    Ok(())
}

fn keygen() -> Done {
    let key = store::sealing::generate().map_err(Failure::failed)?;
    print(format_args!("{}", key.expose()))
}

fn derive(openapi: &Path) -> Done {
    let operations = catalogue::derive::operations(&std::fs::read(openapi).map_err(Failure::failed)?).map_err(Failure::failed)?;
    let written = catalogue::written(&operations).map_err(Failure::failed)?;
    print(written.trim_end())
}

/// An error and what lies behind it, outermost first.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        text = format!("{text}: {error}");
        inner = error.source();
    }
    text
}

/// A reader that has gone, as `head` does, is no failure.
fn print(line: impl Display) -> Done {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

fn complain(words: &str) {
    let _ = writeln!(io::stderr().lock(), "clockify-addons: {words}");
}
