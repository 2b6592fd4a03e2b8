//! What the operator says: process environment over `.env` over defaults, read once and checked as a whole.
//!
//! Every invalid value is named at once and stops the start; an unknown name is no error. Secrets are [`Secret`]s from here on (I7), and
//! nothing of it can come from a request (I8, I9).

mod addon;
mod defaults;
mod dotenv;
mod platform_key;
mod reader;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::thread::available_parallelism;

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::limits::{actor, explorer, http};
use actors::secret::Secret;
use ipnet::IpNet;
use log::LevelFilter;
use url::Url;

pub use self::addon::AddonConfig;
pub use self::platform_key::PlatformKey;
use self::reader::Reader;
pub use self::reader::{Origin, Shown};
use crate::auth::ApiHosts;
use crate::manifest::SchemaVersion;
use crate::store::sealing;
use crate::telemetry::Format;

/// A value that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// The variable, or the line of `.env`.
    pub name: String,
    /// What was expected; never the value.
    pub problem: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.problem)
    }
}

/// Everything that the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address that every listener is bound to.
    pub host: IpAddr,
    /// The add-ons that are served.
    pub addons: BTreeMap<Addon, AddonConfig>,
    /// Seals tokens; without it a key file beside the database does.
    pub encryption_key: Option<Secret>,
    /// Opens what an earlier key sealed.
    pub encryption_key_previous: Option<Secret>,
    /// What the platform's tokens are verified with.
    pub platform_key: PlatformKey,
    /// The version of the manifest schema that is served.
    pub schema_version: SchemaVersion,
    /// Webhooks that a manifest declares at the most.
    pub manifest_webhooks_max: Option<usize>,
    /// Domains that an installation's API may live in; `*.x` is x and all below it.
    pub api_domains: Vec<String>,
    /// Base URLs of the API that are allowed exactly as they are, beside the domains.
    pub api_bases: Vec<Url>,
    /// A description of the API that replaces the shipped catalogue.
    pub openapi_path: Option<PathBuf>,
    /// Networks that outgoing calls may reach although they are not public.
    pub outbound_networks: Vec<IpNet>,
    /// Origins that may embed the page.
    pub embedding_origins: Vec<String>,
    /// What `/metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// Bytes of a webhook's body.
    pub webhook_bytes_max: usize,
    /// Bytes of a request to call the platform.
    pub call_bytes_max: usize,
    /// Threads that answer requests.
    pub workers: usize,
    /// Threads that workspaces live on.
    pub arbiters: usize,
    /// How much is logged.
    pub log_level: LevelFilter,
    /// How a log line is written.
    pub log_format: Format,
    /// Every variable that was asked for, as it took effect.
    pub shown: Vec<Shown>,
}

/// Where the platform shows add-ons: its own application, its developer environment and workspaces with a name of their own.
const EMBEDDING_ORIGINS: &str = "https://*.clockify.me";
const API_DOMAINS: &str = "*.clockify.me,*.clockify.com";

