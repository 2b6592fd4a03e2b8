//! What the operator says: process environment over `.env` over defaults, read once and checked as a whole.
//!
//! Every invalid value is named at once and stops the start; an unknown name is no error. Secrets are [`Secret`]s from here on (I7), and
//! nothing of it can come from a request (I8, I9).

mod defaults;
mod dotenv;
mod reader;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::thread::available_parallelism;

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::limits::{actor, http};
use actors::secret::Secret;
use ipnet::IpNet;
use log::LevelFilter;
use url::Url;

pub use self::defaults::Defaults;
use self::reader::Reader;
pub use self::reader::{Origin, Shown};
use crate::auth::{ApiHosts, Keys};
use crate::manifest::SchemaVersion;
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
    /// Networks that outgoing calls may reach although they are not public.
    pub outbound_networks: Vec<IpNet>,
    /// What `/metrics` asks for.
    pub metrics_token: Option<Secret>,
    /// Bytes of a webhook's body.
    pub webhook_bytes_max: usize,
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

/// What the operator decides about one add-on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddonConfig {
    /// The port of its own listener; 0 lets the system choose.
    pub port: u16,
    /// The manifest's key, which is `sub` in its tokens.
    pub key: String,
    /// Where the platform reaches it, without a slash at the end. `None`: this machine, at the port of its listener.
    pub base_url: Option<String>,
    /// Its database.
    pub database_url: String,
    /// Whether the signatures of its tokens are checked.
    pub verify_signatures: bool,
    /// What applies to a workspace whose admin has chosen nothing.
    pub defaults: Defaults,
}

/// Where the platform's public key comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlatformKey {
    /// The production key that is compiled in.
    BuiltIn,
    /// A PEM of the operator's, or the path of the file that holds it.
    Pem(String),
    /// A JWKS document, fetched and cached.
    Jwks(Url),
}

/// Names of an add-on's variables.
struct Names {
    port: &'static [&'static str],
    port_default: &'static str,
    key: &'static [&'static str],
    key_default: &'static str,
    base_url: &'static [&'static str],
    database_url: &'static [&'static str],
    verify: &'static [&'static str],
}

const fn names(addon: Addon) -> Names {
    match addon {
        Addon::UniversalWebhook => Names {
            port: &["UNIVERSAL_WEBHOOK_PORT"],
            port_default: "8001",
            key: &["UNIVERSAL_WEBHOOK_ADDON_KEY"],
            key_default: "universal-webhook-api",
            base_url: &["UNIVERSAL_WEBHOOK_BASE_URL"],
            database_url: &["UNIVERSAL_WEBHOOK_DB_URL", "DATABASE_URL"],
            verify: &["UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION"],
        },
    }
}

const DATABASE_URL: &str = "sqlite://data/clockify-addons.db";
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
            reader.value(&["ADDONS"], &Addon::ALL.map(Addon::slug).join(","), |text| value::list(addon)(text).and_then(value::some));
        let public_url = reader.optional(&["PUBLIC_URL"], value::base_url);
        let addons = read_addons(reader, picked.unwrap_or_default(), host, public_url.as_ref());
        read_other_ports(reader);
        let encryption_key = reader.secret(&["ENCRYPTION_KEY"], sealing_key);
        let encryption_key_previous = reader.secret(&["ENCRYPTION_KEY_PREVIOUS"], sealing_key);
        let platform_key = read_platform_key(reader);
        let schema_version = reader.value(&["MANIFEST_SCHEMA_VERSION"], SchemaVersion::V1_5.as_str(), schema_version);
        let manifest_webhooks_max = reader.optional(&["MANIFEST_MAX_WEBHOOKS"], value::number(1..=KNOWN.len()));
        let api_domains = reader.value(&["CLOCKIFY_ALLOWED_API_DOMAINS", "ALLOWED_API_DOMAINS"], API_DOMAINS, |text| {
            value::list(domain)(text).and_then(value::some)
        });
        let api_bases = reader.optional(&["CLOCKIFY_API_BASES"], value::list(value::base_url)).unwrap_or_default();
        let outbound_networks = reader.optional(&["OUTBOUND_ALLOW_CIDRS"], value::list(value::network)).unwrap_or_default();
        let metrics_token = reader.secret(&["METRICS_TOKEN"], token);
        let webhook_bytes_max = reader.value(
            &["WEBHOOK_MAX_PAYLOAD_BYTES"],
            &http::WEBHOOK_BYTES_DEFAULT.to_string(),
            value::number(http::WEBHOOK_BYTES_MIN..=http::WEBHOOK_BYTES_MAX),
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
            outbound_networks,
            metrics_token,
            webhook_bytes_max: webhook_bytes_max?,
            workers: workers?,
            arbiters: arbiters?,
            log_level: log_level?,
            log_format: log_format?,
            shown: Vec::new(),
        })
    }
}

fn read_addons(
    reader: &mut Reader<'_>,
    picked: Vec<Addon>,
    host: Option<IpAddr>,
    public_url: Option<&Url>,
) -> Option<BTreeMap<Addon, AddonConfig>> {
    let mut ports = BTreeSet::new();
    let mut addons = BTreeMap::new();
    // Each is read to its end, so that every fault is named.
    for addon in BTreeSet::from_iter(picked) {
        let names = names(addon);
        let port = reader.value(names.port, names.port_default, value::number(0..=u16::MAX));
        if port.is_some_and(|port| port != 0 && !ports.insert(port)) {
            reader.refuse(names.port.first().unwrap_or(&"PORT"), "another add-on has this port");
        }
        let key = reader.value(names.key, names.key_default, value::addon_key);
        let own_url = reader.optional(names.base_url, value::base_url);
        let base_url = own_url.as_ref().map(bare).or_else(|| public_url.map(|url| format!("{}/{addon}", bare(url))));
        let database_url = reader.shown_as(names.database_url, DATABASE_URL, value::without_password, database_url);
        let verify = reader.value(names.verify, "true", value::flag);
        if verify == Some(false) && !host.is_some_and(|host| host.is_loopback()) {
            let name = names.verify.first().unwrap_or(&"REQUIRE_SIGNATURE_VERIFICATION");
            reader
                .refuse(name, "false is taken only while HOST is a loopback address, such as 127.0.0.1: anybody could act as the platform");
        }
        let defaults = match addon {
            Addon::UniversalWebhook => Defaults::read(reader),
        };
        let read = || {
            Some(AddonConfig {
                port: port?,
                key: key?,
                base_url,
                database_url: database_url?,
                verify_signatures: verify?,
                defaults: defaults?,
            })
        };
        if let Some(config) = read() {
            addons.insert(addon, config);
        }
    }
    Some(addons)
}

/// Ports of add-ons that this version does not serve: a mistake in them is a mistake all the same.
fn read_other_ports(reader: &mut Reader<'_>) {
    for name in ["API_STUDIO_PORT", "CLOCKIFY_ADDON_PORT"] {
        if reader.is_set(&[name]) {
            reader.optional(&[name], value::number(0..=u16::MAX));
        }
    }
}

/// The PEM that is set, the JWKS that is set, or the platform's own key. JWKS is never used unless somebody asked for it.
fn read_platform_key(reader: &mut Reader<'_>) -> Option<PlatformKey> {
    const PEM: &[&str] = &["CLOCKIFY_PUBLIC_KEY"];
    const JWKS: &[&str] = &["CLOCKIFY_JWKS_URL"];
    const ENVIRONMENT: &[&str] = &["CLOCKIFY_ENVIRONMENT"];
    let faults = reader.faults.len();
    let pem = reader.optional(PEM, public_key);
    let jwks = reader.optional(JWKS, value::key_url);
    let developer = reader.optional(ENVIRONMENT, value::developer_environment);
    let production_url = reader.optional(&["CLOCKIFY_JWKS_PROD_URL"], value::key_url);
    let developer_url = reader.optional(&["CLOCKIFY_JWKS_DEV_URL"], value::key_url);
    let of_environment = developer.and_then(|developer| if developer { developer_url } else { production_url });
    let jwks = jwks.or(of_environment);
    if pem.is_some() && jwks.is_some() {
        reader.refuse("CLOCKIFY_PUBLIC_KEY", "set it or a JWKS URL, not both");
    }
    if reader.faults.len() > faults {
        return None;
    }
    Some(match (pem, jwks) {
        (Some(pem), _) => PlatformKey::Pem(pem),
        (None, Some(url)) => PlatformKey::Jwks(url),
        (None, None) => PlatformKey::BuiltIn,
    })
}

/// A base URL's text, without a slash at its end.
fn bare(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn addon(slug: &str) -> Result<Addon, String> {
    Addon::from_slug(slug).ok_or_else(|| format!("expected some of {}", Addon::ALL.map(Addon::slug).join(", ")))
}

fn schema_version(text: &str) -> Result<SchemaVersion, String> {
    SchemaVersion::parse(text).ok_or_else(|| format!("expected one of {}", SchemaVersion::ALL.map(SchemaVersion::as_str).join(", ")))
}

/// A PEM, or the path of a file that holds one.
fn public_key(text: &str) -> Result<String, String> {
    Keys::pem_or_file(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("expected an RSA public key as PEM, or the path of a file with one: {error}"))
}

fn domain(text: &str) -> Result<String, String> {
    ApiHosts::new([text], [])
        .map(|_| text.to_ascii_lowercase())
        .map_err(|_| "expected domains such as api.clockify.me or *.clockify.me".into())
}

fn token(text: &str) -> Result<(), String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err("expected visible ASCII characters without spaces".into()) }
}

fn sealing_key(_: &str) -> Result<(), String> {
    Ok(())
}

fn database_url(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