impl Config {
    /// Reads the environment through `environment` and the text of a `.env` file, if there is one.
    ///
    /// # Errors
    ///
    /// Everything that is invalid, in the order in which it was read.
    pub fn load(environment: &dyn Fn(&str) -> Option<String>, env_file: Option<&str>) -> Result<Self, Vec<Invalid>> {
        let mut reader = Reader::new(environment, env_file);
        let config = Self::read(&mut reader);
        match config {
            Some(config) if reader.faults.is_empty() => Ok(Self { shown: reader.shown, ..config }),
            _ => Err(reader.faults),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let cores = available_parallelism().map_or(1, usize::from).to_string();
        let host = reader.value(&["HOST"], "0.0.0.0", value::host);
        let picked =
            reader.value(&["ADDONS"], &Addon::ALL.map(Addon::slug).join(","), |text| value::list(slug)(text).and_then(value::some));
        let public_url = reader.optional(&["PUBLIC_URL"], value::base_url);
        let addons = addon::read(reader, picked.unwrap_or_default(), host, public_url.as_ref());
        let encryption_key = reader.secret(&["ENCRYPTION_KEY"], sealing_key);
        let encryption_key_previous = reader.secret(&["ENCRYPTION_KEY_PREVIOUS"], sealing_key);
        let platform_key = platform_key::read(reader);
        let schema_version = reader.value(&["MANIFEST_SCHEMA_VERSION"], SchemaVersion::V1_5.as_str(), schema_version);
        let manifest_webhooks_max = reader.optional(&["MANIFEST_MAX_WEBHOOKS"], value::number(1..=KNOWN.len()));
        let api_domains = reader.value(&["CLOCKIFY_ALLOWED_API_DOMAINS", "ALLOWED_API_DOMAINS"], API_DOMAINS, |text| {
            value::list(domain)(text).and_then(value::some)
        });
        let api_bases = reader.optional(&["CLOCKIFY_API_BASES"], value::list(value::base_url)).unwrap_or_default();
        let openapi_path = reader.optional(&["CLOCKIFY_OPENAPI_PATH"], |text| Ok(PathBuf::from(text)));
        let outbound_networks = reader.optional(&["OUTBOUND_ALLOW_CIDRS"], value::list(value::network)).unwrap_or_default();
        let embedding_origins = reader
            .value(&["UI_EMBEDDING_ORIGINS"], EMBEDDING_ORIGINS, |text| value::list(value::embedding_origin)(text).and_then(value::some));
        let metrics_token = reader.secret(&["METRICS_TOKEN"], token);
        let webhook_bytes_max = reader.value(
            &["WEBHOOK_MAX_PAYLOAD_BYTES"],
            &http::WEBHOOK_BYTES_DEFAULT.to_string(),
            value::number(http::WEBHOOK_BYTES_MIN..=http::WEBHOOK_BYTES_MAX),
        );
        let call_bytes_max = reader.value(
            &["API_CALL_MAX_PAYLOAD_BYTES"],
            &explorer::REQUEST_BYTES_DEFAULT.to_string(),
            value::number(explorer::REQUEST_BYTES_MIN..=explorer::REQUEST_BYTES_MAX),
        );
        let workers = reader.value(&["HTTP_WORKERS"], &cores, value::number(1..=http::WORKERS_MAX));
        let arbiters = reader.value(&["WORKSPACE_ARBITERS"], &cores, value::number(1..=actor::ARBITERS_MAX));
        let log_level = reader.value(&["LOG_LEVEL"], "INFO", value::level);
        let log_format = reader.value(&["LOG_FORMAT"], "json", value::format);
        Some(Self {
            host: host?,
            addons: addons?,
            encryption_key,
            encryption_key_previous,
            platform_key: platform_key?,
            schema_version: schema_version?,
            manifest_webhooks_max,
            api_domains: api_domains?,
            api_bases,
            openapi_path,
            outbound_networks,
            embedding_origins: embedding_origins?,
            metrics_token,
            webhook_bytes_max: webhook_bytes_max?,
            call_bytes_max: call_bytes_max?,
            workers: workers?,
            arbiters: arbiters?,
            log_level: log_level?,
            log_format: log_format?,
            shown: Vec::new(),
        })
    }
}

fn slug(text: &str) -> Result<Addon, String> {
    Addon::from_slug(text).ok_or_else(|| format!("expected some of {}", Addon::ALL.map(Addon::slug).join(", ")))
}

fn schema_version(text: &str) -> Result<SchemaVersion, String> {
    SchemaVersion::parse(text).ok_or_else(|| format!("expected one of {}", SchemaVersion::ALL.map(SchemaVersion::as_str).join(", ")))
}

fn domain(text: &str) -> Result<String, String> {
    ApiHosts::new([text], [])
        .map(|_| text.to_ascii_lowercase())
        .map_err(|_| "expected domains such as api.clockify.me or *.clockify.me".into())
}

fn token(text: &str) -> Result<(), String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err("expected visible ASCII characters without spaces".into()) }
}

fn sealing_key(text: &str) -> Result<(), String> {
    sealing::check(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
